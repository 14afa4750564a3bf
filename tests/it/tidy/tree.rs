//! What stands in the repository, and how long it is.

use std::fs;
use std::path::Path;

use super::Source;

/// The longest a source file may be. Aim at a quarter of it.
const FILE_LINES_MAX: usize = 600;

/// What may stand at the top beside names that begin with a dot. `target` is the build's own.
const TOP_LEVEL: [&str; 11] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "benches",
    "docs",
    "fixtures",
    "proto",
    "src",
    "target",
    "tests",
];

/// The names in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{} cannot be listed: {error}", folder.display()));
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("a listed entry can be read")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// Finds a file that nobody reads to its end.
pub fn length(source: &Source) -> Vec<String> {
    page_length(&source.path, &source.text, FILE_LINES_MAX)
}

/// Finds a text longer than its limit.
pub fn page_length(path: &str, text: &str, lines_max: usize) -> Vec<String> {
    let lines = text.lines().count();
    if lines <= lines_max {
        return Vec::new();
    }
    vec![format!(
        "{path}:{lines}: {lines} lines, {lines_max} at most: split it by what it is about"
    )]
}

/// Finds characters that look like others, or do not show at all.
pub fn ascii(source: &Source) -> Vec<String> {
    let bad = |line: &str| line.chars().find(|character| !character.is_ascii());
    source
        .text
        .lines()
        .enumerate()
        .filter_map(|(number, line)| Some((number + 1, bad(line)?)))
        .map(|(line, found)| {
            format!(
                "{}:{line}: U+{:04X} is not ASCII: write it as an escape",
                source.path,
                u32::from(found)
            )
        })
        .collect()
}

/// Finds files below `folder` that no module declares: such a file compiles, tests and breaks nothing.
pub fn undeclared(files: &[Source], folder: &str, roots: &[&str]) -> Vec<String> {
    let is_root = |path: &str| roots.iter().any(|root| path == format!("{folder}/{root}"));
    files
        .iter()
        .filter(|file| !is_root(&file.path))
        .filter(|file| {
            let (parents, name) = declared_in(&file.path, folder, roots);
            !files
                .iter()
                .any(|other| parents.contains(&other.path) && declares(other, &name))
        })
        .map(|file| format!("{}:1: no `mod` declares this file", file.path))
        .collect()
}

/// The files that may declare this one, and the module name they must use.
fn declared_in(path: &str, folder: &str, roots: &[&str]) -> (Vec<String>, String) {
    let module = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let (parent, name) = module.rsplit_once('/').unwrap_or(("", module));
    let parents = if parent == folder {
        roots.iter().map(|root| format!("{folder}/{root}")).collect()
    } else {
        vec![format!("{parent}.rs"), format!("{parent}/mod.rs")]
    };
    (parents, name.to_owned())
}

fn declares(source: &Source, name: &str) -> bool {
    (0..source.tokens.len()).any(|index| source.reads(index, &["mod", name, ";"]))
}

/// Finds names at the top level that nobody agreed on.
pub fn strangers(names: &[String]) -> Vec<String> {
    names
        .iter()
        .filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()))
        .map(|name| {
            format!("{name}: not an agreed name at the top level; put it into a folder, or agree on it here")
        })
        .collect()
}

/// Finds dependencies in a manifest without a comment on the line above.
pub fn unexplained_dependencies(manifest: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let mut in_dependencies = false;
    let mut before = "";
    for (number, line) in manifest.lines().enumerate() {
        let header = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let one_of_them = header.is_some_and(|header| header.contains("dependencies."));
        if let Some(header) = header {
            in_dependencies = header.ends_with("dependencies");
        }
        let entry =
            in_dependencies && line.starts_with(|first: char| first.is_alphanumeric() || first == '"');
        if (entry || one_of_them) && !before.starts_with('#') {
            findings.push(format!(
                "Cargo.toml:{}: say above this dependency why it is there: {line}",
                number + 1
            ));
        }
        before = line;
    }
    findings
}

mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found() {
        assert_eq!(
            length(&Source::new("src/a.rs", &"// x\n".repeat(FILE_LINES_MAX))).len(),
            0
        );
        assert_eq!(
            length(&Source::new("src/a.rs", &"// x\n".repeat(FILE_LINES_MAX + 1))),
            ["src/a.rs:601: 601 lines, 600 at most: split it by what it is about"]
        );
        assert_eq!(page_length("docs/a.md", "a\nb\n", 1).len(), 1);
    }

    #[test]
    fn what_is_not_ascii_is_found() {
        let source = Source::new("src/a.rs", "fn f() {}\n// \u{2014} and \u{202e}\n\"\u{e9}\";\n");
        assert_eq!(
            ascii(&source),
            [
                "src/a.rs:2: U+2014 is not ASCII: write it as an escape",
                "src/a.rs:3: U+00E9 is not ASCII: write it as an escape",
            ]
        );
        assert_eq!(
            ascii(&Source::new("src/a.rs", "\"\\u{2014}\";")),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_file_nobody_declares_is_found() {
        let files = [
            Source::new("tests/it/main.rs", "mod one;\nmod two;\nmod three;"),
            Source::new("tests/it/one.rs", "mod part;"),
            Source::new("tests/it/one/part.rs", ""),
            Source::new("tests/it/one/lost.rs", "mod part;"),
            Source::new("tests/it/two/mod.rs", "/// mod lost;\nmod lost { }"),
            Source::new("tests/it/two/lost.rs", ""),
            Source::new("tests/it/lost.rs", ""),
        ];
        assert_eq!(
            undeclared(&files, "tests/it", &["main.rs"]),
            [
                "tests/it/one/lost.rs:1: no `mod` declares this file",
                "tests/it/two/lost.rs:1: no `mod` declares this file",
                "tests/it/lost.rs:1: no `mod` declares this file",
            ]
        );
    }

    #[test]
    fn a_stranger_at_the_top_is_found() {
        let names = ["src", ".clippy.toml", "utils", "deny.toml"].map(str::to_owned);
        assert_eq!(strangers(&names).len(), 2);
    }

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let manifest = "\
[package]
name = \"x\"
[dependencies]
# Why a.
a = \"1\"
b = \"1\"

# Why c.
c = { version = \"1\", features = [
    \"x\",
] }
[target.'cfg(unix)'.dependencies]
d = \"1\"
[dev-dependencies.e]
version = \"1\"
[features]
f = []
";
        let lines: Vec<String> = unexplained_dependencies(manifest)
            .iter()
            .map(|finding| finding.split(':').nth(1).unwrap_or_default().to_owned())
            .collect();
        assert_eq!(lines, ["6", "13", "14"]);
    }
}
