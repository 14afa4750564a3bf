//! Impacts against naive path enumeration over random lineages, and what the oracle cannot say.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use num_rational::BigRational;
use num_traits::One as _;
use num_traits::Zero as _;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::*;
use crate::digest::StatementId;
use crate::ledger::admission::fixture::*;
use crate::ledger::fixture::ledger_of;
use crate::manifest::Manifest;
use crate::manifest::Member;
use crate::statement::*;
use crate::verify::Share;

/// One statement of a random lineage, by what it takes of what stands below it.
#[derive(Debug, Clone)]
struct Step {
    data: Vec<prop::sample::Index>,
    consulted: Vec<prop::sample::Index>,
    collects: bool,
}

fn lineages() -> impl Strategy<Value = (Vec<u64>, Vec<Step>)> {
    let picks = |range| prop::collection::vec(any::<prop::sample::Index>(), range);
    let step = (picks(1..4), picks(0..2), any::<bool>()).prop_map(|(data, consulted, collects)| Step {
        data,
        consulted,
        collects,
    });
    (
        prop::collection::vec(1_u64..9, 2..5),
        prop::collection::vec(step, 1..8),
    )
}

/// What the oracle knows of an artifact: its rows, what it is made of, and what was only looked at.
#[derive(Debug, Clone, Default)]
struct Known {
    rows: u64,
    data: Vec<String>,
    consulted: Vec<String>,
    is_data_set: bool,
}

type Lineage = BTreeMap<String, Known>;

fn with_rows(content: &str, rows: u64) -> ArtifactSet {
    let count = Count {
        value: rows,
        basis: CountBasis::Given,
    };
    set(vec![Artifact {
        rows: Some(count),
        ..file(content)
    }])
}

/// The artifacts that a list stands for, each once, with data sets opened.
fn opened(known: &Lineage, list: &[String]) -> BTreeSet<String> {
    let mut open = BTreeSet::new();
    for one in list {
        if known[one].is_data_set {
            open.extend(opened(known, &known[one].data));
        } else {
            open.insert(one.clone());
        }
    }
    open
}

fn fixture_id(leaf: &[u8]) -> StatementId {
    crate::envelope::Envelope::decode(leaf).unwrap().id()
}

/// The source, made by a model of that name.
fn made_by(source: Predicate, generator: &str) -> Predicate {
    match source {
        Predicate::Source(source) => Predicate::Source(Source {
            made_by: MadeBy::Model,
            generators: Generators::Named(vec![generator.to_owned()]),
            ..source
        }),
        other => other,
    }
}

/// Appends a random lineage in which every run puts out all rows it takes.
fn grow(fixture: &mut Fixture, (sources, steps): (&[u64], &[Step]), known: &mut Lineage) -> Vec<ArtifactRef> {
    let mut leaves: Vec<Vec<u8>> = Vec::new();
    let mut sign = |fixture: &Fixture, predicate| -> StatementId {
        let leaf = fixture.sign(predicate);
        let id = crate::envelope::Envelope::decode(&leaf).unwrap().id();
        leaves.push(leaf);
        id
    };
    let mut there = Vec::new();
    let number = known.len();
    // A model that every second source names as its maker, registered after them all.
    let api = format!("{number} api");
    let named = at(fixture_id(&fixture.sign(model(&api, files(&[&api])))), 0);
    for (at_source, rows) in sources.iter().enumerate() {
        let content = format!("{number} source {at_source}");
        let mut consulted = Vec::new();
        let mut declared = source(&content, with_rows(&content, *rows));
        if at_source % 2 == 1 {
            consulted.push(named.to_string());
            declared = made_by(declared, &api);
        }
        let one = at(sign(fixture, declared), 0);
        let leaf = Known {
            rows: *rows,
            consulted,
            ..Known::default()
        };
        known.insert(one.to_string(), leaf);
        there.push(one);
    }
    for (at_step, step) in steps.iter().enumerate() {
        let pick = |list: &[prop::sample::Index]| -> Vec<ArtifactRef> {
            let picked: BTreeSet<ArtifactRef> = list.iter().map(|index| *index.get(&there)).collect();
            picked.into_iter().collect()
        };
        let (data, consulted) = (pick(&step.data), pick(&step.consulted));
        let texts = |list: &[ArtifactRef]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let item = format!("{number} step {at_step}");
        let mut made = Known {
            data: texts(&data),
            ..Known::default()
        };
        let id = if step.collects {
            made.is_data_set = true;
            sign(fixture, dataset(&item, data))
        } else {
            made.rows = opened(known, &made.data).iter().map(|one| known[one].rows).sum();
            let mut inputs = vec![input(Role::Data, &data)];
            if !consulted.is_empty() {
                inputs.push(input(Role::Reference, &consulted));
                made.consulted = texts(&consulted);
            }
            let outputs = vec![output(
                &format!("{item} out"),
                OutputKind::Shard,
                with_rows(&item, made.rows),
            )];
            sign(fixture, run(&item, Does::Mix, inputs, outputs))
        };
        known.insert(at(id, 0).to_string(), made);
        there.push(at(id, 0));
    }
    leaves.push(fixture.sign(model(&api, files(&[&api]))));
    fixture.append_leaves(leaves).unwrap();
    known.insert(named.to_string(), Known::default());
    there.truncate(sources.len());
    there.push(named);
    there
}

/// The share of `founder` in `of`: every path by data is followed to its end, and its weights multiplied.
fn share(known: &Lineage, of: &str, founder: &str) -> BigRational {
    if of == founder {
        return BigRational::one();
    }
    let parents = opened(known, &known[of].data);
    let whole: u64 = parents.iter().map(|one| known[one].rows).sum();
    parents
        .iter()
        .map(|one| share(known, one, founder) * BigRational::new(known[one].rows.into(), whole.max(1).into()))
        .sum()
}

/// The shortest way from `of` to `founder`, counted in steps between artifacts, if there is one.
fn steps(known: &Lineage, of: &str, founder: &str, by_mass: bool) -> Option<usize> {
    if of == founder {
        return Some(0);
    }
    let all = known[of].data.iter();
    let consulted = known[of].consulted.iter().filter(|_| !by_mass);
    let lengths = all
        .chain(consulted)
        .filter_map(|one| steps(known, one, founder, by_mass));
    lengths.min().map(|length| length + 1)
}

/// The shortest of the ways on which something is only looked at.
fn conditioned(known: &Lineage, of: &str, founder: &str) -> Option<usize> {
    let by_data = known[of]
        .data
        .iter()
        .filter_map(|one| conditioned(known, one, founder));
    let consulted = known[of].consulted.iter();
    let by_looking = consulted.filter_map(|one| steps(known, one, founder, false));
    let lengths = by_data.chain(by_looking).filter(|_| of != founder);
    lengths.min().map(|length| length + 1)
}

fn path_of(
    view: &crate::ledger::View<'_>,
    found: &Impact,
    one: &Reached,
    via: Via,
) -> Vec<crate::verify::PathStep> {
    found.path(view, one, via, &mut usize::MAX.clone()).unwrap()
}

#[test]
fn impacts_are_what_following_every_path_finds() {
    let mut runner = TestRunner::deterministic();
    let strategy = lineages();
    let mut fixture = Fixture::new();
    let mut known = Lineage::new();
    let mut founders = Vec::new();
    for _ in 0..60 {
        let (sources, steps) = strategy.new_tree(&mut runner).unwrap().current();
        founders.extend(grow(&mut fixture, (&sources, &steps), &mut known));
    }
    let ledger = ledger_of(&fixture);
    let view = ledger.view();
    let (mut by_mass, mut by_conditioning, mut both, mut inexact) = (0, 0, 0, 0);
    for founder in founders {
        let text = founder.to_string();
        let found = impact(&view, &[Place::Artifact(founder)]).unwrap();
        assert_eq!(found.no_shares, None);
        let reached: BTreeMap<String, &Reached> = found
            .reached
            .iter()
            .map(|one| (one.artifacts[0].to_string(), one))
            .collect();
        for of in known.keys().filter(|of| **of != text) {
            let any = steps(&known, of, &text, false);
            let mass = steps(&known, of, &text, true);
            assert_eq!(any.is_some(), reached.contains_key(of), "{of}");
            let Some(one) = reached.get(of) else {
                continue;
            };
            assert_eq!(one.vias.contains(&Via::Mass), mass.is_some());
            let conditioned = conditioned(&known, of, &text);
            assert_eq!(one.vias.contains(&Via::Conditioning), conditioned.is_some());
            assert_eq!(one.via == Via::Mass, mass.is_some(), "mass is told first");
            both += usize::from(one.vias.len() == 2);
            if let Some(length) = conditioned {
                let path = path_of(&view, &found, one, Via::Conditioning);
                let between = path.iter().filter(|step| known.contains_key(&step.id)).count();
                assert_eq!(between, length + 1, "{path:?}");
            }
            let path = path_of(&view, &found, one, one.via);
            // Runs stand between artifacts and their inputs, and only there.
            let between: usize = path.iter().filter(|step| known.contains_key(&step.id)).count();
            assert_eq!(between, mass.or(any).unwrap() + 1, "{path:?}");
            assert_eq!(path[0].id, *of);
            assert_eq!(path.last().unwrap().id, text);
            if mass.is_none() {
                by_conditioning += 1;
                assert_eq!(one.share, None, "what only conditions has no share, not even 0");
                continue;
            }
            by_mass += 1;
            inexact += usize::from(share(&known, of, &text) < BigRational::one());
            assert_eq!(one.share, Some(Share::exact(share(&known, of, &text))), "{of}");
        }
    }
    assert!(
        by_mass > 200 && by_conditioning > 20 && both > 20 && inexact > 100,
        "{by_mass} {by_conditioning} {both} {inexact}"
    );
}

/// `seeds` (two files of 3 and 1 rows), `teach` and `ask`; `g` generates 10 rows with the teacher, the prompt and the
/// seeds; `t` trains `m` on that and on the first file of the seeds.
fn small() -> (crate::ledger::Ledger, Vec<StatementId>) {
    let mut fixture = Fixture::new();
    let rows = |value| {
        Some(Count {
            value,
            basis: CountBasis::Given,
        })
    };
    let file_of = |content: &str, count| Artifact {
        rows: rows(count),
        ..file(content)
    };
    fixture.blobs.put(b"p");
    let mut ids = fixture
        .append(vec![
            source("seeds", set(vec![file_of("a", 3), file_of("b", 1)])),
            model("teach", files(&["w"])),
            prompt("ask", set(vec![held("p")])),
        ])
        .unwrap();
    let inputs = vec![
        input(Role::Generator, &[at(ids[1], 0)]),
        input(Role::Prompt, &[at(ids[2], 0)]),
        input(Role::Seed, &[at(ids[0], 0), at(ids[0], 1)]),
    ];
    let made = vec![output("out", OutputKind::Shard, with_rows("o", 9))];
    ids.extend(
        fixture
            .append(vec![run("g", Does::Generate, inputs, made)])
            .unwrap(),
    );
    let inputs = vec![input(Role::Data, &[at(ids[3], 0), at(ids[0], 0)])];
    let made = vec![output("m", OutputKind::Model, files(&["weights"]))];
    ids.extend(fixture.append(vec![run("t", Does::Train, inputs, made)]).unwrap());
    ids.extend(fixture.append(vec![release("web", at(ids[4], 0))]).unwrap());
    (ledger_of(&fixture), ids)
}

fn shares(ledger: &crate::ledger::Ledger, node: &str) -> Vec<(String, Option<String>, &'static str, usize)> {
    let view = ledger.view();
    let found = impact(&view, &find(&view, node).unwrap()).unwrap();
    found
        .reached
        .iter()
        .map(|one| {
            let share = one.share.as_ref().map(Share::percent);
            (one.name.clone(), share, one.via.as_str(), one.released.len())
        })
        .collect()
}

#[test]
fn what_conditions_has_no_share_and_what_contributes_has_one() {
    let (ledger, _) = small();
    let one = |name: &str, share: Option<&str>, via, released| {
        (name.to_owned(), share.map(str::to_owned), via, released)
    };
    let none = |name: &str, released| one(name, None, "conditioning", released);
    assert_eq!(shares(&ledger, "ask"), [none("m", 1), none("out", 0)]);
    assert_eq!(
        shares(&ledger, "teach"),
        [
            one("m", Some("75 %"), "mass", 1),
            one("out", Some("100 %"), "mass", 0)
        ]
    );
    // 3 of 12 rows directly; what the seeds did to the generated rows is not counted.
    assert_eq!(
        shares(&ledger, "seeds"),
        [one("m", Some("25 %"), "mass", 1), none("out", 0)]
    );
    assert_eq!(
        shares(&ledger, "seeds/a.jsonl"),
        [one("m", Some("25 %"), "mass", 1), none("out", 0)]
    );
    // The second file was a seed only.
    assert_eq!(shares(&ledger, "seeds/b.jsonl"), [none("m", 1), none("out", 0)]);
    assert_eq!(
        shares(&ledger, "g"),
        [
            one("m", Some("75 %"), "mass", 1),
            one("out", Some("100 %"), "mass", 0)
        ]
    );
    assert_eq!(shares(&ledger, "m"), []);
}

/// A source that names a model, a run with a gap that has a digest, and one with code that has it; each trains a
/// released model.
fn without_citations() -> crate::ledger::Ledger {
    let mut fixture = Fixture::new();
    let leaked = with_rows("leaked", 5);
    let digest = leaked.artifacts[0].sha256;
    let trained = |name: &str, cited: &[ArtifactRef]| {
        let outputs = vec![output(name, OutputKind::Model, files(&[name]))];
        run(
            &format!("train {name}"),
            Does::Train,
            vec![input(Role::Data, cited)],
            outputs,
        )
    };
    let ids = fixture
        .append(vec![
            made_by(source("synthetic", with_rows("synthetic", 3)), "gpt-x"),
            source("leaked", leaked),
            source("seeds", with_rows("seeds", 3)),
        ])
        .unwrap();
    fixture.blobs.put(b"leaked");
    let beside = Attachment {
        name: "leaked.jsonl".to_owned(),
        blob: digest.as_blob(),
        bytes: 6,
        sealed: false,
    };
    let (mut open, mut coded) = (
        trained("open", &[at(ids[2], 0)]),
        trained("coded", &[at(ids[2], 0)]),
    );
    if let (Predicate::Run(open), Predicate::Run(coded)) = (&mut open, &mut coded) {
        open.inputs.push(Input {
            from: InputFrom::Gap(Gap {
                text: "a file we lost".to_owned(),
                digest: Some(digest),
            }),
            ..open.inputs[0].clone()
        });
        coded.code.push(beside);
    }
    let models = fixture
        .append(vec![
            trained("named", &[at(ids[0], 0)]),
            open,
            coded,
            model("gpt-x", files(&["x"])),
        ])
        .unwrap();
    fixture
        .append(
            models[..3]
                .iter()
                .map(|id| release(&format!("web {id}"), at(*id, 0)))
                .collect(),
        )
        .unwrap();
    ledger_of(&fixture)
}

#[test]
fn what_cites_nothing_is_reached_by_name_and_by_digest() {
    let ledger = without_citations();
    let one = |name: &str, released| (name.to_owned(), None, "conditioning", released);
    assert_eq!(shares(&ledger, "gpt-x"), [one("named", 1), one("synthetic", 0)]);
    assert_eq!(shares(&ledger, "leaked"), [one("open", 1), one("coded", 1)]);
    let view = ledger.view();
    let told = |node: &str, at: usize| -> Vec<String> {
        let found = impact(&view, &find(&view, node).unwrap()).unwrap();
        let path = path_of(&view, &found, &found.reached[at], Via::Conditioning);
        path.into_iter().map(|step| step.name).collect()
    };
    assert_eq!(
        told("gpt-x", 0),
        ["named", "train named", "synthetic", "named as generator", "gpt-x"]
    );
    assert_eq!(
        told("leaked", 0),
        ["open", "train open", "may be: a gap has its digest", "leaked"]
    );
    assert_eq!(
        told("leaked", 1),
        [
            "coded",
            "train coded",
            "code or evidence has its digest",
            "leaked"
        ]
    );
}

#[test]
fn the_witness_is_a_way_by_mass_where_there_is_one() {
    let (ledger, ids) = small();
    let view = ledger.view();
    let found = impact(&view, &find(&view, "seeds").unwrap()).unwrap();
    let path = path_of(&view, &found, &found.reached[0], Via::Mass);
    let names: Vec<&str> = path.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["m", "t", "seeds/a.jsonl"]);
    let path = path_of(&view, &found, &found.reached[0], Via::Conditioning);
    let names: Vec<&str> = path.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["m", "t", "out", "g", "seeds/a.jsonl"]);
    let found = impact(&view, &find(&view, "teach").unwrap()).unwrap();
    let path = path_of(&view, &found, &found.reached[0], Via::Mass);
    let ids_of: Vec<&str> = path.iter().map(|step| step.id.as_str()).collect();
    let (m, t, out) = (
        at(ids[4], 0).to_string(),
        format!("hb:{}", ids[4]),
        at(ids[3], 0).to_string(),
    );
    let (g, teach) = (format!("hb:{}", ids[3]), at(ids[1], 0).to_string());
    assert_eq!(ids_of, [m.as_str(), &t, &out, &g, &teach]);
    // Before the training there was no model.
    let earlier = ledger.view_at(crate::merkle::TreeSize::new(8)).unwrap();
    let found = impact(&earlier, &find(&earlier, "teach").unwrap()).unwrap();
    assert_eq!(found.reached.len(), 1);
    assert!(BigRational::zero() < found.reached[0].share.as_ref().unwrap().low);
}

#[test]
fn members_of_a_manifest_are_told_apart() {
    let mut fixture = Fixture::new();
    let manifest = manifest_of(10);
    fixture.blobs.put(&manifest.bytes);
    let parts = fixture
        .append(vec![source("parts", set(vec![of_manifest(&manifest)]))])
        .unwrap()[0];
    let member = |number| ArtifactRef {
        member: Some(number),
        ..at(parts, 0)
    };
    let filtered = |name: &str, cited: ArtifactRef| {
        let outputs = vec![output(&format!("{name} out"), OutputKind::Shard, files(&[name]))];
        run(name, Does::Filter, vec![input(Role::Data, &[cited])], outputs)
    };
    fixture
        .append(vec![
            filtered("all", at(parts, 0)),
            filtered("third", member(2)),
            filtered("fourth", member(3)),
        ])
        .unwrap();
    let ledger = ledger_of(&fixture);
    let reached = |node: &str| -> Vec<(String, Option<String>)> {
        shares(&ledger, node)
            .into_iter()
            .map(|(name, share, ..)| (name, share))
            .collect()
    };
    let of = |name: &str, share: &str| (format!("{name} out"), Some(share.to_owned()));
    // Nobody says how many rows a member has.
    assert_eq!(
        reached("parts/0002"),
        [of("all", "between 0 % and 100 %"), of("third", "100 %")]
    );
    assert_eq!(
        reached("parts"),
        [of("all", "100 %"), of("third", "100 %"), of("fourth", "100 %")]
    );
    let missing = find(&ledger.view(), "parts/0010").unwrap_err();
    assert_eq!(
        missing.to_string(),
        "`parts` has no file `0010`: it has 0000, 0001, 0002, 0003, 0004 and 5 more"
    );
}

#[test]
fn a_member_has_its_part_of_the_rows() {
    let mut fixture = Fixture::new();
    let member = |number: u64| Member {
        name: format!("{number}"),
        sha256: crate::digest::Sha256Digest::of(&number.to_be_bytes()),
        blake3: None,
        bytes: None,
        rows: Some(number + 1),
        tokens: None,
        row_root: None,
    };
    let manifest = Manifest::of((0..4).map(member).collect()).unwrap();
    fixture.blobs.put(&manifest.bytes);
    let parts = fixture
        .append(vec![
            source("parts", set(vec![of_manifest(&manifest)])),
            source("more", with_rows("more", 10)),
        ])
        .unwrap();
    let trained = |name: &str, cited: &[ArtifactRef]| {
        let outputs = vec![output(&format!("{name} out"), OutputKind::Model, files(&[name]))];
        run(name, Does::Train, vec![input(Role::Data, cited)], outputs)
    };
    let both = [at(parts[0], 0), at(parts[1], 0)];
    fixture
        .append(vec![trained("alone", &both[..1]), trained("beside", &both)])
        .unwrap();
    let ledger = ledger_of(&fixture);
    let found: Vec<(String, Option<String>)> = shares(&ledger, "parts/2")
        .into_iter()
        .map(|(name, share, ..)| (name, share))
        .collect();
    let of = |name: &str, share: &str| (format!("{name} out"), Some(share.to_owned()));
    // 3 of 1 + 2 + 3 + 4 rows, closed and opened.
    assert_eq!(found, [of("alone", "30 %"), of("beside", "15 %")]);
}

#[test]
fn a_trace_down_is_the_trace_up_seen_from_the_other_end() {
    let (ledger, ids) = small();
    let view = ledger.view();
    let down = trace_down(&view, &find(&view, "teach").unwrap()).unwrap();
    let text = |at: petgraph::graph::NodeIndex| down.graph[at].place.to_string();
    let edges: BTreeSet<(String, String, &str)> = down
        .graph
        .edge_indices()
        .map(|edge| {
            let (from, to) = down.graph.edge_endpoints(edge).unwrap();
            (text(from), text(to), down.graph[edge].as_str())
        })
        .collect();
    let (g, t) = (format!("hb:{}", ids[3]), format!("hb:{}", ids[4]));
    let expected = [
        (g.clone(), at(ids[1], 0).to_string(), "generator"),
        (at(ids[3], 0).to_string(), g, "output"),
        (t.clone(), at(ids[3], 0).to_string(), "data"),
        (at(ids[4], 0).to_string(), t, "output"),
    ];
    assert_eq!(edges, BTreeSet::from(expected));
    let (near, beyond) = down.within(2, true);
    assert_eq!((near.graph.node_count(), beyond), (3, 2));
    assert_eq!(near.roots.len(), 1);
}
