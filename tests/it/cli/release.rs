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
        (&["release", "hb:00/0/0", "--to", "hub"], 1, "unknown_id"),
    ] {
        let refused = place.run(&[args, &["--json"]].concat()).expect(exit).json();
        assert_eq!(refused["code"], code, "{refused:#?}");
    }
    assert_eq!(place.size(), size);
}
