//! What an auditor will object to, told while it can still be said better.

use std::collections::BTreeSet;

use num_rational::BigRational;
use num_traits::One as _;
use num_traits::Signed as _;
use num_traits::Zero as _;

use crate::digest::StatementId;
use crate::merkle::LeafIndex;
use crate::statement::Answer;
use crate::statement::Artifact;
use crate::statement::ArtifactRef;
use crate::statement::Content;
use crate::statement::Decimal;
use crate::statement::Does;
use crate::statement::Input;
use crate::statement::ItemName;
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Run;

use super::build::Built;
use super::build_run::Binding;
use super::cite::Cited;
use super::problem::dispute_text;

/// How many file names a warning lists.
const NAMES_LISTED_MAX: usize = 5;

/// The stable word of a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum WarningCode {
    /// More rows come out than went in.
    RowsNotAccounted,
    /// A run without an input it needs.
    RoleMissing,
    /// Nobody said whether there is personal data.
    PersonalDataNotKnown,
    /// Another statement claims the same bytes.
    ClaimedElsewhere,
    /// The name has a version already.
    AnotherVersion,
    /// Names of files are withheld.
    NamesWithheld,
    /// A file of rows that looks unfinished.
    FileUnfinished,
    /// A gap that could be closed now.
    GapCouldBind,
    /// A gap that was closed by its digest.
    GapBound,
    /// An input that was withdrawn or recalled.
    TakenBack,
}

impl WarningCode {
    /// Returns the word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RowsNotAccounted => "rows_not_accounted",
            Self::RoleMissing => "role_missing",
            Self::PersonalDataNotKnown => "personal_data_not_known",
            Self::ClaimedElsewhere => "claimed_elsewhere",
            Self::AnotherVersion => "another_version",
            Self::NamesWithheld => "names_withheld",
            Self::FileUnfinished => "file_unfinished",
            Self::GapCouldBind => "gap_could_bind",
            Self::GapBound => "gap_bound",
            Self::TakenBack => "taken_back",
        }
    }
}

/// Something that is accepted, but that an auditor will object to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What.
    pub code: WarningCode,
    /// The item.
    pub item: ItemName,
    /// Its line.
    pub line: u32,
    /// What is the matter, in a sentence without its full stop.
    pub message: String,
    /// The line to add to the lineage file, or the command, if only one would do.
    pub add: Option<String>,
}

/// Collects the warnings of one item.
#[derive(Debug)]
pub(super) struct Warnings<'a> {
    pub(super) item: &'a ItemName,
    pub(super) line: u32,
    pub(super) list: &'a mut Vec<Warning>,
}

impl Warnings<'_> {
    pub(super) fn add(&mut self, code: WarningCode, message: String, add: Option<String>) {
        self.list.push(Warning {
            code,
            item: self.item.clone(),
            line: self.line,
            message,
            add,
        });
    }

    /// Looks at an item that will be appended.
    pub(super) fn look(&mut self, built: &Built) {
        match &built.predicate {
            Predicate::Source(source) if source.personal_data == Answer::NotKnown => {
                let names = written_names(&source.set.artifacts);
                let message = format!(
                    "nobody says whether it holds personal data: say `personal_data: yes` or `personal_data: no`; if \
                     it does and nobody says so, this is written for ever: {names}"
                );
                self.add(WarningCode::PersonalDataNotKnown, message, None);
            }
            Predicate::Source(source)
                if source.personal_data == Answer::Yes
                    && source.set.artifacts.iter().any(Artifact::has_bytes) =>
            {
                let message = "it holds personal data, so names of files are not written: the files of it and of all \
                               that is made from it go by commitments, which only you can open (`herdbook private`), \
                               and a changed file cannot be told from a missing one (docs/verdict.md)";
                self.add(WarningCode::NamesWithheld, message.to_owned(), None);
            }
            Predicate::Run(run) => {
                self.roles(run);
                self.rows(run, &built.inputs);
            }
            _ => {}
        }
    }

    /// Tells of gaps that were bound by their digest.
    pub(super) fn bound(&mut self, bindings: &[Binding]) {
        for binding in bindings {
            let message = format!(
                "the gap `{}` is bound to {}, the only artifact with that digest",
                binding.text,
                first(&binding.cited)
            );
            self.add(WarningCode::GapBound, message, None);
        }
    }

    /// Tells of gaps of a statement that is in the ledger already, which could be closed now.
    pub(super) fn could_bind(&mut self, run: StatementId, bindings: &[Binding]) {
        for binding in bindings {
            let target = first(&binding.cited);
            let message = format!(
                "its gap `{}` (input {} of hb:{run}) could be closed now: {target} has that digest",
                binding.text, binding.position
            );
            let command = format!(
                "herdbook notice resolve gap:{run}/{} --by {target}",
                binding.position
            );
            self.add(WarningCode::GapCouldBind, message, Some(command));
        }
    }

    /// Tells that something it takes was taken back.
    pub(super) fn taken_back(&mut self, used: &str, notice: &str) {
        let message = format!(
            "it takes {used}, which was {notice}: it is registered all the same, and every verdict over it is not_permitted"
        );
        self.add(WarningCode::TakenBack, message, None);
    }

    /// Tells that the name has other versions.
    pub(super) fn another_version(&mut self, name: &ItemName, last: LeafIndex, disputed: bool) {
        let message = format!(
            "`{name}` is registered already, as {name}@{last}; from now on the bare name has several versions{}",
            dispute_text(disputed)
        );
        self.add(WarningCode::AnotherVersion, message, None);
    }

    /// Tells that bytes are claimed as something else, too.
    pub(super) fn claimed(&mut self, artifact: ArtifactRef, other: &str, count: usize) {
        let more = if count > 1 {
            format!(" ({} more of its files likewise)", count - 1)
        } else {
            String::new()
        };
        let message = format!(
            "the bytes of {artifact} are also those of {other}{more}; unless both come from the same place, what \
             descends from them is `conflicting_origin`"
        );
        self.add(WarningCode::ClaimedElsewhere, message, None);
    }

    fn roles(&mut self, run: &Run) {
        let count = |role| run.inputs.iter().filter(|input| input.role == role).count();
        let (data, generators, bases) = (count(Role::Data), count(Role::Generator), count(Role::Base));
        let missing = match run.does {
            Does::Generate if generators == 0 => "generator",
            Does::Filter | Does::Mix | Does::Annotate | Does::Judge | Does::Evaluate if data == 0 => "data",
            Does::Transform if data == 0 && bases != 1 => "data",
            Does::Train if data == 0 && generators == 0 => "data",
            Does::Merge if bases < 2 => "base",
            _ => return,
        };
        let does = run.does;
        let message =
            format!("a run that does `{does}` has no input as `{missing}`, so no origin follows from it");
        let add = format!("- {{use: NAME, as: {missing}}}");
        self.add(WarningCode::RoleMissing, message, Some(add));
    }

    /// Design 5, `rows_not_accounted`: what filters, transforms, mixes or labels makes no rows.
    fn rows(&mut self, run: &Run, taken: &[Option<Cited>]) {
        let makes_none = match run.does {
            Does::Filter | Does::Mix | Does::Annotate | Does::Judge => true,
            Does::Transform => !run.rewrites && !run.inputs.iter().any(|input| input.role == Role::Base),
            Does::Train => return self.passes(run, taken),
            Does::Generate | Does::Merge | Does::Evaluate => false,
        };
        let out = output_rows(run);
        let (true, Some(out), Some(accounted)) = (makes_none, out, input_rows(run, taken, true)) else {
            return;
        };
        let accounted = accounted * factor(run.expansion.as_ref());
        let Some(missing) = missing_rows(out, &accounted) else {
            return;
        };
        let without = input_rows(run, taken, false).map(|rows| rows * factor(run.expansion.as_ref()));
        let why = match without {
            Some(rows) if missing_rows(out, &rows).is_none() => {
                "what they say as `kept` is too small, or the output has rows that it should not have"
                    .to_owned()
            }
            _ => format!("an input with {missing} is missing"),
        };
        let message = format!(
            "{out} rows come out, but its data inputs account for {} only: {why}; if one row really becomes \
             several here, say so with `expansion:`",
            accounted.to_integer()
        );
        self.add(WarningCode::RowsNotAccounted, message, None);
    }

    /// Training takes each row once an epoch.
    fn passes(&mut self, run: &Run, taken: &[Option<Cited>]) {
        for (input, cited) in run.inputs.iter().zip(taken) {
            let exists = cited.as_ref().and_then(|cited| cited.rows);
            let (Role::Data, Some(stated), Some(exists)) = (input.role, input.rows, exists) else {
                continue;
            };
            let once = BigRational::from_integer(exists.into()) * factor(input.repeat.as_ref());
            if let Some(missing) = missing_rows(stated, &(once * factor(run.epochs.as_ref()))) {
                let message = format!(
                    "it takes {stated} rows of an input that has {exists}: an input with {missing} is missing; \
                     if rows are really taken several times, say so with `epochs:`"
                );
                return self.add(WarningCode::RowsNotAccounted, message, None);
            }
        }
    }
}

fn first(cited: &Cited) -> String {
    cited
        .artifacts
        .first()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// Returns how many of `taken` rows `accounted` leaves open, in words; nothing when it covers them.
fn missing_rows(taken: u64, accounted: &BigRational) -> Option<String> {
    let missing = BigRational::from_integer(taken.into()) - accounted;
    missing
        .is_positive()
        .then(|| match missing.ceil().to_integer().to_string().as_str() {
            "1" => "1 row".to_owned(),
            rows => format!("{rows} rows"),
        })
}

fn written_names(artifacts: &[Artifact]) -> String {
    if artifacts
        .iter()
        .all(|artifact| matches!(artifact.content, Content::Absent { .. }))
    {
        return "all names and texts of the item".to_owned();
    }
    let mut names: Vec<String> = artifacts
        .iter()
        .take(NAMES_LISTED_MAX)
        .map(|artifact| format!("`{}`", artifact.name))
        .collect();
    if artifacts.len() > NAMES_LISTED_MAX {
        names.push(format!("{} more names", artifacts.len() - NAMES_LISTED_MAX));
    }
    if artifacts.iter().any(|artifact| artifact.manifest().is_some()) {
        names.push("all names in its manifest".to_owned());
    }
    names.join(", ")
}

fn output_rows(run: &Run) -> Option<u64> {
    let rows = run
        .outputs
        .iter()
        .filter(|output| output.kind != OutputKind::Model);
    rows.map(|output| output.set.total_rows())
        .try_fold(0_u64, |sum, rows| sum.checked_add(rows?))
        .filter(|rows| *rows > 0)
}

/// Returns the rows that the data inputs account for, or nothing while one of them is not known. What is taken
/// twice counts once: its rows are `repeat`ed or they are not there.
fn input_rows(run: &Run, taken: &[Option<Cited>], with_kept: bool) -> Option<BigRational> {
    let mut sum = BigRational::zero();
    let mut seen: BTreeSet<ArtifactRef> = BTreeSet::new();
    for (input, cited) in run.inputs.iter().zip(taken) {
        if input.role != Role::Data {
            continue;
        }
        let artifacts = cited
            .as_ref()
            .map(|cited| cited.artifacts.as_slice())
            .unwrap_or_default();
        let fresh = artifacts
            .iter()
            .filter(|artifact| seen.insert(**artifact))
            .count();
        if artifacts.is_empty() || fresh > 0 {
            let kept = input.kept.filter(|_| with_kept);
            sum += one_input_rows(input, kept, cited.as_ref())?;
        }
    }
    Some(sum)
}

/// The smallest of what exists and what the input states to have taken or kept, as the verdict has it.
fn one_input_rows(input: &Input, kept: Option<u64>, cited: Option<&Cited>) -> Option<BigRational> {
    let exists = cited.and_then(|cited| cited.rows);
    let rows = [exists, input.rows, kept].into_iter().flatten().min()?;
    Some(BigRational::from_integer(rows.into()) * factor(input.repeat.as_ref()))
}

fn factor(decimal: Option<&Decimal>) -> BigRational {
    decimal.map_or_else(BigRational::one, |decimal| decimal.value().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_missing_are_rounded_up() {
        let of = |taken, numerator: u64, denominator: u64| {
            missing_rows(taken, &BigRational::new(numerator.into(), denominator.into()))
        };
        assert_eq!(of(3, 2, 1).as_deref(), Some("1 row"));
        assert_eq!(of(9, 7, 2).as_deref(), Some("6 rows"));
        assert_eq!(of(9, 9, 1), None);
        assert_eq!(of(9, 10, 1), None);
    }
}
