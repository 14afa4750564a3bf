//! Canonical JSON: the one encoding of everything that is hashed and signed.
//!
//! The subset of RFC 8785 (JCS) without floating point and without `null`: UTF-8, no white space, keys
//! sorted by UTF-16 code units (3.2.3), strings escaped as in 3.2.2.2, integers within +-(2^53 - 1).
//! A fact that is not known is left out; a decimal is a string. The decoder takes nothing but the exact
//! bytes the encoder would have made, so one value has one encoding and one digest.

use std::collections::BTreeMap;
use std::fmt;

use serde::de;
use serde::de::DeserializeSeed;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;

/// How deep lists and objects may nest.
pub const DEPTH_MAX: usize = 32;

/// The largest integer that every JSON reader keeps exact: 2^53 - 1.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;

/// A JSON value of the subset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// An integer within +-[`INTEGER_MAX`].
    Integer(i64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// An object.
    Object(BTreeMap<String, Value>),
}

/// Why bytes are not canonical JSON.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// Not JSON of the subset: bad syntax, a duplicate key, a float, `null`, or nested too deep.
    #[error("not strict JSON")]
    Syntax(#[from] serde_json::Error),
    /// JSON of the subset, but not its canonical bytes.
    #[error("not in canonical form: first differs at byte {offset}")]
    NotCanonical {
        /// Where the bytes leave the canonical form.
        offset: usize,
    },
}

impl Value {
    /// Parses the canonical bytes of a value; any other bytes are a [`CanonicalError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, CanonicalError> {
        let value = Self::parse(bytes)?;
        let canonical = value.encode();
        if canonical == bytes {
            return Ok(value);
        }
        let same = canonical
            .iter()
            .zip(bytes)
            .take_while(|(left, right)| left == right)
            .count();
        Err(CanonicalError::NotCanonical { offset: same })
    }

    /// Parses JSON of the subset whatever its white space and key order. Duplicate keys, floats, `null`,
    /// integers beyond [`INTEGER_MAX`], nesting beyond [`DEPTH_MAX`] and trailing bytes are refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, CanonicalError> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = Strict { depth: 0 }.deserialize(&mut reader)?;
        reader.end()?;
        Ok(value)
    }

    /// Returns the canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_into(&mut out);
        out
    }

    fn encode_into(&self, out: &mut Vec<u8>) {
        match self {
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Self::Text(text) => encode_text(text, out),
            Self::List(items) => encode_items(items.iter(), (b'[', b']'), out, Self::encode_into),
            Self::Object(members) => {
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
                encode_items(sorted.into_iter(), (b'{', b'}'), out, |(key, value), out| {
                    encode_text(key, out);
                    out.push(b':');
                    value.encode_into(out);
                });
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

fn encode_items<T>(
    items: impl Iterator<Item = T>,
    (open, close): (u8, u8),
    out: &mut Vec<u8>,
    encode: impl Fn(T, &mut Vec<u8>),
) {
    out.push(open);
    for (position, item) in items.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        encode(item, out);
    }
    out.push(close);
}

/// RFC 8785 3.2.2.2 is the escaping that `serde_json` does: short forms where JSON has one, else
/// `\u00xx` in lower case, and nothing above U+001F but `"` and `\`.
fn encode_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
}

/// Reads one value, refusing what `serde_json::Value` would quietly fold or round.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl Strict {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth >= DEPTH_MAX {
            return Err(E::custom(format_args!("nested deeper than {DEPTH_MAX} levels")));
        }
        Ok(Self {
            depth: self.depth + 1,
        })
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean, an integer within 2^53 - 1, a string, a list or an object")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > INTEGER_MAX.unsigned_abs() {
            return Err(E::custom(format_args!("integer {value} is beyond 2^53 - 1")));
        }
        Ok(Value::Integer(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(E::custom(format_args!("integer {value} is beyond 2^53 - 1"))),
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = BTreeMap::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner)?;
            if object.contains_key(&key) {
                return Err(de::Error::custom(format_args!("duplicate key `{key}`")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> String {
        String::from_utf8(Value::parse(text.as_bytes()).unwrap().encode()).unwrap()
    }

    /// RFC 8785 3.2.3: the sorting example, whose keys differ between UTF-8 and UTF-16 order.
    #[test]
    fn keys_are_sorted_by_utf_16_units() {
        let text = r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#;
        let order: Vec<char> = canonical(text).chars().filter(char::is_ascii_digit).collect();
        // The key "1" is itself a digit, so its member shows as "1" then "4".
        assert_eq!(
            order.into_iter().collect::<String>(),
            "2146715 3".replace(' ', "")
        );
    }

    #[test]
    fn strings_are_escaped_as_in_rfc_8785() {
        assert_eq!(
            canonical(r#""\u000f\u000a\/\u20ac\"\\""#),
            "\"\\u000f\\n/\u{20ac}\\\"\\\\\""
        );
    }

    #[test]
    fn what_other_readers_fold_is_refused() {
        let deep = format!("{}1{}", "[".repeat(33), "]".repeat(33));
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            "1.0",
            "1e2",
            "null",
            "[1,]",
            "1 2",
            "",
            "-",
            "-0",
            "9007199254740992",
            "-9007199254740992",
            "18446744073709551615",
            "\"\\ud800\"",
            "'a'",
            &deep,
        ] {
            assert!(Value::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Value::parse(b"\"\xff\"").is_err());
        assert_eq!(canonical("9007199254740991"), "9007199254740991");
    }

    #[test]
    fn only_the_canonical_bytes_decode() {
        assert!(Value::decode(br#"{"a":1,"b":[true]}"#).is_ok());
        for bad in [r#"{"b":1,"a":1}"#, r#"{"a": 1}"#, r#""\u0041""#, r#""\/""#] {
            assert!(
                matches!(
                    Value::decode(bad.as_bytes()),
                    Err(CanonicalError::NotCanonical { .. })
                ),
                "{bad}"
            );
        }
    }

    /// Every case of the JCS vectors that stays within our subset.
    #[test]
    fn jcs_vectors() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/vectors/jcs");
        if !folder.is_dir() {
            println!("absent, not checked: {}", folder.display());
            return;
        }
        for name in ["french", "structures", "unicode", "weird"] {
            let input = std::fs::read(folder.join(format!("input/{name}.json"))).unwrap();
            let output = std::fs::read(folder.join(format!("output/{name}.json"))).unwrap();
            let Ok(value) = Value::parse(&input) else {
                assert_eq!(name, "structures", "only this one has a null or a float");
                continue;
            };
            assert_eq!(value.encode(), output, "{name}");
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            (-INTEGER_MAX..=INTEGER_MAX).prop_map(Value::Integer),
            any::<String>().prop_map(Value::Text),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
                prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(Value::Object),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_value_comes_back_from_its_bytes(value in values()) {
            prop_assert_eq!(Value::decode(&value.encode()).unwrap(), value);
        }

        #[test]
        fn any_bytes_decode_or_fail_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(value) = Value::decode(&bytes) {
                prop_assert_eq!(value.encode(), bytes);
            }
        }
    }
}
