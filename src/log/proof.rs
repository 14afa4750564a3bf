//! Nodes of the published tree, read from its tiles: what a proof is made of.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::digest::NodeHash;
use crate::merkle::tile::{node_in_tile, tile_of_node};
use crate::merkle::{LeafIndex, NodeCoordinate, Tile};
use crate::store::{Store, StorePath};

use super::publish::max_tile_bytes;
use super::read::LogReader;
use super::{LogError, Tampering};

/// Hash tiles that one proof needs, each read once.
pub(super) struct Tiles<'a> {
    reader: &'a LogReader,
    read: BTreeMap<Tile, Vec<NodeHash>>,
}

impl<'a> Tiles<'a> {
    pub(super) const fn new(reader: &'a LogReader) -> Self {
        Self {
            reader,
            read: BTreeMap::new(),
        }
    }

    pub(super) fn node(&mut self, node: NodeCoordinate) -> Result<NodeHash, LogError> {
        let size = self.reader.checkpoint().size;
        let outside = LogError::OutsideLog {
            index: LeafIndex::new(node.index),
            size,
        };
        let Some((tile, range)) = tile_of_node(node, size) else {
            return Err(outside);
        };
        let nodes = match self.read.entry(tile) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(read_hashes(self.reader.store(), tile)?),
        };
        nodes
            .get(range)
            .and_then(node_in_tile)
            .ok_or(Tampering::Tile { tile }.into())
    }
}

/// Reads a hash tile; the full one serves where a partial one is gone.
fn read_hashes(store: &dyn Store, tile: Tile) -> Result<Vec<NodeHash>, LogError> {
    for candidate in [tile, tile.full()] {
        if let Some(bytes) = store.read_head(&StorePath::Tile(candidate), max_tile_bytes(candidate) + 1)? {
            let mut nodes = candidate
                .decode_hashes(&bytes)
                .map_err(|_| Tampering::Tile { tile: candidate })?;
            nodes.truncate(usize::from(tile.width()));
            return Ok(nodes);
        }
    }
    Err(LogError::MissingTile { tile })
}
