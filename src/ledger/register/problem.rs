//! What keeps a lineage file from being registered: each problem with its file, its line and what to do.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use crate::index::IndexError;
use crate::index::resolve::ResolveError;
use crate::ledger::hash::HashError;
use crate::ledger::lineage_file::Faults;
use crate::ledger::lineage_file::NO_LINE;
use crate::ledger::private::SidecarError;
use crate::manifest::ManifestError;
use crate::merkle::LeafIndex;
use crate::statement::Does;
use crate::statement::ItemName;
use crate::statement::Role;
use crate::statement::StatementError;
use crate::trust::TrustError;

/// One thing that is wrong with an item.
#[derive(Debug)]
pub struct Problem {
    /// The lineage file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The item.
    pub item: ItemName,
    /// What is wrong.
    pub kind: ProblemKind,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            item,
            kind,
        } = self;
        if *line == NO_LINE {
            // There is no file in which something could be declared; what the command can do is told as a hint.
            return match kind {
                ProblemKind::Use { text, source, .. } => {
                    write!(
                        f,
                        "{}: `{item}`: `{text}` does not resolve: {source}",
                        file.display()
                    )
                }
                kind => write!(f, "{}: `{item}`: {kind}", file.display()),
            };
        }
        write!(f, "{}:{line}: `{item}`: {kind}", file.display())
    }
}

/// What can be wrong with an item.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemKind {
    /// Items that use each other in a circle.
    #[error("uses itself by way of {}: what comes out of a run cannot go into it; give each version a name of its own", circle_text(.circle))]
    Circle {
        /// The items of the circle with their lines.
        circle: Vec<(ItemName, u32)>,
    },
    /// A file that cannot be hashed.
    #[error(transparent)]
    Hash(#[from] std::sync::Arc<HashError>),
    /// A `use:` that means nothing.
    #[error("`use: {text}` does not resolve: {source}{}{}", similar_text(.similar.as_ref()), declare_text(.text, .source))]
    Use {
        /// What was written.
        text: String,
        /// An item of this file that reads much the same.
        similar: Option<ItemName>,
        /// Why.
        source: Box<ResolveError>,
    },
    /// A `use:` that means a run and not what came out of it.
    #[error("`use: {text}` is a run, and runs have no rows: write the name of one of its outputs ({})", names_text(.outputs))]
    UsesRun {
        /// What was written.
        text: String,
        /// The run's outputs.
        outputs: Vec<ItemName>,
    },
    /// The newest version in the ledger of a name that this file makes a version of.
    #[error(
        "`{text}` is the newest in the ledger, and this file makes `{name}` too: write `{name}` for this file's, or `{name}@<entry>` for the one there is (`herdbook list {name}` shows the entries)"
    )]
    LatestOfFile {
        /// What was written.
        text: String,
        /// The name.
        name: String,
    },
    /// A `use:` of something that is neither an artifact nor a set of them.
    #[error(
        "`use: {text}` is a `{kind}` statement, which has no artifacts: write the name of a source, an output, a model, a prompt, a filter or a dataset"
    )]
    UsesNoArtifact {
        /// What was written.
        text: String,
        /// The kind of statement.
        kind: &'static str,
    },
    /// An input that cannot play its role.
    #[error(
        "`use: {text}` is a {thing}, which cannot be `{role}` of a run that does `{does}`: correct `as:`, or declare it as what it is"
    )]
    Role {
        /// What was written.
        text: String,
        /// What it is.
        thing: &'static str,
        /// The role.
        role: Role,
        /// What the run does.
        does: Does,
    },
    /// Something that cannot be used there.
    #[error("`use: {text}` is a {thing}, which cannot be {place}")]
    Unfit {
        /// What was written.
        text: String,
        /// What it is.
        thing: &'static str,
        /// Where it was used.
        place: &'static str,
    },
    /// A stated number of rows that is not what was counted.
    #[error(
        "`rows: {stated}` is stated, but its files have {counted}: correct the number, or leave it out and it is counted"
    )]
    RowsDiffer {
        /// What the lineage file says.
        stated: u64,
        /// What the files have.
        counted: u64,
    },
    /// Fewer rows stated than some of the files have.
    #[error("`rows: {stated}` is stated, but some of its files have {counted} already: correct the number")]
    RowsTooFew {
        /// What the lineage file says.
        stated: u64,
        /// What the files with known rows have.
        counted: u64,
    },
    /// Fewer tokens stated than its files have, or another number.
    #[error("`tokens: {stated}` is stated, but its files say {summed}: correct one of them")]
    TokensDiffer {
        /// What the lineage file says of all together.
        stated: u64,
        /// What it says one by one.
        summed: u64,
    },
    /// Counts whose sum cannot be written.
    #[error("its counts add up to more than 2^53 - 1, which no JSON reader keeps exact: split the item")]
    CountTooLarge,
    /// An item whose files had other bytes when it was registered.
    #[error(
        "was registered as {name}@{entry} with other bytes ({difference}): restore the file, or add `--new-version` if this is a new version"
    )]
    OtherBytes {
        /// The name.
        name: ItemName,
        /// Its last version.
        entry: LeafIndex,
        /// The first difference.
        difference: String,
    },
    /// An item whose name is registered, with the same bytes or with none on one side, but not as it is here.
    #[error(
        "`{name}` is registered already, as {name}@{entry}, and this is not the same ({difference}): make it the same \
         again, give it another name, or add `--new-version` if it is to be a further version; from then on the bare \
         name has several{}", dispute_text(*.disputed)
    )]
    OtherStatement {
        /// The name.
        name: ItemName,
        /// Its last version.
        entry: LeafIndex,
        /// The first differences.
        difference: String,
        /// Whether both would tell the origin of the same bytes otherwise.
        disputed: bool,
    },
    /// A file that the ledger would hold, but is too large.
    #[error("`{}` has {bytes} bytes, more than the {limit} of a file that the ledger holds: give its digest under `digests` instead", .path.display())]
    HeldTooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The largest.
        limit: u64,
    },
    /// Something is to be withheld, and there is nowhere to keep what opens it.
    #[error(
        "it withholds something, and there is no folder of yours to keep the texts in: set HERDBOOK_HOME"
    )]
    NoSidecar,
    /// What opens commitments cannot be kept.
    #[error("what it withholds cannot be kept: {0}")]
    Sidecar(Box<SidecarError>),
    /// No file of which a tree over its rows could be made.
    #[error(
        "`row_root` is asked for, but none of its files is JSON Lines (`.jsonl`, `.ndjson`): leave it out, or convert them"
    )]
    NoRowFile,
    /// Personal data with a plain row root.
    #[error(
        "it holds personal data, and `{name}` is given with a plain `row_root`, against which anybody could test guesses at a \
         row: leave that out, or name the file itself under `files` with `row_root: true`, which makes a keyed one"
    )]
    PlainRowRoot {
        /// The file.
        name: String,
    },
    /// Confidential content of which only a digest is known.
    #[error(
        "its content can only be sealed from the files themselves: name them under `files`, or leave `content` out of `confidential`"
    )]
    SealsNoFile,
    /// A file that changed between hashing and sealing.
    #[error("`{}` changed after it was hashed: run the command again", .path.display())]
    SealedChanged {
        /// The file.
        path: PathBuf,
    },
    /// Too many confidential files.
    #[error(
        "{found} files are confidential content, and at most {limit} of one item can be: make several items of them"
    )]
    TooManySealed {
        /// How many files there are.
        found: usize,
        /// How many may be.
        limit: usize,
    },
    /// A file that the ledger would hold has a private key in it.
    #[error("`{}` has a private key in it, which the ledger would keep for everybody to read: take the key out of it", .path.display())]
    HeldPrivateKey {
        /// The file.
        path: PathBuf,
    },
    /// A file from the folder of this user's keys.
    #[error("`{}` lies in the folder of your keys, of which nothing is ever registered: name another file", .path.display())]
    InKeysFolder {
        /// The file.
        path: PathBuf,
    },
    /// A name that cannot be the name of a file of an artifact.
    #[error("cannot be written down as a statement: {0}")]
    Statement(Box<StatementError>),
    /// A statement that no entry can hold.
    #[error(
        "its statement has {bytes} bytes, more than the {limit} an entry can hold: shorten its parameters, split it, or put its inputs together in an entry under `datasets:` and use that one"
    )]
    TooLarge {
        /// The bytes of the envelope.
        bytes: usize,
        /// The most there may be.
        limit: usize,
    },
    /// A manifest that cannot be made.
    #[error("its files cannot be listed in a manifest: {0}")]
    Manifest(Box<ManifestError>),
    /// A key that may not sign it.
    #[error("this key may not sign it: {0}; ask an owner for a grant")]
    NotGranted(Box<TrustError>),
    /// An item that uses one that was left out.
    #[error("uses `{text}`, which was left out")]
    LeftOut {
        /// What was written.
        text: String,
    },
}

fn circle_text(circle: &[(ItemName, u32)]) -> String {
    let items = circle.iter().map(|(name, line)| match *line {
        NO_LINE => format!("`{name}`"),
        line => format!("`{name}` (line {line})"),
    });
    items.collect::<Vec<_>>().join(", ")
}

/// What follows from two statements that tell the origin of the same bytes otherwise.
pub(super) fn dispute_text(disputed: bool) -> &'static str {
    if disputed {
        "; both are about the same bytes and are held against each other: unless they lead to the same origins, every \
         model that descends from these bytes fails with `conflicting_origin`, and nothing in this version can take a \
         statement back"
    } else {
        ""
    }
}

fn similar_text(similar: Option<&ItemName>) -> String {
    similar.map_or_else(String::new, |name| {
        format!("; did you mean `{name}` of this file?")
    })
}

/// What nobody declared can be declared; a name with several versions has been.
fn declare_text(text: &str, source: &ResolveError) -> String {
    let ambiguous = matches!(
        source,
        ResolveError::SeveralVersions { .. }
            | ResolveError::NoSuchVersion { .. }
            | ResolveError::SeveralIds { .. }
            | ResolveError::NoSuchArtifact { .. }
    );
    if ambiguous {
        String::new()
    } else {
        format!("; declare it in this file, or write `unresolved: {text}` if nobody declared it")
    }
}

fn names_text(names: &[ItemName]) -> String {
    let shown = names.iter().take(8).map(|name| format!("`{name}`"));
    shown.collect::<Vec<_>>().join(", ")
}

/// How many problems are told at once.
pub const PROBLEMS_MAX: usize = 50;

/// Why nothing was registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// What the lineage file names does not exist or is malformed.
    #[error("{0}")]
    Faults(Faults),
    /// What keeps items from being registered; nothing was appended.
    #[error("{}", problems_text(.0))]
    Problems(Vec<Problem>),
    /// The ledger has no genesis.
    #[error("the ledger has no genesis: finish `init`")]
    NoGenesis,
    /// A statement of the ledger that is needed cannot be read.
    #[error("entry {entry} of the ledger cannot be read")]
    Entry {
        /// The entry.
        entry: LeafIndex,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file that the ledger was to hold changed after it was hashed.
    #[error("`{}` changed after it was hashed: nothing that uses it was appended; run the command again", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// There is nothing to offer.
    #[error("there is no source to offer")]
    NoSource,
    /// What opens commitments cannot be kept; nothing was appended.
    #[error("what is withheld cannot be kept: {0}")]
    Sidecar(#[from] Box<SidecarError>),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl RegisterError {
    /// Returns whether the only thing wrong is that the key may not sign.
    pub fn is_not_authorised(&self) -> bool {
        match self {
            Self::Problems(problems) => problems
                .iter()
                .all(|problem| matches!(problem.kind, ProblemKind::NotGranted(_))),
            _ => false,
        }
    }
}

fn problems_text(problems: &[Problem]) -> String {
    let mut lines: Vec<String> = problems
        .iter()
        .take(PROBLEMS_MAX)
        .map(ToString::to_string)
        .collect();
    if problems.len() > PROBLEMS_MAX {
        lines.push(format!("and {} more", problems.len() - PROBLEMS_MAX));
    }
    lines.join("\n")
}

/// Collects problems of one lineage file.
#[derive(Debug)]
pub(super) struct Problems<'a> {
    file: &'a Path,
    list: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(super) fn of(file: &'a Path) -> Self {
        let list = Vec::new();
        Self { file, list }
    }

    pub(super) fn add(&mut self, item: &ItemName, line: u32, kind: impl Into<ProblemKind>) {
        self.list.push(Problem {
            file: self.file.to_owned(),
            line,
            item: item.clone(),
            kind: kind.into(),
        });
    }

    pub(super) fn into_list(self) -> Vec<Problem> {
        self.list
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
