//! Reading a bundle: one scan that checks every byte, then the judgement, which fetches what it needs.

use std::collections::BTreeMap;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;

use crate::checkpoint::MAX_CHECKPOINT_BYTES;
use crate::digest::BlobId;
use crate::digest::NodeHash;
use crate::digest::Sha256Hasher;
use crate::envelope::ENVELOPE_BYTES_MAX;
use crate::merkle;
use crate::merkle::LeafIndex;
use crate::merkle::Part;
use crate::statement::ArtifactRef;
use crate::verify::Evidence;
use crate::verify::FileDigests;
use crate::verify::FileQuery;
use crate::verify::Given;
use crate::verify::Judgement;
use crate::verify::Need;
use crate::verify::Verified;
use crate::verify::Verifier;

use super::BLOB_BYTES_MAX;
use super::BundleError;
use super::CONTESTED_BYTES_MAX;
use super::DESCRIPTION_BYTES_MAX;
use super::Description;
use super::FIRST_MEMBERS;
use super::MEMBERS_MAX;
use super::container::Member;
use super::container::Reader;
use super::container::check_size;
use super::tree;

/// How a bundle is to be judged: makes the request for what the bundle is about.
pub type Ask<'a> = &'a dyn Fn(Vec<ArtifactRef>, Vec<u8>) -> crate::verify::Request;

/// Where some bytes of the file are.
#[derive(Debug, Clone, Copy)]
struct Place {
    offset: u64,
    size: u64,
}

/// A bundle of which every byte was looked at once.
#[derive(Debug)]
pub struct Bundle<R> {
    from: R,
    description: Description,
    checkpoint: Vec<u8>,
    parts: Vec<Part>,
    contested: Place,
    entries: BTreeMap<NodeHash, Place>,
    blobs: BTreeMap<BlobId, Place>,
}

impl<R: Read + Seek> Bundle<R> {
    /// Scans a bundle from its beginning to its end. Every member has the bytes its name says, or this is an error.
    pub fn open(mut from: R) -> Result<Self, BundleError> {
        from.seek(SeekFrom::Start(0))?;
        let mut reader = Reader::new(&mut from);
        let description = first(&mut reader, 0, DESCRIPTION_BYTES_MAX)?;
        let description = Description::decode(&description)?;
        let checkpoint = first(&mut reader, 1, MAX_CHECKPOINT_BYTES as u64)?;
        let lines = first(&mut reader, 2, tree::TREE_BYTES_MAX)?;
        let parts = tree::decode(&lines)?;
        drop(lines);
        let member = named(&mut reader, 3)?;
        check_size(&member, CONTESTED_BYTES_MAX)?;
        reader.bytes(&member, |_| {})?;
        let contested = place(&member);
        let (entries, blobs) = rest(&mut reader, &parts)?;
        Ok(Self {
            from,
            description,
            checkpoint,
            parts,
            contested,
            entries,
            blobs,
        })
    }

    /// Returns the artifacts that it is about.
    pub fn artifacts(&self) -> &[ArtifactRef] {
        &self.description.artifacts
    }

    /// Returns the signed checkpoint, of which nothing was checked yet.
    pub fn checkpoint(&self) -> &[u8] {
        &self.checkpoint
    }

    /// Returns how many entries and how many blobs it holds.
    pub fn counts(&self) -> (usize, usize) {
        (self.entries.len(), self.blobs.len())
    }

    /// Judges what it is about, with nothing but what stands in it; `file` looks for a file outside. A medium that
    /// fails is the only error.
    pub fn judge(
        &mut self,
        ask: Ask<'_>,
        file: &mut dyn FnMut(&FileQuery) -> Given<FileDigests>,
    ) -> Result<Verified<Judgement>, BundleError> {
        Ok(self.judge_with_evidence(ask, file)?.0)
    }

    /// The same, with what the judgement rests on.
    pub fn judge_with_evidence(
        &mut self,
        ask: Ask<'_>,
        file: &mut dyn FnMut(&FileQuery) -> Given<FileDigests>,
    ) -> Result<(Verified<Judgement>, Evidence), BundleError> {
        let request = ask(self.description.artifacts.clone(), self.checkpoint.clone());
        let mut verifier = Verifier::new(request).in_part();
        let mut parts = self.parts.clone().into_iter();
        loop {
            match verifier.need() {
                Need::Done => return Ok(verifier.finish_with_evidence()),
                Need::Entry(index) => match parts.next() {
                    Some(part) => self.give_part(&mut verifier, index, part)?,
                    None => self.give_entry(&mut verifier, index)?,
                },
                Need::Blob(id) => match self.blobs.get(&id).copied() {
                    Some(place) => {
                        self.parts_of(place, |part| verifier.blob_part(part))?;
                        verifier.blob(Given::Found(&[]));
                    }
                    None => verifier.blob(Given::Missing),
                },
                Need::Contested => {
                    self.parts_of(self.contested, |part| verifier.contested_part(part))?;
                    verifier.contested(Given::Found(&[]));
                }
                Need::File(query) => verifier.file(file(&query)),
            }
        }
    }

    /// Gives the next part of the tree in the first sweep. An entry that is not here counts as pruned.
    fn give_part(
        &mut self,
        verifier: &mut Verifier,
        asked: LeafIndex,
        part: Part,
    ) -> Result<(), BundleError> {
        match part {
            Part::Leaf { index, hash } if index == asked => match self.entries.get(&hash).copied() {
                Some(place) => {
                    let bytes = self.bytes_of(place)?;
                    verifier.entry(Given::Found(&bytes));
                }
                None => verifier.pruned(0, index, hash),
            },
            Part::Subtree { level, first, hash } => verifier.pruned(level, first, hash),
            Part::Leaf { .. } => {
                let why = "the tree of the bundle is of another size than the checkpoint".to_owned();
                verifier.entry(Given::Damaged(why));
            }
        }
        Ok(())
    }

    /// Gives an entry in the second sweep.
    fn give_entry(&mut self, verifier: &mut Verifier, asked: LeafIndex) -> Result<(), BundleError> {
        // From the last leaf down, so in descending order.
        let at = self.parts.binary_search_by(|part| asked.cmp(&part.first()));
        let place = match at.ok().and_then(|at| self.parts.get(at)) {
            Some(Part::Leaf { hash, .. }) => self.entries.get(hash).copied(),
            _ => None,
        };
        match place {
            Some(place) => {
                let bytes = self.bytes_of(place)?;
                verifier.entry(Given::Found(&bytes));
            }
            None => verifier.entry(Given::Missing),
        }
        Ok(())
    }

    fn bytes_of(&mut self, place: Place) -> Result<Vec<u8>, BundleError> {
        let mut bytes = Vec::new();
        self.parts_of(place, |part| bytes.extend_from_slice(part))?;
        Ok(bytes)
    }

    fn parts_of(&mut self, place: Place, mut each: impl FnMut(&[u8])) -> Result<(), BundleError> {
        self.from.seek(SeekFrom::Start(place.offset))?;
        let mut left = (&mut self.from).take(place.size);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = left.read(&mut buffer)?;
            let part = buffer.get(..read).unwrap_or_default();
            if part.is_empty() {
                return Ok(());
            }
            each(part);
        }
    }
}

fn place(member: &Member) -> Place {
    Place {
        offset: member.offset,
        size: member.size,
    }
}

/// Reads the header of one of the first members.
fn named<R: Read>(reader: &mut Reader<R>, at: usize) -> Result<Member, BundleError> {
    let expected = FIRST_MEMBERS.get(at).copied().unwrap_or_default();
    let found = reader.next()?;
    match found {
        Some(member) if member.name == expected => Ok(member),
        Some(member) => Err(BundleError::Member {
            found: member.name,
            expected,
        }),
        None => Err(BundleError::Incomplete {
            place: format!("the members: {expected} is not there"),
        }),
    }
}

fn first<R: Read>(reader: &mut Reader<R>, at: usize, limit: u64) -> Result<Vec<u8>, BundleError> {
    let member = named(reader, at)?;
    reader.all(&member, limit)
}

/// Reads entries in the order of the tree, then blobs in ascending order.
#[expect(clippy::type_complexity, reason = "two maps that are taken apart at once")]
fn rest<R: Read>(
    reader: &mut Reader<R>,
    parts: &[Part],
) -> Result<(BTreeMap<NodeHash, Place>, BTreeMap<BlobId, Place>), BundleError> {
    let mut entries = BTreeMap::new();
    let mut blobs: BTreeMap<BlobId, Place> = BTreeMap::new();
    let mut leaves = parts.iter().filter_map(|part| match part {
        Part::Leaf { hash, .. } => Some(*hash),
        Part::Subtree { .. } => None,
    });
    while let Some(member) = reader.next()? {
        if entries.len() + blobs.len() >= MEMBERS_MAX {
            return Err(BundleError::TooMany);
        }
        let hash = NodeHash::from_hex(&member.name).map_err(|_| BundleError::Member {
            found: member.name.clone(),
            expected: "an entry or a blob",
        })?;
        let differs = || BundleError::Differs {
            name: member.name.clone(),
        };
        // What is no entry of the tree that is still to come is a blob.
        if blobs.is_empty() && leaves.any(|leaf| leaf == hash) {
            let bytes = reader.all(&member, ENVELOPE_BYTES_MAX as u64)?;
            if merkle::leaf_hash(&bytes) != hash {
                return Err(differs());
            }
            entries.insert(hash, place(&member));
            continue;
        }
        check_size(&member, BLOB_BYTES_MAX)?;
        let id = BlobId::from_bytes(*hash.as_bytes());
        let mut sha256 = Sha256Hasher::default();
        reader.bytes(&member, |part| sha256.update(part))?;
        if sha256.finish().as_blob() != id {
            return Err(differs());
        }
        if blobs.last_key_value().is_some_and(|(last, _)| *last >= id) {
            return Err(BundleError::Member {
                found: member.name,
                expected: "a blob with a higher name",
            });
        }
        blobs.insert(id, place(&member));
    }
    Ok((entries, blobs))
}
