//! Text that people read in a verdict: names and free text that cannot pretend to be something else.
//!
//! All text is UTF-8 without bidirectional controls (Unicode TR 9, 2.1-2.6) and without control
//! characters; item names are also in normal form C, so equal names have equal bytes.

use std::fmt;

use unicode_normalization::is_nfc;

use crate::commitment::COMMITMENT_PREFIX;
use crate::commitment::Commitment;
use crate::commitment::is_reserved;

/// The longest item name in bytes.
pub const ITEM_NAME_BYTES_MAX: usize = 200;

/// The longest file name in bytes, folders included.
pub const FILE_NAME_BYTES_MAX: usize = 1024;

/// The longest free text in bytes.
pub const TEXT_BYTES_MAX: usize = 8192;

/// Why a text is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing, or only white space at an end.
    #[error("`{0}` is empty, or begins or ends with white space")]
    Blank(String),
    /// Longer than its limit.
    #[error("{found} bytes are more than the {limit} allowed")]
    TooLong {
        /// How many bytes there are.
        found: usize,
        /// How many may be.
        limit: usize,
    },
    /// A control or bidirectional character, which would show otherwise than it is.
    #[error("`{shown}` contains the invisible character U+{code:04X}")]
    Invisible {
        /// The text with everything odd escaped.
        shown: String,
        /// The character.
        code: u32,
    },
    /// Not in Unicode normal form C.
    #[error("`{0}` is not in Unicode normal form C")]
    NotNormal(String),
    /// A character or beginning that means something else on the command line.
    #[error("`{name}` contains `{part}`, which has another meaning in commands")]
    Reserved {
        /// The name.
        name: String,
        /// What is reserved.
        part: &'static str,
    },
    /// A beginning that only what is withheld has.
    #[error("`{0}` begins with `commitment:`, which stands for what is withheld")]
    Withheld(String),
    /// Not a relative path of plain components.
    #[error("`{0}` is not a relative path with `/` between plain names")]
    NotRelative(String),
}

/// The name of an item: what a lineage file calls a source, a run, an output.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemName(String);

impl ItemName {
    /// Checks a name as a statement has it: one that [`ItemName::new`] takes, or a commitment to one.
    pub fn recorded(name: &str) -> Result<Self, TextError> {
        match Commitment::parse(name) {
            Some(commitment) => Ok(Self::withheld(commitment)),
            None => Self::new(name),
        }
    }

    /// Returns what stands for a name that is withheld.
    pub fn withheld(commitment: Commitment) -> Self {
        Self(commitment.to_string())
    }

    /// Checks a name; a [`TextError`] says what is wrong with it.
    pub fn new(name: &str) -> Result<Self, TextError> {
        if name.is_empty() || name.trim() != name {
            return Err(TextError::Blank(escaped(name)));
        }
        too_long(name, ITEM_NAME_BYTES_MAX)?;
        visible(name, false)?;
        if !is_nfc(name) {
            return Err(TextError::NotNormal(name.to_owned()));
        }
        let reserved = ["/", "@", "#"].into_iter().find(|part| name.contains(part));
        let prefix = ["hb:", "sha256:", "gap:", COMMITMENT_PREFIX, "-"]
            .into_iter()
            .find(|part| name.starts_with(part));
        match reserved.or(prefix) {
            Some(part) => Err(TextError::Reserved {
                name: name.to_owned(),
                part,
            }),
            None => Ok(Self(name.to_owned())),
        }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ItemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ItemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// Checks the registered name of a file: relative, `/` between components, none of them `.` or `..`.
pub fn check_file_name(name: &str) -> Result<(), TextError> {
    not_reserved(name)?;
    too_long(name, FILE_NAME_BYTES_MAX)?;
    visible(name, false)?;
    let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains('\\');
    if name.split('/').all(plain) {
        Ok(())
    } else {
        Err(TextError::NotRelative(escaped(name)))
    }
}

/// Checks a file name as a statement or a manifest has it: a name, or a commitment to one.
pub fn check_recorded_file_name(name: &str) -> Result<(), TextError> {
    match Commitment::parse(name) {
        Some(_) => Ok(()),
        None => check_file_name(name),
    }
}

/// Checks free text: at most [`TEXT_BYTES_MAX`] bytes, nothing invisible but line breaks and tabs.
pub fn check_text(text: &str) -> Result<(), TextError> {
    not_reserved(text)?;
    check_recorded_text(text)
}

fn not_reserved(text: &str) -> Result<(), TextError> {
    if is_reserved(text) {
        Err(TextError::Withheld(escaped(text).chars().take(80).collect()))
    } else {
        Ok(())
    }
}

/// Checks free text as a statement has it. Whether a commitment may stand there is another question, see
/// [`super::withheld`].
pub(super) fn check_recorded_text(text: &str) -> Result<(), TextError> {
    too_long(text, TEXT_BYTES_MAX)?;
    visible(text, true)
}

/// Returns `text` with everything that does not show as itself escaped.
pub fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            if is_invisible(c) {
                c.escape_unicode().collect()
            } else {
                vec![c]
            }
        })
        .collect()
}

fn too_long(text: &str, limit: usize) -> Result<(), TextError> {
    if text.len() > limit {
        Err(TextError::TooLong {
            found: text.len(),
            limit,
        })
    } else {
        Ok(())
    }
}

fn visible(text: &str, lines: bool) -> Result<(), TextError> {
    let odd = text
        .chars()
        .find(|&c| is_invisible(c) && !(lines && matches!(c, '\n' | '\t')));
    match odd {
        Some(c) => Err(TextError::Invisible {
            shown: escaped(text),
            code: c.into(),
        }),
        None => Ok(()),
    }
}

/// Control characters, bidirectional controls, characters without a glyph of their own (Unicode
/// `Default_Ignorable_Code_Point` and the blank fillers), line separators, private use, noncharacters, tags.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || u32::from(c) & 0xfffe == 0xfffe
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_pass_and_deceiving_ones_do_not() {
        for good in [
            "alpaca-7b",
            "text-davinci-003",
            "ROUGE 0.7",
            "donn\u{e9}es",
            "a:b",
        ] {
            assert!(ItemName::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            " a",
            "a ",
            "a/b",
            "a@3",
            "hb:aa",
            "sha256:aa",
            "-x",
            "a\nb",
            "a\u{202e}b",
            "a\u{200b}b",
            "e\u{301}",
            "m\u{3164}",
            "m\u{34f}",
            "m\u{fe0f}",
            "m\u{e0100}",
            "m\u{e000}",
            "m\u{fdd0}",
            "m\u{10ffff}",
            "a\0",
            "a#b",
        ] {
            assert!(ItemName::new(bad).is_err(), "{bad:?}");
        }
        assert!(ItemName::new(&"a".repeat(200)).is_ok());
        assert!(matches!(
            ItemName::new(&"a".repeat(201)),
            Err(TextError::TooLong {
                found: 201,
                limit: 200
            })
        ));
    }

    #[test]
    fn file_names_stay_inside_their_folder() {
        for good in ["a.jsonl", "out/a.jsonl", "..a/b..", "a b"] {
            assert_eq!(check_file_name(good), Ok(()), "{good}");
        }
        for bad in ["", "/a", "a/", "a//b", "../a", "a/./b", "a\\b", "a\tb"] {
            assert!(check_file_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn free_text_may_have_lines_but_nothing_invisible() {
        assert_eq!(check_text("a\n\tb"), Ok(()));
        assert!(matches!(
            check_text("a\u{2066}b"),
            Err(TextError::Invisible { code: 0x2066, .. })
        ));
        assert!(matches!(
            check_text("a\rb"),
            Err(TextError::Invisible { code: 0x0d, .. })
        ));
    }
}
