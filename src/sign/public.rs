//! Public keys as people have them: 64 hexadecimal digits, a line of OpenSSH, or PEM (RFC 7468 13, RFC 8410 4).

use pkcs8::Document;
use pkcs8::spki::SubjectPublicKeyInfoRef;
use ssh_key::HashAlg;
use ssh_key::public::Ed25519PublicKey;
use ssh_key::public::KeyData;

use super::pem::ED25519_OID;
use crate::key::KeyError;
use crate::key::PublicKey;

/// What the first word of a line of OpenSSH begins with.
const SSH_WORDS: [&str; 4] = ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"];

/// The PEM label of a public key.
const PEM_LABEL: &str = "PUBLIC KEY";

/// Why a text is not a public key that signs here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// None of the forms.
    #[error(
        "it is neither 64 hexadecimal digits nor a line of OpenSSH (`ssh-ed25519 AAAA...`) nor a public key in PEM"
    )]
    NoForm,
    /// One of the forms, with something wrong.
    #[error("it cannot be decoded as {0}")]
    Malformed(&'static str),
    /// A key of another algorithm.
    #[error("it is a key of another algorithm ({0}), and only Ed25519 keys sign here")]
    OtherAlgorithm(String),
    /// A key that is refused.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Returns whether a text is a public key of OpenSSH, by its first word.
pub(super) fn is_ssh_line(text: &str) -> bool {
    let text = text.trim_start();
    let words = text.lines().next().unwrap_or_default().split_whitespace().count();
    words >= 2 && SSH_WORDS.iter().any(|word| text.starts_with(word))
}

/// Reads a public key in whatever form.
pub fn parse_public(text: &str) -> Result<PublicKey, PublicKeyError> {
    let text = text.trim();
    if is_ssh_line(text) {
        return ssh_line(text);
    }
    if text.starts_with("-----BEGIN ") {
        return pem(text);
    }
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(PublicKey::from_hex(&text.to_ascii_lowercase())?);
    }
    Err(PublicKeyError::NoForm)
}

fn ssh_line(text: &str) -> Result<PublicKey, PublicKeyError> {
    let key = ssh_key::PublicKey::from_openssh(text)
        .map_err(|_| PublicKeyError::Malformed("a public key of OpenSSH"))?;
    match key.key_data() {
        KeyData::Ed25519(public) => Ok(PublicKey::from_bytes(&public.0)?),
        _ => Err(PublicKeyError::OtherAlgorithm(key.algorithm().to_string())),
    }
}

fn pem(text: &str) -> Result<PublicKey, PublicKeyError> {
    let bad = || PublicKeyError::Malformed("a public key in PEM (`-----BEGIN PUBLIC KEY-----`)");
    let (label, document) = Document::from_pem(text).map_err(|_| bad())?;
    if label != PEM_LABEL {
        return Err(bad());
    }
    let info = SubjectPublicKeyInfoRef::try_from(document.as_bytes()).map_err(|_| bad())?;
    if info.algorithm.oid != ED25519_OID {
        return Err(PublicKeyError::OtherAlgorithm(info.algorithm.oid.to_string()));
    }
    let raw = info
        .subject_public_key
        .as_bytes()
        .and_then(|raw| raw.try_into().ok());
    Ok(PublicKey::from_bytes(raw.ok_or_else(bad)?)?)
}

/// Returns the public key as a line of OpenSSH, and its fingerprint (`SHA256:...`) as `ssh-add -l` shows it.
///
/// # Panics
///
/// Never: 32 bytes can always be encoded.
pub fn ssh_forms(key: PublicKey) -> (String, String) {
    let key = ssh_public(key);
    let line = key
        .to_openssh()
        .expect("32 bytes are always encoded, and there is no comment");
    (line, key.fingerprint(HashAlg::Sha256).to_string())
}

pub(super) fn ssh_public(key: PublicKey) -> ssh_key::PublicKey {
    ssh_key::PublicKey::from(KeyData::Ed25519(Ed25519PublicKey(key.to_bytes())))
}
