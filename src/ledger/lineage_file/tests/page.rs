//! The page of the format says what the code does.

use super::super::content::DIGEST;
use super::super::content::FOREIGN;
use super::super::dataset::DATASET;
use super::super::file::FILE;
use super::super::filter::FILTER;
use super::super::input::INPUT;
use super::super::model::MODEL;
use super::super::output::OUTPUT;
use super::super::prompt::PROMPT;
use super::super::run::RUN;
use super::super::source::CRAWL;
use super::super::source::SOURCE;
use super::*;
use crate::statement::*;

const PAGE: &str = include_str!("../../../../docs/formats/lineage-file.md");

/// The text between the fence of `language` and its end.
/// Returns the last example in a language.
fn fenced(language: &str) -> &'static str {
    let (_, rest) = PAGE.rsplit_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn the_example_declares_what_the_page_says() {
    let settings = Settings::parse(["day=2023-03-13"]).unwrap();
    let file = parse(Path::new("l.yaml"), fenced("yaml").as_bytes(), &settings).unwrap();
    let counts = [
        file.sources.len(),
        file.models.len(),
        file.prompts.len(),
        file.filters.len(),
        file.runs.len(),
    ];
    assert_eq!((counts, file.datasets.len()), ([2, 2, 1, 1, 2], 1));
    let tasks = &file.runs[0].outputs[0];
    assert_eq!(tasks.name.value.as_str(), "tasks-2023-03-13");
    assert_eq!(
        tasks.content,
        ContentSpec::Files(vec![Located::new("out/2023-03-13/*.jsonl".to_owned(), 42)])
    );
    assert_eq!(tasks.rows, Some(Located::new(52002, 42)));
    assert_eq!(file.sources[0].personal_data, Answer::No);
    assert_eq!(file.sources[1].generators, Generators::NotKnown);
    assert_eq!(file.sources[1].synthetic_share, Decimal::parse("0.25").ok());
    assert_eq!(file.runs[0].params["max_tokens"], "3072");
    assert_eq!(file.runs[1].inputs_complete, Answer::Yes);
    let unset = parse(
        Path::new("l.yaml"),
        fenced("yaml").as_bytes(),
        &Settings::default(),
    )
    .unwrap_err();
    assert!(
        unset
            .to_string()
            .contains("`${day}` is not set: add `--set day=VALUE` to the command"),
        "{unset}"
    );
}

#[test]
fn the_line_of_digests_is_a_record() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.ndjson"), fenced("json")).unwrap();
    let mut faults = Faults::default();
    let spec = ContentSpec::DigestsFrom(vec![Located::new("p.ndjson".to_owned(), 1)]);
    let found = Lookup::beside(&folder.path().join("l.yaml")).content(&spec, &mut faults);
    assert!(
        matches!(&found, Found::Given(given) if given[0].rows == Some(1200)),
        "{found:?} {faults}"
    );
}

#[test]
fn every_key_word_and_limit_stands_on_the_page() {
    let shapes = [
        SOURCE, CRAWL, MODEL, PROMPT, FILTER, RUN, INPUT, OUTPUT, DATASET, FILE, DIGEST, FOREIGN,
    ];
    let words = [
        MadeBy::WORDS,
        AcquiredBy::WORDS,
        Answer::WORDS,
        FilterRule::WORDS,
        Access::WORDS,
        Does::WORDS,
        Role::WORDS,
        OutputKind::WORDS,
    ];
    for word in shapes
        .iter()
        .flat_map(|shape| shape.keys)
        .chain(words.into_iter().flatten())
    {
        assert!(PAGE.contains(&format!("`{word}`")), "{word}");
    }
    for limit in [
        FILE_BYTES_MAX,
        DEPTH_MAX as u64,
        NODES_MAX as u64,
        ITEM_NAME_BYTES_MAX as u64,
        FILE_NAME_BYTES_MAX as u64,
        TEXT_BYTES_MAX as u64,
        FILES_PER_ITEM_MAX as u64,
        super::super::records::RECORD_BYTES_MAX,
        FAULTS_MAX as u64,
    ] {
        let digits = limit.to_string();
        let (head, rest) = digits.split_at((digits.len() - 1) % 3 + 1);
        let grouped = rest.as_bytes().chunks(3).fold(head.to_owned(), |text, three| {
            format!("{text},{}", std::str::from_utf8(three).unwrap())
        });
        assert!(PAGE.contains(&format!("| {grouped}")), "{grouped}");
    }
}

#[test]
fn what_each_run_takes_is_on_the_page() {
    let page = PAGE.replace('\n', " ");
    for (does, listed) in [
        (Does::Generate, "`generate` takes "),
        (Does::Filter, "and `evaluate` take "),
    ] {
        let (_, rest) = page.split_once(listed).unwrap();
        let listed: Vec<&str> = rest.split(';').next().unwrap().split(", ").collect();
        let mut taken = does.roles();
        taken.sort_by_key(|role| listed.iter().position(|word| word == role));
        assert_eq!(taken, listed, "{does}");
    }
    assert_eq!(Does::Train.roles().len(), Role::WORDS.len() - 1);
}
