//! The inputs of a run.

use crate::digest::Sha256Digest;
use crate::statement::Decimal;
use crate::statement::Does;
use crate::statement::Role;

use super::content::hex;
use super::decode::Context;
use super::fault::FaultKind;
use super::fields::Fields;
use super::fields::Shape;
use super::located::Located;
use super::node::Node;

/// What a run or a data set takes: something named, or something nobody declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// An item of this file or of the ledger: `NAME`, `NAME@<entry>`, `NAME@latest`, or an id.
    Use(Located<String>),
    /// A gap.
    Unresolved {
        /// What it is, in the user's words.
        text: String,
        /// Its digest, when that is known.
        digest: Option<Sha256Digest>,
    },
}

/// An input of a run as the lineage file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputItem {
    /// What it is taken from.
    pub taken: Taken,
    /// What it is to the run.
    pub role: Role,
    /// Rows taken, in total.
    pub rows: Option<u64>,
    /// Tokens taken, in total.
    pub tokens: Option<u64>,
    /// Rows that came out, of the rows taken.
    pub kept: Option<u64>,
    /// How often the rows are repeated.
    pub repeat: Option<Decimal>,
    /// The declared share of the output's mass, from 0 to 1.
    pub share: Option<Decimal>,
    /// The line it begins on.
    pub line: u32,
}

pub(super) const INPUT: Shape = Shape {
    what: "an input",
    keys: &[
        "use",
        "unresolved",
        "digest",
        "as",
        "rows",
        "tokens",
        "kept",
        "repeat",
        "share",
    ],
};

pub(super) fn decode(cx: &mut Context<'_>, node: &Node, does: Option<Does>) -> Option<InputItem> {
    let fields = Fields::open(cx, "inputs", node, INPUT)?;
    let taken = taken(cx, &fields);
    let role: Option<Role> = fields.required_word(cx, "as", "as: data");
    if let (Some(does), Some(role)) = (does, role)
        && !does.allows(role)
    {
        cx.fault(fields.line_of("as"), FaultKind::Role { does, role });
    }
    let mut count = |key| fields.count(cx, key).map(|count| count.value);
    let (rows, tokens, kept) = (count("rows"), count("tokens"), count("kept"));
    if let (Some(rows), Some(kept)) = (rows, kept)
        && kept > rows
    {
        let problem = format!("{kept} rows cannot be kept of {rows}: correct `kept` or `rows`");
        cx.bad("kept", fields.line_of("kept"), problem);
    }
    let repeat = fields.decimal(cx, "repeat");
    let share = fields.share(cx, "share");
    Some(InputItem {
        taken: taken?,
        role: role?,
        rows,
        tokens,
        kept,
        repeat,
        share,
        line: fields.line,
    })
}

/// Reads `use`, or `unresolved` with its `digest`.
pub(super) fn taken(cx: &mut Context<'_>, fields: &Fields<'_>) -> Option<Taken> {
    if fields.has("use") && fields.has("unresolved") {
        let advice = "keep `use` if the item is declared, `unresolved` if nobody declared it";
        cx.fault(
            fields.line,
            FaultKind::NotTogether {
                first: "use",
                second: "unresolved",
                advice,
            },
        );
        return None;
    }
    if fields.has("unresolved") {
        let node = fields.optional(cx, "unresolved")?;
        let text = cx.free_text("unresolved", node);
        return Some(Taken::Unresolved {
            digest: digest(cx, fields),
            text: text?,
        });
    }
    if fields.has("digest") {
        let advice = "a digest describes what is `unresolved`; an item that is used has its own";
        cx.fault(
            fields.line_of("digest"),
            FaultKind::NotTogether {
                first: "use",
                second: "digest",
                advice,
            },
        );
    }
    let node = fields.required(cx, "use", "use: NAME` or `unresolved: what it is")?;
    cx.reference("use", node).map(Taken::Use)
}

fn digest(cx: &mut Context<'_>, fields: &Fields<'_>) -> Option<Sha256Digest> {
    let node = fields.optional(cx, "digest")?;
    hex(cx, "digest", node, |text| match text.strip_prefix("sha256:") {
        Some(digits) => Sha256Digest::from_hex(digits).map_err(|error| error.to_string()),
        None => Err("write the algorithm too: \"sha256:<64 hexadecimal digits>\"".to_owned()),
    })
}
