//! Values of the rules of a policy.

use crate::digest::Sha256Digest;
use crate::licence::Use;
use crate::licence::parse;
use crate::policy::LicenceDemand;
use crate::policy::Names;
use crate::policy::Scope;
use crate::policy::Select;
use crate::policy::VALUES_MAX;
use crate::statement::Word;
use crate::statement::escaped;

use super::decode::Context;
use super::expected::Expected;
use super::expected::meant;
use super::expected::shortened;
use super::fault::FaultKind;
use super::fields::Fields;
use super::fields::Shape;
use super::licence::licence_meant;
use super::node::Node;
use super::node::NodeValue;

const SELECT: Shape = Shape {
    what: "a choice of sources",
    keys: &["name", "content", "holder", "acquired_by", "made_by"],
};

const USES: &[&str] = &["commercial", "unspecified", "non_commercial", "academic_only"];

/// Reads which sources are meant: an object with at least one key.
pub(super) fn select(cx: &mut Context<'_>, fields: &Fields<'_>, key: &'static str) -> Option<Select> {
    let node = fields.optional(cx, key)?;
    let inner = Fields::open(cx, key, node, SELECT)?;
    let select = Select {
        name: texts(cx, &inner, "name"),
        content: content(cx, &inner),
        holder: texts(cx, &inner, "holder"),
        acquired_by: words(cx, &inner, "acquired_by"),
        made_by: words(cx, &inner, "made_by"),
    };
    if matches!(&node.value, NodeValue::Map(entries) if entries.is_empty()) {
        cx.fault(node.line, FaultKind::EmptyList { key });
    }
    Some(select)
}

/// Returns the items of a list, within the limit.
fn items<'n>(cx: &mut Context<'_>, fields: &Fields<'n>, key: &'static str) -> &'n [Node] {
    let Some(node) = fields.optional(cx, key) else {
        return &[];
    };
    let items = cx.one_or_more(key, Expected::Texts, node);
    if items.len() > VALUES_MAX {
        let problem = format!(
            "{} values are more than the {VALUES_MAX} of one list",
            items.len()
        );
        cx.bad(key, node.line, problem);
        return &[];
    }
    items
}

fn texts(cx: &mut Context<'_>, fields: &Fields<'_>, key: &'static str) -> Vec<String> {
    let items = items(cx, fields, key);
    sorted(items.iter().filter_map(|item| cx.free_text(key, item)).collect())
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values.dedup();
    values
}

/// Reads a list of words.
pub(super) fn words<T: Word + Ord>(cx: &mut Context<'_>, fields: &Fields<'_>, key: &'static str) -> Vec<T> {
    let items = items(cx, fields, key);
    sorted(items.iter().filter_map(|item| cx.word(key, item)).collect())
}

fn content(cx: &mut Context<'_>, fields: &Fields<'_>) -> Vec<Sha256Digest> {
    let mut digests = Vec::new();
    for item in items(cx, fields, "content") {
        let Some(text) = cx.text("content", item) else {
            continue;
        };
        match Sha256Digest::from_hex(text.strip_prefix("sha256:").unwrap_or(text)) {
            Ok(digest) => digests.push(digest),
            Err(error) => {
                let problem = format!("{error}: write the SHA-256 of a file as 64 hexadecimal digits");
                cx.bad("content", item.line, problem);
            }
        }
    }
    sorted(digests)
}

/// Reads `allow` and `forbid` of names.
pub(super) fn names(cx: &mut Context<'_>, fields: &Fields<'_>) -> Names {
    Names {
        allow: texts(cx, fields, "allow"),
        forbid: texts(cx, fields, "forbid"),
    }
}

/// Reads what is demanded of licences.
pub(super) fn licences(cx: &mut Context<'_>, fields: &Fields<'_>) -> LicenceDemand {
    let words = words(cx, fields, "forbid_terms");
    if words.contains(&crate::statement::Restriction::None) {
        let problem = "`none` is no term that could be forbidden: leave it out";
        cx.bad("forbid_terms", fields.line_of("forbid_terms"), problem);
    }
    let no_conflict = fields.flag(cx, "no_conflict");
    if fields.has("no_conflict") && !no_conflict {
        let problem = "it demands nothing unless it is `true`: write `no_conflict: true`, or leave it out";
        cx.bad("no_conflict", fields.line_of("no_conflict"), problem);
    }
    LicenceDemand {
        names: Names {
            allow: ids(cx, fields, "allow"),
            forbid: ids(cx, fields, "forbid"),
        },
        use_at_most: bound(cx, fields),
        forbid_terms: words,
        no_conflict,
    }
}

/// Reads what a measure is of; the whole lineage when it is left out.
pub(super) fn scope(cx: &mut Context<'_>, fields: &Fields<'_>) -> Scope {
    let Some(node) = fields.optional(cx, "of") else {
        return Scope::default();
    };
    let Some(text) = cx.text("of", node) else {
        return Scope::default();
    };
    Scope::parse(text).unwrap_or_else(|| {
        let unknown = FaultKind::UnknownWord {
            key: "of",
            found: escaped(&shortened(text)),
            meant: meant(text, Scope::WORDS),
            allowed: Scope::WORDS,
        };
        cx.fault(node.line, unknown);
        Scope::default()
    })
}

fn bound(cx: &mut Context<'_>, fields: &Fields<'_>) -> Option<Use> {
    let node = fields.optional(cx, "use_at_most")?;
    let text = cx.text("use_at_most", node)?;
    let found = Use::parse(text);
    if found.is_none() {
        let unknown = FaultKind::UnknownWord {
            key: "use_at_most",
            found: escaped(&shortened(text)),
            meant: meant(text, USES),
            allowed: USES,
        };
        cx.fault(node.line, unknown);
    }
    if found == Some(Use::AcademicOnly) {
        let problem = "`academic_only` is the narrowest use there is, so it demands nothing: write a wider one, or leave it out";
        cx.bad("use_at_most", node.line, problem);
    }
    found
}

/// Reads identifiers of licences, one each.
fn ids(cx: &mut Context<'_>, fields: &Fields<'_>, key: &'static str) -> Vec<String> {
    let mut ids = Vec::new();
    for item in items(cx, fields, key) {
        let Some(text) = cx.free_text(key, item) else {
            continue;
        };
        let single = parse(&text).is_ok_and(|licence| match licence.choices.as_slice() {
            [only] => only.licences.len() == 1,
            _ => false,
        });
        if single {
            ids.push(text);
            continue;
        }
        let advice = match licence_meant(&text) {
            Some(meant) => format!("write `{meant}`"),
            None => "write one SPDX identifier such as `Apache-2.0`, or one `LicenseRef-NAME`, for each"
                .to_owned(),
        };
        let problem = format!(
            "`{}` is not the identifier of one licence: {advice}",
            escaped(&shortened(&text))
        );
        cx.bad(key, item.line, problem);
    }
    sorted(ids)
}
