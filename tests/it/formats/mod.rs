//! The worked examples of `docs/formats/` are what the code makes: each is a fenced block under its own heading.

mod consistency;
mod disclosure;
mod envelope;
mod equivocation;
mod index;
mod manifest;
mod offer;
mod proof;
mod rows;
mod sample;
mod statement;
mod trust_root;

use std::path::Path;

/// Returns the first fenced block after the heading `heading` of a page, without its last line feed.
pub fn block(page: &str, heading: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/formats")
        .join(page);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let marker = format!("\n### {heading}\n");
    let start = text
        .find(&marker)
        .unwrap_or_else(|| panic!("{page} has no heading `{heading}`"));
    let rest = &text[start + marker.len()..];
    let open = rest.find("```").expect("a fenced block follows the heading");
    let body = &rest[open..];
    let first = body.find('\n').expect("the fence has a line of its own") + 1;
    let end = body[first..].find("\n```").expect("the fence is closed") + first;
    body[first..end].to_owned()
}
