//! Tiles of the tree and bundles of entries: C2SP tlog-tiles v0.1.0 coordinates, paths and bytes.
//!
//! A tile of level L and index N holds up to 256 consecutive nodes of tree level 8 L, 32 bytes each; an entry bundle
//! holds up to 256 consecutive entries, each as `u16 BE length || entry`. Less than 256 is a partial tile and its
//! path says how many: `tile/0/x001/067.p/8`. A partial tile is never hashed upwards, and an empty one never exists.

use std::fmt;

use crate::digest::NodeHash;

use super::{MAX_TREE_SIZE, NodeCoordinate, TreeSize, node_hash};

/// How many nodes or entries a full tile holds.
pub const TILE_WIDTH: u16 = 256;

/// Tree levels per tile level: `2^8 = TILE_WIDTH`.
pub const TILE_HEIGHT: u32 = 8;

/// The highest tile level that a tree of [`MAX_TREE_SIZE`] leaves reaches.
pub const MAX_TILE_LEVEL: u8 = 7;

/// The longest entry, since a bundle writes its length in 16 bits.
pub const MAX_ENTRY_BYTES: usize = 65_535;

/// The largest entry bundle: 256 entries of the greatest length.
pub const MAX_BUNDLE_BYTES: usize = TILE_WIDTH as usize * (MAX_ENTRY_BYTES + 2);

/// The largest hash tile.
pub const MAX_HASH_TILE_BYTES: usize = TILE_WIDTH as usize * 32;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileLayer {
    /// Entries: an entry bundle.
    Entries,
    /// Hashes of tree level `8 * level`.
    Hashes {
        /// The tile level, at most [`MAX_TILE_LEVEL`].
        level: u8,
    },
}

impl TileLayer {
    /// Returns how far a tree size is shifted right to count the nodes of this layer.
    const fn shift(self) -> u32 {
        match self {
            Self::Entries => 0,
            Self::Hashes { level } => TILE_HEIGHT * level as u32,
        }
    }
}

/// One tile or entry bundle, full or partial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    layer: TileLayer,
    index: u64,
    width: u16,
}

/// Why a tile path or the bytes of a tile were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// The text is not the one path of a tile.
    #[error("`{path}` is not the path of a tile")]
    Path {
        /// The text, cut to 80 characters.
        path: String,
    },
    /// A hash tile is not 32 bytes per node.
    #[error("tile {tile} has {actual} bytes instead of {expected}")]
    HashTileLength {
        /// The tile.
        tile: Tile,
        /// 32 times its width.
        expected: usize,
        /// The bytes given.
        actual: usize,
    },
    /// An entry bundle ends inside an entry, or has too few entries.
    #[error("bundle {tile} ends inside entry {entry}")]
    BundleCut {
        /// The bundle.
        tile: Tile,
        /// The entry of the bundle, counted from 0, that is not whole.
        entry: u16,
    },
    /// Bytes follow the last entry of a bundle.
    #[error("bundle {tile} has {bytes} bytes after its last entry")]
    BundleTrailing {
        /// The bundle.
        tile: Tile,
        /// How many bytes follow.
        bytes: usize,
    },
}

impl Tile {
    /// Returns the tile at these coordinates, `None` when level, index or width (1 to 256) is out of range.
    pub fn new(layer: TileLayer, index: u64, width: u16) -> Option<Self> {
        if matches!(layer, TileLayer::Hashes { level } if level > MAX_TILE_LEVEL) {
            return None;
        }
        let tiles = (MAX_TREE_SIZE >> layer.shift()) / u64::from(TILE_WIDTH);
        let fits = (1..=TILE_WIDTH).contains(&width) && index <= tiles;
        fits.then_some(Self { layer, index, width })
    }

    /// Returns what the tile holds.
    pub const fn layer(self) -> TileLayer {
        self.layer
    }

    /// Returns the position among the tiles of its layer.
    pub const fn index(self) -> u64 {
        self.index
    }

    /// Returns how many nodes or entries the tile holds: 1 to 256.
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Returns true when the tile holds less than 256 nodes or entries.
    pub const fn is_partial(self) -> bool {
        self.width < TILE_WIDTH
    }

    /// Returns the full tile at the same place.
    #[must_use]
    pub const fn full(self) -> Self {
        Self {
            width: TILE_WIDTH,
            ..self
        }
    }

    /// Returns true when a tree of `size` leaves has the full tile at this place.
    pub const fn is_full_at(self, size: TreeSize) -> bool {
        self.index < (size.get() >> self.layer.shift()) / TILE_WIDTH as u64
    }

    /// Returns the tiles that a tree of `new` leaves has and one of `old` leaves has not, in the order of their
    /// layers (entries first) and indices. With `old` empty: every tile of the tree.
    pub fn added_between(old: TreeSize, new: TreeSize) -> Vec<Self> {
        layers().flat_map(|layer| layer_added(layer, old, new)).collect()
    }

    /// Returns the partial tiles of a tree of `size` leaves: at most one a layer, entries first.
    pub fn partial_of(size: TreeSize) -> Vec<Self> {
        layers()
            .filter_map(|layer| {
                let nodes = size.get() >> layer.shift();
                let width = u16::try_from(nodes % u64::from(TILE_WIDTH)).ok()?;
                Self::new(layer, nodes / u64::from(TILE_WIDTH), width)
            })
            .collect()
    }

    /// Returns the path below the folder that holds the checkpoint: `tile/<L>/<N>[.p/<W>]` or `tile/entries/...`.
    pub fn path(self) -> String {
        self.to_string()
    }

    /// Returns the folder of the partial tiles at this place: `tile/<L>/<N>.p`.
    pub fn partial_folder(self) -> String {
        format!("{}.p", self.full())
    }

    /// Parses a path exactly as [`Tile::path`] writes it.
    pub fn parse(path: &str) -> Result<Self, TileError> {
        let bad = || TileError::Path {
            path: path.chars().take(80).collect(),
        };
        let tile = parse_path(path).ok_or_else(bad)?;
        // Whatever the parser let pass, only the one canonical spelling names a tile.
        if tile.path() == path { Ok(tile) } else { Err(bad()) }
    }

    /// Cuts the bytes of a hash tile into its nodes.
    pub fn decode_hashes(self, bytes: &[u8]) -> Result<Vec<NodeHash>, TileError> {
        let expected = usize::from(self.width) * 32;
        let (hashes, rest) = bytes.as_chunks::<32>();
        if bytes.len() != expected || !rest.is_empty() {
            return Err(TileError::HashTileLength {
                tile: self,
                expected,
                actual: bytes.len(),
            });
        }
        Ok(hashes.iter().map(|hash| NodeHash::from_bytes(*hash)).collect())
    }

    /// Cuts the bytes of an entry bundle into its entries.
    pub fn decode_entries(self, bytes: &[u8]) -> Result<Vec<&[u8]>, TileError> {
        let mut rest = bytes;
        let mut entries = Vec::with_capacity(usize::from(self.width));
        for entry in 0..self.width {
            let (one, after) = split_entry(rest).ok_or(TileError::BundleCut { tile: self, entry })?;
            entries.push(one);
            rest = after;
        }
        if !rest.is_empty() {
            return Err(TileError::BundleTrailing {
                tile: self,
                bytes: rest.len(),
            });
        }
        Ok(entries)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.layer {
            TileLayer::Entries => f.write_str("tile/entries/")?,
            TileLayer::Hashes { level } => write!(f, "tile/{level}/")?,
        }
        write_index(f, self.index)?;
        if self.is_partial() {
            write!(f, ".p/{}", self.width)
        } else {
            Ok(())
        }
    }
}

/// Returns the bytes of a hash tile: its nodes one after the other.
pub fn encode_hashes(nodes: &[NodeHash]) -> Vec<u8> {
    nodes.iter().flat_map(|node| *node.as_bytes()).collect()
}

/// Adds one entry to a bundle as `u16 BE length || entry`; `None` (and nothing added) beyond [`MAX_ENTRY_BYTES`].
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Option<()> {
    let length = u16::try_from(entry.len()).ok()?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Some(())
}

/// Splits the first entry off bytes written by [`push_entry`]; `None` when it is not whole.
pub fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// Returns the tile of a tree of `size` leaves that determines a node, and the nodes of the tile below it.
///
/// The node is the root over those nodes: see [`node_in_tile`]. `None` when the tree has no such complete subtree.
pub fn tile_of_node(node: NodeCoordinate, size: TreeSize) -> Option<(Tile, std::ops::Range<usize>)> {
    let level = u8::try_from(node.level / TILE_HEIGHT).ok()?;
    let layer = TileLayer::Hashes { level };
    let width = 1_u64 << (node.level % TILE_HEIGHT);
    let first = node.index.checked_mul(width)?;
    let nodes = size.get().checked_shr(layer.shift())?;
    if first.checked_add(width)? > nodes {
        return None;
    }
    let index = first / u64::from(TILE_WIDTH);
    let count = (nodes - index * u64::from(TILE_WIDTH)).min(u64::from(TILE_WIDTH));
    let start = usize::try_from(first % u64::from(TILE_WIDTH)).ok()?;
    let tile = Tile::new(layer, index, u16::try_from(count).ok()?)?;
    Some((tile, start..start + usize::try_from(width).ok()?))
}

/// Returns the root over a power of two of neighbouring nodes of one tile; `None` for no or another number of nodes.
pub fn node_in_tile(nodes: &[NodeHash]) -> Option<NodeHash> {
    if !nodes.len().is_power_of_two() {
        return None;
    }
    let mut row = nodes.to_vec();
    while row.len() > 1 {
        row = row
            .as_chunks::<2>()
            .0
            .iter()
            .map(|[left, right]| node_hash(left, right))
            .collect();
    }
    row.first().copied()
}

fn layers() -> impl Iterator<Item = TileLayer> {
    std::iter::once(TileLayer::Entries).chain((0..=MAX_TILE_LEVEL).map(|level| TileLayer::Hashes { level }))
}

fn layer_added(layer: TileLayer, old: TreeSize, new: TreeSize) -> Vec<Tile> {
    let width = u64::from(TILE_WIDTH);
    let (had, has) = (old.get() >> layer.shift(), new.get() >> layer.shift());
    if had >= has {
        return Vec::new();
    }
    let full = (had / width..has / width).filter_map(|index| Tile::new(layer, index, TILE_WIDTH));
    let partial = u16::try_from(has % width)
        .ok()
        .and_then(|rest| Tile::new(layer, has / width, rest));
    full.chain(partial).collect()
}

/// Three digits a group, all but the last with an `x` in front: 1234067 is `x001/x234/067`.
fn write_index(f: &mut fmt::Formatter<'_>, index: u64) -> fmt::Result {
    let mut groups = vec![index % 1000];
    let mut rest = index / 1000;
    while rest > 0 {
        groups.push(rest % 1000);
        rest /= 1000;
    }
    let (last, first) = groups
        .split_first()
        .map_or((0, [].as_slice()), |(last, first)| (*last, first));
    for group in first.iter().rev() {
        write!(f, "x{group:03}/")?;
    }
    f.write_fmt(format_args!("{last:03}"))
}

fn parse_path(path: &str) -> Option<Tile> {
    let (layer, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let layer = match layer {
        "entries" => TileLayer::Entries,
        level => TileLayer::Hashes {
            level: level.parse().ok()?,
        },
    };
    let (index, width) = match rest.split_once(".p/") {
        Some((index, width)) => (index, width.parse().ok().filter(|width| *width < TILE_WIDTH)?),
        None => (rest, TILE_WIDTH),
    };
    let mut number = 0_u64;
    for group in index.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        number = number
            .checked_mul(1000)?
            .checked_add(digits.parse().ok().filter(|group| *group < 1000)?)?;
    }
    Tile::new(layer, number, width)
}

#[cfg(test)]
mod tests {
    use super::super::{LeafIndex, make_inclusion, oracle, verify_inclusion};
    use super::*;

    fn hashes(level: u8, index: u64, width: u16) -> Tile {
        Tile::new(TileLayer::Hashes { level }, index, width).unwrap()
    }

    #[test]
    fn paths_are_the_published_ones() {
        assert_eq!(hashes(3, 1_234_067, 256).path(), "tile/3/x001/x234/067");
        assert_eq!(hashes(0, 0, 255).path(), "tile/0/000.p/255");
        assert_eq!(
            Tile::new(TileLayer::Entries, 1000, 1).unwrap().path(),
            "tile/entries/x001/000.p/1"
        );
        assert_eq!(hashes(0, 7, 9).partial_folder(), "tile/0/007.p");
    }

    #[test]
    fn only_the_canonical_spelling_is_a_path() {
        let bad = [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x000/001",
            "tile/00/001",
            "tile/+0/001",
            "tile/8/001",
            "tile/0/001.p",
            "tile/0/001.p/0",
            "tile/0/001.p/256",
            "tile/0/001.p/08",
            "tile/0/001/",
            "tile/0/001/002",
            "tile/0/x001/x002",
            "tile/data/001",
            "tile/-1/001",
            "/tile/0/001",
            "tile/0/../001",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
            "tile/entries/001.p/",
            "tile/0/+01",
        ];
        for path in bad {
            assert!(Tile::parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_full_tile_and_a_partial_one_above_it_at_256() {
        let paths: Vec<String> = Tile::added_between(TreeSize::EMPTY, TreeSize::new(256))
            .into_iter()
            .map(Tile::path)
            .collect();
        assert_eq!(paths, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
        let added: Vec<String> = Tile::added_between(TreeSize::new(256), TreeSize::new(513))
            .into_iter()
            .map(Tile::path)
            .collect();
        let expected = [
            "tile/entries/001",
            "tile/entries/002.p/1",
            "tile/0/001",
            "tile/0/002.p/1",
            "tile/1/000.p/2",
        ];
        assert_eq!(added, expected);
        assert_eq!(Tile::added_between(TreeSize::new(9), TreeSize::new(9)), []);
        for size in (0..2000)
            .chain([65_535, 65_536, 65_537, 1 << 24])
            .map(TreeSize::new)
        {
            let all = Tile::added_between(TreeSize::EMPTY, size);
            let partial: Vec<Tile> = all.into_iter().filter(|tile| tile.is_partial()).collect();
            assert_eq!(Tile::partial_of(size), partial, "{size}");
        }
    }

    #[test]
    fn bundles_round_trip_and_refuse_cuts_and_trailing_bytes() {
        let longest = vec![7; MAX_ENTRY_BYTES];
        let entries = [b"one".as_slice(), b"", &longest];
        let mut bytes = Vec::new();
        for entry in entries {
            assert_eq!(push_entry(&mut bytes, entry), Some(()));
        }
        let whole = bytes.clone();
        assert_eq!(push_entry(&mut bytes, &vec![0; MAX_ENTRY_BYTES + 1]), None);
        assert_eq!(bytes, whole);
        let tile = Tile::new(TileLayer::Entries, 0, 3).unwrap();
        assert_eq!(tile.decode_entries(&bytes).unwrap(), entries);
        assert!(tile.decode_entries(&bytes[..bytes.len() - 1]).is_err());
        bytes.push(0);
        assert!(tile.decode_entries(&bytes).is_err());
        assert!(hashes(0, 0, 2).decode_hashes(&[0; 63]).is_err());
        assert!(hashes(0, 0, 2).decode_hashes(&[0; 96]).is_err());
    }

    /// Proofs made from tiles alone, in a tree with two tile levels.
    #[test]
    fn tiles_hold_every_node_that_a_proof_needs() {
        let leaves = oracle::leaves(1000);
        let root = oracle::mth(&leaves);
        let size = TreeSize::new(1000);
        let level1: Vec<NodeHash> = leaves
            .as_chunks::<256>()
            .0
            .iter()
            .map(|tile| oracle::mth(tile))
            .collect();
        for index in (0..1000).step_by(37).map(LeafIndex::new) {
            let proof = make_inclusion::<super::super::MerkleError>(index, size, &mut |node| {
                let (tile, range) = tile_of_node(node, size).unwrap();
                assert!(
                    Tile::added_between(TreeSize::EMPTY, size).contains(&tile),
                    "{tile}"
                );
                let all = if tile.layer() == (TileLayer::Hashes { level: 0 }) {
                    &leaves
                } else {
                    &level1
                };
                let start = usize::try_from(tile.index()).unwrap() * 256;
                Ok(node_in_tile(&all[start..start + usize::from(tile.width())][range]).unwrap())
            });
            let leaf = leaves[usize::try_from(index.get()).unwrap()];
            assert_eq!(verify_inclusion(leaf, index, size, root, &proof.unwrap()), Ok(()));
        }
    }

    proptest::proptest! {
        #[test]
        fn paths_round_trip(level in 0_u8..=MAX_TILE_LEVEL, index in 0_u64..100_000_000, width in 1_u16..=256, entries: bool) {
            let layer = if entries { TileLayer::Entries } else { TileLayer::Hashes { level } };
            if let Some(tile) = Tile::new(layer, index, width) {
                proptest::prop_assert_eq!(Tile::parse(&tile.path()), Ok(tile));
            }
        }

        #[test]
        fn any_text_is_refused_or_canonical(text in "tile/(entries|[0-9]{1,2})/[x0-9/]{0,12}(\\.p/[0-9]{0,4})?") {
            if let Ok(tile) = Tile::parse(&text) {
                proptest::prop_assert_eq!(tile.path(), text);
            }
        }

        #[test]
        fn any_bytes_are_refused_or_a_bundle(bytes: Vec<u8>, width in 1_u16..8) {
            let tile = Tile::new(TileLayer::Entries, 0, width).unwrap();
            if let Ok(entries) = tile.decode_entries(&bytes) {
                let mut again = Vec::new();
                for entry in entries {
                    push_entry(&mut again, entry).unwrap();
                }
                proptest::prop_assert_eq!(again, bytes);
            }
        }
    }
}
