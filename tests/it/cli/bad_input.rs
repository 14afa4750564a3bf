//! Bad input as the command line sees it: one clear message that says what to do, the documented exit code, and
//! nothing appended.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use herdbook::store::FileStore;
use herdbook::store::Store as _;

use super::support::Place;

fn source(keys: &str) -> String {
    format!("herdbook: 1\nsources: [{{name: s, personal_data: no, {keys}}}]\n")
}

/// Lineage files that are refused, each with a part of its message.
fn lineage_files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let run = |inputs: &str, outputs: &str| {
        format!("herdbook: 1\nruns: [{{name: r, does: mix, inputs: [{inputs}], outputs: [{outputs}]}}]\n")
    };
    let circle = "herdbook: 1\nruns:\n\
        - {name: a, does: mix, inputs: [{use: y, as: data}], outputs: [{name: x, kind: shard}]}\n\
        - {name: b, does: mix, inputs: [{use: x, as: data}], outputs: [{name: y, kind: shard}]}\n";
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        (
            "unknown key",
            text(&source("made_of: human")),
            "`made_of` is not a key of",
        ),
        ("wrong type", text(&source("rows: many")), "`rows` must be"),
        (
            "wrong word",
            text(&source("made_by: humans")),
            "write one of human, sensor, model, mixed, unknown",
        ),
        ("missing file", text(&source("files: nowhere.txt")), "nowhere.txt"),
        (
            "duplicate name",
            text("herdbook: 1\nprompts: [{name: s}]\nsources: [{name: s}]\n"),
            "is already the name of",
        ),
        ("cycle", text(circle), "uses itself by way of"),
        (
            "unresolvable use",
            text(&run("{use: nothing, as: data}", "{name: x, kind: shard}")),
            "`use: nothing` does not resolve",
        ),
        (
            "invalid UTF-8",
            b"herdbook: 1\nsources: [{name: \xff}]\n".to_vec(),
            "is not UTF-8",
        ),
        (
            "duplicate key",
            text("{\"herdbook\": 1,\n\"herdbook\": 1}"),
            "stands twice",
        ),
        (
            "control character",
            text("herdbook: 1\nsources: [{name: \"a\\u0007b\"}]\n"),
            "U+0007",
        ),
        (
            "bidi character",
            text("herdbook: 1\nsources: [{name: \"a\\u202eb\"}]\n"),
            "U+202E",
        ),
        ("a folder", text(&source("files: folder")), "folder"),
        ("a socket", text(&source("files: socket")), "socket"),
        ("a broken link", text(&source("files: link")), "link"),
        ("not YAML", text("herdbook: [1\n"), "is not valid YAML"),
        ("nothing", Vec::new(), "is empty: begin with `herdbook: 1`"),
    ]
}

#[test]
fn a_lineage_file_that_is_refused_appends_nothing() {
    let place = Place::with_ledger();
    fs::create_dir(place.at("folder")).unwrap();
    let _socket = UnixListener::bind(place.at("socket")).unwrap();
    symlink("nowhere", place.at("link")).unwrap();
    let before = fs::read(place.at(".herdbook/log/checkpoint")).unwrap();
    for (what, content, part) in lineage_files() {
        place.write("bad.yaml", content);
        let refused = place.run(&["register", "bad.yaml"]).expect(1);
        assert!(refused.err.contains(part), "{what}: {refused:#?}");
        assert!(refused.err.contains("bad.yaml"), "{what}: {refused:#?}");
        assert!(
            refused.err.starts_with("error: nothing was appended"),
            "{what}: {refused:#?}"
        );
        assert!(
            !refused.err.contains('\u{202e}') && !refused.err.contains('\u{7}'),
            "{what}"
        );
        assert_eq!(refused.out, "", "{what}");
        assert_eq!(
            fs::read(place.at(".herdbook/log/checkpoint")).unwrap(),
            before,
            "{what}"
        );
    }
}

#[test]
fn a_huge_lineage_file_is_refused_by_its_size() {
    let place = Place::with_ledger();
    let file = fs::File::create(place.at("huge.yaml")).unwrap();
    file.set_len(64 * 1024 * 1024 + 1).unwrap();
    let refused = place.run(&["register", "huge.yaml"]).expect(1);
    assert!(
        refused
            .err
            .contains("67108865 bytes long, more than the 67108864 allowed"),
        "{refused:#?}"
    );
}

#[test]
fn an_unreadable_file_is_named() {
    let place = Place::with_ledger();
    place.write("secret.txt", "x");
    fs::set_permissions(place.at("secret.txt"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(place.at("secret.txt")).is_ok() {
        println!("this user may read everything, not checked");
        return;
    }
    place.write("l.yaml", source("files: secret.txt"));
    let refused = place.run(&["register", "l.yaml"]).expect(1);
    assert!(
        refused.err.contains("may not be read by this user"),
        "{refused:#?}"
    );
}

#[test]
fn a_key_that_cannot_be_used_is_code_12() {
    let place = Place::with_ledger();
    place.write_pipeline();
    let keys = fs::read_dir(place.at("home/keys"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let issuer = keys.join("issuer.pem");
    let good = fs::read(&issuer).unwrap();
    let register = |what: &str, part: &str| {
        let refused = place.run(&["register", "lineage.yaml"]).expect(12);
        assert!(refused.err.contains(part), "{what}: {refused:#?}");
        assert!(
            !refused.err.contains("PRIVATE KEY-----\nM"),
            "no key is ever printed"
        );
        assert_eq!(place.size(), 2);
    };
    fs::set_permissions(&issuer, fs::Permissions::from_mode(0o644)).unwrap();
    register("loose permissions", "run `chmod 600 ");
    fs::set_permissions(&issuer, fs::Permissions::from_mode(0o600)).unwrap();
    // A P-256 key of an RFC's examples: another algorithm.
    let other = "-----BEGIN PRIVATE KEY-----\n\
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\n\
        OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n\
        1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n\
        -----END PRIVATE KEY-----\n";
    fs::write(&issuer, other).unwrap();
    register("another algorithm", "another algorithm");
    fs::write(&issuer, "not a key").unwrap();
    register("no key", "PKCS#8");
    fs::remove_file(&issuer).unwrap();
    register("missing", "set HERDBOOK_HOME if yours are elsewhere");
    fs::write(&issuer, &good).unwrap();
    fs::set_permissions(&issuer, fs::Permissions::from_mode(0o600)).unwrap();
    // A sound key that the ledger does not know may not sign.
    let owner = keys.join("log.pem");
    let refused = place
        .run(&["register", "lineage.yaml", "--key", owner.to_str().unwrap()])
        .expect(4);
    assert!(refused.err.contains("ask an owner for a grant"), "{refused:#?}");
    assert_eq!(place.size(), 2);
    place.run(&["register", "lineage.yaml"]).expect(0);
}

#[test]
fn a_ledger_of_a_newer_format_is_left_alone() {
    let place = Place::with_pipeline();
    let settings = place.at(".herdbook/herdbook.toml");
    let text = fs::read_to_string(&settings)
        .unwrap()
        .replace("format = 1", "format = 9");
    fs::write(&settings, text).unwrap();
    for verb in [&["list"][..], &["verify", "model"], &["register", "lineage.yaml"]] {
        let refused = place.run(verb).expect(1);
        assert!(
            refused.err.contains("format 9") && refused.err.contains("use a newer program"),
            "{refused:#?}"
        );
    }
}

#[test]
fn a_ledger_in_use_is_code_11_and_readers_do_not_wait() {
    let place = Place::with_pipeline();
    place.write("more.txt", "x");
    place.write("more.yaml", source("files: more.txt"));
    let store = FileStore::open(&place.at(".herdbook")).unwrap();
    let lock = store.lock(Duration::ZERO).unwrap();
    let refused = place
        .run(&["register", "more.yaml", "--lock-wait", "0"])
        .expect(11);
    assert!(refused.err.contains("--lock-wait SECONDS"), "{refused:#?}");
    place.run(&["verify", "model"]).expect(0);
    place
        .run(&["register", "lineage.yaml", "--lock-wait", "0"])
        .expect(0);
    drop(lock);
    place
        .run(&["register", "more.yaml", "--lock-wait", "0"])
        .expect(0);
}

#[test]
fn a_trust_root_that_is_none_is_told() {
    let place = Place::with_pipeline();
    let refused = place
        .run(&["verify", "model", "--trust-root", "nowhere.json"])
        .expect(1);
    assert!(refused.err.contains("key trust-root -o FILE"), "{refused:#?}");
    let both = place
        .run(&["verify", "model", "--trust-root", "x", "--trust-genesis"])
        .expect(2);
    assert!(both.err.contains("cannot be used with"), "{both:#?}");
}
