//! The archive: POSIX ustar in one form only, so that every byte of it is determined by names and contents.
//!
//! A header that was read is compared with the one that would have been written; padding is zero, and after two
//! blocks of zeros nothing follows. So no byte can be changed without being noticed, and no name leads anywhere.

use std::io;
use std::io::Read;
use std::io::Write;

use super::BundleError;

/// The length of a header and the unit of padding, in bytes.
const BLOCK: usize = 512;

/// The longest name of a member in bytes.
const NAME_BYTES_MAX: usize = 100;

/// The name in the first header.
const BEGINNING: &[u8] = b"bundle.json\0";

/// How many bytes are read at a time.
const PART_BYTES: usize = 64 * 1024;

/// Why bytes are no archive of the one form.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// A header that this program would not have written.
    #[error(
        "the header at byte {at} is not of the one form: only plain files with plain names may stand in it"
    )]
    Header {
        /// Where.
        at: u64,
    },
    /// Something else than zeros behind a member or at the end.
    #[error("at byte {at} stands something else than the zeros that must stand there")]
    Padding {
        /// Where.
        at: u64,
    },
    /// Something else.
    #[error("it is not a bundle: it does not begin like one")]
    NotABundle,
    /// A compressed file.
    #[error("it is compressed, and a bundle never is: unpack it first")]
    Compressed,
}

/// One member of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) size: u64,
    /// Where its bytes begin.
    pub(super) offset: u64,
}

/// Returns the header of a member.
fn header(name: &str, size: u64) -> io::Result<[u8; BLOCK]> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_size(size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    Ok(*header.as_bytes())
}

/// Writes the header of a member, whose bytes and [`pad`] follow.
pub(super) fn begin(out: &mut dyn Write, name: &str, size: u64) -> io::Result<()> {
    out.write_all(&header(name, size)?)
}

/// Writes the zeros behind a member of `size` bytes.
pub(super) fn pad(out: &mut dyn Write, size: u64) -> io::Result<()> {
    out.write_all(&vec![0; padding(size)])
}

/// Writes the end of an archive.
pub(super) fn end(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&[0; 2 * BLOCK])
}

fn padding(size: u64) -> usize {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
    (BLOCK - over) % BLOCK
}

/// Reads an archive from its beginning to its end.
#[derive(Debug)]
pub(super) struct Reader<R> {
    from: R,
    at: u64,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, at: 0 }
    }

    /// Reads the next header; nothing at the end of the archive, behind which nothing may follow.
    pub(super) fn next(&mut self) -> Result<Option<Member>, BundleError> {
        let at = self.at;
        let block = if at == 0 {
            self.first_block()?
        } else {
            self.block("a header")?
        };
        if block == [0; BLOCK] {
            self.finish()?;
            return Ok(None);
        }
        let wrong = || BundleError::Container(ContainerError::Header { at });
        let name = block.get(..NAME_BYTES_MAX).unwrap_or_default();
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'.';
        if name.is_empty() || !name.iter().all(plain) {
            return Err(wrong());
        }
        let name = String::from_utf8(name.to_vec()).map_err(|_| wrong())?;
        let mut read = tar::Header::new_ustar();
        read.as_mut_bytes().copy_from_slice(&block);
        let size = read.size().map_err(|_| wrong())?;
        if header(&name, size).ok().as_ref() != Some(&block) {
            return Err(wrong());
        }
        let offset = self.at;
        Ok(Some(Member { name, size, offset }))
    }

    /// Hands on the bytes of the member whose header was read last.
    pub(super) fn bytes(&mut self, member: &Member, mut each: impl FnMut(&[u8])) -> Result<(), BundleError> {
        let mut buffer = vec![0; PART_BYTES];
        let mut left = member.size;
        while left > 0 {
            let length = usize::try_from(left).map_or(PART_BYTES, |left| left.min(PART_BYTES));
            let part = buffer.get_mut(..length).unwrap_or_default();
            self.exactly(part, &member.name)?;
            each(part);
            left -= length as u64;
        }
        let at = self.at;
        let mut zeros = vec![0; padding(member.size)];
        self.exactly(&mut zeros, &member.name)?;
        if zeros.iter().any(|byte| *byte != 0) {
            return Err(BundleError::Container(ContainerError::Padding { at }));
        }
        Ok(())
    }

    /// Returns all bytes of the member whose header was read last; at most `limit`.
    pub(super) fn all(&mut self, member: &Member, limit: u64) -> Result<Vec<u8>, BundleError> {
        check_size(member, limit)?;
        let mut all = Vec::new();
        self.bytes(member, |part| all.extend_from_slice(part))?;
        Ok(all)
    }

    fn finish(&mut self) -> Result<(), BundleError> {
        let at = self.at;
        let wrong = |at| BundleError::Container(ContainerError::Padding { at });
        if self.block("the end")? != [0; BLOCK] {
            return Err(wrong(at));
        }
        let mut more = [0];
        match self.from.read(&mut more)? {
            0 => Ok(()),
            _ => Err(wrong(self.at)),
        }
    }

    /// Reads the block that tells a bundle from something else, which may be shorter than a block.
    fn first_block(&mut self) -> Result<[u8; BLOCK], BundleError> {
        let mut bytes = Vec::new();
        (&mut self.from).take(BLOCK as u64).read_to_end(&mut bytes)?;
        if is_compressed(&bytes) {
            return Err(BundleError::Container(ContainerError::Compressed));
        }
        if !bytes
            .iter()
            .zip(BEGINNING)
            .all(|(found, expected)| found == expected)
        {
            return Err(BundleError::Container(ContainerError::NotABundle));
        }
        self.at = bytes.len() as u64;
        bytes.try_into().map_err(|_| BundleError::Incomplete {
            place: "the first header".to_owned(),
        })
    }

    fn block(&mut self, place: &str) -> Result<[u8; BLOCK], BundleError> {
        let mut block = [0; BLOCK];
        self.exactly(&mut block, place)?;
        Ok(block)
    }

    fn exactly(&mut self, bytes: &mut [u8], place: &str) -> Result<(), BundleError> {
        match self.from.read_exact(bytes) {
            Ok(()) => {
                self.at = self.at.saturating_add(bytes.len() as u64);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(BundleError::Incomplete {
                place: place.to_owned(),
            }),
            Err(error) => Err(error.into()),
        }
    }
}

/// Refuses a member that is longer than it may be, before any of it is read.
pub(super) fn check_size(member: &Member, limit: u64) -> Result<(), BundleError> {
    if member.size > limit {
        return Err(BundleError::TooLong {
            name: member.name.clone(),
            found: member.size,
            limit,
        });
    }
    Ok(())
}

/// The first bytes of gzip, zstd, xz, bzip2 and zip.
fn is_compressed(block: &[u8]) -> bool {
    let magic: [&[u8]; 5] = [
        b"\x1f\x8b",
        b"\x28\xb5\x2f\xfd",
        b"\xfd7zXZ",
        b"BZh",
        b"PK\x03\x04",
    ];
    magic.iter().any(|magic| block.starts_with(magic))
}
