//! `notice`: what is taken back, corrected or declared late, and what every verdict says before and after.

use serde_json::Value;

use super::support::Place;

/// Verifies, demands an exit code, and returns the judgement.
fn verify(place: &Place, args: &[&str], exit: i32) -> Value {
    place
        .run(&[&["verify", "--json"], args].concat())
        .expect(exit)
        .json()
}

fn codes(judgement: &Value) -> Vec<&str> {
    let findings = judgement["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

#[track_caller]
fn says(judgement: &Value, code: &str) -> String {
    let mut findings = judgement["findings"].as_array().unwrap().iter();
    let found = findings.find(|finding| finding["code"] == code);
    let message = found.unwrap_or_else(|| panic!("no {code}: {judgement:#?}"));
    message["message"].as_str().unwrap().to_owned()
}

const ANOTHER: &str = r"
herdbook: 1
runs:
  - name: train-again
    does: train
    inputs: [{use: seeds, as: data}]
    outputs: [{name: second, kind: model, files: second.bin}]
";

#[test]
fn what_is_withdrawn_for_new_uses_is_not_used_again() {
    let place = Place::with_pipeline();
    let before = place.size().to_string();
    verify(&place, &["model"], 0);
    let size = place.size();
    let args = [
        "notice",
        "withdraw",
        "seeds",
        "--effect",
        "no_new_use",
        "--reason",
        "the donor asked",
    ];
    let dry = place
        .run(&[&args[..], &["--dry-run", "--json"]].concat())
        .expect(0)
        .json();
    assert_eq!(
        (&dry["dry_run"], &dry["has_say"], &dry["total"]),
        (&true.into(), &true.into(), &2.into())
    );
    assert_eq!(dry["reached"][0]["name"], "model", "models stand first");
    assert_eq!(place.size(), size);
    let done = place.run(&args).expect(0);
    assert!(done.out.contains("seeds is withdrawn (no_new_use)"), "{done:#?}");
    // What was made before stands, with a note; what is made after is registered, and forbidden.
    let judgement = verify(&place, &["model"], 0);
    assert!(says(&judgement, "used_before_notice").contains("the donor asked"));
    place.write("second.bin", "second");
    place.write("again.yaml", ANOTHER);
    let registered = place.run(&["register", "again.yaml"]).expect(0);
    assert!(
        registered.err.contains("which was withdrawn at entry"),
        "{registered:#?}"
    );
    let judgement = verify(&place, &["second"], 23);
    assert_eq!(judgement["verdict"], "not_permitted");
    says(&judgement, "used_after_notice");
    let then = verify(&place, &["model", "--as-of", &before], 0);
    assert!(!codes(&then).contains(&"used_before_notice"));
    let shown = place.run(&["show", "seeds"]).expect(0);
    assert!(shown.out.contains("withdraw at entry"), "{shown:#?}");
    let listed = place.run(&["list"]).expect(0);
    assert!(listed.out.contains("notice on seeds"), "{listed:#?}");
    place.run(&["fsck"]).expect(0);
    place.run(&["reindex"]).expect(0);
    verify(&place, &["second"], 23);
}

#[test]
fn a_recall_forbids_what_was_made_and_the_verdict_of_then_is_disputed() {
    let place = Place::with_pipeline();
    let before = place.size().to_string();
    place.run(&["release", "model", "--to", "hub"]).expect(0);
    let args = [
        "notice",
        "recall",
        "seeds",
        "--effect",
        "destroy_derived",
        "--json",
    ];
    let done = place.run(&args).expect(0).json();
    assert_eq!(done["reached"][0]["released"][0]["name"], "hub");
    let judgement = verify(&place, &["model"], 23);
    assert!(says(&judgement, "recalled").contains("is to be destroyed"));
    let then = verify(&place, &["model", "--as-of", &before], 0);
    assert_eq!(then["verdict"], "traced");
    let disputed = says(&then, "disputed_later");
    assert!(
        disputed.contains("not_permitted, recalled") && disputed.contains("at entry"),
        "{disputed}"
    );
    let text = place.run(&["verify", "model", "--as-of", &before]).expect(0);
    assert!(text.out.contains("disputed_later"), "{text:#?}");
    // The same bytes under another name are recalled, too.
    place.write(
        "copy.yaml",
        "
herdbook: 1
sources:
  - {name: washed, files: seeds.jsonl, made_by: human, acquired_by: own_production, personal_data: no}
runs:
  - name: train-washed
    does: train
    inputs: [{use: washed, as: data}]
    outputs: [{name: washed-model, kind: model, files: washed.bin}]
",
    );
    place.write("washed.bin", "washed");
    let registered = place.run(&["register", "copy.yaml"]).expect(0);
    assert!(
        registered.err.contains("which was recalled at entry"),
        "{registered:#?}"
    );
    says(&verify(&place, &["washed-model"], 23), "recalled");
}

#[test]
fn a_key_without_a_say_is_told_so_and_changes_nothing() {
    let place = Place::with_pipeline();
    second_key(&place, &[]);
    let args = [
        "notice",
        "withdraw",
        "seeds",
        "--effect",
        "stop_use",
        "--key",
        "second.pem",
    ];
    let dry = place.run(&[&args[..], &["--dry-run"]].concat()).expect(0);
    assert!(dry.out.contains("would be recorded, without effect"), "{dry:#?}");
    let done = place.run(&args).expect(0);
    assert!(done.err.contains("has no say about seeds"), "{done:#?}");
    assert!(
        done.out.contains("a notice was recorded, without effect"),
        "{done:#?}"
    );
    for told in [&dry, &done] {
        assert!(
            !told.err.contains("not_permitted") && !told.out.contains("withdrawn"),
            "{told:#?}"
        );
    }
    says(&verify(&place, &["model"], 0), "notice_without_effect");
    let shown = place.run(&["show", "seeds"]).expect(0);
    assert!(shown.out.contains("without effect"), "{shown:#?}");
}

fn second_key(place: &Place, more: &[&str]) {
    let made = place
        .run(&["key", "generate", "second.pem", "--json"])
        .expect(0)
        .json();
    let public = made["public_key"].as_str().unwrap();
    let grant = ["key", "grant", public, "--kinds", "*"];
    place.run(&[&grant[..], more].concat()).expect(0);
}

fn corrected(made_by: &str) -> String {
    format!(
        "herdbook: 1
sources:
  - {{name: seeds, files: seeds.jsonl, made_by: {made_by}, acquired_by: own_production, personal_data: no, url: https://example.org}}
"
    )
}

#[test]
fn an_address_is_corrected_at_once_and_a_maker_only_with_a_second_key() {
    let place = Place::with_pipeline();
    let first = place.size() - 1;
    place.write("correct.yaml", corrected("human"));
    place
        .run(&["register", "correct.yaml", "--new-version"])
        .expect(0);
    let versions = place.run(&["list", "seeds", "--json"]).expect(0).json();
    let node = |at: usize| versions["items"][at]["node"].as_str().unwrap().to_owned();
    let (old, new) = (node(0), node(1));
    assert!(first > 0);
    let other = place
        .run(&["notice", "correct", &old, "--by", "tasks", "--json"])
        .expect(1)
        .json();
    assert_eq!(other["code"], "notice_invalid");
    let done = place.run(&["notice", "correct", &old, "--by", &new]).expect(0);
    assert!(done.out.contains("counts at once"), "{done:#?}");
    let judgement = verify(&place, &["model"], 0);
    assert!(says(&judgement, "corrected").contains("by correction at entry"));
    let licences = place.run(&["licences", "model"]).expect(0);
    assert!(licences.out.contains("by correction at entry"), "{licences:#?}");
    assert!(
        licences.out.contains("this stands in the place of hb:"),
        "{licences:#?}"
    );

    // Own output that is said to be the work of people.
    let before = place.size().to_string();
    place.write("human.yaml", "
herdbook: 1
sources:
  - {name: people, files: ['out/0.jsonl', 'out/1.jsonl'], made_by: human, acquired_by: own_production, personal_data: no}
");
    place.run(&["register", "human.yaml"]).expect(0);
    let dry = ["notice", "correct", "tasks", "--by", "people", "--dry-run"];
    let told = place.run(&dry).expect(0);
    assert!(told.out.contains("waits for a second key"), "{told:#?}");
    let done = place
        .run(&["notice", "correct", "tasks", "--by", "people", "--json"])
        .expect(0)
        .json();
    assert_eq!(done["counts_at_once"], false);
    let judgement = verify(&place, &["model"], 21);
    says(&judgement, "conflicting_origin");
    assert!(says(&judgement, "correction_not_affirmed").contains("key affirm"));
    let id = done["id"].as_str().unwrap();
    place.run(&["key", "generate", "third.pem"]).expect(0);
    for more in [&[][..], &["--dry-run"]] {
        let refused = place
            .run(&[&["key", "affirm", id, "--key", "third.pem"], more].concat())
            .expect(4);
        assert!(refused.err.contains("herdbook key grant "), "{refused:#?}");
    }
    let own = place.run(&["key", "affirm", id]);
    assert_eq!(own.code, 4, "{own:#?}");
    second_key(&place, &[]);
    place.run(&["key", "affirm", id, "--key", "second.pem"]).expect(0);
    let judgement = verify(&place, &["model"], 0);
    assert!(says(&judgement, "corrected").contains("affirmed by key"));
    verify(&place, &["model", "--as-of", &before], 0);
}

#[test]
fn a_mistake_is_not_told_as_damage() {
    let place = Place::with_pipeline();
    let refused = place
        .run(&["notice", "supersede", "seeds", "--by", "seeds"])
        .expect(1);
    assert!(
        refused.err.starts_with("error: nothing was appended: "),
        "{refused:#?}"
    );
    assert!(refused.err.contains("help: "), "{refused:#?}");
    assert!(!refused.err.contains("cannot be used"), "{refused:#?}");
}

#[test]
fn a_newer_one_is_told() {
    let place = Place::with_pipeline();
    place
        .run(&["notice", "supersede", "seeds", "--by", "teacher"])
        .expect(0);
    says(&verify(&place, &["model"], 0), "superseded");
}

const GAPPY: &str = r"
herdbook: 1
models:
  - {name: teacher, provider: Example AI, version: '1', access: api}
runs:
  - name: generate
    does: generate
    inputs:
      - {unresolved: the wiki, digest: 'sha256:DIGEST', as: seed}
      - {unresolved: something else, as: seed}
      - {use: teacher, as: generator}
    outputs: [{name: tasks, kind: shard, files: out.jsonl}]
";

fn count(judgement: &Value, code: &str) -> usize {
    codes(judgement)
        .into_iter()
        .filter(|other| *other == code)
        .count()
}

/// Returns the gaps of a class.
fn gaps(place: &Place, class: &str) -> Vec<Value> {
    let listed = place.run(&["gaps", "--json"]).expect(0).json();
    let all = listed["gaps"].as_array().unwrap().iter();
    all.filter(|gap| gap["class"] == class).cloned().collect()
}

fn unresolved(place: &Place, code: &str) -> Value {
    let mut all = gaps(place, "unresolved").into_iter();
    all.find(|gap| gap["code"] == code).unwrap()
}

/// A run with two gaps, one with the digest of a file, and then a source with that file; with the size in between.
fn with_gaps() -> (Place, String) {
    let place = Place::with_ledger();
    place.write("wiki.jsonl", "{\"page\":1}\n");
    place.write("out.jsonl", "{\"b\":1}\n");
    let hashed = ["hash", "wiki.jsonl", "--out", "wiki.ndjson"];
    place.run(&hashed).expect(0);
    let record = std::fs::read_to_string(place.at("wiki.ndjson")).unwrap();
    let record: Value = serde_json::from_str(record.lines().next().unwrap()).unwrap();
    let digest = record["sha256"].as_str().unwrap();
    place.write("gappy.yaml", GAPPY.replace("DIGEST", digest));
    place.run(&["register", "gappy.yaml"]).expect(0);
    let before = place.size().to_string();
    let judgement = verify(&place, &["tasks"], 21);
    assert_eq!(count(&judgement, "unresolved_input"), 2);
    place.write(
        "wiki.yaml",
        "
herdbook: 1
sources:
  - {name: wiki, files: wiki.jsonl, made_by: human, acquired_by: web_crawl, personal_data: no}
",
    );
    place.run(&["register", "wiki.yaml"]).expect(0);
    (place, before)
}

#[test]
fn a_gap_is_resolved_by_what_has_its_digest() {
    let (place, before) = with_gaps();
    let told = place.run(&["register", "gappy.yaml"]).expect(0);
    assert!(told.err.contains("herdbook notice resolve gap:"), "{told:#?}");
    let known = unresolved(&place, "undeclared_digest");
    let command = known["close"].as_str().unwrap().split('`').nth(1).unwrap();
    assert_eq!(known["command"], command);
    let told = place.run(&["gaps"]).expect(0);
    assert!(told.out.lines().any(|line| line == command), "{told:#?}");
    let args: Vec<&str> = command.split(' ').skip(1).collect();
    place.run(&args).expect(0);
    let judgement = verify(&place, &["tasks"], 21);
    assert!(says(&judgement, "declared_late").contains("declared late"));
    assert_eq!(count(&judgement, "unresolved_input"), 1);
    let again = place.run(&[&args[..], &["--json"]].concat()).expect(1).json();
    assert!(
        again["message"].as_str().unwrap().contains("resolved already"),
        "{again:#?}"
    );
    let then = verify(&place, &["tasks", "--as-of", &before], 21);
    assert!(!codes(&then).contains(&"declared_late"));
    assert_eq!(gaps(&place, "late").len(), 1);
}

#[test]
fn a_gap_is_not_resolved_by_anything_else() {
    let (place, _) = with_gaps();
    // The other gap states no digest, and another file has another one.
    let open = unresolved(&place, "undeclared");
    let stated = unresolved(&place, "undeclared_digest");
    let stated = stated["id"].as_str().unwrap();
    for (gap, by) in [
        (open["id"].as_str().unwrap(), "wiki"),
        (stated, "teacher"),
        (stated, "tasks"),
    ] {
        let refused = place
            .run(&["notice", "resolve", gap, "--by", by, "--json"])
            .expect(1)
            .json();
        assert_eq!(refused["code"], "notice_invalid", "{refused:#?}");
    }
}

#[test]
fn what_cannot_be_noticed_is_refused() {
    let place = Place::with_pipeline();
    let size = place.size();
    for (args, exit, code) in [
        (&["notice", "withdraw", "seeds"][..], 2, "usage"),
        (&["notice", "withdraw", "seeds", "--effect", "burn"], 2, "usage"),
        (
            &["notice", "withdraw", "generate", "--effect", "stop_use"],
            1,
            "notice_invalid",
        ),
        (
            &["notice", "withdraw", "nothing", "--effect", "stop_use"],
            1,
            "unknown_name",
        ),
        (
            &[
                "notice",
                "withdraw",
                "seeds",
                "--effect",
                "stop_use",
                "--reason",
                "a\u{202e}b",
            ],
            2,
            "option_invalid",
        ),
        (
            &["notice", "correct", "seeds", "--by", "tasks"],
            1,
            "notice_invalid",
        ),
        (
            &["notice", "supersede", "seeds", "--by", "tasks"],
            1,
            "notice_invalid",
        ),
        (&["notice", "resolve", "gap:00/0", "--by", "seeds"], 2, "usage"),
    ] {
        let refused = place.run(&[args, &["--json"]].concat()).expect(exit).json();
        assert_eq!(refused["code"], code, "{refused:#?}");
    }
    assert_eq!(place.size(), size);
}
