//! A key is stolen, and it is noticed later: what it signed since is suspect, until somebody else vouches for it.

use serde_json::Value;

use super::support::Place;
use super::support::failing;

/// A ledger in which a second key signs a source before the theft, and one after it, each with a model of its own.
struct Theft {
    place: Place,
    thief: String,
    /// The first entry that the thief may have signed.
    since: u64,
    /// How many entries there were before anybody noticed.
    before: u64,
}

fn source(place: &Place, name: &str, key: &str) {
    place.write(&format!("{name}.jsonl"), format!("{{\"a\":\"{name}\"}}\n"));
    let file = format!("{name}.jsonl");
    place
        .run(&[
            "source",
            "add",
            name,
            "--made-by",
            "human",
            "--acquired-by",
            "own_production",
            "--personal-data",
            "no",
            "--key",
            key,
            "--file",
            &file,
        ])
        .expect(0);
}

fn train(place: &Place, model: &str, data: &str) {
    place.write(&format!("{model}.bin"), model);
    let (input, output) = (format!("{data}:data"), format!("{model}={model}.bin"));
    let run = format!("train-{model}");
    place
        .run(&[
            "run", &run, "--does", "train", "--input", &input, "--output", &output,
        ])
        .expect(0);
}

impl Theft {
    fn new() -> Self {
        let place = Place::with_ledger();
        let made = place
            .run(&["key", "generate", "second.pem", "--json"])
            .expect(0)
            .json();
        let thief = made["id"].as_str().unwrap().to_owned();
        let public = made["public_key"].as_str().unwrap();
        place
            .run(&["key", "grant", public, "--kinds", "source,release"])
            .expect(0);
        source(&place, "early", "second.pem");
        train(&place, "sound", "early");
        let since = place.size();
        source(&place, "late", "second.pem");
        train(&place, "reached", "late");
        train(&place, "further", "late");
        place
            .run(&["release", "further", "--to", "hub", "--key", "second.pem"])
            .expect(0);
        let before = place.size();
        Self {
            place,
            thief,
            since,
            before,
        }
    }

    fn revoke(&self, since: u64, more: &[&str]) -> Value {
        let since = since.to_string();
        let args = [
            "key",
            "revoke",
            &self.thief[..8],
            "--compromised",
            "--since",
            &since,
            "--json",
        ];
        self.place.run(&[&args[..], more].concat()).expect(0).json()
    }
}

fn names<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one[key].as_str().unwrap()).collect()
}

#[test]
fn what_a_thief_may_have_signed_is_suspect_and_what_is_affirmed_counts_again() {
    let theft = Theft::new();
    let place = &theft.place;
    for model in ["sound", "reached", "further"] {
        place.run(&["verify", model]).expect(0);
    }
    let dry = theft.revoke(theft.since, &["--dry-run"]);
    assert_eq!(place.size(), theft.before);
    let made = theft.revoke(theft.since, &[]);
    for told in [&dry, &made] {
        let suspect = told["suspect"].as_array().unwrap();
        assert_eq!(names(&told["suspect"], "kind"), ["source", "release"]);
        assert_eq!(suspect[0]["entry"], theft.since);
        assert_eq!(
            names(&told["models"], "name"),
            ["further", "reached"],
            "released ones stand first"
        );
        assert_eq!(told["models"][0]["released"].as_array().unwrap().len(), 1);
    }
    assert_eq!((&dry["dry_run"], &made["in_force"]), (&true.into(), &true.into()));

    place.run(&["verify", "sound"]).expect(0);
    for model in ["reached", "further"] {
        let judged = place.run(&["verify", model, "--json"]).expect(21).json();
        assert_eq!(failing(&judged), ["suspect_key"]);
    }
    // As it was known before anybody noticed, and at the entry after.
    let size = theft.before.to_string();
    place.run(&["verify", "reached", "--as-of", &size]).expect(0);
    let listed = place.run(&["key", "list"]).expect(0);
    let state = format!("compromised since {}", theft.since);
    assert!(
        listed.out.contains(&state) && listed.out.contains("2 entries are suspect"),
        "{listed:#?}"
    );

    // The thief vouches for nothing, and nobody else without a grant.
    let affirm = ["key", "affirm", "--all-of", &theft.thief[..10]];
    let own = place
        .run(&[&affirm[..], &["--key", "second.pem"]].concat())
        .expect(4);
    assert!(own.err.contains("nobody affirms their own"), "{own:#?}");
    place.run(&["key", "generate", "stranger.pem"]).expect(0);
    let stranger = place.run(&[&affirm[..], &["--key", "stranger.pem"]].concat());
    assert_eq!(stranger.code, 4, "{stranger:#?}");
    place.run(&["verify", "reached"]).expect(21);

    let one = place.run(&["key", "affirm", "late", "--json"]).expect(0).json();
    assert_eq!(
        (&one["schema"], &one["still_suspect"]),
        (&"herdbook/key-affirm/v1".into(), &1.into())
    );
    for model in ["reached", "further"] {
        place.run(&["verify", model]).expect(0);
    }
    let rest = place.run(&affirm).expect(0);
    assert!(
        rest.out.contains("affirms 1 statement; 0 still suspect"),
        "{rest:#?}"
    );
    place.run(&affirm).expect(1);
    place.run(&["fsck"]).expect(0);
}

#[test]
fn a_theft_that_was_earlier_reaches_more_and_never_less() {
    let theft = Theft::new();
    let place = &theft.place;
    theft.revoke(theft.since, &[]);
    place.run(&["key", "affirm", "late"]).expect(0);
    let later = (theft.since + 1).to_string();
    let refused = place.run(&["key", "revoke", &theft.thief, "--compromised", "--since", &later]);
    assert!(refused.expect(1).err.contains("known to be compromised"));
    let all = place
        .run(&[
            "key",
            "revoke",
            &theft.thief,
            "--compromised",
            "--since",
            "grant",
            "--json",
        ])
        .expect(0)
        .json();
    // What was affirmed stays so.
    assert_eq!(names(&all["suspect"], "kind"), ["source", "release"]);
    assert_eq!(all["suspect"][0]["name"], "early");
    assert_eq!(names(&all["models"], "name"), ["sound"]);
    place.run(&["verify", "sound"]).expect(21);
    place.run(&["verify", "reached"]).expect(0);
    // The key that vouched is found to be stolen, too: with it goes what it vouched for, and what it signed itself.
    let keys = place.run(&["key", "list", "--json"]).expect(0).json();
    let issuer = keys["keys"][0]["id"].as_str().unwrap();
    let at = (theft.before + 2).to_string();
    let both = place
        .run(&["key", "revoke", issuer, "--compromised", "--since", &at, "--json"])
        .expect(0)
        .json();
    assert_eq!(names(&both["suspect"], "name"), ["late"]);
    place.run(&["verify", "reached"]).expect(21);
}
