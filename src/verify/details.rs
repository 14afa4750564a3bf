//! Two details beside a verdict: in which order things were registered, and whose keys signed what.
//!
//! Neither proves anything and neither changes a verdict. The log orders entries and states no time, so all that can be
//! said of times is what statements claim of themselves, held against that order. Who holds a key nobody can see.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::merkle::LeafIndex;
use crate::statement::Predicate;
use crate::statement::Run;

use super::graph::Node;
use super::instant::Instant;
use super::scene::Scene;

/// The seals that were read: each is the last entry of its commit.
///
/// Evidence that is part of a log holds the seal below every statement of the walk. Whoever leaves one out makes two
/// commits look like one, which says less and never more.
#[derive(Debug, Clone, Default)]
pub(super) struct Commits(Vec<LeafIndex>);

impl Commits {
    /// Takes seals in any order.
    pub(super) fn of(mut seals: Vec<LeafIndex>) -> Self {
        seals.sort_unstable();
        Self(seals)
    }

    /// Returns the last seal below an entry: what begins above it is the commit of the entry.
    pub(super) fn begin(&self, entry: LeafIndex) -> Option<LeafIndex> {
        let at = self.0.partition_point(|seal| *seal < entry);
        at.checked_sub(1).and_then(|at| self.0.get(at)).copied()
    }

    /// Returns whether nothing shows two entries to be of two commits.
    fn are_together(&self, one: LeafIndex, other: LeafIndex) -> bool {
        self.begin(one) == self.begin(other)
    }
}

/// How the statements that a run cites were registered, seen from the run's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Each of them in an earlier commit.
    Before,
    /// One at least in the same commit as the run, which tells what came out: nothing shows that it was fixed before.
    Together,
    /// One at least after something that claims to have happened when the run had ended.
    Late,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Before, Self::Together, Self::Late];

    /// Returns the word for JSON: `before`, `together` or `late`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
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
    /// Whether nothing shows that they stand in more than one commit.
    pub one_commit: bool,
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
        one_commit: ends.is_some_and(|((_, first), (_, last))| commits.are_together(first.index, last.index)),
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
    let (mut together, mut late) = (0, false);
    for entry in &entries {
        together += usize::from(scene.case.commits.are_together(*entry, node.index));
        // What it claims of itself counts along.
        let below = claims.partition_point(|(at, _)| *at <= entry.get());
        let not_before = below.checked_sub(1).and_then(|at| claims.get(at));
        late |= *entry > node.index;
        late |= not_before
            .zip(ended)
            .is_some_and(|((_, moment), ended)| *moment > ended);
    }
    let order = match (late, together) {
        (true, _) => Order::Late,
        (false, 1..) => Order::Together,
        (false, 0) => Order::Before,
    };
    RunOrder {
        id: format!("hb:{id}"),
        name: run.name.to_string(),
        does: run.does.to_string(),
        entry: node.index.get(),
        cites: cited.len(),
        together,
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

    /// The oracle: entry by entry.
    #[test]
    fn entries_are_together_when_no_seal_is_between() {
        let seals = [14_u64, 1, 6];
        let commits = Commits::of(seals.iter().map(|seal| LeafIndex::new(*seal)).collect());
        for low in 0..20_u64 {
            for high in low..20 {
                let between = (low..high).any(|at| seals.contains(&at));
                let (low, high) = (LeafIndex::new(low), LeafIndex::new(high));
                assert_eq!(commits.are_together(low, high), !between, "{low} {high}");
            }
        }
    }
}
