//! What is wrong with a lineage file: each fault with its file, its line and what to write instead.

use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use super::FAULTS_MAX;
use super::FILE_BYTES_MAX;
use super::node::TreeFault;

/// One thing that is wrong.
#[derive(Debug)]
pub struct Fault {
    /// The file it stands in: the lineage file, or one that its `digests_from` names.
    pub file: PathBuf,
    /// The line, from 1; nothing when it concerns the file as a whole.
    pub line: Option<u32>,
    /// What is wrong.
    pub kind: FaultKind,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        write!(f, " {}", self.kind)
    }
}

/// What can be wrong with a lineage file.
#[derive(Debug, thiserror::Error)]
pub enum FaultKind {
    /// The file cannot be opened or read.
    #[error("cannot be read ({0}): correct the path or its permissions")]
    Unreadable(io::Error),
    /// A folder, a pipe or a device stands where a file is needed.
    #[error("is not a regular file: name a file")]
    NotAFile,
    /// Larger than [`FILE_BYTES_MAX`].
    #[error(
        "is {bytes} bytes long, more than the {FILE_BYTES_MAX} allowed: move digests to files of JSON Lines and name those under `digests_from`, or split the file"
    )]
    TooLarge {
        /// The size in bytes.
        bytes: u64,
    },
    /// Bytes that are not UTF-8.
    #[error("byte {offset} of the file is not UTF-8: save the file as UTF-8")]
    NotUtf8 {
        /// How many bytes of the file are good.
        offset: usize,
    },
    /// The syntax, or something that the syntax allows and a lineage file does not.
    #[error(transparent)]
    Tree(#[from] TreeFault),
    /// A key that no such item has.
    #[error("`{key}` is not a key of {of}: {}", suggest(*.meant, .allowed))]
    UnknownKey {
        /// What was written.
        key: String,
        /// The kind of item.
        of: &'static str,
        /// The key that was probably meant.
        meant: Option<&'static str>,
        /// All keys of the item.
        allowed: &'static [&'static str],
    },
    /// A key that must be there.
    #[error("{of} needs `{key}`: write for example `{example}`")]
    MissingKey {
        /// The kind of item, with its name where it has one.
        of: String,
        /// The key.
        key: &'static str,
        /// A line that would do.
        example: &'static str,
    },
    /// A value of another type.
    #[error("`{key}` must be {expected}, not {found}: write for example `{example}`")]
    WrongType {
        /// The key.
        key: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
        /// A line that would do.
        example: String,
    },
    /// A key without a value.
    #[error("`{key}` has no value: write one, or leave the key out if it is not known")]
    NoValue {
        /// The key.
        key: &'static str,
    },
    /// A list or object with nothing in it where something is needed.
    #[error("`{key}` is empty: write at least one, or leave the key out")]
    EmptyList {
        /// The key.
        key: &'static str,
    },
    /// A word that is not in the list of its key.
    #[error("`{found}` is not allowed for `{key}`: {}", suggest(*.meant, .allowed))]
    UnknownWord {
        /// The key.
        key: &'static str,
        /// What was written.
        found: String,
        /// The word that was probably meant.
        meant: Option<&'static str>,
        /// All words of the key.
        allowed: &'static [&'static str],
    },
    /// A text, number, digest, name or time that is not in its form.
    #[error("`{key}`: {problem}")]
    BadValue {
        /// The key.
        key: &'static str,
        /// What is wrong and what to write.
        problem: String,
    },
    /// Two items of one name.
    #[error("`{name}` is already the name of {what} on line {first_line}: give one of them another name")]
    NameTaken {
        /// The name.
        name: String,
        /// What has it.
        what: &'static str,
        /// Where.
        first_line: u32,
    },
    /// Keys that exclude each other.
    #[error("`{first}` and `{second}` cannot stand together in one item: {advice}")]
    NotTogether {
        /// The one key.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A `${k}` that no `--set` fills.
    #[error("`${{{key}}}` is not set: add `--set {key}=VALUE` to the command")]
    NotSet {
        /// The name between the braces.
        key: String,
    },
    /// A `${` without `}`.
    #[error("`{text}` opens `${{` without closing it: write `${{NAME}}`")]
    UnclosedPlace {
        /// The whole text.
        text: String,
    },
    /// A `--set` that fills nothing.
    #[error("`--set {key}` fills nothing: no name and no path here contains `${{{key}}}`")]
    UnusedSetting {
        /// Its key.
        key: String,
    },
    /// A pattern that matches no file.
    #[error("`{pattern}` matches no file: correct it (paths are relative to the folder of the lineage file)")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A pattern that is none.
    #[error("`{pattern}` is not a file pattern ({problem}): write a literal `*`, `?` or `[` as `[*]`, `[?]` or `[[]`")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What the pattern reader says.
        problem: &'static str,
    },
    /// More files than one item may name.
    #[error("`{pattern}` brings the item to more than {limit} files: split it, or pack files together")]
    TooManyFiles {
        /// The pattern.
        pattern: String,
        /// How many may be.
        limit: usize,
    },
    /// Two files of one item would be registered under one name.
    #[error("`{first}` and `{second}` would both be registered as `{name}`: name them in two items, or move them below the lineage file")]
    SameName {
        /// The registered name.
        name: String,
        /// The one path.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A path that cannot be registered as text.
    #[error("`{path}` cannot be registered ({problem}): rename the file")]
    BadFileName {
        /// The path with odd characters escaped.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// One name with two digests.
    #[error("`{name}` has another digest at {other}: a name stands for one content, so remove or rename one of them")]
    DigestDiffers {
        /// The file's registered name.
        name: String,
        /// File and line of the first.
        other: String,
    },
}

fn suggest(meant: Option<&str>, allowed: &[&str]) -> String {
    match meant {
        Some(meant) => format!("write `{meant}`"),
        None => format!("write one of {}", allowed.join(", ")),
    }
}

/// Everything found wrong with a lineage file, in the order of finding.
#[derive(Debug, Default)]
pub struct Faults {
    list: Vec<Fault>,
    left_out: usize,
}

impl Faults {
    /// Returns the faults, at most [`FAULTS_MAX`].
    pub fn list(&self) -> &[Fault] {
        &self.list
    }

    /// Returns how many more there were.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Returns whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds a fault at a line of `file`.
    pub(super) fn at(&mut self, file: &Path, line: u32, kind: impl Into<FaultKind>) {
        self.add(Fault { file: file.to_owned(), line: Some(line), kind: kind.into() });
    }

    /// Adds a fault of `file` as a whole.
    pub(super) fn whole(&mut self, file: &Path, kind: impl Into<FaultKind>) {
        self.add(Fault { file: file.to_owned(), line: None, kind: kind.into() });
    }

    /// Returns `value` if nothing was wrong.
    pub(super) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    fn add(&mut self, fault: Fault) {
        if self.list.len() < FAULTS_MAX {
            self.list.push(fault);
        } else {
            self.left_out += 1;
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, fault) in self.list.iter().enumerate() {
            let end = if position == 0 { "" } else { "\n" };
            write!(f, "{end}{fault}")?;
        }
        if self.left_out > 0 {
            write!(f, "\nand {} more", self.left_out)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
