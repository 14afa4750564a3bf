//! What came of the checks of a report, and how that is told.

use crate::cli::ui::Paint;
use crate::cli::ui::in_line;
use crate::cli::ui::put;
use crate::cli::verify::CAVEAT;
use crate::report::Document;

/// What came of one check.
pub(super) struct Check {
    pub(super) what: &'static str,
    pub(super) result: Outcome,
    pub(super) why: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Right,
    Wrong,
    /// Right when it was made, and later entries of the ledger say otherwise.
    Outdated,
    NotChecked,
}

impl Outcome {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Right => "ok",
            Self::Wrong => "failed",
            Self::Outdated => "outdated",
            Self::NotChecked => "not_checked",
        }
    }
}

/// What all checks come to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is about the ledger that is meant, and says what judging again says or what the expected signer says.
    Holds,
    /// Nothing is wrong, and nobody vouches for it: anybody can sign anything about any checkpoint.
    Undecided,
    /// It was right as of its checkpoint, and the ledger at hand says otherwise by now.
    Outdated,
    /// Something is wrong.
    False,
}

impl Standing {
    pub(super) fn of(checks: &[Check]) -> Self {
        let right = |what| {
            let found = checks.iter().find(|check| check.what == what);
            found.is_some_and(|check| check.result == Outcome::Right)
        };
        if checks.iter().any(|check| check.result == Outcome::Wrong) {
            Self::False
        } else if checks.iter().any(|check| check.result == Outcome::Outdated) {
            Self::Outdated
        } else if right("checkpoint") && (right("judged_again") || right("signer")) {
            Self::Holds
        } else {
            Self::Undecided
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Undecided => "undecided",
            Self::Outdated => "outdated",
            Self::False => "false",
        }
    }
}

pub(super) fn check(what: &'static str, right: bool, why: impl Into<String>) -> Check {
    Check {
        what,
        result: if right { Outcome::Right } else { Outcome::Wrong },
        why: why.into(),
    }
}

pub(super) fn outdated(what: &'static str, why: impl Into<String>) -> Check {
    Check {
        what,
        result: Outcome::Outdated,
        why: why.into(),
    }
}

pub(super) fn unchecked(what: &'static str, why: impl Into<String>) -> Check {
    Check {
        what,
        result: Outcome::NotChecked,
        why: why.into(),
    }
}

/// What an undecided report lacks, and what to type: the checkpoint, and one of judging again and the signer.
pub(super) fn missing(checks: &[Check]) -> Vec<String> {
    let lacking = |what| {
        let found = checks.iter().find(|check| check.what == what);
        found.filter(|check| check.result == Outcome::NotChecked)
    };
    let mut missing: Vec<String> = lacking("checkpoint")
        .map(|check| check.why.clone())
        .into_iter()
        .collect();
    let signed = checks.iter().any(|check| check.what == "signer");
    // The one reason may stand behind both.
    let again = lacking("judged_again").filter(|again| !missing.contains(&again.why));
    if let (Some(again), false) = (again, signed) {
        missing.push(format!(
            "{}; or give --signer KEYID, if you know whose key should have signed it. Its holder tells you the KEYID, by \
             another way than this report; `herdbook show NODE` prints it as `signed by` for what that key registered",
            again.why
        ));
    }
    missing
}

pub(super) fn text(document: &Document, checks: &[Check], standing: Standing, paint: Paint) -> String {
    let said = in_line(&format!("{}: {}", document.name, document.line));
    let mut text = match standing {
        Standing::False => format!(
            "{}: do not rely on this report\n\n",
            paint.bad("the report does not hold")
        ),
        Standing::Outdated => format!(
            "{} {said}\n\n",
            paint.bad("the report is outdated: do not rely on it now. It says of")
        ),
        Standing::Holds => {
            let again = checks.iter().find(|check| check.what == "judged_again");
            let holds = match again.map(|check| check.result) {
                Some(Outcome::Right) => "the report holds, and says of".to_owned(),
                _ => format!(
                    "signed as expected by {}; the verdict was not judged again here. The report says of",
                    in_line(&document.signer.keyid)
                ),
            };
            format!("{} {said}\n\n", paint.good(&holds))
        }
        Standing::Undecided => {
            let mut text = format!(
                "{}\n",
                paint.notable("it is not decided whether the report holds, because")
            );
            for why in missing(checks) {
                put(&mut text, format_args!("  {}\n", in_line(&why)));
            }
            put(&mut text, format_args!("it says of {said}\n\n"));
            text
        }
    };
    for check in checks {
        let word = match check.result {
            Outcome::Right => paint.good("ok         "),
            Outcome::Wrong => paint.bad("failed     "),
            Outcome::Outdated => paint.bad("outdated   "),
            Outcome::NotChecked => paint.notable("not checked"),
        };
        put(
            &mut text,
            format_args!(
                "{word}  {}: {}\n",
                check.what.replace('_', " "),
                in_line(&check.why)
            ),
        );
    }
    put(&mut text, format_args!("\n{CAVEAT}\n"));
    text
}
