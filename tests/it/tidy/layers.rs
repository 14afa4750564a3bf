//! Who may import whom.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::Source;
use super::paths;

/// The layers, lowest first: a module may use itself and what stands behind its colon, and nothing else.
/// `VOCABULARY` stands for the modules of the first block, `ALL` for every module.
const LAYERS: &str = "
    digest:
    canonical:   digest
    key:         digest
    commitment:  digest
    statement:   digest canonical key commitment
    merkle:      digest
    manifest:    digest canonical commitment statement merkle
    envelope:    digest canonical key statement
    checkpoint:  digest key merkle
    trust:       digest canonical key statement manifest envelope merkle checkpoint
    disclosure:  digest canonical commitment statement manifest
    rows:        digest commitment statement merkle
    false_seal:  digest statement manifest envelope merkle checkpoint
    sample:      digest canonical key statement envelope merkle checkpoint

    verify:      VOCABULARY
    pedigree:    VOCABULARY verify
    licence:     VOCABULARY verify
    policy:      VOCABULARY verify pedigree licence
    bundle:      VOCABULARY verify

    store:       VOCABULARY

    sign:        VOCABULARY verify store
    log:         VOCABULARY verify store
    index:       VOCABULARY verify store

    ledger:      VOCABULARY verify licence policy bundle store sign log index
    query:       VOCABULARY verify index ledger
    fsck:        VOCABULARY verify store sign log index ledger
    report:      VOCABULARY verify pedigree licence policy query

    cli:         ALL
";

/// The layers that see no disk, network, process, environment or clock: vocabulary, `verify`, `licence` and `policy`.
const PURE_BLOCKS: usize = 2;

/// What of the standard library leads out of the program.
const OUTSIDE: [&str; 6] = ["env", "fs", "net", "os", "process", "time"];

/// The crate roots wire the layers together and may see all of them.
const ROOTS: [&str; 2] = ["src/lib.rs", "src/main.rs"];

type Table = BTreeMap<String, BTreeSet<String>>;

/// Reads [`LAYERS`] into the modules that each module may use, itself included.
fn table() -> Table {
    let rows: Vec<(&str, &str)> = LAYERS
        .lines()
        .filter_map(|line| line.trim().split_once(':'))
        .collect();
    let vocabulary = block(0);
    let mut table = Table::new();
    for (name, allowed) in &rows {
        let mut uses = BTreeSet::from([(*name).to_owned()]);
        for word in allowed.split_whitespace() {
            match word {
                "VOCABULARY" => uses.extend(vocabulary.iter().cloned()),
                "ALL" => uses.extend(rows.iter().map(|(name, _)| (*name).to_owned())),
                _ => drop(uses.insert(word.to_owned())),
            }
        }
        table.insert((*name).to_owned(), uses);
    }
    table
}

/// The modules of the block with this number, from 0.
fn block(number: usize) -> Vec<String> {
    let block = LAYERS.trim().split("\n\n").nth(number).unwrap_or_default();
    block
        .lines()
        .filter_map(|line| line.trim().split_once(':'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Finds every mention of a module that this file may not use: in `use`, in paths, and inside macros.
pub fn imports(source: &Source) -> Vec<String> {
    if ROOTS.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let own = paths::top_module(&source.path);
    let table = table();
    let Some(allowed) = table.get(&own) else {
        return vec![format!(
            "{}:1: `{own}` has no row in the layer table of tests/it/tidy/layers.rs",
            source.path
        )];
    };
    let mut findings = Vec::new();
    for (index, name) in paths::from_crate_root(source) {
        if allowed.contains(&name) {
            continue;
        }
        let what = if table.contains_key(&name) {
            format!("`{own}` may not use `{name}`: it is not below it in the layer table")
        } else {
            format!(
                "`crate::{name}` names no module of the layer table: import the thing from its own module"
            )
        };
        findings.push(source.finding(index, &what));
    }
    findings
}

/// Finds ways out of the program in the modules that must have none. Tests may read their vectors.
pub fn outside_world(source: &Source) -> Vec<String> {
    let pure: Vec<String> = (0..PURE_BLOCKS).flat_map(block).collect();
    if ROOTS.contains(&source.path.as_str()) || !pure.contains(&paths::top_module(&source.path)) {
        return Vec::new();
    }
    paths::from_std(source)
        .into_iter()
        .filter(|(index, name)| OUTSIDE.contains(&name.as_str()) && !paths::in_test(source, *index))
        .map(|(index, name)| {
            source.finding(
                index,
                &format!("the core must not see `std::{name}`; take it as an argument"),
            )
        })
        .collect()
}

mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        imports(&Source::new(path, text))
    }

    #[test]
    fn the_table_lists_lower_layers_first() {
        let names: Vec<&str> = LAYERS
            .lines()
            .filter_map(|line| line.trim().split_once(':'))
            .map(|(name, _)| name)
            .collect();
        for (position, name) in names.iter().enumerate().filter(|(_, name)| **name != "cli") {
            for used in &table()[*name] {
                let at = names.iter().position(|other| other == used);
                assert!(
                    at.is_some_and(|at| at <= position),
                    "{name} uses {used}, which is not above it in the table"
                );
            }
        }
    }

    #[test]
    fn siblings_never_meet() {
        for (one, other) in [
            ("sign", "log"),
            ("log", "sign"),
            ("log", "index"),
            ("index", "log"),
            ("index", "sign"),
        ] {
            let text = format!("use crate::{other}::Thing;");
            assert_eq!(
                findings(&format!("src/{one}/mod.rs"), &text),
                [format!(
                    "src/{one}/mod.rs:1: `{one}` may not use `{other}`: it is not below it in the layer table"
                )]
            );
        }
    }

    #[test]
    fn going_up_is_found_however_it_is_written() {
        for text in [
            "use crate::ledger::Ledger;",
            "use crate::{digest::KeyId, ledger::Ledger};",
            "use {crate::digest::KeyId, crate::ledger};",
            "pub(crate) use crate::ledger as l;",
            "fn f() { crate::ledger::open(); }",
            "fn f() { vec![crate::ledger::open()]; }",
            "macro_rules! m { () => { $crate::ledger::open() } }",
            "use herdbook::ledger::Ledger;",
            "fn f(x: ::herdbook::ledger::Ledger) {}",
            "use super::ledger::Ledger;",
            "use super::{digest::KeyId, ledger};",
            "use self::super::ledger::Ledger;",
            "mod inner { use super::super::ledger::Ledger; }",
            "#[cfg(test)] mod tests { use crate::ledger::Ledger; }",
        ] {
            let expected =
                "src/merkle.rs:1: `merkle` may not use `ledger`: it is not below it in the layer table";
            assert_eq!(findings("src/merkle.rs", text), [expected], "{text}");
        }
    }

    #[test]
    fn hiding_behind_the_crate_root_is_found() {
        for text in [
            "use crate::*;",
            "use crate as all;",
            "use crate::{self as all};",
            "use crate::Ledger;",
            "use super as up;",
        ] {
            assert_eq!(findings("src/merkle.rs", text).len(), 1, "{text}");
        }
        assert_eq!(findings("src/merkle/tile.rs", "use super::super as up;").len(), 1);
        assert_eq!(findings("src/newcomer.rs", "").len(), 1);
    }

    #[test]
    fn going_down_and_staying_inside_is_fine() {
        for (path, text) in [
            (
                "src/merkle.rs",
                "use crate::digest::NodeHash; pub(crate) fn f() {} pub(super) fn g() {}",
            ),
            (
                "src/merkle/tile.rs",
                "use super::proof::Proof; use super::super::digest::NodeHash; pub(in crate::merkle) fn f() {}",
            ),
            (
                "src/merkle.rs",
                "mod tests { use super::*; } impl X { fn f(&self) { self.ledger(); } }",
            ),
            (
                "src/merkle.rs",
                "/// See [`crate::ledger`].\nfn f() { \"crate::ledger\"; }",
            ),
            (
                "src/ledger/mod.rs",
                "use crate::{log::Log, sign::Signer, index::Index, store::Store};",
            ),
            (
                "src/cli/verify.rs",
                "use crate::report::Report; use crate::digest::KeyId;",
            ),
            ("src/lib.rs", "pub use crate::ledger::Ledger;"),
            ("src/main.rs", "use herdbook::cli;"),
        ] {
            assert_eq!(findings(path, text), Vec::<String>::new(), "{path}: {text}");
        }
    }

    #[test]
    fn the_core_is_caught_looking_out() {
        for text in [
            "use std::fs::File;",
            "use std::{fmt, time::SystemTime};",
            "fn f() { std::env::var(\"X\"); }",
        ] {
            assert_eq!(
                outside_world(&Source::new("src/verify/mod.rs", text)).len(),
                1,
                "{text}"
            );
            assert_eq!(
                outside_world(&Source::new("src/store/file.rs", text)).len(),
                0,
                "{text}"
            );
        }
        for (path, text) in [
            (
                "src/verify/mod.rs",
                "use std::fmt; use std::io::Read; fn time() {}",
            ),
            ("src/verify/mod.rs", "#[cfg(test)]\nmod tests { use std::fs; }"),
            ("src/verify/tests.rs", "use std::fs;"),
            ("src/verify/tests/origins.rs", "use std::fs;"),
        ] {
            assert_eq!(
                outside_world(&Source::new(path, text)),
                Vec::<String>::new(),
                "{text}"
            );
        }
    }
}
