//! C2SP signed-note v1.0.0: a text, an empty line, one line per signature.
//!
//! A signature line is `U+2014 SP name SP base64(id[4 BE] || signature) LF`. The text is split from the signatures at
//! the last empty line. Stricter than the specification in one point: base64 must be the canonical encoding.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::MAX_CHECKPOINT_BYTES;

/// The most signatures of a note; the specification asks for sixteen at least.
pub const MAX_SIGNATURES: usize = 16;

/// The em dash and space before every signature.
const PREFIX: &str = "\u{2014} ";

/// Why a note was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The note is beyond [`MAX_CHECKPOINT_BYTES`].
    #[error("{bytes} bytes are beyond the limit MAX_CHECKPOINT_BYTES of {MAX_CHECKPOINT_BYTES}")]
    TooLarge {
        /// The bytes of the note.
        bytes: usize,
    },
    /// The note has more than [`MAX_SIGNATURES`].
    #[error("more signatures than the limit MAX_SIGNATURES of {MAX_SIGNATURES}")]
    TooManySignatures,
    /// The note is not UTF-8, or has a control character other than the line feed.
    #[error("not UTF-8 text without control characters")]
    Text,
    /// There is no empty line with text before and signatures after it.
    #[error("no text followed by an empty line and signatures")]
    Shape,
    /// A line after the empty line is not a signature.
    #[error("signature line {line} is not `\u{2014} NAME BASE64`")]
    SignatureLine {
        /// The line, counted from 1 after the empty line.
        line: usize,
    },
}

/// Which key made a signature, together with its name: four bytes, a hint and no proof.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NoteKeyId([u8; 4]);

impl NoteKeyId {
    /// Wraps four bytes that were computed elsewhere.
    pub const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// Returns the four bytes.
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }
}

impl fmt::Display for NoteKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for NoteKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteKeyId({self})")
    }
}

/// One signature line, not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key: not empty, without white space and `+`.
    pub name: String,
    /// The id of the key.
    pub key_id: NoteKeyId,
    /// The signature, whose form depends on the kind of key.
    pub bytes: Vec<u8>,
}

/// A text and its signatures, none of them verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// Puts a note together; it must be one that [`Note::parse`] accepts.
    pub fn new(text: String, signatures: Vec<NoteSignature>) -> Result<Self, NoteError> {
        let note = Self { text, signatures };
        // Parsing what was written is the check that text and names cannot be read another way.
        if Self::parse(&note.encode())? == note {
            Ok(note)
        } else {
            Err(NoteError::Shape)
        }
    }

    /// Parses a note strictly; verifies nothing.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_CHECKPOINT_BYTES {
            return Err(NoteError::TooLarge { bytes: bytes.len() });
        }
        let all = std::str::from_utf8(bytes).map_err(|_| NoteError::Text)?;
        if all.chars().any(|c| c < ' ' && c != '\n') {
            return Err(NoteError::Text);
        }
        let at = all.rfind("\n\n").ok_or(NoteError::Shape)?;
        let (text, rest) = all.split_at_checked(at + 1).ok_or(NoteError::Shape)?;
        let lines = rest
            .strip_prefix('\n')
            .and_then(|rest| rest.strip_suffix('\n'))
            .ok_or(NoteError::Shape)?;
        let mut signatures = Vec::new();
        for (line, signature) in (1..).zip(lines.split('\n')) {
            if line > MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(parse_signature(signature).ok_or(NoteError::SignatureLine { line })?);
        }
        Ok(Self {
            text: text.to_owned(),
            signatures,
        })
    }

    /// Returns the bytes of the note.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = format!("{}\n", self.text);
        for signature in &self.signatures {
            let mut blob = signature.key_id.as_bytes().to_vec();
            blob.extend_from_slice(&signature.bytes);
            out.push_str(PREFIX);
            out.push_str(&signature.name);
            out.push(' ');
            out.push_str(&STANDARD.encode(blob));
            out.push('\n');
        }
        out.into_bytes()
    }

    /// Returns the signed text, with its last line feed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the signatures in their order: 1 to [`MAX_SIGNATURES`].
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }
}

fn parse_signature(line: &str) -> Option<NoteSignature> {
    let (name, blob) = line.strip_prefix(PREFIX)?.split_once(' ')?;
    if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c == '+') {
        return None;
    }
    let blob = STANDARD.decode(blob).ok()?;
    let (id, bytes) = blob.split_first_chunk::<4>()?;
    let empty = bytes.is_empty();
    (!empty).then(|| NoteSignature {
        name: name.to_owned(),
        key_id: NoteKeyId(*id),
        bytes: bytes.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(name: &str) -> NoteSignature {
        NoteSignature {
            name: name.to_owned(),
            key_id: NoteKeyId([1, 2, 3, 4]),
            bytes: vec![5; 64],
        }
    }

    #[test]
    fn notes_round_trip_and_split_at_the_last_empty_line() {
        let note = Note::new(
            "first\n\nsecond\n".to_owned(),
            vec![signature("a"), signature("b/c")],
        )
        .unwrap();
        assert_eq!(Note::parse(&note.encode()), Ok(note));
    }

    #[test]
    fn malformed_notes_are_refused() {
        let blob = STANDARD.encode([1; 68]);
        let bad = [
            String::new(),
            "text\n".to_owned(),
            "text\n\n".to_owned(),
            format!("\n\u{2014} a {blob}\n"),
            format!("text\n\n\u{2014} a {blob}"),
            format!("text\n\u{2014} a {blob}\n"),
            format!("text\n\n- a {blob}\n"),
            format!("text\n\n\u{2014}a {blob}\n"),
            format!("text\n\n\u{2014}  {blob}\n"),
            format!("text\n\n\u{2014} a+b {blob}\n"),
            format!("text\n\n\u{2014} a\u{a0}b {blob}\n"),
            format!("text\n\n\u{2014} a {blob} \n"),
            format!("text\r\n\n\u{2014} a {blob}\n"),
            format!("text\n\n\u{2014} a {}\n", STANDARD.encode([1; 4])),
            format!("text\n\n\u{2014} a {}\n", blob.trim_end_matches('=')),
        ];
        for text in bad {
            assert!(Note::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert_eq!(Note::parse(b"\xff\n\n"), Err(NoteError::Text));
        assert!(Note::new("no line feed".to_owned(), vec![signature("a")]).is_err());
        assert!(Note::new("text\n".to_owned(), vec![signature("a b")]).is_err());
    }

    #[test]
    fn limits_are_errors_that_name_them() {
        let many = |count| Note::new("text\n".to_owned(), vec![signature("a"); count]);
        assert!(many(MAX_SIGNATURES).is_ok());
        assert!(
            many(MAX_SIGNATURES + 1)
                .unwrap_err()
                .to_string()
                .contains("MAX_SIGNATURES")
        );
        let error = Note::parse(&vec![b'a'; MAX_CHECKPOINT_BYTES + 1]).unwrap_err();
        assert!(error.to_string().contains("MAX_CHECKPOINT_BYTES"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_refused_or_canonical(text in "[a\n]{0,6}\n\n(\u{2014} [a+ ]{1,3} [A-Za-z0-9+/=]{0,12}\n){0,3}") {
            if let Ok(note) = Note::parse(text.as_bytes()) {
                proptest::prop_assert_eq!(note.encode(), text.into_bytes());
            }
        }
    }
}
