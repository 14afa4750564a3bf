//! A key in a running ssh-agent (draft-miller-ssh-agent): it signs, and never shows the private half.
//!
//! Each signature is a connection of its own, so that a key that is removed from the agent stops signing. What the agent
//! returns is verified before it is used: an agent is a program like any other.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use ssh_agent_client_rs::Client;
use ssh_agent_client_rs::Identity;
use ssh_key::Algorithm;
use ssh_key::HashAlg;
use ssh_key::public::KeyData;

use super::SignError;
use super::Signer;
use super::error::KeyFileError;
use super::file::other_algorithm;
use super::public::ssh_public;
use crate::key::PublicKey;

/// What a key of an agent is named by: `agent:SHA256:...`.
pub const AGENT_PREFIX: &str = "agent:";

/// The most bytes that an agent signs: OpenSSH's takes messages of 256 KiB, the key and the framing included.
pub const AGENT_BYTES_MAX: usize = 256 * 1024 - 1024;

/// A key that an agent holds.
pub struct AgentSigner {
    socket: PathBuf,
    key: PublicKey,
}

impl AgentSigner {
    /// Finds a key by its public half; `name` is what it is called in messages.
    pub(super) fn with_public(socket: &Path, name: &str, key: PublicKey) -> Result<Self, KeyFileError> {
        let held = identities(socket)?;
        let is_it = |held: &ssh_key::PublicKey| *held.key_data() == *ssh_public(key).key_data();
        if held.iter().any(is_it) {
            return Ok(Self {
                socket: socket.to_owned(),
                key,
            });
        }
        Err(not_there(socket, name, held.len()))
    }

    /// Finds a key by its fingerprint, as `ssh-add -l` shows it.
    pub(super) fn with_fingerprint(socket: &Path, fingerprint: &str) -> Result<Self, KeyFileError> {
        let name = format!("{AGENT_PREFIX}{fingerprint}");
        let held = identities(socket)?;
        let found = held
            .iter()
            .find(|held| held.fingerprint(HashAlg::Sha256).to_string() == fingerprint);
        let Some(found) = found else {
            return Err(not_there(socket, &name, held.len()));
        };
        let KeyData::Ed25519(public) = found.key_data() else {
            return Err(other_algorithm(Path::new(&name), &found.algorithm()));
        };
        let key = PublicKey::from_bytes(&public.0).map_err(|error| broken(socket, error))?;
        Ok(Self {
            socket: socket.to_owned(),
            key,
        })
    }
}

fn identities(socket: &Path) -> Result<Vec<ssh_key::PublicKey>, KeyFileError> {
    let listed = Client::connect(socket).and_then(|mut client| client.list_all_identities());
    let listed = listed.map_err(|error| broken(socket, error))?;
    let keys = listed.into_iter().filter_map(|identity| match identity {
        Identity::PublicKey(key) => Some(key.into_owned()),
        Identity::Certificate(_) => None,
    });
    Ok(keys.collect())
}

fn not_there(socket: &Path, name: &str, held: usize) -> KeyFileError {
    if held == 0 {
        return KeyFileError::AgentEmpty {
            socket: socket.to_owned(),
        };
    }
    KeyFileError::NotInAgent {
        key: name.to_owned(),
        held,
    }
}

fn broken(socket: &Path, error: impl std::error::Error + Send + Sync + 'static) -> KeyFileError {
    KeyFileError::Agent {
        socket: socket.to_owned(),
        source: Box::new(error),
    }
}

impl Signer for AgentSigner {
    fn public_key(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let refused = |reason: String| SignError::Refused { reason };
        if message.len() > AGENT_BYTES_MAX {
            return Err(refused(format!(
                "{} bytes are more than the {AGENT_BYTES_MAX} that an ssh-agent signs at once; a log key belongs in a \
                 file",
                message.len()
            )));
        }
        let signed = Client::connect(&self.socket)
            .and_then(|mut client| client.sign(ssh_public(self.key), message))
            .map_err(|error| match error {
                ssh_agent_client_rs::Error::RemoteFailure => refused(
                    "the ssh-agent refused; if it is locked, unlock it with `ssh-add -X`, else add the key again with \
                     `ssh-add FILE`"
                        .to_owned(),
                ),
                error => refused(format!("the ssh-agent does not answer: {error}")),
            })?;
        let bytes: Option<[u8; 64]> = signed.as_bytes().try_into().ok();
        bytes
            .filter(|bytes| {
                signed.algorithm() == Algorithm::Ed25519 && self.key.verify(message, bytes).is_ok()
            })
            .ok_or_else(|| {
                refused("the ssh-agent returned a signature that is not one of its key".to_owned())
            })
    }
}

impl fmt::Debug for AgentSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgentSigner(public {})", self.key)
    }
}
