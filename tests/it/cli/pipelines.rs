//! Pipelines as they really ran, told by lineage files: what their pages say is what the program says.
//!
//! A page holds blocks of commands with what they print, behind `<!-- checked -->`; of a verdict stand there the
//! first line and the first line of every finding. `DATA` is the folder of the published files, which are not part of
//! this repository: behind `<!-- checked with data -->` a block needs them.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use super::support::Place;
use super::support::Ran;
use super::support::failing;
use super::support::ran;

/// One command of a page, and the lines that it is said to print.
#[derive(Debug, PartialEq)]
pub(super) struct Told {
    command: String,
    lines: Vec<String>,
}

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(super) fn page(name: &str) -> String {
    fs::read_to_string(root().join(format!("docs/pipelines/{name}.md"))).unwrap()
}

/// The projects' own files, which are not part of this repository.
fn data(name: &str) -> Option<PathBuf> {
    let folder = root().join("../shared/data").join(name);
    if !folder.is_dir() {
        println!("absent, not checked: {}", folder.display());
        return None;
    }
    Some(folder)
}

/// The commands in the blocks behind a marker.
pub(super) fn told(page: &str, marker: &str) -> Vec<Told> {
    let mut all: Vec<Told> = Vec::new();
    for after in page.split(&format!("<!-- {marker} -->\n")).skip(1) {
        let block = after.strip_prefix("```text\n").expect("a block of text");
        let (block, _) = block.split_once("\n```").unwrap();
        for line in block.lines().filter(|line| !line.is_empty()) {
            if let Some(command) = line.strip_prefix("$ herdbook ") {
                all.push(Told {
                    command: command.to_owned(),
                    lines: Vec::new(),
                });
            } else {
                all.last_mut()
                    .expect("a command first")
                    .lines
                    .push(line.to_owned());
            }
        }
    }
    assert!(!all.is_empty(), "nothing behind {marker}");
    all
}

/// What a page tells of an answer: its first line, and that of each finding, these sorted, for their order follows ids
/// that differ from ledger to ledger.
fn essence(command: &str, ran: &Ran) -> Vec<String> {
    let mut lines = ran.out.lines();
    let mut kept = vec![lines.next().unwrap_or_default().to_owned()];
    if command.starts_with("verify ") {
        let mut findings: Vec<String> = lines
            .filter(|line| line.starts_with("fails ") || line.starts_with("note "))
            .map(str::to_owned)
            .collect();
        findings.sort();
        kept.append(&mut findings);
    }
    kept
}

fn words(command: &str, data: Option<&Path>) -> Vec<String> {
    command
        .split(' ')
        .map(|word| match data {
            Some(folder) if word == "DATA" => folder.to_str().unwrap().to_owned(),
            _ if word.starts_with("fixtures/") => root().join(word).to_str().unwrap().to_owned(),
            _ => word.to_owned(),
        })
        .collect()
}

/// Runs what a page tells, and compares; the verdict's word decides the exit code.
pub(super) fn compare(place: &Place, told: &[Told], data: Option<&Path>) {
    let mut differ = Vec::new();
    for one in told {
        let words = words(&one.command, data);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = place.run(&words);
        let mut stated = one.lines.clone();
        if let Some((_, findings)) = stated.split_first_mut() {
            findings.sort();
        }
        let real = essence(&one.command, &ran);
        let code = match real[0].split(':').next() {
            Some("tampered") => 20,
            Some("not_traced") => 21,
            Some("undecidable") => 22,
            _ => 0,
        };
        if stated != real || ran.code != code {
            differ.push(format!("$ herdbook {}\n{}\n", one.command, real.join("\n")));
            println!("exit {}, on standard error:\n{}", ran.code, ran.err);
        }
    }
    assert!(
        differ.is_empty(),
        "the page tells something else than this:\n\n{}",
        differ.join("\n")
    );
}

/// A ledger with one fixture in it, and its page compared.
pub(super) fn compared(name: &str) -> Place {
    let place = Place::with_ledger();
    let page = page(name);
    compare(&place, &told(&page, "checked"), None);
    if let Some(folder) = data(name) {
        compare(&place, &told(&page, "checked with data"), Some(&folder));
    }
    place
}

#[test]
fn every_pipeline_has_its_page_and_stands_in_the_index() {
    let index = page("README");
    let mut pages = 0;
    for entry in fs::read_dir(root().join("fixtures/pipelines")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(page(&name).contains("```mermaid\n"), "{name} is not drawn");
        assert!(
            index.contains(&format!("(`{name}.md`)")),
            "{name} is not in the index"
        );
        pages += 1;
    }
    assert_eq!(
        fs::read_dir(root().join("docs/pipelines")).unwrap().count(),
        pages + 1
    );
}

/// A verdict on a fixture in which one thing is said otherwise: why the page calls its own verdict right.
pub(super) fn otherwise(name: &str, from: &str, to: &str, node: &str) -> Ran {
    let place = Place::with_ledger();
    let lineage = fs::read_to_string(root().join(format!("fixtures/pipelines/{name}/lineage.yaml"))).unwrap();
    assert!(lineage.contains(from), "{from}");
    // Beside the files that it names.
    let folder = root().join(format!("fixtures/pipelines/{name}/trees"));
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let file = format!("trees/{}", entry.file_name().into_string().unwrap());
        place.write(&file, fs::read(entry.path()).unwrap());
    }
    place.write("lineage.yaml", lineage.replace(from, to));
    place.run(&["register", "lineage.yaml"]).expect(0);
    place.run(&["verify", node])
}

#[test]
fn solvers_and_verifiers_of_school_mathematics() {
    let place = compared("gsm8k");
    // The verifier only picks; the words of a picked answer are the generator's.
    let json = place
        .run(&["verify", "solutions-6b-verification", "--json"])
        .expect(0)
        .json();
    let models = json["external_models"].as_array().unwrap();
    assert_eq!(models.len(), 1, "{models:?}");
    let mixed = "made_by: mixed\n    generators: [GPT-3 175B, a fine-tuned language model for calculator annotations]";
    let human = otherwise("gsm8k", mixed, "made_by: human", "gsm8k-6b-verifier")
        .expect(0)
        .out;
    assert!(
        human.starts_with("traced: between 0 % and 100 % to 1 declared source, "),
        "{human}"
    );
}

#[test]
fn labels_by_people_on_steps_that_a_model_made() {
    let place = compared("process-supervision");
    // The model in the loop is no circle: each generation stands on the ones before it.
    let json = place.run(&["trace", "prm-9", "--json"]).expect(0).out;
    for model in 0..=9 {
        assert!(json.contains(&format!("\"prm-{model}\"")), "{model}");
    }
    assert!(!json.contains("\"rated-9\""));
    let known = "generators: [a model], synthetic_share: \"0.1\"";
    otherwise(
        "process-supervision",
        "generators: not_known, acquired_by: unknown",
        known,
        "prm-large",
    )
    .expect(0);
}

#[test]
fn a_model_that_judges_and_a_model_that_writes_what_it_thinks() {
    let place = compared("ai-judge-vicuna");
    for (node, role) in [("judged-answers", "conditions"), ("reviews-bard", "contributes")] {
        let text = place.run(&["verify", node]).expect(21).out;
        let line = text.lines().find(|line| line.starts_with("  gpt-4 ")).unwrap();
        assert_eq!(line.split_whitespace().nth(1), Some(role), "{node}: {line}");
    }
    let gap =
        "unresolved: \"reviewer gpt-4-0328-generic, of 70 rows: its template is not in reviewer.jsonl\"";
    otherwise(
        "ai-judge-vicuna",
        &format!("      - {{{gap}, as: prompt}}\n"),
        "",
        "judged-answers",
    )
    .expect(0);
}

#[test]
fn training_recipes_and_what_they_do_not_say() {
    let place = compared("training-recipes");
    let lineage =
        fs::read_to_string(root().join("fixtures/pipelines/training-recipes/lineage.yaml")).unwrap();
    assert_eq!(lineage.matches("    does: train\n").count(), 22);
    assert_eq!(lineage.matches("sha256: ").count(), 31, "22 recipes, 9 pages");
    let models: Vec<&str> = lineage
        .lines()
        .filter(|line| line.ends_with(", kind: model}"))
        .map(|line| line.split('"').nth(1).unwrap())
        .collect();
    let mut untraced = Vec::new();
    for model in &models {
        let ran = place.run(&["verify", model, "--json"]);
        let json = ran.json();
        match ran.code {
            0 => assert!(failing(&json).is_empty(), "{model}"),
            21 => untraced.push((*model, failing(&json).join(" "))),
            _ => panic!("{model}: {ran:?}"),
        }
    }
    let unresolved = "unresolved_input".to_owned();
    let mut expected = vec![
        ("SmolLM3-DPO", unresolved.clone()),
        ("SmolLM3-SFT", unresolved.clone()),
        ("mistral-7b-dpo-constitutional-ai", unresolved),
        ("zephyr-orpo-141b-A35b", "synthetic_origin_unknown".to_owned()),
    ];
    untraced.sort();
    expected.sort();
    assert_eq!(untraced, expected);
}

#[test]
fn the_recipes_are_read_by_the_script_beside_them() {
    let Some(data) = data("training-recipes") else {
        return;
    };
    let folder = root().join("fixtures/pipelines/training-recipes");
    let script = Command::new("python3")
        .arg(folder.join("make.py"))
        .arg(data)
        .output();
    let Ok(output) = script else {
        println!("absent, not checked: python3");
        return;
    };
    let written = ran(output).expect(0).out;
    let committed = fs::read_to_string(folder.join("lineage.yaml")).unwrap();
    assert!(
        written == committed,
        "make.py writes something else than lineage.yaml: run it again"
    );
}

/// Sizes and rows in the fixtures are those of the real files; that the digests are is shown by `--content`.
#[test]
fn the_stated_sizes_and_rows_are_those_of_the_files() {
    let mut files = 0;
    for name in ["gsm8k", "process-supervision", "ai-judge-vicuna"] {
        let Some(folder) = data(name) else { continue };
        let lineage =
            fs::read_to_string(root().join(format!("fixtures/pipelines/{name}/lineage.yaml"))).unwrap();
        let lines: Vec<&str> = lineage.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(path) = line.strip_prefix("- name: ") else {
                continue;
            };
            let Ok(bytes) = fs::read(folder.join(path)) else {
                continue;
            };
            let size = format!("bytes: {}", bytes.len());
            assert!(
                lines[at + 1].starts_with("sha256: ") && lines[at + 2] == size,
                "{path}"
            );
            let rows = bytes.split_inclusive(|byte| *byte == b'\n').count();
            if let Some(stated) = lines.get(at + 3).and_then(|line| line.strip_prefix("rows: ")) {
                assert_eq!(stated, rows.to_string(), "{path}");
            }
            files += 1;
        }
    }
    println!("{files} files compared");
}
