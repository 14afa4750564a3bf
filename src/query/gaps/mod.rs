//! What the record lacks: each gap with why it matters and what closes it. `docs/gaps.md` has the classes.
//!
//! A gap is no finding: some make a verdict fail (`unresolved`), others only leave a question open.

mod counts;
mod mended;
mod stale;
mod stated;

use std::collections::BTreeSet;

use crate::ledger::View;
use crate::merkle::LeafIndex;
use crate::statement::ItemName;
use crate::statement::Statement;

use super::QueryError;
use super::node::Place;
use super::trace::trace;

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GapClass {
    /// An input or a member that nobody declared.
    Unresolved,
    /// No row count where the verdict adds rows up.
    Uncounted,
    /// A source or an external model without a licence or terms.
    Unlicensed,
    /// Bytes that nobody hashed, or that nobody but the signer's word gives a digest.
    Bare,
    /// Something was bound to its origin after the fact.
    Late,
    /// An older version is used though there is a newer one.
    Stale,
}

impl GapClass {
    /// Every class, in the order in which they are told.
    pub const ALL: [Self; 6] = [
        Self::Unresolved,
        Self::Uncounted,
        Self::Unlicensed,
        Self::Bare,
        Self::Late,
        Self::Stale,
    ];

    /// Returns the word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::Uncounted => "uncounted",
            Self::Unlicensed => "unlicensed",
            Self::Bare => "bare",
            Self::Late => "late",
            Self::Stale => "stale",
        }
    }

    /// Returns what the class is, in a few words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Unresolved => "inputs that nobody declared",
            Self::Uncounted => "no number of rows where rows are added up",
            Self::Unlicensed => "no licence or terms stated",
            Self::Bare => "bytes that nobody here has hashed",
            Self::Late => "bound to an origin after the fact",
            Self::Stale => "an older version in use though there is a newer",
        }
    }
}

/// One gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its class.
    pub class: GapClass,
    /// What exactly, as a stable word.
    pub code: &'static str,
    /// The item.
    pub item: ItemName,
    /// What takes an older version of it; only of a [`GapClass::Stale`].
    pub taken_by: Option<ItemName>,
    /// What to write as NODE: `NAME@<entry>`.
    pub node: String,
    /// The id of the node.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The entry that lacks it.
    pub entry: LeafIndex,
    /// Why it matters, in one line.
    pub why: String,
    /// What to write or to run to close it.
    pub close: String,
    /// The exact command that closes it, where one does.
    pub command: Option<String>,
}

/// One statement that is looked at.
struct Looked {
    entry: LeafIndex,
    id: crate::digest::StatementId,
    statement: Statement,
}

impl Looked {
    /// Returns what selects an item of this statement.
    fn node(&self, name: &str) -> String {
        format!("{name}@{}", self.entry)
    }
}

/// What is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gaps {
    /// The gaps, by class and then in log order.
    pub found: Vec<Missing>,
    /// How many gaps of older versions are left out, for the newest version has none and nothing in use descends
    /// from the older.
    pub mended: usize,
}

/// Returns what is missing in the whole ledger, or in everything that `roots` descend from and they themselves.
pub fn gaps(view: &View<'_>, roots: Option<&[Place]>) -> Result<Gaps, QueryError> {
    let looked = match roots {
        None => everything(view)?,
        Some(roots) => ancestors(view, roots)?,
    };
    let mut found = Vec::new();
    for one in &looked {
        stated::of(view, one, &mut found)?;
    }
    counts::of(view, &looked, &mut found)?;
    stale::of(view, &looked, roots.is_some(), &mut found)?;
    found.sort_by(|one, other| {
        let key = |missing: &Missing| (missing.class, missing.entry);
        key(one).cmp(&key(other))
    });
    let mended = match roots {
        None => mended::leave_out(view, &mut found)?,
        Some(_) => 0,
    };
    Ok(Gaps { found, mended })
}

/// Every statement that can have a gap, each at its first entry.
fn everything(view: &View<'_>) -> Result<Vec<Looked>, QueryError> {
    let mut looked = Vec::new();
    for at in 0..view.size().get() {
        let entry = LeafIndex::new(at);
        let Some(id) = view.index().id_at(entry)? else {
            continue;
        };
        let facts = view.index().facts(id)?;
        if facts.is_some_and(|facts| facts.entry == entry && (facts.kind == "run" || !facts.sets.is_empty()))
        {
            let (_, statement) = view.ledger().entry(entry)?;
            looked.push(Looked { entry, id, statement });
        }
    }
    Ok(looked)
}

fn ancestors(view: &View<'_>, roots: &[Place]) -> Result<Vec<Looked>, QueryError> {
    let trace = trace(view, roots)?;
    let entries: BTreeSet<LeafIndex> = trace.graph.node_weights().map(|node| node.entry).collect();
    let mut looked = Vec::new();
    for entry in entries {
        let (envelope, statement) = view.ledger().entry(entry)?;
        let id = envelope.id();
        looked.push(Looked { entry, id, statement });
    }
    Ok(looked)
}
