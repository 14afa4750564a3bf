//! The names of a ledger's files. A name that is not in this grammar cannot be expressed, so none leads elsewhere.
//!
//! ```text
//! herdbook.toml
//! commit/<20 digits>
//! log/checkpoint
//! log/tile/<L>/<N>[.p/<W>]   log/tile/entries/<N>[.p/<W>]
//! blobs/<2 hex>/<64 hex>
//! tmp/<name>
//! ```

use std::fmt;

use crate::digest::BlobId;
use crate::merkle::Tile;

/// The longest name in `tmp/`.
const MAX_TMP_NAME_BYTES: usize = 80;

/// How many false versions of one file are kept.
const MAX_ASIDE_NAMES: u32 = 1000;

/// A file of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StorePath {
    /// `herdbook.toml`: format version and origin.
    Settings,
    /// `commit/<20 digits>`: the slot of a commit.
    Commit(u64),
    /// `log/checkpoint`: the signed checkpoint.
    Checkpoint,
    /// `log/tile/...`: a tile or an entry bundle.
    Tile(Tile),
    /// `blobs/<2 hex>/<64 hex>`: bytes under their SHA-256.
    Blob(BlobId),
    /// `tmp/<name>`: disposable.
    Tmp(TmpName),
}

/// A folder of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folder {
    /// `commit`.
    Commit,
    /// `log`.
    Log,
    /// The folder of the partial tiles at the place of this tile: `log/tile/<L>/<N>.p`.
    PartialTiles(Tile),
    /// `blobs`.
    Blobs,
    /// `tmp`.
    Tmp,
}

/// A text that is not the path of a ledger's file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a file of a ledger")]
pub struct StorePathError {
    /// What was given, cut to 120 characters.
    pub text: String,
}

/// The name of a file in `tmp/`: lower-case letters, digits, `-` and `.`, not beginning with a dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TmpName(String);

impl TmpName {
    /// Checks a name and wraps it; `None` when it is not in the grammar.
    pub fn new(name: &str) -> Option<Self> {
        let good =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        let fits = (1..=MAX_TMP_NAME_BYTES).contains(&name.len());
        (fits && !name.starts_with('.') && name.bytes().all(good)).then(|| Self(name.to_owned()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl StorePath {
    /// Returns the file `name` of `tmp/`; `None` when the name is not in the grammar.
    pub fn tmp(name: &str) -> Option<Self> {
        TmpName::new(name).map(Self::Tmp)
    }

    /// Returns the names in `tmp/` under which a false file may be kept, to be tried in turn.
    pub(crate) fn aside_names(&self) -> impl Iterator<Item = Self> {
        let name = self.to_string().replace('/', "-");
        (0..MAX_ASIDE_NAMES).filter_map(move |number| Self::tmp(&format!("aside-{number}-{name}")))
    }

    /// Parses a path exactly as `Display` writes it.
    pub fn parse(text: &str) -> Result<Self, StorePathError> {
        let bad = || StorePathError {
            text: text.chars().take(120).collect(),
        };
        let path = match text.split_once('/') {
            None => (text == "herdbook.toml").then_some(Self::Settings),
            Some(("commit", number)) => number.parse().ok().map(Self::Commit),
            Some(("log", "checkpoint")) => Some(Self::Checkpoint),
            Some(("log", tile)) => Tile::parse(tile).ok().map(Self::Tile),
            Some(("blobs", rest)) => rest
                .split_once('/')
                .and_then(|(_, id)| BlobId::from_hex(id).ok())
                .map(Self::Blob),
            Some(("tmp", name)) => TmpName::new(name).map(Self::Tmp),
            Some(_) => None,
        };
        // Whatever the parser let pass, only the one canonical spelling names a file.
        path.filter(|path| path.to_string() == text).ok_or_else(bad)
    }
}

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings => f.write_str("herdbook.toml"),
            Self::Commit(number) => write!(f, "commit/{number:020}"),
            Self::Checkpoint => f.write_str("log/checkpoint"),
            Self::Tile(tile) => write!(f, "log/{tile}"),
            Self::Blob(id) => {
                let hex = id.to_hex();
                write!(f, "blobs/{}/{hex}", hex.get(..2).unwrap_or_default())
            }
            Self::Tmp(name) => write!(f, "tmp/{}", name.0),
        }
    }
}

impl Folder {
    /// Returns true when a file stands in this folder, at any depth.
    pub(crate) fn holds(&self, path: &StorePath) -> bool {
        match (self, path) {
            (Self::PartialTiles(place), StorePath::Tile(tile)) => {
                tile.is_partial() && tile.full() == place.full()
            }
            (Self::Commit, StorePath::Commit(_))
            | (Self::Log, StorePath::Checkpoint | StorePath::Tile(_))
            | (Self::Blobs, StorePath::Blob(_))
            | (Self::Tmp, StorePath::Tmp(_)) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit => f.write_str("commit"),
            Self::Log => f.write_str("log"),
            Self::PartialTiles(tile) => write!(f, "log/{}", tile.partial_folder()),
            Self::Blobs => f.write_str("blobs"),
            Self::Tmp => f.write_str("tmp"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_round_trip() {
        let blob = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let good = [
            "herdbook.toml".to_owned(),
            "commit/00000000000000000000".to_owned(),
            "commit/18446744073709551615".to_owned(),
            "log/checkpoint".to_owned(),
            "log/tile/0/x001/067.p/8".to_owned(),
            "log/tile/entries/000".to_owned(),
            format!("blobs/ba/{blob}"),
            "tmp/new-1-2".to_owned(),
        ];
        for text in good {
            assert_eq!(StorePath::parse(&text).unwrap().to_string(), text);
        }
        let bad = [
            "",
            "/",
            ".",
            "..",
            "../x",
            "herdbook.toml/",
            "commit",
            "commit/",
            "commit/0",
            "commit/../herdbook.toml",
            "commit/+0000000000000000000",
            "commit/18446744073709551616",
            "commit/000000000000000000000",
            "log/checkpoint/",
            "log/tile/0/0",
            "log//checkpoint",
            "tmp/",
            "tmp/.x",
            "tmp/a/b",
            "tmp/A",
            "tmp/..",
            "/etc/passwd",
            "log\\checkpoint",
            "Log/checkpoint",
            "blobs/ab/",
            "index/db",
            "tmp/a\0",
        ];
        for text in bad {
            assert!(StorePath::parse(text).is_err(), "{text}");
        }
        assert!(StorePath::parse(&format!("blobs/bb/{blob}")).is_err());
        assert!(StorePath::parse(&format!("blobs/BA/{}", blob.to_uppercase())).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_refused_or_canonical(text in "(commit|log|blobs|tmp|log/tile/0)/[./0-9a-z]{0,24}") {
            if let Ok(path) = StorePath::parse(&text) {
                proptest::prop_assert_eq!(path.to_string(), text);
            }
        }
    }
}
