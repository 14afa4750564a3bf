use std::path::PathBuf;

use super::*;
use crate::index::Index;
use crate::index::MemoryIndex;
use crate::index::agreement::answers;
use crate::index::agreement::some_batches;
use crate::index::conformance;

const ORIGIN: &str = "example.com/test";

fn expected() -> Vec<String> {
    let mut memory = MemoryIndex::new();
    for (batch, to, resume) in some_batches() {
        IndexMut::apply(&mut memory, batch, to, resume).unwrap();
    }
    answers(&memory).unwrap()
}

fn fill(index: &mut SledIndex) {
    for (batch, to, resume) in some_batches() {
        IndexMut::apply(index, batch, to, resume).unwrap();
    }
    assert_eq!(answers(index).unwrap(), expected());
}

/// Goes on from wherever the index ends, as a replay does.
fn catch_up(index: &mut SledIndex) {
    for (batch, to, resume) in some_batches() {
        if Index::watermark(index).is_none_or(|now| now.size < to.size) {
            IndexMut::apply(index, batch, to, resume).unwrap();
        }
    }
    assert_eq!(answers(index).unwrap(), expected());
}

/// A folder with a whole index in it, closed.
fn filled() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sled");
    fill(&mut SledIndex::open(&path, ORIGIN).unwrap());
    (folder, path)
}

#[test]
fn the_index_in_sled_conforms() {
    let folders = tempfile::tempdir().unwrap();
    let mut next = 0;
    conformance::check(&mut || {
        next += 1;
        let folder = folders.path().join(next.to_string());
        Box::new(SledIndex::open(&folder, ORIGIN).unwrap())
    });
}

#[test]
fn what_was_applied_is_there_at_the_next_opening() {
    let (_keep, path) = filled();
    assert_eq!(
        answers(&SledIndex::open(&path, ORIGIN).unwrap()).unwrap(),
        expected()
    );
    let kept = SledIndex::open_or_new(&path, ORIGIN).unwrap();
    assert_eq!(answers(&kept).unwrap(), expected());
}

#[test]
fn garbage_leads_to_a_rebuild() {
    let (_keep, path) = filled();
    let files = || {
        let entries = fs::read_dir(&path).unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
    };
    let good: Vec<_> = files()
        .map(|file| (file.clone(), fs::read(file).unwrap()))
        .collect();
    assert!(good.len() >= 2);
    for (damaged, bytes) in &good {
        for length in [0, 1, bytes.len() / 2] {
            fs::remove_dir_all(&path).unwrap();
            fs::create_dir_all(path.join("blobs")).unwrap();
            for (file, bytes) in &good {
                fs::write(file, bytes).unwrap();
            }
            fs::write(damaged, vec![0xa5; length]).unwrap();
            let mut index = SledIndex::open_or_new(&path, ORIGIN).unwrap();
            catch_up(&mut index);
        }
    }
}

#[test]
fn a_half_written_folder_leads_to_a_rebuild() {
    let (_keep, path) = filled();
    let db = path.join("db");
    let good = fs::read(&db).unwrap();
    for part in [1, 3, 8, 12, 15] {
        fs::remove_dir_all(&path).unwrap();
        fs::create_dir_all(&path).unwrap();
        fs::write(&db, &good[..good.len() * part / 16]).unwrap();
        let mut index = SledIndex::open_or_new(&path, ORIGIN).unwrap();
        catch_up(&mut index);
    }
    fs::remove_dir_all(&path).unwrap();
    fs::write(&path, b"a file where a folder should be").unwrap();
    fill(&mut SledIndex::open_or_new(&path, ORIGIN).unwrap());
}

#[test]
fn the_index_of_another_log_is_not_used() {
    let (_keep, path) = filled();
    let other = SledIndex::open(&path, "example.com/other").unwrap_err();
    assert!(matches!(other, IndexError::Origin { .. }));
    let new = SledIndex::open_or_new(&path, "example.com/other").unwrap();
    assert_eq!(Index::watermark(&new), None);
    assert_eq!(new.store.keys(&[0], &[0xff]).unwrap().len(), 0);
}

#[test]
fn another_version_is_not_used() {
    let (_keep, path) = filled();
    {
        let index = SledIndex::open(&path, ORIGIN).unwrap();
        let mut meta = index.store.get(&META_KEY).unwrap().unwrap().to_vec();
        meta[0] += 1;
        let mut batch = ::sled::Batch::default();
        batch.insert(&META_KEY, meta);
        index.store.apply(batch).unwrap();
        index.store.flush().unwrap();
    }
    let newer = SledIndex::open(&path, ORIGIN).unwrap_err();
    assert!(matches!(newer, IndexError::Damaged { .. }), "{newer}");
    fill(&mut SledIndex::open_or_new(&path, ORIGIN).unwrap());
}

#[test]
fn after_a_panic_the_library_is_not_used_again() {
    let (_keep, path) = filled();
    let index = SledIndex::open(&path, ORIGIN).unwrap();
    let panicked = index
        .store
        .guard(|_| -> ::sled::Result<()> { panic!("as sled does") });
    assert!(matches!(panicked, Err(IndexError::Damaged { .. })));
    let refused = answers(&index).unwrap_err();
    assert!(refused.asks_for_rebuild(), "{refused}");
    drop(index);
    let again = SledIndex::open_or_new(&path, ORIGIN).unwrap();
    assert_eq!(answers(&again).unwrap(), expected());
}

#[test]
fn blocks_that_no_record_names_are_removed() {
    let (_keep, path) = filled();
    {
        // As a batch leaves them that stopped before its last step.
        let index = SledIndex::open(&path, ORIGIN).unwrap();
        let mut batch = ::sled::Batch::default();
        for table in Table::ALL {
            for run in [0, 99, u64::MAX - 1] {
                let mut key = run_key(table, run);
                key.extend([0; 32]);
                batch.insert(key, b"half");
            }
        }
        index.store.apply(batch).unwrap();
        index.store.flush().unwrap();
    }
    let index = SledIndex::open(&path, ORIGIN).unwrap();
    assert_eq!(answers(&index).unwrap(), expected());
    let keys = index.store.keys(&[0], &[0xff]).unwrap();
    assert!(!keys.is_empty());
    let named = |key: &::sled::IVec| index.runs.iter().any(|run| key[1..9] == run.number.to_be_bytes());
    assert!(keys.iter().all(named));
}

#[test]
fn a_stopped_replay_goes_on() {
    let (_keep, path) = filled();
    fs::remove_dir_all(&path).unwrap();
    let mut batches = some_batches().into_iter();
    {
        let mut index = SledIndex::open_or_new(&path, ORIGIN).unwrap();
        let (batch, to, resume) = batches.next().unwrap();
        IndexMut::apply(&mut index, batch, to, resume).unwrap();
    }
    let mut index = SledIndex::open_or_new(&path, ORIGIN).unwrap();
    let resume = Index::resume(&index).unwrap().clone();
    assert_eq!(resume, some_batches()[0].2);
    for (batch, to, resume) in batches {
        IndexMut::apply(&mut index, batch, to, resume).unwrap();
    }
    assert_eq!(answers(&index).unwrap(), expected());
}

#[test]
fn runs_stay_few_and_blocks_are_packed() {
    let folder = tempfile::tempdir().unwrap();
    let mut index = SledIndex::open(folder.path(), ORIGIN).unwrap();
    let predicate = || conformance::prompt("p", &["x"]);
    for entry in 0..300_u64 {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&entry.to_le_bytes());
        let id = crate::digest::StatementId::from_bytes(bytes);
        let batch = vec![conformance::indexed(entry, id, predicate(), &[])];
        IndexMut::apply(&mut index, batch, conformance::to(entry + 1), Resume::default()).unwrap();
    }
    assert!(index.runs.len() <= 9, "{:?}", index.runs);
    let rows: u64 = index.runs.iter().map(|run| run.rows).sum();
    // Of each entry one row of entries, ids, facts, names, digests; and the contested digest, once in each run.
    assert!((1_500..1_510).contains(&rows), "{rows}");
    let blocks = index.store.keys(&[0], &[0xff]).unwrap().len();
    assert!(blocks < 70, "{blocks}");
    let name = conformance::name("p");
    assert_eq!(index.versions(&name).unwrap().len(), 300);
    let claims = index.claims(crate::digest::Sha256Digest::of(b"x")).unwrap();
    assert_eq!(claims.len(), 300);
    assert_eq!(index.contested().unwrap().len(), 1);
}
