//! `docs/formats/statement.md` and `docs/formats/genesis.md`.

use herdbook::digest::StatementId;
use herdbook::envelope::pae;
use herdbook::statement::Predicate;
use herdbook::statement::Statement;

use super::block;

fn read(page: &str, heading: &str, id: &str) -> Statement {
    let payload = block(page, heading);
    let statement = Statement::decode(payload.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(statement.encode()).unwrap(), payload);
    assert_eq!(
        StatementId::of_pae(&pae(payload.as_bytes())).to_hex(),
        block(page, id)
    );
    statement
}

#[test]
fn the_example_run_is_one() {
    let Predicate::Run(run) = read("statement.md", "Statement", "Id").predicate else {
        panic!("not a run")
    };
    assert_eq!((run.inputs.len(), run.outputs.len()), (3, 1));
}

#[test]
fn the_example_release_is_one() {
    let Predicate::Release(release) = read("statement.md", "Release", "Release id").predicate else {
        panic!("not a release")
    };
    assert_eq!((release.name.as_str(), release.target.subject), ("model-hub", 0));
}

#[test]
fn the_example_report_is_one() {
    let Predicate::Report(report) = read("statement.md", "Report", "Report id").predicate else {
        panic!("not a report")
    };
    assert_eq!((report.targets.len(), report.files.len()), (1, 1));
    let file = b"{\"a\":1}\n";
    assert_eq!(report.files[0].blob, herdbook::digest::BlobId::of(file));
    assert_eq!(report.files[0].bytes, file.len() as u64);
}

#[test]
fn the_examples_of_the_other_kinds_are_such() {
    for (heading, kind) in [
        ("Data set", "dataset"),
        ("Key change", "key"),
        ("Notice", "notice"),
        ("Stated notice", "notice"),
        ("Observation", "observation"),
    ] {
        let statement = read("statement.md", heading, &format!("{heading} id"));
        assert_eq!(statement.predicate.kind(), kind);
    }
}

#[test]
fn the_example_genesis_is_one() {
    let Predicate::Genesis(genesis) = read("genesis.md", "Payload", "Ledger id").predicate else {
        panic!("not a genesis")
    };
    let key = herdbook::checkpoint::LogKey::parse_vkey(&genesis.log_key).unwrap();
    assert_eq!(key.origin().as_str(), genesis.origin);
}

/// Every kind and every word of every list stands on the page.
#[test]
fn the_page_has_every_word() {
    use herdbook::statement::*;
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/statement.md");
    let page = std::fs::read_to_string(path).unwrap();
    let lists: [&[&str]; 13] = [
        MadeBy::WORDS,
        AcquiredBy::WORDS,
        Answer::WORDS,
        FilterRule::WORDS,
        Access::WORDS,
        Does::WORDS,
        Role::WORDS,
        OutputKind::WORDS,
        Basis::WORDS,
        CountBasis::WORDS,
        KeyChangeKind::WORDS,
        Revocation::WORDS,
        ReportedVerdict::WORDS,
    ];
    for word in lists.concat() {
        assert!(page.contains(&format!("`{word}`")), "{word}");
    }
}
