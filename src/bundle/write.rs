//! Writing a bundle.

use std::io::Write;

use crate::digest::BlobId;
use crate::merkle::LeafIndex;
use crate::merkle::Part;
use crate::statement::ArtifactRef;
use crate::statement::Contested;

use super::Description;
use super::FIRST_MEMBERS;
use super::container;
use super::tree;

/// What stands in a bundle beside entries and blobs.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'a> {
    /// What is judged together.
    pub artifacts: &'a [ArtifactRef],
    /// The signed checkpoint, as published.
    pub checkpoint: &'a [u8],
    /// The pruned tree, from the last leaf down.
    pub parts: &'a [Part],
    /// The contested ties that the seal counts, in ascending order.
    pub contested: &'a [Contested],
    /// The blobs, in ascending order.
    pub blobs: &'a [BlobId],
}

/// Where the bytes come from; `E` is why they do not.
pub trait Source<E> {
    /// Returns the bytes of an entry; they are asked for from the highest index down.
    fn entry(&mut self, index: LeafIndex) -> Result<Vec<u8>, E>;

    /// Returns how many bytes a blob has.
    fn blob_size(&mut self, id: BlobId) -> Result<u64, E>;

    /// Hands on the bytes of a blob in parts.
    fn blob(&mut self, id: BlobId, each: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E>;
}

/// Writes a bundle.
pub fn write<E: From<std::io::Error>>(
    out: &mut dyn Write,
    contents: &Contents<'_>,
    source: &mut dyn Source<E>,
) -> Result<(), E> {
    let description = Description {
        artifacts: contents.artifacts.to_vec(),
    };
    let records: Vec<u8> = contents.contested.iter().flat_map(|one| one.to_bytes()).collect();
    let first = [
        description.encode(),
        contents.checkpoint.to_vec(),
        tree::encode(contents.parts),
        records,
    ];
    for (name, bytes) in FIRST_MEMBERS.iter().zip(first) {
        member(out, name, &bytes)?;
    }
    for part in contents.parts {
        if let Part::Leaf { index, hash } = part {
            member(out, &hash.to_hex(), &source.entry(*index)?)?;
        }
    }
    for id in contents.blobs {
        let size = source.blob_size(*id)?;
        container::begin(out, &id.to_hex(), size)?;
        source.blob(*id, &mut |part| Ok(out.write_all(part)?))?;
        container::pad(out, size)?;
    }
    Ok(container::end(out)?)
}

fn member(out: &mut dyn Write, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let size = bytes.len() as u64;
    container::begin(out, name, size)?;
    out.write_all(bytes)?;
    container::pad(out, size)
}
