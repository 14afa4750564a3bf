//! Attacks with what is withheld: texts that were not committed to, and facts that hide behind commitments.

use herdbook::commitment::Commitment;
use herdbook::commitment::Salt;
use herdbook::digest::StatementId;
use herdbook::statement::*;
use herdbook::verify::Code;

use super::kit::*;

pub fn attacks() -> Vec<Attack> {
    vec![
        opened(
            [
                "altered-disclosure",
                "the holder of a source is disclosed as somebody else than was committed to",
                "to tell everybody another name",
            ],
            "/predicate/holder",
            "holder",
            "Clinic South",
        ),
        opened(
            [
                "moved-disclosure",
                "the true disclosure of a holder is turned to the licence of the same source",
                "a true text in another place",
            ],
            "/predicate/licence",
            "holder",
            "Clinic North",
        ),
        opened(
            [
                "disclosure-in-another-context",
                "the true text of a holder is disclosed as that of another field",
                "a true text with another meaning",
            ],
            "/predicate/holder",
            "url",
            "Clinic North",
        ),
        of_another_ledger(),
        withheld_maker(),
        withheld_generators(),
        withheld_model_name(),
        rival_without_a_name(),
    ]
}

fn salt() -> Salt {
    Salt::from_bytes([9; 32])
}

fn commitment(context: &str, text: &str) -> String {
    Commitment::of(&salt(), context, text.as_bytes()).to_string()
}

/// A model on a source that withholds its holder and its licence.
fn withholding() -> World {
    World::on(|source| Source {
        holder: Some(commitment("holder", "Clinic North")),
        licence: Some(commitment("licence", "Apache-2.0")),
        ..source
    })
    .sealed()
}

/// A file of one disclosure.
fn disclosure(ledger: StatementId, id: StatementId, field: &str, context: &str, text: &str) -> Vec<u8> {
    let salt = salt().to_hex();
    format!(
        "{{\"_type\":\"https://herdbook/disclosures/v1\",\"disclosures\":[{{\"address\":\"hb:{id}\",\"context\":\"{context}\",\
         \"field\":\"{field}\",\"salt\":\"{salt}\",\"text\":\"{text}\"}}],\"ledger\":\"hb:{ledger}\"}}\n"
    )
    .into_bytes()
}

/// An attack with a disclosure that must be refused.
fn with(text: [&'static str; 3], world: &World, file: Vec<u8>) -> Attack {
    let mut attack =
        Attack::both(text, world, "model", &[Code::DisclosureDiffers]).file("disclosure.json", file);
    for check in &mut attack.checks {
        let with = ["--with", "disclosure.json"].map(str::to_owned);
        check.command.extend(with);
    }
    attack
}

fn opened(text: [&'static str; 3], field: &str, context: &str, said: &str) -> Attack {
    let world = withholding();
    let id = world.refs("rows")[0].statement;
    let file = disclosure(world.genesis, id, field, context, said);
    with(text, &world, file)
}

fn of_another_ledger() -> Attack {
    let text = [
        "disclosure-of-another-ledger",
        "a disclosure names another ledger than the one that is judged",
        "a text from elsewhere",
    ];
    let world = withholding();
    let id = world.refs("rows")[0].statement;
    let other = StatementId::from_bytes([8; 32]);
    let file = disclosure(other, id, "/predicate/holder", "holder", "Clinic North");
    with(text, &world, file)
}

/// What may not be withheld makes a statement unreadable.
fn unreadable(text: [&'static str; 3], of: &str, instead: &str) -> Attack {
    let world = super::formats::instead(of, instead);
    Attack::refused(text, &world, "model", &[Code::Undecodable, Code::EntryMissing])
}

fn withheld_maker() -> Attack {
    let text = [
        "withheld-maker",
        "a commitment stands where a source says who made it",
        "an origin that nobody may see",
    ];
    let hidden = commitment("made_by", "model");
    unreadable(text, r#""made_by":"human""#, &format!(r#""made_by":"{hidden}""#))
}

fn withheld_generators() -> Attack {
    let text = [
        "withheld-generators",
        "a source that a model made has a commitment for the name of the model",
        "a generator that nobody may see",
    ];
    let hidden = commitment("generators", "gpt");
    unreadable(
        text,
        r#""issuer""#,
        &format!(r#""generators":["{hidden}"],"issuer""#),
    )
}

fn withheld_model_name() -> Attack {
    let text = [
        "withheld-model-name",
        "an external model is declared under a commitment, so that it cannot be compared with own ones",
        "an own model that nobody recognises",
    ];
    let hidden = commitment("name", "specialist");
    let mut world = World::herd();
    let honest = external("other", weights("other"));
    let payload = String::from_utf8(world.statement(ISSUER, honest.clone()).encode()).unwrap();
    let payload = payload.replace(
        r#""name":"other","provider""#,
        &format!(r#""name":"{hidden}","provider""#),
    );
    assert!(payload.contains(&hidden));
    let envelope = seal_payload(payload.as_bytes(), ISSUER);
    world.note(envelope.id(), &honest);
    world.add_bytes(envelope.id(), envelope.encode());
    let roles = [("other", Role::Generator)];
    world.run(Does::Generate, &roles, "out", rows("out", 10), |run| run);
    let codes = [Code::Undecodable, Code::EntryMissing];
    Attack::refused(text, &world.sealed(), "out", &codes)
}

fn rival_without_a_name() -> Attack {
    let text = [
        "rival-claim-without-a-name",
        "generated bytes are registered again as a human source that withholds its name and those of its files",
        "a rival that cannot be recognised",
    ];
    let mut world = World::herd();
    let mut set = rows("kept", 800);
    set.artifacts[0].name = commitment("file-name", "kept.jsonl");
    let hidden = Source {
        name: ItemName::withheld(Commitment::of(&salt(), "name", b"people")),
        set,
        ..source("people")
    };
    world.add(Predicate::Source(hidden.clone()));
    world.train(hidden.name.as_str(), "clean");
    Attack::both(text, &world.sealed(), "clean", &[Code::ConflictingOrigin])
}
