//! Key changes that look odd: each is either made in one way only, or refused before it can stand in a log.

use super::*;
use crate::statement::KeyChangeKind::Affirm;
use crate::statement::KeyChangeKind::Approve;
use crate::statement::KeyChangeKind::Grant as Granting;
use crate::statement::KeyChangeKind::Revoke;
use crate::statement::KeyChangeKind::Rotate;

const OWNER: u8 = 1;
const OTHER_OWNER: u8 = 2;
const FIRST: u8 = 3;
const SECOND: u8 = 5;
const NEW: u8 = 7;
const LOG: u8 = 8;

/// A ledger with two keys that may sign everything.
fn keys(threshold: u64) -> Keys {
    let everything = |seed| Grant {
        public_key: key(seed),
        kinds: words(EVERY_KIND),
        holder: None,
    };
    let origin = crate::checkpoint::Origin::parse("example.com/lab").unwrap();
    Keys::of(&Genesis {
        grants: vec![everything(FIRST), everything(SECOND)],
        log_key: crate::checkpoint::LogKey::new(origin, key(LOG)).to_vkey(),
        ..genesis(threshold)
    })
}

fn granting(seed: u8) -> KeyChange {
    KeyChange {
        kinds: words("run"),
        ..change(Granting, key(seed))
    }
}

fn compromised(seed: u8, since: Since) -> KeyChange {
    KeyChange {
        revocation: Some(Revocation::Compromised),
        since: Some(since),
        ..change(Revoke, key(seed))
    }
}

fn retired(seed: u8) -> KeyChange {
    KeyChange {
        revocation: Some(Revocation::Retired),
        ..change(Revoke, key(seed))
    }
}

fn rotating(from: u8, to: u8) -> KeyChange {
    KeyChange {
        successor: Some(key(to)),
        ..change(Rotate, key(from))
    }
}

fn about(kind: KeyChangeKind, statement: u8) -> KeyChange {
    KeyChange {
        public_key: None,
        statements: vec![id(statement)],
        ..change(kind, key(NEW))
    }
}

/// Applies a change whose id is its entry.
fn apply(keys: &mut Keys, entry: u8, by: u8, change: &KeyChange) -> Result<(), TrustError> {
    keys.apply(u64::from(entry), id(entry), key(by).id(), change)
}

/// Demands a refusal with these words, which leaves everything as it was.
fn refused(keys: &mut Keys, entry: u8, by: u8, change: &KeyChange, part: &str) {
    let before = format!("{keys:?}");
    let error = apply(keys, entry, by, change).unwrap_err().to_string();
    assert!(error.contains(part), "{error}");
    assert_eq!(format!("{keys:?}"), before);
}

fn stands(keys: &Keys, seed: u8, entry: u64, statement: u8) -> bool {
    keys.standing(key(seed).id(), entry, id(statement)) != Standing::Suspect
}

fn may(keys: &Keys, seed: u8, entry: u64) -> bool {
    keys.may_sign(key(seed).id(), &words("run"), entry).is_ok()
}

#[test]
fn a_key_is_granted_once_and_owners_and_the_log_never() {
    let mut keys = keys(1);
    refused(&mut keys, 10, OWNER, &granting(FIRST), "granted once");
    refused(&mut keys, 10, OWNER, &granting(OTHER_OWNER), "an owner's");
    refused(&mut keys, 10, OWNER, &granting(LOG), "the log's");
    for successor in [SECOND, OTHER_OWNER, LOG, FIRST] {
        let change = rotating(FIRST, successor);
        assert!(apply(&mut keys, 10, OWNER, &change).is_err(), "{successor}");
    }
    apply(&mut keys, 10, OWNER, &granting(NEW)).unwrap();
    refused(&mut keys, 11, OWNER, &granting(NEW), "granted once");
    apply(&mut keys, 12, OWNER, &retired(NEW)).unwrap();
    refused(&mut keys, 13, OWNER, &granting(NEW), "granted once");
}

#[test]
fn a_genesis_that_grants_an_owner_or_the_log_grants_nothing() {
    let mut said = genesis(1);
    let origin = crate::checkpoint::Origin::parse("example.com/lab").unwrap();
    said.log_key = crate::checkpoint::LogKey::new(origin, key(LOG)).to_vkey();
    for seed in [OWNER, LOG] {
        said.grants.push(Grant {
            public_key: key(seed),
            kinds: words(EVERY_KIND),
            holder: None,
        });
    }
    let keys = Keys::of(&said);
    assert!(!may(&keys, OWNER, 5) && !may(&keys, LOG, 5));
    assert!(keys.owner(key(OWNER).id()).is_ok());
}

#[test]
fn a_revocation_says_since_an_entry_that_is_there() {
    let mut keys = keys(1);
    let late = compromised(FIRST, Since::Entry(11));
    refused(&mut keys, 10, OWNER, &late, "still to come");
    apply(&mut keys, 10, OWNER, &compromised(FIRST, Since::Entry(10))).unwrap();
    assert!(may(&keys, FIRST, 9) && !may(&keys, FIRST, 10));
    assert!(stands(&keys, FIRST, 9, 90));
}

#[test]
fn since_the_grant_and_since_before_it_are_the_same() {
    for since in [Since::Grant, Since::Entry(0)] {
        let mut keys = keys(1);
        apply(&mut keys, 4, OWNER, &granting(NEW)).unwrap();
        apply(&mut keys, 9, OWNER, &compromised(NEW, since)).unwrap();
        let record = keys.record(key(NEW).id()).unwrap();
        assert_eq!(
            (record.from, record.to, record.suspect_from),
            (4, Some(9), Some(4))
        );
    }
}

#[test]
fn a_later_revocation_reaches_further_back_or_is_none() {
    let mut keys = keys(1);
    apply(&mut keys, 20, OWNER, &retired(FIRST)).unwrap();
    assert!(stands(&keys, FIRST, 12, 90));
    refused(&mut keys, 21, OWNER, &retired(FIRST), "no longer already");
    let empty = compromised(FIRST, Since::Entry(20));
    refused(&mut keys, 21, OWNER, &empty, "name an earlier one");
    apply(&mut keys, 21, OWNER, &compromised(FIRST, Since::Entry(15))).unwrap();
    assert!(stands(&keys, FIRST, 14, 90) && !stands(&keys, FIRST, 15, 90));
    for since in [15, 16] {
        let again = compromised(FIRST, Since::Entry(since));
        refused(&mut keys, 22, OWNER, &again, "known to be compromised");
    }
    apply(&mut keys, 23, OWNER, &compromised(FIRST, Since::Entry(12))).unwrap();
    assert!(stands(&keys, FIRST, 11, 90) && !stands(&keys, FIRST, 12, 90));
    refused(&mut keys, 24, OWNER, &retired(FIRST), "no longer already");
    // Still revoked where it was first.
    assert_eq!(keys.record(key(FIRST).id()).unwrap().to, Some(20));
}

#[test]
fn a_rotation_hands_on_the_grant_and_leaves_the_old_key_as_it_is() {
    let mut keys = keys(1);
    apply(&mut keys, 10, OWNER, &rotating(FIRST, NEW)).unwrap();
    assert!(may(&keys, FIRST, 9) && !may(&keys, FIRST, 10));
    assert!(!may(&keys, NEW, 9) && may(&keys, NEW, 10));
    refused(&mut keys, 11, OWNER, &rotating(FIRST, 9), "counts no longer");
    // The owner gave the new key, not the old one: what becomes of that does not touch it.
    apply(&mut keys, 12, OWNER, &compromised(FIRST, Since::Entry(5))).unwrap();
    assert!(!stands(&keys, FIRST, 5, 90) && stands(&keys, NEW, 11, 91));
    assert_eq!(keys.record(key(FIRST).id()).unwrap().successor, Some(key(NEW)));
}

#[test]
fn a_compromised_key_is_not_rotated_and_not_cleared() {
    let mut keys = keys(1);
    apply(&mut keys, 10, OWNER, &compromised(FIRST, Since::Grant)).unwrap();
    refused(&mut keys, 11, OWNER, &rotating(FIRST, NEW), "counts no longer");
    refused(&mut keys, 11, OWNER, &rotating(SECOND, FIRST), "granted once");
    // What a rotation says in a revocation is no way round.
    let both = KeyChange {
        successor: Some(key(FIRST)),
        ..retired(SECOND)
    };
    refused(&mut keys, 11, OWNER, &both, "only a rotation");
    assert!(!stands(&keys, FIRST, 5, 90));
}

#[test]
fn a_change_says_what_its_kind_says_and_nothing_else() {
    let mut keys = keys(1);
    let wrong = [
        KeyChange {
            since: Some(Since::Grant),
            ..retired(FIRST)
        },
        KeyChange {
            since: None,
            ..compromised(FIRST, Since::Grant)
        },
        KeyChange {
            kinds: words("run"),
            ..retired(FIRST)
        },
        KeyChange {
            holder: Some("x".to_owned()),
            ..rotating(FIRST, NEW)
        },
        KeyChange {
            statements: vec![id(1)],
            ..granting(NEW)
        },
        KeyChange {
            public_key: Some(key(NEW)),
            ..about(Affirm, 1)
        },
        KeyChange {
            statements: vec![],
            ..about(Approve, 1)
        },
        KeyChange {
            kinds: vec![],
            ..granting(NEW)
        },
        KeyChange {
            successor: None,
            ..rotating(FIRST, NEW)
        },
        KeyChange {
            revocation: None,
            ..retired(FIRST)
        },
        KeyChange {
            public_key: None,
            ..granting(NEW)
        },
    ];
    for change in wrong {
        assert!(apply(&mut keys, 10, OWNER, &change).is_err(), "{change:?}");
        assert!(apply(&mut keys, 10, FIRST, &change).is_err(), "{change:?}");
    }
}

#[test]
fn only_owners_change_keys_and_owners_affirm_nothing() {
    let mut keys = keys(1);
    for change in [granting(NEW), retired(SECOND), rotating(SECOND, NEW)] {
        refused(&mut keys, 10, FIRST, &change, "not an owner's");
    }
    refused(&mut keys, 10, FIRST, &about(Approve, 1), "not an owner's");
    refused(&mut keys, 10, OWNER, &about(Affirm, 1), "never granted");
}

#[test]
fn a_compromise_is_affirmed_statement_by_statement() {
    let mut keys = keys(1);
    apply(&mut keys, 20, OWNER, &compromised(FIRST, Since::Entry(10))).unwrap();
    assert!(!stands(&keys, FIRST, 12, 90));
    apply(&mut keys, 21, SECOND, &about(Affirm, 90)).unwrap();
    assert!(stands(&keys, FIRST, 12, 90) && !stands(&keys, FIRST, 13, 91));
    let by = key(SECOND).id();
    let affirmed = Standing::Affirmed { by, entry: 21 };
    assert_eq!(keys.standing(key(FIRST).id(), 12, id(90)), affirmed);
    assert_eq!(keys.standing(key(FIRST).id(), 9, id(90)), Standing::Good);
    assert_eq!(keys.record(key(FIRST).id()).unwrap().suspect_by, Some(20));
}

#[test]
fn affirming_before_the_compromise_is_known_counts_as_well() {
    let mut keys = keys(1);
    apply(&mut keys, 15, SECOND, &about(Affirm, 90)).unwrap();
    apply(&mut keys, 20, OWNER, &compromised(FIRST, Since::Entry(10))).unwrap();
    assert!(stands(&keys, FIRST, 12, 90));
}

#[test]
fn nobody_affirms_their_own_work() {
    let mut keys = keys(1);
    apply(&mut keys, 15, FIRST, &about(Affirm, 90)).unwrap();
    apply(&mut keys, 20, OWNER, &compromised(FIRST, Since::Entry(16))).unwrap();
    // Not even with an affirmation from before the theft.
    assert!(!stands(&keys, FIRST, 17, 90));
    refused(&mut keys, 21, FIRST, &about(Affirm, 90), "had no grant");
}

#[test]
fn a_revoked_key_affirms_nothing_more() {
    let mut keys = keys(1);
    apply(&mut keys, 10, OWNER, &compromised(FIRST, Since::Entry(5))).unwrap();
    apply(&mut keys, 11, OWNER, &retired(SECOND)).unwrap();
    refused(&mut keys, 12, SECOND, &about(Affirm, 90), "had no grant");
    assert!(!stands(&keys, FIRST, 6, 90));
}

#[test]
fn an_affirmation_falls_with_the_key_that_made_it_and_not_before() {
    let mut keys = keys(1);
    apply(&mut keys, 10, OWNER, &granting(NEW)).unwrap();
    apply(&mut keys, 20, OWNER, &compromised(FIRST, Since::Entry(5))).unwrap();
    apply(&mut keys, 30, SECOND, &about(Affirm, 90)).unwrap();
    // Compromised since after it affirmed: the affirmation is one of the entries below `since`.
    apply(&mut keys, 40, OWNER, &compromised(SECOND, Since::Entry(31))).unwrap();
    assert!(stands(&keys, FIRST, 6, 90));
    apply(&mut keys, 41, OWNER, &compromised(SECOND, Since::Entry(30))).unwrap();
    assert!(!stands(&keys, FIRST, 6, 90));
}

#[test]
fn an_affirmed_affirmation_does_not_count() {
    let mut keys = keys(1);
    let mut affirm = granting(NEW);
    affirm.kinds = words("key:affirm");
    apply(&mut keys, 10, OWNER, &affirm).unwrap();
    apply(&mut keys, 20, OWNER, &compromised(FIRST, Since::Entry(5))).unwrap();
    apply(&mut keys, 30, SECOND, &about(Affirm, 90)).unwrap();
    apply(&mut keys, 40, OWNER, &compromised(SECOND, Since::Entry(30))).unwrap();
    apply(&mut keys, 50, NEW, &about(Affirm, 30)).unwrap();
    assert!(!stands(&keys, FIRST, 6, 90));
    apply(&mut keys, 51, NEW, &about(Affirm, 90)).unwrap();
    assert!(stands(&keys, FIRST, 6, 90));
}

#[test]
fn each_owner_agrees_once_and_only_to_what_awaits_it() {
    let mut keys = keys(2);
    apply(&mut keys, 10, OWNER, &granting(NEW)).unwrap();
    refused(&mut keys, 11, OWNER, &about(Approve, 10), "agreed to it already");
    refused(&mut keys, 11, OTHER_OWNER, &about(Approve, 99), "nothing awaits");
    let proposal = keys.proposals()[0].clone();
    assert_eq!((proposal.id, proposal.entry), (id(10), 10));
    assert_eq!(keys.obstacle(&proposal), None);
    apply(&mut keys, 12, OTHER_OWNER, &about(Approve, 10)).unwrap();
    assert!(!may(&keys, NEW, 11) && may(&keys, NEW, 12));
    assert!(keys.proposals().is_empty());
    refused(
        &mut keys,
        13,
        OTHER_OWNER,
        &about(Approve, 10),
        "in force already",
    );
}

#[test]
fn what_became_impossible_is_not_approved() {
    let mut keys = keys(2);
    apply(&mut keys, 10, OWNER, &granting(NEW)).unwrap();
    apply(&mut keys, 11, OWNER, &rotating(FIRST, NEW)).unwrap();
    apply(&mut keys, 12, OTHER_OWNER, &about(Approve, 11)).unwrap();
    refused(&mut keys, 13, OTHER_OWNER, &about(Approve, 10), "granted once");
    let left = keys.proposals()[0].clone();
    assert!(keys.obstacle(&left).is_some());
    // Of several approvals in one statement none is made when one cannot be.
    apply(&mut keys, 14, OWNER, &retired(SECOND)).unwrap();
    let both = KeyChange {
        statements: vec![id(14), id(10)],
        ..about(Approve, 10)
    };
    refused(&mut keys, 15, OTHER_OWNER, &both, "granted once");
    apply(&mut keys, 16, OTHER_OWNER, &about(Approve, 14)).unwrap();
    assert!(may(&keys, SECOND, 15) && !may(&keys, SECOND, 16));
}

#[test]
fn since_is_held_against_the_entry_that_proposed_it() {
    let mut keys = keys(2);
    let late = compromised(FIRST, Since::Entry(12));
    refused(&mut keys, 10, OWNER, &late, "still to come");
    apply(&mut keys, 13, OWNER, &compromised(FIRST, Since::Entry(13))).unwrap();
    assert!(may(&keys, FIRST, 15) && stands(&keys, FIRST, 15, 90));
    apply(&mut keys, 20, OTHER_OWNER, &about(Approve, 13)).unwrap();
    assert!(may(&keys, FIRST, 19) && !may(&keys, FIRST, 20));
    assert!(stands(&keys, FIRST, 12, 90) && !stands(&keys, FIRST, 13, 90));
}

#[test]
fn looking_ahead_changes_nothing() {
    let keys = keys(2);
    let then = keys.with(10, &compromised(FIRST, Since::Entry(5))).unwrap();
    assert!(stands(&keys, FIRST, 6, 90) && !stands(&then, FIRST, 6, 90));
    assert!(keys.with(10, &granting(FIRST)).is_err());
    let order: Vec<u64> = then.granted().iter().map(|record| record.from).collect();
    assert_eq!(order, [0, 0]);
    assert_eq!((keys.threshold(), keys.owners().len()), (2, 2));
}
