//! The ways from founders to items: the shortest by mass, and the shortest that something on it conditions.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::digest::StatementId;
use crate::index::Facts;
use crate::index::thing_word;
use crate::ledger::View;
use crate::statement::ArtifactRef;
use crate::statement::Predicate;
use crate::statement::Thing;
use crate::verify::PathStep;
use crate::verify::mass_inputs;

use super::Impact;
use super::Item;
use super::Reached;
use super::SameBytes;
use super::Via;
use super::named;
use crate::query::QueryError;
use crate::query::beside::Beside;
use crate::query::descend::Child;
use crate::query::node::Place;

/// A step towards the founders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    /// How many items follow.
    length: u32,
    /// Nothing at a founder.
    next: Option<Next>,
}

/// What follows on the way to a founder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Next {
    /// The run it came out of.
    run: Option<StatementId>,
    /// What of that run's inputs leads on, and in which way.
    item: Item,
    via: Via,
    /// What ties it to that, where nothing is cited.
    beside: Option<Beside>,
}

/// How an item is reached.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ways {
    mass: Option<Step>,
    conditioning: Option<Step>,
}

impl Ways {
    fn of(self, via: Via) -> Option<Step> {
        match via {
            Via::Key | Via::Mass => self.mass,
            Via::Conditioning => self.conditioning,
        }
    }

    /// The shorter of both.
    fn any(self) -> Option<(Step, Via)> {
        let mass = self.mass.map(|step| (step, Via::Mass));
        let conditioning = self.conditioning.map(|step| (step, Via::Conditioning));
        let both = mass.into_iter().chain(conditioning);
        both.min_by_key(|(step, via)| (step.length, *via))
    }

    fn shorten(mine: &mut Option<Step>, other: Step) {
        if mine.is_none_or(|mine| other.length < mine.length) {
            *mine = Some(other);
        }
    }
}

/// What was found while going up.
pub(super) struct Walk<'a> {
    view: &'a View<'a>,
    pub(super) ways: HashMap<Item, Ways>,
    pub(super) further: HashMap<Item, Ways>,
    pub(super) names: HashMap<Item, PathStep>,
    pub(super) found: Vec<Item>,
    founders: BTreeSet<Item>,
}

impl<'a> Walk<'a> {
    /// Begins at the founders; `are_found` if they are part of the answer themselves.
    pub(super) fn begin(
        view: &'a View<'a>,
        founders: &BTreeSet<ArtifactRef>,
        are_found: bool,
    ) -> Result<Self, QueryError> {
        let start = Ways {
            mass: Some(Step {
                length: 0,
                next: None,
            }),
            conditioning: None,
        };
        let mut walk = Self {
            view,
            ways: HashMap::new(),
            further: HashMap::new(),
            names: HashMap::new(),
            found: Vec::new(),
            founders: BTreeSet::new(),
        };
        for founder in founders {
            if let Some(item) = walk.item(*founder)? {
                walk.ways.insert(item, start);
                if walk.founders.insert(item) && are_found {
                    walk.found.push(item);
                }
            }
        }
        Ok(walk)
    }

    /// Notes what founders are called; the outputs of a run that was asked about are part of the answer.
    pub(super) fn name(&mut self, roots: &[Place], same: &[SameBytes]) -> Result<(), QueryError> {
        if !self.found.is_empty() {
            return Ok(());
        }
        for (root, step) in roots.iter().zip(named(self.view, roots)?) {
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
        for one in same {
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

    /// Notes how the items of a statement are reached; returns the positions of those that are by mass.
    pub(super) fn child(&mut self, child: &Child) -> Result<Vec<usize>, QueryError> {
        let facts = self.view.index().facts(child.id)?;
        let sets = facts.map_or(0, |facts| facts.sets.len());
        let mut hits = Vec::new();
        for (position, target) in &child.hits {
            if let Some(item) = self.item(*target)? {
                let theirs = self.ways.get(&item).copied().unwrap_or_default();
                hits.push((Ok(*position), item, theirs));
            }
        }
        for (beside, target) in &child.beside {
            if let Some(item) = self.item(*target)? {
                let theirs = self.ways.get(&item).copied().unwrap_or_default();
                hits.push((Err(*beside), item, theirs));
            }
        }
        let mut by_mass = Vec::new();
        for set in 0..sets {
            let (run, heavy) = match &child.statement.predicate {
                Predicate::Run(run) => (Some(child.id), mass_inputs(run, set)),
                Predicate::Dataset(_) => (None, vec![0]),
                // What decides in a filter does not become a part of anything.
                _ => (None, Vec::new()),
            };
            let mut ways = Ways::default();
            for (position, item, theirs) in &hits {
                let further = |(step, via): (Step, Via)| Step {
                    length: step.length.saturating_add(1),
                    next: Some(Next {
                        run,
                        item: *item,
                        via,
                        beside: position.err(),
                    }),
                };
                // What nobody cites has no mass here, whatever it is.
                if position.is_ok_and(|position| heavy.contains(&position)) {
                    for via in [Via::Mass, Via::Conditioning] {
                        let Some(step) = theirs.of(via) else { continue };
                        let mine = match via {
                            Via::Conditioning => &mut ways.conditioning,
                            Via::Mass | Via::Key => &mut ways.mass,
                        };
                        Ways::shorten(mine, further((step, via)));
                    }
                } else if let Some(any) = theirs.any() {
                    Ways::shorten(&mut ways.conditioning, further(any));
                }
            }
            let item = (child.id, set);
            if ways.mass.is_some() {
                by_mass.push(set);
            }
            match self.ways.entry(item) {
                Entry::Vacant(vacant) => {
                    vacant.insert(ways);
                    self.found.push(item);
                }
                // A founder that descends from another founder stays one.
                Entry::Occupied(_) => {
                    self.further.insert(item, ways);
                }
            }
        }
        Ok(by_mass)
    }
}

impl Impact {
    pub(super) fn is_founder(&self, item: Item) -> bool {
        let mass = self.ways.get(&item).and_then(|ways| ways.mass);
        mass.is_some_and(|step| step.next.is_none())
    }

    pub(super) fn describe(&self, view: &View<'_>, item: Item) -> Result<Option<Reached>, QueryError> {
        let Some(facts) = view.index().facts(item.0)? else {
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
        let mut vias = Vec::new();
        let mut more = *ways;
        if self.signed.is_some() && self.is_founder(item) {
            vias.push(Via::Key);
            more = self.further.get(&item).copied().unwrap_or_default();
        }
        let by = [(Via::Mass, more.mass), (Via::Conditioning, more.conditioning)];
        vias.extend(by.iter().filter(|(_, step)| step.is_some()).map(|(via, _)| *via));
        let Some(via) = vias.first().copied() else {
            return Ok(None);
        };
        Ok(Some(Reached {
            name: set.name.to_string(),
            node: format!("{}@{}", set.name, facts.entry),
            id: item_id(&facts, item.1),
            kind: match set.thing {
                Thing::ExternalModel => "external_model",
                thing => thing_word(thing),
            },
            entry: facts.entry,
            artifacts,
            via,
            vias,
            share: None,
            released: Vec::new(),
            item,
        }))
    }

    /// Returns the shortest way from an item to a founder by which it is reached so. At most `left` steps are told, and taken
    /// off it; of a longer way its ends.
    pub fn path(
        &self,
        view: &View<'_>,
        one: &Reached,
        via: Via,
        left: &mut usize,
    ) -> Result<Vec<PathStep>, QueryError> {
        let mut steps = Vec::new();
        let mut at = one.item;
        // Of a founder that descends from another one, the way there is asked for first.
        let mut next = match (via, self.further.get(&at)) {
            (Via::Key, _) => None,
            (_, Some(further)) if self.signed.is_some() => further.of(via),
            _ => self.ways.get(&at).and_then(|ways| ways.of(via)),
        };
        let whole = next.map_or(0, |step| step.length as usize).saturating_mul(2) + 2;
        let is_told = whole <= *left;
        *left = left.saturating_sub(whole.min(4));
        steps.push(self.step(view, at)?);
        // Every step is shorter than the one before, so it ends.
        while let Some(Next {
            run,
            item,
            via,
            beside,
        }) = next.and_then(|step| step.next)
        {
            if is_told {
                if let Some(run) = run {
                    steps.push(run_step(view, run)?);
                }
                steps.extend(beside.map(|beside| PathStep {
                    id: beside.as_str().to_owned(),
                    name: beside.told().to_owned(),
                }));
                steps.push(self.step(view, item)?);
            }
            at = item;
            next = self.ways.get(&at).and_then(|ways| ways.of(via));
        }
        if is_told {
            *left = left.saturating_sub(whole.saturating_sub(4));
        } else {
            steps.push(PathStep {
                id: "...".to_owned(),
                name: "steps left out: all paths of one answer have a limit; ask about this alone".to_owned(),
            });
            steps.push(self.step(view, at)?);
        }
        if self.of_runs.contains(&at.0) {
            steps.push(run_step(view, at.0)?);
        }
        if let Some(signed) = &self.signed {
            steps.push(PathStep {
                id: format!("key:{}", signed.key),
                name: format!("key {}", signed.key.to_hex().chars().take(12).collect::<String>()),
            });
        }
        Ok(steps)
    }

    fn step(&self, view: &View<'_>, item: Item) -> Result<PathStep, QueryError> {
        if let Some(step) = self.names.get(&item) {
            return Ok(step.clone());
        }
        let facts = view.index().facts(item.0)?;
        let name = facts.as_ref().and_then(|facts| facts.sets.get(item.1));
        Ok(PathStep {
            id: facts
                .as_ref()
                .map_or_else(|| format!("hb:{}", item.0), |facts| item_id(facts, item.1)),
            name: name.map(|set| set.name.to_string()).unwrap_or_default(),
        })
    }
}

fn run_step(view: &View<'_>, run: StatementId) -> Result<PathStep, QueryError> {
    let facts = view.index().facts(run)?;
    let name = facts.and_then(|facts| facts.name.as_ref().map(ToString::to_string));
    Ok(PathStep {
        id: format!("hb:{run}"),
        name: name.unwrap_or_default(),
    })
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
