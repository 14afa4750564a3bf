//! Why a key was not written, not read or not found. No message holds anything of what a key file holds.

use std::io;
use std::path::PathBuf;

use super::MAX_KEY_FILE_BYTES;
use super::passphrase::PassphraseError;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// A file stands where the new one should.
    #[error("{} exists already: a key is never overwritten, give another path or move it away", path.display())]
    Exists {
        /// The key file.
        path: PathBuf,
    },
    /// There is no such file.
    #[error("there is no key file {}: give the path of the file that `init` or `key generate` wrote", path.display())]
    Missing {
        /// The key file.
        path: PathBuf,
    },
    /// The path is a folder, a device or a pipe.
    #[error("{} is not a file: give the path of the key file itself", path.display())]
    NotAFile {
        /// The path given.
        path: PathBuf,
    },
    /// The group or others may read or change the file.
    #[error("key file {0} can be used by others (mode {mode:04o}): run `chmod 600 {0}`", path.display())]
    LoosePermissions {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is beyond [`MAX_KEY_FILE_BYTES`].
    #[error("{} is too large for a key file (limit MAX_KEY_FILE_BYTES of {MAX_KEY_FILE_BYTES})", path.display())]
    TooLarge {
        /// The key file.
        path: PathBuf,
    },
    /// The passphrase of a protected key could not be had.
    #[error("key file {} is protected by a passphrase", path.display())]
    Passphrase {
        /// The key file.
        path: PathBuf,
        /// Why there is no passphrase.
        source: PassphraseError,
    },
    /// The passphrase does not open the file, or the file is damaged: nobody can tell which.
    #[error("the passphrase does not open key file {}: try again, or the file is damaged", path.display())]
    WrongPassphrase {
        /// The key file.
        path: PathBuf,
    },
    /// The protection asks for more work than any honest file does.
    #[error("key file {} asks for too much work to open it (limit {limit}): protect it anew with common settings", path.display())]
    TooCostly {
        /// The key file.
        path: PathBuf,
        /// The name of the limit.
        limit: &'static str,
    },
    /// The protection is of a kind that is not read.
    #[error("key file {0} is protected in a way that is not read here ({scheme}): protect it anew with `openssl pkcs8 -topk8 -in {0} -out NEW`", path.display())]
    OtherProtection {
        /// The key file.
        path: PathBuf,
        /// What was found.
        scheme: String,
    },
    /// The file holds a key of another algorithm.
    #[error("{} holds a key of another algorithm ({algorithm}), and only Ed25519 keys sign here: make one with `herdbook key generate FILE`", path.display())]
    OtherAlgorithm {
        /// The key file, or the name of a key in an agent.
        path: PathBuf,
        /// The object identifier or the name in the file.
        algorithm: String,
    },
    /// The file is none of the forms that are read.
    #[error("{} is not a private key in PKCS#8 PEM (`-----BEGIN PRIVATE KEY-----`) or of OpenSSH: {reason}; if no ledger was made with it yet, remove it and run `herdbook init` again", path.display())]
    Malformed {
        /// The key file.
        path: PathBuf,
        /// What is wrong, without any of the content.
        reason: String,
    },
    /// The key is one of an agent, and there is none.
    #[error(
        "the private half of {key} is looked for in an ssh-agent, and none is named: set SSH_AUTH_SOCK, or give the private key file"
    )]
    NoAgent {
        /// The key, as it was named.
        key: String,
    },
    /// The agent does not answer.
    #[error("the ssh-agent at {} does not answer", socket.display())]
    Agent {
        /// Where it should be.
        socket: PathBuf,
        /// Why it failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The agent holds nothing at all.
    #[error("the ssh-agent at {} shows no keys: if it is locked, unlock it with `ssh-add -X`, else add the key with `ssh-add FILE`", socket.display())]
    AgentEmpty {
        /// Where it is.
        socket: PathBuf,
    },
    /// The agent holds other keys.
    #[error("{key} is not among the {held} keys of the ssh-agent: add it with `ssh-add FILE`")]
    NotInAgent {
        /// The key, as it was named.
        key: String,
        /// How many keys the agent showed.
        held: usize,
    },
    /// The operating system failed.
    #[error("cannot {action} key file {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The key file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}
