//! Exit codes: documented, stable, and told apart from each other.

use std::process::ExitCode;

use crate::verify::Verdict;

/// How a command ended. The numbers are API: scripts branch on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; for `verify`, traced.
    Ok,
    /// It failed, and nothing below says how.
    Failure,
    /// The command line is not one.
    Usage,
    /// Part of it was done, and what was left out was listed.
    Partial,
    /// The key may not do this.
    NotAuthorised,
    /// There is no ledger where one was looked for.
    NoLedger,
    /// Another process is appending, or was faster.
    Locked,
    /// The key cannot be read or is not the right one.
    KeyUnusable,
    /// Evidence is false.
    Tampered,
    /// Evidence is sound, the lineage is not.
    NotTraced,
    /// Evidence is missing.
    Undecidable,
    /// The lineage is sound, but something forbids it.
    NotPermitted,
}

impl Exit {
    /// Returns the number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Partial => 3,
            Self::NotAuthorised => 4,
            Self::NoLedger => 10,
            Self::Locked => 11,
            Self::KeyUnusable => 12,
            Self::Tampered => 20,
            Self::NotTraced => 21,
            Self::Undecidable => 22,
            Self::NotPermitted => 23,
        }
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Traced => Self::Ok,
            Verdict::Tampered => Self::Tampered,
            Verdict::NotTraced => Self::NotTraced,
            Verdict::Undecidable => Self::Undecidable,
            Verdict::NotPermitted => Self::NotPermitted,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::code::ErrorCode;

    #[test]
    fn every_verdict_has_the_documented_number() {
        let verdicts = [
            (Verdict::Traced, 0),
            (Verdict::Tampered, 20),
            (Verdict::NotTraced, 21),
            (Verdict::Undecidable, 22),
            (Verdict::NotPermitted, 23),
        ];
        for (verdict, number) in verdicts {
            let exit = Exit::from(verdict);
            assert_eq!(exit.code(), number);
            if number != 0 {
                assert_eq!(ErrorCode::from(exit).word(), verdict.as_str());
            }
        }
    }
}
