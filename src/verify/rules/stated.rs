//! What claims about one content state of it, beside where it comes from.

use crate::digest::Blake3Digest;
use crate::statement::Content;
use crate::verify::graph::Located;

/// Returns what two claims about one content state differently of it, though only one of them can be right.
pub(super) fn contradiction(one: &Located<'_>, other: &Located<'_>) -> Option<&'static str> {
    let differ =
        |left: Option<u64>, right: Option<u64>| left.zip(right).is_some_and(|(left, right)| left != right);
    let (one, other) = (Stated::of(one), Stated::of(other));
    if one
        .blake3
        .zip(other.blake3)
        .is_some_and(|(left, right)| left != right)
    {
        return Some("BLAKE3");
    }
    if differ(one.bytes, other.bytes) {
        return Some("size");
    }
    differ(one.rows, other.rows).then_some("rows")
}

/// What a claim states of its content, beside the digest that it shares with others.
struct Stated {
    blake3: Option<Blake3Digest>,
    bytes: Option<u64>,
    rows: Option<u64>,
}

impl Stated {
    fn of(claim: &Located<'_>) -> Self {
        if let Some(member) = claim.member {
            return Self {
                blake3: member.blake3,
                bytes: member.bytes,
                rows: member.rows,
            };
        }
        let (blake3, bytes) = match claim.artifact.map(|artifact| &artifact.content) {
            Some(Content::File { blake3, bytes, .. }) => (*blake3, *bytes),
            _ => (None, None),
        };
        let alone = claim.set.filter(|set| set.artifacts.len() == 1);
        let rows = claim
            .artifact
            .and_then(|artifact| artifact.rows)
            .or_else(|| alone?.rows);
        Self {
            blake3,
            bytes,
            rows: rows.map(|rows| rows.value),
        }
    }
}
