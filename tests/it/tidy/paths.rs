//! Which modules a file mentions, by whatever spelling.

use super::Source;

/// The module of the crate root that a file of `src/` belongs to: `merkle` for `src/merkle/tile.rs`.
pub fn top_module(path: &str) -> String {
    file_modules(path).into_iter().next().unwrap_or_default()
}

/// The module path of a file of `src/`: `[merkle, tile]` for `src/merkle/tile.rs`.
fn file_modules(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    inner
        .split('/')
        .filter(|part| *part != "mod")
        .map(str::to_owned)
        .collect()
}

/// Returns every name that stands directly below the crate root in some path, with the place of the path's
/// first token. A glob is `*`; the root itself, taken by another name, is `self`.
pub fn from_crate_root(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for index in path_starts(source) {
        let (base, next) = match source.word(index) {
            "crate" | "herdbook" => (Vec::new(), index + 1),
            "self" | "super" => climb(source, index),
            _ => continue,
        };
        if !base.is_empty() {
            continue;
        }
        if source.word(next) == "::" {
            found.extend(names_after(source, next).into_iter().map(|name| (index, name)));
        } else if source.word(index) != "herdbook" && !is_visibility(source, index, next) {
            found.push((index, "self".to_owned()));
        }
    }
    found
}

/// Returns every name that stands directly below `std` in some path, with the place of its first token.
pub fn from_std(source: &Source) -> Vec<(usize, String)> {
    path_starts(source)
        .filter(|index| source.word(*index) == "std" && source.word(index + 1) == "::")
        .flat_map(|index| {
            names_after(source, index + 1)
                .into_iter()
                .map(move |name| (index, name))
        })
        .collect()
}

/// Whether the token stands in test code: a `tests.rs`, or a module under `#[cfg(test)]`.
pub fn in_test(source: &Source, index: usize) -> bool {
    source.path.ends_with("/tests.rs")
        || source.path.contains("/tests/")
        || enclosing_modules(source, index)
            .iter()
            .any(|(start, _)| is_test_module(source, *start))
}

/// The places where a path starts; a `::` in front of one that starts with a crate's name changes nothing.
fn path_starts(source: &Source) -> impl Iterator<Item = usize> {
    (0..source.tokens.len()).filter(|index| {
        let leading = source.word_before(*index, 1) == "::";
        !leading || (source.word(*index) == "herdbook" && !ends_a_path(source.word_before(*index, 2)))
    })
}

fn ends_a_path(word: &str) -> bool {
    word == ">" || word.ends_with(|last: char| last.is_alphanumeric() || last == '_')
}

/// Follows `self` and `super` from where they stand; returns the module reached and the token behind them.
fn climb(source: &Source, index: usize) -> (Vec<String>, usize) {
    let mut base = file_modules(&source.path);
    base.extend(enclosing_modules(source, index).into_iter().map(|(_, name)| name));
    if source.word(index) == "super" {
        base.pop();
    }
    let mut next = index + 1;
    while source.reads(next, &["::", "super"]) {
        base.pop();
        next += 2;
    }
    (base, next)
}

/// The names behind the `::` at `colons`: one, or the first of each branch of a `{...}`.
fn names_after(source: &Source, colons: usize) -> Vec<String> {
    let first = colons + 1;
    if source.word(first) != "{" {
        return vec![source.word(first).to_owned()];
    }
    let mut names = Vec::new();
    let mut index = first + 1;
    let mut at_start = true;
    let end = source.closing(first);
    while index < end {
        match source.word(index) {
            "{" => index = source.closing(index),
            "," => at_start = true,
            name if at_start => {
                names.push(name.to_owned());
                at_start = false;
            }
            _ => {}
        }
        index += 1;
    }
    names
}

/// Whether this is the `crate` or `super` of `pub(crate)`, which imports nothing.
fn is_visibility(source: &Source, index: usize, next: usize) -> bool {
    let before = source.word_before(index, 1);
    (before == "(" || before == "in") && source.word(next) == ")"
}

/// The inline modules around a token, outermost first: the place of `mod`, and the name.
fn enclosing_modules(source: &Source, index: usize) -> Vec<(usize, String)> {
    (0..index)
        .filter(|start| source.word(*start) == "mod" && source.word(start + 2) == "{")
        .filter(|start| source.closing(start + 2) > index)
        .map(|start| (start, source.word(start + 1).to_owned()))
        .collect()
}

/// Whether `#[cfg(test)]` stands between the item before and the `mod` at `start`.
fn is_test_module(source: &Source, start: usize) -> bool {
    let item = (0..start)
        .rev()
        .take_while(|index| !matches!(source.word(*index), ";" | "{" | "}"));
    item.into_iter()
        .any(|index| source.reads(index, &["cfg", "(", "test", ")"]))
}
