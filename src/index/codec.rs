//! Records of the index as bytes: one byte of version, then `bincode` with fixed-width little-endian integers.
//!
//! Records are structs of integers, arrays, strings and lists, so their bytes are determined by their values. They
//! are read with a limit and nothing may follow them. Nothing signed ever depends on these bytes.

use bincode::Options as _;
use serde::Deserialize;
use serde::Serialize;

/// The first byte of every record, and the schema as a whole: another one means another program wrote it.
pub(super) const CODEC_VERSION: u8 = 1;

/// The largest record, in bytes: the facts of a data set whose manifest, the largest there may be, cites a
/// statement in each of its lines.
pub(super) const RECORD_BYTES_MAX: u64 = 1 << 30;

fn options() -> impl bincode::Options {
    bincode::options()
        .with_fixint_encoding()
        .with_limit(RECORD_BYTES_MAX)
        .reject_trailing_bytes()
}

/// Returns the bytes of a record; nothing if it has more than [`RECORD_BYTES_MAX`].
pub(super) fn encode(record: &impl Serialize) -> Option<Vec<u8>> {
    let mut bytes = vec![CODEC_VERSION];
    options().serialize_into(&mut bytes, record).ok()?;
    Some(bytes)
}

/// Returns the record; nothing if the bytes are not exactly one of this version.
pub(super) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let (&version, record) = bytes.split_first()?;
    if version != CODEC_VERSION {
        return None;
    }
    options().deserialize(record).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    struct Record {
        number: u32,
        digest: [u8; 32],
        text: String,
        list: Vec<u64>,
    }

    fn record() -> Record {
        Record {
            number: 7,
            digest: [9; 32],
            text: "one".to_owned(),
            list: vec![1, 2],
        }
    }

    #[test]
    fn a_record_has_one_form() {
        let bytes = encode(&record()).unwrap();
        let mut expected = vec![CODEC_VERSION, 7, 0, 0, 0];
        expected.extend([9; 32]);
        expected.extend([3, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend(b"one");
        expected.extend([
            2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
        ]);
        assert_eq!(bytes, expected);
        assert_eq!(decode::<Record>(&bytes), Some(record()));
    }

    #[test]
    fn nothing_else_is_a_record() {
        let bytes = encode(&record()).unwrap();
        for cut in 0..bytes.len() {
            assert_eq!(decode::<Record>(&bytes[..cut]), None, "{cut}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(decode::<Record>(&longer), None);
        let mut newer = bytes.clone();
        newer[0] = CODEC_VERSION + 1;
        assert_eq!(decode::<Record>(&newer), None);
        // A length that no memory holds.
        let mut huge = bytes;
        huge[37..45].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(decode::<Record>(&huge), None);
    }
}
