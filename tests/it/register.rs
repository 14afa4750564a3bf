//! Registering: what is refused with which words, what is warned of, and what becomes of gaps and versions.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use herdbook::index::Index as _;
use herdbook::ledger::LedgerError;
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
const SEEDS: &str = "
sources:
  - {name: seeds, files: [seeds.jsonl], made_by: human, acquired_by: own_production, personal_data: no}
";

fn with(items: &str) -> String {
    format!("herdbook: 1\n{}{items}", SEEDS.trim_start())
}

fn house() -> House {
    let house = House::with_ledger();
    house.write("data/seeds.jsonl", "{}\n{}\n");
    house
}

fn statement(house: &House, name: &str) -> Statement {
    let ledger = house.open();
    let name = herdbook::statement::ItemName::new(name).unwrap();
    let last = ledger.index().versions(&name).unwrap().pop().unwrap();
    ledger.entry(last.entry).unwrap().1
}

fn codes(registered: &Registered) -> Vec<WarningCode> {
    registered.warnings.iter().map(|warning| warning.code).collect()
}

/// What is wrong, and a part of the one message that says so with file and line.
#[test]
fn each_bad_input_has_one_message_and_appends_nothing() {
    let table = [
        (
            "runs:\n  - name: a\n    does: mix\n    inputs: [{use: seedz, as: data}]\n    outputs: [{name: o, kind: shard}]\n",
            "lineage.yaml:7: `a`: `use: seedz` does not resolve: nothing is registered as `seedz`; did you mean `seeds` of this file?",
        ),
        (
            "runs:\n  - name: a\n    does: mix\n    inputs: [{use: p, as: data}]\n    outputs: [{name: o, kind: shard}]\n  - name: b\n    does: mix\n    inputs: [{use: o, as: data}]\n    outputs: [{name: p, kind: shard}]\n",
            "lineage.yaml:5: `a`: uses itself by way of `a` (line 5), `b` (line 9)",
        ),
        (
            "runs:\n  - name: a\n    does: mix\n    inputs: [{use: o, as: data}]\n    outputs: [{name: o, kind: shard}]\n",
            "lineage.yaml:5: `a`: uses itself by way of `a` (line 5)",
        ),
        (
            "runs:\n  - name: a\n    does: generate\n    inputs: [{use: seeds, as: generator}]\n    outputs: [{name: o, kind: shard}]\n",
            "lineage.yaml:7: `a`: `use: seeds` is a source, which cannot be `generator` of a run that does `generate`",
        ),
        (
            "runs:\n  - name: a\n    does: mix\n    inputs: [{use: seeds, as: data}]\n    outputs: [{name: o, kind: shard}]\n  - name: b\n    does: mix\n    inputs: [{use: a, as: data}]\n    outputs: [{name: p, kind: shard}]\n",
            "`use: a` is a run, and runs have no rows: write the name of one of its outputs (`o`)",
        ),
        (
            "models:\n  - {name: m, provider: x, version: '1', access: api}\ndatasets:\n  - {name: d, members: [m]}\n",
            "`d`: `use: m` is a model, which cannot be a member of a dataset",
        ),
        (
            "filters:\n  - {name: f, rule: quality, model: seeds}\n",
            "lineage.yaml:5: `f`: `use: seeds` is a source, which cannot be `judge`",
        ),
        (
            "prompts:\n  - {name: p, files: [absent.txt]}\n",
            "lineage.yaml:5: `absent.txt` matches no file",
        ),
        (
            "prompts:\n  - {name: p, files: [folder]}\n",
            "`folder` is a folder: name the files in it",
        ),
        (
            "prompts:\n  - {name: p, files: [broken]}\n",
            "`broken` is a link to `nowhere`, which leads nowhere",
        ),
        (
            "prompts:\n  - {name: p, files: [socket]}\n",
            "`socket` is a socket, which has no fixed content",
        ),
        (
            "prompts:\n  - {name: seeds, files: [seeds.jsonl]}\n",
            "`seeds` is already the name of a source on line 3",
        ),
        (
            "prompts:\n  - {name: p, content: none, text: 5}\n",
            "`text` is not a key of a prompt",
        ),
        (
            "runs:\n  - name: a\n    does: mix\n    inputs: [{use: 'hb:00', as: data}]\n    outputs: [{name: o, kind: shard}]\n",
            "`use: hb:00` does not resolve: no statement has an id that begins with `00`",
        ),
        (
            "runs:\n  - name: a\n    does: mix\n    inputs: [{use: 'sha256:00', as: data}]\n    outputs: [{name: o, kind: shard}]\n",
            "`use: sha256:00` does not resolve: `sha256:00` is no name and no id",
        ),
        (
            "runs:\n  - name: a\n    does: mix\n    inputs: [{use: seeds, as: data}]\n    outputs: [{name: o, kind: shard, files: [out.jsonl], rows: 3}]\n",
            "lineage.yaml:8: `a`: `rows: 3` is stated, but its files have 2",
        ),
    ];
    let house = house();
    fs::create_dir(house.path("data/folder")).unwrap();
    house.write("data/out.jsonl", "{}\n{}\n");
    std::os::unix::fs::symlink("nowhere", house.path("data/broken")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(house.path("data/socket")).unwrap();
    for (items, expected) in table {
        let message = house.refused(&with(items));
        assert!(
            message.contains(expected),
            "{message}\n  should contain\n{expected}"
        );
    }
}

#[test]
fn several_wrong_items_are_told_at_once_and_what_hangs_on_them_is_not() {
    let house = house();
    let items = "
runs:
  - {name: a, does: mix, inputs: [{use: nothing, as: data}], outputs: [{name: o, kind: shard}]}
  - {name: b, does: mix, inputs: [{use: o, as: data}], outputs: [{name: p, kind: shard}]}
  - {name: c, does: mix, inputs: [{use: nobody, as: data}, {use: none, as: data}], outputs: [{name: q, kind: shard}]}
";
    let message = house.refused(&with(items.trim_start()));
    assert_eq!(message.lines().count(), 3, "{message}");
    for text in ["`use: nothing`", "`use: nobody`", "`use: none`"] {
        assert!(message.contains(text), "{message}");
    }
}

#[test]
fn an_unreadable_file_is_said() {
    let house = house();
    house.write("data/secret.txt", "x");
    fs::set_permissions(house.path("data/secret.txt"), fs::Permissions::from_mode(0)).unwrap();
    // Root reads everything.
    if fs::read(house.path("data/secret.txt")).is_ok() {
        println!("not checked: this user may read every file");
        return;
    }
    let message = house.refused(&with("prompts:\n  - {name: p, files: [secret.txt]}\n"));
    assert!(message.contains("may not be read"), "{message}");
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
    let new = RegisterOptions {
        new_version: true,
        ..RegisterOptions::default()
    };
    let registered = house.register_with(&with(""), new).unwrap();
    assert_eq!(
        (registered.appended, codes(&registered)),
        (1, vec![WarningCode::AnotherVersion])
    );
    // The bare name is ambiguous outside of this file now, and says so.
    let use_it = "herdbook: 1\nruns:\n  - {name: a, does: mix, inputs: [{use: SEEDS, as: data}], outputs: [{name: o, kind: shard}]}\n";
    let message = house.refused(&use_it.replace("SEEDS", "seeds"));
    assert!(
        message.contains("`seeds` has 2 versions: write one of seeds@4, seeds@2"),
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
    let registered = house.register(&corrected).unwrap();
    assert_eq!(registered.appended, 1);
    assert!(codes(&registered).contains(&WarningCode::AnotherVersion));
    assert_eq!(house.register(&corrected).unwrap().appended, 0);
    assert_eq!(
        house.register(&with("")).unwrap().appended,
        0,
        "the first version is still there"
    );
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
    let command = again.warnings[0].add.as_deref().unwrap_or_default();
    assert!(command.starts_with("herdbook notice resolve hb:"), "{command}");
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
    assert_eq!(names, ["0", "1"]);
}

#[test]
fn warnings_say_which_line_to_add() {
    let house = house();
    house.write("data/doubled.jsonl", "1\n2\n3\n");
    let items = "
runs:
  - {name: a, does: filter, inputs: [{use: seeds, as: data}], outputs: [{name: o, kind: shard, files: [doubled.jsonl]}]}
  - {name: g, does: generate, inputs: [{use: seeds, as: seed}], outputs: [{name: q, kind: shard}]}
  - {name: m, does: merge, inputs: [{unresolved: x, as: base}], outputs: [{name: n, kind: model}]}
";
    let file = with(items.trim_start()).replace(", personal_data: no", "");
    let registered = house.register(&file).unwrap();
    let told: Vec<_> = registered
        .warnings
        .iter()
        .map(|warning| {
            (
                warning.code,
                warning.item.as_str(),
                warning.line,
                warning.add.as_deref(),
            )
        })
        .collect();
    assert!(
        told.contains(&(
            WarningCode::PersonalDataNotKnown,
            "seeds",
            3,
            Some("personal_data: no")
        )),
        "{told:?}"
    );
    assert!(
        told.contains(&(WarningCode::RowsNotAccounted, "a", 5, Some("expansion: \"1.5\""))),
        "{told:?}"
    );
    assert!(
        told.contains(&(
            WarningCode::RoleMissing,
            "g",
            6,
            Some("- {use: NAME, as: generator}")
        )),
        "{told:?}"
    );
    assert!(
        told.contains(&(WarningCode::RoleMissing, "m", 7, Some("- {use: NAME, as: base}"))),
        "{told:?}"
    );
    // The line that is told is the one that helps.
    let better = file.replace("does: filter, ", "does: filter, expansion: '1.5', ");
    let registered = house.register(&better).unwrap();
    assert!(!codes(&registered).contains(&WarningCode::RowsNotAccounted));
}

#[test]
fn bytes_of_another_origin_are_warned_of() {
    let house = house();
    house.register(&with("")).unwrap();
    let items = "herdbook: 1
runs:
  - {name: g, does: generate, inputs: [{unresolved: some model, as: generator}], outputs: [{name: made, kind: shard, files: [seeds.jsonl]}]}
";
    let registered = house.register(items).unwrap();
    assert_eq!(codes(&registered), [WarningCode::ClaimedElsewhere]);
    assert!(
        registered.warnings[0].message.contains("also `seeds` (hb:"),
        "{:?}",
        registered.warnings
    );
}

#[test]
fn keep_going_leaves_out_what_is_wrong_and_records_gaps() {
    let house = house();
    let items = "
prompts:
  - {name: p, files: [broken]}
runs:
  - {name: a, does: mix, inputs: [{use: seeds, as: data}, {use: nothing, as: data}, {use: p, as: prompt}], outputs: [{name: o, kind: shard}]}
";
    std::os::unix::fs::symlink("nowhere", house.path("data/broken")).unwrap();
    let file = with(items.trim_start());
    house.refused(&file);
    let keep = RegisterOptions {
        keep_going: true,
        ..RegisterOptions::default()
    };
    let registered = house.register_with(&file, keep).unwrap();
    assert_eq!(registered.appended, 2);
    let left_out: Vec<&str> = registered
        .left_out
        .iter()
        .map(|problem| problem.item.as_str())
        .collect();
    assert_eq!(left_out, ["p"]);
    let Predicate::Run(run) = statement(&house, "o").predicate else {
        panic!("not a run");
    };
    let gaps: Vec<&str> = run
        .inputs
        .iter()
        .filter_map(|input| match &input.from {
            InputFrom::Gap(gap) => Some(gap.text.as_str()),
            InputFrom::Artifacts(_) => None,
        })
        .collect();
    assert_eq!(gaps, ["nothing", "p"]);
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
        items.push_str(&format!("  - {{name: f{number}, rule: other, params: {{"));
        for key in 0..4 {
            items.push_str(&format!("k{key}: '{text}', "));
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

#[test]
fn a_newer_format_and_no_ledger_are_said() {
    let house = house();
    let path = house.path("ledger/herdbook.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("format = 0", "format = 9")).unwrap();
    let newer = herdbook::ledger::Ledger::open(&house.path("ledger")).unwrap_err();
    assert_eq!(
        newer.to_string(),
        "the ledger has format 9, and this program knows formats up to 0: use a newer program"
    );
    for folder in ["data", "nowhere"] {
        let none = herdbook::ledger::Ledger::open(&house.path(folder)).unwrap_err();
        assert!(none.is_no_ledger(), "{none:?}");
    }
    let changed: LedgerError = none_of(&house);
    assert!(changed.is_tampered(), "{changed:?}");
}

/// Another origin in the settings than in genesis.
fn none_of(house: &House) -> LedgerError {
    let path = house.path("ledger/herdbook.toml");
    fs::write(&path, "format = 0\norigin = \"example.com/other\"\n").unwrap();
    herdbook::ledger::Ledger::open(&house.path("ledger")).unwrap_err()
}
