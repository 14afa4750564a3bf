//! One member line: what it says, to bytes and back.

use std::collections::BTreeMap;

use crate::canonical::INTEGER_MAX;
use crate::canonical::Value;
use crate::digest::Blake3Digest;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::statement::KEYED_ROW_ROOT;
use crate::statement::ROW_ROOT;
use crate::statement::RowRoot;
use crate::statement::check_recorded_file_name;

use super::ManifestError;

/// One member of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The registered relative name.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: Sha256Digest,
    /// BLAKE3 of its bytes.
    pub blake3: Option<Blake3Digest>,
    /// Its size in bytes.
    pub bytes: Option<u64>,
    /// Its rows.
    pub rows: Option<u64>,
    /// Its tokens.
    pub tokens: Option<u64>,
    /// The root over its rows, which are counted then.
    pub row_root: Option<RowRoot>,
}

impl Member {
    /// Appends the line, without its line feed; a [`ManifestError::Field`] for what would not be read back.
    pub(super) fn encode_into(&self, line: u64, out: &mut Vec<u8>) -> Result<(), ManifestError> {
        let bad = |field| ManifestError::Field { line, field };
        check_recorded_file_name(&self.name).map_err(|_| bad("name"))?;
        if self.row_root.is_some() && self.rows.is_none() {
            return Err(bad("rows"));
        }
        out.push(b'{');
        if let Some(blake3) = self.blake3 {
            encode_field(out, "blake3", format!("\"{blake3}\"").as_bytes());
        }
        encode_count(out, "bytes", self.bytes).map_err(bad)?;
        self.encode_row_root(KEYED_ROW_ROOT, out);
        encode_field(out, "name", &Value::from(self.name.as_str()).encode());
        self.encode_row_root(ROW_ROOT, out);
        encode_count(out, "rows", self.rows).map_err(bad)?;
        encode_field(out, "sha256", format!("\"{}\"", self.sha256).as_bytes());
        encode_count(out, "tokens", self.tokens).map_err(bad)?;
        out.push(b'}');
        Ok(())
    }

    fn encode_row_root(&self, field: &'static str, out: &mut Vec<u8>) {
        if let Some(root) = self.row_root.filter(|root| root.field() == field) {
            encode_field(out, field, format!("\"{}\"", root.root()).as_bytes());
        }
    }

    /// Reads one line without its line feed.
    pub(super) fn decode(line: u64, text: &[u8]) -> Result<Self, ManifestError> {
        decode_plain(text).or_else(|NotPlain| Self::decode_any(line, text))
    }

    /// Reads any canonical line, and says what is wrong with one that is none.
    fn decode_any(line: u64, text: &[u8]) -> Result<Self, ManifestError> {
        let bad = |field| ManifestError::Field { line, field };
        let value = Value::decode(text).map_err(|source| ManifestError::Canonical { line, source })?;
        let Value::Object(mut members) = value else {
            return Err(bad("the whole line"));
        };
        let name = take_text(&mut members, "name", line)?.ok_or_else(|| bad("name"))?;
        check_recorded_file_name(&name).map_err(|_| bad("name"))?;
        let sha256 = take_text(&mut members, "sha256", line)?.ok_or_else(|| bad("sha256"))?;
        let blake3 = take_text(&mut members, "blake3", line)?;
        let mut root = |field| -> Result<Option<NodeHash>, ManifestError> {
            let hex = take_text(&mut members, field, line)?;
            hex.map(|hex| NodeHash::from_hex(&hex))
                .transpose()
                .map_err(|_| bad(field))
        };
        let (plain, keyed) = (root(ROW_ROOT)?, root(KEYED_ROW_ROOT)?);
        let member = Self {
            name,
            sha256: Sha256Digest::from_hex(&sha256).map_err(|_| bad("sha256"))?,
            blake3: blake3
                .map(|hex| Blake3Digest::from_hex(&hex))
                .transpose()
                .map_err(|_| bad("blake3"))?,
            bytes: take_count(&mut members, "bytes", line)?,
            rows: take_count(&mut members, "rows", line)?,
            tokens: take_count(&mut members, "tokens", line)?,
            row_root: RowRoot::of_fields(plain, keyed).map_err(|_| bad(KEYED_ROW_ROOT))?,
        };
        if member.row_root.is_some() && member.rows.is_none() {
            return Err(bad("rows"));
        }
        if members.is_empty() {
            Ok(member)
        } else {
            Err(bad("an unknown field"))
        }
    }
}

fn encode_field(out: &mut Vec<u8>, field: &'static str, value: &[u8]) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(field.as_bytes());
    out.extend_from_slice(b"\":");
    out.extend_from_slice(value);
}

/// Appends a known count; the error is the field whose count is beyond what a JSON number holds exactly.
fn encode_count(out: &mut Vec<u8>, field: &'static str, count: Option<u64>) -> Result<(), &'static str> {
    match count {
        None => Ok(()),
        Some(count) if count > INTEGER_MAX.unsigned_abs() => Err(field),
        Some(count) => {
            encode_field(out, field, count.to_string().as_bytes());
            Ok(())
        }
    }
}

/// A line that the short way leaves to the long one.
struct NotPlain;

/// Reads a line whose characters all stand for themselves: nearly every line there is, several times as fast as by
/// way of a [`Value`]. It accepts nothing that [`Member::decode_any`] does not read to the same.
fn decode_plain(text: &[u8]) -> Result<Member, NotPlain> {
    if !text
        .iter()
        .all(|byte| (b' '..=b'~').contains(byte) && *byte != b'\\')
    {
        return Err(NotPlain);
    }
    let text = std::str::from_utf8(text).map_err(|_| NotPlain)?;
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let mut rest = inner.ok_or(NotPlain)?;
    let blake3 = plain_text(&mut rest, "\"blake3\":\"")?;
    let bytes = plain_count(&mut rest, "\"bytes\":")?;
    let keyed = plain_text(&mut rest, "\"keyed_row_root\":\"")?;
    let name = plain_text(&mut rest, "\"name\":\"")?.ok_or(NotPlain)?;
    let plain = plain_text(&mut rest, "\"row_root\":\"")?;
    let rows = plain_count(&mut rest, "\"rows\":")?;
    let sha256 = plain_text(&mut rest, "\"sha256\":\"")?.ok_or(NotPlain)?;
    let tokens = plain_count(&mut rest, "\"tokens\":")?;
    check_recorded_file_name(name).map_err(|_| NotPlain)?;
    let has_root = plain.is_some() || keyed.is_some();
    if !rest.is_empty() || (has_root && rows.is_none()) {
        return Err(NotPlain);
    }
    let root = |hex: Option<&str>| hex.map(NodeHash::from_hex).transpose().map_err(|_| NotPlain);
    let blake3 = blake3.map(Blake3Digest::from_hex).transpose();
    Ok(Member {
        name: name.to_owned(),
        sha256: Sha256Digest::from_hex(sha256).map_err(|_| NotPlain)?,
        blake3: blake3.map_err(|_| NotPlain)?,
        bytes,
        rows,
        tokens,
        row_root: RowRoot::of_fields(root(plain)?, root(keyed)?).map_err(|_| NotPlain)?,
    })
}

/// Takes a text that begins with `key`; nothing when another key stands there.
fn plain_text<'a>(rest: &mut &'a str, key: &str) -> Result<Option<&'a str>, NotPlain> {
    let Some(after) = rest.strip_prefix(key) else {
        return Ok(None);
    };
    let (value, after) = after.split_once('"').ok_or(NotPlain)?;
    *rest = next_member(after)?;
    Ok(Some(value))
}

/// Takes a whole number in the same way.
fn plain_count(rest: &mut &str, key: &str) -> Result<Option<u64>, NotPlain> {
    let Some(after) = rest.strip_prefix(key) else {
        return Ok(None);
    };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let (value, after) = after.split_at(digits);
    if digits > 1 && value.starts_with('0') {
        return Err(NotPlain);
    }
    let count: u64 = value.parse().map_err(|_| NotPlain)?;
    if count > INTEGER_MAX.unsigned_abs() {
        return Err(NotPlain);
    }
    *rest = next_member(after)?;
    Ok(Some(count))
}

/// Returns what stands after a value: nothing, or the member behind a comma.
fn next_member(after: &str) -> Result<&str, NotPlain> {
    match after.strip_prefix(',') {
        Some("") => Err(NotPlain),
        Some(next) => Ok(next),
        None if after.is_empty() => Ok(after),
        None => Err(NotPlain),
    }
}

type Fields = BTreeMap<String, Value>;

pub(super) fn take_text(
    members: &mut Fields,
    field: &'static str,
    line: u64,
) -> Result<Option<String>, ManifestError> {
    match members.remove(field) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(ManifestError::Field { line, field }),
    }
}

fn take_count(members: &mut Fields, field: &'static str, line: u64) -> Result<Option<u64>, ManifestError> {
    match members.remove(field) {
        None => Ok(None),
        Some(Value::Integer(number)) => u64::try_from(number)
            .map(Some)
            .map_err(|_| ManifestError::Field { line, field }),
        Some(_) => Err(ManifestError::Field { line, field }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn member(name: &str, counts: [Option<u64>; 3], blake3: bool) -> Member {
        Member {
            name: name.to_owned(),
            sha256: Sha256Digest::of(name.as_bytes()),
            blake3: blake3.then(|| Blake3Digest::of(name.as_bytes())),
            bytes: counts[0],
            rows: counts[1],
            tokens: counts[2],
            row_root: None,
        }
    }

    fn roots() -> [Option<RowRoot>; 3] {
        let root = NodeHash::from_bytes([0x5a; 32]);
        [None, Some(RowRoot::Plain(root)), Some(RowRoot::Keyed(root))]
    }

    fn encoded(member: &Member) -> Vec<u8> {
        let mut line = Vec::new();
        member.encode_into(1, &mut line).unwrap();
        line
    }

    #[test]
    fn a_line_comes_back_whatever_is_known() {
        let counts = [None, Some(0), Some(INTEGER_MAX.unsigned_abs())];
        for name in ["a", "out/s 1.jsonl", "quote\"d", "\u{e9}t\u{e9}", "a,b}"] {
            for (at, count) in counts.into_iter().enumerate() {
                let member = member(name, [count, counts[(at + 1) % 3], counts[(at + 2) % 3]], at == 0);
                for row_root in roots().into_iter().filter(|_| member.rows.is_some()) {
                    let member = Member {
                        row_root,
                        ..member.clone()
                    };
                    let line = encoded(&member);
                    assert_eq!(Member::decode(1, &line).unwrap(), member);
                    assert_eq!(Member::decode_any(1, &line).unwrap(), member);
                }
                let line = encoded(&member);
                assert_eq!(Member::decode(1, &line).unwrap(), member);
                assert_eq!(Member::decode_any(1, &line).unwrap(), member);
            }
        }
    }

    #[test]
    fn what_would_not_be_read_back_is_not_written() {
        let beyond = Some(INTEGER_MAX.unsigned_abs() + 1);
        for wrong in [
            member("a", [beyond, None, None], true),
            member("a", [None, beyond, None], true),
            member("a", [None, None, beyond], true),
            member("../a", [None; 3], true),
            Member {
                row_root: roots()[1],
                ..member("a", [None; 3], true)
            },
        ] {
            assert!(wrong.encode_into(1, &mut Vec::new()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_short_way_is_taken_for_plain_lines() {
        assert!(decode_plain(&encoded(&member("a/b.jsonl", [Some(1); 3], true))).is_ok());
        assert!(decode_plain(&encoded(&member("a", [None; 3], false))).is_ok());
        assert!(decode_plain(&encoded(&member("q\"", [None; 3], false))).is_err());
    }

    #[test]
    fn a_row_root_stands_beside_its_rows_and_alone() {
        let root = "11".repeat(32);
        let line = |first: &str, last: &str| {
            format!(
                "{{{first}\"name\":\"a\",{last}\"sha256\":\"{}\"}}",
                "22".repeat(32)
            )
            .into_bytes()
        };
        let (plain, keyed) = (
            format!("\"row_root\":\"{root}\","),
            format!("\"keyed_row_root\":\"{root}\","),
        );
        let both = format!("{plain}\"rows\":1,");
        for (line, accepted) in [
            (line("", &both), true),
            (line(&keyed, "\"rows\":1,"), true),
            (line("", &plain), false),
            (line(&keyed, ""), false),
            (line(&keyed, &both), false),
        ] {
            let text = String::from_utf8_lossy(&line).into_owned();
            assert_eq!(decode_plain(&line).is_ok(), accepted, "{text}");
            assert_eq!(Member::decode_any(1, &line).is_ok(), accepted, "{text}");
        }
    }

    /// Every single byte replaced, put in or taken out.
    #[test]
    fn the_short_way_accepts_no_line_with_one_edit_that_the_long_way_does_not() {
        let line = encoded(&Member {
            row_root: roots()[1],
            ..member("a", [Some(10), Some(0), None], true)
        });
        let mut accepted = 0;
        for at in 0..line.len() {
            for byte in b"{}\",:0159aAfF\\ -.e/\n\x7f\xc3".iter().copied() {
                for what in 0..3 {
                    let mut edited = line.clone();
                    match what {
                        0 => edited[at] = byte,
                        1 => edited.insert(at, byte),
                        _ => drop(edited.remove(at)),
                    }
                    if let Ok(short) = decode_plain(&edited) {
                        assert_eq!(Member::decode_any(1, &edited).ok(), Some(short));
                        accepted += 1;
                    }
                }
            }
        }
        assert!(accepted > 0, "other digits make other members");
    }

    proptest! {
        /// Whatever is done to a line: the short way accepts only what the long one reads to the same.
        #[test]
        fn the_short_way_accepts_nothing_else(
            counts in any::<[Option<u8>; 3]>(),
            blake3 in any::<bool>(),
            root in 0_usize..3,
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..3, prop::sample::select(
                b"{}\",:0123456789abcdefnmrows\\ -.eE/\n\x7f\xc3".to_vec()
            )), 0..4),
        ) {
            let member = member("out/a.jsonl", counts.map(|count| count.map(u64::from)), blake3);
            let row_root = roots()[root].filter(|_| member.rows.is_some());
            let mut line = encoded(&Member { row_root, ..member });
            for (at, what, byte) in edits {
                let at = at.index(line.len());
                match what {
                    0 => line[at] = byte,
                    1 => line.insert(at, byte),
                    _ => { line.remove(at); }
                }
            }
            if let Ok(short) = decode_plain(&line) {
                prop_assert_eq!(Member::decode_any(1, &line).ok(), Some(short));
            }
        }
    }
}
