//! From what the library says to what a person can do about it.

use crate::index::resolve::ResolveError;
use crate::ledger::InitError;
use crate::ledger::LedgerError;
use crate::ledger::PinError;
use crate::ledger::admission::AdmissionError;
use crate::ledger::content::ContentError;
use crate::ledger::drive::DriveError;
use crate::ledger::hash::HashError;
use crate::ledger::lineage_file::Fault;
use crate::ledger::lineage_file::FaultKind;
use crate::ledger::lineage_file::Faults;
use crate::ledger::lineage_file::NO_LINE;
use crate::ledger::register::Problem;
use crate::ledger::register::ProblemKind;
use crate::ledger::register::RegisterError;
use crate::log::LogError;
use crate::query::QueryError;
use crate::sign::KeyFileError;
use crate::store::StoreError;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;

impl From<LedgerError> for Error {
    fn from(error: LedgerError) -> Self {
        let error = match error {
            LedgerError::Register(inner) => return inner.into(),
            LedgerError::Log(inner) => return inner.into(),
            LedgerError::Remembered(inner) => return inner.into(),
            other => other,
        };
        let not_authorised = error.is_not_authorised();
        let error = match error {
            LedgerError::Refused { source, .. } if !matches!(source, AdmissionError::Index(_)) => {
                return refused(source, not_authorised);
            }
            other => other,
        };
        let (exit, what) = if error.is_missing() {
            (Exit::Undecidable, "the ledger cannot be read")
        } else if error.is_newer() {
            let told = Self::new(Exit::Undecidable, "the ledger cannot be read by this version");
            return told.because(error).hint("use a newer herdbook");
        } else if error.is_no_ledger() || matches!(error, LedgerError::Unfinished { .. }) {
            (Exit::NoLedger, "no ledger can be opened")
        } else if error.is_tampered() {
            (Exit::Tampered, "the ledger was tampered with")
        } else if error.is_key_unusable() {
            (Exit::KeyUnusable, "the key cannot be used")
        } else if error.is_not_authorised() {
            (Exit::NotAuthorised, "nothing was appended")
        } else if error.is_fenced() {
            (Exit::Locked, "the ledger is in use")
        } else {
            (Exit::Failure, "the ledger cannot be used")
        };
        let code = match &error {
            LedgerError::Unfinished { .. } => ErrorCode::LedgerUnfinished,
            LedgerError::Refused { .. } if exit == Exit::Failure => ErrorCode::NotAdmitted,
            _ => exit.into(),
        };
        let told = Self::new(exit, what).because(error).code(code);
        match exit {
            Exit::Tampered => told.hint(FSCK),
            Exit::NoLedger => told.hint(INIT),
            Exit::Undecidable => told.hint(SETTINGS),
            _ => told,
        }
    }
}

/// Tells why one statement was not taken in; nothing is wrong with the ledger then.
fn refused(why: AdmissionError, not_authorised: bool) -> Error {
    let exit = if not_authorised {
        Exit::NotAuthorised
    } else {
        Exit::Failure
    };
    let told = Error::new(exit, "nothing was appended");
    let told = if not_authorised {
        told
    } else {
        told.code(ErrorCode::NotAdmitted)
    };
    match why {
        AdmissionError::Grant(why) => told
            .because(why)
            .hint("run `herdbook key list` to see every key of this ledger, and what each may sign"),
        AdmissionError::Misfit { .. } => told
            .because(why)
            .hint("name two different items: `herdbook list --all` has every version"),
        other => told
            .because(other)
            .hint("run `herdbook log` to see what is there, and `herdbook show` for what an item is"),
    }
}

/// What to do about false evidence.
const FSCK: &str = "run `herdbook fsck` to see everything that is false; keep the folder as it is";

/// What to do about a missing commit, which nobody can make again.
const RESTORE: &str = "put that file back from a copy of the ledger; nothing can be read without it";

/// What to do about settings that cannot be read: they are no evidence, and anybody can write them again.
const SETTINGS: &str = "put herdbook.toml back, or write it again: it has two lines, `format = 1` and `origin = \"...\"` \
     with the origin that the trust root of the ledger names";

/// What to do about a missing checkpoint, which the log key can sign again.
const REPAIR: &str = "run `herdbook fsck --repair` (it needs the log key)";

/// What to do where there is no ledger.
const INIT: &str = "make one with `herdbook init --origin example.org/lab`, or name one with `--ledger DIR`";

impl From<LogError> for Error {
    fn from(error: LogError) -> Self {
        let wait = "wait for the other process, or give it more time with `--lock-wait SECONDS`";
        if error.is_missing() {
            let hint = if matches!(error, LogError::NotPublished) {
                REPAIR
            } else {
                RESTORE
            };
            return Self::new(Exit::Undecidable, "evidence is missing from the ledger")
                .because(cause_of(error))
                .hint(hint);
        }
        if error.is_tampered() {
            return Self::new(Exit::Tampered, error.to_string())
                .because(cause_of(error))
                .hint(FSCK);
        }
        if error.is_no_ledger() {
            return Self::new(Exit::NoLedger, "no ledger can be opened")
                .because(error)
                .hint(INIT);
        }
        if error.is_fenced() {
            return Self::new(Exit::Locked, "nothing was appended")
                .because(error)
                .hint(wait);
        }
        if error.is_key_unusable() {
            return Self::new(Exit::KeyUnusable, "the log key cannot be used").because(error);
        }
        match error {
            LogError::Store(inner @ StoreError::Full { .. }) => Self::new(
                Exit::Failure,
                "the disk is full, and the command was not finished",
            )
            .because(inner)
            .code(ErrorCode::DiskFull)
            .hint("make room and run the same command again: it appends what is not in the log yet"),
            other => Self::new(Exit::Failure, "the ledger cannot be used").because(other),
        }
    }
}

/// The cause of an error whose own words were said.
fn cause_of(error: LogError) -> Box<dyn std::error::Error + Send + Sync> {
    match error {
        LogError::Tampered(what) => Box::new(what),
        other => Box::new(other),
    }
}

impl From<RegisterError> for Error {
    fn from(error: RegisterError) -> Self {
        if error.is_not_authorised() {
            return Self::new(Exit::NotAuthorised, "nothing was appended").because(error);
        }
        match error {
            RegisterError::Faults(faults) => faults.into(),
            RegisterError::Problems(problems) => {
                let code = code_of_problems(&problems);
                let by_options = problems.iter().all(|problem| problem.line == NO_LINE);
                let told = Self::new(Exit::Failure, "nothing was appended")
                    .because(RegisterError::Problems(problems))
                    .code(code);
                if by_options && code == ErrorCode::UnknownUse {
                    told.hint(
                        "register it first (`herdbook source add`, `model add`, `run` ...), or give it with \
                         --unresolved if nobody declared it",
                    )
                } else {
                    told
                }
            }
            other => Self::new(Exit::Failure, "nothing was appended").because(other),
        }
    }
}

/// Returns the code that all problems have in common.
fn code_of_problems(problems: &[Problem]) -> ErrorCode {
    let of = |problem: &Problem| match problem.kind {
        ProblemKind::Use { ref source, .. } if matches!(**source, ResolveError::SeveralVersions { .. }) => {
            ErrorCode::SeveralVersions
        }
        ProblemKind::Use { .. } => ErrorCode::UnknownUse,
        ProblemKind::Role { .. }
        | ProblemKind::UsesRun { .. }
        | ProblemKind::UsesNoArtifact { .. }
        | ProblemKind::Unfit { .. } => ErrorCode::RoleInvalid,
        ProblemKind::OtherBytes { .. } => ErrorCode::OtherBytes,
        ProblemKind::OtherStatement { .. } => ErrorCode::OtherStatement,
        ProblemKind::Hash(_) => ErrorCode::FileMissing,
        ProblemKind::RowsDiffer { .. }
        | ProblemKind::RowsTooFew { .. }
        | ProblemKind::TokensDiffer { .. } => ErrorCode::CountsDiffer,
        _ => ErrorCode::ItemsInvalid,
    };
    let mut codes = problems.iter().map(of);
    let first = codes.next().unwrap_or(ErrorCode::ItemsInvalid);
    if codes.all(|code| code == first) {
        first
    } else {
        ErrorCode::ItemsInvalid
    }
}

impl From<Faults> for Error {
    fn from(faults: Faults) -> Self {
        let by_options = faults.list().iter().all(|fault| fault.line == Some(NO_LINE));
        let missing = |fault: &Fault| {
            matches!(
                fault.kind,
                FaultKind::Unreadable(_) | FaultKind::NotAFile | FaultKind::NoMatch { .. }
            )
        };
        let code = if faults.list().iter().all(missing) {
            ErrorCode::FileMissing
        } else {
            ErrorCode::LineageFileInvalid
        };
        let what = if by_options {
            "because of what the options say"
        } else {
            "because of the lineage file"
        };
        let error = Self::new(Exit::Failure, format!("nothing was appended, {what}:\n{faults}")).code(code);
        if by_options {
            error.hint("a key is written as an option here: `made_by` is `--made-by`")
        } else {
            error
        }
    }
}

impl From<KeyFileError> for Error {
    fn from(error: KeyFileError) -> Self {
        Self::new(Exit::KeyUnusable, "the key cannot be used").because(error)
    }
}

impl From<PinError> for Error {
    fn from(error: PinError) -> Self {
        Self::new(Exit::Failure, "the pinned trust root cannot be used")
            .because(error)
            .code(ErrorCode::PinInvalid)
    }
}

impl From<InitError> for Error {
    fn from(error: InitError) -> Self {
        match error {
            InitError::Key(inner) => inner.into(),
            InitError::Ledger(inner) => inner.into(),
            other => Self::new(Exit::Failure, "no ledger was made").because(other),
        }
    }
}

impl From<ContentError> for Error {
    fn from(error: ContentError) -> Self {
        Self::new(Exit::Failure, "the content folder cannot be searched").because(error)
    }
}

impl From<DriveError> for Error {
    fn from(error: DriveError) -> Self {
        match error {
            DriveError::Log(inner) => inner.into(),
            DriveError::Ledger(inner) => inner.into(),
            DriveError::Content(inner) => inner.into(),
            other => Self::new(Exit::Failure, "the ledger cannot be read").because(other),
        }
    }
}

/// Returns the code of a text that means nothing here.
pub fn code_of(error: &ResolveError) -> ErrorCode {
    match error {
        ResolveError::UnknownName { .. } => ErrorCode::UnknownName,
        ResolveError::SeveralVersions { .. } => ErrorCode::SeveralVersions,
        ResolveError::NoSuchVersion { .. } => ErrorCode::NoSuchVersion,
        ResolveError::UnknownId { .. } => ErrorCode::UnknownId,
        ResolveError::SeveralIds { .. } => ErrorCode::SeveralIds,
        ResolveError::NoSuchArtifact { .. } => ErrorCode::NoSuchArtifact,
        ResolveError::NotAName { .. } | ResolveError::NotAnId { .. } | ResolveError::TooLong { .. } => {
            ErrorCode::NotANode
        }
        _ => ErrorCode::Failure,
    }
}

impl From<ResolveError> for Error {
    fn from(error: ResolveError) -> Self {
        let code = code_of(&error);
        Self::new(Exit::Failure, "nothing was found")
            .because(error)
            .code(code)
            .hint("run `herdbook list` to see what is registered")
    }
}

impl From<HashError> for Error {
    fn from(error: HashError) -> Self {
        Self::new(Exit::Failure, "the file cannot be hashed")
            .because(error)
            .code(ErrorCode::FileMissing)
    }
}

impl From<QueryError> for Error {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Resolve(inner) => inner.into(),
            QueryError::Ledger(inner) => inner.into(),
            other => {
                let code = match &other {
                    QueryError::NotADigest { .. } => ErrorCode::NotANode,
                    QueryError::NotRegistered { .. } => ErrorCode::NotRegistered,
                    QueryError::NoSuchFile { .. } => ErrorCode::NoSuchArtifact,
                    QueryError::SeveralToProve { .. } => ErrorCode::SeveralIds,
                    QueryError::NoLineage { .. } => ErrorCode::NoLineage,
                    QueryError::TooManyNodes | QueryError::TooManyShards => ErrorCode::LimitReached,
                    _ => ErrorCode::Failure,
                };
                Self::new(Exit::Failure, "there is no answer")
                    .because(other)
                    .code(code)
                    .hint("run `herdbook list` to see what is registered")
            }
        }
    }
}
