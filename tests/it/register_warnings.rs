//! What is registered although an auditor will object to it, and what is left out.

use herdbook::ledger::register::RegisterOptions;
use herdbook::ledger::register::WarningCode;
use herdbook::statement::InputFrom;
use herdbook::statement::Predicate;

use crate::register::FURTHER;
use crate::register::codes;
use crate::register::house;
use crate::register::statement;
use crate::register::with;

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
    // Where two answers are possible, or a line would hide what is missing, none is offered to copy.
    assert!(
        told.contains(&(WarningCode::PersonalDataNotKnown, "seeds", 3, None)),
        "{told:?}"
    );
    assert!(
        told.contains(&(WarningCode::RowsNotAccounted, "a", 5, None)),
        "{told:?}"
    );
    let message = |code| {
        let found = registered.warnings.iter().find(|warning| warning.code == code);
        found.unwrap().message.as_str()
    };
    assert_eq!(
        message(WarningCode::RowsNotAccounted),
        "3 rows come out, but its data inputs account for 2 only: an input with 1 row is missing; if one row really \
         becomes several here, say so with `expansion:`"
    );
    let personal = message(WarningCode::PersonalDataNotKnown);
    assert!(
        personal.contains("say `personal_data: yes` or `personal_data: no`")
            && personal.contains("`seeds.jsonl`"),
        "{personal}"
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
    let better = file.replace("does: filter, ", "does: transform, expansion: '1.5', ");
    let registered = house.register_with(&better, FURTHER).unwrap();
    assert!(!codes(&registered).contains(&WarningCode::RowsNotAccounted));
}

#[test]
fn an_item_without_files_has_only_its_own_texts_to_warn_of() {
    let house = house();
    let file = "herdbook: 1\nsources: [{name: s2, made_by: human, acquired_by: licensed}]\n";
    let registered = house.register(file).unwrap();
    let message = &registered.warnings[0].message;
    assert!(
        message.ends_with("all names and texts of the item") && !message.contains("`s2`"),
        "{message}"
    );
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
    let message = &registered.warnings[0].message;
    assert!(message.contains("also those of a source `seeds`"), "{message}");
}

#[test]
fn a_generator_that_two_sources_name_is_no_content_of_theirs() {
    let house = house();
    let items = "herdbook: 1
sources:
  - {name: one, made_by: model, generators: [teacher], acquired_by: public_dataset, personal_data: no}
  - {name: two, made_by: mixed, generators: [teacher], acquired_by: public_dataset, personal_data: no}
models:
  - {name: teacher, provider: Example AI, version: '1', access: api}
";
    let registered = house.register(items).unwrap();
    assert!(codes(&registered).is_empty(), "{:?}", registered.warnings);
}

#[test]
fn bytes_of_the_same_origin_are_not() {
    let house = house();
    house.write("data/empty.jsonl", "");
    house.write("data/own/tokenizer.json", "{\"v\":1}");
    house.write("data/own/weights.bin", "w");
    house.write("data/theirs/tokenizer.json", "{\"v\":1}");
    house.write("data/theirs/weights.bin", "v");
    let items = "
  - {name: copy, files: [seeds.jsonl], made_by: human, acquired_by: licensed, personal_data: no}
  - {name: nothing, files: [empty.jsonl], made_by: unknown, acquired_by: licensed, personal_data: no}
models:
  - {name: theirs, provider: Example AI, version: '1', access: weights, files: ['theirs/*']}
runs:
  - {name: t, does: train, inputs: [{use: theirs, as: base}, {use: seeds, as: data}], outputs: [{name: own, kind: model, files: ['own/*']}]}
  - {name: g, does: generate, inputs: [{use: theirs, as: generator}], outputs: [{name: none, kind: shard, files: [empty.jsonl]}]}
";
    let registered = house.register(&with(items.trim_start_matches('\n'))).unwrap();
    // The empty file is told of as that, once for each.
    assert_eq!(
        codes(&registered),
        [WarningCode::FileUnfinished; 2],
        "{:?}",
        registered.warnings
    );
}

#[test]
fn rows_taken_twice_or_over_and_over_are_warned_of() {
    let house = house();
    house.write("data/four.jsonl", "1\n2\n3\n4\n");
    let items = "
runs:
  - {name: m, does: mix, inputs: [{use: seeds, as: data}, {use: seeds, as: data}], outputs: [{name: o, kind: shard, files: [four.jsonl]}]}
  - {name: t, does: train, inputs: [{use: seeds, as: data, rows: 6}], outputs: [{name: w, kind: model}]}
";
    let file = with(items.trim_start());
    let registered = house.register(&file).unwrap();
    let said: Vec<_> = registered
        .warnings
        .iter()
        .map(|warning| warning.message.as_str())
        .collect();
    assert_eq!(codes(&registered), [WarningCode::RowsNotAccounted; 2]);
    for (rows, key) in [
        ("2 rows is missing", "`expansion:`"),
        ("4 rows is missing", "`epochs:`"),
    ] {
        assert!(
            said.iter().any(|said| said.contains(rows) && said.ends_with(key)),
            "{said:?}"
        );
    }
    let better = file
        .replacen("as: data}", "as: data, repeat: '2'}", 1)
        .replace("does: train,", "does: train, epochs: '3',");
    let registered = house.register_with(&better, FURTHER).unwrap();
    assert!(
        !codes(&registered).contains(&WarningCode::RowsNotAccounted),
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
fn rows_that_were_kept_cannot_be_fewer_than_come_out() {
    let house = house();
    let items = "
runs:
  - {name: f, does: filter, inputs: [{use: seeds, as: data, rows: 2, kept: 1}], outputs: [{name: o, kind: shard, rows: 2}]}
";
    let file = with(items.trim_start());
    let registered = house.register(&file).unwrap();
    assert_eq!(codes(&registered), [WarningCode::RowsNotAccounted]);
    let message = &registered.warnings[0].message;
    assert!(
        message.contains("account for 1 only: what they say as `kept` is too small"),
        "{message}"
    );
    let better = file.replace("kept: 1", "kept: 2");
    assert_eq!(
        codes(&house.register_with(&better, FURTHER).unwrap()),
        [WarningCode::AnotherVersion]
    );
}

#[test]
fn files_of_rows_that_look_unfinished_are_warned_of() {
    let house = house();
    house.write("data/empty.jsonl", "");
    house.write("data/cut.jsonl", "{\"id\":1}\n{\"id\":2");
    house.write("data/whole.jsonl", "{\"id\":1}\n{\"id\":3}");
    house.write("data/cut.csv", "a,b\n1");
    let items = "
  - {name: odd, files: [empty.jsonl, cut.jsonl, whole.jsonl, cut.csv], made_by: human, acquired_by: licensed, personal_data: no}
";
    let file = with(items.trim_start_matches('\n'));
    let registered = house.register(&file).unwrap();
    assert_eq!(codes(&registered), [WarningCode::FileUnfinished; 2]);
    assert_eq!(registered.warnings[0].message, "`empty.jsonl` has no row");
    let cut = &registered.warnings[1].message;
    assert!(cut.starts_with("`cut.jsonl` ends without a line end"), "{cut}");
    assert_eq!(codes(&house.register(&file).unwrap()), []);
}

#[test]
fn names_that_are_withheld_are_told_once() {
    let house = house();
    let file = with("").replace("personal_data: no", "personal_data: yes");
    let registered = house.register(&file).unwrap();
    assert_eq!(codes(&registered), [WarningCode::NamesWithheld]);
    assert!(registered.warnings[0].message.contains("go by commitments"));
    assert!(registered.nodes.iter().all(|node| !node.already_present));
    let again = house.register(&file).unwrap();
    assert_eq!(codes(&again), []);
    assert!(again.nodes.iter().all(|node| node.already_present));
}
