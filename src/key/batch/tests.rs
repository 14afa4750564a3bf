//! The batch against `verify_strict`, the oracle, over everything that verifiers are known to disagree about.

use std::collections::BTreeMap;
use std::path::Path;

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::constants::EIGHT_TORSION;
use ed25519_dalek::VerifyingKey;

use super::*;

/// The order of the group, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// How many random cases are tried, beside those that are always tried.
const CASES: u64 = 4_000;

#[expect(
    clippy::disallowed_methods,
    reason = "how many cases to try is for whoever runs the tests"
)]
fn how_many() -> u64 {
    let wanted = std::env::var("HERDBOOK_SIGNATURE_CASES").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(CASES)
}

/// Numbers that only look random (splitmix64), so that a disagreement can be found again.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_le_bytes()[0])
    }

    fn scalar(&mut self) -> Scalar {
        Scalar::from_bytes_mod_order_wide(&self.bytes())
    }
}

/// A signature to be judged, by a key that need not be one we would accept.
#[derive(Debug, Clone)]
struct Case {
    key: [u8; 32],
    message: Vec<u8>,
    signature: [u8; 64],
}

impl Case {
    /// What the library says of the raw key; nothing for bytes that are no point.
    fn strict(&self) -> Option<(VerifyingKey, bool)> {
        let key = VerifyingKey::from_bytes(&self.key).ok()?;
        let signature = Signature::from_bytes(&self.signature);
        Some((key, key.verify_strict(&self.message, &signature).is_ok()))
    }
}

/// Judges all cases as one batch and holds each answer against the oracle. Returns how many count.
///
/// The batch is given each key of no small order, also such as [`PublicKey::from_bytes`] refuses: that a key has no
/// torsion component protects the rule, and must not be what makes the batch agree with it.
fn compare(cases: &[Case]) -> usize {
    let strict: Vec<_> = cases.iter().map(Case::strict).collect();
    let judged: Vec<(&Case, PublicKey, bool)> = (cases.iter().zip(&strict))
        .filter_map(|(case, strict)| Some((case, strict.as_ref()?)))
        .filter(|(_, (key, _))| !key.is_weak())
        .map(|(case, (key, counts))| (case, PublicKey(*key), *counts))
        .collect();
    for (case, strict) in cases.iter().zip(&strict) {
        let is_bad = strict.as_ref().is_none_or(|(key, _)| key.is_weak());
        assert!(!is_bad || PublicKey::from_bytes(&case.key).is_err(), "{case:?}");
    }
    let signed: Vec<Signed<'_>> = judged
        .iter()
        .map(|(case, key, _)| Signed {
            key: *key,
            message: &case.message,
            signature: &case.signature,
        })
        .collect();
    let answers = verify_all(&signed);
    assert_eq!(answers.len(), judged.len());
    for ((case, key, counts), answer) in judged.iter().zip(answers) {
        let expected = if *counts {
            Ok(())
        } else {
            Err(KeyError::BadSignature(key.id()))
        };
        assert_eq!(answer, expected, "{case:?}");
    }
    judged.iter().filter(|(_, _, counts)| *counts).count()
}

/// A key whose secret is known, with a point of small order added to it.
struct Pair {
    secret: Scalar,
    public: [u8; 32],
}

impl Pair {
    fn new(secret: Scalar, torsion: EdwardsPoint) -> Self {
        let public = (ED25519_BASEPOINT_POINT * secret + torsion).compress().to_bytes();
        Self { secret, public }
    }

    fn challenge(&self, r: &[u8; 32], message: &[u8]) -> Scalar {
        let hash = Sha512::new()
            .chain_update(r)
            .chain_update(self.public)
            .chain_update(message)
            .finalize();
        Scalar::from_bytes_mod_order_wide(&hash.into())
    }

    /// Signs with these bytes as `R`, whatever they encode, as if its discrete logarithm were `nonce`.
    fn sign(&self, nonce: Scalar, r: [u8; 32], message: &[u8]) -> Case {
        let s = nonce + self.challenge(&r, message) * self.secret;
        Case {
            key: self.public,
            message: message.to_vec(),
            signature: joined(&r, s.as_bytes()),
        }
    }

    fn honest(&self, nonce: Scalar, message: &[u8]) -> Case {
        self.sign(
            nonce,
            (ED25519_BASEPOINT_POINT * nonce).compress().to_bytes(),
            message,
        )
    }
}

fn joined(r: &[u8; 32], s: &[u8; 32]) -> [u8; 64] {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(r);
    signature[32..].copy_from_slice(s);
    signature
}

/// Adds the order of the group `times` to the `S` of a signature; nothing when that no longer fits.
fn plus_order(case: &Case, times: usize) -> Option<Case> {
    let mut case = case.clone();
    for _ in 0..times {
        let mut carry = 0_u16;
        for (byte, order) in case.signature[32..].iter_mut().zip(ORDER) {
            carry += u16::from(*byte) + u16::from(order);
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        if carry != 0 {
            return None;
        }
    }
    Some(case)
}

/// Every encoding that 5.1.3 refuses although it could be read: `y` not reduced, or the sign of an `x` that is zero.
fn non_canonical() -> Vec<[u8; 32]> {
    let mut found = Vec::new();
    for low in 0..19_u8 {
        for sign in [0x7f, 0xff] {
            let mut bytes = [0xff; 32];
            bytes[0] = 0xed + low;
            bytes[31] = sign;
            found.push(bytes);
        }
    }
    let mut identity = [0; 32];
    identity[0] = 1;
    identity[31] = 0x80;
    let mut order_two = [0xff; 32];
    order_two[0] = 0xec;
    found.extend([identity, order_two]);
    found
}

fn small_order() -> Vec<[u8; 32]> {
    let canonical = EIGHT_TORSION.iter().map(|point| point.compress().to_bytes());
    let is_small = |bytes: &[u8; 32]| VerifyingKey::from_bytes(bytes).is_ok_and(|key| key.is_weak());
    canonical
        .chain(non_canonical().into_iter().filter(is_small))
        .collect()
}

/// Everything known by name, for one message.
fn named(numbers: &mut Numbers) -> BTreeMap<&'static str, Vec<Case>> {
    let (nonce, message) = (numbers.scalar(), numbers.bytes::<24>());
    let mut cases: BTreeMap<&'static str, Vec<Case>> = BTreeMap::new();
    let mut add = |name, case| cases.entry(name).or_default().push(case);
    let clean = Pair::new(numbers.scalar(), EdwardsPoint::identity());
    let honest = clean.honest(nonce, &message);
    add("honest", honest.clone());
    for larger in (1..=16).filter_map(|times| plus_order(&honest, times)) {
        add("s not reduced", larger);
    }
    for key in small_order().into_iter().chain(non_canonical()) {
        // `S` = 0 and `R` the identity verify for a key of small order whenever its order divides `k`.
        let signature = joined(&EdwardsPoint::identity().compress().to_bytes(), &[0; 32]);
        let of_nobody = Case {
            key,
            signature,
            ..honest.clone()
        };
        add("weak or non-canonical a", of_nobody);
        add(
            "weak or non-canonical a",
            Case {
                key,
                ..honest.clone()
            },
        );
    }
    let torsion = EIGHT_TORSION.iter().skip(1);
    let mut pairs = vec![clean];
    pairs.extend(torsion.map(|point| Pair::new(numbers.scalar(), *point)));
    for pair in &pairs {
        for point in EIGHT_TORSION {
            let r = (ED25519_BASEPOINT_POINT * nonce + point).compress().to_bytes();
            add("torsion in r or a", pair.sign(nonce, r, &message));
        }
        // With no nonce, the equation of step 3 holds for R the identity and others of small order.
        for r in small_order() {
            add("small order r", pair.sign(Scalar::ZERO, r, &message));
        }
        for r in non_canonical() {
            add("non-canonical r", pair.sign(nonce, r, &message));
        }
    }
    cases
}

/// A signature that is somehow wrong, or right after all.
fn random(numbers: &mut Numbers) -> Case {
    let torsion = |numbers: &mut Numbers| EIGHT_TORSION[numbers.below(8)];
    let of_key = if numbers.below(3) == 0 {
        torsion(numbers)
    } else {
        EdwardsPoint::identity()
    };
    let pair = Pair::new(numbers.scalar(), of_key);
    let mut message = numbers.bytes::<40>().to_vec();
    message.truncate(numbers.below(41));
    let nonce = if numbers.below(8) == 0 {
        Scalar::ZERO
    } else {
        numbers.scalar()
    };
    let mut case = pair.honest(nonce, &message);
    match numbers.below(9) {
        0 => {}
        1 | 2 => {
            let r = ED25519_BASEPOINT_POINT * nonce + torsion(numbers);
            case = pair.sign(nonce, r.compress().to_bytes(), &message);
        }
        3 => {
            let odd = [small_order(), non_canonical()].concat();
            case = pair.sign(nonce, odd[numbers.below(odd.len())], &message);
        }
        4 => case = plus_order(&case, 1 + numbers.below(14)).unwrap_or(case),
        5 => case.signature[numbers.below(64)] ^= 1 << numbers.below(8),
        6 => case.key[numbers.below(32)] ^= 1 << numbers.below(8),
        7 => case.message.push(0),
        _ => case.signature = numbers.bytes(),
    }
    case
}

#[test]
fn every_named_case_is_judged_as_by_the_library() {
    let mut numbers = Numbers(1);
    for (name, cases) in named(&mut numbers) {
        let counting = compare(&cases);
        match name {
            "honest" => assert_eq!(counting, 1),
            // Where the torsion of `R` and of `[k]A` cancel out, the equation holds: why such keys are refused.
            "torsion in r or a" => assert!(counting >= 1, "{counting}"),
            name => assert_eq!(counting, 0, "{name}"),
        }
    }
}

#[test]
fn random_cases_are_judged_as_by_the_library() {
    let wanted = how_many();
    let mut numbers = Numbers(2);
    let (mut done, mut counting) = (0, 0);
    while done < wanted {
        let size = (wanted - done).min(1 + numbers.next() % 2_100);
        let cases: Vec<Case> = (0..size).map(|_| random(&mut numbers)).collect();
        counting += compare(&cases);
        done += size;
    }
    println!("{done} cases, of which {counting} count: no disagreement");
    assert!(wanted == 0 || counting > 0);
}

/// Good and bad ones at every position of a batch, around the sizes where one batch ends.
#[test]
fn neighbours_in_a_batch_do_not_matter() {
    let mut numbers = Numbers(3);
    let pair = Pair::new(numbers.scalar(), EdwardsPoint::identity());
    for size in [
        0,
        1,
        2,
        BATCH_SIGNATURES - 1,
        BATCH_SIGNATURES,
        BATCH_SIGNATURES + 1,
    ] {
        let good: Vec<Case> = (0..size)
            .map(|_| pair.honest(numbers.scalar(), &numbers.bytes::<8>()))
            .collect();
        let wrong: Vec<usize> = (0..size).map(|_| numbers.below(6)).collect();
        for turned in [0, 3] {
            let mixed = good.iter().zip(&wrong).map(|(case, wrong)| {
                let mut case = case.clone();
                match (wrong + turned) % 6 {
                    3 => case.message.push(0),
                    4 => case.signature[32..].fill(0xff),
                    5 => case = pair.sign(Scalar::ZERO, EIGHT_TORSION[0].compress().to_bytes(), b""),
                    _ => {}
                }
                case
            });
            let expected = wrong.iter().filter(|wrong| (**wrong + turned) % 6 < 3).count();
            assert_eq!(compare(&mixed.collect::<Vec<_>>()), expected, "{size}");
        }
    }
    assert_eq!(verify_all(&[]), []);
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vectors {
    test_groups: Vec<Group>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    public_key: RawKey,
    tests: Vec<Vector>,
}

#[derive(serde::Deserialize)]
struct RawKey {
    pk: String,
}

#[derive(serde::Deserialize)]
struct Vector {
    msg: String,
    sig: String,
    result: String,
}

#[test]
fn project_wycheproof() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/vectors/wycheproof");
    let Ok(text) = std::fs::read(folder.join("ed25519_test.json")) else {
        println!("wycheproof: the vectors are absent, nothing was compared");
        return;
    };
    let vectors: Vectors = serde_json::from_slice(&text).unwrap();
    let (mut cases, mut valid) = (Vec::new(), 0);
    for group in &vectors.test_groups {
        for vector in &group.tests {
            // What has no 64 bytes cannot even be expressed here.
            let Ok(signature) = <[u8; 64]>::try_from(hex::decode(&vector.sig).unwrap()) else {
                assert_eq!(vector.result, "invalid");
                continue;
            };
            let key = hex::decode(&group.public_key.pk).unwrap().try_into().unwrap();
            let message = hex::decode(&vector.msg).unwrap();
            let case = Case {
                key,
                message,
                signature,
            };
            PublicKey::from_bytes(&case.key).unwrap();
            let expected = usize::from(vector.result == "valid");
            assert_eq!(compare(std::slice::from_ref(&case)), expected, "{case:?}");
            valid += expected;
            cases.push(case);
        }
    }
    assert_eq!(compare(&cases), valid);
    println!("wycheproof: {} signatures, of which {valid} count", cases.len());
    assert!(valid >= 80 && cases.len() > valid);
}
