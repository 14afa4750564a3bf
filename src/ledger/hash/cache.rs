//! A cache of digests for `register`, so that a pipeline that runs every night reads only what is new.
//!
//! It is never asked when something is verified. A file is known by device, inode, size, and both times in
//! nanoseconds; only files whose times lay two seconds back when they were looked at are kept, since a younger one
//! can change once more within what its clock tells apart. Each record has a MAC with a secret of the user, so that
//! nobody else's bytes become a digest here: a forged or damaged record is as good as none.
//!
//! ```text
//! file    = magic (16 bytes) record*
//! record  = device u64, inode u64, bytes u64, modified i128, changed i128, ending u8, counted u8, rows u64,
//!           sha256 (32), blake3 (32), mac (32)                             all big-endian, 162 bytes
//! mac     = BLAKE3 keyed with the secret over the record before it
//! ```
//!
//! Records are only appended, under a lock on the file itself; a crash leaves a piece of a record at the end, which
//! the next writer cuts off. A file that would grow beyond [`CACHE_RECORDS_MAX`] is emptied first.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use crate::digest::Blake3Digest;
use crate::digest::Digests;
use crate::digest::Sha256Digest;

use super::FileStamp;
use super::HashedFile;
use super::RowRoots;

/// The most records of a cache file: 162 MiB.
pub const CACHE_RECORDS_MAX: usize = 1 << 20;

/// How old a file must be, in nanoseconds.
const AGE_MIN_NS: i128 = 2_000_000_000;

const MAGIC: &[u8; 16] = b"herdbook hash 1\n";

const FACTS_BYTES: usize = 130;

const RECORD_BYTES: usize = FACTS_BYTES + 32;

/// Digests of files that were hashed before, as they stood when the cache was opened.
pub struct HashCache {
    path: PathBuf,
    secret: [u8; 32],
    now_ns: i128,
    bytes: Vec<u8>,
    /// Where the last record of a file begins; it counts only if its MAC is right.
    by_file: HashMap<(u64, u64, u8), usize>,
}

impl std::fmt::Debug for HashCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HashCache")
            .field("path", &self.path)
            .field("files", &self.by_file.len())
            .finish_non_exhaustive()
    }
}

impl HashCache {
    /// Reads the cache file at `path`, if there is one. `now_ns` is the time, in nanoseconds since 1970, before any
    /// file is looked at.
    pub fn open(path: &Path, secret: [u8; 32], now_ns: i128) -> io::Result<Self> {
        let mut bytes = Vec::new();
        match File::open(path) {
            Ok(file) => {
                let limit = (MAGIC.len() + CACHE_RECORDS_MAX * RECORD_BYTES) as u64;
                file.take(limit).read_to_end(&mut bytes)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut by_file = HashMap::new();
        let records = bytes
            .strip_prefix(MAGIC.as_slice())
            .unwrap_or_default()
            .chunks_exact(RECORD_BYTES);
        for (position, record) in records.enumerate() {
            let key = (u64_at(record, 0), u64_at(record, 8), ending_at(record));
            by_file.insert(key, MAGIC.len() + position * RECORD_BYTES);
        }
        Ok(Self {
            path: path.to_owned(),
            secret,
            now_ns,
            bytes,
            by_file,
        })
    }

    /// Returns the digests of a file that has this stamp, if they are known.
    pub fn get(&self, path: &Path, stamp: &FileStamp) -> Option<HashedFile> {
        let start = *self.by_file.get(&(stamp.device, stamp.inode, ending(path)))?;
        let record = self.bytes.get(start..start + RECORD_BYTES)?;
        let (facts, mac) = record.split_at_checked(FACTS_BYTES)?;
        // Comparing `blake3::Hash` takes the same time whatever differs.
        let mac = blake3::Hash::from_slice(mac).ok()?;
        if blake3::keyed_hash(&self.secret, facts) != mac || facts.get(..56)? != stamp_bytes(stamp) {
            return None;
        }
        let counted = *facts.get(57)? == 1;
        Some(HashedFile {
            path: path.to_owned(),
            digests: Digests {
                sha256: Sha256Digest::from_bytes(facts.get(66..98)?.try_into().ok()?),
                blake3: Blake3Digest::from_bytes(facts.get(98..130)?.try_into().ok()?),
                bytes: stamp.bytes,
            },
            rows: counted.then(|| u64_at(facts, 58)),
            row_roots: RowRoots::default(),
            stamp: *stamp,
        })
    }

    /// Keeps what was hashed and is not known yet. What another process keeps at the same time is kept, too.
    pub fn keep<'a>(&self, hashed: impl IntoIterator<Item = &'a HashedFile>) -> io::Result<()> {
        let mut fresh = Vec::new();
        for file in hashed {
            let newest = file.stamp.modified_ns.max(file.stamp.changed_ns);
            let is_old = newest <= self.now_ns - AGE_MIN_NS;
            let has_room = fresh.len() < CACHE_RECORDS_MAX * RECORD_BYTES;
            if is_old && has_room && self.get(&file.path, &file.stamp).is_none() {
                self.encode(file, &mut fresh);
            }
        }
        if fresh.is_empty() {
            return Ok(());
        }
        let mut file = open_private(&self.path)?;
        file.lock()?;
        let (kept, length) = whole_records(&file)?;
        if kept + fresh.len() / RECORD_BYTES > CACHE_RECORDS_MAX || length == 0 {
            file.set_len(0)?;
            file.write_all(MAGIC)?;
        } else {
            file.set_len(length)?;
        }
        file.write_all(&fresh)
    }

    fn encode(&self, file: &HashedFile, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&stamp_bytes(&file.stamp));
        out.push(ending(&file.path));
        out.push(u8::from(file.rows.is_some()));
        out.extend_from_slice(&file.rows.unwrap_or_default().to_be_bytes());
        out.extend_from_slice(file.digests.sha256.as_bytes());
        out.extend_from_slice(file.digests.blake3.as_bytes());
        let mac = blake3::keyed_hash(&self.secret, out.get(start..).unwrap_or_default());
        out.extend_from_slice(mac.as_bytes());
    }
}

/// Opens a file to append to, which only its owner may read.
fn open_private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options()
        .create(true)
        .read(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

/// Returns how many whole records a file has and how long it is up to the last of them; nothing of it counts when it
/// does not begin as it should.
fn whole_records(mut file: &File) -> io::Result<(usize, u64)> {
    let mut magic = [0; MAGIC.len()];
    let length = file.metadata()?.len();
    let head = MAGIC.len() as u64;
    if length < head || file.read_exact(&mut magic).is_err() || magic != *MAGIC {
        return Ok((0, 0));
    }
    let records = (length - head) / RECORD_BYTES as u64;
    let kept = usize::try_from(records).unwrap_or(usize::MAX);
    Ok((kept, head + records * RECORD_BYTES as u64))
}

fn stamp_bytes(stamp: &FileStamp) -> [u8; 56] {
    let mut bytes = [0; 56];
    let fields = stamp.device.to_be_bytes().into_iter();
    let fields = fields
        .chain(stamp.inode.to_be_bytes())
        .chain(stamp.bytes.to_be_bytes());
    let times = stamp.modified_ns.to_be_bytes().into_iter();
    for (to, from) in bytes
        .iter_mut()
        .zip(fields.chain(times.chain(stamp.changed_ns.to_be_bytes())))
    {
        *to = from;
    }
    bytes
}

/// Returns a number for what the name of a file says about its rows: the same bytes under another ending have others.
fn ending(path: &Path) -> u8 {
    let ending = path.extension().and_then(|ending| ending.to_str());
    match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("jsonl" | "ndjson") => 1,
        Some("csv") => 2,
        Some("tsv") => 3,
        _ => 0,
    }
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let field = bytes.get(at..at + 8).and_then(|field| field.try_into().ok());
    field.map_or(0, u64::from_be_bytes)
}

fn ending_at(record: &[u8]) -> u8 {
    record.get(56).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;
    use std::time::SystemTime;

    use super::*;
    use crate::ledger::hash::Unwatched;
    use crate::ledger::hash::hash_file;
    use crate::ledger::hash::hash_files_cached;

    const SECRET: [u8; 32] = [7; 32];

    /// A folder with one file, and the cache beside it.
    struct Place {
        folder: tempfile::TempDir,
    }

    impl Place {
        fn new(content: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let place = Self { folder };
            fs::write(place.file(), content).unwrap();
            place
        }

        fn file(&self) -> PathBuf {
            self.folder.path().join("a.jsonl")
        }

        fn cache_path(&self) -> PathBuf {
            self.folder.path().join("cache")
        }

        /// Opens the cache an hour after the file was last touched.
        fn later(&self) -> HashCache {
            let stamp = FileStamp::of_path(&self.file()).unwrap();
            let now = stamp.changed_ns.max(stamp.modified_ns) + 3_600_000_000_000;
            HashCache::open(&self.cache_path(), SECRET, now).unwrap()
        }

        fn known(&self) -> Option<HashedFile> {
            let stamp = FileStamp::of_path(&self.file()).unwrap();
            self.later().get(&self.file(), &stamp)
        }

        fn keep(&self) -> HashedFile {
            let hashed = hash_file(&self.file(), &Unwatched).unwrap();
            self.later().keep([&hashed]).unwrap();
            hashed
        }
    }

    #[test]
    fn what_was_hashed_is_known_again() {
        let place = Place::new("{}\n{}\n");
        assert_eq!(place.known(), None);
        let hashed = place.keep();
        assert_eq!(hashed.rows, Some(2));
        assert_eq!(place.known(), Some(hashed.clone()));
        let length = fs::metadata(place.cache_path()).unwrap().len();
        let (answers, kept) = hash_files_cached(&[place.file()], &place.later(), &Unwatched);
        kept.unwrap();
        assert_eq!(answers[0].as_ref().ok(), Some(&hashed));
        let again = fs::metadata(place.cache_path()).unwrap().len();
        assert_eq!(again, length, "what is known is not kept twice");
    }

    /// Equal size, equal modification time: only the time of the change tells, and it is enough.
    #[test]
    fn a_changed_file_is_hashed_anew_whatever_its_times_say() {
        let place = Place::new("{\"a\":1}\n");
        let before = place.keep();
        fs::write(place.file(), "{\"a\":2}\n").unwrap();
        let modified =
            SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(before.stamp.modified_ns).unwrap());
        let file = File::options().write(true).open(place.file()).unwrap();
        file.set_modified(modified).unwrap();
        let after = FileStamp::of_path(&place.file()).unwrap();
        assert_eq!(
            (after.bytes, after.modified_ns),
            (before.stamp.bytes, before.stamp.modified_ns)
        );
        let (answers, _) = hash_files_cached(&[place.file()], &place.later(), &Unwatched);
        let answer = answers[0].as_ref().unwrap();
        assert_ne!(answer.digests.sha256, before.digests.sha256);
        // Each of the five is compared.
        let stamp = before.stamp;
        for other in [
            FileStamp {
                device: stamp.device + 1,
                ..stamp
            },
            FileStamp {
                inode: stamp.inode + 1,
                ..stamp
            },
            FileStamp {
                bytes: stamp.bytes + 1,
                ..stamp
            },
            FileStamp {
                modified_ns: stamp.modified_ns + 1,
                ..stamp
            },
            FileStamp {
                changed_ns: stamp.changed_ns + 1,
                ..stamp
            },
        ] {
            assert_eq!(place.later().get(&place.file(), &other), None, "{other:?}");
        }
    }

    #[test]
    fn a_young_file_is_not_kept() {
        let place = Place::new("{}\n");
        let hashed = hash_file(&place.file(), &Unwatched).unwrap();
        let newest = hashed.stamp.changed_ns.max(hashed.stamp.modified_ns);
        for (age, kept) in [
            (-1, false),
            (0, false),
            (AGE_MIN_NS - 1, false),
            (AGE_MIN_NS, true),
        ] {
            let cache = HashCache::open(&place.cache_path(), SECRET, newest + age).unwrap();
            cache.keep([&hashed]).unwrap();
            assert_eq!(place.known().is_some(), kept, "{age} ns old");
        }
    }

    /// Every byte flipped, another secret, a torn end: nothing is believed, and nothing else is lost.
    #[test]
    fn a_forged_or_damaged_record_is_not_believed() {
        let place = Place::new("{}\n");
        let hashed = place.keep();
        let good = fs::read(place.cache_path()).unwrap();
        assert_eq!(good.len(), MAGIC.len() + RECORD_BYTES);
        for position in 0..good.len() {
            let mut forged = good.clone();
            forged[position] ^= 1;
            fs::write(place.cache_path(), &forged).unwrap();
            assert_eq!(place.known(), None, "byte {position}");
        }
        fs::write(place.cache_path(), &good).unwrap();
        let stranger = HashCache::open(&place.cache_path(), [8; 32], i128::MAX).unwrap();
        assert_eq!(stranger.get(&place.file(), &hashed.stamp), None);
        stranger.keep([&hashed]).unwrap();
        assert_eq!(
            place.known(),
            None,
            "the last record of a file is the one that counts"
        );
        fs::write(place.cache_path(), &good[..good.len() - 1]).unwrap();
        assert_eq!(place.known(), None);
        assert_eq!(place.keep(), hashed);
        assert_eq!(
            fs::read(place.cache_path()).unwrap(),
            good,
            "the torn end is cut off"
        );
        fs::write(place.cache_path(), "something else entirely").unwrap();
        assert_eq!(place.known(), None);
        place.keep();
        assert_eq!(fs::read(place.cache_path()).unwrap(), good);
    }

    /// The same bytes under another ending have other rows.
    #[test]
    fn a_name_that_counts_otherwise_is_another_file() {
        let place = Place::new("h\n1\n");
        let hashed = place.keep();
        assert_eq!(place.later().get(Path::new("a.csv"), &hashed.stamp), None);
        let same = place.later().get(Path::new("b.NDJSON"), &hashed.stamp).unwrap();
        assert_eq!(same.rows, Some(2));
    }

    #[test]
    fn two_writers_lose_nothing() {
        let place = Place::new("{}\n");
        let hashed = hash_file(&place.file(), &Unwatched).unwrap();
        let numbered = |inode| HashedFile {
            stamp: FileStamp {
                inode,
                ..hashed.stamp
            },
            ..hashed.clone()
        };
        let cache = place.later();
        std::thread::scope(|scope| {
            for half in 0..2 {
                let (cache, numbered) = (&cache, &numbered);
                scope.spawn(move || {
                    for inode in 0..50 {
                        cache.keep([&numbered(inode * 2 + half)]).unwrap();
                    }
                });
            }
        });
        let cache = place.later();
        for inode in 0..100 {
            assert!(
                cache.get(&place.file(), &numbered(inode).stamp).is_some(),
                "{inode}"
            );
        }
    }

    /// A cache that is full starts anew.
    #[test]
    fn it_does_not_grow_for_ever() {
        let place = Place::new("{}\n");
        place.keep();
        let full = MAGIC.len() + CACHE_RECORDS_MAX * RECORD_BYTES;
        let file = File::options().write(true).open(place.cache_path()).unwrap();
        file.set_len(full as u64).unwrap();
        fs::write(place.file(), "{}\n{}\n").unwrap();
        let hashed = place.keep();
        let length = fs::metadata(place.cache_path()).unwrap().len();
        assert_eq!(length, (MAGIC.len() + RECORD_BYTES) as u64);
        assert_eq!(place.known(), Some(hashed));
    }
}
