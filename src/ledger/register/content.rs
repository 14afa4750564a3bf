//! From what an item names to artifacts: digests, rows, one manifest for more than 64 files.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::canonical::INTEGER_MAX;
use crate::digest::Blake3Digest;
use crate::digest::Sha256Digest;
use crate::ledger::hash::HashCache;
use crate::ledger::hash::HashError;
use crate::ledger::hash::HashedFile;
use crate::ledger::hash::Progress;
use crate::ledger::hash::RowRoots;
use crate::ledger::hash::RowTrees;
use crate::ledger::hash::hash_files;
use crate::ledger::hash::hash_files_cached;
use crate::ledger::hash::hash_files_with_rows;
use crate::ledger::lineage_file::Faults;
use crate::ledger::lineage_file::Found;
use crate::ledger::lineage_file::Lookup;
use crate::ledger::lineage_file::NamedFile;
use crate::ledger::private::Sidecar;
use crate::manifest::Manifest;
use crate::manifest::Member;
use crate::statement::Absence;
use crate::statement::Artifact;
use crate::statement::ArtifactSet;
use crate::statement::Attachment;
use crate::statement::Basis;
use crate::statement::Content;
use crate::statement::Count;
use crate::statement::CountBasis;
use crate::statement::FILE_NAME_CONTEXT;
use crate::statement::ItemName;
use crate::statement::RowRoot;

use super::PlannedBlob;
use super::PlannedBlobs;
use super::held::hold;
use super::held::sealed;
use super::order::Item;
use super::problem::ProblemKind;
use super::row_root;
use super::row_root::RowsOf;
use super::row_root::Wanted;
use super::withhold::Committer;

/// What every item was found to consist of, before anything is hashed.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// By the name of the item or output.
    found: HashMap<ItemName, Found>,
    /// Evidence and code, by the name of the item.
    attached: HashMap<ItemName, Vec<NamedFile>>,
    /// The trees over rows that are computed while a file is hashed, by the name of the item or output.
    row_trees: HashMap<ItemName, Wanted>,
    hashed: HashMap<PathBuf, Result<HashedFile, Arc<HashError>>>,
    /// The folder of this user's keys, every link in it followed.
    keys: Option<PathBuf>,
}

impl Contents {
    /// Looks up what all items name; what is wrong is added to `faults`.
    pub(super) fn look_up(items: &[Item<'_>], lookup: &Lookup, faults: &mut Faults) -> Self {
        let mut contents = Self::default();
        for &item in items {
            let name = &item.name().value;
            for (name, content) in item.contents() {
                contents
                    .found
                    .insert(name.clone(), lookup.content(content, faults));
            }
            let names = item.contents().into_iter().map(|(name, _)| name.clone());
            contents.row_trees.extend(names.zip(row_root::wanted(item)));
            let patterns = match item {
                Item::Source(source) => &source.evidence,
                Item::Run(run) => &run.code,
                _ => continue,
            };
            contents
                .attached
                .insert(name.clone(), lookup.files(patterns, faults));
        }
        contents
    }

    /// Hashes every file that was found, each once, in parallel. Of a file with a tree over its rows the cache knows
    /// nothing.
    pub(super) fn hash(
        &mut self,
        progress: &dyn Progress,
        cache: Option<&HashCache>,
        sidecar: Option<&Sidecar>,
    ) {
        let trees = self.trees();
        let keyed = trees.values().any(|wanted| wanted.keyed);
        // Where there is no secret, making the statement tells why.
        let secret = sidecar
            .filter(|_| keyed)
            .and_then(|sidecar| sidecar.secret_or_new().ok());
        let (with_rows, paths): (Vec<_>, Vec<_>) = self
            .paths()
            .into_iter()
            .partition(|path| trees.contains_key(path));
        let results = match cache {
            // What cannot be kept costs time on the next run, and nothing else.
            Some(cache) => hash_files_cached(&paths, cache, progress).0,
            None => hash_files(&paths, progress),
        };
        let wanted = |path: &Path| {
            let wanted = trees.get(path).copied().unwrap_or_default();
            RowTrees {
                plain: wanted.plain,
                keyed: secret.filter(|_| wanted.keyed),
            }
        };
        let more = hash_files_with_rows(&with_rows, wanted, progress);
        let results = results.into_iter().chain(more);
        let shared = results.map(|result| result.map_err(Arc::new));
        self.hashed = paths.into_iter().chain(with_rows).zip(shared).collect();
    }

    /// Returns the trees that are computed of each path that has some.
    fn trees(&self) -> HashMap<PathBuf, Wanted> {
        let mut trees: HashMap<PathBuf, Wanted> = HashMap::new();
        for (name, wanted) in self.row_trees.iter().filter(|(_, wanted)| wanted.is_some()) {
            if let Some(Found::Files(files)) = self.found.get(name) {
                for file in files {
                    let one = trees.entry(file.path.clone()).or_default();
                    *one = one.or(*wanted);
                }
            }
        }
        trees
    }

    /// Names the folder of keys, of which nothing is ever registered.
    pub(super) fn keep_out_of(&mut self, keys: Option<&Path>) {
        self.keys = keys.and_then(|folder| folder.canonicalize().ok());
    }

    fn is_key(&self, path: &Path) -> bool {
        let real = path.canonicalize().ok();
        let inside = |folder: &PathBuf| real.is_some_and(|real| real.starts_with(folder));
        self.keys.as_ref().is_some_and(inside)
    }

    /// Returns the files of an item that have countable rows, with their number.
    pub(super) fn counted(&self, item: &ItemName) -> impl Iterator<Item = (&NamedFile, u64)> {
        let files = match self.found.get(item) {
            Some(Found::Files(files)) => files.as_slice(),
            _ => &[],
        };
        files.iter().filter_map(|file| {
            let hashed = self.hashed.get(&file.path)?.as_ref().ok()?;
            Some((file, hashed.rows?))
        })
    }

    /// Returns every file that will be read, each once.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let files = self.found.values().filter_map(|found| match found {
            Found::Files(files) => Some(files),
            Found::Given(_) | Found::Absent(_) => None,
        });
        let mut paths: Vec<PathBuf> = files
            .chain(self.attached.values())
            .flatten()
            .map(|file| file.path.clone())
            .collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// Returns the files or digests of an item; the first file that cannot be hashed is the error, with its line.
    pub(super) fn material(&self, name: &ItemName) -> Result<Material, (u32, ProblemKind)> {
        match self.found.get(name) {
            Some(Found::Files(files)) => {
                let pieces = files.iter().map(|file| self.piece(file));
                Ok(Material::Pieces(
                    Basis::Computed,
                    pieces.collect::<Result<_, _>>()?,
                ))
            }
            Some(Found::Given(given)) => {
                let pieces = given.iter().map(|file| Piece {
                    name: file.name.clone(),
                    sha256: file.sha256,
                    blake3: file.blake3,
                    bytes: file.bytes,
                    rows: file.rows,
                    tokens: file.tokens,
                    path: None,
                    row_roots: RowRoots::default(),
                    given_row_root: file.row_root,
                });
                Ok(Material::Pieces(Basis::Given, pieces.collect()))
            }
            Some(Found::Absent(absence)) => Ok(Material::Absent(absence.clone())),
            None => Ok(Material::Absent(Absence::NotKnown)),
        }
    }

    /// Returns the evidence or code of an item, with the blobs the ledger must hold.
    pub(super) fn attachments(
        &self,
        item: &ItemName,
        names: Names<'_>,
        seal: Option<&Committer<'_>>,
    ) -> Result<(Vec<Attachment>, PlannedBlobs), (u32, ProblemKind)> {
        let files = self.attached.get(item).map(Vec::as_slice).unwrap_or_default();
        let mut attachments = Vec::new();
        let mut blobs = Vec::new();
        for file in files {
            let wrong = |kind| (file.line, kind);
            let piece = self.piece(file)?;
            let (sha256, bytes) = if let Some(by) = seal {
                sealed(&piece, by).map_err(wrong)?
            } else {
                blobs.extend(hold(&piece).map_err(wrong)?);
                (piece.sha256, piece.bytes.unwrap_or_default())
            };
            attachments.push(Attachment {
                name: names.of(&piece.name).map_err(wrong)?,
                blob: sha256.as_blob(),
                bytes,
                sealed: seal.is_some(),
            });
        }
        if matches!(names, Names::Withheld(_)) {
            // The order of names that are withheld would tell something of them.
            attachments.sort_by(|left, right| left.name.cmp(&right.name));
        }
        Ok((attachments, blobs))
    }

    fn piece(&self, file: &NamedFile) -> Result<Piece, (u32, ProblemKind)> {
        if self.is_key(&file.path) {
            let path = file.path.clone();
            return Err((file.line, ProblemKind::InKeysFolder { path }));
        }
        let hashed = match self.hashed.get(&file.path) {
            Some(Ok(hashed)) => hashed,
            Some(Err(error)) => return Err((file.line, error.clone().into())),
            None => {
                let path = file.path.clone();
                return Err((file.line, Arc::new(HashError::Missing { path }).into()));
            }
        };
        Ok(Piece {
            name: file.name.clone(),
            sha256: hashed.digests.sha256,
            blake3: Some(hashed.digests.blake3),
            bytes: Some(hashed.digests.bytes),
            rows: hashed.rows,
            tokens: None,
            path: Some(file.path.clone()),
            row_roots: hashed.row_roots,
            given_row_root: None,
        })
    }
}

/// What an item consists of.
#[derive(Debug, Clone)]
pub(super) enum Material {
    /// Files with digests, sorted by registered name.
    Pieces(Basis, Vec<Piece>),
    /// No bytes here.
    Absent(Absence),
}

/// One file with its digest.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) name: String,
    pub(super) sha256: Sha256Digest,
    blake3: Option<Blake3Digest>,
    pub(super) bytes: Option<u64>,
    rows: Option<u64>,
    tokens: Option<u64>,
    /// Where it was read; nothing for a digest that was given.
    pub(super) path: Option<PathBuf>,
    /// What was computed of its rows.
    pub(super) row_roots: RowRoots,
    /// What was given with its digest.
    pub(super) given_row_root: Option<RowRoot>,
}

/// Under which names files are registered.
#[derive(Debug, Clone, Copy)]
pub(super) enum Names<'a> {
    /// Their names relative to the lineage file.
    Written,
    /// Commitments to them, for the names of personal data would be written for ever.
    Withheld(&'a Committer<'a>),
}

impl Names<'_> {
    fn of(self, name: &str) -> Result<String, ProblemKind> {
        match self {
            Self::Written => Ok(name.to_owned()),
            Self::Withheld(by) => by.text(FILE_NAME_CONTEXT, name),
        }
    }
}

/// What becomes of bytes beside data: prompts, code, evidence.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bytes<'a> {
    /// They stay where they are.
    Elsewhere,
    /// The ledger holds them.
    Held,
    /// The ledger has only the digest of their sealed form.
    Sealed(&'a Committer<'a>),
}

/// How an item's material becomes artifacts.
#[derive(Debug, Clone)]
pub(super) struct Making<'a> {
    /// The item.
    pub(super) item: &'a ItemName,
    /// Whether several files are one artifact whatever their number: the files of a model.
    pub(super) one_artifact: bool,
    /// What becomes of the bytes.
    pub(super) bytes: Bytes<'a>,
    /// Under which names.
    pub(super) names: Names<'a>,
    /// What becomes of their rows.
    pub(super) rows_of: RowsOf<'a>,
    /// How many artifacts may stand in the statement; more become a manifest.
    pub(super) inline_max: usize,
    /// What stands for the item when it has no bytes.
    pub(super) declaration: BTreeMap<String, String>,
    /// Rows of all together, as stated.
    pub(super) rows: Option<u64>,
    /// Tokens of all together, as stated.
    pub(super) tokens: Option<u64>,
}

/// Makes the artifacts of an item and the blobs that go with them.
pub(super) fn make(
    making: &Making<'_>,
    material: &Material,
) -> Result<(ArtifactSet, PlannedBlobs), ProblemKind> {
    match material {
        Material::Absent(absence) => {
            let declaration = making.declaration.clone();
            let artifact = Artifact::absent(making.item.as_str(), absence.clone(), declaration);
            let set = ArtifactSet {
                artifacts: vec![artifact],
                rows: making.rows.map(given),
                tokens: making.tokens,
            };
            Ok((set, Vec::new()))
        }
        Material::Pieces(basis, pieces) => {
            making.rows_of.check(pieces)?;
            let rows = check_rows(making, pieces)?;
            let tokens = check_tokens(making, pieces)?;
            let limit = if making.one_artifact { 1 } else { making.inline_max };
            let (artifacts, blobs) = if pieces.len() > limit {
                in_manifest(making, *basis, pieces)?
            } else {
                one_by_one(making, *basis, pieces)?
            };
            let set = ArtifactSet {
                artifacts,
                rows,
                tokens,
            };
            Ok((set, blobs))
        }
    }
}

fn given(value: u64) -> Count {
    let basis = CountBasis::Given;
    Count { value, basis }
}

fn basis_of(basis: Basis) -> CountBasis {
    match basis {
        Basis::Computed => CountBasis::Counted,
        Basis::Given => CountBasis::Given,
    }
}

/// Sums what is known; the flag says whether all are.
fn sum(counts: impl Iterator<Item = Option<u64>>) -> Result<(u64, bool), ProblemKind> {
    let (mut sum, mut all) = (0_u64, true);
    for count in counts {
        all &= count.is_some();
        sum = sum.saturating_add(count.unwrap_or_default());
    }
    if sum > INTEGER_MAX.unsigned_abs() {
        return Err(ProblemKind::CountTooLarge);
    }
    Ok((sum, all))
}

/// Returns the rows of all files together where they are not known one by one.
fn check_rows(making: &Making<'_>, pieces: &[Piece]) -> Result<Option<Count>, ProblemKind> {
    let (counted, all) = sum(pieces.iter().map(|piece| piece.rows))?;
    match making.rows {
        Some(stated) if all && stated != counted => Err(ProblemKind::RowsDiffer { stated, counted }),
        Some(stated) if stated < counted => Err(ProblemKind::RowsTooFew { stated, counted }),
        Some(stated) if !all => Ok(Some(given(stated))),
        _ => Ok(None),
    }
}

fn check_tokens(making: &Making<'_>, pieces: &[Piece]) -> Result<Option<u64>, ProblemKind> {
    let (summed, all) = sum(pieces.iter().map(|piece| piece.tokens))?;
    match making.tokens {
        Some(stated) if (all && stated != summed) || stated < summed => {
            Err(ProblemKind::TokensDiffer { stated, summed })
        }
        Some(stated) if !all => Ok(Some(stated)),
        _ => Ok(None),
    }
}

type Made = (Vec<Artifact>, PlannedBlobs);

fn one_by_one(making: &Making<'_>, basis: Basis, pieces: &[Piece]) -> Result<Made, ProblemKind> {
    let mut artifacts = Vec::new();
    let mut blobs = Vec::new();
    for piece in pieces {
        let held = matches!(making.bytes, Bytes::Held) && piece.path.is_some();
        if held {
            blobs.extend(hold(piece)?);
        }
        let plain = Content::File {
            basis,
            blake3: piece.blake3,
            bytes: piece.bytes,
            held,
            sealed: false,
            row_root: making.rows_of.root(piece)?,
        };
        let (sha256, content) = match making.bytes {
            Bytes::Sealed(by) => {
                let (sha256, bytes) = sealed(piece, by)?;
                (sha256, sealed_file(basis, bytes))
            }
            Bytes::Held | Bytes::Elsewhere => (piece.sha256, plain),
        };
        artifacts.push(Artifact {
            name: making.names.of(&piece.name)?,
            sha256,
            content,
            rows: piece.rows.map(|value| Count {
                value,
                basis: basis_of(basis),
            }),
            tokens: piece.tokens,
        });
    }
    if matches!(making.names, Names::Withheld(_)) {
        // The order of names that are withheld would tell something of them.
        artifacts.sort_by(|left, right| left.name.cmp(&right.name));
    }
    Ok((artifacts, blobs))
}

fn sealed_file(basis: Basis, bytes: u64) -> Content {
    Content::File {
        basis,
        blake3: None,
        bytes: Some(bytes),
        held: false,
        sealed: true,
        row_root: None,
    }
}

fn in_manifest(making: &Making<'_>, basis: Basis, pieces: &[Piece]) -> Result<Made, ProblemKind> {
    if matches!(making.bytes, Bytes::Sealed(_)) {
        return Err(ProblemKind::TooManySealed {
            found: pieces.len(),
            limit: making.inline_max,
        });
    }
    let member = |piece: &Piece| {
        Ok(Member {
            name: making.names.of(&piece.name)?,
            sha256: piece.sha256,
            blake3: piece.blake3,
            bytes: piece.bytes,
            rows: piece.rows,
            tokens: piece.tokens,
            row_root: making.rows_of.root(piece)?,
        })
    };
    let members = pieces.iter().map(member).collect::<Result<_, ProblemKind>>()?;
    let manifest = Manifest::of(members).map_err(|error| ProblemKind::Manifest(Box::new(error)))?;
    let (rows, all_rows) = sum(pieces.iter().map(|piece| piece.rows))?;
    let (tokens, all_tokens) = sum(pieces.iter().map(|piece| piece.tokens))?;
    let sha256 = Sha256Digest::of(&manifest.bytes);
    let artifact = Artifact {
        name: making.item.as_str().to_owned(),
        sha256,
        content: Content::Manifest {
            basis,
            facts: manifest.facts,
        },
        rows: all_rows.then_some(Count {
            value: rows,
            basis: basis_of(basis),
        }),
        tokens: all_tokens.then_some(tokens),
    };
    let blob = (sha256.as_blob(), PlannedBlob::Bytes(manifest.bytes));
    Ok((vec![artifact], vec![blob]))
}
