//! Words that must not stand in the code, whatever a lint makes of them.

use super::Source;
use super::paths;

/// Macros that write to the terminal.
const PRINTS: [&str; 4] = ["print", "println", "eprint", "eprintln"];

/// Macros that stand for code nobody wrote.
const UNFINISHED: [&str; 2] = ["todo", "unimplemented"];

/// Finds printing outside the command line. Tests may print why they have nothing to do; what was put in for
/// debugging may stay nowhere.
pub fn printing(source: &Source) -> Vec<String> {
    if source.path.starts_with("src/cli/") || source.path == "src/cli.rs" {
        return Vec::new();
    }
    calls(source)
        .filter(|index| {
            let name = source.word(*index);
            name == "dbg" || (PRINTS.contains(&name) && !paths::in_test(source, *index))
        })
        .map(|index| {
            source.finding(
                index,
                &format!(
                    "`{}!` outside src/cli: only the command line prints",
                    source.word(index)
                ),
            )
        })
        .collect()
}

/// Finds a `matches!` whose answer goes nowhere: most often an assertion that asserts nothing. Neither the
/// compiler nor clippy says a word about it.
pub fn dropped_matches(source: &Source) -> Vec<String> {
    calls(source)
        .filter(|index| source.word(*index) == "matches")
        .filter(|index| {
            let mut start = *index;
            while source.word_before(start, 1) == "::" {
                start -= 2;
            }
            let before = source.word_before(start, 1);
            let stands_alone = matches!(before, "" | ";" | "{" | "}" | "]") || is_underscore(source, start);
            stands_alone && source.word(source.closing(index + 2) + 1) == ";"
        })
        .map(|index| source.finding(index, "the answer of this `matches!` is dropped: assert it"))
        .collect()
}

/// Whether `_ =` stands before the token.
fn is_underscore(source: &Source, start: usize) -> bool {
    source.word_before(start, 1) == "=" && source.word_before(start, 2) == "_"
}

/// Finds lints silenced without being expected, and tests that are skipped or that only ask for a panic.
pub fn attributes(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    for index in 0..source.tokens.len() {
        let open = index + if source.word(index + 1) == "!" { 2 } else { 1 };
        if source.word(index) != "#" || source.word(open) != "[" {
            continue;
        }
        for inner in open..source.closing(open) {
            let starts = matches!(source.word(inner), "[" | "," | "(");
            let what = match source.word(inner + 1) {
                "allow" if source.word(inner + 2) == "(" => "`allow`: use `#[expect(lint, reason = ...)]`",
                "ignore" => "an ignored test tests nothing",
                "should_panic" => "`should_panic` passes on any panic: assert the error",
                _ => continue,
            };
            if starts && is_attribute_place(source, open, inner) {
                findings.push(source.finding(inner + 1, what));
            }
        }
    }
    findings
}

/// Whether the word behind `inner` is itself an attribute: the first in the brackets, or one that `cfg_attr`
/// applies.
fn is_attribute_place(source: &Source, open: usize, inner: usize) -> bool {
    inner == open || (source.word(open + 1) == "cfg_attr" && source.word(inner) == ",")
}

/// Finds placeholders for code.
pub fn unfinished(source: &Source) -> Vec<String> {
    calls(source)
        .filter(|index| UNFINISHED.contains(&source.word(*index)))
        .map(|index| {
            source.finding(
                index,
                &format!(
                    "`{}!`: write it, or put it into docs/shortcomings.md",
                    source.word(index)
                ),
            )
        })
        .collect()
}

/// The places of the names of macros that are called: `name!(`, `name![` or `name!{`.
fn calls(source: &Source) -> impl Iterator<Item = usize> {
    (0..source.tokens.len())
        .filter(|index| source.word(index + 1) == "!" && matches!(source.word(index + 2), "(" | "[" | "{"))
}

mod tests {
    use super::*;

    fn count(rule: fn(&Source) -> Vec<String>, path: &str, text: &str) -> usize {
        rule(&Source::new(path, text)).len()
    }

    #[test]
    fn a_library_that_prints_is_found() {
        for text in [
            "fn f() { println!(\"x\"); }",
            "fn f() { std::eprintln!(); }",
            "fn f() { print![\"x\"]; }",
            "fn f() { log(dbg!(x)); }",
            "macro_rules! m { () => { eprint!(\"x\") } }",
            "#[cfg(test)] mod tests { fn f() { dbg!(x); } }",
        ] {
            assert_eq!(count(printing, "src/log/mod.rs", text), 1, "{text}");
            assert_eq!(count(printing, "src/cli/ui.rs", text), 0, "{text}");
        }
        for text in [
            "/// println!(\"x\")\nfn f() { \"println!()\"; write!(out, \"x\"); }",
            "#[cfg(test)]\n#[rustfmt::skip]\nmod tests { fn f() { println!(\"absent\"); } }",
            "fn print() { if print != (1) {} }",
        ] {
            assert_eq!(count(printing, "src/log/mod.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn a_test_module_ends_where_it_ends() {
        let text = "#[cfg(test)] mod tests { fn f() {} }\nfn g() { println!(); }";
        assert_eq!(printing(&Source::new("src/log/mod.rs", text)).len(), 1);
    }

    #[test]
    fn a_dropped_match_is_found() {
        for text in [
            "fn f() { matches!(x, Some(_)); }",
            "fn f() { g(); matches!(x, Some(_)); }",
            "fn f() { if x {} matches!(x, Some(_)); h() }",
            "fn f() { let _ = matches!(x, Some(_)); }",
            "fn f() { std::matches!(x, Some(_)); }",
            "fn f() { #[rustfmt::skip] matches!(x, Some(_)); }",
            "proptest! { fn f() { matches!(x, Some(_)); } }",
        ] {
            assert_eq!(count(dropped_matches, "tests/it/a.rs", text), 1, "{text}");
        }
        for text in [
            "fn f() -> bool { matches!(x, Some(_)) }",
            "fn f() { assert!(matches!(x, Some(_))); }",
            "fn f() { let found = matches!(x, Some(_)); }",
            "fn f() { return matches!(x, Some(_)); }",
            "fn f() { matches!(x, Some(_)).then(g); }",
            "fn f() { \"matches!(x, y);\"; }",
        ] {
            assert_eq!(count(dropped_matches, "tests/it/a.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn silenced_lints_and_skipped_tests_are_found() {
        for text in [
            "#[allow(dead_code)] fn f() {}",
            "#![allow(dead_code)]",
            "#[cfg_attr(test, allow(dead_code))] fn f() {}",
            "#[test] #[ignore] fn f() {}",
            "#[test] #[ignore = \"slow\"] fn f() {}",
            "#[cfg_attr(unix, ignore)] fn f() {}",
            "#[should_panic] fn f() {}",
            "#[should_panic(expected = \"x\")] fn f() {}",
            "macro_rules! m { () => { #[allow(dead_code)] fn f() {} } }",
        ] {
            assert_eq!(count(attributes, "src/a.rs", text), 1, "{text}");
        }
        for text in [
            "#[expect(dead_code, reason = \"x\")] fn f() {}",
            "/// #[allow(x)]\n#[derive(Debug)] struct A;",
            "#[serde(default, ignore)] struct A;",
            "fn allow(x: u8) { x.ignore(); allow(1); }",
        ] {
            assert_eq!(count(attributes, "src/a.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn placeholders_are_found() {
        assert_eq!(count(unfinished, "src/a.rs", "fn f() { todo!() }"), 1);
        assert_eq!(
            count(unfinished, "src/a.rs", "fn f() { unimplemented!(\"x\") }"),
            1
        );
        assert_eq!(count(unfinished, "src/a.rs", "fn todo() { \"todo!()\"; }"), 0);
    }
}
