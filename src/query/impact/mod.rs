//! What a node has an effect on: everything that descends from it, how much of it each consists of, and one way there.
//!
//! Something is reached by *mass* where some way to it leads through inputs that contribute (design, roles and mass),
//! else by *conditioning*, and then it has no share: nobody knows how much a prompt contributes.
//!
//! Whatever has the bytes of a founder is one too, under whatever statement: a recall is one of bytes.

mod same;
mod shares;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::digest::BlobId;
use crate::digest::StatementId;
use crate::index::Facts;
use crate::index::thing_word;
use crate::ledger::View;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::Predicate;
use crate::verify::PathStep;
use crate::verify::Share;
use crate::verify::mass_inputs;

use same::artifacts;
use same::other_versions;
use same::same_bytes;
use shares::shares;

pub use same::SameBytes;

use crate::query::QueryError;
use crate::query::descend::Child;
use crate::query::descend::Descent;
use crate::query::descend::descend;
use crate::query::names::Names;
use crate::query::node::Place;
use crate::query::release::Released;
use crate::query::release::releases;

/// The most members of manifests that are read to work out shares.
pub const IMPACT_MEMBERS_MAX: usize = 4 << 20;

/// How something is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// It consists of it, in part.
    Mass,
    /// It was made with it, and consists of other things.
    Conditioning,
}

impl Via {
    /// Returns the word.
    pub const fn as_str(self) -> &'static str {
        match self {
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
    /// `model`, `dataset`, `shard`, `scores`, `filter`.
    pub kind: &'static str,
    /// Its entry.
    pub entry: LeafIndex,
    /// Its artifacts; a manifest is one.
    pub artifacts: Vec<ArtifactRef>,
    /// How it is reached.
    pub via: Via,
    /// How much of it comes from the founders; nothing where it is reached by conditioning only, or where shares
    /// could not be worked out.
    pub share: Option<Share>,
    /// The shortest way from it to a founder; by mass where it is reached so.
    pub path: Vec<PathStep>,
    /// The statements that it was released.
    pub released: Vec<Released>,
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
#[derive(Debug, Clone, PartialEq)]
pub struct Impact {
    /// What was asked about, by id and name.
    pub founders: Vec<PathStep>,
    /// What counts as asked about too, for it has the same bytes.
    pub same_bytes: Vec<SameBytes>,
    /// Other versions of the names that were asked about, with other bytes; they do not count.
    pub other_versions: Vec<String>,
    /// The statements that a founder itself was released.
    pub released: Vec<Released>,
    /// What was reached: models first, then by kind, each in log order.
    pub reached: Vec<Reached>,
    /// How many runs lie between.
    pub runs: usize,
    /// Why the shares are left out, if they are.
    pub no_shares: Option<NoShares>,
}

/// An item: a statement and a position of [`Facts::sets`].
type Item = (StatementId, usize);

/// A step towards the founders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    length: u32,
    /// The run it came out of, and what of that run's inputs leads on; nothing at a founder.
    through: Option<(Option<StatementId>, Item)>,
}

/// How an item is reached.
#[derive(Debug, Clone, Copy, Default)]
struct Ways {
    any: Option<Step>,
    mass: Option<Step>,
}

/// Returns everything that `roots` have an effect on, as of the view.
pub fn impact(view: &View<'_>, roots: &[Place]) -> Result<Impact, QueryError> {
    let asked = artifacts(view, roots)?;
    let same = same_bytes(view, &asked)?;
    let all: Vec<Place> = roots
        .iter()
        .copied()
        .chain(same.iter().map(|one| Place::Artifact(one.artifact)))
        .collect();
    let descent = descend(view, &all)?;
    let mut walk = Walk {
        view,
        roots,
        same: &same,
        ways: HashMap::new(),
        names: HashMap::new(),
        found: Vec::new(),
    };
    walk.begin(&descent)?;
    for child in &descent.children {
        walk.child(child)?;
    }
    let released = releases(view, &descent.releases)?;
    let mut reached = Vec::new();
    for item in &walk.found {
        if let Some(mut one) = walk.reached(*item)? {
            one.released = released
                .iter()
                .filter(|release| one.artifacts.contains(&release.target.whole()))
                .cloned()
                .collect();
            reached.push(one);
        }
    }
    let no_shares = shares(view, &descent, &mut reached)?;
    reached.sort_by_key(|one| (rank(one.kind), one.entry));
    let runs = descent.children.iter();
    let runs = runs.filter(|child| matches!(child.statement.predicate, Predicate::Run(_)));
    Ok(Impact {
        founders: founders(view, roots)?,
        other_versions: other_versions(view, &asked, &same)?,
        released: released
            .into_iter()
            .filter(|release| {
                let target = release.target.whole();
                descent.founders.iter().any(|one| one.whole() == target)
            })
            .collect(),
        same_bytes: same,
        reached,
        runs: runs.count(),
        no_shares,
    })
}

fn rank(kind: &str) -> usize {
    const ORDER: [&str; 5] = ["model", "dataset", "shard", "scores", "filter"];
    ORDER.iter().position(|one| *one == kind).unwrap_or(ORDER.len())
}

fn founders(view: &View<'_>, roots: &[Place]) -> Result<Vec<PathStep>, QueryError> {
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

struct Walk<'a> {
    view: &'a View<'a>,
    roots: &'a [Place],
    same: &'a [SameBytes],
    ways: HashMap<Item, Ways>,
    /// What a founder is called on a path, where it is one artifact.
    names: HashMap<Item, PathStep>,
    found: Vec<Item>,
}

impl Walk<'_> {
    fn begin(&mut self, descent: &Descent) -> Result<(), QueryError> {
        let start = Some(Step {
            length: 0,
            through: None,
        });
        for founder in &descent.founders {
            if let Some(item) = self.item(*founder)? {
                let ways = Ways {
                    any: start,
                    mass: start,
                };
                self.ways.insert(item, ways);
            }
        }
        for (root, step) in self.roots.iter().zip(founders(self.view, self.roots)?) {
            match root {
                Place::Artifact(artifact) => {
                    if let Some(item) = self.item(*artifact)? {
                        self.names.entry(item).or_insert(step);
                    }
                }
                Place::Run(id) => {
                    let facts = self.view.index().facts(*id)?;
                    let sets = facts.map_or(0, |facts| facts.sets.len());
                    self.found.extend((0..sets).map(|set| (*id, set)));
                }
                Place::Gap(..) => {}
            }
        }
        for one in self.same {
            if let Some(item) = self.item(one.artifact)? {
                let step = PathStep {
                    id: one.artifact.to_string(),
                    name: one.node.clone(),
                };
                self.names.entry(item).or_insert(step);
            }
        }
        Ok(())
    }

    fn item(&self, artifact: ArtifactRef) -> Result<Option<Item>, QueryError> {
        let facts = self.view.index().facts(artifact.statement)?;
        Ok(facts.and_then(|facts| Some((artifact.statement, set_at(&facts, artifact.subject)?))))
    }

    fn child(&mut self, child: &Child) -> Result<(), QueryError> {
        let facts = self.view.index().facts(child.id)?;
        let sets = facts.map_or(0, |facts| facts.sets.len());
        let mut hits = Vec::new();
        for (position, target) in &child.hits {
            if let Some(item) = self.item(*target)? {
                hits.push((*position, item, self.ways.get(&item).copied().unwrap_or_default()));
            }
        }
        for set in 0..sets {
            let (run, heavy) = match &child.statement.predicate {
                Predicate::Run(run) => (Some(child.id), mass_inputs(run, set)),
                Predicate::Dataset(_) => (None, vec![0]),
                // What decides in a filter does not become a part of anything.
                _ => (None, Vec::new()),
            };
            let further = |step: Option<Step>, item: Item| {
                step.map(|step| Step {
                    length: step.length + 1,
                    through: Some((run, item)),
                })
            };
            let any = hits.iter().filter_map(|(_, item, ways)| further(ways.any, *item));
            let mass = hits
                .iter()
                .filter(|(position, ..)| heavy.contains(position))
                .filter_map(|(_, item, ways)| further(ways.mass, *item));
            let ways = Ways {
                any: any.min_by_key(|step| step.length),
                mass: mass.min_by_key(|step| step.length),
            };
            let item = (child.id, set);
            // A founder that descends from another founder stays one.
            if let Entry::Vacant(vacant) = self.ways.entry(item) {
                vacant.insert(ways);
                self.found.push(item);
            }
        }
        Ok(())
    }

    fn reached(&self, item: Item) -> Result<Option<Reached>, QueryError> {
        let Some(facts) = self.view.index().facts(item.0)? else {
            return Ok(None);
        };
        let (Some(set), Some(ways)) = (facts.sets.get(item.1), self.ways.get(&item)) else {
            return Ok(None);
        };
        let artifacts: Vec<ArtifactRef> = set
            .subjects
            .clone()
            .map(|subject| ArtifactRef::subject(item.0, subject))
            .collect();
        Ok(Some(Reached {
            name: set.name.to_string(),
            node: format!("{}@{}", set.name, facts.entry),
            id: item_id(&facts, item.1),
            kind: thing_word(set.thing),
            entry: facts.entry,
            artifacts,
            via: if ways.mass.is_some() {
                Via::Mass
            } else {
                Via::Conditioning
            },
            share: None,
            path: self.path(item, ways.mass.is_some())?,
            released: Vec::new(),
        }))
    }

    /// Returns the steps from an item to a founder. Every step is shorter than the one before, so it ends.
    fn path(&self, item: Item, by_mass: bool) -> Result<Vec<PathStep>, QueryError> {
        let mut steps = Vec::new();
        let mut at = item;
        loop {
            let ways = self.ways.get(&at).copied().unwrap_or_default();
            let step = if by_mass { ways.mass } else { ways.any };
            let Some((run, next)) = step.and_then(|step| step.through) else {
                steps.push(self.step(at)?);
                if let Some(run) = self.founding_run(at.0) {
                    steps.push(self.run_step(run)?);
                }
                return Ok(steps);
            };
            steps.push(self.step(at)?);
            if let Some(run) = run {
                steps.push(self.run_step(run)?);
            }
            at = next;
        }
    }

    fn founding_run(&self, id: StatementId) -> Option<StatementId> {
        self.roots.contains(&Place::Run(id)).then_some(id)
    }

    fn step(&self, item: Item) -> Result<PathStep, QueryError> {
        if let Some(step) = self.names.get(&item) {
            return Ok(step.clone());
        }
        let facts = self.view.index().facts(item.0)?;
        let name = facts.as_ref().and_then(|facts| facts.sets.get(item.1));
        Ok(PathStep {
            id: facts
                .as_ref()
                .map_or_else(|| format!("hb:{}", item.0), |facts| item_id(facts, item.1)),
            name: name.map(|set| set.name.to_string()).unwrap_or_default(),
        })
    }

    fn run_step(&self, run: StatementId) -> Result<PathStep, QueryError> {
        let facts = self.view.index().facts(run)?;
        let name = facts.and_then(|facts| facts.name.as_ref().map(ToString::to_string));
        Ok(PathStep {
            id: format!("hb:{run}"),
            name: name.unwrap_or_default(),
        })
    }
}

fn set_at(facts: &Facts, subject: u32) -> Option<usize> {
    facts.sets.iter().position(|set| set.subjects.contains(&subject))
}

/// Returns the id of an item: that of its artifact where it is one, else that of its statement.
fn item_id(facts: &Facts, set: usize) -> String {
    match facts.sets.get(set).map(|set| set.subjects.clone()) {
        Some(subjects) if subjects.len() == 1 => ArtifactRef::subject(facts.id, subjects.start).to_string(),
        _ => format!("hb:{}", facts.id),
    }
}
