//! What a node has an effect on: everything that descends from it, how much of it each consists of, and one way there.
//!
//! Something is reached by *mass* where some way to it leads through inputs that contribute (design, roles and mass),
//! by *conditioning* where some way leads through another one, and often by both. Conditioning has no share, not even
//! 0: nobody knows how much a prompt contributes. Of a key, what it signed is reached by *key*, and the rest from there.
//!
//! Whatever has the bytes of a founder is one too, under whatever statement: a recall is one of bytes. Not so for a key:
//! what others signed about the same bytes does not rest on it.
//!
//! A source that names a model as its generator is reached by conditioning, and so is whatever has the digest of a founder
//! in a gap, as code or as evidence.
//!
//! The log is gone up once, and of what was passed only names and ways are kept (`docs/adr/0022`).
//!
//! | file | does |
//! |---|---|
//! | `walk` | the ways to each item, and the paths along them |
//! | `shares` | how much of each item comes from the founders |
//! | `same` | equal bytes under other statements |
//! | `signed` | what a key signed |
//! | `stated` | the numbers that a notice states of an impact |

mod same;
mod shares;
mod signed;
mod stated;
mod walk;

use std::collections::HashMap;
use std::collections::HashSet;

use crate::digest::BlobId;
use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::ledger::View;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::Predicate;
use crate::verify::PathStep;
use crate::verify::Share;

use same::artifacts;
use same::digests_of;
use same::other_versions;
use same::same_bytes;
use shares::Sharing;
use signed::signed_by;
use walk::Walk;
use walk::Ways;

pub use same::SameBytes;
pub use signed::SignedBy;
pub use stated::reaches;

use crate::query::QueryError;
use crate::query::beside::by_digest;
use crate::query::descend::Ascent;
use crate::query::names::Names;
use crate::query::node::Place;
use crate::query::release::Released;
use crate::query::release::releases;

/// The most members of manifests that are held at a time to work out shares.
pub const IMPACT_MEMBERS_MAX: usize = 4 << 20;

/// How something is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// The key that was asked about signed it.
    Key,
    /// It consists of it, in part.
    Mass,
    /// It, or what it was made of, was made with it.
    Conditioning,
}

impl Via {
    /// Returns the word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Mass => "mass",
            Self::Conditioning => "conditioning",
        }
    }
}

/// One item that descends from the founders.
#[derive(Debug, Clone, PartialEq)]
pub struct Reached {
    /// The item's name.
    pub name: String,
    /// `NAME@<entry>`: what selects this version and no other.
    pub node: String,
    /// `hb:` and the statement, with `/<subject>` where the item is one artifact.
    pub id: String,
    /// `model`, `dataset`, `shard`, `scores`, `filter`; what a key signed may be anything.
    pub kind: &'static str,
    /// Its entry.
    pub entry: LeafIndex,
    /// Its artifacts; a manifest is one.
    pub artifacts: Vec<ArtifactRef>,
    /// How it is reached, the first that holds of key, mass and conditioning.
    pub via: Via,
    /// Every way in which it is reached, in that order.
    pub vias: Vec<Via>,
    /// How much of it comes from the founders; nothing where it is not reached by mass, or where shares could not be
    /// worked out.
    pub share: Option<Share>,
    /// The statements that it was released.
    pub released: Vec<Released>,
    item: Item,
}

impl Reached {
    /// Returns whether this is a model that went out.
    pub fn is_released_model(&self) -> bool {
        self.kind == "model" && !self.released.is_empty()
    }
}

/// Why there are no shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoShares {
    /// A manifest is not in the ledger.
    ManifestMissing(BlobId),
    /// More members than [`IMPACT_MEMBERS_MAX`], or more contents than a verification counts.
    TooManyMembers,
}

/// Everything that descends from some founders.
#[derive(Debug)]
pub struct Impact {
    /// What was asked about, by id and name; nothing for a key.
    pub founders: Vec<PathStep>,
    /// What the key that was asked about signed.
    pub signed: Option<SignedBy>,
    /// What counts as asked about too, for it has the same bytes.
    pub same_bytes: Vec<SameBytes>,
    /// Other versions of the names that were asked about, with other bytes; they do not count.
    pub other_versions: Vec<String>,
    /// The statements that a founder itself was released.
    pub released: Vec<Released>,
    /// What was reached: released models, other models, then by kind; those by key or mass before those by
    /// conditioning only, each in log order.
    pub reached: Vec<Reached>,
    /// How many runs lie between.
    pub runs: usize,
    /// Why the shares are left out, if they are.
    pub no_shares: Option<NoShares>,
    ways: HashMap<Item, Ways>,
    /// Of founders that descend from others: how.
    further: HashMap<Item, Ways>,
    /// What a founder is called on a path, where it is one artifact.
    names: HashMap<Item, PathStep>,
    /// The runs that were asked about.
    of_runs: HashSet<StatementId>,
}

/// An item: a statement and a position of [`Facts::sets`](crate::index::Facts).
type Item = (StatementId, usize);

/// Returns everything that `roots` have an effect on, as of the view.
pub fn impact(view: &View<'_>, roots: &[Place]) -> Result<Impact, QueryError> {
    let asked = artifacts(view, roots)?;
    let same = same_bytes(view, &asked)?;
    let others = other_versions(view, &asked, &same)?;
    let mut found = sweep(view, roots, same, None)?;
    found.founders = named(view, roots)?;
    found.other_versions = others;
    Ok(found)
}

/// Returns everything that a key signed, and what that has an effect on, as of the view.
pub fn impact_of_key(view: &View<'_>, key: KeyId) -> Result<Impact, QueryError> {
    let (signed, roots) = signed_by(view, key)?;
    sweep(view, &roots, Vec::new(), Some(signed))
}

/// Begins to go up. What a key signed is something else: who only names a model does not rest on its key.
fn climb<'a>(view: &'a View<'a>, founders: &[Place], is_key: bool) -> Result<Ascent<'a>, QueryError> {
    let mut ascent = Ascent::from(view, founders)?;
    if !is_key {
        ascent.follow(by_digest(view, &digests_of(view, &ascent.founders)?)?)?;
    }
    Ok(ascent)
}

fn sweep(
    view: &View<'_>,
    roots: &[Place],
    same: Vec<SameBytes>,
    signed: Option<SignedBy>,
) -> Result<Impact, QueryError> {
    let all: Vec<Place> = roots
        .iter()
        .copied()
        .chain(same.iter().map(|one| Place::Artifact(one.artifact)))
        .collect();
    let mut ascent = climb(view, &all, signed.is_some())?;
    let mut walk = Walk::begin(view, &ascent.founders, signed.is_some())?;
    let mut sharing = Sharing::begin(view, &ascent.founders)?;
    walk.name(roots, &same)?;
    let mut runs = 0;
    while let Some(child) = ascent.next()? {
        runs += usize::from(matches!(child.statement.predicate, Predicate::Run(_)));
        let heavy = walk.child(&child)?;
        sharing.child(child, &heavy)?;
    }
    let released = releases(view, &ascent.releases)?;
    let (shares, no_shares) = sharing.finish();
    let mut found = Impact {
        founders: Vec::new(),
        signed,
        same_bytes: same,
        other_versions: Vec::new(),
        released: Vec::new(),
        reached: Vec::new(),
        runs,
        no_shares,
        ways: walk.ways,
        further: walk.further,
        names: walk.names,
        of_runs: roots
            .iter()
            .filter_map(|root| match root {
                Place::Run(id) => Some(*id),
                Place::Artifact(_) | Place::Gap(..) => None,
            })
            .collect(),
    };
    let mut of_item: HashMap<StatementId, Vec<&Released>> = HashMap::new();
    for release in &released {
        of_item.entry(release.target.statement).or_default().push(release);
    }
    for item in walk.found {
        let Some(mut one) = found.describe(view, item)? else {
            continue;
        };
        if one.via == Via::Mass {
            // What was asked about consists of itself.
            let whole = || (found.is_founder(item) && no_shares.is_none()).then(Share::one);
            one.share = shares.get(&item).cloned().or_else(whole);
        }
        let about = of_item.get(&item.0).into_iter().flatten();
        one.released = about
            .filter(|release| one.artifacts.contains(&release.target.whole()))
            .map(|release| (*release).clone())
            .collect();
        found.reached.push(one);
    }
    if found.signed.is_none() {
        found.released = released
            .into_iter()
            .filter(|release| {
                let target = release.target.whole();
                ascent.founders.iter().any(|one| one.whole() == target)
            })
            .collect();
    }
    found.reached.sort_by_key(|one| (rank(one), one.via, one.entry));
    Ok(found)
}

/// The groups of an answer, in their order: released models, then what else there is by kind.
pub const GROUPS: [&str; 10] = [
    "released_model",
    "model",
    "dataset",
    "shard",
    "scores",
    "filter",
    "source",
    "prompt",
    "external_model",
    "other",
];

/// Returns the group of an item.
pub fn group(one: &Reached) -> &'static str {
    if one.is_released_model() {
        return "released_model";
    }
    let mut groups = GROUPS.into_iter();
    groups.find(|group| *group == one.kind).unwrap_or("other")
}

fn rank(one: &Reached) -> usize {
    let group = group(one);
    GROUPS
        .iter()
        .position(|known| *known == group)
        .unwrap_or(GROUPS.len())
}

fn named(view: &View<'_>, roots: &[Place]) -> Result<Vec<PathStep>, QueryError> {
    let mut found = Vec::new();
    for root in roots {
        let id = match root {
            Place::Artifact(artifact) => artifact.statement,
            Place::Run(id) | Place::Gap(id, _) => *id,
        };
        let Some(facts) = view.index().facts(id)? else {
            continue;
        };
        let name = match root {
            Place::Artifact(artifact) => {
                let (_, statement) = view.ledger().entry(facts.entry)?;
                Names::of(view).describe(&statement, *artifact)?.0
            }
            _ => facts.name.as_ref().map(ToString::to_string).unwrap_or_default(),
        };
        found.push(PathStep {
            id: root.to_string(),
            name,
        });
    }
    Ok(found)
}
