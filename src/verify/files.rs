//! Files outside the ledger: which there are, and what was found of those that were opened.

use std::collections::BTreeSet;

use crate::digest::Blake3Digest;
use crate::digest::Sha256Digest;
use crate::statement::Absence;
use crate::statement::ArtifactRef;
use crate::statement::Basis;
use crate::statement::Content;

use super::Given;
use super::graph::Graph;
use super::graph::Located;

/// A file to open: whoever drives looks for `name` first, then for any file with the digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileQuery {
    /// The registered relative name.
    pub name: String,
    /// The digest it must have.
    pub sha256: Sha256Digest,
    /// The other digest it must have, where that is known.
    pub blake3: Option<Blake3Digest>,
    /// Its size in bytes, where that is known.
    pub bytes: Option<u64>,
    /// Its rows, where they are known.
    pub rows: Option<u64>,
    /// Who says the digest.
    pub basis: Basis,
    /// The artifact.
    pub artifact: ArtifactRef,
}

/// What was found of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDigests {
    /// Where, as the driver calls it.
    pub place: String,
    /// SHA-256 of its bytes.
    pub sha256: Sha256Digest,
    /// BLAKE3 of its bytes.
    pub blake3: Blake3Digest,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its rows, where its kind of file has rows that can be counted.
    pub rows: Option<u64>,
}

/// The files of one lineage.
#[derive(Debug, Clone, Default)]
pub(super) struct FileChecks {
    pub(super) known: usize,
    pub(super) given: usize,
    /// Artifacts that have bytes somewhere, which nobody hashed.
    pub(super) unhashed: usize,
    /// Artifacts whose bytes the ledger holds.
    pub(super) held: usize,
    pending: Vec<FileQuery>,
    /// How many were opened and are what was registered.
    pub(super) right: usize,
    /// What was found of all others that were asked for.
    pub(super) others: Vec<(FileQuery, Given<FileDigests>)>,
    /// What was found of every file of a sample.
    pub(super) opened: Vec<(FileQuery, Given<FileDigests>)>,
    is_sample: bool,
}

impl FileChecks {
    /// Lists the files of the artifacts in `walk`; they are asked for only if `open` says so.
    pub(super) fn plan(&mut self, graph: &Graph, walk: &BTreeSet<ArtifactRef>, open: bool) {
        for reference in walk {
            self.unhashed += usize::from(is_unhashed(graph, *reference));
            self.held += usize::from(is_held(graph, *reference));
        }
        for file in Self::distinct(graph, walk) {
            self.known += 1;
            self.given += usize::from(file.basis == Basis::Given);
            if open {
                self.pending.push(file.to_query());
            }
        }
        self.pending.reverse();
    }

    /// Returns the files of the artifacts in `walk`, each once, in the order in which they are asked for.
    pub(super) fn distinct<'a>(graph: &'a Graph, walk: &BTreeSet<ArtifactRef>) -> Vec<File<'a>> {
        let mut asked: Vec<File<'_>> = Vec::new();
        for reference in walk {
            ask(graph, *reference, &mut asked);
        }
        // Stable, so that of several statements the first one's counts are asked for. Statements that differ in what
        // else they say of a file are held against it one by one.
        asked.sort_by(|left, right| left.key().cmp(&right.key()));
        let of_same = |same: &[File<'a>]| {
            // What one of them computed must be there, whatever the others only heard of.
            let computed = same.iter().any(|one| one.basis == Basis::Computed);
            let basis = if computed { Basis::Computed } else { Basis::Given };
            same.first().map(|first| File { basis, ..*first })
        };
        asked
            .chunk_by(|left, right| left.key() == right.key())
            .filter_map(of_same)
            .collect()
    }

    /// Asks for nothing but the files of a sample, and keeps what is found of each.
    pub(super) fn only(&mut self, sample: &BTreeSet<(String, Sha256Digest)>) {
        self.is_sample = true;
        self.pending
            .retain(|query| sample.contains(&(query.name.clone(), query.sha256)));
    }

    pub(super) fn next(&self) -> Option<FileQuery> {
        self.pending.last().cloned()
    }

    pub(super) fn take(&mut self, given: Given<FileDigests>) {
        let Some(query) = self.pending.pop() else {
            return;
        };
        if self.is_sample {
            self.opened.push((query.clone(), given.clone()));
        }
        match &given {
            Given::Found(found) if Self::difference(&query, found).is_none() => self.right += 1,
            _ => self.others.push((query, given)),
        }
    }

    /// Returns what differs between a file and what was registered of it. Everything must match.
    pub(super) fn difference(query: &FileQuery, found: &FileDigests) -> Option<String> {
        let differs = |what: &str, expected: String, found: String| {
            (expected != found).then(|| format!("expected {what} {expected}, found {found}"))
        };
        let known = |expected: Option<u64>, what: &str, found: Option<u64>| {
            let (expected, found) = expected.zip(found)?;
            differs(what, expected.to_string(), found.to_string())
        };
        differs("sha256", query.sha256.to_hex(), found.sha256.to_hex())
            .or_else(|| differs("blake3", query.blake3?.to_hex(), found.blake3.to_hex()))
            .or_else(|| known(query.bytes, "bytes", Some(found.bytes)))
            .or_else(|| known(query.rows, "rows", found.rows))
    }
}

fn is_unhashed(graph: &Graph, reference: ArtifactRef) -> bool {
    let artifact = graph.locate(reference).and_then(|located| located.artifact);
    artifact.is_some_and(|artifact| match &artifact.content {
        Content::Absent { absence, .. } => *absence != Absence::None,
        // Only whoever was given it can hold sealed content against its digest.
        Content::File { sealed, .. } => *sealed,
        Content::Manifest { .. } => false,
    })
}

fn is_held(graph: &Graph, reference: ArtifactRef) -> bool {
    let artifact = graph.locate(reference).and_then(|located| located.artifact);
    artifact.is_some_and(|artifact| matches!(artifact.content, Content::File { held: true, .. }))
}

/// A file to ask for, as long as there may be others like it.
#[derive(Debug, Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) sha256: Sha256Digest,
    blake3: Option<Blake3Digest>,
    bytes: Option<u64>,
    pub(super) rows: Option<u64>,
    basis: Basis,
    /// What cites it: the file itself, or the manifest that lists it.
    pub(super) artifact: ArtifactRef,
    /// Its line of the manifest that is cited as a whole.
    pub(super) member: Option<u64>,
}

impl File<'_> {
    fn key(&self) -> (&str, Sha256Digest, Option<Blake3Digest>) {
        (self.name, self.sha256, self.blake3)
    }

    fn to_query(self) -> FileQuery {
        FileQuery {
            name: self.name.to_owned(),
            sha256: self.sha256,
            blake3: self.blake3,
            bytes: self.bytes,
            rows: self.rows,
            basis: self.basis,
            artifact: self.artifact,
        }
    }
}

fn ask<'a>(graph: &'a Graph, reference: ArtifactRef, asked: &mut Vec<File<'a>>) {
    let Some(located) = graph.locate(reference) else {
        return;
    };
    let Some(artifact) = located.artifact else {
        return;
    };
    match (&artifact.content, located.member) {
        (
            Content::Absent { .. } | Content::File { held: true, .. } | Content::File { sealed: true, .. },
            _,
        ) => {}
        (
            Content::File {
                basis,
                blake3,
                bytes,
                held: false,
                sealed: false,
                row_root: _,
            },
            _,
        ) => asked.push(File {
            name: &artifact.name,
            sha256: artifact.sha256,
            blake3: *blake3,
            bytes: *bytes,
            rows: rows_of(&located),
            basis: *basis,
            artifact: reference,
            member: None,
        }),
        (Content::Manifest { basis, .. }, member) => {
            let members = graph.members_in(artifact).unwrap_or_default();
            let one = member.map(std::slice::from_ref);
            let is_whole = one.is_none();
            let members = (0_u64..).zip(one.unwrap_or(members));
            asked.extend(members.map(|(at, member)| File {
                name: &member.name,
                sha256: member.sha256,
                blake3: member.blake3,
                bytes: member.bytes,
                rows: member.rows,
                basis: *basis,
                artifact: reference,
                member: is_whole.then_some(at),
            }));
        }
    }
}

/// Returns the rows of a file: its own, or those of the item of which it is the only one.
fn rows_of(located: &Located<'_>) -> Option<u64> {
    let alone = located.set.filter(|set| set.artifacts.len() == 1);
    let rows = located
        .artifact
        .and_then(|artifact| artifact.rows)
        .or_else(|| alone?.rows);
    rows.map(|rows| rows.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digests;
    use crate::digest::StatementId;

    /// Each of the four is compared, and what is not known is not.
    #[test]
    fn everything_that_was_registered_must_match() {
        let right = Digests::of(b"a\nb\n");
        let query = FileQuery {
            name: "x.jsonl".to_owned(),
            sha256: right.sha256,
            blake3: Some(right.blake3),
            bytes: Some(4),
            rows: Some(2),
            basis: Basis::Given,
            artifact: ArtifactRef::subject(StatementId::from_bytes([1; 32]), 0),
        };
        let found = FileDigests {
            place: "x.jsonl".to_owned(),
            sha256: right.sha256,
            blake3: right.blake3,
            bytes: 4,
            rows: Some(2),
        };
        assert_eq!(FileChecks::difference(&query, &found), None);
        let other = Digests::of(b"other");
        for (wrong, what) in [
            (
                FileDigests {
                    sha256: other.sha256,
                    ..found.clone()
                },
                "sha256",
            ),
            (
                FileDigests {
                    blake3: other.blake3,
                    ..found.clone()
                },
                "blake3",
            ),
            (
                FileDigests {
                    bytes: 5,
                    ..found.clone()
                },
                "bytes 4, found 5",
            ),
            (
                FileDigests {
                    rows: Some(1),
                    ..found.clone()
                },
                "rows 2, found 1",
            ),
        ] {
            let difference = FileChecks::difference(&query, &wrong).unwrap();
            assert!(difference.contains(what), "{difference}");
        }
        let silent = FileQuery {
            blake3: None,
            bytes: None,
            rows: None,
            ..query
        };
        assert_eq!(
            FileChecks::difference(
                &silent,
                &FileDigests {
                    bytes: 5,
                    rows: None,
                    ..found
                }
            ),
            None
        );
    }
}
