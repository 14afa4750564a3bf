//! Commitments: what stands in a statement where a text is withheld, and what opens it.
//!
//! A commitment is HMAC-SHA256 (RFC 2104) with a salt of 32 bytes as key, over the context, a line feed and the exact
//! bytes. Whoever has neither salt nor secret cannot tell one text from another, however few there could be; whoever is
//! given the salt and the text can check that it was this text and no other. `docs/formats/disclosure.md` has an
//! example.
//!
//! Salts are derived from one secret of their owner, so that the same item gives the same statement, and so that
//! erasing the secret leaves nothing with which a guess could be confirmed.

use std::fmt;

use hmac::Hmac;
use hmac::KeyInit as _;
use hmac::Mac as _;
use sha2::Sha256;

use crate::digest::Sha256Digest;

/// What a commitment begins with, and nothing else does.
pub const COMMITMENT_PREFIX: &str = "commitment:";

/// How many bytes a salt has.
pub const SALT_BYTES: usize = 32;

/// How many hexadecimal digits follow the prefix.
const DIGITS: usize = 64;

/// What begins a commitment as people are shown it.
pub const SHOWN_PREFIX: &str = "withheld:";

/// How many digits of one people are shown.
const SHOWN_DIGITS: usize = 12;

/// The context of content as a whole: prompts, code, evidence.
pub const CONTENT_CONTEXT: &str = "content";

/// The commitment to one text in one context.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commitment([u8; 32]);

impl Commitment {
    /// Commits to `bytes` in `context`.
    pub fn of(salt: &Salt, context: &str, bytes: &[u8]) -> Self {
        Self(mac(&salt.0, context, bytes))
    }

    /// Returns what is shown to people who may not see the text: enough to tell it from others.
    pub fn shown(&self) -> String {
        let digits = hex::encode(self.0);
        let short: String = digits.chars().take(SHOWN_DIGITS).collect();
        format!("{SHOWN_PREFIX}{short}")
    }

    /// Returns the 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the one text of a commitment; nothing for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(COMMITMENT_PREFIX)?;
        lower_hex(digits).map(Self)
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{COMMITMENT_PREFIX}{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Returns whether a text begins as only commitments may.
pub fn is_reserved(text: &str) -> bool {
    text.starts_with(COMMITMENT_PREFIX)
}

/// Returns `text` with every commitment in it replaced by what `shown` makes of it.
pub fn replaced(text: &str, mut shown: impl FnMut(Commitment) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(COMMITMENT_PREFIX) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let whole = from.get(..COMMITMENT_PREFIX.len() + DIGITS);
        let taken = if let Some(commitment) = whole.and_then(Commitment::parse) {
            out.push_str(&shown(commitment));
            COMMITMENT_PREFIX.len() + DIGITS
        } else {
            out.push_str(COMMITMENT_PREFIX);
            COMMITMENT_PREFIX.len()
        };
        rest = from.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// What, with the text, opens a commitment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; SALT_BYTES]);

impl Salt {
    /// Wraps the bytes of a salt that was disclosed.
    pub const fn from_bytes(bytes: [u8; SALT_BYTES]) -> Self {
        Self(bytes)
    }

    /// Parses 64 lower-case hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        lower_hex(text).map(Self)
    }

    /// Returns the 64 digits.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// Returns the sealed form of content: the salt and then the bytes, whose digest tells nothing of them.
    pub fn seal(&self, content: &[u8]) -> Vec<u8> {
        [&self.0, content].concat()
    }
}

/// Whoever prints a salt gives it away.
impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

/// What all salts of one person in one ledger are derived from.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Wraps the bytes of a secret.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the salt of a text in a context: the same one every time.
    pub fn salt(&self, context: &str, bytes: &[u8]) -> Salt {
        Salt(mac(&self.0, context, bytes))
    }

    /// Commits to a text.
    pub fn commit(&self, context: &str, bytes: &[u8]) -> Commitment {
        Commitment::of(&self.salt(context, bytes), context, bytes)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A context has no line feed but those of a parameter's name, which stands in the statement beside the commitment.
fn mac(key: &[u8; 32], context: &str, bytes: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(context.as_bytes());
    mac.update(b"\n");
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

fn lower_hex(digits: &str) -> Option<[u8; 32]> {
    Sha256Digest::from_hex(digits)
        .ok()
        .map(|digest| *digest.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test cases 1 and 2, in the form that has a line feed or none: the primitive itself.
    #[test]
    fn the_primitive_is_hmac_sha256() {
        let of = |key: &[u8], data: &[u8]| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
            mac.update(data);
            hex::encode(mac.finalize().into_bytes())
        };
        assert_eq!(
            of(&[0x0b; 20], b"Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            of(b"Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    /// Against the definition written out (RFC 2104): H(K ^ opad || H(K ^ ipad || text)).
    #[test]
    fn a_commitment_is_what_the_page_says() {
        use sha2::Digest as _;
        let salt = [7; 32];
        let mut inner = vec![0x36; 64];
        let mut outer = vec![0x5c; 64];
        for (at, byte) in salt.iter().enumerate() {
            inner[at] ^= byte;
            outer[at] ^= byte;
        }
        inner.extend_from_slice(b"name\nseed-tasks");
        outer.extend_from_slice(&Sha256::digest(&inner));
        let expected = format!("commitment:{}", hex::encode(Sha256::digest(&outer)));
        let commitment = Commitment::of(&Salt::from_bytes(salt), "name", b"seed-tasks");
        assert_eq!(commitment.to_string(), expected);
    }

    #[test]
    fn text_context_and_secret_all_count() {
        let (one, other) = (Secret::from_bytes([1; 32]), Secret::from_bytes([2; 32]));
        let commitment = one.commit("name", b"a");
        assert_eq!(commitment, one.commit("name", b"a"));
        for different in [
            one.commit("name", b"b"),
            one.commit("url", b"a"),
            other.commit("name", b"a"),
        ] {
            assert_ne!(commitment, different);
        }
        let salt = one.salt("name", b"a");
        assert_eq!(Commitment::of(&salt, "name", b"a"), commitment);
        assert_ne!(
            Commitment::of(&other.salt("name", b"a"), "name", b"a"),
            commitment
        );
    }

    #[test]
    fn a_commitment_has_one_text() {
        let text = Secret::from_bytes([1; 32]).commit("name", b"a").to_string();
        assert_eq!(Commitment::parse(&text).unwrap().to_string(), text);
        for bad in [
            text.to_uppercase(),
            text.replace("commitment:", ""),
            format!("{text}0"),
            format!(" {text}"),
            "commitment:".to_owned(),
        ] {
            assert_eq!(Commitment::parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn commitments_are_found_in_longer_texts() {
        let one = Secret::from_bytes([1; 32]).commit("name", b"a");
        let other = Secret::from_bytes([1; 32]).commit("name", b"b");
        let shown = |text: &str| replaced(text, |found| if found == one { "A" } else { "B" }.to_owned());
        assert_eq!(shown(&format!("x {one}/{other}.")), "x A/B.");
        assert_eq!(
            shown("commitment: none, commitment:12"),
            "commitment: none, commitment:12"
        );
        assert_eq!(shown(&format!("commitment:{one}")), "commitment:A");
    }

    #[test]
    fn nothing_prints_a_salt_or_a_secret() {
        let secret = Secret::from_bytes([0xab; 32]);
        let shown = format!("{secret:?} {:?}", secret.salt("name", b"a"));
        assert_eq!(shown, "Secret(..) Salt(..)");
    }
}
