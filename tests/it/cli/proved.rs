//! `prove`: a file that shows that a node is in the log, and what becomes of it when a byte changes.

use std::fs;

use herdbook::query::Proof;
use herdbook::query::Proven;
use herdbook::trust::TrustRoot;

use super::support::Place;

/// A ledger with a source of 70 files, which are one manifest, and a run with two shards.
fn with_manifest() -> Place {
    let place = Place::with_ledger();
    for number in 0..70 {
        place.write(
            &format!("many/{number:02}.jsonl"),
            format!("{{\"n\":{number}}}\n"),
        );
    }
    place.write_pipeline();
    place.write(
        "many.yaml",
        "herdbook: 1\nsources:\n  - {name: many, files: 'many/*.jsonl', made_by: human, acquired_by: own_production, \
         personal_data: no}\ndatasets:\n  - {name: all, members: [many]}\n",
    );
    place.run(&["register", "lineage.yaml"]).expect(0);
    place.run(&["register", "many.yaml"]).expect(0);
    place.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    place
}

fn root(place: &Place) -> TrustRoot {
    TrustRoot::decode(&fs::read(place.at("root.json")).unwrap()).unwrap()
}

fn proof(place: &Place, node: &str) -> Vec<u8> {
    place.run(&["prove", node, "-o", "-"]).expect(0).out.into_bytes()
}

fn check(bytes: &[u8], root: &TrustRoot) -> Option<Proven> {
    Proof::decode(bytes).ok()?.check(root).ok()
}

/// The inclusion proof alone, read by the outside implementation of notes and by RFC 6962's own formula.
#[test]
fn the_proof_for_other_tools_is_a_tlog_proof_of_the_entry() {
    let place = with_manifest();
    place
        .run(&["prove", "many", "-o", "p.json", "--tlog-proof", "many"])
        .expect(0);
    let text = fs::read_to_string(place.at("many.tlog-proof")).unwrap();
    let entry = fs::read(place.at("many.entry")).unwrap();
    let (head, note) = text.split_once("\n\n").unwrap();
    assert_eq!(
        note,
        fs::read_to_string(place.at(".herdbook/log/checkpoint")).unwrap()
    );
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
    let index: u64 = lines
        .next()
        .unwrap()
        .strip_prefix("index ")
        .unwrap()
        .parse()
        .unwrap();
    let hash = |text: &str| {
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text);
        tlog_tiles::Hash(bytes.unwrap().try_into().unwrap())
    };
    let path: Vec<_> = lines.map(hash).collect();
    let mut checkpoint = note.lines().skip(1);
    let size: u64 = checkpoint.next().unwrap().parse().unwrap();
    let root = hash(checkpoint.next().unwrap());
    tlog_tiles::check_record(&path, size, root, index, tlog_tiles::record_hash(&entry)).unwrap();
}

/// Checked by somebody who has the two files and nothing else.
#[test]
fn a_proof_is_checked_without_a_ledger() {
    let place = with_manifest();
    let made = place.run(&["prove", "many/07.jsonl", "-o", "p.json"]).expect(0);
    let auditor = Place::new();
    for file in ["p.json", "root.json"] {
        auditor.write(file, fs::read(place.at(file)).unwrap());
    }
    let checked = auditor
        .run(&["prove", "--check", "p.json", "--trust-root", "root.json"])
        .expect(0);
    assert!(
        checked.out.starts_with("proved: many/07.jsonl with sha256 "),
        "{checked:#?}"
    );
    assert!(made.out.starts_with(checked.out.trim_end()), "{made:#?}");
    let unpinned = auditor.run(&["prove", "--check", "p.json"]).expect(22);
    assert!(unpinned.err.contains("--trust-root FILE"), "{unpinned:#?}");
    place.run(&["prove", "--check", "p.json"]).expect(0);
    let other = Place::with_ledger();
    other.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    auditor.write("other.json", fs::read(other.at("root.json")).unwrap());
    let differs = auditor
        .run(&["prove", "--check", "p.json", "--trust-root", "other.json"])
        .expect(20);
    assert!(differs.err.contains("the proof does not hold"), "{differs:#?}");
}

#[test]
fn whatever_is_in_the_log_can_be_proved() {
    let place = with_manifest();
    for (node, kind, name) in [
        ("seeds", "source", Some("seeds")),
        ("generate", "run", Some("generate")),
        ("tasks", "run", Some("generate")),
        ("tasks/out/1.jsonl", "run", Some("generate")),
        ("model", "run", Some("train")),
        ("all", "dataset", Some("all")),
        ("many", "source", Some("many")),
        ("many/many/69.jsonl", "source", Some("many")),
        ("many/69.jsonl", "source", Some("many")),
        ("weights.bin", "run", Some("train")),
    ] {
        let proven = check(&proof(&place, node), &root(&place)).unwrap();
        assert_eq!(proven.statement.predicate.kind(), kind, "{node}");
        assert_eq!(
            proven
                .statement
                .predicate
                .name()
                .map(herdbook::statement::ItemName::as_str),
            name,
            "{node}"
        );
        assert_eq!(proven.member.is_some(), node.contains("69"), "{node}");
    }
    let log = place.run(&["list", "--json"]).expect(0).json();
    let last = log["checkpoint"]["size"].as_u64().unwrap() - 1;
    let genesis = root(&place).genesis.to_hex();
    let proven = check(&proof(&place, &format!("hb:{genesis}")), &root(&place)).unwrap();
    assert_eq!(
        (proven.entry.get(), proven.statement.predicate.kind()),
        (0, "genesis")
    );
    assert!(proven.checkpoint.size.get() == last + 1);
}

#[test]
fn what_cannot_be_proved_says_why() {
    let place = with_manifest();
    place.write("copy.yaml", "herdbook: 1\nsources:\n  - {name: copy, files: seeds.jsonl, made_by: human, acquired_by: own_production, personal_data: no}\n");
    place.run(&["register", "copy.yaml"]).expect(0);
    for (node, says) in [
        ("nothing", "nothing"),
        ("gap:00/1", "a gap is no entry by itself"),
        ("seeds.jsonl", "means several nodes"),
        ("lineage.yaml", "is registered"),
        ("many/none", "has no file"),
    ] {
        let refused = place.run(&["prove", node, "-o", "p.json"]).expect(1);
        assert!(refused.err.contains(says), "{node} {refused:#?}");
    }
    assert!(!place.at("p.json").exists());
    place.run(&["prove", "seeds"]).expect(2);
    place.run(&["prove", "seeds", "-o", "p.json"]).expect(0);
    place.run(&["prove", "seeds", "-o", "p.json"]).expect(1);
    place.run(&["prove", "--check", "lineage.yaml"]).expect(20);
    place.run(&["prove", "--check", "gone.json"]).expect(1);
}

/// Every byte of the file changed in several ways: it proves the same, or nothing.
#[test]
fn no_byte_can_be_changed_for_another_claim() {
    let place = with_manifest();
    let root = root(&place);
    for node in ["many/many/07.jsonl", "tasks"] {
        let good = proof(&place, node);
        let claim = check(&good, &root).unwrap();
        for position in 0..good.len() {
            for change in [1, 2, 4, 0x10, 0x20, 0x80] {
                let mut changed = good.clone();
                changed[position] ^= change;
                if let Some(other) = check(&changed, &root) {
                    assert_eq!(other, claim, "byte {position} ^ {change:#x}");
                }
            }
            if position % 16 == 0 {
                assert_eq!(check(&good[..position], &root), None, "{position} bytes");
            }
        }
    }
}

/// Pieces of two true proofs do not make a third.
#[test]
fn parts_of_two_proofs_prove_nothing() {
    let place = with_manifest();
    let root = root(&place);
    let parse = |node| -> serde_json::Value { serde_json::from_slice(&proof(&place, node)).unwrap() };
    let (one, two) = (parse("many/many/07.jsonl"), parse("many/many/08.jsonl"));
    let other = parse("tasks");
    let encode = |value: &serde_json::Value| {
        let mut bytes = serde_json::to_vec(value).unwrap();
        bytes.push(b'\n');
        bytes
    };
    assert!(check(&encode(&one), &root).is_some());
    for key in ["line", "index", "path"] {
        let mut mixed = one.clone();
        mixed["member"][key] = two["member"][key].clone();
        assert_eq!(check(&encode(&mixed), &root), None, "{key}");
    }
    for key in ["entry", "tlog_proof"] {
        let mut mixed = one.clone();
        mixed[key] = other[key].clone();
        assert_eq!(check(&encode(&mixed), &root), None, "{key}");
    }
    let mut attached = other.clone();
    attached["member"] = one["member"].clone();
    assert_eq!(check(&encode(&attached), &root), None);
}
