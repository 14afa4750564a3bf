//! Trust roots are strict, and keys count by log index.

mod changes;

use super::*;
use crate::digest::StatementId;
use crate::key::PublicKey;
use crate::statement::EVERY_KIND;
use crate::statement::Genesis;
use crate::statement::Grant;
use crate::statement::KeyChange;
use crate::statement::KeyChangeKind;
use crate::statement::Revocation;
use crate::statement::Since;

fn key(seed: u8) -> PublicKey {
    let signer = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
    PublicKey::from_bytes(&signer.verifying_key().to_bytes()).unwrap()
}

fn id(byte: u8) -> StatementId {
    StatementId::from_bytes([byte; 32])
}

fn genesis(threshold: u64) -> Genesis {
    Genesis {
        format: 1,
        origin: "example.com/lab".to_owned(),
        organisation: None,
        owners: vec![key(1), key(2)],
        threshold,
        log_key: "example.com/lab+00000000+AAAA".to_owned(),
        grants: vec![Grant {
            public_key: key(3),
            kinds: vec!["source".to_owned()],
            holder: None,
        }],
        specs: vec![],
    }
}

fn change(kind: KeyChangeKind, about: PublicKey) -> KeyChange {
    KeyChange {
        change: kind,
        public_key: Some(about),
        successor: None,
        kinds: vec![],
        holder: None,
        revocation: None,
        since: None,
        statements: vec![],
        reason: None,
    }
}

fn words(word: &str) -> Vec<String> {
    vec![word.to_owned()]
}

#[test]
fn a_trust_root_comes_back_and_is_strict() {
    let root = TrustRoot::of(id(5), &genesis(2));
    assert_eq!(TrustRoot::decode(&root.encode()).unwrap(), root);
    let text = String::from_utf8(root.encode()).unwrap();
    for (from, to) in [
        ("\"threshold\":2", "\"threshold\":3"),
        ("\"threshold\":2", "\"threshold\":0"),
        ("trust-root/v1", "trust-root/v9"),
        ("\"quorum\"", "\"extra\":1,\"quorum\""),
        ("\"none\"", "\"some\""),
    ] {
        assert!(
            TrustRoot::decode(text.replace(from, to).as_bytes()).is_err(),
            "{to}"
        );
    }
}

#[test]
fn a_grant_counts_for_its_kinds_from_its_entry_on() {
    let mut keys = Keys::of(&genesis(1));
    assert!(keys.may_sign(key(3).id(), &words("source"), 1).is_ok());
    assert!(matches!(
        keys.may_sign(key(3).id(), &words("run"), 1),
        Err(TrustError::Kind { .. })
    ));
    assert!(matches!(
        keys.may_sign(key(4).id(), &words("run"), 1),
        Err(TrustError::Unknown { .. })
    ));
    let grant = KeyChange {
        kinds: words("run:train"),
        ..change(KeyChangeKind::Grant, key(4))
    };
    assert!(keys.apply(7, id(1), key(3).id(), &grant).is_err(), "not an owner");
    keys.apply(7, id(1), key(1).id(), &grant).unwrap();
    let train = ["run:train".to_owned(), "run".to_owned()];
    assert!(matches!(
        keys.may_sign(key(4).id(), &train, 6),
        Err(TrustError::NotThen { .. })
    ));
    assert!(keys.may_sign(key(4).id(), &train, 7).is_ok());
    assert!(
        keys.may_sign(key(4).id(), &["run:mix".to_owned(), "run".to_owned()], 7)
            .is_err()
    );
}

#[test]
fn a_change_waits_for_the_threshold_of_distinct_owners() {
    let mut keys = Keys::of(&genesis(2));
    let grant = KeyChange {
        kinds: words("run"),
        ..change(KeyChangeKind::Grant, key(4))
    };
    keys.apply(3, id(1), key(1).id(), &grant).unwrap();
    let approve = KeyChange {
        statements: vec![id(1)],
        public_key: None,
        ..change(KeyChangeKind::Approve, key(4))
    };
    assert!(
        keys.apply(4, id(2), key(1).id(), &approve).is_err(),
        "the same owner twice is one owner"
    );
    assert!(keys.may_sign(key(4).id(), &words("run"), 9).is_err());
    keys.apply(5, id(3), key(2).id(), &approve).unwrap();
    assert!(keys.may_sign(key(4).id(), &words("run"), 4).is_err());
    assert!(keys.may_sign(key(4).id(), &words("run"), 5).is_ok());
}

#[test]
fn a_compromise_reaches_back_and_an_affirmation_restores() {
    let mut keys = Keys::of(&Genesis {
        grants: vec![
            Grant {
                public_key: key(3),
                kinds: words(EVERY_KIND),
                holder: None,
            },
            Grant {
                public_key: key(5),
                kinds: words(EVERY_KIND),
                holder: None,
            },
        ],
        ..genesis(1)
    });
    let revoke = KeyChange {
        revocation: Some(Revocation::Compromised),
        since: Some(Since::Entry(500)),
        ..change(KeyChangeKind::Revoke, key(3))
    };
    keys.apply(900, id(1), key(1).id(), &revoke).unwrap();
    let stolen = key(3).id();
    assert_eq!(keys.standing(stolen, 499, id(7)), Standing::Good);
    assert_eq!(keys.standing(stolen, 500, id(7)), Standing::Suspect);
    assert!(keys.may_sign(stolen, &words("run"), 900).is_err());
    let affirm = KeyChange {
        statements: vec![id(7)],
        public_key: None,
        ..change(KeyChangeKind::Affirm, key(5))
    };
    assert!(
        keys.apply(901, id(2), stolen, &affirm).is_err(),
        "a stolen key affirms nothing"
    );
    keys.apply(902, id(3), key(5).id(), &affirm).unwrap();
    let by = key(5).id();
    let affirmed = Standing::Affirmed { by, entry: 902 };
    assert_eq!(keys.standing(stolen, 500, id(7)), affirmed);
    assert_eq!(keys.standing(stolen, 501, id(8)), Standing::Suspect);
}
