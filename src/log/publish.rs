//! The one function that derives tiles and checkpoint from commits: appends and recovery both come here.

use crate::checkpoint::{Checkpoint, LogKey, Signer};
use crate::merkle::tile::{MAX_BUNDLE_BYTES, MAX_HASH_TILE_BYTES};
use crate::merkle::{Tile, TileLayer, TreeSize};
use crate::store::{Creation, Folder, Store, StorePath};

use super::commit::Commit;
use super::edge::Edge;
use super::{LogError, Tampering};

/// What becomes of a tile with other bytes than the commits determine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnDifference {
    /// Stop: evidence is false.
    Stop,
    /// Keep it in `tmp/` and write the right one: only ever by order of a person.
    SetAside,
}

/// Publishes the commit that follows `edge`: tiles, then the signed checkpoint, then the end of stale partial tiles.
///
/// Call it only for a commit whose slot is won and durable, and that was admitted. After an error `edge` is of no
/// use any more.
pub(super) fn publish(
    store: &dyn Store,
    key: &LogKey,
    signer: &dyn Signer,
    edge: &mut Edge,
    commit: &Commit,
) -> Result<Checkpoint, LogError> {
    let before = edge.size();
    // Nothing is written or signed for a commit whose root is not the one of its leaves.
    let tiles = integrate(edge, commit)?;
    // A crash from here on leaves some tiles of a size that no checkpoint names.
    ensure_tiles(store, tiles, OnDifference::Stop)?;
    let header = commit.header();
    // Without the lock, which somebody must have removed, another appender has published this commit and gone on: a
    // smaller checkpoint would take away what it acknowledged.
    if let Some(published) = super::read::read_checkpoint(store, key)?
        && published.size > header.size_after
    {
        return Ok(published);
    }
    let checkpoint = Checkpoint {
        origin: key.origin().clone(),
        size: header.size_after,
        root: header.root,
    };
    let note = checkpoint.sign(key, signer).map_err(|source| match source {
        crate::checkpoint::CheckpointError::Sign(error) => LogError::Sign(error),
        source => Tampering::Checkpoint { source }.into(),
    })?;
    // A crash before this leaves the older checkpoint, after it the new one: this is what acknowledges.
    store.replace(&StorePath::Checkpoint, &note)?;
    // A crash before or in this leaves stale partial tiles, which recovery removes.
    remove_superseded(store, before, header.size_after)?;
    Ok(checkpoint)
}

/// Adds the entries of a commit to the edge and checks sizes and root.
pub(super) fn integrate(edge: &mut Edge, commit: &Commit) -> Result<Vec<(Tile, Vec<u8>)>, LogError> {
    let header = commit.header();
    if header.size_before != edge.size() {
        let (expected, actual) = (edge.size(), header.size_before);
        return Err(Tampering::Size {
            number: header.number,
            expected,
            actual,
        }
        .into());
    }
    let tiles = edge.integrate(commit.entries().map(|(_, entry)| entry));
    let computed = edge.frontier().root();
    if computed != header.root {
        return Err(Tampering::Root {
            number: header.number,
            signed: header.root,
            computed,
        }
        .into());
    }
    Ok(tiles)
}

/// Makes sure that tiles stand under `log/`, durably and with exactly these bytes.
pub(super) fn ensure_tiles(
    store: &dyn Store,
    tiles: Vec<(Tile, Vec<u8>)>,
    on_difference: OnDifference,
) -> Result<(), LogError> {
    let mut missing = Vec::new();
    for (tile, bytes) in tiles {
        let path = StorePath::Tile(tile);
        if store.read_head(&path, 0)?.is_none() {
            missing.push((path, bytes));
        } else if tile_is(store, tile, &bytes)? {
            // An earlier appender may have died before it was durable.
            store.persist(&path)?;
        } else if on_difference == OnDifference::SetAside {
            store.set_aside(&path)?;
            missing.push((path, bytes));
        } else {
            return Err(Tampering::Tile { tile }.into());
        }
    }
    let created = store.create_all(&missing)?;
    for ((path, bytes), creation) in missing.iter().zip(created) {
        // Another appender, after somebody has removed the lock, writes the same bytes.
        if let (StorePath::Tile(tile), Creation::Exists) = (path, creation)
            && !tile_is(store, *tile, bytes)?
        {
            return Err(Tampering::Tile { tile: *tile }.into());
        }
    }
    Ok(())
}

/// Returns whether a tile stands under `log/` with exactly these bytes.
pub(super) fn tile_is(store: &dyn Store, tile: Tile, bytes: &[u8]) -> Result<bool, LogError> {
    // One byte more than needed shows a longer file without reading all of it.
    let found = store.read_head(&StorePath::Tile(tile), bytes.len() as u64 + 1)?;
    Ok(found.as_deref() == Some(bytes))
}

/// Returns the largest number of bytes that a tile can have.
pub(super) const fn max_tile_bytes(tile: Tile) -> u64 {
    match tile.layer() {
        TileLayer::Entries => MAX_BUNDLE_BYTES as u64,
        TileLayer::Hashes { .. } => MAX_HASH_TILE_BYTES as u64,
    }
}

/// Removes the partial tiles of the places that filled up between two sizes.
///
/// Only the rightmost place of each layer can have any: all places after it were empty.
pub(super) fn remove_superseded(
    store: &dyn Store,
    before: TreeSize,
    after: TreeSize,
) -> Result<(), LogError> {
    for place in Tile::partial_of(before)
        .into_iter()
        .filter(|tile| tile.is_full_at(after))
    {
        for stale in store.list(&Folder::PartialTiles(place))?.files {
            store.remove(&stale)?;
        }
    }
    Ok(())
}
