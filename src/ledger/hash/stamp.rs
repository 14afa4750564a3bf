//! The stamp of a file: what must not move while its bytes are read.

use std::fs::File;
use std::fs::FileType;
use std::fs::Metadata;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::HashError;

/// Identity, length and times of a regular file, as the file system tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileStamp {
    /// The device the file lies on.
    pub device: u64,
    /// The file's number on that device.
    pub inode: u64,
    /// The length in bytes.
    pub bytes: u64,
    /// When the bytes last changed, in nanoseconds since 1970.
    pub modified_ns: i128,
    /// When the bytes, the owner, the mode or the number of links last changed, in nanoseconds since 1970.
    pub changed_ns: i128,
}

impl FileStamp {
    /// Looks at `path`, through links, without opening it.
    pub fn of_path(path: &Path) -> Result<Self, HashError> {
        let metadata = std::fs::metadata(path).map_err(|source| HashError::from_io(path, source))?;
        Self::of_metadata(path, &metadata)
    }

    /// Looks at an open file; `path` is only named in errors.
    pub(super) fn of_open(path: &Path, file: &File) -> Result<Self, HashError> {
        let metadata = file
            .metadata()
            .map_err(|source| HashError::from_io(path, source))?;
        Self::of_metadata(path, &metadata)
    }

    fn of_metadata(path: &Path, metadata: &Metadata) -> Result<Self, HashError> {
        let file_type = metadata.file_type();
        if file_type.is_dir() {
            return Err(HashError::Folder {
                path: path.to_owned(),
            });
        }
        if !file_type.is_file() {
            return Err(HashError::NotAFile {
                path: path.to_owned(),
                what: describe(file_type),
            });
        }
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

fn nanoseconds(seconds: i64, rest: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(rest)
}

fn describe(file_type: FileType) -> &'static str {
    if file_type.is_fifo() {
        "named pipe"
    } else if file_type.is_socket() {
        "socket"
    } else {
        "device"
    }
}
