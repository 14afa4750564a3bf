//! What scripts rely on: one JSON document, quiet means quiet, colour only where it is wanted, completions and pages
//! for every command, and no message that names a command which does not exist.

use std::path::Path;
use std::process::Command;

use super::support::Place;

/// Every verb with arguments that work in a folder with the pipeline, and whether it needs a ledger.
fn verbs() -> Vec<(Vec<&'static str>, bool)> {
    let with = |args: &[&'static str]| (args.to_vec(), true);
    let without = |args: &[&'static str]| (args.to_vec(), false);
    vec![
        without(&["init", "other", "--origin", "other.example/lab"]),
        with(&["register", "lineage.yaml"]),
        with(&[
            "source",
            "add",
            "s",
            "--content",
            "none",
            "--personal-data",
            "not_known",
        ]),
        with(&["prompt", "add", "p", "--content", "none"]),
        with(&["filter", "add", "f", "--rule", "dedup", "--content", "none"]),
        with(&[
            "model",
            "add",
            "m",
            "--provider",
            "P",
            "--version",
            "1",
            "--access",
            "api",
        ]),
        with(&[
            "run",
            "r",
            "--does",
            "mix",
            "--input",
            "tasks:data",
            "--output",
            "o",
        ]),
        with(&["dataset", "add", "d", "--member", "tasks"]),
        with(&["release", "model", "--to", "hub"]),
        with(&["show", "tasks"]),
        with(&["list"]),
        with(&["log"]),
        with(&["log", "consistency", "1"]),
        with(&["trace", "model"]),
        with(&["impact", "seeds"]),
        with(&["pedigree", "model"]),
        with(&["gaps"]),
        with(&["report", "model", "-o", "report-folder"]),
        with(&["prove", "model", "-o", "proof.json"]),
        with(&["rows", "find", "--row", "{\"a\":1}"]),
        with(&["contamination", "model", "--eval", "lineage.yaml"]),
        with(&["verify", "model"]),
        with(&["bundle", "model", "-o", "model.bundle"]),
        with(&["sample", "model", "--seed", "dice"]),
        with(&["private", "list"]),
        with(&["notice", "withdraw", "seeds", "--effect", "no_new_use"]),
        with(&["key", "trust-root"]),
        with(&["fsck"]),
        with(&["reindex"]),
        without(&["hash", "seeds.jsonl", "--out", "records.ndjson"]),
        without(&["doctor"]),
        without(&["completions", "bash"]),
        without(&["man"]),
        without(&["demo"]),
    ]
}

/// The verbs that the program itself lists.
fn listed(place: &Place) -> Vec<String> {
    let help = place.run(&["--help"]).expect(0).out;
    let (_, after) = help.split_once("Commands:\n").unwrap();
    after
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            line.strip_prefix("  ")?
                .split_whitespace()
                .next()
                .filter(|_| !line.starts_with("   "))
        })
        .filter(|verb| *verb != "help")
        .map(str::to_owned)
        .collect()
}

/// Verbs of other parts of this program, which have tests of their own.
const ELSEWHERE: [&str; 5] = [
    "verify-report",
    "verify-bundle",
    "disclose",
    "reconcile",
    "import",
];

#[test]
fn every_verb_is_tried() {
    let place = Place::new();
    let tried: Vec<&str> = verbs().iter().map(|(args, _)| args[0]).collect();
    for verb in listed(&place) {
        assert!(
            tried.contains(&verb.as_str()) || ELSEWHERE.contains(&verb.as_str()),
            "`{verb}` is not tried here"
        );
    }
}

#[test]
fn json_is_one_document_with_a_schema_and_nothing_beside_it() {
    let place = Place::with_pipeline();
    for (args, _) in verbs() {
        let ran = place.run(&[&args[..], &["--json"]].concat()).expect(0);
        // `key trust-root` prints the trust root itself, whose format has a name of its own.
        let json = ran.json();
        assert!(
            args[0] == "key"
                || json["schema"]
                    .as_str()
                    .is_some_and(|schema| schema.starts_with("herdbook/")),
            "{args:?}: {json:#}"
        );
        assert_eq!(ran.err, "", "{args:?}");
    }
}

#[test]
fn without_a_ledger_every_verb_that_needs_one_says_so() {
    let place = Place::new();
    place.write_pipeline();
    for (args, needs_ledger) in verbs() {
        let ran = place.run(&[&args[..], &["--json"]].concat());
        if needs_ledger {
            assert_eq!(
                (ran.code, &ran.json()["code"]),
                (10, &"no_ledger".into()),
                "{args:?}"
            );
            // Whoever compares checkpoints has no use for a new ledger.
            let next = if args.starts_with(&["log", "consistency"]) {
                "--ledger DIR"
            } else {
                "`herdbook init"
            };
            assert!(ran.json()["help"][0].as_str().unwrap().contains(next), "{args:?}");
            assert!(place.run(&args).expect(10).err.contains("\nhelp: "), "{args:?}");
        }
    }
}

#[test]
fn quiet_leaves_nothing_on_standard_error_and_colour_is_asked_for() {
    let place = Place::with_pipeline();
    let escape = '\u{1b}';
    for (args, _) in verbs() {
        let quiet = place
            .run(&[&args[..], &["--quiet", "--no-progress"]].concat())
            .expect(0);
        assert_eq!(quiet.err, "", "{args:?}");
        assert!(!quiet.out.contains(escape), "{args:?}");
        // The same again is an answer too: what is there is not appended, and `init` refuses in words.
        let has_colour = |name: &str, value: &str, more: &[&str]| {
            let mut command = place.command(&[&args[..], more].concat());
            let ran = super::support::ran(command.env(name, value).output().unwrap());
            ran.out.contains(escape) || ran.err.contains(escape)
        };
        let asked = has_colour("NO_COLOR", "1", &["--color", "always"]);
        assert_eq!(has_colour("CLICOLOR_FORCE", "1", &[]), asked, "{args:?}");
        for (name, value, more) in [
            ("NO_COLOR", "1", &[][..]),
            ("CLICOLOR_FORCE", "0", &[]),
            ("CLICOLOR_FORCE", "1", &["--json"]),
            ("CLICOLOR_FORCE", "1", &["--color", "never"]),
        ] {
            assert!(!has_colour(name, value, more), "{args:?} {name} {more:?}");
        }
    }
    // At least one verb has colour, or the comparison above says nothing.
    let mut verify = place.command(&["verify", "model"]);
    let forced = super::support::ran(verify.env("CLICOLOR_FORCE", "1").output().unwrap()).expect(0);
    assert!(forced.out.contains(escape));
    let mut both = place.command(&["verify", "model"]);
    both.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
    assert!(!super::support::ran(both.output().unwrap()).out.contains(escape));
}

#[test]
fn errors_are_told_apart_by_their_code() {
    let place = Place::with_pipeline();
    place.write("bad.yaml", "herdbook: 1\nsources: [{name: s, made_of: x}]\n");
    place.write(
        "counts.yaml",
        "herdbook: 1\nsources: [{name: s, files: seeds.jsonl, rows: 7, personal_data: no}]\n",
    );
    for (args, exit, code) in [
        (&["show", "modell"][..], 1, "unknown_name"),
        (&["show", "model@7777"], 1, "no_such_version"),
        (&["show", "hb:0000"], 1, "unknown_id"),
        (&["show", "hb:xyz"], 1, "not_a_node"),
        (&["show", "a#b"], 1, "not_a_node"),
        (&["show", "sha256:00"], 1, "not_a_node"),
        (
            &[
                "show",
                "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
            ],
            1,
            "not_registered",
        ),
        (&["register", "nowhere.yaml"], 1, "file_missing"),
        (&["register", "bad.yaml"], 1, "lineage_file_invalid"),
        (&["register", "counts.yaml"], 1, "counts_differ"),
        (
            &["register", "lineage.yaml", "--key", "nowhere.pem"],
            12,
            "key_unusable",
        ),
        (&["key", "trust-root", "-o", "lineage.yaml"], 1, "file_exists"),
        (
            &["verify", "model", "--trust-root", "lineage.yaml"],
            1,
            "trust_root_invalid",
        ),
        (&["no-such-verb"], 2, "usage"),
    ] {
        let error = place.run(&[args, &["--json"]].concat()).expect(exit).json();
        assert_eq!(
            (&error["code"], &error["schema"]),
            (&code.into(), &"herdbook/error/v1".into()),
            "{args:?}"
        );
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty())
        );
        assert!(error["help"].is_array());
    }
}

#[test]
fn completions_and_pages_are_made_without_a_ledger_or_a_home() {
    let place = Place::new();
    let bare = |args: &[&str]| {
        let mut command = place.command(args);
        command
            .env_remove("HERDBOOK_HOME")
            .env_remove("HOME")
            .env_remove("XDG_CONFIG_HOME");
        super::support::ran(command.output().unwrap()).expect(0)
    };
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = bare(&["completions", shell]).out;
        for word in ["herdbook", "register", "release", "acquired-by"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    // What bash takes as a script.
    place.write("completion.bash", bare(&["completions", "bash"]).out);
    if let Ok(checked) = Command::new("bash")
        .arg("-n")
        .arg(place.at("completion.bash"))
        .output()
    {
        assert!(checked.status.success(), "{checked:?}");
    }
    assert!(bare(&["man"]).out.contains(".TH herdbook 1"));
    let written = bare(&["man", "--out", "man"]).out;
    for verb in listed(&place) {
        let path = place.at(&format!("man/herdbook-{verb}.1"));
        let page = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{verb}: {error}"));
        assert!(page.contains(&format!("herdbook-{verb}")), "{verb}");
        assert!(written.contains(&format!("herdbook-{verb}.1")));
    }
    assert!(place.at("man/herdbook-source-add.1").exists());
    place.run(&["completions", "tcsh"]).expect(2);
    place.run(&["man", "--out", "completion.bash"]).expect(1);
}

/// Returns the commands between backticks of a text, without white space at line ends.
fn commands(text: &str) -> Vec<String> {
    let joined: Vec<&str> = text
        .lines()
        .map(|line| line.trim().trim_start_matches("///").trim_end_matches('\\'))
        .collect();
    let joined = joined.join(" ");
    let quoted = joined.split('`').filter(|part| part.starts_with("herdbook "));
    // In a block of a page a command is a line.
    let lines = text.lines().filter(|line| line.starts_with("herdbook "));
    quoted.chain(lines).map(str::to_owned).collect()
}

/// Says whether the program knows the command: its verb, and every option it names.
fn is_known(place: &Place, command: &str) -> Result<(), String> {
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    let is_verb =
        |word: &&&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
    let verbs: Vec<&str> = words.iter().take_while(is_verb).copied().collect();
    if verbs.is_empty() {
        return Ok(());
    }
    let mut help = None;
    for depth in (1..=verbs.len().min(2)).rev() {
        let ran = place.run(&[&verbs[..depth], &["--help"]].concat());
        if ran.code == 0 && ran.out.contains("Usage:") {
            help = Some(ran.out);
            break;
        }
    }
    let Some(help) = help else {
        return Err(format!("`{command}` is no command"));
    };
    for option in words.iter().filter(|word| word.starts_with("--")) {
        let option = option
            .trim_end_matches(['.', ',', ']', ')'])
            .trim_start_matches('[');
        let option = option.split('=').next().unwrap_or(option);
        if !help.contains(option) && option != "--help" {
            return Err(format!("`{command}`: it has no {option}"));
        }
    }
    Ok(())
}

/// Whatever says what to type next names a command there is.
#[test]
fn every_command_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join("src"), root.join("docs")];
    let mut texts = vec![std::fs::read_to_string(root.join("README.md")).unwrap()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                texts.push(std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let place = Place::new();
    let mut found: Vec<String> = texts.iter().flat_map(|text| commands(text)).collect();
    found.sort();
    found.dedup();
    assert!(found.len() >= 10, "{found:?}");
    let wrong: Vec<String> = found
        .iter()
        .filter_map(|command| is_known(&place, command).err())
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    // The check itself can fail.
    assert!(is_known(&place, "herdbook registre FILE").is_err());
    assert!(is_known(&place, "herdbook verify NODE --kontent DIR").is_err());
}
