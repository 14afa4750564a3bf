use std::fs;
use std::path::PathBuf;

use super::header::HEADER_BYTES;
use super::header::Header;
use super::header::PAGE_BYTES;
use super::*;
use crate::index::Index;
use crate::index::agreement::answers;
use crate::index::agreement::some_batches;

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
