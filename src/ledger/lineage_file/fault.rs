//! What is wrong with a lineage file: each fault with its file, its line and what to write instead.

use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::policy::POLICY_BYTES_MAX;
use crate::statement::Does;
use crate::statement::OutputKind;
use crate::statement::Role;

use super::FAULTS_MAX;
use super::FILE_BYTES_MAX;
use super::lines::NO_LINE;
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
        if let Some(line) = self.line.filter(|line| *line != NO_LINE) {
            write!(f, "{line}:")?;
        }
        if self.line == Some(NO_LINE)
            && let FaultKind::NoMatch { pattern } = &self.kind
        {
            return write!(
                f,
                " `{pattern}` matches no file: correct it (paths are relative to the current folder)"
            );
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
    /// A policy larger than [`POLICY_BYTES_MAX`].
    #[error("is {bytes} bytes long, more than the {POLICY_BYTES_MAX} that a policy may have: split it")]
    PolicyTooLarge {
        /// The size in bytes.
        bytes: u64,
    },
    /// A policy file with nothing in it.
    #[error("is empty, and an empty policy would permit everything: begin with `herdbook: policy/v1`")]
    EmptyPolicy,
    /// A policy without rules.
    #[error("`rules` is empty, and a policy without rules would permit everything: write at least one")]
    NoRules,
    /// A rule that demands nothing.
    #[error("the rule `{rule}` demands nothing: write at least one of {}", .keys.join(", "))]
    RuleSaysNothing {
        /// The kind of rule.
        rule: &'static str,
        /// The keys of which it needs one.
        keys: &'static [&'static str],
    },
    /// JSON Lines without a line.
    #[error(
        "has nothing in it: write one item on each line, such as {{\"kind\": \"source\", \"name\": \"seeds\"}}"
    )]
    NoLines,
    /// A line that is no object.
    #[error("is no object: write one item, such as {{\"kind\": \"source\", \"name\": \"seeds\"}}")]
    NotAnItem,
    /// A line without `kind`.
    #[error(
        "the item does not say its `kind`: add \"kind\": with \"source\", \"model\", \"prompt\", \"filter\", \"run\" or \"dataset\""
    )]
    NoKind,
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
    #[error("`{found}` is not allowed for `{key}`: write one of {}{}", .allowed.join(", "), did_you_mean(*.meant))]
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
    #[error("`{name}` is already the name of {what}{}: give one of them another name", on_line(*.first_line))]
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
    /// A role that the run has no place for.
    #[error("a run that does `{does}` takes nothing as `{role}`: write one of {}", .does.roles().join(", "))]
    Role {
        /// What the run does.
        does: Does,
        /// The role.
        role: Role,
    },
    /// An output that the run cannot make.
    #[error("a run that does `{does}` does not make a `{kind}`: declare what made it as a run of its own")]
    OutputKind {
        /// What the run does.
        does: Does,
        /// The output's kind.
        kind: OutputKind,
    },
    /// A run without outputs.
    #[error("`outputs` is empty: a run is known by what it made, so name at least one output")]
    EmptyOutputs,
    /// A transform with two bases, or with a base and rows.
    #[error(
        "a transform takes data, or exactly one base, and not both: use `merge` for several models, or two runs"
    )]
    TransformInputs,
    /// A transform that makes weights of rows, or rows of weights.
    #[error("a transform does not make a `{kind}` here: from `data` come rows, from a `base` comes a model")]
    TransformOutput {
        /// The output's kind.
        kind: OutputKind,
    },
    /// An output whose own list names what the run does not take.
    #[error(
        "`{name}` is not an input of this run: write what one of its inputs has as `use` or `unresolved`"
    )]
    NotAnInput {
        /// What was written.
        name: String,
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
    #[error(
        "`{pattern}` is not a file pattern ({problem}): write a literal `*`, `?` or `[` as `[*]`, `[?]` or `[[]`"
    )]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What the pattern reader says.
        problem: &'static str,
    },
    /// More files than one item may name.
    #[error("`{pattern}` brings the item to more than {limit} files: split the item, or pack files together")]
    TooManyFiles {
        /// The pattern.
        pattern: String,
        /// How many may be.
        limit: usize,
    },
    /// Two files of one item would be registered under one name.
    #[error(
        "`{first}` and `{second}` would both be registered as `{name}`: name them in two items, or move them below the lineage file"
    )]
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
    #[error(
        "`{name}` has another digest at {other}: a name stands for one content, so remove or rename one of them"
    )]
    DigestDiffers {
        /// The file's registered name.
        name: String,
        /// File and line of the first.
        other: String,
    },
    /// One file with two numbers of bytes, rows or tokens.
    #[error("`{name}` has another number of {what} at {other}: correct or remove one of them")]
    CountDiffers {
        /// The file's registered name.
        name: String,
        /// Bytes, rows or tokens.
        what: &'static str,
        /// File and line of the first.
        other: String,
    },
    /// More digests than one item may have.
    #[error("the item has more than {limit} files here: split it")]
    TooManyDigests {
        /// How many may be.
        limit: usize,
    },
    /// A line of a file of digests that is longer than any such line need be.
    #[error("the line is longer than {limit} bytes: write one object with `name` and `sha256` on each line")]
    LineTooLong {
        /// How many bytes may be.
        limit: u64,
    },
    /// A folder that a pattern leads through cannot be read.
    #[error("`{pattern}` leads to what cannot be read ({problem}): correct the pattern or the permissions")]
    PatternUnreadable {
        /// The pattern.
        pattern: String,
        /// What the system says.
        problem: io::Error,
    },
    /// A pattern that would pass over the files below a folder.
    #[error(
        "`{pattern}` matches the folder `{folder}`: name its files too (for example `{pattern}/*`), or narrow the pattern"
    )]
    MatchesFolder {
        /// The pattern.
        pattern: String,
        /// The folder.
        folder: String,
    },
}

fn on_line(line: u32) -> String {
    if line == NO_LINE {
        String::new()
    } else {
        format!(" on line {line}")
    }
}

fn suggest(meant: Option<&str>, allowed: &[&str]) -> String {
    match meant {
        Some(meant) => format!("write `{meant}`"),
        None => format!("write one of {}", allowed.join(", ")),
    }
}

fn did_you_mean(meant: Option<&str>) -> String {
    meant
        .map(|meant| format!(" (did you mean `{meant}`?)"))
        .unwrap_or_default()
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
    pub fn at(&mut self, file: &Path, line: u32, kind: impl Into<FaultKind>) {
        self.add(Fault {
            file: file.to_owned(),
            line: Some(line),
            kind: kind.into(),
        });
    }

    /// Adds a fault of `file` as a whole.
    pub fn whole(&mut self, file: &Path, kind: impl Into<FaultKind>) {
        self.add(Fault {
            file: file.to_owned(),
            line: None,
            kind: kind.into(),
        });
    }

    /// Returns `value` if nothing was wrong, else everything that was, sorted by place.
    pub fn or<T>(mut self, value: T) -> Result<T, Self> {
        if self.is_empty() {
            return Ok(value);
        }
        self.list
            .sort_by(|left, right| (&left.file, left.line).cmp(&(&right.file, right.line)));
        Err(self)
    }

    /// Adds all faults of `other`.
    pub fn extend(&mut self, other: Self) {
        other.list.into_iter().for_each(|fault| self.add(fault));
        self.left_out += other.left_out;
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
