//! The house rules, as plain tests over the source tree.
//!
//! A rule is a function from a file to findings (`path:line: what is wrong`). It is tested twice: on a
//! snippet that breaks it, beside the rule, and on the tree, here. A rule that cannot be broken protects
//! nothing.

mod layers;
mod paths;
mod tree;
mod words;

use std::fs;
use std::path::Path;

use proc_macro2::Delimiter;
use proc_macro2::Spacing;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;

/// What a literal is replaced by: no rule looks into one, so that bad code may be quoted in a test.
const LITERAL: &str = "\"\"";

/// One Rust file of the repository.
struct Source {
    /// Relative to the package, with `/`.
    path: String,
    text: String,
    tokens: Vec<Token>,
}

/// One token; the two characters of `::` are one, and a group gives an opening and a closing one.
#[derive(Debug, PartialEq)]
struct Token {
    text: String,
    line: usize,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let stream: TokenStream = text
            .parse()
            .unwrap_or_else(|error| panic!("{path} is not Rust: {error}"));
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            tokens,
        }
    }

    /// The text of token `index`, or nothing past the end.
    fn word(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| &token.text)
    }

    /// The text of the token `back` before `index`, or nothing before the start.
    fn word_before(&self, index: usize, back: usize) -> &str {
        index.checked_sub(back).map_or("", |index| self.word(index))
    }

    /// Whether the tokens from `index` on read like this.
    fn reads(&self, index: usize, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(offset, word)| self.word(index + offset) == *word)
    }

    /// The index of the bracket that closes the one at `open`.
    fn closing(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for index in open..self.tokens.len() {
            match self.word(index) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return index;
            }
        }
        self.tokens.len()
    }

    fn finding(&self, index: usize, what: &str) -> String {
        let line = self.tokens.get(index).map_or(0, |token| token.line);
        format!("{}:{line}: {what}", self.path)
    }
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let mut half_path = false;
    for tree in stream {
        let line = tree.span().start().line;
        let push = |tokens: &mut Vec<Token>, text: &str| {
            tokens.push(Token {
                text: text.to_owned(),
                line,
            });
        };
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                push(tokens, open);
                flatten(group.stream(), tokens);
                tokens.push(Token {
                    text: close.to_owned(),
                    line: group.span_close().start().line,
                });
            }
            TokenTree::Ident(ident) => push(tokens, &ident.to_string()),
            TokenTree::Literal(_) => push(tokens, LITERAL),
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                if half_path {
                    push(tokens, "::");
                } else if punct.spacing() == Spacing::Alone {
                    push(tokens, ":");
                }
                half_path = !half_path && punct.spacing() == Spacing::Joint;
            }
            TokenTree::Punct(punct) => push(tokens, &punct.as_char().to_string()),
        }
    }
}

/// The Rust files below `folder` of the package, in the order of their names.
fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    visit(Path::new(env!("CARGO_MANIFEST_DIR")), folder, &mut found);
    found
}

fn visit(root: &Path, folder: &str, found: &mut Vec<Source>) {
    for name in tree::names(&root.join(folder)) {
        let path = format!("{folder}/{name}");
        let full = root.join(&path);
        if full.is_dir() {
            visit(root, &path, found);
        } else if full.extension().is_some_and(|extension| extension == "rs") {
            let text =
                fs::read_to_string(&full).unwrap_or_else(|error| panic!("{path} cannot be read: {error}"));
            found.push(Source::new(&path, &text));
        }
    }
}

/// Applies one rule to every Rust file below the folders, and fails with all its findings.
fn check(folders: &[&str], rule: impl Fn(&Source) -> Vec<String>) {
    let files: Vec<Source> = folders.iter().flat_map(|folder| sources(folder)).collect();
    assert!(
        !files.is_empty(),
        "no Rust file below {folders:?}: the rule saw nothing"
    );
    report(&files.iter().flat_map(rule).collect::<Vec<_>>());
}

fn report(findings: &[String]) {
    assert!(
        findings.is_empty(),
        "{} findings:\n{}",
        findings.len(),
        findings.join("\n")
    );
}

#[test]
fn imports_go_down_the_layers() {
    check(&["src"], layers::imports);
}

#[test]
fn the_core_touches_nothing_outside_itself() {
    check(&["src"], layers::outside_world);
}

#[test]
fn only_the_command_line_prints() {
    check(&["src"], words::printing);
}

#[test]
fn no_match_is_asked_and_then_dropped() {
    check(&["src", "tests"], words::dropped_matches);
}

#[test]
fn no_lint_is_silenced_and_no_test_is_skipped() {
    check(&["src", "tests"], words::attributes);
}

#[test]
fn nothing_is_left_to_do_later() {
    check(&["src", "tests"], words::unfinished);
}

#[test]
fn files_are_short_enough_to_read() {
    check(&["src", "tests"], tree::length);
}

#[test]
fn sources_are_ascii() {
    check(&["src", "tests"], tree::ascii);
}

#[test]
fn every_file_is_declared() {
    report(&tree::undeclared(&sources("src"), "src", &["lib.rs", "main.rs"]));
    report(&tree::undeclared(&sources("tests/it"), "tests/it", &["main.rs"]));
    report(&tree::undeclared(
        &sources("tests/fuzz"),
        "tests/fuzz",
        &["decoders.rs"],
    ));
}

#[test]
fn the_top_level_holds_only_agreed_names() {
    report(&tree::strangers(&tree::names(Path::new(env!(
        "CARGO_MANIFEST_DIR"
    )))));
}

#[test]
fn the_architecture_page_stays_short() {
    report(&tree::page_length(
        "docs/architecture.md",
        include_str!("../../docs/architecture.md"),
        300,
    ));
}

#[test]
fn every_dependency_says_why_it_is_there() {
    report(&tree::unexplained_dependencies(include_str!("../../Cargo.toml")));
    report(&tree::unexplained_dependencies(include_str!(
        "../fuzz/Cargo.toml"
    )));
}

#[test]
fn tokens_keep_their_lines_and_paths_their_colons() {
    let source = Source::new("a.rs", "use a::b;\nfn f(x: u8) { \"crate::x\"; }\n");
    let read: Vec<(&str, usize)> = source
        .tokens
        .iter()
        .map(|token| (token.text.as_str(), token.line))
        .collect();
    assert_eq!(
        read,
        [
            ("use", 1),
            ("a", 1),
            ("::", 1),
            ("b", 1),
            (";", 1),
            ("fn", 2),
            ("f", 2),
            ("(", 2),
            ("x", 2),
            (":", 2),
            ("u8", 2),
            (")", 2),
            ("{", 2),
            (LITERAL, 2),
            (";", 2),
            ("}", 2),
        ]
    );
}
