//! The whole first phase.

use std::collections::BTreeSet;
use std::path::Path;

use crate::digest::KeyId;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::envelope::ENVELOPE_BYTES_MAX;
use crate::envelope::Envelope;
use crate::index::Index as _;
use crate::index::Indexed;
use crate::index::VersionPart;
use crate::index::resolve::versions_below;
use crate::ledger::admission::Founding;
use crate::ledger::admission::State;
use crate::ledger::hash::Progress;
use crate::ledger::lineage_file::Faults;
use crate::ledger::lineage_file::LineageFile;
use crate::ledger::lineage_file::Lookup;
use crate::manifest::read_members;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::ArtifactSet;
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
use super::build::bind;
use super::cite::Known;
use super::content::Contents;
use super::order::Item;
use super::order::in_order;
use super::problem::Problem;
use super::problem::ProblemKind;
use super::problem::Problems;
use super::warn::Warning;
use super::warn::Warnings;

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
    /// How.
    pub options: RegisterOptions,
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
    contents.hash(ground.progress);
    let mut planner = Planner {
        ground,
        founding,
        keys,
        contents,
        warnings: Vec::new(),
    };
    let offered = items.iter().flat_map(|item| item.offers()).cloned().collect();
    let mut known = Known::new(ground.state, offered);
    let mut done = Vec::new();
    for item in items {
        match planner.item(&known, item) {
            Ok((one, indexed)) => {
                known.declare(one.id, &one.statement.predicate, &indexed);
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
    Ok(Plan {
        planned: done,
        warnings: planner.warnings,
        left_out: problems.into_list(),
    })
}

/// Why an item was not planned.
enum Stop {
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

struct Planner<'a> {
    ground: Ground<'a>,
    founding: &'a Founding,
    keys: &'a Keys,
    contents: Contents,
    warnings: Vec<Warning>,
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
            self.check_versions(&name, line, &settled.statement)?;
            self.warn_of_claims(known, &name, line, &indexed)?;
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
        let planned = Planned {
            name,
            line,
            statement: settled.statement,
            id,
            blobs: built.blobs,
            present: settled.present,
        };
        Ok((planned, indexed))
    }

    /// Builds an item so that its envelope fits into an entry: if it does not, several files become a manifest.
    fn build(&self, known: &Known<'_>, item: Item<'_>) -> Result<(Built, Statement), Wrong> {
        let mut bytes = 0;
        for inline_max in [INLINE_MAX, 1] {
            let builder = Builder {
                known,
                contents: &self.contents,
                gaps: self.ground.options.keep_going,
                inline_max,
            };
            let built = builder.build(item)?;
            let statement = self.statement(built.predicate.clone());
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

    fn statement(&self, predicate: Predicate) -> Statement {
        Statement {
            issuer: self.ground.issuer,
            ledger: Some(self.founding.id),
            predicate,
        }
    }

    fn entry_of(&self, id: StatementId) -> Result<Option<LeafIndex>, Stop> {
        Ok(self.ground.state.index().facts(id)?.map(|facts| facts.entry))
    }

    /// Decides between the statement with its gaps and the one in which digests have bound them. A gap is looked
    /// up once, when it is first registered; whichever was appended then is the item.
    fn settle(&self, built: &Built, statement: Statement) -> Result<Settled, Stop> {
        let id = id_of(&statement);
        let present = self.entry_of(id)?;
        let could = !built.bindings.is_empty();
        if present.is_some() || !has_digest_gap(&statement.predicate) {
            let bound = if could && present.is_some() {
                Bound::Could
            } else {
                Bound::No
            };
            return Ok(Settled {
                statement,
                id,
                present,
                bound,
            });
        }
        if let Some(earlier) = self.bound_before(&statement)? {
            return Ok(earlier);
        }
        if !could {
            return Ok(Settled {
                statement,
                id,
                present,
                bound: Bound::No,
            });
        }
        let statement = self.statement(bind(&statement.predicate, &built.bindings));
        let id = id_of(&statement);
        let present = self.entry_of(id)?;
        Ok(Settled {
            statement,
            id,
            present,
            bound: Bound::Yes,
        })
    }

    /// Finds an earlier version of a run that is this one, but for gaps that were bound then.
    fn bound_before(&self, statement: &Statement) -> Result<Option<Settled>, Stop> {
        let Predicate::Run(run) = &statement.predicate else {
            return Ok(None);
        };
        let state = self.ground.state;
        for version in versions_below(state.index(), state.size(), &run.name)? {
            if version.part != VersionPart::Run {
                continue;
            }
            let earlier = self.ground.statements.statement(version.entry)?;
            let Predicate::Run(bound) = &earlier.predicate else {
                continue;
            };
            let mut same = run.clone();
            for (input, other) in same.inputs.iter_mut().zip(&bound.inputs) {
                if self.is_bound(&input.from, &other.from)? {
                    input.from = other.from.clone();
                }
            }
            if self.statement(Predicate::Run(same)) == earlier {
                let (id, present) = (version.statement, Some(version.entry));
                let bound = Bound::No;
                return Ok(Some(Settled {
                    statement: earlier,
                    id,
                    present,
                    bound,
                }));
            }
        }
        Ok(None)
    }

    fn is_bound(
        &self,
        gap: &crate::statement::InputFrom,
        other: &crate::statement::InputFrom,
    ) -> Result<bool, Stop> {
        use crate::statement::Cites;
        use crate::statement::InputFrom;
        let (InputFrom::Gap(gap), InputFrom::Artifacts(Cites::Inline(artifacts))) = (gap, other) else {
            return Ok(false);
        };
        let (Some(digest), [artifact]) = (gap.digest, artifacts.as_slice()) else {
            return Ok(false);
        };
        Ok(self.ground.state.index().claims(digest)?.contains(artifact))
    }

    fn check_grant(&self, statement: &Statement) -> Result<(), ProblemKind> {
        let next = self.ground.state.size().get();
        self.keys
            .may_sign(statement.issuer, &statement.grant_words(), next)
            .map(|_| ())
            .map_err(|error| ProblemKind::NotGranted(Box::new(error)))
    }

    /// A name whose files have other bytes now is an error, unless that is what is meant.
    fn check_versions(&mut self, item: &ItemName, line: u32, statement: &Statement) -> Result<(), Stop> {
        let state = self.ground.state;
        let mut sets: Vec<(&ItemName, Option<&ArtifactSet>)> = statement
            .predicate
            .sets()
            .into_iter()
            .map(|(name, set)| (name, Some(set)))
            .collect();
        if sets.is_empty() {
            sets.push((item, None));
        }
        for (name, set) in sets {
            let Some(last) = versions_below(state.index(), state.size(), name)?.pop() else {
                continue;
            };
            let earlier = self.ground.statements.statement(last.entry)?;
            let before = match last.part {
                VersionPart::Set(at) => earlier.predicate.sets().get(at).map(|(_, set)| *set),
                VersionPart::Run => None,
            };
            let difference = before.zip(set).and_then(|(before, now)| difference(before, now));
            match difference.filter(|_| !self.ground.options.new_version) {
                Some(difference) => {
                    let (name, entry) = (name.clone(), last.entry);
                    let kind = ProblemKind::OtherBytes {
                        name,
                        entry,
                        difference,
                    };
                    return Err(Stop::Wrong(vec![(line, kind)]));
                }
                None => Warnings {
                    item,
                    line,
                    list: &mut self.warnings,
                }
                .another_version(name, last.entry),
            }
        }
        Ok(())
    }

    fn warn_of_claims(
        &mut self,
        known: &Known<'_>,
        item: &ItemName,
        line: u32,
        indexed: &Indexed,
    ) -> Result<(), Stop> {
        let mut elsewhere = None;
        let mut count = 0;
        for claim in &indexed.claims {
            let others = known.claims(claim.digest)?;
            let Some(other) = others
                .into_iter()
                .find(|other| other.statement != indexed.facts.id)
            else {
                continue;
            };
            count += 1;
            elsewhere.get_or_insert((claim.artifact, other));
        }
        if let Some((artifact, other)) = elsewhere {
            let other = self.describe(other)?;
            Warnings {
                item,
                line,
                list: &mut self.warnings,
            }
            .claimed(indexed, artifact, &other, count);
        }
        Ok(())
    }

    fn describe(&self, artifact: ArtifactRef) -> Result<String, Stop> {
        let facts = self.ground.state.index().facts(artifact.statement)?;
        let named = facts.as_ref().and_then(|facts| facts.set_of(artifact.subject));
        Ok(named.map_or_else(
            || format!("{artifact} of this file"),
            |set| format!("`{}` ({artifact})", set.name),
        ))
    }
}

/// What an item is after its gaps were looked up.
struct Settled {
    statement: Statement,
    id: StatementId,
    present: Option<LeafIndex>,
    bound: Bound,
}

/// Whether the digests of gaps have bound them.
enum Bound {
    Yes,
    /// The ledger has it with gaps that could be bound now.
    Could,
    No,
}

fn id_of(statement: &Statement) -> StatementId {
    StatementId::of_pae(&crate::envelope::pae(&statement.encode()))
}

fn envelope_len(statement: &Statement) -> usize {
    let unsigned: Result<Envelope, std::convert::Infallible> = Envelope::seal(statement, |_| Ok([0; 64]));
    match unsigned {
        Ok(envelope) => envelope.encode().len(),
        Err(never) => match never {},
    }
}

fn has_digest_gap(predicate: &Predicate) -> bool {
    use crate::statement::InputFrom;
    matches!(predicate, Predicate::Run(run) if run.inputs.iter().any(
        |input| matches!(&input.from, InputFrom::Gap(gap) if gap.digest.is_some())
    ))
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
        let lines = read_members(bytes.map(Vec::as_slice).unwrap_or_default(), facts);
        for (member, line) in (0_u64..).zip(lines.map_err(|error| ProblemKind::Manifest(Box::new(error)))?) {
            let artifact = ArtifactRef {
                statement: settled.id,
                subject,
                member: Some(member),
            };
            members.push(crate::index::Claim {
                digest: line.sha256,
                artifact,
            });
        }
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

/// Returns the first difference between the bytes of two versions; nothing when one of them has no bytes.
fn difference(before: &ArtifactSet, now: &ArtifactSet) -> Option<String> {
    let digests = |set: &ArtifactSet| -> Vec<(Sha256Digest, String)> {
        let bytes = set.artifacts.iter().filter(|artifact| artifact.has_bytes());
        bytes
            .map(|artifact| (artifact.sha256, artifact.name.clone()))
            .collect()
    };
    let (before, now) = (digests(before), digests(now));
    let only = |digests: &[(Sha256Digest, String)]| -> BTreeSet<Sha256Digest> {
        digests.iter().map(|(digest, _)| *digest).collect()
    };
    let (old, new) = (only(&before), only(&now));
    if old.is_empty() || new.is_empty() || (old == new && before.len() == now.len()) {
        return None;
    }
    let changed = now.iter().find(|(digest, _)| !old.contains(digest));
    let had = changed.and_then(|(_, name)| before.iter().find(|(_, other)| other == name));
    Some(match (changed, had) {
        (Some((now, name)), Some((was, _))) => {
            format!("`{name}` had sha256:{was} and has sha256:{now}")
        }
        (Some((_, name)), None) => format!("`{name}` was not among its files"),
        (None, _) => format!("it had {} files and has {}", before.len(), now.len()),
    })
}

/// Returns the nodes of one statement, named as every answer names them.
fn nodes(planned: &Planned) -> Vec<RegisteredNode> {
    let predicate = &planned.statement.predicate;
    let node = |name: String, id: String, kind| RegisteredNode { name, id, kind };
    let statement = super::id_text(planned.id);
    let mut nodes = Vec::new();
    match predicate {
        Predicate::Run(_) => nodes.push(node(planned.name.to_string(), statement, "run")),
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
