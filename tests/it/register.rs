//! Registering: what is refused with which words, what is warned of, and what becomes of gaps and versions.

use std::fmt::Write as _;

use herdbook::ledger::register::RegisterOptions;
use herdbook::ledger::register::Registered;
use herdbook::ledger::register::WarningCode;
use herdbook::statement::Cites;
use herdbook::statement::Content;
use herdbook::statement::InputFrom;
use herdbook::statement::Predicate;
use herdbook::statement::Statement;

use crate::ledger::House;
use crate::ledger::PIPELINE;
use crate::ledger::files_below;
use crate::ledger::write_pipeline;

/// One source with one file.
pub const SEEDS: &str = "
sources:
  - {name: seeds, files: [seeds.jsonl], made_by: human, acquired_by: own_production, personal_data: no}
";

/// What is meant to be a further version.
pub const FURTHER: RegisterOptions = RegisterOptions {
    dry_run: false,
    new_version: true,
    keep_going: false,
};

pub fn with(items: &str) -> String {
    format!("herdbook: 1\n{}{items}", SEEDS.trim_start())
}

pub fn house() -> House {
    let house = House::with_ledger();
    house.write("data/seeds.jsonl", "{}\n{}\n");
    house
}

pub fn statement(house: &House, name: &str) -> Statement {
    let ledger = house.open();
    let name = herdbook::statement::ItemName::new(name).unwrap();
    let last = ledger.index().versions(&name).unwrap().pop().unwrap();
    ledger.entry(last.entry).unwrap().1
}

pub fn codes(registered: &Registered) -> Vec<WarningCode> {
    registered.warnings.iter().map(|warning| warning.code).collect()
}

#[test]
fn other_bytes_under_a_name_need_a_word() {
    let house = house();
    house.register(&with("")).unwrap();
    house.write("data/seeds.jsonl", "{}\n{}\n{}\n");
    let message = house.refused(&with(""));
    assert!(
        message.contains("was registered as seeds@2 with other bytes (`seeds.jsonl` had sha256:"),
        "{message}"
    );
    assert!(message.contains("--new-version"), "{message}");
    let registered = house.register_with(&with(""), FURTHER).unwrap();
    assert_eq!(
        (registered.appended, codes(&registered)),
        (1, vec![WarningCode::AnotherVersion])
    );
    // The bare name is ambiguous outside of this file now, and says so.
    let use_it = "herdbook: 1\nruns:\n  - {name: a, does: mix, inputs: [{use: SEEDS, as: data}], outputs: [{name: o, kind: shard}]}\n";
    let message = house.refused(&use_it.replace("SEEDS", "seeds"));
    assert!(
        message.contains("`seeds` has 2 versions: write seeds@4 (newest), seeds@2"),
        "{message}"
    );
    house.register(&use_it.replace("SEEDS", "seeds@2")).unwrap();
    let Predicate::Run(run) = statement(&house, "o").predicate else {
        panic!("not a run");
    };
    let InputFrom::Artifacts(Cites::Inline(taken)) = &run.inputs[0].from else {
        panic!("not inline");
    };
    let first = house
        .open()
        .index()
        .id_at(herdbook::merkle::LeafIndex::new(2))
        .unwrap();
    assert_eq!(Some(taken[0].statement), first);
}

#[test]
fn other_facts_about_the_same_bytes_are_another_version() {
    let house = house();
    house.register(&with("")).unwrap();
    let corrected = with("").replace("made_by: human", "made_by: unknown");
    let message = house.refused(&corrected);
    assert!(
        message.contains("`seeds` is registered already, as seeds@2, and this is not the same (`made_by` was `human` and is `unknown`)")
            && message.contains("`--new-version`")
            && message.contains("conflicting_origin"),
        "{message}"
    );
    let registered = house.register_with(&corrected, FURTHER).unwrap();
    assert_eq!(registered.appended, 1);
    assert_eq!(codes(&registered), [WarningCode::AnotherVersion]);
    let message = &registered.warnings[0].message;
    assert!(
        message.contains("nothing in this version can take a statement back"),
        "{message}"
    );
    assert_eq!(house.register(&corrected).unwrap().appended, 0);
    assert_eq!(
        house.register(&with("")).unwrap().appended,
        0,
        "the first version is still there"
    );
}

const FORGOTTEN: &str = "
prompts:
  - {name: ask, files: [ask.txt]}
models:
  - {name: gpt, provider: Example AI, version: '1', access: api}
runs:
  - {name: answer, does: generate, inputs: [{use: seeds, as: seed}, {use: gpt, as: generator}ASK], outputs: [{name: answers, kind: shard, files: [answers.jsonl]}]}
";

/// A forgotten input makes another claim about the same bytes, which is for ever; a number does not.
#[test]
fn what_differs_from_the_version_there_is_is_told_before_it_is_written() {
    let house = house();
    house.write("data/ask.txt", "Answer.");
    house.write("data/answers.jsonl", "{\"a\":1}\n");
    let file = |more: &str| with(&FORGOTTEN.trim_start().replace("ASK", more));
    house.register(&file("")).unwrap();
    let size = house.open().checkpoint().size;
    let prompt = ", {use: ask, as: prompt}";
    let message = house.refused(&file(prompt));
    let entry = {
        let name = herdbook::statement::ItemName::new("answers").unwrap();
        house.open().index().versions(&name).unwrap()[0].entry
    };
    assert!(
        message.contains(&format!("answers@{entry} has no input `ask` as `prompt`"))
            && message.contains("nothing in this version can take a statement back"),
        "{message}"
    );
    let counted = file("").replace("as: seed}", "as: seed, rows: 1}");
    let message = house.refused(&counted);
    assert!(
        message.contains("its inputs have other counts") && !message.contains("conflicting_origin"),
        "{message}"
    );
    let without = file("").replace(", files: [answers.jsonl]", "");
    let message = house.refused(&without);
    assert!(message.contains("it had 1 file and has no file"), "{message}");
    let of_other = file("").replace("name: answer,", "name: second,");
    let message = house.refused(&of_other);
    assert!(message.contains("it came out of the run `answer`"), "{message}");
    assert_eq!(house.open().checkpoint().size, size);
    let registered = house.register_with(&file(prompt), FURTHER).unwrap();
    assert_eq!(codes(&registered), [WarningCode::AnotherVersion]);
    assert!(
        registered.warnings[0].message.contains("`conflicting_origin`"),
        "{:?}",
        registered.warnings
    );
    assert_eq!(house.register(&file("")).unwrap().appended, 0);
    assert_eq!(house.register(&file(prompt)).unwrap().appended, 0);
}

const GAP: &str = "
runs:
  - name: a
    does: mix
    inputs: [{use: seeds, as: data}, {unresolved: the wiki, as: data, digest: 'sha256:DIGEST'}]
    outputs: [{name: o, kind: shard, rows: 1}]
";

fn gap_file(digest_of: &[u8]) -> String {
    let digest = herdbook::digest::Sha256Digest::of(digest_of).to_hex();
    with(GAP.trim_start()).replace("DIGEST", &digest)
}

#[test]
fn a_gap_with_a_digest_that_one_artifact_has_is_bound() {
    let house = house();
    house.write("data/wiki.jsonl", "{\"w\":1}\n");
    let wiki = "herdbook: 1\nsources:\n  - {name: wiki, files: [wiki.jsonl], made_by: human, acquired_by: web_crawl, personal_data: no}\n";
    house.register(wiki).unwrap();
    let file = gap_file(b"{\"w\":1}\n");
    let registered = house.register(&file).unwrap();
    assert_eq!(codes(&registered), [WarningCode::GapBound]);
    let Predicate::Run(run) = statement(&house, "o").predicate else {
        panic!("not a run");
    };
    assert!(matches!(&run.inputs[1].from, InputFrom::Artifacts(_)));
    assert_eq!(house.register(&file).unwrap().appended, 0);
    // A second claim makes the digest ambiguous; the item is what it was when it was registered.
    house.register(&wiki.replace("name: wiki", "name: copy")).unwrap();
    assert_eq!(house.register(&file).unwrap().appended, 0);
}

#[test]
fn a_gap_is_looked_up_once() {
    let house = house();
    house.write("data/wiki.jsonl", "{\"w\":1}\n");
    let file = gap_file(b"{\"w\":1}\n");
    let first = house.register(&file).unwrap();
    assert_eq!((first.appended, codes(&first)), (2, vec![]));
    let wiki = "herdbook: 1\nsources:\n  - {name: wiki, files: [wiki.jsonl], made_by: human, acquired_by: web_crawl, personal_data: no}\n";
    house.register(wiki).unwrap();
    let again = house.register(&file).unwrap();
    assert_eq!(
        (again.appended, codes(&again)),
        (0, vec![WarningCode::GapCouldBind])
    );
    let message = &again.warnings[0].message;
    assert!(message.contains("could be closed now"), "{message}");
}

#[test]
fn a_gap_that_two_artifacts_could_close_stays_open() {
    let house = house();
    for name in ["wiki", "copy"] {
        house.write("data/wiki.jsonl", "{\"w\":1}\n");
        let wiki = format!(
            "herdbook: 1\nsources:\n  - {{name: {name}, files: [wiki.jsonl], made_by: human, acquired_by: web_crawl, personal_data: no}}\n"
        );
        house.register(&wiki).unwrap();
    }
    let registered = house.register(&gap_file(b"{\"w\":1}\n")).unwrap();
    assert_eq!(codes(&registered), []);
    let Predicate::Run(run) = statement(&house, "o").predicate else {
        panic!("not a run");
    };
    assert!(matches!(&run.inputs[1].from, InputFrom::Gap(_)));
}

#[test]
fn more_than_64_files_are_one_manifest_and_a_model_is_one_artifact() {
    let house = house();
    for number in 0..65 {
        house.write(
            &format!("data/parts/{number:03}.jsonl"),
            &format!("{{\"n\":{number}}}\n"),
        );
    }
    house.write("data/ckpt/a.bin", "a");
    house.write("data/ckpt/b.bin", "b");
    let items = "
runs:
  - {name: a, does: mix, inputs: [{use: seeds, as: data}], outputs: [{name: few, kind: shard, files: ['parts/00*']}, {name: many, kind: shard, files: ['parts/*']}]}
  - {name: b, does: train, inputs: [{use: many, as: data}], outputs: [{name: m, kind: model, files: ['ckpt/*']}]}
";
    house.register(&with(items.trim_start())).unwrap();
    let Predicate::Run(run) = statement(&house, "many").predicate else {
        panic!("not a run");
    };
    assert_eq!(run.outputs[0].set.artifacts.len(), 10);
    let [many] = run.outputs[1].set.artifacts.as_slice() else {
        panic!("not one artifact");
    };
    let facts = many.manifest().unwrap();
    assert_eq!((facts.count, many.rows.map(|rows| rows.value)), (65, Some(65)));
    let ledger = house.open();
    let lines = ledger.blob(many.blob().unwrap()).unwrap();
    assert_eq!(herdbook::manifest::read_members(&lines, facts).unwrap().len(), 65);
    // Every member can be found by its digest.
    let digest = herdbook::digest::Sha256Digest::of(b"{\"n\":64}\n");
    assert_eq!(ledger.index().claims(digest).unwrap()[0].member, Some(64));
    let Predicate::Run(train) = statement(&house, "m").predicate else {
        panic!("not a run");
    };
    let [model] = train.outputs[0].set.artifacts.as_slice() else {
        panic!("not one artifact");
    };
    assert!(matches!(model.content, Content::Manifest { .. }));
}

#[test]
fn many_outputs_fit_into_one_statement_by_way_of_manifests() {
    let house = house();
    let mut outputs = Vec::new();
    for set in 0..3 {
        for number in 0..30 {
            let folder = format!("a-rather-long-folder-name-{set}/{}", "x".repeat(200));
            house.write(
                &format!("data/{folder}/{number:02}.txt"),
                &format!("{set} {number}"),
            );
        }
        outputs.push(format!(
            "{{name: out-{set}, kind: shard, files: ['a-rather-long-folder-name-{set}/**/*.txt'], rows: 1}}"
        ));
    }
    let items = format!(
        "runs:\n  - {{name: a, does: generate, inputs: [{{unresolved: it, as: generator}}], outputs: [{}]}}\n",
        outputs.join(", ")
    );
    house.register(&with(&items)).unwrap();
    let Predicate::Run(run) = statement(&house, "out-0").predicate else {
        panic!("not a run");
    };
    assert!(run.outputs.iter().all(|output| output.set.artifacts.len() == 1));
}

#[test]
fn names_too_long_for_one_statement_stand_in_a_manifest() {
    let house = house();
    let folder = vec!["x".repeat(200); 4].join("/");
    for number in 0..60 {
        house.write(&format!("data/{folder}/{number:02}.txt"), &number.to_string());
    }
    let items = "
runs:
  - {name: a, does: mix, inputs: [{use: seeds, as: data}], outputs: [{name: o, kind: shard, files: ['x*/**/*.txt'], rows: 1}]}
";
    house.register(&with(items.trim_start())).unwrap();
    let Predicate::Run(run) = statement(&house, "o").predicate else {
        panic!("not a run");
    };
    let [whole] = run.outputs[0].set.artifacts.as_slice() else {
        panic!("not one artifact");
    };
    assert_eq!(whole.manifest().unwrap().count, 60);
}

#[test]
fn names_of_personal_data_are_not_written_and_outputs_inherit_it() {
    let house = house();
    house.write("data/people/maria-meier.jsonl", "{}\n");
    house.write("data/people/otto-huber.jsonl", "{\"o\":1}\n");
    house.write("data/out/maria-meier.txt", "x");
    let items = "herdbook: 1
sources:
  - {name: people, files: ['people/*'], made_by: human, acquired_by: user_data, personal_data: yes}
runs:
  - {name: a, does: mix, inputs: [{use: people, as: data}], outputs: [{name: o, kind: shard, files: ['out/*'], rows: 2}]}
datasets:
  - {name: d, members: [people]}
";
    house.register(items).unwrap();
    let later = "herdbook: 1
runs:
  - {name: b, does: mix, inputs: [{use: d, as: data}], outputs: [{name: p, kind: shard, files: ['out/*'], rows: 2}]}
";
    house.write("data/out/maria-meier.txt", "y");
    house.register(later).unwrap();
    for (path, bytes) in files_below(&house.path("ledger")) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains("meier") && !text.contains("huber"),
            "{}",
            path.display()
        );
    }
    // Leaves are compressed in commits and base64 in envelopes: look inside, too.
    let ledger = house.open();
    for entry in 0..ledger.checkpoint().size.get() {
        let (envelope, _) = ledger.entry(herdbook::merkle::LeafIndex::new(entry)).unwrap();
        let text = String::from_utf8(envelope.payload().to_vec()).unwrap();
        assert!(!text.contains("meier") && !text.contains("huber"), "{text}");
    }
    let Predicate::Source(source) = statement(&house, "people").predicate else {
        panic!("not a source");
    };
    let names: Vec<&str> = source
        .set
        .artifacts
        .iter()
        .map(|artifact| artifact.name.as_str())
        .collect();
    assert_eq!(names.len(), 2);
    assert!(
        names.iter().all(|name| name.starts_with("commitment:")),
        "{names:?}"
    );
}

#[test]
fn the_order_in_the_file_and_the_folder_do_not_matter() {
    let one = House::with_ledger();
    let other = House::with_ledger();
    for house in [&one, &other] {
        write_pipeline(house);
    }
    let first = one.register(PIPELINE).unwrap();
    let (head, runs) = PIPELINE.split_once("runs:").unwrap();
    let (runs, datasets) = runs.split_once("datasets:").unwrap();
    let mut items: Vec<&str> = runs
        .split("  - name: ")
        .filter(|item| !item.trim().is_empty())
        .collect();
    items.reverse();
    let reversed = format!(
        "{head}runs:\n  - name: {}datasets:{datasets}",
        items.join("  - name: ")
    );
    let second = other.register(&reversed).unwrap();
    let sorted = |registered: &Registered| {
        let mut nodes: Vec<_> = registered
            .nodes
            .iter()
            .map(|node| (node.id.clone(), node.name.clone()))
            .collect();
        nodes.sort();
        nodes
    };
    assert_eq!(sorted(&first), sorted(&second));
}

#[test]
fn a_bulk_of_items_becomes_several_commits() {
    let house = house();
    // Twenty-four megabytes of parameters do not fit into one commit of sixteen.
    let mut items = String::from("herdbook: 1\nfilters:\n");
    let text = "p".repeat(8000);
    for number in 0..500 {
        write!(items, "  - {{name: f{number}, rule: other, params: {{").unwrap();
        for key in 0..4 {
            write!(items, "k{key}: '{text}', ").unwrap();
        }
        items.push_str("}}\n");
    }
    let registered = house.register(&items).unwrap();
    assert_eq!(registered.appended, 500);
    let ledger = house.open();
    assert!(
        ledger.reader().commit_count() > 2,
        "{}",
        ledger.reader().commit_count()
    );
    assert_eq!(registered.tree_size, 2 + 500 + ledger.reader().commit_count() - 1);
    assert_eq!(house.register(&items).unwrap().appended, 0);
}
