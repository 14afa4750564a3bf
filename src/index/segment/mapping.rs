//! A file as memory: the only code here that the compiler cannot vouch for.

use std::fs::File;
use std::io;

use memmap2::Mmap;

/// Maps a whole file for reading.
#[expect(
    unsafe_code,
    reason = "a reader answers from a file of any size without loading it"
)]
pub(super) fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the file must not change or shrink while it is mapped. Segments are written under another name,
    // flushed and renamed; after that nobody of this program opens them for writing, and removing one keeps its
    // bytes until it is unmapped. Bytes are read through bounds-checked slices only, each page after its digest was
    // found right, and are never taken for anything but bytes.
    unsafe { Mmap::map(file) }
}
