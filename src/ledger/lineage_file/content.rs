//! What an item says of its bytes: `files`, `digests`, `digests_from`, or that it has none here.

use crate::digest::Blake3Digest;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::statement::Absence;
use crate::statement::KEYED_ROW_ROOT;
use crate::statement::ROW_ROOT;
use crate::statement::RowRoot;
use crate::statement::check_file_name;

use super::decode::Context;
use super::expected::Expected;
use super::fault::FaultKind;
use super::fields::Fields;
use super::fields::Shape;
use super::given::GivenFile;
use super::given::GivenFiles;
use super::located::Located;
use super::node::Node;
use super::node::NodeValue;

/// Where the digests of an item come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentSpec {
    /// Files to hash: paths and patterns, relative to the folder of the lineage file.
    Files(Vec<Located<String>>),
    /// Digests that the lineage file gives, sorted by name.
    Digests(Vec<GivenFile>),
    /// Files of JSON Lines with digests: paths and patterns.
    DigestsFrom(Vec<Located<String>>),
    /// No bytes here.
    Absent(Absence),
}

/// The keys that say where bytes come from. One of them at most may stand in an item.
const BYTES_KEYS: [&str; 3] = ["files", "digests", "digests_from"];

pub(super) const FOREIGN: Shape = Shape {
    what: "`foreign`",
    keys: &["alg", "value"],
};

pub(super) const DIGEST: Shape = Shape {
    what: "a digest",
    keys: &[
        "name",
        "sha256",
        "blake3",
        "bytes",
        "rows",
        "tokens",
        "row_root",
        "keyed_row_root",
    ],
};

/// Reads the content of an item. `unsaid` is what having no bytes means when the item does not say.
pub(super) fn decode(cx: &mut Context<'_>, fields: &Fields<'_>, unsaid: Absence) -> ContentSpec {
    let written: Vec<&'static str> = BYTES_KEYS.into_iter().filter(|key| fields.has(key)).collect();
    let absent: Vec<&'static str> = ["content", "foreign"]
        .into_iter()
        .filter(|key| fields.has(key))
        .collect();
    if let [first, second, ..] = written.as_slice() {
        not_together(cx, fields, first, second, "keep the one that names all its files");
    } else if let ([first, ..], [second, ..]) = (written.as_slice(), absent.as_slice()) {
        not_together(
            cx,
            fields,
            first,
            second,
            "keep the first if there are bytes, the second if not",
        );
    } else if absent.len() > 1 {
        not_together(
            cx,
            fields,
            "content",
            "foreign",
            "keep `foreign` if somebody else's id is known",
        );
    }
    match written.first() {
        Some(&"files") => ContentSpec::Files(fields.paths(cx, "files")),
        Some(&"digests") => ContentSpec::Digests(digests(cx, fields)),
        Some(_) => ContentSpec::DigestsFrom(fields.paths(cx, "digests_from")),
        None => ContentSpec::Absent(absence(cx, fields).unwrap_or(unsaid)),
    }
}

fn not_together(
    cx: &mut Context<'_>,
    fields: &Fields<'_>,
    first: &'static str,
    second: &'static str,
    advice: &'static str,
) {
    cx.fault(
        fields.line,
        FaultKind::NotTogether {
            first,
            second,
            advice,
        },
    );
}

fn absence(cx: &mut Context<'_>, fields: &Fields<'_>) -> Option<Absence> {
    if let Some(node) = fields.optional(cx, "foreign") {
        let inner = Fields::open(cx, "foreign", node, FOREIGN)?;
        let alg = inner
            .required(cx, "alg", "alg: git-blob-sha1")
            .and_then(|node| cx.free_text("alg", node));
        let value = inner
            .required(cx, "value", "value: 3779ddbc")
            .and_then(|node| cx.free_text("value", node));
        return Some(Absence::Foreign {
            alg: alg?,
            value: value?,
        });
    }
    let node = fields.optional(cx, "content")?;
    match cx.text("content", node)? {
        "none" => Some(Absence::None),
        "not_known" => Some(Absence::NotKnown),
        "illustrative" => Some(Absence::Illustrative),
        "foreign" => {
            cx.bad(
                "content",
                node.line,
                "write `foreign: {alg: NAME, value: ID}` instead of `content`",
            );
            None
        }
        other => {
            let found = super::expected::shortened(other);
            let allowed = &["none", "not_known", "illustrative"];
            cx.fault(
                node.line,
                FaultKind::UnknownWord {
                    key: "content",
                    found,
                    meant: None,
                    allowed,
                },
            );
            None
        }
    }
}

fn digests(cx: &mut Context<'_>, fields: &Fields<'_>) -> Vec<GivenFile> {
    let Some(node) = fields.optional(cx, "digests") else {
        return Vec::new();
    };
    let NodeValue::List(items) = &node.value else {
        return cx
            .wrong_type("digests", Expected::Items, node)
            .unwrap_or_default();
    };
    if items.is_empty() {
        cx.fault(node.line, FaultKind::EmptyList { key: "digests" });
    }
    let mut files = GivenFiles::default();
    for item in items {
        if let Some(file) = digest(cx, item) {
            files.add(file, cx.file, item.line, &mut cx.faults);
        }
    }
    files.finish()
}

/// Reads one object with a name and its digests; the lines of `digests_from` are the same.
pub(super) fn digest(cx: &mut Context<'_>, node: &Node) -> Option<GivenFile> {
    let fields = Fields::open(cx, "digests", node, DIGEST)?;
    let name = fields
        .required(cx, "name", "name: part-0.jsonl")
        .and_then(|node| cx.reference("name", node));
    if let Some(name) = &name
        && let Err(error) = check_file_name(&name.value)
    {
        cx.bad("name", name.line, error.to_string());
    }
    let sha256 = fields
        .required(cx, "sha256", "sha256: \"<64 hexadecimal digits>\"")
        .and_then(|node| hex(cx, "sha256", node, Sha256Digest::from_hex));
    let blake3 = fields
        .optional(cx, "blake3")
        .and_then(|node| hex(cx, "blake3", node, Blake3Digest::from_hex));
    let mut count = |key| fields.count(cx, key).map(|count| count.value);
    let (bytes, rows, tokens) = (count("bytes"), count("rows"), count("tokens"));
    let mut root = |key| {
        let node = fields.optional(cx, key)?;
        hex(cx, key, node, NodeHash::from_hex)
    };
    let (plain, keyed) = (root(ROW_ROOT), root(KEYED_ROW_ROOT));
    let row_root = RowRoot::of_fields(plain, keyed)
        .map_err(|error| cx.bad(KEYED_ROW_ROOT, fields.line_of(KEYED_ROW_ROOT), error.to_string()))
        .unwrap_or_default();
    if let (Some(root), None) = (row_root, rows) {
        cx.bad(
            root.field(),
            fields.line_of(root.field()),
            "write `rows:` beside it: how many rows it is the root of",
        );
    }
    Some(GivenFile {
        row_root,
        name: name?.value,
        sha256: sha256?,
        blake3,
        bytes,
        rows,
        tokens,
    })
}

/// Reads the hexadecimal digits of a digest.
pub(super) fn hex<T, E: std::fmt::Display>(
    cx: &mut Context<'_>,
    key: &'static str,
    node: &Node,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
    // Sixty-four decimal digits would be an integer, which is too large for one: a fault of the tree.
    let text = cx.text(key, node)?;
    parse(text)
        .map_err(|error| cx.bad(key, node.line, error.to_string()))
        .ok()
}
