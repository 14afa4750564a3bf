//! What descends from some nodes: one upward sweep over the log, by who cites what.
//!
//! Children stand above their parents, so statements are visited from the lowest entry to the highest, each once, with
//! everything it could descend from known by then. A manifest is one node: what cites a member of it descends from it.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;

use petgraph::graph::DiGraph;
use petgraph::graph::NodeIndex;

use crate::digest::StatementId;
use crate::index::thing_word;
use crate::ledger::View;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::Predicate;
use crate::statement::Statement;
use crate::verify::said_by;

use super::EdgeRole;
use super::QueryError;
use super::TRACE_NODES_MAX;
use super::Trace;
use super::TraceNode;
use super::beside::Beside;
use super::beside::Ties;
use super::beside::named;
use super::cites::lists;
use super::names::Names;
use super::node::Place;

/// A statement that descends from the founders.
#[derive(Debug, Clone)]
pub(super) struct Child {
    pub(super) entry: LeafIndex,
    pub(super) id: StatementId,
    pub(super) statement: Statement,
    /// One list for each input of a run; the one of a data set.
    pub(super) cites: Vec<Vec<ArtifactRef>>,
    /// What of it descends from the founders: the input, and the node among those that were reached.
    pub(super) hits: Vec<(usize, ArtifactRef)>,
    /// What ties it to one of them without citing it.
    pub(super) beside: Vec<(Beside, ArtifactRef)>,
    /// The last entry that cites it.
    pub(super) last: Option<LeafIndex>,
}

/// The way up from some founders: one statement at a time, in log order, and only what is needed to go on is kept.
pub(super) struct Ascent<'a> {
    view: &'a View<'a>,
    reached: HashSet<ArtifactRef>,
    /// Of manifests of which one member is a founder.
    members: HashMap<ArtifactRef, ArtifactRef>,
    pending: BTreeSet<LeafIndex>,
    /// Ties beside citations, by the entry of what they lead up to; nothing where they are not followed.
    ties: Option<Ties>,
    /// What was visited and descends from the founders: a tie may lead back to below it.
    passed: HashSet<LeafIndex>,
    /// The artifacts that were asked about; all outputs of a run.
    pub(super) founders: BTreeSet<ArtifactRef>,
    /// The releases that cite a founder's statement or a child, so far.
    pub(super) releases: Vec<LeafIndex>,
}

impl<'a> Ascent<'a> {
    /// Begins at `roots`.
    pub(super) fn from(view: &'a View<'a>, roots: &[Place]) -> Result<Self, QueryError> {
        let mut ascent = Self {
            view,
            reached: HashSet::new(),
            members: HashMap::new(),
            pending: BTreeSet::new(),
            ties: None,
            passed: HashSet::new(),
            founders: BTreeSet::new(),
            releases: Vec::new(),
        };
        for root in roots {
            ascent.root(*root)?;
        }
        Ok(ascent)
    }

    /// Follows what leads to a founder without citing it: `found`, and sources that name a model that is reached as their
    /// generator.
    pub(super) fn follow(&mut self, found: Ties) -> Result<(), QueryError> {
        self.pending.extend(found.keys().copied());
        self.ties = Some(found);
        let statements: BTreeSet<StatementId> = self.founders.iter().map(|one| one.statement).collect();
        statements.into_iter().try_for_each(|id| self.await_named(id))
    }

    /// Awaits the sources that name a model of a statement as their generator, wherever they stand in the log.
    fn await_named(&mut self, id: StatementId) -> Result<(), QueryError> {
        let Some(ties) = &mut self.ties else {
            return Ok(());
        };
        for (entry, model) in named(self.view, id)? {
            if !self.passed.contains(&entry) {
                ties.entry(entry).or_default().push((Beside::Generator, model));
                self.pending.insert(entry);
            }
        }
        Ok(())
    }

    /// Returns the next statement that descends from the founders, as of the view.
    pub(super) fn next(&mut self) -> Result<Option<Child>, QueryError> {
        while let Some(entry) = self.pending.pop_first() {
            if let Some(child) = self.visit(entry)? {
                return Ok(Some(child));
            }
        }
        Ok(None)
    }

    fn root(&mut self, root: Place) -> Result<(), QueryError> {
        let founders = match root {
            Place::Artifact(artifact) => vec![artifact],
            Place::Run(id) => subjects(self.view, id)?,
            Place::Gap(..) => Vec::new(),
        };
        for founder in founders {
            let is_first = self.founders.range(ArtifactRef::subject(founder.statement, 0)..);
            let is_first = is_first.take(1).all(|other| other.statement != founder.statement);
            self.founders.insert(founder);
            self.reached.insert(founder);
            if founder.member.is_some() {
                self.members.insert(founder.whole(), founder);
            }
            if is_first {
                self.await_children(founder.statement)?;
            }
        }
        Ok(())
    }

    /// Returns the last of the children.
    fn await_children(&mut self, id: StatementId) -> Result<Option<LeafIndex>, QueryError> {
        let Some(facts) = self.view.index().facts(id)? else {
            return Ok(None);
        };
        let size = self.view.size();
        let children = self.view.index().children(facts.entry)?;
        let below = children.into_iter().filter(|child| size.contains(*child));
        let mut last = None;
        for child in below {
            last = last.max(Some(child));
            self.pending.insert(child);
        }
        Ok(last)
    }

    /// Returns which of the nodes that were reached a citation leads to.
    fn hit(&self, cited: ArtifactRef) -> Option<ArtifactRef> {
        let near = [cited, cited.whole()];
        let direct = near.into_iter().find(|one| self.reached.contains(one));
        direct.or_else(|| self.members.get(&cited).copied())
    }

    fn visit(&mut self, entry: LeafIndex) -> Result<Option<Child>, QueryError> {
        if self.passed.contains(&entry) {
            return Ok(None);
        }
        let (envelope, statement) = self.view.ledger().entry(entry)?;
        let id = envelope.id();
        if matches!(statement.predicate, Predicate::Release(_)) {
            self.passed.insert(entry);
            self.releases.push(entry);
            return Ok(None);
        }
        let cites = lists(self.view, &statement)?;
        let filter = match &statement.predicate {
            Predicate::Filter(filter) => filter.model,
            _ => None,
        };
        let every = cites
            .iter()
            .enumerate()
            .flat_map(|(position, list)| list.iter().map(move |cited| (position, *cited)));
        let hits: BTreeSet<(usize, ArtifactRef)> = every
            .chain(filter.map(|model| (0, model)))
            .filter_map(|(position, cited)| Some((position, self.hit(cited)?)))
            .collect();
        let ties = self.ties.as_mut().and_then(|ties| ties.remove(&entry));
        let beside: Vec<(Beside, ArtifactRef)> = ties.unwrap_or_default();
        if hits.is_empty() && beside.is_empty() {
            return Ok(None);
        }
        self.passed.insert(entry);
        self.reached.extend(subjects(self.view, id)?);
        if self.reached.len() > TRACE_NODES_MAX {
            return Err(QueryError::TooManyNodes);
        }
        let last = self.await_children(id)?;
        self.await_named(id)?;
        Ok(Some(Child {
            entry,
            id,
            statement,
            cites,
            hits: hits.into_iter().collect(),
            beside,
            last,
        }))
    }
}

/// Returns what a statement declares, manifests and data sets as one.
pub(super) fn subjects(view: &View<'_>, id: StatementId) -> Result<Vec<ArtifactRef>, QueryError> {
    let facts = view.index().facts(id)?;
    let sets = facts.map(|facts| facts.sets.clone()).unwrap_or_default();
    let all = sets.into_iter().flat_map(|set| set.subjects);
    Ok(all.map(|subject| ArtifactRef::subject(id, subject)).collect())
}

/// Returns everything that descends from `roots`, as of the view; edges lead from a descendant to what it descends
/// from, as in [`trace`](super::trace()).
pub fn trace_down(view: &View<'_>, roots: &[Place]) -> Result<Trace, QueryError> {
    let mut drawing = Drawing {
        view,
        nodes: HashMap::new(),
        graph: DiGraph::new(),
    };
    for root in roots {
        drawing.root(*root)?;
    }
    let mut ascent = Ascent::from(view, roots)?;
    while let Some(child) = ascent.next()? {
        drawing.child(&child)?;
    }
    let Drawing { nodes, graph, .. } = drawing;
    let roots = roots.iter().filter_map(|root| nodes.get(root).copied()).collect();
    Ok(Trace { graph, roots })
}

struct Drawing<'a> {
    view: &'a View<'a>,
    nodes: HashMap<Place, NodeIndex>,
    graph: DiGraph<TraceNode, EdgeRole>,
}

impl Drawing<'_> {
    fn root(&mut self, root: Place) -> Result<(), QueryError> {
        let (id, is_run) = match root {
            Place::Artifact(artifact) => (artifact.statement, false),
            Place::Run(id) | Place::Gap(id, _) => (id, true),
        };
        let Some(facts) = self.view.index().facts(id)? else {
            return Ok(());
        };
        let (_, statement) = self.view.ledger().entry(facts.entry)?;
        if is_run {
            let outputs = subjects(self.view, id)?;
            return self.outputs(facts.entry, id, &statement, &outputs);
        }
        if let Place::Artifact(artifact) = root {
            self.artifact(facts.entry, &statement, artifact)?;
        }
        Ok(())
    }

    fn child(&mut self, child: &Child) -> Result<(), QueryError> {
        let made = subjects(self.view, child.id)?;
        if let Predicate::Run(run) = &child.statement.predicate {
            self.outputs(child.entry, child.id, &child.statement, &made)?;
            for (position, target) in &child.hits {
                let role = run.inputs.get(*position).map(|input| EdgeRole::Input(input.role));
                self.link(Place::Run(child.id), *target, role.unwrap_or(EdgeRole::Member));
            }
            return Ok(());
        }
        let role = match &child.statement.predicate {
            Predicate::Filter(_) => EdgeRole::Model,
            _ => EdgeRole::Member,
        };
        for artifact in made {
            self.artifact(child.entry, &child.statement, artifact)?;
            for (_, target) in &child.hits {
                self.link(Place::Artifact(artifact), *target, role);
            }
        }
        Ok(())
    }

    fn outputs(
        &mut self,
        entry: LeafIndex,
        id: StatementId,
        statement: &Statement,
        outputs: &[ArtifactRef],
    ) -> Result<(), QueryError> {
        let run = self.add(TraceNode {
            place: Place::Run(id),
            name: statement
                .predicate
                .name()
                .map(ToString::to_string)
                .unwrap_or_default(),
            kind: "run",
            said_by: said_by(statement, self.view.ledger().state().keys()),
            entry,
            thing: None,
        });
        for output in outputs {
            let output = self.artifact(entry, statement, *output)?;
            self.graph.update_edge(output, run, EdgeRole::Output);
        }
        Ok(())
    }

    fn artifact(
        &mut self,
        entry: LeafIndex,
        statement: &Statement,
        artifact: ArtifactRef,
    ) -> Result<NodeIndex, QueryError> {
        let (name, thing) = Names::of(self.view).describe(statement, artifact)?;
        Ok(self.add(TraceNode {
            place: Place::Artifact(artifact),
            name,
            kind: thing_word(thing),
            said_by: said_by(statement, self.view.ledger().state().keys()),
            entry,
            thing: Some(thing),
        }))
    }

    fn add(&mut self, node: TraceNode) -> NodeIndex {
        let place = node.place;
        if let Some(known) = self.nodes.get(&place) {
            return *known;
        }
        let at = self.graph.add_node(node);
        self.nodes.insert(place, at);
        at
    }

    fn link(&mut self, from: Place, target: ArtifactRef, role: EdgeRole) {
        // Both were added: a target was reached before what cites it.
        let ends = (self.nodes.get(&from), self.nodes.get(&Place::Artifact(target)));
        if let (Some(from), Some(to)) = ends {
            self.graph.add_edge(*from, *to, role);
        }
    }
}
