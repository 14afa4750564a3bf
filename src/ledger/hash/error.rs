//! Why a path cannot be hashed, and what its owner can do.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::rows::RowError;

/// A path without a digest. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Nothing has this path.
    #[error("`{}` does not exist: correct the path, or state the digest under `digests` if the bytes are elsewhere", path.display())]
    Missing {
        /// The path as given.
        path: PathBuf,
    },
    /// A symbolic link whose target is missing, or that leads in a circle.
    #[error("`{}` is a link to `{}`, which leads nowhere: restore the target or name the file itself", path.display(), target.display())]
    BrokenLink {
        /// The link.
        path: PathBuf,
        /// Where it points.
        target: PathBuf,
    },
    /// A folder stands where a file is needed.
    #[error("`{}` is a folder: name the files in it, for example `{}/*`", path.display(), path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// A pipe, a socket or a device: it has no bytes that stay.
    #[error("`{}` is a {what}, which has no fixed content: write the data to a file and name that", path.display())]
    NotAFile {
        /// The path as given.
        path: PathBuf,
        /// What stands there, in words.
        what: &'static str,
    },
    /// The file may not be read by this user.
    #[error("`{}` may not be read by this user: allow it (for example `chmod u+r`) or run as its owner", path.display())]
    Denied {
        /// The file, or what it lies in.
        path: PathBuf,
    },
    /// The bytes or the identity differ between the first and the last look.
    #[error("`{}` changed while it was hashed: wait until its writer is done, then run the command again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A row that has no place in a tree.
    #[error("the rows of `{}` cannot be told apart: cut the line, or leave `row_root` out for this file", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// Which line is too long.
        source: RowError,
    },
    /// Any other failure of the file system.
    #[error("`{}` cannot be read: check the disk or copy the file elsewhere", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl HashError {
    /// Returns the path this is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing { path }
            | Self::BrokenLink { path, .. }
            | Self::Folder { path }
            | Self::NotAFile { path, .. }
            | Self::Denied { path }
            | Self::Changed { path }
            | Self::Row { path, .. }
            | Self::Io { path, .. } => path,
        }
    }

    /// Says what a failed look, opening or reading means.
    pub(super) fn from_io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied => Self::Denied { path },
            // A link that leads in a circle has no error kind of its own, so links are asked first.
            _ if path.is_symlink() && !path.exists() => {
                let target = std::fs::read_link(&path).unwrap_or_default();
                Self::BrokenLink { path, target }
            }
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing { path },
            io::ErrorKind::IsADirectory => Self::Folder { path },
            _ => Self::Io { path, source },
        }
    }
}
