//! Attacks with bytes: encodings that two readers could take for two things, or for one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use herdbook::digest::Sha256Digest;
use herdbook::envelope::Envelope;
use herdbook::statement::*;
use herdbook::verify::Code;
use unicode_normalization::UnicodeNormalization as _;

use super::kit::*;

pub fn attacks() -> Vec<Attack> {
    [payloads(), names(), envelopes()].concat()
}

/// A source with another payload, signed as it is, and a model trained on it.
fn with_payload(change: impl FnOnce(String) -> Vec<u8>) -> World {
    let mut world = World::new();
    let honest = Predicate::Source(source("theirs"));
    let payload = world.statement(ISSUER, honest.clone()).encode();
    let envelope = seal_payload(&change(String::from_utf8(payload).unwrap()), ISSUER);
    world.note(envelope.id(), &honest);
    world.add_bytes(envelope.id(), envelope.encode());
    world.train("theirs", "model");
    world.sealed()
}

/// The same with one text for another.
pub fn instead(of: &str, other: &str) -> World {
    with_payload(|payload| {
        assert!(payload.contains(of), "{of} is not in {payload}");
        payload.replacen(of, other, 1).into_bytes()
    })
}

/// What cannot be read is told of both; the rest of the lineage then cites what is not there.
fn unreadable(text: [&'static str; 3], world: &World) -> Attack {
    let codes = [Code::Undecodable, Code::EntryMissing];
    Attack::refused(text, world, "model", &codes)
}

#[expect(clippy::too_many_lines, reason = "a list of attacks")]
fn payloads() -> Vec<Attack> {
    let human = r#""made_by":"human""#;
    let digest = Sha256Digest::of(b"theirs").to_hex();
    let sha256 = format!(r#"{{"sha256":"{digest}"}}"#);
    vec![
        unreadable(
            [
                "duplicate-json-key",
                "a source says who made it twice, human and model, in one object",
                "that one reader takes the first and another the last",
            ],
            &instead(human, r#""made_by":"model","made_by":"human""#),
        ),
        unreadable(
            [
                "float-in-a-count",
                "the rows of a source are written as 100.0",
                "a number that readers round differently",
            ],
            &instead(r#""rows":100"#, r#""rows":100.0"#),
        ),
        unreadable(
            [
                "integer-beyond-a-double",
                "the rows of a source are 2^53 + 1, which many readers take for 2^53",
                "two counts in one text",
            ],
            &instead(r#""rows":100"#, r#""rows":9007199254740993"#),
        ),
        unreadable(
            [
                "unknown-field",
                "a source has a field that this format does not know, which a later reader might obey",
                "a statement that means more to some",
            ],
            &instead(human, r#""licence_waived":true,"made_by":"human""#),
        ),
        unreadable(
            [
                "nested-too-deep",
                "a field is nested a thousand lists deep",
                "a reader that runs out of stack",
            ],
            &instead(
                human,
                &format!(r#""made_by":{}{}"#, "[".repeat(1000), "]".repeat(1000)),
            ),
        ),
        unreadable(
            [
                "not-utf-8",
                "a text in a source is not UTF-8",
                "a text that readers repair differently",
            ],
            &with_payload(|payload| {
                let mut bytes = payload.into_bytes();
                let at = bytes.windows(6).position(|six| six == b"Apache").unwrap();
                bytes[at] = 0xff;
                bytes
            }),
        ),
        unreadable(
            [
                "trailing-bytes-in-a-payload",
                "behind the signed statement stands another one",
                "that one reader stops after the first and another takes the second",
            ],
            &with_payload(|payload| [payload.clone(), payload].concat().into_bytes()),
        ),
        unreadable(
            [
                "swapped-digest-algorithm",
                "the digest of a subject is called sha512",
                "that a verifier picks the algorithm the attacker names, or skips one it does not know",
            ],
            &instead(&sha256, &format!(r#"{{"sha512":"{digest}"}}"#)),
        ),
        unreadable(
            [
                "second-digest-of-a-subject",
                "a subject has an MD5 beside its SHA-256",
                "that a file which matches any one of them passes",
            ],
            &instead(
                &sha256,
                &format!(r#"{{"md5":"0123456789abcdef0123456789abcdef","sha256":"{digest}"}}"#),
            ),
        ),
        unreadable(
            [
                "declaration-of-other-things",
                "a thing without bytes declares something else than its digest is of",
                "an API model that was swapped behind its digest",
            ],
            &declared_anew(),
        ),
        Attack::bundle_and_ledger(
            [
                "unknown-kind",
                "a statement is of a kind that this version does not know, and the lineage rests on it",
                "that a reader passes over what it cannot judge",
            ],
            &instead("https://herdbook/source/v1", "https://herdbook/sauce/v1"),
            "model",
            &[Code::NotJudged, Code::EntryMissing],
            &[Code::NotJudged],
        ),
    ]
}

/// A source without bytes whose declaration was changed and whose digest was not.
fn declared_anew() -> World {
    let mut world = World::new();
    let honest = Predicate::Source(Source {
        set: absent("theirs", Absence::None),
        ..source("theirs")
    });
    let payload = String::from_utf8(world.statement(ISSUER, honest.clone()).encode()).unwrap();
    let changed = payload.replacen(
        r#""declaration":{"content":"none","name":"theirs"}"#,
        r#""declaration":{"content":"none","name":"others"}"#,
        1,
    );
    assert_ne!(changed, payload);
    let envelope = seal_payload(changed.as_bytes(), ISSUER);
    world.note(envelope.id(), &honest);
    world.add_bytes(envelope.id(), envelope.encode());
    world.train("theirs", "model");
    world.sealed()
}

/// A source under another name.
fn named(other: &str) -> World {
    let own = r#""name":"theirs","personal_data""#;
    instead(own, &format!(r#""name":"{other}","personal_data""#))
}

fn names() -> Vec<Attack> {
    let decomposed: String = "Z\u{fc}rich".nfd().collect();
    vec![
        unreadable(
            [
                "bidi-name",
                "a name has a character that turns the direction of writing",
                "a name that reads as another one",
            ],
            &named("gpj.\u{202e}slauham"),
        ),
        unreadable(
            [
                "invisible-name",
                "a name has a character of no width",
                "two names that look the same",
            ],
            &named("se\u{200b}eds"),
        ),
        unreadable(
            [
                "nfc-twin",
                "a name is in decomposed form, where its twin is composed",
                "two names that look the same",
            ],
            &named(&decomposed),
        ),
        unreadable(
            [
                "name-that-is-an-id",
                "an item is called like a digest",
                "that whoever asks for a digest is answered about the item",
            ],
            &named(&format!("sha256:{}", Sha256Digest::of(b"theirs"))),
        ),
        unreadable(
            [
                "path-in-a-file-name",
                "the registered name of a file leads out of the content folder",
                "that the auditor's machine opens a file of the attacker's choice",
            ],
            &instead(r#""name":"theirs.jsonl""#, r#""name":"../../etc/passwd""#),
        ),
        confusable(),
    ]
}

fn confusable() -> Attack {
    let text = [
        "confusable-name",
        "a source has the name of an honest one, with a Cyrillic letter in it",
        "that whoever asks for the honest name is answered about the other",
    ];
    let mut world = World::herd();
    // U+0435, which looks like an e.
    world.declare("s\u{435}\u{435}ds", "other", 10, |source| source);
    world.train("s\u{435}\u{435}ds", "other-model");
    let world = world.sealed();
    Attack::both(text, &world, "specialist", &[]).check(Check::error(
        "show s\u{435}eds --ledger ledger",
        1,
        "unknown_name",
    ))
}

/// The same lineage with the entry of its source changed after it was signed.
fn entry_as(change: impl FnOnce(&Envelope) -> Vec<u8>) -> World {
    let mut world = World::new();
    let statement = world.statement(ISSUER, Predicate::Source(source("theirs")));
    let envelope = seal(&statement, ISSUER);
    world.note(envelope.id(), &statement.predicate);
    world.add_bytes(envelope.id(), change(&envelope));
    world.train("theirs", "model");
    world.sealed()
}

fn text_of(envelope: &Envelope) -> String {
    String::from_utf8(envelope.encode()).unwrap()
}

#[expect(clippy::too_many_lines, reason = "a list of attacks")]
fn envelopes() -> Vec<Attack> {
    vec![
        unreadable(
            [
                "extra-signature",
                "beside the issuer's signature stands a second one",
                "an entry with another leaf hash for the same statement, or a verifier that takes any one",
            ],
            &entry_as(|envelope| {
                let text = text_of(envelope);
                let from = text.find("[{").unwrap() + 1;
                let one = &text[from..text.len() - 2];
                text.replace(&format!("[{one}]"), &format!("[{one},{one}]"))
                    .into_bytes()
            }),
        ),
        unreadable(
            [
                "no-signature",
                "the list of signatures is empty",
                "that all of none hold",
            ],
            &entry_as(|envelope| {
                let text = text_of(envelope);
                let from = text.find("[{").unwrap();
                format!("{}[]}}", &text[..from]).into_bytes()
            }),
        ),
        unreadable(
            [
                "reencoded-envelope",
                "the same envelope with white space in it",
                "two entries that are one statement",
            ],
            &entry_as(|envelope| text_of(envelope).replacen(':', ": ", 1).into_bytes()),
        ),
        unreadable(
            [
                "url-safe-base64",
                "the payload is in another alphabet of base64",
                "two entries that are one statement",
            ],
            &entry_as(|envelope| {
                let loose = STANDARD.encode(envelope.payload()).replace('=', "");
                let exact = STANDARD.encode(envelope.payload());
                let loose = if loose == exact {
                    format!("{exact}\\n")
                } else {
                    loose
                };
                text_of(envelope).replacen(&exact, &loose, 1).into_bytes()
            }),
        ),
        unreadable(
            [
                "trailing-bytes-behind-an-envelope",
                "behind the envelope stand bytes that nobody signed",
                "two entries that are one statement",
            ],
            &entry_as(|envelope| [envelope.encode(), b" ".to_vec()].concat()),
        ),
        unreadable(
            [
                "payload-type-confusion",
                "the envelope calls its payload another type than the one that was signed",
                "a signature that was made for something else",
            ],
            &entry_as(|envelope| {
                let text = text_of(envelope);
                text.replacen("application/vnd.in-toto+json", "application/vnd.other+json", 1)
                    .into_bytes()
            }),
        ),
        unreadable(
            [
                "signature-of-another-curve",
                "the signature has the form of one with ECDSA on P-256",
                "that the algorithm is read from what the attacker sends",
            ],
            &entry_as(|envelope| {
                let half = Sha256Digest::of(b"half of a signature");
                let mut der = vec![0x30, 0x44, 0x02, 0x20];
                der.extend(half.as_bytes());
                der.extend([0x02, 0x20]);
                der.extend(half.as_bytes());
                der[4] &= 0x7f;
                der[38] &= 0x7f;
                let text = text_of(envelope);
                let from = text.find(r#""sig":""#).unwrap() + 7;
                format!("{}{}\"}}]}}", &text[..from], STANDARD.encode(der)).into_bytes()
            }),
        ),
        unreadable(
            [
                "key-id-of-somebody-else",
                "the envelope names another key than the statement inside",
                "that the hint decides which key is looked up",
            ],
            &entry_as(|envelope| {
                let (own, other) = (public(ISSUER).id().to_hex(), public(SECOND).id().to_hex());
                text_of(envelope).replacen(&own, &other, 1).into_bytes()
            }),
        ),
    ]
}
