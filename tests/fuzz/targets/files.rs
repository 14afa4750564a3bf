//! What is read from files that people and other programs write.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use herdbook::index::IdPrefix;
use herdbook::index::Index as _;
use herdbook::index::Segments;
use herdbook::key::PublicKey;
use herdbook::ledger::Settings;
use herdbook::ledger::hash::FileStamp;
use herdbook::ledger::hash::HashCache;
use herdbook::ledger::hash::RowCounter;
use herdbook::ledger::import::dpi;
use herdbook::ledger::lineage_file;
use herdbook::ledger::lineage_file::ContentSpec;
use herdbook::ledger::lineage_file::Faults;
use herdbook::ledger::lineage_file::Found;
use herdbook::ledger::lineage_file::Located;
use herdbook::ledger::lineage_file::Lookup;
use herdbook::manifest::Manifest;
use herdbook::manifest::read_member;
use herdbook::merkle::LeafIndex;
use herdbook::merkle::leaf_hash;
use herdbook::rows::Likeness;
use herdbook::rows::Row;
use herdbook::rows::RowKey;
use herdbook::rows::RowSplitter;
use herdbook::rows::RowTree;
use herdbook::rows::WantedRows;
use herdbook::sign::KeyOpener;
use herdbook::sign::Passphrase;
use herdbook::sign::PassphraseError;
use herdbook::sign::Passphrases;
use herdbook::sign::parse_public;
use herdbook::sign::ssh_forms;
use tempfile::TempDir;

/// More than any file here has entries.
const ENTRIES_MAX: u64 = 64;

/// The file that a cache is asked for.
pub const STAMP: FileStamp = FileStamp {
    device: 1,
    inode: 2,
    bytes: 3,
    modified_ns: 4,
    changed_ns: 5,
};

/// What opens every key file that is a seed.
pub const PASSPHRASE: &str = "correct horse";

/// A file of these bytes in a folder that is gone afterwards.
struct Given {
    folder: TempDir,
    path: PathBuf,
}

impl Given {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("a file in it");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a file of our own");
        Self { folder, path }
    }
}

pub fn settings(bytes: &[u8]) -> bool {
    let Ok(settings) = Settings::decode(bytes) else {
        return false;
    };
    assert_eq!(
        Settings::decode(&settings.encode()).expect("what we write"),
        settings
    );
    true
}

/// Any of its forms. What it names is not there, and whoever wrote it is told the same each time.
pub fn lineage_file(bytes: &[u8]) -> bool {
    let (form, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let name = ["lineage.yaml", "lineage.json", "lineage.jsonl", "lineage"][usize::from(form % 4)];
    let path = Path::new("/nowhere/at/all").join(name);
    let read = || lineage_file::parse(&path, bytes, &lineage_file::Settings::default());
    let (first, second) = (read(), read());
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
    if let Err(faults) = &first {
        assert!(!faults.to_string().is_empty());
    }
    first.is_ok()
}

/// Collections of others. No parent is lost on the way.
pub fn dpi(bytes: &[u8]) -> bool {
    let Ok(imported) = dpi::import(&[("a.json".to_owned(), bytes.to_vec())]) else {
        return false;
    };
    let sources = imported.file["sources"].as_array().expect("a list of sources");
    let parents = sources
        .iter()
        .filter_map(|source| source["derived_from"].as_array());
    assert_eq!(parents.map(Vec::len).sum::<usize>(), imported.parents.len());
    imported.sources > 0
}

/// Records of workers, read as `digests_from`, and each line for itself.
pub fn worker_records(bytes: &[u8]) -> bool {
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Ok(member) = read_member(line) {
            let manifest = Manifest::of(vec![member]).expect("a member that was read");
            assert_eq!(manifest.bytes, [line, b"\n"].concat());
        }
    }
    let given = Given::new("records.ndjson", bytes);
    let named = Located {
        value: "records.ndjson".to_owned(),
        line: 1,
    };
    let lookup = Lookup::beside(&given.folder.path().join("lineage.yaml"));
    let mut faults = Faults::default();
    let found = lookup.content(&ContentSpec::DigestsFrom(vec![named]), &mut faults);
    assert!(matches!(found, Found::Given(_)));
    faults.is_empty()
}

/// Knows the passphrase of every seed.
#[derive(Debug)]
struct Known;

impl Passphrases for Known {
    fn passphrase(&self, _: &Path) -> Result<Passphrase, PassphraseError> {
        Passphrase::new(PASSPHRASE.to_owned().into())
    }
}

/// A private key in any form; one that is opened signs.
pub fn key_file(bytes: &[u8]) -> bool {
    let given = Given::new("signer.pem", bytes);
    let opener = KeyOpener::new(None, Arc::new(Known));
    drop(opener.public(&given.path));
    let Ok(key) = opener.open(&given.path) else {
        return false;
    };
    let signature = key.sign(b"message").expect("a key that was read signs");
    let public = PublicKey::from_bytes(&key.public_key()).expect("a key that was read is sound");
    public.verify(b"message", &signature).expect("its own signature");
    true
}

pub fn public_key(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let Ok(key) = parse_public(text) else {
        return false;
    };
    for form in [key.to_hex(), ssh_forms(key).0] {
        assert_eq!(parse_public(&form).expect("what we write"), key);
    }
    true
}

/// What a cache says of a file that it may know; afterwards it knows it.
pub fn hash_cache(bytes: &[u8]) -> bool {
    let given = Given::new("cache", bytes);
    let open = || HashCache::open(&given.path, [7; 32], i128::from(u64::MAX)).expect("the file can be read");
    let path = Path::new("a.jsonl");
    let found = open().get(path, &STAMP);
    let Some(found) = found else {
        return false;
    };
    open().keep([&found]).expect("the file can be written");
    assert_eq!(
        format!("{:?}", open().get(path, &STAMP)),
        format!("{:?}", Some(found))
    );
    true
}

/// Rows of anything, in pieces of as many bytes as the first byte says: counted, put into a tree and looked for. Accepted is what has
/// a row that is found again.
pub fn rows(bytes: &[u8]) -> bool {
    let (size, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let size = usize::from(*size).max(1);
    let (mut splitter, mut wanted) = (RowSplitter::new(), WantedRows::new(Some(3)));
    let mut tree = RowTree::new(RowKey::Plain);
    let mut counter = RowCounter::for_path(Path::new("a.jsonl")).expect("rows are counted");
    let mut rows = Vec::new();
    for piece in bytes.chunks(size) {
        splitter
            .push(piece, |row| rows.push(row.bytes.to_vec()))
            .expect("shorter than any limit");
        tree.update(piece).expect("shorter than any limit");
        counter.update(piece);
    }
    splitter.finish(|row| rows.push(row.bytes.to_vec()));
    let (root, count) = tree.finish();
    assert_eq!(
        (count, count),
        (rows.len() as u64, counter.finish()),
        "all count the same"
    );
    let leaves: Vec<_> = rows.iter().map(|row| leaf_hash(row)).collect();
    assert_eq!(root.root(), herdbook::merkle::root(&leaves));
    for (number, row) in (1..).zip(&rows) {
        let row = Row {
            number,
            line: number,
            bytes: row,
        };
        wanted.add(row).expect("fewer than any limit");
    }
    let wanted = wanted.ready();
    for (at, row) in (0_u32..).zip(&rows) {
        assert_eq!(wanted.like(row).get(&at), Some(&Likeness::Exact));
    }
    !rows.is_empty()
}

/// One segment that is asked everything. The first byte says how many entries its name promises.
pub fn segment(bytes: &[u8]) -> bool {
    let to = bytes.first().copied().unwrap_or(1).max(1);
    let name = format!("{:020}-{to:020}.seg", 0);
    let given = Given::new(&name, bytes.get(1..).unwrap_or_default());
    let Ok(Some(index)) = Segments::open(given.folder.path(), "example.com/house") else {
        return false;
    };
    let mut whole = index.contested().is_ok();
    for entry in (0..ENTRIES_MAX).map(LeafIndex::new) {
        drop((index.children(entry), index.parents(entry)));
        if let Ok(Some(id)) = index.id_at(entry) {
            whole &= index.entry_of(id).is_ok();
            if let Ok(Some(facts)) = index.facts(id) {
                for subject in facts.subjects.iter().take(8) {
                    drop(format!("{subject:?}"));
                }
            }
        }
    }
    for name in index.names().unwrap_or_default() {
        drop(index.versions(&name));
    }
    for digit in ["0", "7", "ff"] {
        drop(IdPrefix::parse(digit).map(|prefix| index.ids(prefix, 9)));
    }
    let digests: Vec<_> = [[0; 32], [0x11; 32], [0xff; 32]]
        .map(herdbook::digest::Sha256Digest::from_bytes)
        .to_vec();
    for digest in &digests {
        drop(index.claims(*digest));
    }
    drop(index.claimed_by_others(&digests, herdbook::digest::StatementId::from_bytes([0; 32])));
    whole
}
