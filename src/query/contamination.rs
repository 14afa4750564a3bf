//! Which rows of an evaluation are in the data that a model descends from.

use std::collections::BTreeMap;

use crate::ledger::View;
use crate::ledger::content::ContentFolder;
use crate::ledger::hash::Progress;
use crate::rows::Likeness;
use crate::rows::WantedRows;
use crate::statement::Thing;

use super::QueryError;
use super::node::Place;
use super::reach::Reach;
use super::reach::Reaches;
use super::reach::trained_with;
use super::search::SearchError;
use super::search::Searched;
use super::search::search;
use super::shards::ShardClaim;
use super::shards::ShardFile;
use super::shards::shards_among;
use super::trace::trace;

/// How many places are told of one row.
pub const PLACES_MAX: usize = 8;

/// What a model descends from, as far as it is rows.
#[derive(Debug, Clone)]
pub struct Ancestors {
    /// Its files of rows.
    pub files: Vec<ShardFile>,
    /// How each of them reaches the model, in the same order.
    pub reach: Vec<Option<Reach>>,
    /// Whether the model, or weights that it starts from, was trained with it itself, in the same order.
    pub trained: Vec<bool>,
    /// The models from outside: what those were trained with is not known here.
    pub outside: Vec<String>,
    /// What of the lineage nobody declared.
    pub gaps: Vec<String>,
}

/// One place where a row is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundAt {
    /// The position of the file.
    pub file: usize,
    /// The row there, from 1.
    pub number: u64,
    /// Its line.
    pub line: u64,
    /// How alike they are.
    pub likeness: Likeness,
}

/// What was found of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRow {
    /// The most that any row is like it.
    pub likeness: Likeness,
    /// Where: the first in each file, at most [`PLACES_MAX`].
    pub places: Vec<FoundAt>,
    /// In how many files.
    pub files: u64,
    /// Whether one of them is what the model was trained with itself.
    pub trained: bool,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contamination {
    /// By the position of the row that was looked for.
    pub found: BTreeMap<u32, FoundRow>,
    /// How many rows that were looked for are in each file, by how alike the most alike there is.
    pub by_file: BTreeMap<usize, BTreeMap<Likeness, u64>>,
    /// How much was looked through.
    pub searched: Searched,
}

/// Returns the files of rows that a model descends from in any role, and how they reach it. By the record: no signature
/// is checked here.
pub fn ancestors(view: &View<'_>, roots: &[Place]) -> Result<Ancestors, QueryError> {
    let trace = trace(view, roots)?;
    let reaches = Reaches::of(view, &trace)?;
    let (mut artifacts, mut outside, mut gaps) = (Vec::new(), Vec::new(), Vec::new());
    for node in trace.graph.node_weights() {
        match (node.place, node.thing) {
            (Place::Gap(..), _) => gaps.push(node.name.clone()),
            (Place::Artifact(_), Some(Thing::ExternalModel)) => outside.push(node.name.clone()),
            (Place::Artifact(artifact), _) => artifacts.push(artifact),
            (Place::Run(_), _) => {}
        }
    }
    outside.sort();
    outside.dedup();
    let files = shards_among(view, artifacts)?;
    let reach = files.iter().map(|file| reach_of(&reaches, file)).collect();
    let taken = trained_with(view, roots)?;
    let is_taken =
        |claim: &ShardClaim| taken.contains(&claim.artifact) || taken.contains(&claim.artifact.whole());
    let trained = files
        .iter()
        .map(|file| file.claims.iter().any(is_taken))
        .collect();
    Ok(Ancestors {
        files,
        reach,
        trained,
        outside,
        gaps,
    })
}

/// Of several claims on one content the one that matters most: by mass, then by the shortest way.
fn reach_of(reaches: &Reaches<'_>, file: &ShardFile) -> Option<Reach> {
    let of = |claim: &ShardClaim| {
        let one = reaches.to(Place::Artifact(claim.artifact));
        // A member is reached where its manifest is.
        one.or_else(|| reaches.to(Place::Artifact(claim.artifact.whole())))
    };
    let all = file.claims.iter().filter_map(of);
    all.min_by_key(|reach| (reach.via, reach.path.len()))
}

impl Ancestors {
    /// Leaves only what the model was trained with itself, and what is not known of that.
    #[must_use]
    pub fn trained_only(self) -> Self {
        let kept = |at: usize| self.trained.get(at).copied().unwrap_or_default();
        let (mut files, mut reach) = (Vec::new(), Vec::new());
        for (at, (file, one)) in self.files.into_iter().zip(self.reach).enumerate() {
            if kept(at) {
                files.push(file);
                reach.push(one);
            }
        }
        Self {
            trained: vec![true; files.len()],
            files,
            reach,
            outside: self.outside,
            gaps: self.gaps,
        }
    }
}

/// Compares rows with the files of ancestors that are in a folder.
pub fn contamination(
    ancestors: &Ancestors,
    content: &mut ContentFolder<'_>,
    wanted: &WantedRows,
    progress: &dyn Progress,
) -> Result<Contamination, SearchError> {
    // The first row of the highest likeness in each file, while that file is read.
    let mut here: BTreeMap<u32, FoundAt> = BTreeMap::new();
    let mut all = Contamination::default();
    let searched = search(
        &ancestors.files,
        content,
        wanted,
        progress,
        &mut |file, row, like| {
            if here.values().next().is_some_and(|first| first.file != file) {
                all.take(&mut here, &ancestors.trained);
            }
            for (wanted, likeness) in like {
                let found = FoundAt {
                    file,
                    number: row.number,
                    line: row.line,
                    likeness: *likeness,
                };
                let best = here.entry(*wanted).or_insert(found);
                if found.likeness > best.likeness {
                    *best = found;
                }
            }
        },
    )?;
    all.take(&mut here, &ancestors.trained);
    all.searched = searched;
    Ok(all)
}

impl Contamination {
    fn take(&mut self, here: &mut BTreeMap<u32, FoundAt>, trained: &[bool]) {
        for (wanted, at) in std::mem::take(here) {
            let counts = self.by_file.entry(at.file).or_default();
            *counts.entry(at.likeness).or_default() += 1;
            let row = self.found.entry(wanted).or_insert(FoundRow {
                likeness: at.likeness,
                places: Vec::new(),
                files: 0,
                trained: false,
            });
            row.trained |= trained.get(at.file).copied().unwrap_or_default();
            row.likeness = row.likeness.max(at.likeness);
            row.files += 1;
            row.places.push(at);
            // The most alike first; the order of files otherwise.
            row.places
                .sort_by_key(|place| (std::cmp::Reverse(place.likeness), place.file));
            row.places.truncate(PLACES_MAX);
        }
    }

    /// Returns how many rows are found in what the model was trained with itself.
    pub fn trained(&self) -> u64 {
        self.found.values().filter(|row| row.trained).count() as u64
    }

    /// Returns how many rows are found with this likeness and no higher one.
    pub fn count(&self, likeness: Likeness) -> u64 {
        self.found.values().filter(|row| row.likeness == likeness).count() as u64
    }
}
