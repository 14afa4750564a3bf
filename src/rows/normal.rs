//! What a row says, apart from how it is written: its normal form, and the runs of words in it.

use serde_json::Value;

use crate::digest::Blake3Digest;

/// The texts of a row: every text, number and truth value in it, at any depth, without the keys and without what is null.
/// A row that is no JSON is one text, and bytes of it that are no UTF-8 stand for U+FFFD. Where no text has anything in it
/// there is nothing to go by: numbers alone are the same in too many rows.
pub(super) fn texts(row: &[u8]) -> Vec<String> {
    let mut found = Found::default();
    match serde_json::from_slice::<Value>(row) {
        Ok(value) => found.take(value),
        Err(_) => found.text(String::from_utf8_lossy(row).into_owned()),
    }
    if found.has_text { found.texts } else { Vec::new() }
}

#[derive(Default)]
struct Found {
    texts: Vec<String>,
    has_text: bool,
}

impl Found {
    /// The reader bounds the depth at 128, and takes the last of two equal keys.
    fn take(&mut self, value: Value) {
        match value {
            Value::Null => {}
            Value::Bool(flag) => self.texts.push(flag.to_string()),
            Value::Number(number) => self.texts.push(number.to_string()),
            Value::String(text) => self.text(text),
            Value::Array(items) => items.into_iter().for_each(|item| self.take(item)),
            Value::Object(members) => members.into_values().for_each(|member| self.take(member)),
        }
    }

    fn text(&mut self, text: String) {
        self.has_text |= !text.trim().is_empty();
        self.texts.push(text);
    }
}

/// Returns a digest of the normal form of a row with these texts: each in lower case (Unicode), with every run of white space
/// one space and none at its ends, those that are empty then left out, and all of them sorted. So keys, their order, case
/// and white space make no difference. Nothing is like a row without any text.
pub(super) fn normal(texts: &[String]) -> Option<Blake3Digest> {
    let mut texts: Vec<String> = texts.iter().map(|text| plain(text)).collect();
    texts.retain(|text| !text.is_empty());
    texts.sort_unstable();
    if texts.is_empty() {
        return None;
    }
    // No normal text has a line feed in it.
    Some(Blake3Digest::of(texts.join("\n").as_bytes()))
}

fn plain(text: &str) -> String {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    words.join(" ")
}

/// The digest of a run of words, cut: that two differ and it is the same does not happen by chance.
pub(super) type Gram = [u8; 16];

/// Tells every run of `length` words in a text. A word is a run of letters and digits (Unicode), in lower case.
pub(super) fn grams(text: &str, length: usize, mut each: impl FnMut(Gram)) {
    let lower = text.to_lowercase();
    let mut words = String::with_capacity(lower.len());
    let mut ends = Vec::new();
    for word in lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        if !words.is_empty() {
            words.push(' ');
        }
        let start = words.len();
        words.push_str(word);
        ends.push((start, words.len()));
    }
    let starts = ends.iter().map(|(start, _)| *start);
    let lasts = ends.iter().skip(length.saturating_sub(1)).map(|(_, end)| *end);
    for (start, end) in starts.zip(lasts) {
        let run = words.get(start..end).unwrap_or_default();
        let digest = Blake3Digest::of(run.as_bytes());
        let mut gram = Gram::default();
        for (to, from) in gram.iter_mut().zip(digest.as_bytes()) {
            *to = *from;
        }
        each(gram);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(row: &str) -> Option<Blake3Digest> {
        normal(&texts(row.as_bytes()))
    }

    #[test]
    fn keys_order_case_and_white_space_make_no_difference() {
        let row = of(r#"{"question": "What is  2+2?", "answer": 4}"#);
        for same in [
            r#"{"answer":"4","question":"what is 2+2?\n"}"#,
            r#"{"a": [" WHAT IS", null, 4], "b": ""}"#,
        ]
        .iter()
        .zip([true, false])
        {
            assert_eq!(of(same.0) == row, same.1, "{}", same.0);
        }
        for other in [
            r#"{"q": "What is 2+2?", "a": 5}"#,
            r#"{"q": "What is 2+2?"}"#,
            "What is 2+2? 4",
        ] {
            assert_ne!(of(other), row, "{other}");
        }
        assert_eq!(of("Not  JSON"), of("not json"));
        assert_eq!(normal(&texts(b"caf\xff")), of("CAF\u{fffd}"));
        for empty in ["{}", "null", r#"{"a": " "}"#, r#"{"a": 1, "b": [true, ""]}"#] {
            assert_eq!(of(empty), None, "nothing is like {empty}");
        }
    }

    #[test]
    fn runs_of_words_lie_within_one_text() {
        let count = |text: &str, length| {
            let mut found = Vec::new();
            grams(text, length, |gram| found.push(gram));
            found
        };
        assert_eq!(count("one, TWO three!", 3), count("One two\nthree", 3));
        assert_eq!(count("one two", 3).len(), 0);
        assert_eq!(count("a b c d", 3).len(), 2);
        assert_ne!(count("ab c d", 3), count("a bc d", 3));
        assert_eq!(count("", 1).len(), 0);
    }
}
