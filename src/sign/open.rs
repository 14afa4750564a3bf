//! The one way to a key that was named: what the file holds says which form it is.
//!
//! | named by | is |
//! |---|---|
//! | a file with `-----BEGIN PRIVATE KEY-----` | PKCS#8 |
//! | a file with `-----BEGIN ENCRYPTED PRIVATE KEY-----` | PKCS#8 with a passphrase |
//! | a file with `-----BEGIN OPENSSH PRIVATE KEY-----` | a key of OpenSSH, with or without passphrase |
//! | a file with `ssh-ed25519 AAAA...` | a public key whose private half is in an ssh-agent |
//! | `agent:SHA256:...` | a key in an ssh-agent, by its fingerprint |

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use pkcs8::SecretDocument;

use super::MemorySigner;
use super::Signer;
use super::agent::AGENT_PREFIX;
use super::agent::AgentSigner;
use super::error::KeyFileError;
use super::file::KeyFile;
use super::file::check_mode;
use super::file::malformed;
use super::file::other_algorithm;
use super::file::read;
use super::openssh;
use super::passphrase::NoPassphrases;
use super::passphrase::Passphrases;
use super::pem;
use super::public::PublicKeyError;
use super::public::is_ssh_line;
use super::public::parse_public;
use crate::key::PublicKey;

/// How a key file of another program (putty) begins, which people have and which is none of the forms.
const PUTTY: &str = "PuTTY-User-Key-File-";

/// Opens keys: where the agent is, and who knows passphrases.
#[derive(Debug, Clone)]
pub struct KeyOpener {
    agent: Option<PathBuf>,
    passphrases: Arc<dyn Passphrases>,
}

impl KeyOpener {
    /// Opens keys with the agent whose socket is `agent` and with these passphrases.
    pub fn new(agent: Option<PathBuf>, passphrases: Arc<dyn Passphrases>) -> Self {
        Self { agent, passphrases }
    }

    /// Opens what needs neither agent nor passphrase.
    pub fn plain() -> Self {
        Self::new(None, Arc::new(NoPassphrases))
    }

    /// Returns the same opener where nobody is asked for a passphrase.
    #[must_use]
    pub fn without_asking(&self) -> Self {
        Self::new(self.agent.clone(), Arc::new(NoPassphrases))
    }

    /// Opens the key that `named` names; everything about it that is not as it should be is an error that says what
    /// to do.
    pub fn open(&self, named: &Path) -> Result<Arc<dyn Signer>, KeyFileError> {
        if let Some(fingerprint) = named.to_str().and_then(|text| text.strip_prefix(AGENT_PREFIX)) {
            let socket = self.agent(&format!("{AGENT_PREFIX}{fingerprint}"))?;
            return Ok(Arc::new(AgentSigner::with_fingerprint(socket, fingerprint)?));
        }
        let (text, mode) = read(named)?;
        if is_ssh_line(&text) {
            let name = named.display().to_string();
            let key = parse_public(&text).map_err(|error| not_public(named, error))?;
            return Ok(Arc::new(AgentSigner::with_public(
                self.agent(&name)?,
                &name,
                key,
            )?));
        }
        check_mode(named, mode)?;
        let key = self.private(named, &text)?;
        Ok(Arc::new(KeyFile::of(named, MemorySigner { key })))
    }

    /// Returns the public half of what `named` names, without passphrase or agent where it stands in the file.
    pub fn public(&self, named: &Path) -> Result<PublicKey, KeyFileError> {
        let is_agent = named.to_str().is_some_and(|text| text.starts_with(AGENT_PREFIX));
        if !is_agent {
            let (text, _) = read(named)?;
            let trimmed = text.trim();
            if is_ssh_line(trimmed) || trimmed.starts_with("-----BEGIN PUBLIC KEY") || trimmed.len() == 64 {
                return parse_public(trimmed).map_err(|error| not_public(named, error));
            }
            if label(trimmed) == Some(openssh::LABEL) {
                let raw = openssh::public(named, trimmed)?;
                return PublicKey::from_bytes(&raw).map_err(|error| malformed(named, &error));
            }
        }
        let raw = self.open(named)?.public_key();
        PublicKey::from_bytes(&raw).map_err(|error| malformed(named, &error))
    }

    fn agent(&self, name: &str) -> Result<&Path, KeyFileError> {
        self.agent
            .as_deref()
            .ok_or_else(|| KeyFileError::NoAgent { key: name.to_owned() })
    }

    fn private(&self, path: &Path, text: &str) -> Result<SigningKey, KeyFileError> {
        let text = text.trim_end();
        let passphrase = || {
            let given = self.passphrases.passphrase(path);
            given.map_err(|source| KeyFileError::Passphrase {
                path: path.to_owned(),
                source,
            })
        };
        if text.starts_with(PUTTY) {
            return Err(malformed(path, "it is a PuTTY key: export it as an OpenSSH key"));
        }
        if label(text) == Some(openssh::LABEL) {
            return openssh::decode(path, text, passphrase);
        }
        let (label, document) = SecretDocument::from_pem(text).map_err(|error| malformed(path, &error))?;
        match label {
            pem::PLAIN => pem::plain(path, &document),
            pem::ENCRYPTED => pem::encrypted(path, &document, passphrase),
            "PUBLIC KEY" => Err(malformed(path, "it is a public key")),
            other => Err(other_algorithm(path, other)),
        }
    }
}

/// Returns the label of the first line of PEM.
fn label(text: &str) -> Option<&str> {
    let line = text.lines().next()?.trim_end();
    line.strip_prefix("-----BEGIN ")?.strip_suffix("-----")
}

fn not_public(path: &Path, error: PublicKeyError) -> KeyFileError {
    match error {
        PublicKeyError::OtherAlgorithm(algorithm) => other_algorithm(path, &algorithm),
        error => malformed(path, &error),
    }
}
