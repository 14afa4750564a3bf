//! The right edge of the tree: all that is needed to derive the next tiles from the next entries.
//!
//! That is the nodes of the rightmost tile of every level and the bytes of the rightmost entry bundle, each as long
//! as it is not full: at most 255 hashes a level and 255 entries.

use crate::digest::NodeHash;
use crate::merkle::tile::{MAX_TILE_LEVEL, TILE_HEIGHT, TILE_WIDTH, encode_hashes, node_in_tile, push_entry};
use crate::merkle::{Frontier, Tile, TileLayer, TreeSize, tile};
use crate::store::{Store, StorePath};

use super::LogError;
use super::publish::max_tile_bytes;

/// The right edge of a tree of some size.
#[derive(Debug, Clone, Default)]
pub(super) struct Edge {
    frontier: Frontier,
    /// The nodes of the rightmost tile of each level, less than 256.
    rows: Vec<Vec<NodeHash>>,
    /// The bytes of the rightmost entry bundle, less than 256 entries.
    bundle: Vec<u8>,
}

impl Edge {
    /// Returns how many leaves the tree has.
    pub(super) const fn size(&self) -> TreeSize {
        self.frontier.size()
    }

    /// Returns the peaks and the root of the tree.
    pub(super) const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Adds entries and returns the tiles that the tree has now and had not before, each with its bytes: the full
    /// ones in the order in which they filled up, then the partial ones.
    pub(super) fn integrate<'a>(&mut self, entries: impl Iterator<Item = &'a [u8]>) -> Vec<(Tile, Vec<u8>)> {
        let before = self.size();
        let mut tiles = Vec::new();
        for entry in entries {
            // A decoded commit has no entry that is too long for a bundle.
            push_entry(&mut self.bundle, entry).unwrap_or_default();
            let leaf = crate::merkle::leaf_hash(entry);
            let index = self.frontier.append(leaf).get();
            if index % u64::from(TILE_WIDTH) == u64::from(TILE_WIDTH) - 1 {
                let bundle = Tile::new(TileLayer::Entries, index / u64::from(TILE_WIDTH), TILE_WIDTH);
                tiles.extend(bundle.map(|bundle| (bundle, std::mem::take(&mut self.bundle))));
            }
            self.push_node(0, leaf, &mut tiles);
        }
        let partial = Tile::added_between(before, self.size())
            .into_iter()
            .filter(|tile| tile.is_partial());
        tiles.extend(partial.map(|tile| (tile, self.partial_bytes(tile.layer()))));
        tiles
    }

    /// Adds a node to the row of a level; a row that fills up becomes a tile and a node of the level above.
    fn push_node(&mut self, level: u8, node: NodeHash, tiles: &mut Vec<(Tile, Vec<u8>)>) {
        let (mut level, mut node) = (level, node);
        while level <= MAX_TILE_LEVEL {
            let at = usize::from(level);
            if self.rows.len() <= at {
                self.rows.resize(at + 1, Vec::new());
            }
            let Some(row) = self.rows.get_mut(at) else { return };
            row.push(node);
            if row.len() < usize::from(TILE_WIDTH) {
                return;
            }
            let full = std::mem::take(row);
            let index = (self.size().get() >> (TILE_HEIGHT * (u32::from(level) + 1))) - 1;
            let tile = Tile::new(TileLayer::Hashes { level }, index, TILE_WIDTH);
            tiles.extend(tile.map(|tile| (tile, encode_hashes(&full))));
            // 256 is a power of two, so there always is a node.
            let Some(above) = node_in_tile(&full) else { return };
            (level, node) = (level + 1, above);
        }
    }

    fn partial_bytes(&self, layer: TileLayer) -> Vec<u8> {
        match layer {
            TileLayer::Entries => self.bundle.clone(),
            TileLayer::Hashes { level } => self
                .rows
                .get(usize::from(level))
                .map(|row| encode_hashes(row))
                .unwrap_or_default(),
        }
    }

    /// Reads the right edge of a published tree from its partial tiles; `None` when one is missing or they do not
    /// lead to `root`, so that nothing false is ever built upon.
    pub(super) fn load(store: &dyn Store, size: TreeSize, root: NodeHash) -> Result<Option<Self>, LogError> {
        let mut edge = Self::default();
        for tile in Tile::partial_of(size) {
            let Some(bytes) = store.read_head(&StorePath::Tile(tile), max_tile_bytes(tile))? else {
                return Ok(None);
            };
            match tile.layer() {
                TileLayer::Entries => edge.bundle = bytes,
                TileLayer::Hashes { level } => {
                    let Ok(row) = tile.decode_hashes(&bytes) else {
                        return Ok(None);
                    };
                    edge.rows.resize(usize::from(level), Vec::new());
                    edge.rows.push(row);
                }
            }
        }
        let Some(frontier) = Frontier::from_peaks(size, edge.peaks()) else {
            return Ok(None);
        };
        edge.frontier = frontier;
        let sound = edge.frontier.root() == root && edge.bundle_is_of_row();
        Ok(sound.then_some(edge))
    }

    /// The complete subtrees that the rows add up to, the largest first.
    fn peaks(&self) -> Vec<NodeHash> {
        let mut peaks = Vec::new();
        for row in self.rows.iter().rev() {
            let mut rest = row.as_slice();
            for bit in (0..TILE_HEIGHT).rev() {
                let width = 1_usize << bit;
                if row.len() & width != 0
                    && let Some((peak, after)) = rest.split_at_checked(width)
                {
                    peaks.extend(node_in_tile(peak));
                    rest = after;
                }
            }
        }
        peaks
    }

    fn bundle_is_of_row(&self) -> bool {
        let row = self.rows.first().map(Vec::as_slice).unwrap_or_default();
        let mut rest = self.bundle.as_slice();
        for leaf in row {
            match tile::split_entry(rest) {
                Some((entry, after)) if crate::merkle::leaf_hash(entry) == *leaf => rest = after,
                _ => return false,
            }
        }
        rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{self, oracle};
    use crate::store::MemoryStore;

    fn entry(n: u64) -> Vec<u8> {
        n.to_be_bytes().to_vec()
    }

    /// Every tile of every size on the way, against tiles cut from all leaves at once.
    #[test]
    fn tiles_are_those_cut_from_the_whole_tree() {
        let steps = [1, 1, 3, 250, 1, 1, 255, 256, 600, 7];
        let store = MemoryStore::new();
        let mut edge = Edge::default();
        let mut leaves = Vec::new();
        for step in steps {
            let before = edge.size();
            let entries: Vec<Vec<u8>> = (0..step).map(|n| entry(before.get() + n)).collect();
            leaves.extend(entries.iter().map(|entry| merkle::leaf_hash(entry)));
            let tiles = edge.integrate(entries.iter().map(Vec::as_slice));
            assert_eq!(edge.frontier().root(), oracle::mth(&leaves));
            let mut names: Vec<Tile> = tiles.iter().map(|(tile, _)| *tile).collect();
            names.sort();
            let mut expected = Tile::added_between(before, edge.size());
            expected.sort();
            assert_eq!(names, expected);
            for (tile, bytes) in tiles {
                let start = usize::try_from(tile.index()).unwrap() * 256;
                let width = usize::from(tile.width());
                match tile.layer() {
                    TileLayer::Entries => {
                        let entries = tile.decode_entries(&bytes).unwrap();
                        let wanted: Vec<Vec<u8>> = (start..start + width).map(|n| entry(n as u64)).collect();
                        assert_eq!(entries, wanted);
                    }
                    TileLayer::Hashes { level } => {
                        let under = 256_usize.pow(u32::from(level));
                        let node = |n: usize| oracle::mth(&leaves[n * under..(n + 1) * under]);
                        let wanted: Vec<NodeHash> = (start..start + width).map(node).collect();
                        assert_eq!(tile.decode_hashes(&bytes).unwrap(), wanted);
                    }
                }
                store.tamper(&StorePath::Tile(tile), Some(bytes));
            }
            let loaded = Edge::load(&store, edge.size(), edge.frontier().root())
                .unwrap()
                .unwrap();
            assert_eq!(loaded.frontier(), edge.frontier());
            assert_eq!(loaded.bundle, edge.bundle);
            let rows = |edge: &Edge| -> Vec<Vec<NodeHash>> {
                edge.rows
                    .iter()
                    .rev()
                    .skip_while(|row| row.is_empty())
                    .cloned()
                    .collect()
            };
            assert_eq!(rows(&loaded), rows(&edge));
        }
    }

    #[test]
    fn a_false_or_missing_partial_tile_is_never_built_upon() {
        let store = MemoryStore::new();
        let mut edge = Edge::default();
        let entries: Vec<Vec<u8>> = (0..300).map(entry).collect();
        for (tile, bytes) in edge.integrate(entries.iter().map(Vec::as_slice)) {
            store.tamper(&StorePath::Tile(tile), Some(bytes));
        }
        let (size, root) = (edge.size(), edge.frontier().root());
        assert!(Edge::load(&store, size, root).unwrap().is_some());
        assert!(
            Edge::load(&store, size, crate::merkle::EMPTY_ROOT)
                .unwrap()
                .is_none()
        );
        for path in store.paths() {
            let StorePath::Tile(tile) = path else { continue };
            if !tile.is_partial() {
                continue;
            }
            let good = store.read(&path, 1 << 20).unwrap().unwrap();
            let mut bad = good.clone();
            *bad.last_mut().unwrap() ^= 1;
            for bytes in [Some(bad), Some(good[1..].to_vec()), None] {
                store.tamper(&path, bytes);
                assert!(Edge::load(&store, size, root).unwrap().is_none(), "{tile}");
            }
            store.tamper(&path, Some(good));
        }
    }
}
