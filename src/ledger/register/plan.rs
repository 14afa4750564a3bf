//! The whole first phase.

use std::path::Path;

use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::envelope::ENVELOPE_BYTES_MAX;
use crate::envelope::Envelope;
use crate::index::Indexed;
use crate::ledger::admission::Founding;
use crate::ledger::admission::State;
use crate::ledger::hash::HashCache;
use crate::ledger::hash::Progress;
use crate::ledger::lineage_file::Faults;
use crate::ledger::lineage_file::LineageFile;
use crate::ledger::lineage_file::Lookup;
use crate::ledger::lineage_file::Taken;
use crate::ledger::private::Kept;
use crate::ledger::private::Sidecar;
use crate::manifest::MemberReader;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::INLINE_MAX;
use crate::statement::ItemName;
use crate::statement::Predicate;
use crate::statement::Statement;
use crate::trust::Keys;

use super::PlannedBlob;
use super::PlannedBlobs;
use super::RegisterError;
use super::RegisterOptions;
use super::RegisteredNode;
use super::build::Builder;
use super::build::Built;
use super::build::Wrong;
use super::cite::Known;
use super::content::Contents;
use super::order::Item;
use super::order::in_order;
use super::problem::Problem;
use super::problem::ProblemKind;
use super::problem::Problems;
use super::settle::Bound;
use super::settle::Settled;
use super::warn::Warning;
use super::warn::Warnings;
use super::withhold::Committer;
use super::withhold::withhold;

/// Reads statements of the log.
pub trait Statements {
    /// Returns the statement at an entry.
    fn statement(&self, entry: LeafIndex) -> Result<Statement, RegisterError>;
}

/// One statement that a lineage file stands for.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The item.
    pub name: ItemName,
    /// Its line.
    pub line: u32,
    /// What is signed.
    pub statement: Statement,
    /// Its id.
    pub id: StatementId,
    /// What the ledger must hold before it.
    pub blobs: PlannedBlobs,
    /// What opens the commitments in it, to be kept outside of the ledger.
    pub kept: Kept,
    /// Where it stands, if it is in the ledger already.
    pub present: Option<LeafIndex>,
}

/// What registering a lineage file comes to.
#[derive(Debug)]
pub struct Plan {
    /// The statements, parents first.
    pub planned: Vec<Planned>,
    /// What an auditor will object to.
    pub warnings: Vec<Warning>,
    /// What is left out, with `keep_going`.
    pub left_out: Vec<Problem>,
    /// What became a gap, with `keep_going`.
    pub gaps: Vec<MadeGap>,
}

/// A `use:` that did not resolve and became a gap, because of `keep_going`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeGap {
    /// The item that uses it.
    pub item: ItemName,
    /// The line of the use.
    pub line: u32,
    /// What was written.
    pub text: String,
}

impl Plan {
    /// Returns what the file declares, parents first.
    pub fn nodes(&self) -> Vec<RegisteredNode> {
        self.planned.iter().flat_map(nodes).collect()
    }
}

/// What the first phase stands on.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The ledger as it is.
    pub state: &'a State,
    /// Its statements.
    pub statements: &'a dyn Statements,
    /// The key that will sign.
    pub issuer: KeyId,
    /// The folder of this user's keys, of which nothing is registered.
    pub keys_folder: Option<&'a Path>,
    /// How.
    pub options: RegisterOptions,
    /// Where what is withheld is kept; nothing can be withheld without.
    pub sidecar: Option<&'a Sidecar>,
    /// Digests of files that have not changed since they were hashed last.
    pub cache: Option<&'a HashCache>,
    /// Who watches.
    pub progress: &'a dyn Progress,
}

impl std::fmt::Debug for Ground<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ground")
            .field("issuer", &self.issuer)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Checks and hashes everything that the lineage file at `path` names; nothing is written.
pub fn plan(ground: Ground<'_>, path: &Path, file: &LineageFile) -> Result<Plan, RegisterError> {
    let (Some(founding), Some(keys)) = (ground.state.founding(), ground.state.keys()) else {
        return Err(RegisterError::NoGenesis);
    };
    let mut problems = Problems::of(path);
    let items = in_order(file, &mut problems);
    let mut faults = Faults::default();
    let mut contents = Contents::look_up(&items, &Lookup::beside(path), &mut faults);
    if !faults.is_empty() {
        return Err(RegisterError::Faults(faults));
    }
    contents.keep_out_of(ground.keys_folder);
    contents.hash(ground.progress, ground.cache, ground.sidecar);
    let mut planner = Planner {
        ground,
        founding,
        keys,
        contents,
        warnings: Vec::new(),
        gaps: Vec::new(),
    };
    let offered = items.iter().flat_map(|item| item.offers()).cloned().collect();
    let mut known = Known::new(ground.state, offered, ground.sidecar);
    let mut done = Vec::new();
    for item in items {
        match planner.item(&known, item) {
            Ok((one, indexed)) => {
                known.declare(&one.statement, indexed);
                done.push(one);
            }
            Err(Stop::Wrong(wrong)) => {
                let name = &item.name().value;
                for (line, kind) in wrong {
                    // What uses a wrong item is not wrong itself; it is told only when it is left out for it.
                    if ground.options.keep_going || !matches!(kind, ProblemKind::LeftOut { .. }) {
                        problems.add(name, line, kind);
                    }
                }
                known.leave_out(item.offers().into_iter().chain([name]));
            }
            Err(Stop::Fatal(error)) => return Err(error),
        }
    }
    if !ground.options.keep_going && !problems.is_empty() {
        return Err(RegisterError::Problems(problems.into_list()));
    }
    planner.gaps.sort_by_key(|gap| gap.line);
    Ok(Plan {
        planned: done,
        warnings: planner.warnings,
        gaps: planner.gaps,
        left_out: problems.into_list(),
    })
}

/// Why an item was not planned.
pub(super) enum Stop {
    /// Something is wrong with it.
    Wrong(Wrong),
    /// The ledger cannot be read.
    Fatal(RegisterError),
}

impl From<RegisterError> for Stop {
    fn from(error: RegisterError) -> Self {
        Self::Fatal(error)
    }
}

impl From<crate::index::IndexError> for Stop {
    fn from(error: crate::index::IndexError) -> Self {
        Self::Fatal(error.into())
    }
}

pub(super) struct Planner<'a> {
    pub(super) ground: Ground<'a>,
    founding: &'a Founding,
    pub(super) keys: &'a Keys,
    pub(super) contents: Contents,
    pub(super) warnings: Vec<Warning>,
    gaps: Vec<MadeGap>,
}

impl Planner<'_> {
    fn item(&mut self, known: &Known<'_>, item: Item<'_>) -> Result<(Planned, Indexed), Stop> {
        let (built, statement) = self.build(known, item).map_err(Stop::Wrong)?;
        let (name, line) = (item.name().value.clone(), item.name().line);
        let settled = self.settle(&built, statement)?;
        let id = settled.id;
        let indexed = indexed(&settled, &built).map_err(|kind| Stop::Wrong(vec![(line, kind)]))?;
        if settled.present.is_none() {
            self.check_grant(&settled.statement)
                .map_err(|kind| Stop::Wrong(vec![(line, kind)]))?;
            self.check_versions(known, item, &settled.statement)?;
            self.warn_of_claims(known, item, &settled.statement, &indexed)?;
            self.warn_of_notices(known, (&name, line), &built)?;
        }
        if settled.present.is_none() {
            self.warn_of_files(item);
        }
        let mut warnings = Warnings {
            item: &name,
            line,
            list: &mut self.warnings,
        };
        if settled.present.is_none() {
            warnings.look(&built);
        }
        match settled.bound {
            Bound::Yes => warnings.bound(&built.bindings),
            Bound::Could => warnings.could_bind(id, &built.bindings),
            Bound::No => {}
        }
        for (taken, cited) in item.takes().into_iter().zip(&built.inputs) {
            if let (Taken::Use(used), None) = (taken, cited) {
                self.gaps.push(MadeGap {
                    item: name.clone(),
                    line: used.line,
                    text: used.value.clone(),
                });
            }
        }
        let kept = Kept {
            kind: settled.statement.predicate.kind().to_owned(),
            name: name.to_string(),
            openings: built.openings,
        };
        let planned = Planned {
            name,
            line,
            statement: settled.statement,
            id,
            blobs: built.blobs,
            kept,
            present: settled.present,
        };
        Ok((planned, indexed))
    }

    fn build(&self, known: &Known<'_>, item: Item<'_>) -> Result<(Built, Statement), Wrong> {
        let ground = Fitting {
            known,
            contents: &self.contents,
            gaps: self.ground.options.keep_going,
            sidecar: self.ground.sidecar,
        };
        fitted(&ground, item, |predicate| self.statement(predicate))
    }

    pub(super) fn statement(&self, predicate: Predicate) -> Statement {
        Statement {
            issuer: self.ground.issuer,
            ledger: Some(self.founding.id),
            predicate,
        }
    }

    fn check_grant(&self, statement: &Statement) -> Result<(), ProblemKind> {
        let next = self.ground.state.size().get();
        self.keys
            .may_sign(statement.issuer, &statement.grant_words(), next)
            .map(|_| ())
            .map_err(|error| ProblemKind::NotGranted(Box::new(error)))
    }
}

/// What an item is built from, however many of its artifacts stand in the statement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fitting<'a> {
    pub(super) known: &'a Known<'a>,
    pub(super) contents: &'a Contents,
    /// Whether what does not resolve becomes a gap.
    pub(super) gaps: bool,
    /// What opens commitments is kept there; without it nothing can be withheld.
    pub(super) sidecar: Option<&'a Sidecar>,
}

/// Builds an item so that its envelope fits into an entry: if it does not, several files become a manifest.
pub(super) fn fitted(
    from: &Fitting<'_>,
    item: Item<'_>,
    statement: impl Fn(Predicate) -> Statement,
) -> Result<(Built, Statement), Wrong> {
    let mut bytes = 0;
    for inline_max in [INLINE_MAX, 1] {
        let committer = Committer::new(from.sidecar);
        let builder = Builder {
            known: from.known,
            contents: from.contents,
            gaps: from.gaps,
            inline_max,
            committer: &committer,
        };
        let mut built = builder.build(item)?;
        withhold(&mut built.predicate, item, &committer).map_err(|kind| vec![(item.name().line, kind)])?;
        built.openings = committer.into_openings();
        let statement = statement(built.predicate.clone());
        let payload = statement.encode();
        // Names and counts come from outside: what would not be read back must not be signed.
        Statement::decode(&payload)
            .map_err(|source| vec![(item.name().line, ProblemKind::Statement(Box::new(source)))])?;
        // Bound gaps make it longer by less than this.
        let room = built.bindings.len() * 200;
        bytes = envelope_len(&statement) + room;
        if bytes <= ENVELOPE_BYTES_MAX {
            return Ok((built, statement));
        }
    }
    let limit = ENVELOPE_BYTES_MAX;
    Err(vec![(item.name().line, ProblemKind::TooLarge { bytes, limit })])
}

fn envelope_len(statement: &Statement) -> usize {
    let unsigned: Result<Envelope, std::convert::Infallible> = Envelope::seal(statement, |_| Ok([0; 64]));
    match unsigned {
        Ok(envelope) => envelope.encode().len(),
        Err(never) => match never {},
    }
}

/// Returns what the index will know of a planned statement.
fn indexed(settled: &Settled, built: &Built) -> Result<Indexed, ProblemKind> {
    let mut members = Vec::new();
    for (subject, artifact) in (0_u32..).zip(settled.statement.predicate.artifacts()) {
        let Some(facts) = artifact.manifest() else {
            continue;
        };
        let bytes = built.blobs.iter().find_map(|(id, blob)| match blob {
            PlannedBlob::Bytes(bytes) if *id == artifact.sha256.as_blob() => Some(bytes),
            _ => None,
        });
        let mut reader = MemberReader::new(facts);
        let mut next = 0_u64..;
        let claims = reader.push(bytes.map(Vec::as_slice).unwrap_or_default(), |member| {
            let artifact = ArtifactRef {
                statement: settled.id,
                subject,
                member: next.next(),
            };
            let digest = member.sha256;
            members.push(crate::index::Claim { digest, artifact });
        });
        claims
            .and_then(|()| reader.finish())
            .map_err(|error| ProblemKind::Manifest(Box::new(error)))?;
    }
    let cited = built.inputs.iter().flatten().flat_map(|cited| &cited.artifacts);
    let parents = cited.map(|artifact| artifact.statement).collect();
    let entry = settled.present.unwrap_or(LeafIndex::new(u64::MAX));
    Ok(Indexed::new(
        entry,
        settled.id,
        &settled.statement,
        members,
        parents,
        built.personal,
    ))
}

/// Returns the nodes of one statement, named as every answer names them.
fn nodes(planned: &Planned) -> Vec<RegisteredNode> {
    let predicate = &planned.statement.predicate;
    let already_present = planned.present.is_some();
    let node = |name: String, id: String, kind| RegisteredNode {
        name,
        id,
        kind,
        already_present,
    };
    let statement = super::id_text(planned.id);
    let mut nodes = Vec::new();
    match predicate {
        Predicate::Run(run) => nodes.push(node(run.name.to_string(), statement, "run")),
        Predicate::Dataset(_) => {
            nodes.push(node(
                planned.name.to_string(),
                format!("{statement}/0"),
                "dataset",
            ));
        }
        _ => {}
    }
    let facts = Indexed::new(
        LeafIndex::new(0),
        planned.id,
        &planned.statement,
        vec![],
        vec![],
        false,
    )
    .facts;
    for ((name, set), facts) in predicate.sets().into_iter().zip(&facts.sets) {
        for (artifact, subject) in set.artifacts.iter().zip(facts.subjects.clone()) {
            let shown = crate::ledger::artifact_name(name, set, artifact);
            let id = ArtifactRef::subject(planned.id, subject).to_string();
            nodes.push(node(shown, id, crate::index::thing_word(facts.thing)));
        }
    }
    nodes
}
