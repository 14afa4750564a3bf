//! A vendor signs a source in one file, with no ledger; whoever takes the data appends it as it was signed.

use std::fs;

use super::support::Place;

const OFFER: [&str; 20] = [
    "source",
    "offer",
    "reviews",
    "--file",
    "reviews.jsonl",
    "--made-by",
    "human",
    "--acquired-by",
    "own_production",
    "--personal-data",
    "no",
    "--holder",
    "Example Data Ltd",
    "--evidence",
    "terms.txt",
    "--key",
    "vendor.pem",
    "-o",
    "reviews.offer",
    "--json",
];

/// A vendor's folder: no ledger, no home, a key and data.
fn vendor() -> (Place, serde_json::Value) {
    let place = Place::new();
    place.write("reviews.jsonl", "{\"r\":1}\n{\"r\":2}\n");
    place.write("terms.txt", "as agreed");
    place.run(&["key", "generate", "vendor.pem"]).expect(0);
    let made = place.run(&OFFER).expect(0).json();
    assert!(!place.at(".herdbook").exists() && !place.at("home").exists());
    (place, made)
}

/// A ledger with the offer beside it, and a model trained on what is offered.
fn taker(from: &Place) -> Place {
    let place = Place::with_ledger();
    fs::copy(from.at("reviews.offer"), place.at("reviews.offer")).unwrap();
    place.write("weights.bin", "weights");
    place
}

fn train(place: &Place) {
    place
        .run(&[
            "run",
            "sft",
            "--does",
            "train",
            "--input",
            "reviews:data",
            "--output",
            "model=weights.bin",
        ])
        .expect(0);
}

#[test]
fn one_offer_counts_in_two_ledgers_and_is_vouched_for_by_its_holder() {
    let (from, made) = vendor();
    let key = made["key"]["public_key"].as_str().unwrap();
    for (holder, said_by) in [("Example Data Ltd", "vouched"), ("Somebody Else", "stated")] {
        let place = taker(&from);
        let refused = place.run(&["source", "accept", "reviews.offer"]).expect(4);
        let command = format!("herdbook key grant {key} --kinds source --holder 'Example Data Ltd'");
        assert!(refused.err.contains(&command), "{refused:#?}");
        assert!(
            refused.err.contains("by another way than this file"),
            "{refused:#?}"
        );
        assert_eq!(place.size(), 2);
        place
            .run(&["key", "grant", key, "--kinds", "source", "--holder", holder])
            .expect(0);
        let dry = place
            .run(&["source", "accept", "reviews.offer", "--dry-run"])
            .expect(0);
        for part in [
            "Example Data Ltd",
            "own_production",
            "nothing was appended",
            made["key"]["id"].as_str().unwrap(),
        ] {
            assert!(dry.out.contains(part), "{part}: {dry:#?}");
        }
        assert_eq!(place.size(), 4);
        let accepted = place
            .run(&["source", "accept", "reviews.offer", "--json"])
            .expect(0)
            .json();
        assert_eq!((&accepted["id"], &accepted["entry"]), (&made["id"], &4.into()));
        assert_eq!(
            (&accepted["said_by"], &accepted["speaks_for"]),
            (&said_by.into(), &holder.into())
        );
        let again = place
            .run(&["source", "accept", "reviews.offer", "--json"])
            .expect(0)
            .json();
        assert_eq!(
            (&again["already_present"], &again["entry"]),
            (&true.into(), &4.into())
        );
        train(&place);
        let judged = place.run(&["verify", "model", "--json"]).expect(0).json();
        assert_eq!(judged["sources"][0]["said_by"], said_by);
        let shown = place.run(&["show", "reviews"]).expect(0);
        assert!(shown.out.contains("Example Data Ltd"), "{shown:#?}");
        place.run(&["fsck"]).expect(0);
        place.run(&["prove", "reviews", "-o", "proof.json"]).expect(0);
    }
}

#[test]
fn an_offer_that_was_altered_by_one_byte_is_refused() {
    let (from, made) = vendor();
    let place = taker(&from);
    let key = made["key"]["public_key"].as_str().unwrap();
    place.run(&["key", "grant", key, "--kinds", "source"]).expect(0);
    let good = fs::read(from.at("reviews.offer")).unwrap();
    let step = good.len() / 40;
    for at in (0..good.len()).step_by(step.max(1)) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        place.write("bad.offer", &bad);
        let refused = place.run(&["source", "accept", "bad.offer", "--json"]).expect(1);
        assert_eq!(refused.json()["code"], "offer_invalid", "byte {at}");
    }
    assert_eq!(place.size(), 4);
    place.run(&["source", "accept", "reviews.offer"]).expect(0);
}

#[test]
fn a_name_that_is_taken_needs_a_word() {
    let (from, made) = vendor();
    let place = taker(&from);
    let key = made["key"]["public_key"].as_str().unwrap();
    place.run(&["key", "grant", key, "--kinds", "source"]).expect(0);
    place.write("reviews.jsonl", "{\"r\":3}\n");
    place
        .run(&[
            "source",
            "add",
            "reviews",
            "--made-by",
            "human",
            "--acquired-by",
            "licensed",
            "--personal-data",
            "no",
            "--file",
            "reviews.jsonl",
        ])
        .expect(0);
    let refused = place.run(&["source", "accept", "reviews.offer"]).expect(1);
    assert!(refused.err.contains("--new-version"), "{refused:#?}");
    place
        .run(&["source", "accept", "reviews.offer", "--new-version"])
        .expect(0);
}

#[test]
fn what_cannot_be_offered_leaves_no_file() {
    let (place, _) = vendor();
    let exists = place.run(&OFFER).expect(1);
    assert_eq!(exists.json()["code"], "file_exists");
    let with = |from: &str, to: &str| {
        let mut args = OFFER;
        let at = args.iter().position(|arg| *arg == from).unwrap();
        args[at] = to;
        let out = args.iter().position(|arg| *arg == "reviews.offer").unwrap();
        args[out] = "other.offer";
        let ran = place.run(&args);
        assert!(!place.at("other.offer").exists());
        ran
    };
    with("reviews.jsonl", "nothing.jsonl").expect(1);
    with("terms.txt", "vendor.pem").expect(1);
    with("vendor.pem", "nobody.pem").expect(12);
    with("human", "cats").expect(2);
}
