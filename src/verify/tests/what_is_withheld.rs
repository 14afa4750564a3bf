//! What is withheld is told, and what is disclosed of it is held against the statement.

use super::kit::*;
use crate::commitment::Commitment;
use crate::commitment::Salt;
use crate::digest::StatementId;
use crate::disclosure::Disclosed;
use crate::disclosure::Disclosure;
use crate::disclosure::Disclosures;
use crate::statement::*;
use crate::verify::*;

const FIELD: &str = "/predicate/legal_basis";
const TEXT: &str = "consent of the donor";

fn salt() -> Salt {
    Salt::from_bytes([7; 32])
}

/// A model trained on a source that withholds one text, and one on another source.
fn withholding() -> (World, StatementId) {
    let commitment = Commitment::of(&salt(), "legal_basis", TEXT.as_bytes());
    let mut world = herd();
    let id = world.add(Predicate::Source(Source {
        legal_basis: Some(commitment.to_string()),
        ..source("diaries")
    }));
    world.train("diaries", "model");
    world.seal();
    (world, id)
}

fn of(statement: StatementId) -> Disclosure {
    Disclosure {
        statement,
        member: None,
        field: FIELD.to_owned(),
        context: "legal_basis".to_owned(),
        salt: salt(),
        what: Disclosed::Text(TEXT.to_owned()),
    }
}

/// Verifies with one disclosure.
fn with(world: &World, name: &str, disclosure: Disclosure) -> Judgement {
    let mut request = world.request(name);
    request.disclosures.push(Disclosures {
        ledger: world.genesis,
        list: vec![disclosure],
    });
    world.drive(request)
}

#[test]
fn it_is_told_until_it_is_disclosed() {
    let (world, id) = withholding();
    let judgement = world.verify("model");
    passes(&judgement);
    let mut notes = judgement.findings.iter();
    let note = notes.find(|finding| finding.code == Code::Withheld).unwrap();
    assert!(
        note.message.ends_with(" withholds: legal_basis"),
        "{}",
        note.message
    );
    let judgement = with(&world, "model", of(id));
    passes(&judgement);
    assert!(!judgement.has(Code::Withheld));
    let [fact] = judgement.disclosed.as_slice() else {
        panic!("{:#?}", judgement.disclosed);
    };
    assert_eq!(fact.what, Disclosed::Text(TEXT.to_owned()));
}

#[test]
fn what_is_not_what_stands_there_differs() {
    let (world, id) = withholding();
    for false_one in [
        Disclosure {
            what: Disclosed::Text("consent of nobody".to_owned()),
            ..of(id)
        },
        Disclosure {
            salt: Salt::from_bytes([8; 32]),
            ..of(id)
        },
        Disclosure {
            context: "licence".to_owned(),
            ..of(id)
        },
        Disclosure {
            field: "/predicate/licence".to_owned(),
            ..of(id)
        },
        Disclosure {
            what: Disclosed::Bytes(TEXT.as_bytes().to_vec()),
            ..of(id)
        },
    ] {
        let judgement = with(&world, "model", false_one);
        fails(
            &judgement,
            Code::DisclosureDiffers,
            &["model", "train-model", "diaries"],
        );
        assert!(judgement.has(Code::Withheld) && judgement.disclosed.is_empty());
    }
    let mut request = world.request("model");
    request.disclosures.push(Disclosures {
        ledger: id,
        list: vec![of(id)],
    });
    fails(&world.drive(request), Code::DisclosureDiffers, &[]);
}

#[test]
fn a_disclosure_about_something_else_is_not_checked() {
    let (world, id) = withholding();
    let judgement = with(&world, "specialist", of(id));
    passes(&judgement);
    assert!(judgement.has(Code::DisclosureNotUsed) && judgement.disclosed.is_empty());
}
