use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::header::HEADER_BYTES;
use super::header::Header;
use super::header::PAGE_BYTES;
use super::*;
use crate::digest::StatementId;
use crate::index::Index;
use crate::index::agreement::answers;
use crate::index::agreement::some_batches;
use crate::index::conformance;

const ORIGIN: &str = "example.com/test";

/// Publishes a small log as two segments; returns the folder and the files.
fn published() -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    for (batch, to, resume) in some_batches() {
        Segments::publish(folder.path(), &batch, &to, &resume).unwrap();
    }
    let files = folder::list(folder.path()).unwrap();
    (folder, files.into_iter().map(|named| named.path).collect())
}

fn ask(folder: &Path) -> Result<Vec<String>, IndexError> {
    let index = Segments::open(folder, ORIGIN)?;
    answers(&index.expect("the files are there"))
}

#[test]
fn no_flipped_byte_gives_another_answer() {
    let (folder, files) = published();
    assert_eq!(files.len(), 2);
    let expected = ask(folder.path()).unwrap();
    for file in &files {
        let good = fs::read(file).unwrap();
        let mut refused = 0;
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            fs::write(file, &bad).unwrap();
            match ask(folder.path()) {
                Ok(answers) => assert_eq!(answers, expected, "byte {at} of {}", file.display()),
                Err(error) => {
                    assert!(error.asks_for_rebuild(), "{error}");
                    refused += 1;
                }
            }
        }
        assert_eq!(refused, good.len(), "every byte is used or covered");
        fs::write(file, &good).unwrap();
    }
    assert_eq!(ask(folder.path()).unwrap(), expected);
}

#[test]
fn a_cut_or_grown_file_is_refused() {
    let (folder, files) = published();
    let good = fs::read(&files[1]).unwrap();
    let mut lengths: Vec<usize> = (0..good.len()).step_by(7).collect();
    lengths.extend([HEADER_BYTES - 1, HEADER_BYTES, good.len() - 1]);
    for length in lengths {
        fs::write(&files[1], &good[..length]).unwrap();
        let refused = ask(folder.path()).unwrap_err();
        assert!(refused.asks_for_rebuild(), "{length}: {refused}");
    }
    fs::write(&files[1], [good.as_slice(), &[0]].concat()).unwrap();
    let refused = ask(folder.path()).unwrap_err();
    assert!(matches!(refused, IndexError::Damaged { .. }), "{refused}");
}

/// Writes the digests that belong to the bytes, as somebody would who wants them to be believed.
fn reseal(bytes: &mut [u8]) {
    let header = Header::decode(bytes.first_chunk().unwrap());
    let Some(mut header) = header else { return };
    let pages_at = usize::try_from(header.pages_at).unwrap();
    let pages: Vec<u8> = bytes[HEADER_BYTES..pages_at]
        .chunks(PAGE_BYTES)
        .flat_map(|page| *blake3::hash(page).as_bytes())
        .collect();
    bytes[pages_at..].copy_from_slice(&pages);
    header.pages_digest = *blake3::hash(&pages).as_bytes();
    bytes[..HEADER_BYTES].copy_from_slice(&header.encode().unwrap());
}

#[test]
fn made_up_bytes_never_panic() {
    let (folder, files) = published();
    let good = fs::read(&files[1]).unwrap();
    let mut other = 0;
    for at in HEADER_BYTES..good.len() {
        for value in [0, 0xff, good[at] ^ 1] {
            let mut bad = good.clone();
            bad[at] = value;
            reseal(&mut bad);
            fs::write(&files[1], &bad).unwrap();
            other += u64::from(ask(folder.path()).is_ok());
        }
    }
    assert!(other > 0, "some made-up bytes are well-formed");
    // A header that names places outside of the file, with the right digest.
    for at in 0..HEADER_BYTES - 32 {
        for value in [0, 0x7f, 0xff] {
            let mut bad = good.clone();
            bad[at] = value;
            let digest = blake3::hash(&bad[..HEADER_BYTES - 32]);
            bad[HEADER_BYTES - 32..HEADER_BYTES].copy_from_slice(digest.as_bytes());
            fs::write(&files[1], &bad).unwrap();
            drop(ask(folder.path()));
        }
    }
}

#[test]
fn what_is_no_segment_is_not_looked_at() {
    let (folder, _) = published();
    let expected = ask(folder.path()).unwrap();
    for name in [
        "unfinished.tmp",
        "0-1.seg",
        "notes",
        "00000000000000000003-00000000000000000003.seg",
    ] {
        fs::write(folder.path().join(name), b"x").unwrap();
    }
    assert_eq!(ask(folder.path()).unwrap(), expected);
    assert!(
        Segments::open(&folder.path().join("absent"), ORIGIN)
            .unwrap()
            .is_none()
    );
    let other = Segments::open(folder.path(), "example.com/other").unwrap_err();
    assert!(matches!(other, IndexError::Origin { .. }));
}

#[test]
fn a_stopped_writer_leaves_nothing_that_counts() {
    let (folder, files) = published();
    let expected = ask(folder.path()).unwrap();
    // Stopped before the rename: half a file under the name of unfinished ones.
    fs::write(folder.path().join("unfinished.tmp"), b"half").unwrap();
    let (first, rest) = (fs::read(&files[0]).unwrap(), fs::read(&files[1]).unwrap());
    fs::remove_file(&files[1]).unwrap();
    let (batch, to, resume) = some_batches().pop().unwrap();
    Segments::publish(folder.path(), &batch, &to, &resume).unwrap();
    assert_eq!(fs::read(&files[0]).unwrap(), first);
    assert_eq!(fs::read(&files[1]).unwrap(), rest);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    assert_eq!(ask(folder.path()).unwrap(), expected);
}

#[test]
fn one_segment_for_all_replaces_the_others() {
    let (folder, files) = published();
    let expected = ask(folder.path()).unwrap();
    let before = Segments::open(folder.path(), ORIGIN).unwrap().unwrap();
    let sled = tempfile::tempdir().unwrap();
    let mut sled = SledIndex::open(sled.path(), ORIGIN).unwrap();
    for (batch, to, resume) in some_batches() {
        crate::index::IndexMut::apply(&mut sled, batch, to, resume).unwrap();
    }
    Segments::consolidate(folder.path(), &sled).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(files.iter().all(|file| !file.exists()));
    assert_eq!(ask(folder.path()).unwrap(), expected);
    assert!(!Segments::should_consolidate(folder.path()).unwrap());
    // Who opened the others before still has them.
    assert_eq!(answers(&before).unwrap(), expected);
    // Stopped before the others were removed: the one that goes furthest counts.
    let bytes = fs::read(folder::list(folder.path()).unwrap()[0].path.clone()).unwrap();
    assert_eq!(Header::decode(bytes.first_chunk().unwrap()).unwrap().from, 0);
    fs::write(&files[0], b"damaged, but not chosen").unwrap();
    assert_eq!(ask(folder.path()).unwrap(), expected);
}

#[test]
fn many_segments_ask_to_be_made_one() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!Segments::should_consolidate(folder.path()).unwrap());
    let (batch, _, _) = some_batches().swap_remove(0);
    let to = |size| crate::index::conformance::to(size);
    Segments::publish(folder.path(), &batch[..1], &to(1), &Resume::default()).unwrap();
    assert!(!Segments::should_consolidate(folder.path()).unwrap());
    Segments::publish(folder.path(), &batch[1..2], &to(2), &Resume::default()).unwrap();
    assert!(Segments::should_consolidate(folder.path()).unwrap());
    let index = Segments::open(folder.path(), ORIGIN).unwrap().unwrap();
    assert_eq!(Index::watermark(&index), Some(&to(2)));
}

/// Numbers that only look random.
fn scattered(seed: u64) -> u64 {
    let digest = crate::digest::Sha256Digest::of(&seed.to_be_bytes());
    u64::from_be_bytes(*digest.as_bytes().first_chunk().unwrap())
}

fn scattered_id(seed: u64) -> StatementId {
    StatementId::from_bytes(*crate::digest::Sha256Digest::of(&seed.to_be_bytes()).as_bytes())
}

type ScatteredBatches = Vec<(Vec<Indexed>, Watermark)>;

/// Returns a log of `entries` in batches of uneven size, and the entries that each one cites.
fn scattered_log(entries: u64) -> (ScatteredBatches, Vec<Vec<u64>>) {
    let mut batches = ScatteredBatches::new();
    let mut cited = Vec::new();
    for entry in 0..entries {
        let count = scattered(entry + 5000) % 4;
        let parents = (0..count.min(entry)).map(|at| scattered(entry * 8 + at + 9000) % entry);
        let parents: BTreeSet<u64> = parents.collect();
        let ids: Vec<_> = parents.iter().map(|parent| scattered_id(*parent)).collect();
        let indexed = conformance::indexed(entry, scattered_id(entry), conformance::prompt("p", &[]), &ids);
        cited.push(parents.into_iter().collect());
        match batches.last_mut() {
            Some((batch, _)) if !scattered(entry).is_multiple_of(150) => batch.push(indexed),
            _ => batches.push((vec![indexed], conformance::to(entry))),
        }
        batches.last_mut().unwrap().1 = conformance::to(entry + 1);
    }
    (batches, cited)
}

/// Compares every edge, every id and every prefix of up to three digits with what the log says.
fn is_as_logged(index: &dyn Index, cited: &[Vec<u64>]) {
    let numbers = |entries: Vec<LeafIndex>| -> Vec<u64> { entries.into_iter().map(LeafIndex::get).collect() };
    for (entry, parents) in (0_u64..).zip(cited) {
        assert_eq!(&numbers(index.parents(LeafIndex::new(entry)).unwrap()), parents);
        let citing = (0_u64..)
            .zip(cited)
            .filter(|(_, parents)| parents.contains(&entry));
        let citing: Vec<u64> = citing.map(|(citing, _)| citing).collect();
        assert_eq!(numbers(index.children(LeafIndex::new(entry)).unwrap()), citing);
        let found = index.entry_of(scattered_id(entry)).unwrap();
        assert_eq!(found, Some(LeafIndex::new(entry)));
        assert_eq!(index.entry_of(scattered_id(entry + 1_000_000)).unwrap(), None);
    }
    let after = LeafIndex::new(cited.len() as u64);
    assert!(index.parents(after).unwrap().is_empty() && index.children(after).unwrap().is_empty());
    let ids: BTreeMap<_, _> = (0..cited.len() as u64)
        .map(|entry| (scattered_id(entry).to_hex(), scattered_id(entry)))
        .collect();
    let one = (0..16).map(|number| format!("{number:x}"));
    for digits in one.chain((0..4096).map(|number| format!("{number:03x}"))) {
        let prefix = crate::index::IdPrefix::parse(&digits).unwrap();
        let like = ids.iter().filter(|(hex, _)| hex.starts_with(&digits));
        let expected: Vec<_> = like.map(|(_, id)| *id).collect();
        assert_eq!(index.ids(prefix, usize::MAX).unwrap(), expected, "{digits}");
    }
}

#[test]
fn edges_and_ids_are_those_of_the_log() {
    let (batches, cited) = scattered_log(700);
    assert!((3..60).contains(&batches.len()), "{}", batches.len());
    let folder = tempfile::tempdir().unwrap();
    let sled = tempfile::tempdir().unwrap();
    let mut sled = SledIndex::open(sled.path(), ORIGIN).unwrap();
    for (batch, to) in batches {
        Segments::publish(folder.path(), &batch, &to, &Resume::default()).unwrap();
        crate::index::IndexMut::apply(&mut sled, batch, to, Resume::default()).unwrap();
    }
    is_as_logged(&Segments::open(folder.path(), ORIGIN).unwrap().unwrap(), &cited);
    Segments::consolidate(folder.path(), &sled).unwrap();
    let one = Segments::open(folder.path(), ORIGIN).unwrap().unwrap();
    assert_eq!(one.chain.len(), 1);
    is_as_logged(&one, &cited);
}

#[test]
fn more_entries_than_an_edge_can_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = SegmentWriter::create(&folder.path().join("x")).unwrap();
    let mut write = |end: u64| {
        let mut rows = Merge::from(vec![], &[]).unwrap();
        writer.table(Table::Parents, end - 2..end, &mut rows)
    };
    write(edges::ENTRIES_MAX).unwrap();
    let refused = write(edges::ENTRIES_MAX + 1).unwrap_err();
    let expected = "a segment of the index has at most 4294967295 entries";
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn tables_follow_each_other_without_a_gap() {
    let (_folder, files) = published();
    let bytes = fs::read(&files[1]).unwrap();
    let header = Header::decode(bytes.first_chunk().unwrap()).unwrap();
    for table in 0..Table::ALL.len() {
        for change in 0..4 {
            let mut other = header.clone();
            let span = &mut other.tables[table];
            match change {
                0 => span.offset += 1,
                1 => span.bytes += 4,
                2 => span.bytes = span.bytes.wrapping_sub(4),
                _ => span.rows += 1,
            }
            let encoded = other.encode().unwrap();
            assert_eq!(Header::decode(&encoded), None, "{table} {change}");
        }
    }
}
