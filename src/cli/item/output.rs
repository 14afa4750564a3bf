//! `--output NAME=PATH`: what comes out of a run, as one word of a command line.

use serde_json::Value;
use serde_json::json;

use crate::cli::error::Error;
use crate::statement::Does;
use crate::statement::OutputKind;
use crate::statement::Word as _;

use super::Item;
use super::usage;

/// One `--output`. Several of one name are one output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Output {
    name: String,
    kind: Option<OutputKind>,
    content: Given,
}

/// Where the bytes of an output are.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Given {
    File(String),
    Digest(String),
    DigestsFrom(String),
    Nothing,
}

impl Output {
    /// Reads NAME=PATH and its variants.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, content) = match text.split_once('=') {
            None => (text, Given::Nothing),
            Some((_, "")) => return Err(format!("write what came out: {text}PATH")),
            Some((name, value)) => (name, given(value)),
        };
        let (name, kind) = match name.rsplit_once(':') {
            Some((name, word)) => match OutputKind::parse(word) {
                Ok(kind) => (name, Some(kind)),
                Err(error) => return Err(error.to_string()),
            },
            None => (name, None),
        };
        if name.is_empty() {
            return Err("it has no name: write NAME=PATH".to_owned());
        }
        Ok(Self {
            name: name.to_owned(),
            kind,
            content,
        })
    }
}

fn given(value: &str) -> Given {
    if let Some(digits) = value.strip_prefix("sha256:") {
        return Given::Digest(digits.to_owned());
    }
    match value.strip_prefix('@') {
        Some(path) => Given::DigestsFrom(path.to_owned()),
        None => Given::File(value.to_owned()),
    }
}

/// Returns the outputs of a run as a lineage file has them, in the order in which their names came first.
pub(super) fn outputs(
    does: Does,
    given: &[Output],
    rows: &[(String, String)],
    tokens: &[(String, String)],
    row_root: Option<&Value>,
) -> Result<Vec<Value>, Error> {
    let mut names: Vec<&str> = Vec::new();
    for output in given {
        if !names.contains(&output.name.as_str()) {
            names.push(&output.name);
        }
    }
    for (option, counts) in [("--rows", rows), ("--tokens", tokens)] {
        if let Some((name, _)) = counts.iter().find(|(name, _)| !names.contains(&name.as_str())) {
            return Err(usage(format!(
                "`{option} {name}=` is about no output: write the name of one of {}",
                names.join(", ")
            )));
        }
    }
    names
        .into_iter()
        .map(|name| {
            let parts: Vec<&Output> = given.iter().filter(|output| output.name == name).collect();
            let mut item = one(does, name, &parts);
            item.value("rows", count("--rows", name, rows)?);
            item.value("tokens", count("--tokens", name, tokens)?);
            // The files of a model have no rows, and what is given by its digest has none here.
            if item.is_of("kind", "shard") && item.has("files") {
                item.value("row_root", row_root.cloned());
            }
            Ok(item.into_value())
        })
        .collect()
}

fn one(does: Does, name: &str, parts: &[&Output]) -> Item {
    let mut item = Item::default();
    let kind = parts
        .iter()
        .find_map(|part| part.kind)
        .unwrap_or_else(|| usual(does));
    item.text("name", Some(&name.to_owned()));
    item.text("kind", Some(&kind.to_string()));
    let (mut files, mut digests, mut digests_from) = (Vec::new(), Vec::new(), Vec::new());
    for part in parts {
        match &part.content {
            Given::File(path) => files.push(path.clone()),
            // The one file of an output whose name nobody said is called like the output.
            Given::Digest(digits) => digests.push(json!({"name": name, "sha256": digits})),
            Given::DigestsFrom(path) => digests_from.push(path.clone()),
            Given::Nothing => {}
        }
    }
    item.list("files", &files);
    item.values("digests", &digests);
    item.list("digests_from", &digests_from);
    item
}

/// Returns what such a run usually makes.
fn usual(does: Does) -> OutputKind {
    match does {
        Does::Train | Does::Merge => OutputKind::Model,
        Does::Evaluate => OutputKind::Scores,
        _ => OutputKind::Shard,
    }
}

fn count(option: &str, name: &str, counts: &[(String, String)]) -> Result<Option<Value>, Error> {
    let mut found = counts.iter().filter(|(of, _)| of == name);
    let Some((_, text)) = found.next() else {
        return Ok(None);
    };
    if found.next().is_some() {
        return Err(usage(format!(
            "`{option} {name}=` is given twice: keep one of them"
        )));
    }
    super::whole_number(text)
        .map(Some)
        .map_err(|problem| usage(format!("`{option} {name}={text}`: {problem}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(texts: &[&str]) -> Vec<Output> {
        texts.iter().map(|text| Output::parse(text).unwrap()).collect()
    }

    #[test]
    fn outputs_of_one_name_are_one_and_what_they_are_follows_from_the_run() {
        let given = parsed(&[
            "t=out/a.jsonl",
            "m:shard=day=1/*.jsonl",
            "t=out/b.jsonl",
            "n",
            "d=sha256:00",
            "f=@r",
        ]);
        let rows = [("t".to_owned(), "7".to_owned())];
        let made = outputs(Does::Generate, &given, &rows, &[], None).unwrap();
        assert_eq!(
            Value::from(made),
            json!([
                {"name": "t", "kind": "shard", "files": ["out/a.jsonl", "out/b.jsonl"], "rows": 7},
                {"name": "m", "kind": "shard", "files": ["day=1/*.jsonl"]},
                {"name": "n", "kind": "shard"},
                {"name": "d", "kind": "shard", "digests": [{"name": "d", "sha256": "00"}]},
                {"name": "f", "kind": "shard", "digests_from": ["r"]},
            ])
        );
        let model = outputs(Does::Train, &parsed(&["m=ckpt/*"]), &[], &[], None).unwrap();
        assert_eq!(model[0]["kind"], "model");
    }

    #[test]
    fn what_is_wrong_with_an_output_is_said() {
        for text in ["", "=a", "t=", "t:file=a", ":shard=a"] {
            assert!(Output::parse(text).is_err(), "{text}");
        }
        let other = [("x".to_owned(), "7".to_owned())];
        assert!(outputs(Does::Mix, &parsed(&["t=a"]), &other, &[], None).is_err());
        let twice = [("t".to_owned(), "7".to_owned()), ("t".to_owned(), "8".to_owned())];
        assert!(outputs(Does::Mix, &parsed(&["t=a"]), &twice, &[], None).is_err());
    }
}
