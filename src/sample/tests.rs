//! A sample as a whole: by hand, moved, marked, signed.

use super::*;
use crate::checkpoint::Checkpoint;
use crate::checkpoint::Origin;
use crate::checkpoint::root_text;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::merkle::TreeSize;
use crate::statement::ArtifactRef;

fn unit(statement: u8, at: u32, name: &str, rows: Option<u64>) -> Unit {
    Unit {
        name: name.to_owned(),
        sha256: Some(Sha256Digest::of(name.as_bytes())),
        artifact: ArtifactRef::subject(StatementId::from_bytes([statement; 32]), at),
        rows,
    }
}

fn units() -> Vec<(String, Unit)> {
    let shard = |at: u32| {
        let name = format!("out/{at:02}.jsonl");
        (
            "output/generate".to_owned(),
            unit(2, at, &name, Some(u64::from(at) * 10)),
        )
    };
    let mut units: Vec<_> = (0..12).map(shard).collect();
    units.push(("source/human".to_owned(), unit(1, 0, "seeds.jsonl", Some(5))));
    units.push(("output/train".to_owned(), unit(3, 0, "weights.bin", None)));
    units
}

fn population(by: By) -> Population {
    Population::new(by, units(), Outside::default()).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: Origin::parse("test.example/lab").unwrap(),
        size: TreeSize::new(9),
        root: NodeHash::from_bytes([7; 32]),
    }
}

fn note() -> String {
    let at = checkpoint();
    format!("{}\n\u{2014} test.example/lab AAAAAAAA\n", at.text())
}

fn rule(by: By, n: u64) -> Rule {
    Rule::new(by, n, "the weather of tomorrow").unwrap()
}

fn drawn(by: By, n: u64) -> Drawn {
    draw(checkpoint().root, &population(by), &rule(by, n))
}

fn document(by: By, n: u64) -> Document {
    let artifacts = vec![unit(3, 0, "weights.bin", None).id()];
    Document::of(&drawn(by, n), "model", artifacts, &note()).unwrap()
}

#[test]
fn the_order_in_which_units_come_changes_nothing() {
    let mut turned = units();
    turned.reverse();
    let turned = Population::new(By::Shards, turned, Outside::default()).unwrap();
    assert_eq!(turned, population(By::Shards));
    assert_eq!(turned.digest(), population(By::Shards).digest());
    assert_ne!(turned.digest(), population(By::Rows).digest());
}

#[test]
fn rows_are_numbered_over_the_files_of_a_stratum_and_none_is_of_an_unknown_file() {
    let all = drawn(By::Rows, 4_096);
    assert_eq!(all.size, 660 + 5);
    assert_eq!(all.items.len(), 665);
    assert_eq!(
        (all.outside.rows_unknown, all.outside.named),
        (1, vec!["weights.bin".to_owned()])
    );
    let mut seen = std::collections::BTreeSet::new();
    for item in &all.items {
        let row = item.row.unwrap();
        assert!((1..=item.unit.rows.unwrap()).contains(&row), "{item:?}");
        assert!(seen.insert((item.unit.name.clone(), row)));
    }
    assert_eq!(seen.len(), 665);
}

#[test]
fn root_population_seed_and_number_of_the_stratum_all_count() {
    let names = |drawn: Drawn| {
        drawn
            .items
            .into_iter()
            .map(|item| item.unit.name)
            .collect::<Vec<_>>()
    };
    let usual = names(drawn(By::Shards, 6));
    assert_eq!(usual.len(), 6);
    assert_eq!(usual, names(drawn(By::Shards, 6)));
    let population = population(By::Shards);
    let root = NodeHash::from_bytes([8; 32]);
    assert_ne!(usual, names(draw(root, &population, &rule(By::Shards, 6))));
    let seed = Rule::new(By::Shards, 6, "another").unwrap();
    assert_ne!(usual, names(draw(checkpoint().root, &population, &seed)));
}

#[test]
fn a_rule_has_limits() {
    for n in [0, ITEMS_MAX + 1] {
        assert!(matches!(
            Rule::new(By::Shards, n, "a"),
            Err(SampleError::Count { .. })
        ));
    }
    let long = "a".repeat(SEED_BYTES_MAX + 1);
    for seed in ["", "a\nb", "a\u{202e}b", long.as_str()] {
        assert!(
            matches!(Rule::new(By::Shards, 1, seed), Err(SampleError::Seed)),
            "{seed:?}"
        );
    }
    let huge = vec![("s".to_owned(), unit(1, 0, "a", Some(POPULATION_MAX + 1)))];
    assert!(matches!(
        Population::new(By::Rows, huge, Outside::default()),
        Err(SampleError::TooLarge)
    ));
}

/// Whoever changes what was drawn is found out, and whoever marks is not.
#[test]
fn what_the_rule_does_not_draw_is_told() {
    let honest = document(By::Rows, 20);
    let (drawn, judged) = (drawn(By::Rows, 20), checkpoint());
    assert_eq!(honest.check(&drawn, &judged), None);
    let mut marked = honest.clone();
    marked
        .mark(3, Mark::Differs, Some("two columns are swapped"))
        .unwrap();
    assert_eq!(marked.check(&drawn, &judged), None);
    let told = |change: &dyn Fn(&mut Document)| {
        let mut false_one = honest.clone();
        change(&mut false_one);
        false_one.check(&drawn, &judged).unwrap()
    };
    assert!(told(&|one| one.items.swap(0, 1)).contains("item 1 is"));
    assert!(told(&|one| one.items[4].row = Some(1)).contains("item 5 is row 1"));
    assert!(told(&|one| one.items[4].name = "better.jsonl".to_owned()).contains("better"));
    assert!(told(&|one| drop(one.items.pop())).contains("19 items"));
    assert!(told(&|one| one.population.size -= 1).contains("population"));
    assert!(told(&|one| one.population.strata[0].drawn += 1).contains("population"));
    assert!(told(&|one| one.checkpoint.root = root_text(&NodeHash::from_bytes([9; 32]))).contains("root"));
    assert!(told(&|one| one.checkpoint.origin = "other.example".to_owned()).contains("log"));
}

#[test]
fn a_file_is_read_as_it_was_written_and_in_no_other_way() {
    let file = SampleFile::unsigned(&document(By::Shards, 6)).unwrap();
    assert_eq!(SampleFile::decode(file.bytes()).unwrap(), file);
    assert_eq!(file.signer(), None);
    let text = String::from_utf8(file.bytes().to_vec()).unwrap();
    for (from, to) in [
        ("\"n\":6", "\"n\": 6"),
        ("\"n\":6", "\"n\":6,\"more\":1"),
        ("\"n\":6", "\"n\":0"),
        ("\"format\":1", "\"format\":2"),
        ("sample/v1", "sample/v2"),
        ("\"size\":9", "\"size\":8"),
        ("not_checked", "fine"),
    ] {
        assert!(text.contains(from), "{from}");
        let other = text.replacen(from, to, 1);
        assert!(SampleFile::decode(other.as_bytes()).is_err(), "{from} {to}");
    }
    assert!(SampleFile::decode(b"").is_err());
    assert!(SampleFile::decode(b"{}\n").is_err());
}

#[test]
fn what_nobody_saw_to_be_right_counts_against() {
    let drawn = drawn(By::Shards, 14);
    let mut marks = vec![Mark::AsRegistered; 14];
    let all = |marks: &[Mark]| drawn.shown(marks).pop().unwrap();
    assert_eq!(all(&marks).at_most, 0);
    marks[0] = Mark::NotChecked;
    marks[5] = Mark::Missing;
    marks[13] = Mark::Differs;
    let shown = all(&marks);
    assert_eq!((shown.tally.against(), shown.at_most), (3, 3));
    assert_eq!(shown.tally.drawn(), 14);
    assert_eq!(drawn.shown(&marks).len(), 4);
}
