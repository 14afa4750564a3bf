//! Every text of every kind is withheld in turn: where the list here says so that is a statement, and nowhere else.

use crate::commitment::Secret;
use crate::digest::Sha256Digest;

use super::*;

/// What can be withheld, written out once more and not derived from the table.
const WITHHOLDABLE: &[&str] = &[
    "dataset /predicate/unresolved/0/text",
    "filter /predicate/artifacts/0/declaration/name",
    "filter /predicate/name",
    "filter /predicate/params/threshold",
    "key /predicate/reason",
    "model /predicate/family",
    "model /predicate/licence",
    "model /predicate/report",
    "model /predicate/terms",
    "notice /predicate/reason",
    "prompt /predicate/name",
    "prompt /subject/0/name",
    "run /predicate/code/0/name",
    "run /predicate/command",
    "run /predicate/environment/image",
    "run /predicate/inputs/1/unresolved/text",
    "run /predicate/name",
    "run /predicate/operator",
    "run /predicate/outputs/0/name",
    "run /predicate/outputs/1/artifacts/0/declaration/name",
    "run /predicate/outputs/1/artifacts/0/declaration/run",
    "run /predicate/outputs/1/name",
    "run /predicate/outputs/2/artifacts/0/declaration/name",
    "run /predicate/outputs/2/artifacts/0/declaration/run",
    "run /predicate/outputs/2/name",
    "run /predicate/params/a~1b",
    "run /subject/0/name",
    "source /predicate/artifacts/1/declaration/holder",
    "source /predicate/artifacts/1/declaration/name",
    "source /predicate/artifacts/1/declaration/url",
    "source /predicate/crawl/agent",
    "source /predicate/crawl/opt_out",
    "source /predicate/crawl/robots",
    "source /predicate/evidence/0/name",
    "source /predicate/geography/0",
    "source /predicate/holder",
    "source /predicate/languages/0",
    "source /predicate/languages/1",
    "source /predicate/legal_basis",
    "source /predicate/licence",
    "source /predicate/modality/0",
    "source /predicate/name",
    "source /predicate/period",
    "source /predicate/url",
    "source /subject/0/name",
    "trained /predicate/name",
    "trained /predicate/outputs/1/artifacts/0/declaration/run",
    "trained /subject/0/name",
    "weights /subject/0/name",
];

const HEAD: &str = r#""issuer":"ISSUER","ledger":"LEDGER""#;
const FILE: &str =
    r#"{"basis":"given","blake3":"DIGEST","bytes":12,"content":"file","rows":3,"rows_basis":"given"}"#;

/// One statement of each kind, with every field it can have.
fn samples() -> Vec<(&'static str, String)> {
    let of = |kind: &'static str, called: &'static str, predicate: String, subjects: &[&str]| {
        let subjects: Vec<String> = subjects
            .iter()
            .map(|name| format!(r#"{{"digest":{{"sha256":"DIGEST"}},"name":"{name}"}}"#))
            .collect();
        let statement = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","predicate":{{{HEAD},{predicate}}},"predicateType":"https://herdbook/{kind}/v1","subject":[{}]}}"#,
            subjects.join(",")
        );
        let statement = statement
            .replace("ISSUER", &"01".repeat(32))
            .replace("LEDGER", &"09".repeat(32))
            .replace("DIGEST", &"0a".repeat(32))
            .replace("CITED", &format!("hb:{}/0", "03".repeat(32)));
        (called, statement)
    };
    vec![
        of("source", "source", format!(r#""acquired_by":"web_crawl","artifacts":[{FILE},{{"content":"foreign","declaration":{{"alg":"git-blob-sha1","content":"foreign","holder":"h","kind":"source","name":"n","url":"u","value":"37"}}}}],"crawl":{{"agent":"a","opt_out":"o","robots":"r"}},"evidence":[{{"bytes":3,"name":"e.pdf","sha256":"DIGEST"}}],"generators":["g"],"geography":["DE"],"holder":"h","languages":["en","de"],"legal_basis":"l","licence":"MIT","made_by":"mixed","modality":["text"],"name":"n","period":"2020","personal_data":"no","synthetic_share":"0.5","url":"u""#), &["a.jsonl", "n"]),
        of("prompt", "prompt", r#""artifacts":[{"basis":"computed","bytes":44,"content":"file","sealed":true}],"name":"n""#.to_owned(), &["p.txt"]),
        of("filter", "filter", r#""artifacts":[{"content":"none","declaration":{"content":"none","kind":"filter","name":"n","rule":"dedup"}}],"model":"CITED","name":"n","params":{"threshold":"0.7"},"rule":"dedup""#.to_owned(), &["n"]),
        of("model", "model", r#""access":"api","artifacts":[{"content":"none","declaration":{"access":"api","content":"none","kind":"model","name":"n","provider":"p","version":"v"}}],"family":"f","licence":"MIT","name":"n","provider":"p","report":"r","terms":"t","version":"v""#.to_owned(), &["n"]),
        of("model", "weights", format!(r#""access":"weights","artifacts":[{FILE}],"name":"n","provider":"p","version":"v""#), &["w.bin"]),
        of("run", "run", format!(r#""code":[{{"bytes":3,"name":"c.py","sha256":"DIGEST"}}],"command":"c","does":"transform","environment":{{"image":"i"}},"inputs":[{{"artifacts":["CITED"],"role":"data","rows":3}},{{"role":"prompt","unresolved":{{"sha256":"DIGEST","text":"t"}}}}],"inputs_complete":"yes","name":"n","operator":"o","outputs":[{{"artifacts":[{FILE}],"kind":"shard","name":"s"}},{{"artifacts":[{{"content":"not_known","declaration":{{"content":"not_known","kind":"scores","name":"x","run":"n"}}}}],"kind":"scores","name":"x"}},{{"artifacts":[{{"content":"not_known","declaration":{{"content":"not_known","kind":"shard","name":"y","run":"n"}}}}],"kind":"shard","name":"y"}}],"params":{{"a/b":"1.0"}},"rewrites":true,"started":"2026-11-22T09:30:00Z""#), &["t.jsonl", "x", "y"]),
        of("run", "trained", format!(r#""does":"train","inputs":[{{"artifacts":["CITED"],"role":"data"}}],"inputs_complete":"yes","name":"n","outputs":[{{"artifacts":[{FILE}],"kind":"model","name":"m"}},{{"artifacts":[{{"content":"not_known","declaration":{{"content":"not_known","kind":"model","name":"k","run":"n"}}}}],"kind":"model","name":"k"}}]"#), &["w.bin", "k"]),
        of("dataset", "dataset", r#""members":["CITED"],"name":"n","unresolved":[{"text":"t"}]"#.to_owned(), &["n"]),
        of("key", "key", r#""change":"affirm","reason":"r","statements":["HEX"]"#.replace("HEX", &"04".repeat(32)), &["key"]),
        of("notice", "notice", r#""change":"withdraw","effect":"no_new_use","reason":"r","targets":["CITED"]"#.to_owned(), &["notice"]),
        of("release", "release", r#""channel":"c","date":"2026-11-22","name":"n","target":"CITED""#.to_owned(), &["release"]),
        of("observation", "observation", r#""reads":[{"name":"x","sha256":"DIGEST"}],"run":"HEX","tool":"t""#.replace("HEX", &"04".repeat(32)), &["observation"]),
    ]
}

/// Every text of a value, by its path.
fn texts(value: &Value, path: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    match value {
        Value::Text(_) => found.push(path.clone()),
        Value::Bool(_) | Value::Integer(_) => {}
        Value::List(items) => {
            for (at, item) in items.iter().enumerate() {
                path.push(Step::At(at));
                texts(item, path, found);
                path.pop();
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                path.push(Step::Key(key.clone()));
                texts(member, path, found);
                path.pop();
            }
        }
    }
}

fn at_path<'v>(value: &'v mut Value, path: &[Step]) -> &'v mut Value {
    path.iter().fold(value, |value, step| match (value, step) {
        (Value::Object(members), Step::Key(key)) => members.get_mut(key).unwrap(),
        (Value::List(items), Step::At(at)) => &mut items[*at],
        _ => panic!("no such place"),
    })
}

/// Gives every subject the digest it must have: that of its declaration, or of the predicate.
fn with_digests(mut statement: Value) -> Vec<u8> {
    let kind = kind(&statement).unwrap_or_default().to_owned();
    let count = list(get(&statement, &["subject"]).unwrap()).len();
    for subject in 0..count {
        let digest = if ["dataset"].contains(&kind.as_str()) {
            let members = get(&statement, &["predicate", "members"])
                .map(list)
                .unwrap_or_default();
            let lines = members.iter().map(|member| match member {
                Value::Text(text) => format!("{{\"artifact\":\"{text}\"}}\n"),
                _ => String::new(),
            });
            Some(lines.collect::<String>().into_bytes())
        } else if WITH_FILES.contains(&kind.as_str()) {
            let (_, artifact) = artifact(&statement, &kind, subject).unwrap();
            get(artifact, &["declaration"]).map(Value::encode)
        } else {
            get(&statement, &["predicate"]).map(Value::encode)
        };
        if let Some(bytes) = digest {
            let path = ["subject", "digest", "sha256"].map(|key| Step::Key(key.to_owned()));
            let [subjects, digest, sha256] = path;
            let path = [subjects, Step::At(subject), digest, sha256];
            *at_path(&mut statement, &path) = Value::from(Sha256Digest::of(&bytes).to_hex());
        }
    }
    statement.encode()
}

#[test]
fn what_a_verdict_rests_on_cannot_be_withheld() {
    let commitment = Secret::from_bytes([1; 32]).commit("any", b"thing").to_string();
    let mut taken = Vec::new();
    let mut refused = 0;
    for (called, sample) in samples() {
        let value = Value::parse(sample.as_bytes()).unwrap();
        let whole = with_digests(value.clone());
        let statement = Statement::decode(&whole).unwrap_or_else(|error| panic!("{called}: {error}"));
        assert!(statement.withheld().is_empty());
        let mut paths = Vec::new();
        texts(&value, &mut Vec::new(), &mut paths);
        for path in paths {
            let mut changed = value.clone();
            *at_path(&mut changed, &path) = Value::from(commitment.as_str());
            // The digest of a declaration is set right afterwards, unless it is what is withheld.
            let is_digest = path.first() == Some(&Step::Key("subject".to_owned())) && path.len() == 4;
            let bytes = |changed: Value| {
                if is_digest {
                    changed.encode()
                } else {
                    with_digests(changed)
                }
            };
            match Statement::decode(&bytes(changed.clone())) {
                Ok(statement) => {
                    let fields: Vec<String> = statement.withheld().into_iter().map(|one| one.field).collect();
                    assert_eq!(fields, [pointer(&path)], "{called}");
                    taken.push(format!("{called} {}", pointer(&path)));
                }
                Err(_) => refused += 1,
            }
            // What only begins so is nowhere a text.
            *at_path(&mut changed, &path) = Value::from("commitment:12");
            assert!(
                Statement::decode(&bytes(changed)).is_err(),
                "{called} {}",
                pointer(&path)
            );
        }
    }
    taken.sort();
    let mut expected: Vec<&str> = WITHHOLDABLE.to_vec();
    expected.sort_unstable();
    assert_eq!(taken, expected);
    assert!(refused > 100, "{refused}");
}

#[test]
fn a_key_cannot_be_withheld() {
    let commitment = Secret::from_bytes([1; 32]).commit("params", b"k").to_string();
    let (_, sample) = samples().swap_remove(2);
    let changed = sample.replace("\"threshold\"", &format!("\"{commitment}\""));
    let value = Value::parse(changed.as_bytes()).unwrap();
    let refused = Statement::decode(&with_digests(value));
    assert!(
        matches!(refused, Err(StatementError::Withheld { .. })),
        "{refused:?}"
    );
}

/// A subject that goes by the name of its item goes by the same commitment.
#[test]
fn a_subject_without_a_file_has_the_name_of_its_item() {
    let (mine, other) = ("mine", "other");
    let secret = Secret::from_bytes([1; 32]);
    let commit = |text: &str| secret.commit("name", text.as_bytes()).to_string();
    let (_, sample) = samples().swap_remove(2);
    let with = |subject: &str| {
        let named = sample.replace("\"name\":\"n\"", &format!("\"name\":\"{}\"", commit(mine)));
        let mut value = Value::parse(named.as_bytes()).unwrap();
        let path = [
            Step::Key("subject".to_owned()),
            Step::At(0),
            Step::Key("name".to_owned()),
        ];
        *at_path(&mut value, &path) = Value::from(subject);
        Statement::decode(&with_digests(value))
    };
    let fields = with(&commit(mine)).unwrap().withheld().len();
    assert_eq!(fields, 3, "the item, its declaration and its subject");
    assert!(with(&commit(other)).is_err());
    assert!(with("n").is_ok());
}

#[test]
fn contexts_follow_from_places() {
    let commitment = Secret::from_bytes([1; 32]).commit("any", b"thing").to_string();
    let (_, sample) = samples().swap_remove(5);
    let value = Value::parse(sample.as_bytes()).unwrap();
    let context_of = |pointed: &str| {
        let mut paths = Vec::new();
        texts(&value, &mut Vec::new(), &mut paths);
        let path = paths.into_iter().find(|path| pointer(path) == pointed).unwrap();
        let mut changed = value.clone();
        *at_path(&mut changed, &path) = Value::from(commitment.as_str());
        let statement = Statement::decode(&with_digests(changed)).unwrap();
        statement.withheld().remove(0).context
    };
    for (pointed, context) in [
        ("/predicate/params/a~1b", "params.a/b"),
        ("/predicate/environment/image", "environment.image"),
        ("/predicate/outputs/0/name", "name"),
        ("/subject/0/name", "file-name"),
        ("/predicate/code/0/name", "file-name"),
        ("/predicate/inputs/1/unresolved/text", "gap"),
    ] {
        assert_eq!(context_of(pointed), context);
    }
}

/// A digest has to be that of the bytes wherever two claims about the same bytes are held against each other.
#[test]
fn only_prompts_filters_and_documents_are_sealed() {
    let sealed = |called: &str, from: &str, to: &str| {
        let (_, sample) = samples().into_iter().find(|(name, _)| *name == called).unwrap();
        let changed = sample.replacen(from, to, 1);
        assert_ne!(changed, sample);
        Statement::decode(&with_digests(Value::parse(changed.as_bytes()).unwrap()))
    };
    let file = "\"rows_basis\":\"given\"}";
    let sealed_file = "\"rows_basis\":\"given\",\"sealed\":true}";
    for called in ["source", "weights", "run", "trained"] {
        let refused = sealed(called, file, sealed_file);
        assert!(
            matches!(refused, Err(StatementError::Withheld { .. })),
            "{called}: {refused:?}"
        );
    }
    let named = sealed(
        "source",
        "\"name\":\"e.pdf\"",
        "\"name\":\"e.pdf\",\"sealed\":true",
    )
    .unwrap();
    assert_eq!(named.sealed()[0].field, "/predicate/evidence/0/sha256");
    assert!(named.predicate.held_attachments().next().is_none());
    let code = sealed("run", "\"name\":\"c.py\"", "\"name\":\"c.py\",\"sealed\":true").unwrap();
    assert_eq!(code.sealed()[0].field, "/predicate/code/0/sha256");
    let both = sealed("prompt", "\"sealed\":true", "\"held\":true,\"sealed\":true");
    assert!(both.is_err(), "either the ledger holds it or it is sealed");
}
