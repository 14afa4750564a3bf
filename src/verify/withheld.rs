//! What a lineage does not show to everybody, and what was shown of it to whoever asked.

use std::collections::BTreeMap;

use crate::commitment::Commitment;
use crate::disclosure::Disclosed;

/// What one statement on the walk withholds, and was not disclosed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// `hb:` id of the statement.
    pub id: String,
    /// The item's name, which may be a commitment itself.
    pub name: String,
    /// The key that signed it.
    pub signer: String,
    /// Whom that key speaks for, where its grant says so.
    pub holder: Option<String>,
    /// JSON pointers into the statement, each with the context it was committed in.
    pub fields: BTreeMap<String, String>,
    /// How many names in its manifests.
    pub members: u64,
}

/// One disclosure that was held against its statement and is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisclosedFact {
    /// The statement, or the member.
    pub address: String,
    /// A JSON pointer into it.
    pub field: String,
    /// The context it was committed in.
    pub context: String,
    /// The commitment it opens; sealed content has none.
    pub commitment: Option<Commitment>,
    /// The text or the content.
    pub what: Disclosed,
}
