//! `--input NODE:ROLE,rows=N`: what goes into a run, as one word of a command line.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::statement::Role;
use crate::statement::Word as _;

use super::pair;
use super::whole_number;

/// What may stand behind the role, and whether it is a whole number.
const DETAILS: [(&str, bool); 5] = [
    ("rows", true),
    ("tokens", true),
    ("kept", true),
    ("repeat", false),
    ("share", false),
];

/// Reads an input that is declared.
pub(super) fn used(text: &str) -> Result<Value, String> {
    let parts = split(text)?;
    let mut item = Map::from_iter([
        ("use".to_owned(), json!(parts.what)),
        ("as".to_owned(), json!(parts.role.as_str())),
    ]);
    for (key, value) in parts.details {
        if key == "digest" {
            return Err("`digest` describes what nobody declared: write it with --unresolved".to_owned());
        }
        item.insert(key, value);
    }
    Ok(Value::Object(item))
}

/// Reads an input that nobody declared.
pub(super) fn gap(text: &str) -> Result<Value, String> {
    let parts = split(text)?;
    let mut item = Map::from_iter([
        ("unresolved".to_owned(), json!(parts.what)),
        ("as".to_owned(), json!(parts.role.as_str())),
    ]);
    item.extend(parts.details);
    Ok(Value::Object(item))
}

/// Reads a member of a data set, or what a source was made from, that nobody declared: it has no role.
pub(super) fn gap_of_list(text: &str) -> Value {
    let (what, digest) = match text.rsplit_once(",digest=") {
        Some((what, digest)) => (what, Some(digest)),
        None => (text, None),
    };
    let mut item = Map::from_iter([("unresolved".to_owned(), json!(what))]);
    if let Some(digest) = digest {
        item.insert("digest".to_owned(), json!(digest));
    }
    Value::Object(item)
}

struct Parts<'a> {
    what: &'a str,
    role: Role,
    details: Vec<(String, Value)>,
}

/// Takes the last `:` that a role follows: names and ids have colons of their own.
fn split(text: &str) -> Result<Parts<'_>, String> {
    for (at, _) in text.rmatch_indices(':') {
        let (what, rest) = text.split_at(at);
        let mut parts = rest.trim_start_matches(':').split(',');
        let Ok(role) = Role::parse(parts.next().unwrap_or_default()) else {
            continue;
        };
        if what.is_empty() {
            return Err(format!("what is the {role}? Write NODE:{role}"));
        }
        let details = parts.map(detail).collect::<Result<_, _>>()?;
        return Ok(Parts { what, role, details });
    }
    let roles = Role::WORDS.join(", ");
    Err(match text.rsplit_once(':') {
        Some((node, word)) if !node.is_empty() => {
            let word = word.split(',').next().unwrap_or_default();
            format!("`{word}` is no role: write {node}: and one of {roles}")
        }
        _ => format!("it does not say as what: write {text}: and one of {roles}"),
    })
}

fn detail(text: &str) -> Result<(String, Value), String> {
    let (key, value) = pair(text)
        .map_err(|_| format!("`{text}` is not KEY=VALUE: after the role write for example ,rows=52002"))?;
    if key == "digest" {
        return Ok((key, json!(value)));
    }
    match DETAILS.iter().find(|(known, _)| *known == key) {
        Some((_, true)) => whole_number(&value).map(|number| (key, number)),
        Some((_, false)) => Ok((key, json!(value))),
        None => Err(format!("`{key}` is not one of rows, tokens, kept, repeat, share")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_found_behind_whatever_names_the_input() {
        let of = |text: &str| used(text).unwrap();
        assert_eq!(of("tasks:data"), json!({"use": "tasks", "as": "data"}));
        assert_eq!(of("a:b:data"), json!({"use": "a:b", "as": "data"}));
        assert_eq!(of("hb:00ff/0:base"), json!({"use": "hb:00ff/0", "as": "base"}));
        assert_eq!(
            of("tasks@12:data,rows=5,repeat=1.5"),
            json!({"use": "tasks@12", "as": "data", "rows": 5, "repeat": "1.5"})
        );
        assert_eq!(
            gap("the wiki, 2019: a dump:seed,digest=sha256:ab").unwrap(),
            json!({"unresolved": "the wiki, 2019: a dump", "as": "seed", "digest": "sha256:ab"})
        );
    }

    #[test]
    fn what_is_missing_is_taught() {
        for (text, told) in [
            (
                "tasks",
                "it does not say as what: write tasks: and one of generator",
            ),
            (
                "tasks:date",
                "`date` is no role: write tasks: and one of generator",
            ),
            (":data", "what is the data? Write NODE:data"),
            ("t:data,rows", "`rows` is not KEY=VALUE"),
            ("t:data,rows=many", "`many` is not a whole number"),
            ("t:data,row=5", "`row` is not one of rows, tokens"),
            (
                "t:data,digest=sha256:00",
                "`digest` describes what nobody declared",
            ),
        ] {
            let error = used(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
