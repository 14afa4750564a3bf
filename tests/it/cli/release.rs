//! `release`: that a model went out, said once, and of a model only.

use super::support::Place;

#[test]
fn a_model_is_released_once_for_each_place_and_day() {
    let place = Place::with_pipeline();
    let args = [
        "release",
        "model",
        "--to",
        "model-hub",
        "--channel",
        "https://hub.example/m",
        "--date",
        "2026-11-22",
    ];
    let json = [&args[..], &["--json"]].concat();
    let first = place.run(&json).expect(0).json();
    assert_eq!(
        (&first["already_present"], &first["target"]["name"]),
        (&false.into(), &"model".into())
    );
    let size = place.size();
    let again = place.run(&json).expect(0).json();
    assert_eq!(
        (&again["already_present"], &again["id"]),
        (&true.into(), &first["id"])
    );
    assert_eq!(place.size(), size);
    // It stands in the list, says what was typed, and takes no name from anything.
    let listed = place.run(&["list"]).expect(0);
    assert!(
        listed.out.contains("release of model to model-hub"),
        "{listed:#?}"
    );
    let items = place.run(&["list", "--json"]).expect(0).json();
    let release = items["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&release["kind"], &release["about"], &release["name"]),
        (&"release".into(), &"model".into(), &"model-hub".into())
    );
    let shown = place
        .run(&["show", release["node"].as_str().unwrap(), "--json"])
        .expect(0)
        .json();
    let predicate = &shown["statements"][0]["statement"]["predicate"];
    assert_eq!(predicate["channel"], "https://hub.example/m");
    assert_eq!(predicate["target"], first["target"]["id"]);
    place.run(&["release", "model", "--to", "model"]).expect(0);
    place.run(&["trace", "model"]).expect(0);
    place.run(&["verify", "model"]).expect(0);
    place.run(&["fsck"]).expect(0);
}

#[test]
fn what_cannot_be_released_is_refused() {
    let place = Place::with_pipeline();
    let size = place.size();
    for (args, exit, code) in [
        (&["release", "tasks", "--to", "hub"][..], 1, "not_a_model"),
        (&["release", "train", "--to", "hub"], 1, "not_a_model"),
        (&["release", "nothing", "--to", "hub"], 1, "unknown_name"),
        (
            &["release", "model", "--to", "https://hub.example/m"],
            2,
            "option_invalid",
        ),
        (
            &["release", "model", "--to", "hub", "--date", "today"],
            2,
            "usage",
        ),
        (
            &["release", "model", "--to", "hub", "--channel", "a\u{202e}b"],
            2,
            "option_invalid",
        ),
        (&["release", "model"], 2, "usage"),
        (
            &["release", "hb:0000000000000000/0/0", "--to", "hub"],
            1,
            "unknown_id",
        ),
    ] {
        let refused = place.run(&[args, &["--json"]].concat()).expect(exit).json();
        assert_eq!(refused["code"], code, "{refused:#?}");
    }
    assert_eq!(place.size(), size);
}

/// A recall asks about bytes: which version of a name they were taken as changes nothing.
#[test]
fn a_release_is_found_by_the_same_bytes_under_another_statement() {
    let place = Place::with_pipeline();
    let none = place.run(&["impact", "seeds", "--released"]).expect(0);
    assert_eq!(none.out, "nothing that was released descends from seeds\n");
    place.run(&["release", "model", "--to", "model-hub"]).expect(0);
    let found = place.run(&["impact", "seeds", "--released"]).expect(21);
    assert!(found.out.contains("released to model-hub (entry "), "{found:#?}");
    assert!(
        found
            .out
            .contains("from seeds > generate > tasks > train > model"),
        "{found:#?}"
    );
    let itself = place.run(&["impact", "model", "--released"]).expect(21);
    assert!(itself.out.contains("model was released itself\n"), "{itself:#?}");

    // The same file with a licence: a new version, of which nothing was made.
    let licensed = "herdbook: 1\nsources: [{name: seeds, files: seeds.jsonl, made_by: human, acquired_by: own_production, \
                    licence: MIT, personal_data: no}]\n";
    place.write("licensed.yaml", licensed);
    place
        .run(&["register", "licensed.yaml", "--new-version"])
        .expect(0);
    let first = place.run(&["list", "seeds", "--json"]).expect(0).json()["items"][0]["node"].clone();
    let first = first.as_str().unwrap();
    let newest = place.run(&["impact", "seeds@latest", "--released"]).expect(21);
    let also = format!("also counted, for they have the same bytes: {first}\n");
    assert!(newest.out.starts_with(&also), "{newest:#?}");
    assert!(newest.out.contains("released to model-hub"), "{newest:#?}");
    let json = place.run(&["impact", "seeds@latest", "--json"]).expect(0).json();
    assert_eq!(
        (&json["same_bytes"][0]["node"], &json["total"]),
        (&first.into(), &2.into())
    );
    let before = place.run(&["impact", first, "--json"]).expect(0).json();
    assert_eq!(json["reached"][0]["share"], before["reached"][0]["share"]);

    // Other bytes are another thing, and that there are other versions is said.
    place.write("seeds.jsonl", "{\"a\":2}\n");
    place
        .run(&["register", "licensed.yaml", "--new-version"])
        .expect(0);
    let other = place.run(&["impact", "seeds@latest", "--released"]).expect(0);
    assert!(other.out.starts_with("nothing that was released"), "{other:#?}");
    assert!(
        other.err.contains(&format!(
            "Other versions have other bytes and do not count here: {first}, seeds@"
        )),
        "{other:#?}"
    );
}

/// One file of many that stands under another name too, within a manifest and alone.
#[test]
fn a_release_is_found_by_a_file_of_a_manifest() {
    let place = Place::with_pipeline();
    place.run(&["release", "model", "--to", "model-hub"]).expect(0);
    for number in 0..70 {
        place.write(
            &format!("many/{number:02}.jsonl"),
            format!("{{\"n\":{number}}}\n"),
        );
    }
    place.write("many/70.jsonl", "{\"a\":1}\n");
    place.write("many/71.jsonl", "");
    place.write("nothing.jsonl", "");
    place.write(
        "many.yaml",
        "herdbook: 1\nsources:\n  - {name: many, files: 'many/*.jsonl', made_by: human, acquired_by: own_production, \
         personal_data: no}\n  - {name: nothing, files: nothing.jsonl, made_by: human, acquired_by: own_production, \
         personal_data: no}\n",
    );
    place.run(&["register", "many.yaml"]).expect(0);
    let whole = place
        .run(&["impact", "many", "--released", "--json"])
        .expect(21)
        .json();
    let same: Vec<&str> = whole["same_bytes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["node"].as_str().unwrap())
        .collect();
    let seeds = place.run(&["list", "seeds", "--json"]).expect(0).json()["items"][0]["entry"].clone();
    assert_eq!(same, [format!("seeds@{seeds}")], "not the empty file");
    place
        .run(&["impact", "many/many/70.jsonl", "--released"])
        .expect(21);
    place
        .run(&["impact", "many/many/69.jsonl", "--released"])
        .expect(0);
    let back = place.run(&["impact", "seeds", "--json"]).expect(0).json();
    assert!(
        back["same_bytes"][0]["node"]
            .as_str()
            .unwrap()
            .ends_with("/70.jsonl"),
        "{back:#}"
    );
}
