//! An impact for programs.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::cli::json::path;
use crate::cli::json::share;
use crate::query::Impact;
use crate::query::NoShares;
use crate::query::Released;
use crate::query::SameBytes;

use super::Page;
use super::Told;
use super::page::Group;

/// Returns everything about an impact, of what is reached one page.
pub fn members(found: &Impact, page: &Page<'_>) -> Value {
    let mut all = Map::new();
    let mut put = |key: &str, value: Value| all.insert(key.to_owned(), value);
    put("founders", path(&found.founders));
    put(
        "key",
        found.signed.as_ref().map_or(
            Value::Null,
            |signed| json!({"id": signed.key.to_hex(), "entries": signed.entries, "kinds": signed.kinds}),
        ),
    );
    put("same_bytes", found.same_bytes.iter().map(same_bytes).collect());
    put("other_versions", json!(found.other_versions));
    put("released_itself", found.released.iter().map(released).collect());
    put("groups", page.groups.iter().map(group).collect());
    put("total", page.total().into());
    put("models", page.models().into());
    put("released", page.released().len().into());
    put("runs", found.runs.into());
    put("no_shares", found.no_shares.map_or(Value::Null, no_shares_word));
    put(
        "page",
        json!({"number": page.number, "size": page.size, "of": page.pages()}),
    );
    put("reached", page.items.iter().map(reached).collect());
    Value::Object(all)
}

fn group(group: &Group) -> Value {
    json!({
        "group": group.word,
        "total": group.total(),
        "key": group.key,
        "mass": group.mass,
        "conditioning": group.conditioning,
        "both": group.both,
    })
}

fn no_shares_word(why: NoShares) -> Value {
    match why {
        NoShares::ManifestMissing(blob) => json!({"code": "manifest_missing", "blob": blob.to_string()}),
        NoShares::TooManyMembers => json!({"code": "too_many_members"}),
    }
}

fn same_bytes(one: &SameBytes) -> Value {
    json!({
        "id": one.artifact.to_string(),
        "node": one.node,
        "entry": one.entry.get(),
    })
}

/// Returns one item that is reached. `via` and `path` are the first of `ways`.
pub fn reached(told: &Told<'_>) -> Value {
    let one = told.one;
    let ways = told.ways.iter();
    let ways = ways.map(|(via, steps)| json!({"via": via.as_str(), "path": path(steps)}));
    json!({
        "id": one.id,
        "name": one.name,
        "node": one.node,
        "kind": one.kind,
        "entry": one.entry.get(),
        "share": one.share.as_ref().map(share),
        "via": one.via.as_str(),
        "path": path(told.path()),
        "ways": ways.collect::<Vec<Value>>(),
        "released": one.released.iter().map(released).collect::<Vec<Value>>(),
    })
}

fn released(one: &Released) -> Value {
    json!({
        "id": one.id,
        "name": one.name,
        "entry": one.entry.get(),
        "channel": one.channel,
        "date": one.date,
    })
}
