//! The page of the threat model against the folders: every attack has its row, and every row its attack.

use std::collections::BTreeSet;
use std::path::Path;

/// Returns what the last column of the tables of attacks names.
fn named() -> BTreeSet<String> {
    let page = include_str!("../../../docs/threat-model.md");
    let from = page.find("## Attacks").unwrap();
    let to = page.find("## What is out of scope").unwrap();
    let cells = page[from..to]
        .lines()
        .filter_map(|line| line.strip_suffix(" |")?.rsplit(" | ").next());
    let names = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    names.map(str::to_owned).collect()
}

#[test]
fn the_threat_model_names_every_attack_and_no_other() {
    let (tests, folders): (BTreeSet<String>, BTreeSet<String>) =
        named().into_iter().partition(|name| name.contains('/'));
    // That the folders are those of the builders is tested beside.
    let there: BTreeSet<String> = super::all().iter().map(|attack| attack.name.to_owned()).collect();
    let missing: Vec<_> = there.difference(&folders).collect();
    let invented: Vec<_> = folders.difference(&there).collect();
    assert!(missing.is_empty(), "not in docs/threat-model.md: {missing:?}");
    assert!(invented.is_empty(), "in docs/threat-model.md only: {invented:?}");
    for test in tests {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&test);
        assert!(path.is_file(), "docs/threat-model.md names {test}");
    }
}
