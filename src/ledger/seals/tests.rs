//! Every lie that can be shown is found and proved from the log alone; an honest log never is.

use proptest::prelude::*;

use super::*;
use crate::false_seal::Lie;
use crate::ledger::admission::fixture::*;
use crate::ledger::fixture::append_unjudged;
use crate::ledger::fixture::key;
use crate::ledger::fixture::memory_of;
use crate::merkle;
use crate::statement::KeyChange;
use crate::statement::KeyChangeKind;

/// The store of a log that ends with a commit of these entries and a seal that says what `lie` makes of the true one.
fn lying(fixture: &Fixture, entries: &[Vec<u8>], lie: impl Fn(Seal) -> Seal) -> Arc<dyn Store> {
    let mut staging = Staging::on(&fixture.state, &fixture.blobs, Checks::All);
    for entry in entries {
        staging.admit(entry).unwrap();
    }
    let says = lie(staging.seal());
    let mut leaves = entries.to_vec();
    leaves.push(sign(LOG, Some(fixture.id), Predicate::Seal(says)));
    let store: Arc<dyn Store> = Arc::new(memory_of(fixture));
    append_unjudged(&store, &leaves);
    store
}

fn accused(store: &Arc<dyn Store>) -> FalseSeal {
    match search_false_seal(store).unwrap() {
        Seals::False(made) => *made,
        honest @ Seals::True { .. } => panic!("{honest:?}"),
    }
}

fn grants(fixture: &Fixture, seed: u8) -> Vec<u8> {
    let change = KeyChange {
        change: KeyChangeKind::Grant,
        public_key: Some(public(seed)),
        successor: None,
        kinds: vec!["source".to_owned()],
        holder: None,
        revocation: None,
        since: None,
        statements: vec![],
        reason: None,
    };
    sign(OWNER, Some(fixture.id), Predicate::Key(change))
}

fn two_rivals() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.append(vec![source("a", files(&["x", "y"]))]).unwrap();
    fixture.append(vec![source("b", files(&["x", "z"]))]).unwrap();
    fixture
}

fn nothing(seal: Seal) -> Seal {
    Seal {
        contested: 0,
        contested_root: merkle::root(&[]),
        ..seal
    }
}

/// One log for each lie that can be shown.
fn lies() -> Vec<(&'static str, Arc<dyn Store>)> {
    let plain = Fixture::new();
    let rivals = two_rivals();
    let mut parts = Fixture::new();
    let manifest = manifest_of(70);
    parts.blobs.put(&manifest.bytes);
    parts
        .append(vec![source("parts", set(vec![of_manifest(&manifest)]))])
        .unwrap();
    let granted = [grants(&plain, STRANGER), grants(&plain, 10)];
    let other = merkle::root(&[merkle::leaf_hash(&grants(&plain, 11))]);
    let x = [rivals.sign(source("c", files(&["x"])))];
    let one_less = |seal: Seal| {
        let record = Contested {
            tie: Sha256Digest::of(b"x"),
            statements: 2,
        };
        Seal {
            contested_root: merkle::root(&[merkle::leaf_hash(&record.to_bytes())]),
            ..seal
        }
    };
    let without_rulings = |seal: Seal| Seal {
        rulings: 0,
        rulings_root: merkle::root(&[]),
        ..seal
    };
    let other_rulings = |seal: Seal| Seal {
        rulings_root: other,
        ..seal
    };
    vec![
        ("size", lying(&plain, &[], |seal| Seal { size: 9, ..seal })),
        ("fewer rulings", lying(&plain, &granted, without_rulings)),
        ("other rulings", lying(&plain, &granted[..1], other_rulings)),
        ("no rulings with a root", lying(&plain, &[], other_rulings)),
        ("tie left out", lying(&rivals, &[], nothing)),
        ("tie counted less", lying(&rivals, &x, one_less)),
        (
            "tie of a member",
            lying(&parts, &[parts.sign(source("m", files(&["member 5"])))], nothing),
        ),
    ]
}

#[test]
fn every_lie_is_shown() {
    for (name, store) in lies() {
        let made = accused(&store);
        let read = FalseSeal::decode(made.encode().as_bytes()).unwrap();
        assert_eq!(read, made, "{name}");
        let lie = read.check(&key()).unwrap().lie;
        let x = Sha256Digest::of(b"x");
        let expected = match name {
            "size" => Lie::Size,
            "fewer rulings" => Lie::Rulings { standing: 2 },
            "other rulings" => Lie::Rulings { standing: 1 },
            "no rulings with a root" => Lie::Rulings { standing: 0 },
            "tie left out" => Lie::Ties {
                tie: x,
                counted: 1,
                standing: 2,
            },
            "tie counted less" => Lie::Ties {
                tie: x,
                counted: 2,
                standing: 3,
            },
            _ => Lie::Ties {
                tie: Sha256Digest::of(b"member 5"),
                counted: 1,
                standing: 2,
            },
        };
        assert_eq!(lie, expected, "{name}");
    }
}

#[test]
fn every_flipped_byte_shows_nothing() {
    for (name, store) in lies() {
        let text = accused(&store).encode().into_bytes();
        for at in 0..text.len() {
            let mut bad = text.clone();
            bad[at] ^= 1 << (at % 8);
            let checked = FalseSeal::decode(&bad).and_then(|read| read.check(&key()));
            assert!(checked.is_err(), "{name}: byte {at}");
        }
    }
}

#[test]
fn what_counts_too_much_is_shown_by_the_whole_log_only() {
    let store = lying(&Fixture::new(), &[], |seal| Seal { rulings: 1, ..seal });
    let refused = search_false_seal(&store);
    assert!(
        matches!(refused, Err(SealSearchError::Unshown { .. })),
        "{refused:?}"
    );
    let store = lying(&two_rivals(), &[], |seal| Seal {
        contested_root: merkle::root(&[merkle::leaf_hash(b"?")]),
        ..seal
    });
    let refused = search_false_seal(&store);
    assert!(
        matches!(refused, Err(SealSearchError::Unshown { .. })),
        "{refused:?}"
    );
}

#[test]
fn nothing_is_counted_twice() {
    for (name, store) in lies() {
        let mut made = accused(&store);
        match &mut made.evidence {
            Evidence::Rulings(entries) if entries.len() == 2 => entries[1] = entries[0].clone(),
            Evidence::Ties { claimants, .. } => claimants[1] = claimants[0].clone(),
            _ => continue,
        }
        let checked = made.check(&key());
        assert!(
            matches!(checked, Err(FalseSealError::Order { .. })),
            "{name}: {checked:?}"
        );
    }
}

#[test]
fn what_is_too_long_is_refused() {
    let long = "x".repeat(FALSE_SEAL_BYTES_MAX + 1);
    assert!(matches!(
        FalseSeal::decode(long.as_bytes()),
        Err(FalseSealError::TooLong)
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whoever has a whole honest log and no key finds no seal in it that any choice of entries contradicts.
    #[test]
    fn an_honest_seal_is_never_accused(
        items in prop::collection::vec((any::<bool>(), prop::collection::vec(0_u8..4, 1..3)), 1..6),
    ) {
        let mut fixture = Fixture::new();
        // What the log determined at each seal.
        let mut lists = vec![(1, BTreeMap::new())];
        for (number, (is_ruling, contents)) in (20_u8..).zip(&items) {
            let contents: Vec<String> = contents.iter().map(u8::to_string).collect();
            let texts: Vec<&str> = contents.iter().map(String::as_str).collect();
            let leaf = if *is_ruling {
                grants(&fixture, number)
            } else {
                fixture.sign(source(&format!("item {number}"), files(&texts)))
            };
            fixture.append_leaves(vec![leaf]).unwrap();
            lists.push((fixture.leaves.len() - 1, fixture.state.contested().clone()));
        }
        let store: Arc<dyn Store> = Arc::new(memory_of(&fixture));
        let is_true = matches!(search_false_seal(&store).unwrap(), Seals::True { missing, .. } if missing.is_empty());
        prop_assert!(is_true);
        let reader = LogReader::open(Arc::clone(&store), key()).unwrap();
        let note = store.read(&StorePath::Checkpoint, 9999).unwrap().unwrap();
        let included = |at: usize| {
            let index = LeafIndex::new(at as u64);
            let (entry, path) = reader.prove_inclusion(index).unwrap();
            Included { index, entry: String::from_utf8(entry).unwrap(), path }
        };
        let statement = |at: usize| {
            let envelope = Envelope::decode(&fixture.leaves[at]).unwrap();
            (envelope.id(), envelope.statement().unwrap().predicate)
        };
        for (seal, list) in &lists {
            let rulings: Vec<usize> = (0..fixture.leaves.len()).filter(|at| statement(*at).1.is_ruling()).collect();
            let mut tried = vec![Evidence::Size];
            for end in 0..=rulings.len() {
                for start in 0..=end {
                    tried.push(Evidence::Rulings(rulings[start..end].iter().map(|at| included(*at)).collect()));
                }
            }
            let records: Vec<Contested> =
                list.iter().map(|(&tie, &statements)| Contested { tie, statements }).collect();
            for digit in 0_u8..4 {
                let tie = Sha256Digest::of(digit.to_string().as_bytes());
                let having = (0..fixture.leaves.len()).filter(|at| {
                    let (id, predicate) = statement(*at);
                    has_tie(&predicate, id, tie)
                });
                let all: Vec<Claimant> =
                    having.map(|at| Claimant { included: included(at), member: None }).collect();
                for end in 0..=all.len() {
                    let claimants = all[..end].to_vec();
                    tried.push(Evidence::Ties { tie, records: records.clone(), claimants: claimants.clone() });
                    tried.push(Evidence::Ties { tie, records: vec![], claimants });
                }
            }
            for evidence in tried {
                let made = FalseSeal { log: key(), seal: included(*seal), evidence, checkpoint: note.clone() };
                prop_assert!(made.check(&key()).is_err(), "{made:?}");
            }
        }
    }
}
