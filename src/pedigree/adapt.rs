//! From the descent of a judgement to the graph that the mathematics sees.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::rc::Rc;

use num_bigint::BigInt;
use num_rational::BigRational;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::statement::ArtifactRef;
use crate::statement::Does;
use crate::statement::Generators;
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Run;
use crate::statement::Source;
use crate::verify::Boundary;
use crate::verify::Descent;
use crate::verify::DescentNode;
use crate::verify::DescentPart;
use crate::verify::Parcel;
use crate::verify::PathStep;
use crate::verify::Share;

use super::contamination::Evaluation;
use super::graph::Condition;
use super::graph::Graph;
use super::graph::GraphError;
use super::graph::Item;
use super::graph::Kind;
use super::graph::Node;
use super::graph::Parent;

/// An evaluation set to look for: the artifacts that are meant, with the descent of them alone.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// What it is called.
    pub name: &'a str,
    /// The artifacts that are meant.
    pub artifacts: &'a [ArtifactRef],
    /// The descent of a judgement on them.
    pub descent: &'a Descent,
}

/// Makes the graph of a descent. The items of the graph are the nodes of the descent, in its order; its first nodes are the
/// parcels of the descent, in theirs.
pub fn adapt(descent: &Descent) -> Result<Graph, GraphError> {
    let runs: BTreeMap<StatementId, PathStep> = descent
        .nodes
        .iter()
        .filter(|node| node.part == DescentPart::Run)
        .map(|node| (node.id, node.step()))
        .collect();
    let items = descent.nodes.iter().map(|node| item(node, &runs)).collect();
    let parcels = &descent.parcels.all;
    let mut nodes = Vec::new();
    let mut ends = Vec::new();
    let hidden = hidden(descent);
    for (at, parcel) in parcels.iter().enumerate() {
        let of = parcel.node.and_then(|at| descent.nodes.get(at));
        let is_start = parcel.node.is_some_and(|at| descent.starts.contains(&at));
        let mut node = node(parcel, of, is_start);
        if let (Some(end), Some(source)) = (&parcel.end, of.and_then(source_of)) {
            let end = hidden.get(at).cloned().flatten().map_or_else(
                || (end.clone(), names(source)),
                |names| {
                    node.kind = Kind::Passed;
                    let any = Boundary {
                        sources: Share::any(),
                        opaque_synthetic: Share::any(),
                        ..end.clone()
                    };
                    let nobody = names.is_empty().then(|| "not known".to_owned());
                    (any, nobody.into_iter().chain(names.iter().cloned()).collect())
                },
            );
            split(&mut node, &end.0, &end.1, |end| {
                ends.push(end);
                parcels.len() + ends.len() - 1
            });
        }
        nodes.push(node);
    }
    nodes.extend(ends);
    Graph::new(nodes, items, descent.parcels.stage)
}

fn item(node: &DescentNode, runs: &BTreeMap<StatementId, PathStep>) -> Item {
    let family = match &node.statement.predicate {
        Predicate::Model(model) => model.family.clone(),
        _ => None,
    };
    Item {
        id: node.shown.id.clone(),
        name: node.shown.name.clone(),
        kind: node.shown.kind,
        run: runs
            .get(&node.id)
            .filter(|_| node.part != DescentPart::Run)
            .cloned(),
        family,
        identity: identity(node),
    }
}

/// What makes two founders the same under two names: a model of the same provider and version, and what has no bytes and is
/// declared in the same words.
fn identity(node: &DescentNode) -> Option<String> {
    match &node.statement.predicate {
        Predicate::Model(model) => {
            let word = |text: &str| text.trim().to_ascii_lowercase();
            Some(format!(
                "model\n{}\n{}",
                word(&model.provider),
                word(&model.version)
            ))
        }
        Predicate::Source(_) => {
            let [only] = node.artifacts() else { return None };
            (only.content_id().is_none()).then(|| format!("source\n{}", only.sha256))
        }
        _ => None,
    }
}

/// Returns what counts as said of a source.
fn source_of(node: &DescentNode) -> Option<&Source> {
    match &node.statement.predicate {
        Predicate::Source(source) => Some(node.replaced.as_ref().unwrap_or(source)),
        _ => None,
    }
}

fn node(parcel: &Parcel, of: Option<&DescentNode>, is_start: bool) -> Node {
    let run = of.and_then(|of| match &of.statement.predicate {
        Predicate::Run(run) => Some(run),
        _ => None,
    });
    let kind = kind(parcel, of);
    let units = match (&kind, of) {
        (Kind::Generated, None) => rollouts(parcel),
        (Kind::Passed, _) | (_, None) => parcel.rows,
        (_, Some(of)) => of.shown.rows.or(parcel.rows),
    };
    let parent = |parent: &crate::verify::ParcelParent| Parent {
        node: parent.parcel,
        weight: parent.weight.clone(),
        inherits: parent.inherits,
        units: parent.rows.clone(),
    };
    // The model that a filter asks judges rows; what a source was derived from was its data.
    let other = if kind == Kind::Aside {
        Role::Judge
    } else {
        Role::Data
    };
    // Weights keep nothing of what they are evaluated on; scores do, and whoever takes them as data learns of it.
    let is_weights = is_start || of.zip(run).is_some_and(|(of, run)| makes_model(run, of.part));
    let condition = |condition: &crate::verify::ParcelCondition| {
        let input = condition.input.zip(run).and_then(|(at, run)| run.inputs.get(at));
        let role = input.map_or(other, |input| input.role);
        let filters = run.is_some_and(|run| run.does == Does::Filter);
        Condition {
            node: condition.parcel,
            role,
            measures: (role == Role::Eval && is_weights) || (role == Role::Reference && filters),
        }
    };
    Node {
        item: parcel.node,
        kind,
        units: units.map(|units| BigRational::from_integer(BigInt::from(units))),
        enriched: run.is_some_and(is_enriched),
        parents: parcel.parents.iter().map(parent).collect(),
        conditions: parcel.conditions.iter().map(condition).collect(),
    }
}

/// How many rows were sampled while a model was trained, where the run says so.
fn rollouts(parcel: &Parcel) -> Option<u64> {
    let rows = parcel.parents.iter().map(|parent| {
        let rows = parent
            .rows
            .as_ref()
            .filter(|rows| rows.is_exact() && rows.low.is_integer())?;
        u64::try_from(rows.low.to_integer()).ok()
    });
    rows.sum()
}

fn kind(parcel: &Parcel, of: Option<&DescentNode>) -> Kind {
    let Some(of) = of else {
        return match (&parcel.end, parcel.sampled) {
            (Some(_), _) => Kind::Unknown,
            (None, true) => Kind::Generated,
            (None, false) => Kind::Passed,
        };
    };
    match (&of.statement.predicate, &parcel.end) {
        (Predicate::Source(source), Some(end)) => kind_of_end(end, of.replaced.as_ref().unwrap_or(source)),
        (Predicate::Model(_), _) if of.shown.kind == "external_model" => Kind::ExternalModel,
        (Predicate::Prompt(_) | Predicate::Filter(_), _) => Kind::Aside,
        (_, Some(_)) => Kind::Unknown,
        (Predicate::Run(run), None) if makes_model(run, of.part) => Kind::Model,
        (_, None) if parcel.sampled => Kind::Generated,
        (_, None) => Kind::Passed,
    }
}

fn makes_model(run: &Run, part: DescentPart) -> bool {
    let DescentPart::Set(at) = part else { return false };
    run.outputs
        .get(at)
        .is_some_and(|output| output.kind == OutputKind::Model)
}

/// What a source is that is all of one class; a mixed one passes on what its two parts are.
fn kind_of_end(end: &Boundary, source: &Source) -> Kind {
    let one = Share::one();
    if end.sources == one {
        Kind::Real
    } else if end.opaque_synthetic == one {
        Kind::Synthetic(names(source))
    } else if end.origin_not_known == one {
        Kind::NotKnown
    } else if end.unknown == one {
        Kind::Unknown
    } else {
        Kind::Passed
    }
}

fn names(source: &Source) -> Vec<String> {
    let Generators::Named(names) = &source.generators else {
        return Vec::new();
    };
    let names: BTreeSet<String> = names.iter().map(|name| name.trim().to_lowercase()).collect();
    names.into_iter().collect()
}

/// Names of who generated, shared by all that were derived from it.
pub(super) type Names = Rc<BTreeSet<String>>;

/// Returns for each parcel that is a declared source, and was derived from something that is none, directly or by way of other
/// sources, the names of those who generated that; nothing of any other. Nobody says which part of it came from there.
pub(super) fn hidden(descent: &Descent) -> Vec<Option<Names>> {
    let parcels = &descent.parcels.all;
    let is_declared = |parcel: &Parcel| (parcel.end.as_ref()).is_some_and(|end| end.sources == Share::one());
    let mut found: Vec<Option<Names>> = vec![None; parcels.len()];
    // Parents stand after what was derived from them.
    for (at, parcel) in parcels
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, parcel)| is_declared(parcel))
    {
        let below = (parcel.conditions.iter()).filter_map(|below| {
            let parent = parcels.get(below.parcel)?;
            if is_declared(parent) {
                return found.get(below.parcel)?.clone();
            }
            let source = parent.node.and_then(|at| source_of(descent.nodes.get(at)?));
            Some(Rc::new(
                source.map(names).unwrap_or_default().into_iter().collect(),
            ))
        });
        let all = below.reduce(|one, other| {
            if one == other {
                one
            } else {
                Rc::new(one.union(&other).cloned().collect())
            }
        });
        if let Some(place) = found.get_mut(at) {
            *place = all;
        }
    }
    found
}

/// Tells the two parts of a mixed source apart, by its declared share.
fn split(node: &mut Node, end: &Boundary, names: &[String], mut push: impl FnMut(Node) -> usize) {
    if node.kind != Kind::Passed {
        return;
    }
    for (kind, share) in [
        (Kind::Real, &end.sources),
        (Kind::Synthetic(names.to_vec()), &end.opaque_synthetic),
    ] {
        // How many rows are of which part is known where the share is; all of them are the most.
        let units = node.units.as_ref().map(|units| units * &share.high);
        let part = push(Node {
            item: node.item,
            kind,
            units: units.clone(),
            enriched: false,
            parents: Vec::new(),
            conditions: Vec::new(),
        });
        node.parents.push(Parent {
            node: part,
            weight: share.clone(),
            inherits: false,
            units: units.filter(|_| share.is_exact()).map(Share::exact),
        });
    }
}

/// Whether a model annotated, judged or reworked the rows without making new ones.
fn is_enriched(run: &Run) -> bool {
    let passes = match run.does {
        Does::Annotate | Does::Judge => true,
        Does::Transform => !run.rewrites && run.outputs.iter().all(|output| output.kind != OutputKind::Model),
        _ => false,
    };
    // Whatever a generator does beside rows that count as the data's, as the verdict notes it (`ai_enriched`).
    let generates = match run.does {
        Does::Generate | Does::Train => false,
        Does::Transform => !run.rewrites,
        _ => true,
    };
    let by_model = |role: Role| match role {
        Role::Generator => generates,
        Role::Judge | Role::Teacher => passes,
        _ => false,
    };
    run.inputs.iter().any(|input| by_model(input.role))
}

/// Finds an evaluation set in the graph of a descent: by its artifacts and by its bytes, under whatever name.
pub(super) fn evaluation(descent: &Descent, graph: &Graph, target: &Target<'_>) -> Evaluation {
    let theirs = target.descent;
    let starts: BTreeSet<(StatementId, DescentPart)> = (theirs.starts.iter())
        .filter_map(|at| theirs.nodes.get(*at))
        .map(|node| (node.id, node.part))
        .collect();
    let is_whole = theirs
        .starts
        .iter()
        .filter_map(|at| theirs.nodes.get(*at))
        .all(|node| {
            let whole = target
                .artifacts
                .iter()
                .filter(|one| one.statement == node.id && one.member.is_none());
            whole.count() >= node.artifacts().len()
        });
    let digests = digests_at_start(theirs);
    let of_sources: BTreeSet<Sha256Digest> = (theirs.parcels.all.iter())
        .filter(|parcel| parcel.end.is_some())
        .flat_map(|parcel| parcel.digests.iter().copied())
        .collect();
    let their_sources: BTreeSet<(StatementId, DescentPart)> = (theirs.nodes.iter())
        .filter(|node| node.shown.kind == "source")
        .map(|node| (node.id, node.part))
        .collect();
    let mut found = Evaluation {
        id: target
            .artifacts
            .first()
            .map_or_else(String::new, ToString::to_string),
        name: target.name.to_owned(),
        ..Evaluation::default()
    };
    for (at, parcel) in descent.parcels.all.iter().enumerate() {
        let Some((item, node)) = parcel
            .node
            .and_then(|item| Some((item, descent.nodes.get(item)?)))
        else {
            continue;
        };
        let key = (node.id, node.part);
        let nobody_says = is_whole || digests.is_empty() || parcel.digests.is_empty();
        if !parcel.digests.is_disjoint(&digests) || (nobody_says && starts.contains(&key)) {
            found.nodes.insert(at);
        }
        let same_bytes = parcel.end.is_some() && !parcel.digests.is_disjoint(&of_sources);
        if their_sources.contains(&key) || (same_bytes && node.shown.kind == "source") {
            found.sources.insert(item);
        }
    }
    // The two parts of a mixed source are where it is.
    let parts: BTreeSet<usize> = (found.nodes.iter())
        .filter_map(|at| graph.nodes().get(*at))
        .filter(|node| node.kind == Kind::Passed)
        .flat_map(|node| node.parents.iter().map(|parent| parent.node))
        .filter(|at| *at >= descent.parcels.all.len())
        .collect();
    found.nodes.extend(parts);
    found
}

/// The digests of what was asked about, through what only mixes it.
fn digests_at_start(descent: &Descent) -> BTreeSet<Sha256Digest> {
    let parcels = &descent.parcels.all;
    let Some(first) = parcels.first() else {
        return BTreeSet::new();
    };
    let mut digests = first.digests.clone();
    let is_start = first.node.is_some_and(|node| descent.starts.contains(&node));
    if first.digests.is_empty() || !is_start {
        let below = first
            .parents
            .iter()
            .filter_map(|parent| parcels.get(parent.parcel));
        digests.extend(below.flat_map(|parcel| parcel.digests.iter().copied()));
    }
    digests
}
