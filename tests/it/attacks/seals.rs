//! Attacks on completeness by the log itself: seals that say something else than the entries below them.

use herdbook::merkle;
use herdbook::statement::Seal;
use herdbook::verify::Code;

use super::kit::*;

pub fn attacks() -> Vec<Attack> {
    vec![
        no_seal(),
        by_an_issuer(),
        without_a_revocation(),
        of_another_revocation(),
        without_a_rival(),
        with_a_rival_less(),
    ]
}

fn no_seal() -> Attack {
    let text = [
        "no-seal",
        "the last entry of the checkpoint is a statement and not a seal",
        "a verdict before the revocation that stands right behind it",
    ];
    let mut world = World::herd();
    world.end();
    Attack::both(text, &world, "specialist", &[Code::NoSeal])
}

fn by_an_issuer() -> Attack {
    let text = [
        "seal-by-an-issuer",
        "the last seal is true, and signed by an issuer who has every grant",
        "seals of one's own, whatever they say",
    ];
    let mut world = World::herd();
    world.add_seal(ISSUER, world.right_seal());
    Attack::refused(text, &world, "specialist", &[Code::SignatureInvalid])
}

/// The herd with the issuer's key stolen from the training on.
fn revoked() -> World {
    let mut world = World::herd();
    let since = world.entry_of("specialist");
    world.add_by(OWNER, stolen(ISSUER, since));
    world
}

fn without_a_revocation() -> Attack {
    let text = [
        "seal-leaves-out-a-revocation",
        "the seal counts no key statement, and one stands below it",
        "to hand out bundles without the revocation later",
    ];
    let mut world = revoked();
    let nothing = merkle::root(&[]);
    let seal = Seal {
        rulings: 0,
        rulings_root: nothing,
        ..world.right_seal()
    };
    world.add_seal(LOG, seal);
    Attack::refused(text, &world, "specialist", &[Code::SealFalse, Code::SuspectKey])
}

fn of_another_revocation() -> Attack {
    let text = [
        "seal-of-another-revocation",
        "the seal counts as many key statements as there are, with the root of another one",
        "to exchange the revocation of one key for that of another",
    ];
    let mut world = revoked();
    let mut other = World::herd();
    other.add_by(OWNER, stolen(SECOND, 1));
    let seal = Seal {
        rulings_root: other.right_seal().rulings_root,
        ..world.right_seal()
    };
    world.add_seal(LOG, seal);
    Attack::refused(text, &world, "specialist", &[Code::SealFalse, Code::SuspectKey])
}

/// The herd with a rival story about the bytes it was trained on.
pub fn rival() -> World {
    let mut world = World::herd();
    world.declare("people", "kept", 800, |source| source);
    world
}

fn without_a_rival() -> Attack {
    let text = [
        "seal-leaves-out-a-contested-digest",
        "the seal counts no contested tie, and two statements claim the bytes of the training data",
        "to hand out bundles without the rival claim later",
    ];
    let mut world = rival();
    let seal = Seal {
        contested: 0,
        contested_root: merkle::root(&[]),
        ..world.right_seal()
    };
    world.add_seal(LOG, seal);
    let mut bundle = Bundle::of(&world, "specialist");
    bundle.contested.clear();
    let codes = [Code::SealFalse, Code::ConflictingOrigin];
    Attack::ledger(text, &world, "specialist", &[Code::Undecodable]).bundle(&bundle.tar(), &codes)
}

fn with_a_rival_less() -> Attack {
    let text = [
        "seal-counts-a-rival-less",
        "the seal has the contested tie with two statements, and three have it",
        "to hand out bundles with the friendlier of two rivals",
    ];
    let mut world = rival();
    let two = world.contested();
    world.declare("crowd", "kept", 800, |source| source);
    let records: Vec<_> = two
        .iter()
        .map(|record| merkle::leaf_hash(&record.to_bytes()))
        .collect();
    let seal = Seal {
        contested_root: merkle::root(&records),
        ..world.right_seal()
    };
    world.add_seal(LOG, seal);
    let mut bundle = Bundle::of(&world, "specialist");
    bundle.contested = two;
    let codes = [Code::SealFalse, Code::ConflictingOrigin];
    Attack::ledger(text, &world, "specialist", &[Code::Undecodable]).bundle(&bundle.tar(), &codes)
}
