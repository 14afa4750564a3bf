//! Attacks with keys: without a grant, with a stolen one, with a signature that is almost one.

use curve25519_dalek::EdwardsPoint;
use curve25519_dalek::Scalar;
use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::constants::EIGHT_TORSION;
use ed25519_dalek::Signer as _;
use herdbook::digest::StatementId;
use herdbook::envelope::Envelope;
use herdbook::statement::*;
use herdbook::verify::Code;
use sha2::Digest as _;
use sha2::Sha512;

use super::kit::*;

pub fn attacks() -> Vec<Attack> {
    vec![
        ungranted(),
        beyond_its_kinds(),
        granted_too_late(),
        backdated(),
        owner_signs_data(),
        self_granted(),
        one_owner_of_two(),
        one_owner_twice(),
        grant_from_elsewhere(),
        statement_from_elsewhere(),
        run_for_no_ledger(),
        stolen_after(),
        stolen_before(),
        thief_affirms(),
        affirmed_by_another_stolen_key(),
        rotated_away(),
        weak_key(),
        somebody_elses_name(),
        torsion(),
        malleable(),
        forged_twin(),
    ]
}

/// A source by a key of its own and a model trained on it by the issuer.
fn by(world: &mut World, seed: u8) -> StatementId {
    let id = world.add_by(seed, Predicate::Source(source("theirs")));
    world.train("theirs", "model");
    id
}

fn ungranted() -> Attack {
    let text = [
        "key-without-a-grant",
        "a source is signed by a key that was never granted anything",
        "that anybody's word counts",
    ];
    let mut world = World::new();
    by(&mut world, STRANGER);
    Attack::refused(text, &world.sealed(), "model", &[Code::KeyNotGranted])
}

fn beyond_its_kinds() -> Attack {
    let text = [
        "key-beyond-its-grant",
        "a key that may sign trainings signs a source",
        "that whoever trains also says where the data is from",
    ];
    let mut world = World::new();
    world.add_by(OWNER, grant(STRANGER, &["run:train"]));
    by(&mut world, STRANGER);
    Attack::refused(text, &world.sealed(), "model", &[Code::KeyNotGranted])
}

fn granted_too_late() -> Attack {
    let text = [
        "grant-after-the-fact",
        "a key is granted sources after it has signed one",
        "to make an unauthorised claim good afterwards",
    ];
    let mut world = World::new();
    by(&mut world, STRANGER);
    world.add_by(OWNER, grant(STRANGER, &["source"]));
    Attack::refused(text, &world.sealed(), "model", &[Code::KeyNotGranted])
}

fn backdated() -> Attack {
    let text = [
        "backdated-claim",
        "a retired key signs a run that claims to have ended years before it retired",
        "that a time somebody writes counts as the time of signing",
    ];
    let mut world = World::herd();
    let retire = KeyChange {
        revocation: Some(Revocation::Retired),
        ..key_change(KeyChangeKind::Revoke, SECOND)
    };
    world.add_by(OWNER, Predicate::Key(retire));
    let inputs = vec![input(&world, "seeds", Role::Data)];
    let trained = Run {
        started: Some("2020-01-01T00:00:00Z".to_owned()),
        ended: Some("2020-01-02T00:00:00Z".to_owned()),
        ..run(Does::Train, inputs, "model", weights("model"))
    };
    world.add_by(SECOND, Predicate::Run(trained));
    Attack::refused(text, &world.sealed(), "model", &[Code::KeyNotGranted])
}

fn owner_signs_data() -> Attack {
    let text = [
        "owner-signs-data",
        "an owner, who may sign grants and nothing else, signs a source",
        "that the key above all others is good for everything",
    ];
    let mut world = World::new();
    by(&mut world, OWNER);
    Attack::refused(text, &world.sealed(), "model", &[Code::KeyNotGranted])
}

fn self_granted() -> Attack {
    let text = [
        "self-granted-key",
        "an issuer who has every kind grants sources to a key of his own making",
        "more keys than the owners gave out",
    ];
    let mut world = World::new();
    world.add_by(ISSUER, grant(STRANGER, &["source"]));
    by(&mut world, STRANGER);
    let codes = [Code::Inadmissible, Code::KeyNotGranted];
    Attack::refused(text, &world.sealed(), "model", &codes)
}

fn two_owners() -> World {
    World::with(|genesis| Genesis {
        owners: vec![public(OWNER), public(OTHER_OWNER)],
        threshold: 2,
        ..genesis
    })
}

fn one_owner_of_two() -> Attack {
    let text = [
        "one-owner-of-two",
        "one owner grants a key where two have to agree",
        "to give out keys alone",
    ];
    let mut world = two_owners();
    world.add_by(OWNER, grant(STRANGER, &["source"]));
    by(&mut world, STRANGER);
    Attack::refused(text, &world.sealed(), "model", &[Code::KeyNotGranted])
}

fn one_owner_twice() -> Attack {
    let text = [
        "one-owner-twice",
        "one owner grants a key and approves the grant, where two owners have to agree",
        "to be counted as two",
    ];
    let mut world = two_owners();
    let granted = world.add_by(OWNER, grant(STRANGER, &["source"]));
    let approve = KeyChange {
        public_key: None,
        statements: vec![granted],
        ..key_change(KeyChangeKind::Approve, STRANGER)
    };
    world.add_by(OWNER, Predicate::Key(approve));
    by(&mut world, STRANGER);
    let codes = [Code::Inadmissible, Code::KeyNotGranted];
    Attack::refused(text, &world.sealed(), "model", &codes)
}

/// Another ledger of the same owner.
fn elsewhere() -> World {
    World::with(|genesis| Genesis {
        organisation: Some("Another Lab".to_owned()),
        ..genesis
    })
}

/// Appends what was signed for another ledger.
fn replay(world: &mut World, seed: u8, predicate: Predicate) {
    let statement = elsewhere().statement(seed, predicate);
    let envelope = seal(&statement, seed);
    world.note(envelope.id(), &statement.predicate);
    world.add_bytes(envelope.id(), envelope.encode());
}

fn grant_from_elsewhere() -> Attack {
    let text = [
        "grant-from-another-ledger",
        "a grant that the same owner signed for another ledger is appended here",
        "a key that was trusted elsewhere, for something else",
    ];
    let mut world = World::new();
    replay(&mut world, OWNER, grant(STRANGER, &["source"]));
    by(&mut world, STRANGER);
    Attack::refused(text, &world.sealed(), "model", &[Code::WrongLedger])
}

fn statement_from_elsewhere() -> Attack {
    let text = [
        "statement-from-another-ledger",
        "a model that the same issuer declared in another ledger is appended here",
        "a claim where its signer never made it",
    ];
    let mut world = World::new();
    replay(&mut world, ISSUER, Predicate::Model(model("teacher")));
    let roles = [("teacher", Role::Generator)];
    world.run(Does::Generate, &roles, "tasks", rows("tasks", 10), |run| run);
    Attack::refused(text, &world.sealed(), "tasks", &[Code::WrongLedger])
}

fn run_for_no_ledger() -> Attack {
    let text = [
        "run-for-no-ledger",
        "a model is declared without naming a ledger, which only an offered source may be",
        "one signature that counts in every ledger",
    ];
    let mut world = World::new();
    let statement = Statement {
        ledger: None,
        ..world.statement(ISSUER, Predicate::Model(model("teacher")))
    };
    let envelope = seal(&statement, ISSUER);
    world.note(envelope.id(), &statement.predicate);
    world.add_bytes(envelope.id(), envelope.encode());
    let roles = [("teacher", Role::Generator)];
    world.run(Does::Generate, &roles, "tasks", rows("tasks", 10), |run| run);
    Attack::refused(text, &world.sealed(), "tasks", &[Code::WrongLedger])
}

fn stolen_after() -> Attack {
    let text = [
        "stolen-key-after-since",
        "a source was signed with a stolen key, after the entry since which it counts as stolen",
        "that what a thief signed before the theft was noticed stays good",
    ];
    Attack::both(text, &stolen_key(), "model", &[Code::SuspectKey])
}

/// A source that a thief signed.
pub fn stolen_key() -> World {
    let mut world = World::new();
    let since = world.entries.len();
    by(&mut world, SECOND);
    world.add_by(OWNER, stolen(SECOND, since));
    world.sealed()
}

fn stolen_before() -> Attack {
    let text = [
        "stolen-key-before-since",
        "a key is revoked as stolen from the entry behind an honest source on",
        "to have sound work disowned by reporting a theft",
    ];
    let mut world = World::new();
    let since = world.entries.len() + 1;
    by(&mut world, SECOND);
    world.add_by(OWNER, stolen(SECOND, since));
    Attack::both(text, &world.sealed(), "model", &[])
}

fn thief_affirms() -> Attack {
    let text = [
        "thief-affirms-his-own-work",
        "the thief affirms with the stolen key what he signed with it, before the theft is noticed",
        "an affirmation that outlives the revocation",
    ];
    let mut world = World::new();
    let since = world.entries.len();
    let id = by(&mut world, SECOND);
    world.add_by(SECOND, affirm(vec![id]));
    world.add_by(OWNER, stolen(SECOND, since));
    Attack::both(text, &world.sealed(), "model", &[Code::SuspectKey])
}

fn affirmed_by_another_stolen_key() -> Attack {
    let text = [
        "affirmed-by-another-stolen-key",
        "two keys are stolen, and the one affirms what the other signed",
        "an affirmation by somebody who may",
    ];
    let mut world = World::new();
    world.add_by(OWNER, grant(STRANGER, &["*"]));
    let since = world.entries.len();
    let id = by(&mut world, SECOND);
    world.add_by(OWNER, stolen(SECOND, since));
    let affirmed = world.entries.len();
    world.add_by(STRANGER, affirm(vec![id]));
    world.add_by(OWNER, stolen(STRANGER, affirmed));
    Attack::both(text, &world.sealed(), "model", &[Code::SuspectKey])
}

fn rotated_away() -> Attack {
    let text = [
        "rotation-onto-a-stolen-key",
        "another key is rotated onto the stolen one, so that it would have a fresh record",
        "to clear a key that was revoked as stolen",
    ];
    let mut world = World::new();
    let since = world.entries.len();
    by(&mut world, SECOND);
    world.add_by(OWNER, stolen(SECOND, since));
    let rotate = KeyChange {
        successor: Some(public(SECOND)),
        ..key_change(KeyChangeKind::Rotate, ISSUER)
    };
    world.add_by(OWNER, Predicate::Key(rotate));
    let codes = [Code::Inadmissible, Code::SuspectKey];
    Attack::refused(text, &world.sealed(), "model", &codes)
}

fn weak_key() -> Attack {
    let text = [
        "weak-key-granted",
        "the owner grants a key that is a point of small order, for which anybody can make signatures",
        "statements that nobody in particular signed",
    ];
    let mut world = World::new();
    let statement = world.statement(OWNER, grant(STRANGER, &["source"]));
    let weak = hex::encode(EIGHT_TORSION[1].compress().as_bytes());
    let mut payload = String::from_utf8(statement.encode()).unwrap();
    payload = payload.replace(&public(STRANGER).to_hex(), &weak);
    let envelope = seal_payload(payload.as_bytes(), OWNER);
    world.add_bytes(envelope.id(), envelope.encode());
    world.declare("rows", "rows", 100, |source| source);
    world.train("rows", "model");
    let world = world.sealed();
    // A bundle holds what it can read; the entry is one of those that nothing rests on.
    Attack::ledger(text, &world, "model", &[Code::Undecodable])
}

/// Appends a source by the issuer under a signature that `sign` makes, and a model trained on it.
fn signed_as(sign: impl FnOnce(&[u8]) -> [u8; 64]) -> World {
    let mut world = World::new();
    let statement = world.statement(ISSUER, Predicate::Source(source("theirs")));
    let sealed: Result<_, ()> = Envelope::seal(&statement, |pae| Ok(sign(pae)));
    let envelope = sealed.unwrap();
    world.note(envelope.id(), &statement.predicate);
    world.add_bytes(envelope.id(), envelope.encode());
    world.train("theirs", "model");
    world.sealed()
}

fn somebody_elses_name() -> Attack {
    let text = [
        "signature-of-another-key",
        "a source names the issuer's key, and a stranger's signed it",
        "a claim in somebody else's name",
    ];
    let world = signed_as(|pae| signing(STRANGER).sign(pae).to_bytes());
    Attack::both(text, &world, "model", &[Code::SignatureInvalid])
}

/// The secret scalar of a seed.
fn secret(seed: u8) -> Scalar {
    let hash = Sha512::digest([seed; 32]);
    let mut half: [u8; 32] = hash[..32].try_into().unwrap();
    half[0] &= 0b1111_1000;
    half[31] &= 0b0011_1111;
    half[31] |= 0b0100_0000;
    Scalar::from_bytes_mod_order(half)
}

/// A signature that holds when both sides are multiplied by eight, and not without.
fn with_torsion(message: &[u8]) -> [u8; 64] {
    let nonce = Scalar::from(7_u64);
    let commitment: EdwardsPoint = ED25519_BASEPOINT_POINT * nonce + EIGHT_TORSION[1];
    let commitment = commitment.compress();
    let mut hash = Sha512::new();
    hash.update(commitment.as_bytes());
    hash.update(public(ISSUER).to_bytes());
    hash.update(message);
    let challenge = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    let answer = nonce + challenge * secret(ISSUER);
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(commitment.as_bytes());
    signature[32..].copy_from_slice(answer.as_bytes());
    signature
}

fn torsion() -> Attack {
    let text = [
        "torsion-signature",
        "the signature has a point of small order in it: verifiers with a cofactor take it, others do not",
        "two verdicts on the same bytes",
    ];
    Attack::both(text, &signed_as(with_torsion), "model", &[Code::SignatureInvalid])
}

fn malleable() -> Attack {
    let text = [
        "malleable-signature",
        "to the scalar of a sound signature the order of the group is added",
        "a second signature without the key",
    ];
    let world = signed_as(|pae| {
        let mut signature = signing(ISSUER).sign(pae).to_bytes();
        // RFC 8032 5.1: the order of the group, as 32 bytes with the smallest first.
        let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
        let mut carry = 0_u16;
        for (byte, add) in signature[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        signature
    });
    Attack::both(text, &world, "model", &[Code::SignatureInvalid])
}

fn forged_twin() -> Attack {
    let text = [
        "forged-twin-first",
        "a statement stands twice, first with a signature that does not hold, then with a sound one",
        "that the sound signature vouches for the earlier entry",
    ];
    let mut world = World::new();
    let statement = world.statement(ISSUER, Predicate::Source(source("theirs")));
    let forged: Result<_, ()> = Envelope::seal(&statement, |pae| Ok(signing(STRANGER).sign(pae).to_bytes()));
    let forged = forged.unwrap();
    world.note(forged.id(), &statement.predicate);
    world.add_bytes(forged.id(), forged.encode());
    world.add_bytes(forged.id(), seal(&statement, ISSUER).encode());
    world.train("theirs", "model");
    Attack::refused(text, &world.sealed(), "model", &[Code::SignatureInvalid])
}
