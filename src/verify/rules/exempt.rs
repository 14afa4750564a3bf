//! Which equal bytes say nothing about an origin: content without a row, and files beside the weights of a model.

use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::statement::ArtifactRef;
use crate::statement::Basis;
use crate::statement::Content;
use crate::statement::CountBasis;
use crate::verify::graph::Graph;
use crate::verify::graph::Located;

/// Contents without a row.
const CONTENT_WITHOUT_ROWS: [&[u8]; 11] = [
    b"", b"\n", b"\r\n", b"[]", b"[]\n", b"[]\r\n", b"{}", b"{}\n", b"{}\r\n", b"null", b"null\n",
];

/// The largest file of a model that can pass for something else than its weights, in bytes.
const NO_WEIGHTS_BYTES_MAX: u64 = 64 << 20;

/// Endings of files that belong to a model without being its weights.
const NO_WEIGHTS_ENDINGS: [&str; 8] = [
    ".json", ".jsonl", ".txt", ".md", ".jinja", ".model", ".yaml", ".py",
];

/// Names of such files that have no telling ending.
const NO_WEIGHTS_NAMES: [&str; 5] = ["LICENSE", "NOTICE", "README", "USE_POLICY", ".gitattributes"];

/// Returns whether a claim is about a file of a model that is not its weights. A model must have other files than
/// such: else these are its weights, whatever they are called.
pub(super) fn is_no_weights(graph: &Graph, claim: &Located<'_>) -> bool {
    if let (Some(member), Some(artifact)) = (claim.member, claim.artifact) {
        let members = graph.members_in(artifact).unwrap_or_default();
        return is_beside(&member.name, member.bytes)
            && members.iter().any(|other| !is_beside(&other.name, other.bytes));
    }
    match (claim.artifact, claim.set) {
        (Some(artifact), Some(set)) => {
            let beside = |name: &str, content: &Content| match content {
                Content::File { bytes, .. } => is_beside(name, *bytes),
                Content::Manifest { .. } | Content::Absent { .. } => false,
            };
            beside(&artifact.name, &artifact.content)
                && set
                    .artifacts
                    .iter()
                    .any(|other| !beside(&other.name, &other.content))
        }
        _ => false,
    }
}

fn is_beside(name: &str, bytes: Option<u64>) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    let telling = NO_WEIGHTS_ENDINGS
        .iter()
        .any(|ending| file.to_ascii_lowercase().ends_with(ending))
        || NO_WEIGHTS_NAMES.iter().any(|name| file.starts_with(name));
    telling && bytes.is_some_and(|bytes| bytes <= NO_WEIGHTS_BYTES_MAX)
}

/// Returns whether content has no rows: a known empty form, or counted to have none by everyone who claims it.
pub(in crate::verify) fn without_rows(
    graph: &Graph,
    digest: Sha256Digest,
    claims: &BTreeSet<ArtifactRef>,
) -> bool {
    CONTENT_WITHOUT_ROWS
        .iter()
        .any(|content| Sha256Digest::of(content) == digest)
        || claims.iter().all(|claim| {
            graph
                .locate(*claim)
                .is_some_and(|located| counted_empty(&located))
        })
}

fn counted_empty(claim: &Located<'_>) -> bool {
    match (claim.member, claim.artifact) {
        // Members have no basis of their own; those of a manifest made from the files were counted.
        (Some(member), Some(artifact)) => member.rows == Some(0) && artifact.basis() == Some(Basis::Computed),
        (None, Some(artifact)) => artifact
            .rows
            .is_some_and(|rows| rows.value == 0 && rows.basis == CountBasis::Counted),
        _ => false,
    }
}
