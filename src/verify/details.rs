//! Two details beside a verdict: in which order things were registered, and whose keys signed what.
//!
//! Neither proves anything and neither changes a verdict. The log orders entries and states no time, so all that can be
//! said of times is what statements claim of themselves, held against that order. Who holds a key nobody can see.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::merkle::LeafIndex;
use crate::merkle::Part;
use crate::statement::Predicate;
use crate::statement::Run;

use super::graph::Node;
use super::instant::Instant;
use super::scene::Scene;

/// Which entries end a commit, as far as the evidence goes: a seal is the last entry of its commit.
#[derive(Debug, Clone, Default)]
pub(super) struct Commits {
    /// The seals that were read, ascending.
    seals: Vec<u64>,
    /// Entries that are not part of the evidence, each with the first that comes after them, ascending.
    gaps: Vec<(u64, u64)>,
}

impl Commits {
    /// Takes seals and pruned subtrees in any order.
    pub(super) fn of(mut seals: Vec<LeafIndex>, pruned: &[Part]) -> Self {
        seals.sort_unstable();
        let mut gaps: Vec<(u64, u64)> = pruned
            .iter()
            .filter_map(|part| match part {
                Part::Subtree { level, first, .. } => {
                    let length = 1_u64.checked_shl(*level).unwrap_or(u64::MAX);
                    Some((first.get(), first.get().saturating_add(length)))
                }
                Part::Leaf { .. } => None,
            })
            .collect();
        gaps.sort_unstable();
        Self {
            seals: seals.into_iter().map(LeafIndex::get).collect(),
            gaps,
        }
    }

    /// Returns whether two entries stand in one commit; nothing where what stands between them is not part of the
    /// evidence, which holds no seals but the last.
    fn are_together(&self, one: LeafIndex, other: LeafIndex) -> Option<bool> {
        let (low, high) = (one.min(other).get(), one.max(other).get());
        let at = self.seals.partition_point(|seal| *seal < low);
        if self.seals.get(at).is_some_and(|seal| *seal < high) {
            return Some(false);
        }
        let at = self.gaps.partition_point(|(_, end)| *end <= low);
        match self.gaps.get(at) {
            Some((first, _)) if *first < high => None,
            _ => Some(true),
        }
    }
}

/// How the statements that a run cites were registered, seen from the run's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Each of them in an earlier commit.
    Before,
    /// None is known to stand in the same commit, and of one at least nobody can say from this evidence.
    NotKnown,
    /// One at least in the same commit as the run, which tells what came out: nothing shows that it was fixed before.
    Together,
    /// One at least after something that claims to have happened when the run had ended.
    Late,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Before, Self::NotKnown, Self::Together, Self::Late];

    /// Returns the word for JSON: `before`, `not_known`, `together` or `late`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::NotKnown => "not_known",
            Self::Together => "together",
            Self::Late => "late",
        }
    }
}

/// One run on the walk, and when what it cites was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOrder {
    /// `hb:` id of the statement.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it does.
    pub does: String,
    /// Its entry.
    pub entry: u64,
    /// How many statements it cites.
    pub cites: usize,
    /// How many of them stand in the same commit.
    pub together: usize,
    /// Of how many this cannot be said.
    pub not_known: usize,
    /// The highest entry of those.
    pub last_cited: Option<u64>,
    /// When it began, as it claims.
    pub started: Option<String>,
    /// When it ended, as it claims.
    pub ended: Option<String>,
    /// All this in a word.
    pub order: Order,
}

/// One key and what it signed on the walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// SHA-256 of the raw public key, in hexadecimal digits.
    pub key: String,
    /// Whom it speaks for, where its grant says so.
    pub holder: Option<String>,
    /// Kinds of statements, `run:train` and the like for runs, with how many of each.
    pub signed: BTreeMap<String, usize>,
}

/// How far the keys of a walk are apart. Keys of which one follows the other count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separation {
    /// There is nothing to separate: not both a source and a run.
    Nothing,
    /// One key signed all of it.
    OneKey,
    /// Several keys, one of which at least signed sources as well as runs.
    Mixed,
    /// No key that signed a source signed a run.
    SourcesApart,
}

impl Separation {
    /// Returns the word for JSON: `nothing`, `one_key`, `mixed` or `sources_apart`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::OneKey => "one_key",
            Self::Mixed => "mixed",
            Self::SourcesApart => "sources_apart",
        }
    }
}

/// What is told beside a verdict and changes nothing in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// How many statements are on the walk.
    pub statements: usize,
    /// The lowest and the highest entry among them.
    pub entries: Option<(u64, u64)>,
    /// Whether all of them stand in one commit; nothing where this cannot be said.
    pub one_commit: Option<bool>,
    /// The runs, by their entries.
    pub runs: Vec<RunOrder>,
    /// The keys, by the first entry that each signed.
    pub keys: Vec<KeyUse>,
    /// How far they are apart.
    pub separation: Separation,
}

impl Details {
    /// Returns how many runs have this order.
    pub fn count(&self, order: Order) -> usize {
        self.runs.iter().filter(|run| run.order == order).count()
    }
}

/// Looks at all statements on the walk.
pub(super) fn details(scene: &Scene<'_>) -> Details {
    let nodes: BTreeMap<StatementId, &Node> = scene
        .places()
        .into_keys()
        .filter_map(|id| Some((id, scene.graph.nodes.get(&id)?)))
        .collect();
    let mut ordered: Vec<(StatementId, &Node)> = nodes.iter().map(|(id, node)| (*id, *node)).collect();
    ordered.sort_by_key(|(_, node)| node.index);
    let claims = latest_claims(&ordered);
    let ends = ordered.first().zip(ordered.last());
    let entries = ends.map(|((_, first), (_, last))| (first.index.get(), last.index.get()));
    let commits = &scene.case.commits;
    let runs = ordered
        .iter()
        .filter_map(|(id, node)| match &node.statement.predicate {
            Predicate::Run(run) => Some(run_order(scene, *id, node, run, &claims)),
            _ => None,
        });
    let (keys, separation) = keys(scene, &ordered);
    Details {
        statements: ordered.len(),
        one_commit: ends.and_then(|((_, first), (_, last))| commits.are_together(first.index, last.index)),
        entries,
        runs: runs.collect(),
        keys,
        separation,
    }
}

/// A claimed moment with the entry that makes all above it later.
type Claim = (u64, Instant);

/// Returns, ascending, the entries that claim a later moment than all below: what stands above one of them was not
/// registered before that moment, if it is true.
fn latest_claims(ordered: &[(StatementId, &Node)]) -> Vec<Claim> {
    let mut latest: Vec<Claim> = Vec::new();
    for (_, node) in ordered {
        let Predicate::Run(run) = &node.statement.predicate else {
            continue;
        };
        let claimed = [&run.started, &run.ended].into_iter().flatten();
        let Some(moment) = claimed.filter_map(|text| Instant::parse(text)).max() else {
            continue;
        };
        if latest.last().is_none_or(|(_, last)| *last < moment) {
            latest.push((node.index.get(), moment));
        }
    }
    latest
}

fn run_order(scene: &Scene<'_>, id: StatementId, node: &Node, run: &Run, claims: &[Claim]) -> RunOrder {
    let cited: BTreeSet<StatementId> = node.cites.iter().flatten().map(|cited| cited.statement).collect();
    let entries: Vec<LeafIndex> = cited
        .iter()
        .filter_map(|cited| Some(scene.graph.nodes.get(cited)?.index))
        .collect();
    let ended = run.ended.as_deref().and_then(Instant::parse);
    let (mut together, mut not_known, mut late) = (0, cited.len() - entries.len(), false);
    for entry in &entries {
        let is_together = scene.case.commits.are_together(*entry, node.index);
        together += usize::from(is_together == Some(true));
        not_known += usize::from(is_together.is_none());
        // What it claims of itself counts along.
        let below = claims.partition_point(|(at, _)| *at <= entry.get());
        let not_before = below.checked_sub(1).and_then(|at| claims.get(at));
        late |= *entry > node.index;
        late |= not_before
            .zip(ended)
            .is_some_and(|((_, moment), ended)| *moment > ended);
    }
    let order = match (late, together, not_known) {
        (true, _, _) => Order::Late,
        (false, 1.., _) => Order::Together,
        (false, 0, 1..) => Order::NotKnown,
        (false, 0, 0) => Order::Before,
    };
    RunOrder {
        id: format!("hb:{id}"),
        name: run.name.to_string(),
        does: run.does.to_string(),
        entry: node.index.get(),
        cites: cited.len(),
        together,
        not_known,
        last_cited: entries.iter().max().map(|entry| entry.get()),
        started: run.started.clone(),
        ended: run.ended.clone(),
        order,
    }
}

fn keys(scene: &Scene<'_>, ordered: &[(StatementId, &Node)]) -> (Vec<KeyUse>, Separation) {
    let mut order: Vec<KeyId> = Vec::new();
    let mut signed: BTreeMap<KeyId, BTreeMap<String, usize>> = BTreeMap::new();
    for (_, node) in ordered {
        let issuer = node.statement.issuer;
        let kind = match &node.statement.predicate {
            Predicate::Run(run) => format!("run:{}", run.does),
            other => other.kind().to_owned(),
        };
        let kinds = signed.entry(issuer).or_insert_with(|| {
            order.push(issuer);
            BTreeMap::new()
        });
        *kinds.entry(kind).or_default() += 1;
    }
    let known = scene.case.keys.as_ref();
    let of_one_hand =
        |one: KeyId, other: KeyId| one == other || known.is_some_and(|keys| keys.are_of_one_hand(one, other));
    let signs = |is_run: bool| {
        let kinds = signed.iter();
        let kinds = kinds.filter(|(_, kinds)| {
            kinds.keys().any(|kind| {
                if is_run {
                    kind.starts_with("run:")
                } else {
                    kind == "source"
                }
            })
        });
        kinds.map(|(key, _)| *key).collect::<Vec<KeyId>>()
    };
    let (sources, runs) = (signs(false), signs(true));
    let one_hand = order
        .first()
        .is_none_or(|first| order.iter().all(|key| of_one_hand(*first, *key)));
    let meets = sources
        .iter()
        .any(|source| runs.iter().any(|run| of_one_hand(*source, *run)));
    let separation = match (sources.is_empty() || runs.is_empty(), one_hand, meets) {
        (true, _, _) => Separation::Nothing,
        (false, true, _) => Separation::OneKey,
        (false, false, true) => Separation::Mixed,
        (false, false, false) => Separation::SourcesApart,
    };
    let uses = order.iter().map(|key| KeyUse {
        key: key.to_hex(),
        holder: known.and_then(|keys| keys.holder(*key)).map(str::to_owned),
        signed: signed.get(key).cloned().unwrap_or_default(),
    });
    (uses.collect(), separation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::NodeHash;

    /// The oracle: entry by entry.
    #[test]
    fn entries_are_together_when_no_seal_is_between() {
        let (seals, gaps) = ([14_u64, 1, 6], [(1, 8), (0, 3)]);
        let pruned = gaps.map(|(level, first)| Part::Subtree {
            level,
            first: LeafIndex::new(first),
            hash: NodeHash::from_bytes([0; 32]),
        });
        let commits = Commits::of(seals.iter().map(|seal| LeafIndex::new(*seal)).collect(), &pruned);
        let is_pruned = |at: &u64| [3, 8, 9].contains(at);
        for low in (0..20_u64).filter(|at| !is_pruned(at)) {
            for high in (low..20).filter(|at| !is_pruned(at)) {
                let expected = if (low..high).any(|at| seals.contains(&at)) {
                    Some(false)
                } else {
                    (!(low..high).any(|at| is_pruned(&at))).then_some(true)
                };
                let (one, other) = (LeafIndex::new(high), LeafIndex::new(low));
                assert_eq!(commits.are_together(one, other), expected, "{low} {high}");
            }
        }
    }
}
