//! What leads to a node without citing it: a generator that is named, a gap with a digest, code and evidence.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::index::resolve::facts_below;
use crate::ledger::LedgerError;
use crate::ledger::View;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::InputFrom;
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Thing;
use crate::statement::model_tie;

use super::QueryError;

/// How something leads to a node without citing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Beside {
    /// A source names the model as its generator.
    Generator,
    /// A gap has its digest.
    Gap,
    /// Code of a run, or evidence of a source, has its digest.
    Attachment,
}

impl Beside {
    /// Returns the word for programs.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Generator => "generator",
            Self::Gap => "gap",
            Self::Attachment => "attachment",
        }
    }

    /// Returns how, in words.
    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::Generator => "named as generator",
            Self::Gap => "may be: a gap has its digest",
            Self::Attachment => "code or evidence has its digest",
        }
    }
}

/// What entries are tied to without citing it.
pub(super) type Ties = BTreeMap<LeafIndex, Vec<(Beside, ArtifactRef)>>;

/// Returns the sources below the view that name a model of a statement as their generator, each with the model.
pub(super) fn named(view: &View<'_>, id: StatementId) -> Result<Vec<(LeafIndex, ArtifactRef)>, QueryError> {
    let Some(facts) = view.index().facts(id)? else {
        return Ok(Vec::new());
    };
    let mut found = BTreeSet::new();
    for set in &facts.sets {
        if !matches!(set.thing, Thing::ExternalModel | Thing::Output(OutputKind::Model)) {
            continue;
        }
        let model = ArtifactRef::subject(id, set.subjects.start);
        for claim in view.index().claims(model_tie(set.name.as_str()))? {
            let facts = facts_below(view.index(), view.size(), claim.statement)?;
            if let Some(facts) = facts.filter(|facts| facts.kind == "source") {
                found.insert((facts.entry, model));
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// Returns what has one of `digests` as the digest of a gap, of code or of evidence, below the view. The index has
/// none of these, so the log is read.
pub(super) fn by_digest(
    view: &View<'_>,
    digests: &HashMap<Sha256Digest, ArtifactRef>,
) -> Result<Ties, QueryError> {
    let mut ties = Ties::new();
    if digests.is_empty() {
        return Ok(ties);
    }
    for commit in view.reader().commits() {
        let commit = commit.map_err(LedgerError::from)?;
        for (entry, leaf) in commit.entries() {
            if !view.size().contains(entry) {
                return Ok(ties);
            }
            let statement = Envelope::decode(leaf).ok().map(|envelope| envelope.statement());
            let Some(Ok(statement)) = statement else {
                continue;
            };
            let found = beside(&statement.predicate);
            let found = found.filter_map(|(beside, digest)| Some((beside, *digests.get(&digest)?)));
            let found: BTreeSet<(Beside, ArtifactRef)> = found.collect();
            if !found.is_empty() {
                ties.insert(entry, found.into_iter().collect());
            }
        }
    }
    Ok(ties)
}

/// Returns the digests that a statement has beside those of its artifacts.
fn beside(predicate: &Predicate) -> impl Iterator<Item = (Beside, Sha256Digest)> {
    let inputs = match predicate {
        Predicate::Run(run) => run.inputs.as_slice(),
        _ => &[],
    };
    let (_, collected) = predicate.collected().unwrap_or_default();
    let of_run = inputs.iter().filter_map(|input| match &input.from {
        InputFrom::Gap(gap) => Some(gap),
        InputFrom::Artifacts(_) => None,
    });
    let gaps = of_run
        .chain(collected)
        .filter_map(|gap| Some((Beside::Gap, gap.digest?)));
    let attached = match predicate {
        Predicate::Run(_) | Predicate::Source(_) => predicate.attachments(),
        _ => &[],
    };
    let attached = attached.iter().filter(|one| !one.sealed);
    // A blob's id is the SHA-256 of its bytes.
    gaps.chain(attached.map(|one| (Beside::Attachment, Sha256Digest::from_bytes(*one.blob.as_bytes()))))
}
