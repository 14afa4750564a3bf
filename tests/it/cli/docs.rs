//! Pages that must not promise what the program does not do.

use std::path::Path;
use std::process::Command;

use herdbook::verify::Code;

use super::support::Place;

const README: &str = include_str!("../../../README.md");
const VERDICT: &str = include_str!("../../../docs/verdict.md");

/// Returns what stands in the code block after a marker.
fn block<'a>(text: &'a str, marker: &str) -> Option<(&'a str, &'a str)> {
    let (_, after) = text.split_once(marker)?;
    let (_, after) = after.split_once("```")?;
    let (_, after) = after.split_once('\n')?;
    after.split_once("```")
}

#[test]
fn every_finding_is_explained_under_its_verdict() {
    for code in Code::ALL {
        let row = format!("| `{code}` | ");
        let (before, after) = VERDICT
            .split_once(&row)
            .unwrap_or_else(|| panic!("{code} is not on the page"));
        assert!(!after.contains(&row), "{code} stands twice");
        let section = before.rsplit("\n## ").next().unwrap();
        let expected = code.verdict().map_or("Notes".to_owned(), |verdict| {
            format!("Findings that lead to `{verdict}`")
        });
        assert!(section.starts_with(&expected), "{code} stands under {section}");
    }
    let rows = VERDICT.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(
        rows,
        Code::ALL.len() + 5,
        "five verdicts, and a row for each code"
    );
}

/// Runs every command of the quick start as it stands, in a new folder.
#[test]
fn the_quick_start_works_as_typed() {
    let place = Place::new();
    let mut rest = README;
    let mut script = String::from("set -e\n");
    while let Some(at) = rest.find("<!-- quick-start") {
        rest = &rest[at..];
        let (marker, _) = rest.split_once("-->").unwrap();
        let file = marker.trim_start_matches("<!-- quick-start").trim().to_owned();
        let (content, after) = block(rest, "-->").unwrap();
        if file.is_empty() {
            script.push_str(content);
        } else {
            script += &["cat > ", &file, " <<'END'\n", content, "END\n"].concat();
        }
        rest = after;
    }
    let program = Path::new(env!("CARGO_BIN_EXE_herdbook"));
    let folder = program.parent().unwrap().display();
    let script = format!("PATH={folder}:$PATH\n{script}");
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(place.path())
        .env("HERDBOOK_HOME", place.at("home"))
        .env_remove("HERDBOOK_LEDGER")
        .output()
        .unwrap();
    let ran = super::support::ran(output).expect(0);
    assert!(script.matches("herdbook ").count() >= 7, "{script}");
    let (line, _) = block(README, "nothing. `verify` says:").unwrap();
    assert!(ran.out.contains(line), "{line}\n{}", ran.out);
}

#[test]
fn the_readme_names_every_exit_code_and_only_pages_there_are() {
    for code in ["0", "20", "21", "22", "23"] {
        assert!(README.contains(&format!("| {code} |")), "{code}");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let quoted = README.split('`').skip(1).step_by(2);
    let paths: Vec<&str> = quoted
        .filter(|text| text.starts_with("docs/") || text.starts_with("fixtures/"))
        .collect();
    assert!(paths.len() >= 7, "{paths:?}");
    for path in paths {
        assert!(root.join(path).exists(), "{path}");
    }
}
