//! `herdbook key`: every form signs, every verb says what it did, and owners agree before anything changes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::support::Place;
use super::support::Ran;
use super::support::ran;

/// Makes a key and returns what was told of it.
fn generate(place: &Place, file: &str) -> Value {
    place.run(&["key", "generate", file, "--json"]).expect(0).json()
}

fn passphrase(place: &Place, text: &str) {
    place.write("pass", text);
    fs::set_permissions(place.at("pass"), fs::Permissions::from_mode(0o600)).unwrap();
}

fn list(place: &Place) -> Value {
    place.run(&["key", "list", "--json"]).expect(0).json()
}

#[test]
fn a_key_of_every_form_registers() {
    let place = Place::with_ledger();
    place.write_pipeline();
    passphrase(&place, "correct horse\n");
    for (number, (form, encrypted)) in [
        ("pkcs8", false),
        ("pkcs8", true),
        ("openssh", false),
        ("openssh", true),
    ]
    .into_iter()
    .enumerate()
    {
        let file = format!("{number}.key");
        let mut args = vec!["key", "generate", &file, "--form", form, "--json"];
        if encrypted {
            args.extend(["--encrypt", "--passphrase-file", "pass"]);
        }
        let made = place.run(&args).expect(0).json();
        assert_eq!(made["schema"], "herdbook/key-generate/v1");
        assert_eq!(made["encrypted"], encrypted);
        let found = fs::metadata(place.at(&file)).unwrap().permissions();
        assert_eq!(found.mode() & 0o777, 0o600);
        let public = made["public_key"].as_str().unwrap();
        place.run(&["key", "grant", public, "--kinds", "*"]).expect(0);
        place.write("s.txt", format!("{number}\n"));
        let name = format!("s{number}");
        let add = [
            "source",
            "add",
            &name,
            "--made-by",
            "human",
            "--acquired-by",
            "own_production",
            "--personal-data",
            "no",
            "--key",
            &file,
            "--file",
            "s.txt",
        ];
        if encrypted {
            let asked = place.run(&add).expect(12);
            assert!(asked.err.contains("--passphrase-file"), "{asked:#?}");
            let by_variable = place
                .command(&add)
                .env("HERDBOOK_PASSPHRASE_FILE", "pass")
                .output()
                .unwrap();
            ran(by_variable).expect(0);
            passphrase(&place, "wrong");
            let wrong = place.run(&[&add[..], &["--new-version", "--passphrase-file", "pass"]].concat());
            let wrong = wrong.expect(12);
            assert!(wrong.err.contains("does not open key file"), "{wrong:#?}");
            assert!(!wrong.err.contains("correct horse"));
            passphrase(&place, "correct horse\n");
        } else {
            place.run(&add).expect(0);
        }
    }
    assert_eq!(list(&place)["keys"].as_array().unwrap().len(), 5);
}

#[test]
fn keys_of_the_users_folder_may_be_protected() {
    let place = Place::new();
    passphrase(&place, "correct horse");
    let folder = place.at("home/keys");
    place.run(&["init", "--origin", "test.example/lab"]).expect(0);
    let keys = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    // An issuer's key of another form in the same place.
    fs::remove_file(keys.join("issuer.pem")).unwrap();
    let issuer = keys.join("issuer.pem");
    let made = place.run(&[
        "key",
        "generate",
        issuer.to_str().unwrap(),
        "--form",
        "openssh",
        "--encrypt",
        "--passphrase-file",
        "pass",
        "--json",
    ]);
    let made = made.expect(0).json();
    let public = made["public_key"].as_str().unwrap();
    place.run(&["key", "grant", public, "--kinds", "*"]).expect(0);
    place.write_pipeline();
    place.run(&["register", "lineage.yaml"]).expect(12);
    place
        .run(&["register", "lineage.yaml", "--passphrase-file", "pass"])
        .expect(0);
    place.run(&["verify", "model"]).expect(0);
    let doctor = place.run(&["doctor"]);
    assert!(doctor.out.contains("protected by a passphrase"), "{doctor:#?}");
}

#[test]
fn no_key_is_written_into_a_ledger_or_over_a_file() {
    let place = Place::with_ledger();
    for path in [
        ".herdbook/k.pem",
        ".herdbook/blobs/k.pem",
        ".herdbook/tmp/../k.pem",
    ] {
        let refused = place.run(&["key", "generate", path]).expect(12);
        assert!(refused.err.contains("inside a ledger"), "{refused:#?}");
    }
    place.write("there", "x");
    let refused = place.run(&["key", "generate", "there"]).expect(12);
    assert!(refused.err.contains("exists already"), "{refused:#?}");
    // Nor does a key get in as a file that the ledger holds.
    passphrase(&place, "correct horse");
    for (form, encrypt) in [("pkcs8", true), ("openssh", true), ("openssh", false)] {
        let file = format!("{form}-{encrypt}");
        let mut args = vec!["key", "generate", &file, "--form", form];
        if encrypt {
            args.extend(["--encrypt", "--passphrase-file", "pass"]);
        }
        place.run(&args).expect(0);
        let refused = place.run(&["prompt", "add", "p", "--file", &file]).expect(1);
        assert!(refused.err.contains("private key in it"), "{refused:#?}");
    }
    assert_eq!(place.size(), 2);
}

#[test]
fn a_grant_a_rotation_and_a_retirement_are_told_as_they_are() {
    let place = Place::with_pipeline();
    let (one, two) = (generate(&place, "one.pem"), generate(&place, "two.pem"));
    let id = |key: &Value| key["id"].as_str().unwrap().to_owned();
    place.write("one.pub", one["ssh"].as_str().unwrap());
    let grant = [
        "key",
        "grant",
        "one.pub",
        "--kinds",
        "source,run:train",
        "--holder",
        "Example Ltd",
    ];
    let dry = place
        .run(&[&grant[..], &["--dry-run", "--json"]].concat())
        .expect(0)
        .json();
    assert_eq!((&dry["dry_run"], &dry["id"]), (&true.into(), &Value::Null));
    let size = place.size();
    let granted = place.run(&[&grant[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(granted["schema"], "herdbook/key-change/v1");
    assert_eq!(
        (&granted["in_force"], &granted["entry"]),
        (&true.into(), &size.into())
    );
    let again = place.run(&[&grant[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(again["already_present"], true);
    let other = place
        .run(&["key", "grant", "one.pub", "--kinds", "model"])
        .expect(1);
    assert!(other.err.contains("a key is granted once"), "{other:#?}");
    let typo = place
        .run(&["key", "grant", "two.pem", "--kinds", "sorce"])
        .expect(2);
    assert!(typo.err.contains("write one of"), "{typo:#?}");

    let short = &id(&one)[..8];
    let rotated = place.run(&["key", "rotate", short, "two.pem"]).expect(0);
    assert!(rotated.out.contains("takes the place of"), "{rotated:#?}");
    let keys = list(&place)["keys"].clone();
    let by_id = |id: &str| {
        keys.as_array()
            .unwrap()
            .iter()
            .find(|key| key["id"] == id)
            .unwrap()
            .clone()
    };
    let (old, new) = (by_id(&id(&one)), by_id(&id(&two)));
    assert_eq!(
        (&old["state"], &old["successor"]),
        (&"rotated".into(), &two["id"])
    );
    assert_eq!(
        (&new["state"], &new["holder"]),
        (&"in_force".into(), &"Example Ltd".into())
    );
    assert_eq!((&old["to"], &new["kinds"]), (&new["from"], &old["kinds"]));

    place.run(&["verify", "model"]).expect(0);
}

#[test]
fn what_cannot_be_changed_says_what_to_write() {
    let place = Place::with_pipeline();
    let (one, two) = (generate(&place, "one.pem"), generate(&place, "two.pem"));
    let id = |key: &Value| key["id"].as_str().unwrap().to_owned();
    let short = &id(&one)[..8];
    place
        .run(&["key", "grant", "one.pem", "--kinds", "source"])
        .expect(0);
    place.run(&["key", "rotate", short, "two.pem"]).expect(0);
    let retired = place.run(&["key", "revoke", &id(&two), "--retired"]).expect(0);
    assert!(retired.out.contains("no entry is suspect"), "{retired:#?}");
    assert!(place.run(&["key", "list"]).expect(0).out.contains("retired at"));
    for (what, code, part) in [
        (
            vec!["key", "revoke", &short[..7], "--retired"],
            1,
            "8 digits at least",
        ),
        (
            vec!["key", "revoke", "0000000000", "--retired"],
            1,
            "herdbook key list",
        ),
        (vec!["key", "revoke", short], 2, "--retired"),
        (vec!["key", "revoke", short, "--compromised"], 2, "--since"),
        (
            vec!["key", "revoke", short, "--compromised", "--since", "999999"],
            1,
            "still to come",
        ),
        (vec!["key", "revoke", short, "--retired"], 1, "no longer already"),
        (
            vec!["key", "rotate", short, "nothing"],
            1,
            "neither a file nor a public key",
        ),
        (vec!["key", "approve", "hb:1234"], 1, "nothing awaits"),
        (vec!["key", "affirm", "--all-of", short], 1, "nothing to affirm"),
    ] {
        let refused = place.run(&what).expect(code);
        assert!(refused.err.contains(part), "{refused:#?}");
    }
    // Nobody but an owner changes keys.
    generate(&place, "three.pem");
    let stranger = [
        "key",
        "grant",
        "three.pem",
        "--kinds",
        "source",
        "--key",
        "one.pem",
    ];
    let stranger = place.run(&stranger).expect(4);
    assert!(stranger.err.contains("not an owner's"), "{stranger:#?}");
    place.run(&["verify", "model"]).expect(0);
}

/// Three owners in three places, each with a home of their own; the ledger lies where all reach it.
struct Three {
    place: Place,
    owners: [Value; 3],
}

impl Three {
    fn new() -> Self {
        let place = Place::new();
        let owners = ["a", "b", "c"].map(|name| generate(&place, &format!("{name}.pem")));
        let [a, b, c] = owners.each_ref().map(hex);
        let made = place.run(&[
            "init",
            "--origin",
            "test.example/lab",
            "--owner",
            &a,
            &b,
            &c,
            "--threshold",
            "2",
            "--key",
            "a.pem",
            "--json",
        ]);
        let made = made.expect(0).json();
        assert_eq!((&made["threshold"], &made["owners"][1]), (&2.into(), &b.into()));
        assert!(made["keys"]["owner"].is_null());
        // Each owner has the log key and no other key of the first.
        let slug = fs::read_dir(place.at("home/keys"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        for name in ["b", "c"] {
            let to = place.at(&format!("home-{name}/keys")).join(slug.file_name());
            fs::create_dir_all(&to).unwrap();
            fs::copy(slug.path().join("log.pem"), to.join("log.pem")).unwrap();
            fs::copy(place.at(&format!("{name}.pem")), to.join("owner.pem")).unwrap();
        }
        Self { place, owners }
    }

    /// Runs a command in the home of an owner.
    fn at(&self, name: &str, args: &[&str]) -> Ran {
        let mut command = self.place.command(args);
        command.env("HERDBOOK_HOME", self.place.at(&format!("home-{name}")));
        ran(command.output().unwrap())
    }
}

fn hex(key: &Value) -> String {
    key["public_key"].as_str().unwrap().to_owned()
}

#[test]
fn two_of_three_owners_change_keys() {
    let three = Three::new();
    let (place, owners) = (&three.place, &three.owners);
    let vendor = generate(place, "vendor.pem");
    let grant = ["key", "grant", &hex(&vendor), "--kinds", "source", "--json"];
    let proposed = place
        .run(&[&grant[..], &["--key", "a.pem"]].concat())
        .expect(0)
        .json();
    assert_eq!(proposed["in_force"], false);
    assert_eq!(proposed["approvals"]["needed"], 2);
    let id = proposed["id"].as_str().unwrap().to_owned();
    let listed = list(place);
    assert_eq!(listed["proposals"][0]["missing"], 1);
    assert_eq!(listed["proposals"][0]["approved_by"][0], owners[0]["id"]);
    assert_eq!(listed["keys"].as_array().unwrap().len(), 1);
    let shown = place.run(&["key", "list"]).expect(0);
    assert!(shown.out.contains("1 missing"), "{shown:#?}");
    // The same owner twice is one owner.
    let same = place.run(&["key", "approve", &id, "--key", "a.pem"]).expect(1);
    assert!(same.err.contains("agreed to it already"), "{same:#?}");
    let stranger = three.at("b", &["key", "approve", &id, "--key", "vendor.pem"]);
    assert_eq!(stranger.code, 4, "{stranger:#?}");
    let agreed = three
        .at("b", &["key", "approve", &id[..11], "--json"])
        .expect(0)
        .json();
    assert_eq!(agreed["in_force"], true);
    let late = three.at("c", &["key", "approve", &id]).expect(1);
    assert!(late.err.contains("nothing awaits"), "{late:#?}");
    assert_eq!(list(place)["keys"][1]["id"], vendor["id"]);
}

#[test]
fn a_proposal_that_became_impossible_is_told_and_not_appended() {
    let three = Three::new();
    let place = &three.place;
    let vendor = generate(place, "vendor.pem");
    let grant = [
        "key",
        "grant",
        "vendor.pem",
        "--kinds",
        "source",
        "--key",
        "a.pem",
        "--json",
    ];
    let proposed = place.run(&grant).expect(0).json();
    three
        .at("b", &["key", "approve", proposed["id"].as_str().unwrap()])
        .expect(0);
    let other = generate(place, "other.pem");
    let by_a = [
        "key",
        "grant",
        &hex(&other),
        "--kinds",
        "source",
        "--key",
        "a.pem",
        "--json",
    ];
    let first = place.run(&by_a).expect(0).json();
    let second = three.at(
        "b",
        &[
            "key",
            "rotate",
            vendor["id"].as_str().unwrap(),
            "other.pem",
            "--json",
        ],
    );
    let second = second.expect(0).json();
    three
        .at("c", &["key", "approve", second["id"].as_str().unwrap()])
        .expect(0);
    let size = place.size();
    let dead = three
        .at("c", &["key", "approve", first["id"].as_str().unwrap()])
        .expect(1);
    assert!(dead.err.contains("a key is granted once"), "{dead:#?}");
    assert!(list(place)["proposals"][0]["obstacle"].is_string());
    assert_eq!(place.size(), size);
    place.write_pipeline();
    place.run(&["register", "lineage.yaml"]).expect(0);
    place.run(&["verify", "model"]).expect(0);
    place.run(&["fsck"]).expect(0);
}

#[test]
fn owners_that_cannot_be_are_refused_before_anything_is_made() {
    let place = Place::new();
    let owner = generate(&place, "a.pem");
    let a = owner["public_key"].as_str().unwrap();
    generate(&place, "b.pem");
    let init = |more: &[&str]| place.run(&[&["init", "--origin", "test.example/lab"], more].concat());
    for (args, code, part) in [
        (&["--owner", a, a, "--key", "a.pem"][..], 1, "named twice"),
        (
            &["--owner", a, "--threshold", "2", "--key", "a.pem"],
            1,
            "cannot agree",
        ),
        (
            &["--owner", a, "--threshold", "0", "--key", "a.pem"],
            1,
            "cannot agree",
        ),
        (&["--owner", a, "--key", "b.pem"], 1, "none of those named"),
        (&["--owner", a], 12, "--key FILE"),
        (
            &["--owner", "x", "--key", "a.pem"],
            1,
            "neither a file nor a public key",
        ),
        (&["--threshold", "2"], 2, "--owner"),
    ] {
        let refused = init(args).expect(code);
        assert!(refused.err.contains(part), "{refused:#?}");
        assert!(!place.at(".herdbook/commit").exists());
    }
    init(&["--owner", "a.pem", "--key", "a.pem"]).expect(0);
}
