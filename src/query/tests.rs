//! Questions to small ledgers, and traces against a naive walk over random lineages.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::*;
use crate::digest::StatementId;
use crate::ledger::Ledger;
use crate::ledger::admission::fixture::*;
use crate::ledger::fixture::ledger_of;
use crate::merkle::TreeSize;
use crate::statement::*;

/// `seeds` (two files) and the model `m` at 2 and 3; the run `g` at 5 takes both and a gap and makes `out`; the data
/// set `d` at 6 collects `out` and a gap; a second `seeds` at 8.
fn small() -> (Ledger, Vec<StatementId>) {
    let mut fixture = Fixture::new();
    let mut ids = fixture
        .append(vec![
            source("seeds", files(&["a", "b"])),
            model("m", files(&["w"])),
        ])
        .unwrap();
    let gap = InputFrom::Gap(Gap {
        text: "the wiki".to_owned(),
        digest: None,
    });
    let inputs = vec![
        input(Role::Generator, &[at(ids[1], 0)]),
        input(Role::Seed, &[at(ids[0], 0), at(ids[0], 1)]),
        from(Role::Seed, gap),
    ];
    let outputs = vec![output("out", OutputKind::Shard, files(&["o"]))];
    let run = fixture.sign(run("g", Does::Generate, inputs, outputs));
    let run_id = crate::envelope::Envelope::decode(&run).unwrap().id();
    let collected = fixture.sign(Predicate::Dataset(Dataset {
        name: name("d"),
        members: Some(Cites::Inline(vec![at(run_id, 0)])),
        gaps: vec![Gap {
            text: "more".to_owned(),
            digest: None,
        }],
    }));
    ids.extend(fixture.append_leaves(vec![run, collected]).unwrap());
    ids.extend(fixture.append(vec![source("seeds", files(&["a", "c"]))]).unwrap());
    (ledger_of(&fixture), ids)
}

fn edges(trace: &Trace) -> BTreeSet<(String, String, &'static str)> {
    let id = |node: petgraph::graph::NodeIndex| trace.graph[node].place.to_string();
    trace
        .graph
        .edge_indices()
        .map(|edge| {
            let (from, to) = trace.graph.edge_endpoints(edge).unwrap();
            (id(from), id(to), trace.graph[edge].as_str())
        })
        .collect()
}

#[test]
fn a_node_is_a_name_a_version_an_id_or_a_digest() {
    let (ledger, ids) = small();
    let view = ledger.view();
    let of = |text: &str| -> Result<Vec<String>, QueryError> {
        Ok(find(&view, text)?.iter().map(ToString::to_string).collect())
    };
    let artifact = |id: StatementId, subject| at(id, subject).to_string();
    assert_eq!(of("out").unwrap(), [artifact(ids[2], 0)]);
    assert_eq!(of("g").unwrap(), [format!("hb:{}", ids[2])]);
    assert_eq!(of("seeds@2").unwrap(), [artifact(ids[0], 0), artifact(ids[0], 1)]);
    assert_eq!(of(&format!("hb:{}", ids[1])).unwrap(), [artifact(ids[1], 0)]);
    assert_eq!(of(&artifact(ids[0], 1)).unwrap(), [artifact(ids[0], 1)]);
    let digest = |text: &str| format!("sha256:{}", crate::digest::Sha256Digest::of(text.as_bytes()));
    assert_eq!(
        of(&digest("a")).unwrap(),
        [artifact(ids[0], 0), artifact(ids[4], 0)]
    );
    assert!(matches!(of("seeds"), Err(QueryError::Resolve(_))));
    assert!(matches!(of(&digest("z")), Err(QueryError::NotRegistered { .. })));
    assert!(matches!(of("sha256:00"), Err(QueryError::NotADigest { .. })));
    // As of an earlier commit, later claims and versions are not there.
    let earlier = ledger.view_at(TreeSize::new(8)).unwrap();
    assert_eq!(find(&earlier, "seeds").unwrap().len(), 2);
    assert_eq!(find(&earlier, &digest("a")).unwrap().len(), 1);
    let genesis = format!("hb:{}", ledger.founding().id);
    assert!(matches!(
        of(&genesis),
        Err(QueryError::NoLineage { kind: "genesis", .. })
    ));
    assert_eq!(show(&view, &genesis).unwrap()[0].entry.get(), 0);
}

#[test]
fn a_trace_has_runs_roles_members_and_gaps() {
    let (ledger, ids) = small();
    let view = ledger.view();
    let trace = trace(&view, &find(&view, "d").unwrap()).unwrap();
    let (seeds, m, g, d) = (ids[0], ids[1], ids[2], ids[3]);
    let expected = [
        (at(d, 0).to_string(), at(g, 0).to_string(), "member"),
        (at(d, 0).to_string(), format!("gap:{d}/0"), "member"),
        (at(g, 0).to_string(), format!("hb:{g}"), "output"),
        (format!("hb:{g}"), at(m, 0).to_string(), "generator"),
        (format!("hb:{g}"), at(seeds, 0).to_string(), "seed"),
        (format!("hb:{g}"), at(seeds, 1).to_string(), "seed"),
        (format!("hb:{g}"), format!("gap:{g}/2"), "seed"),
    ];
    assert_eq!(edges(&trace), BTreeSet::from(expected));
    let names: BTreeMap<String, (String, &str)> = trace
        .graph
        .node_weights()
        .map(|node| (node.place.to_string(), (node.name.clone(), node.kind)))
        .collect();
    let of = |id: String| {
        let (name, kind) = &names[&id];
        (name.as_str(), *kind)
    };
    assert_eq!(of(at(seeds, 1).to_string()), ("seeds/b.jsonl", "source"));
    assert_eq!(of(at(g, 0).to_string()), ("out", "shard"));
    assert_eq!(of(format!("hb:{g}")), ("g", "run"));
    assert_eq!(of(format!("gap:{g}/2")), ("the wiki", "gap"));
    assert_eq!(trace.roots.len(), 1);
}

#[test]
fn a_list_has_every_version() {
    let (ledger, _) = small();
    let listed = list(&ledger.view()).unwrap();
    let lines: Vec<_> = listed
        .iter()
        .map(|one| {
            (
                one.name.as_str(),
                one.entry.get(),
                one.kind,
                one.artifacts,
                one.versions,
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            ("d", 6, "dataset", 1, 1),
            ("g", 5, "run", 0, 1),
            ("m", 3, "model", 1, 1),
            ("out", 5, "shard", 1, 1),
            ("seeds", 2, "source", 2, 2),
            ("seeds", 8, "source", 2, 2),
        ]
    );
    let earlier = list(&ledger.view_at(TreeSize::new(8)).unwrap()).unwrap();
    assert_eq!(earlier.len(), 5);
}

#[test]
fn a_statement_is_shown_with_its_signer() {
    let (ledger, ids) = small();
    let shown = show(&ledger.view(), "out").unwrap();
    assert_eq!(shown.len(), 1);
    assert_eq!((shown[0].id, shown[0].entry.get()), (ids[2], 5));
    assert_eq!(shown[0].issuer, public(ISSUER).id());
    assert_eq!(shown[0].said_by, "stated");
    assert!(matches!(shown[0].statement.predicate, Predicate::Run(_)));
}

/// A run of a random lineage: which earlier artifacts it takes (as a fraction of all there are), how many it makes.
#[derive(Debug, Clone)]
struct Step {
    takes: Vec<prop::sample::Index>,
    makes: usize,
    collects: bool,
}

fn lineages() -> impl Strategy<Value = (usize, Vec<Step>)> {
    let step = (
        prop::collection::vec(any::<prop::sample::Index>(), 1..5),
        1_usize..3,
        any::<bool>(),
    );
    let step = step.prop_map(|(takes, makes, collects)| Step {
        takes,
        makes,
        collects,
    });
    (1_usize..4, prop::collection::vec(step, 1..9))
}

/// Child to parents with roles, by the texts that a trace has as ids.
type Parents = BTreeMap<String, BTreeSet<(String, &'static str)>>;

/// Appends one random lineage and returns its last artifacts; what descends from what is noted in `parents`.
fn grow(
    fixture: &mut Fixture,
    number: usize,
    sources: usize,
    steps: &[Step],
    parents: &mut Parents,
) -> Vec<ArtifactRef> {
    let mut there: Vec<ArtifactRef> = Vec::new();
    let mut leaves = Vec::new();
    let mut sign = |fixture: &Fixture, predicate| {
        let leaf = fixture.sign(predicate);
        let id = crate::envelope::Envelope::decode(&leaf).unwrap().id();
        leaves.push(leaf);
        id
    };
    for at_source in 0..sources {
        let content = format!("{number} source {at_source}");
        let id = sign(fixture, source(&content, files(&[&content])));
        there.push(at(id, 0));
    }
    for (at_step, step) in steps.iter().enumerate() {
        let taken: BTreeSet<ArtifactRef> = step.takes.iter().map(|index| *index.get(&there)).collect();
        let taken: Vec<ArtifactRef> = taken.into_iter().collect();
        let item = format!("{number} step {at_step}");
        if step.collects {
            let id = sign(fixture, dataset(&item, taken.clone()));
            let members = taken.iter().map(|member| (member.to_string(), "member"));
            parents.insert(at(id, 0).to_string(), members.collect());
            there.push(at(id, 0));
            continue;
        }
        let contents: Vec<String> = (0..step.makes).map(|made| format!("{item} {made}")).collect();
        let texts: Vec<&str> = contents.iter().map(String::as_str).collect();
        let outputs = vec![output(&format!("{item} out"), OutputKind::Shard, files(&texts))];
        let id = sign(
            fixture,
            run(&item, Does::Mix, vec![input(Role::Data, &taken)], outputs),
        );
        let data = taken.iter().map(|one| (one.to_string(), "data"));
        parents.insert(format!("hb:{id}"), data.collect());
        for subject in (0_u32..).take(step.makes) {
            parents.insert(
                at(id, subject).to_string(),
                BTreeSet::from([(format!("hb:{id}"), "output")]),
            );
            there.push(at(id, subject));
        }
    }
    fixture.append_leaves(leaves).unwrap();
    there.split_off(there.len() - 1)
}

/// Every edge reachable from `root`, by plain recursion.
fn naive(root: &str, parents: &Parents, edges: &mut BTreeSet<(String, String, &'static str)>) {
    for (parent, role) in parents.get(root).into_iter().flatten() {
        if edges.insert((root.to_owned(), parent.clone(), role)) {
            naive(parent, parents, edges);
        }
    }
}

#[test]
fn a_thousand_random_lineages_are_traced_as_a_naive_walk_does() {
    let mut runner = TestRunner::deterministic();
    let strategy = lineages();
    let mut fixture = Fixture::new();
    let mut parents = Parents::new();
    let mut roots = Vec::new();
    for number in 0..1000 {
        let (sources, steps) = strategy.new_tree(&mut runner).unwrap().current();
        roots.extend(grow(&mut fixture, number, sources, &steps, &mut parents));
    }
    let ledger = ledger_of(&fixture);
    let view = ledger.view();
    let mut largest = 0;
    for root in roots {
        let traced = trace(&view, &[Place::Artifact(root)]).unwrap();
        let mut expected = BTreeSet::new();
        naive(&root.to_string(), &parents, &mut expected);
        assert_eq!(edges(&traced), expected);
        assert_eq!(traced.graph.edge_count(), expected.len(), "no edge twice");
        let nodes: BTreeSet<String> = traced
            .graph
            .node_weights()
            .map(|node| node.place.to_string())
            .collect();
        let mut reached: BTreeSet<String> = expected.iter().map(|(_, to, _)| to.clone()).collect();
        reached.insert(root.to_string());
        assert_eq!(nodes, reached);
        largest = largest.max(expected.len());
    }
    assert!(largest > 20, "the lineages are not trivial: {largest}");
}

#[test]
fn releases_and_reports_are_listed_and_shown_and_change_no_name() {
    let mut fixture = Fixture::new();
    let m = fixture.append(vec![model("m", files(&["w"]))]).unwrap()[0];
    fixture.blobs.put(b"page");
    let said = fixture
        .append(vec![release("m", at(m, 0)), report(vec![at(m, 0)], b"page")])
        .unwrap();
    let ledger = ledger_of(&fixture);
    let view = ledger.view();
    let listed: Vec<_> = list(&view)
        .unwrap()
        .into_iter()
        .map(|one| {
            (
                one.kind,
                one.name.to_string(),
                one.about.map(|about| about.to_string()),
            )
        })
        .collect();
    let about = |kind| (kind, "m".to_owned(), Some("m".to_owned()));
    assert_eq!(
        listed,
        [("model", "m".to_owned(), None), about("release"), about("report")]
    );
    // A release to a place that is called like the model takes nothing from the model's name.
    assert_eq!(find(&view, "m").unwrap(), [Place::Artifact(at(m, 0))]);
    for id in said {
        let shown = show(&view, &format!("hb:{id}")).unwrap();
        assert_eq!((shown.len(), shown[0].id), (1, id));
    }
    // As of the size before they were said, they are not there.
    let earlier = ledger.view_at(TreeSize::new(4)).unwrap();
    assert_eq!(list(&earlier).unwrap().len(), 1);
}
