//! Which key a text means: one from anywhere, in any form, or one that this ledger knows, by the beginning of its id.

use std::path::Path;

use serde_json::Value;
use serde_json::json;

use crate::cli::code::ErrorCode;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::ui::in_line;
use crate::digest::KeyId;
use crate::key::PublicKey;
use crate::sign::AGENT_PREFIX;
use crate::sign::parse_public;
use crate::sign::ssh_forms;
use crate::trust::GrantedKey;
use crate::trust::Keys;

/// The fewest digits of a key id that may stand for it.
const PREFIX_DIGITS_MIN: usize = 8;

/// How many digits of a key id are shown to people.
const SHOWN_DIGITS: usize = 12;

/// What to do about a text that names no key.
const LIST: &str = "run `herdbook key list` to see every key of this ledger";

/// Returns the public key that a text gives, or that stands in the file or the agent that it names.
pub fn given(session: &Session, text: &str) -> Result<PublicKey, Error> {
    let path = session.path(Path::new(text));
    if text.starts_with(AGENT_PREFIX) {
        return Ok(session.opener().public(Path::new(text))?);
    }
    if path.is_file() {
        return Ok(session.opener().public(&path)?);
    }
    parse_public(text).map_err(|source| {
        let shown: String = in_line(text).chars().take(80).collect();
        Error::new(
            Exit::Failure,
            format!("`{shown}` is neither a file nor a public key"),
        )
        .because(source)
        .code(ErrorCode::UnknownKey)
        .hint("give 64 digits, a line `ssh-ed25519 AAAA...`, or the path of a .pub, PEM or key file")
    })
}

/// Returns the key of this ledger that a text means: its id, the beginning of it, or the public key in any form.
pub fn of_ledger<'a>(session: &Session, keys: &'a Keys, text: &str) -> Result<&'a GrantedKey, Error> {
    let shown = in_line(text);
    let digits = text.to_ascii_lowercase();
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex && digits.len() >= PREFIX_DIGITS_MIN {
        let all = keys.granted();
        let found: Vec<_> = (all.iter().copied())
            .filter(|record| record.key.id().to_hex().starts_with(&digits) || record.key.to_hex() == digits)
            .collect();
        return match found.as_slice() {
            [one] => Ok(one),
            [] if keys
                .owners()
                .iter()
                .any(|owner| owner.id().to_hex().starts_with(&digits) || owner.to_hex() == digits) =>
            {
                Err(an_owner(&shown))
            }
            [] => Err(unknown(&shown)),
            several => {
                let ids: Vec<String> = several.iter().map(|record| record.key.id().to_hex()).collect();
                Err(Error::new(
                    Exit::Failure,
                    format!("`{shown}` is the beginning of {} keys", several.len()),
                )
                .code(ErrorCode::SeveralKeys)
                .hint(format!("write one of {}", ids.join(", "))))
            }
        };
    }
    if is_hex {
        let message = format!("`{shown}` is too short for a key: {PREFIX_DIGITS_MIN} digits at least");
        return Err(Error::new(Exit::Failure, message)
            .code(ErrorCode::UnknownKey)
            .hint(LIST));
    }
    let key = given(session, text)?;
    keys.record(key.id()).ok_or_else(|| {
        if keys.owners().contains(&key) {
            an_owner(&shown)
        } else {
            unknown(&shown)
        }
    })
}

fn an_owner(shown: &str) -> Error {
    let message =
        format!("`{shown}` is an owner's key, and owners cannot be revoked or replaced: genesis names them");
    Error::new(Exit::Failure, message)
        .code(ErrorCode::UnknownKey)
        .hint("only granted keys can be revoked or rotated: `herdbook key list` shows them")
}

fn unknown(shown: &str) -> Error {
    let message = format!("no key of this ledger was granted anything under `{shown}`");
    Error::new(Exit::Failure, message)
        .code(ErrorCode::UnknownKey)
        .hint(LIST)
}

/// Returns a key id as people read it.
pub fn short(id: KeyId) -> String {
    id.to_hex().chars().take(SHOWN_DIGITS).collect()
}

/// Returns what programs are told of a public key.
pub fn public_json(key: PublicKey) -> Value {
    let (line, fingerprint) = ssh_forms(key);
    json!({
        "id": key.id().to_hex(),
        "public_key": key.to_hex(),
        "ssh": line,
        "fingerprint": fingerprint,
    })
}
