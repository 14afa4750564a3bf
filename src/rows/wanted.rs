//! Rows that are looked for, and how alike a row is to each of them.

use std::collections::BTreeMap;
use std::collections::HashMap;

use crate::digest::Blake3Digest;

use super::Row;
use super::normal::Gram;
use super::normal::grams;
use super::normal::normal;
use super::normal::texts;

/// The most rows that are looked for at once.
pub const WANTED_ROWS_MAX: usize = 1 << 20;

/// The most runs of words of all rows together that are looked for: 20 bytes each.
pub const WANTED_GRAMS_MAX: usize = 1 << 24;

/// How alike two rows are: the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Likeness {
    /// A run of words is the same.
    Words,
    /// They say the same, written otherwise: their normal forms are equal.
    Normal,
    /// Their bytes are the same.
    Exact,
}

impl Likeness {
    /// All, the most alike first.
    pub const ALL: [Self; 3] = [Self::Exact, Self::Normal, Self::Words];

    /// Returns the word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Normal => "normalised",
            Self::Exact => "exact",
        }
    }
}

/// More rows than are looked for at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WantedError {
    /// Too many rows.
    #[error("there are more than the WANTED_ROWS_MAX of {WANTED_ROWS_MAX} rows to look for")]
    Rows,
    /// Too many runs of words.
    #[error("the rows to look for have more than the WANTED_GRAMS_MAX of {WANTED_GRAMS_MAX} runs of words")]
    Grams,
}

/// One row that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedRow {
    /// Its number in its file, from 1.
    pub number: u64,
    /// Its line, from 1.
    pub line: u64,
    /// Whether one of its texts has as many words as a run: a shorter one is compared as a whole only.
    pub has_words: bool,
}

/// Rows to look for.
#[derive(Debug, Default)]
pub struct WantedRows {
    rows: Vec<WantedRow>,
    exact: HashMap<Blake3Digest, Vec<u32>>,
    normal: HashMap<Blake3Digest, Vec<u32>>,
    /// Sorted before anything is looked up.
    grams: Vec<(Gram, u32)>,
    words: Option<usize>,
}

impl WantedRows {
    /// Takes rows; with `words`, runs of so many words are compared, too.
    pub fn new(words: Option<usize>) -> Self {
        Self {
            words,
            ..Self::default()
        }
    }

    /// Adds a row.
    pub fn add(&mut self, row: Row<'_>) -> Result<(), WantedError> {
        if self.rows.len() >= WANTED_ROWS_MAX {
            return Err(WantedError::Rows);
        }
        let at = u32::try_from(self.rows.len()).map_err(|_| WantedError::Rows)?;
        self.exact
            .entry(Blake3Digest::of(row.bytes))
            .or_default()
            .push(at);
        let texts = texts(row.bytes);
        if let Some(normal) = normal(&texts) {
            self.normal.entry(normal).or_default().push(at);
        }
        let before = self.grams.len();
        if let Some(length) = self.words {
            for text in &texts {
                grams(text, length, |gram| self.grams.push((gram, at)));
            }
        }
        if self.grams.len() > WANTED_GRAMS_MAX {
            return Err(WantedError::Grams);
        }
        self.rows.push(WantedRow {
            number: row.number,
            line: row.line,
            has_words: self.grams.len() > before,
        });
        Ok(())
    }

    /// Ends adding; nothing is found before.
    #[must_use]
    pub fn ready(mut self) -> Self {
        self.grams.sort_unstable();
        self.grams.dedup();
        self
    }

    /// Returns the rows, in the order in which they were added.
    pub fn rows(&self) -> &[WantedRow] {
        &self.rows
    }

    /// Returns the rows that `row` is like, by their positions, each with the most that it is like it.
    pub fn like(&self, row: &[u8]) -> BTreeMap<u32, Likeness> {
        let mut found = BTreeMap::new();
        let exact = self.exact.get(&Blake3Digest::of(row));
        found.extend(exact.into_iter().flatten().map(|at| (*at, Likeness::Exact)));
        let texts = texts(row);
        let normal = normal(&texts).and_then(|normal| self.normal.get(&normal));
        for at in normal.into_iter().flatten() {
            found.entry(*at).or_insert(Likeness::Normal);
        }
        if let Some(length) = self.words {
            for text in &texts {
                grams(text, length, |gram| {
                    let first = self.grams.partition_point(|(one, _)| *one < gram);
                    let from = self.grams.get(first..).unwrap_or_default();
                    for (_, at) in from.iter().take_while(|(one, _)| *one == gram) {
                        found.entry(*at).or_insert(Likeness::Words);
                    }
                });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rows of a few words, some of them JSON, so that all likenesses occur.
    fn rows() -> impl Strategy<Value = Vec<String>> {
        let word = prop::sample::select(vec!["a", "A", "b", "B,", "c", " ", "d"]);
        let text = prop::collection::vec(word, 0..7).prop_map(|words| words.join(" "));
        let row = (text.clone(), text, 0..4_u8).prop_map(|(one, other, form)| match form {
            0 => one,
            1 => serde_json::json!({"q": one, "r": other}).to_string(),
            2 => serde_json::json!({"r": other, "x": [one]}).to_string(),
            _ => serde_json::json!([one.to_uppercase()]).to_string(),
        });
        prop::collection::vec(row, 0..8)
    }

    /// The texts of a row as a person would list them.
    fn said(row: &str) -> Vec<String> {
        fn walk(value: &serde_json::Value, out: &mut Vec<String>) {
            match value {
                serde_json::Value::String(text) => out.push(text.clone()),
                serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, out)),
                serde_json::Value::Object(members) => members.values().for_each(|item| walk(item, out)),
                _ => {}
            }
        }
        let Ok(value) = serde_json::from_str(row) else {
            return vec![row.to_owned()];
        };
        let mut out = Vec::new();
        walk(&value, &mut out);
        out
    }

    /// Each with each, by the letters.
    fn naive(one: &str, other: &str, words: usize) -> Option<Likeness> {
        let forms = |row: &str| {
            let mut forms: Vec<Vec<String>> = said(row)
                .iter()
                .map(|text| text.split_whitespace().map(str::to_lowercase).collect())
                .filter(|words: &Vec<String>| !words.is_empty())
                .collect();
            forms.sort_by_key(|words| words.join(" "));
            forms
        };
        let runs = |row: &str| -> Vec<Vec<String>> {
            let of = |text: &String| -> Vec<Vec<String>> {
                let lower = text.to_lowercase();
                let split = lower
                    .split(|c: char| !c.is_alphanumeric())
                    .filter(|word| !word.is_empty());
                let all: Vec<String> = split.map(str::to_owned).collect();
                all.windows(words).map(<[String]>::to_vec).collect()
            };
            said(row).iter().flat_map(of).collect()
        };
        if one == other {
            Some(Likeness::Exact)
        } else if forms(one) == forms(other) && !forms(one).is_empty() {
            Some(Likeness::Normal)
        } else if runs(one).iter().any(|run| runs(other).contains(run)) {
            Some(Likeness::Words)
        } else {
            None
        }
    }

    proptest! {
        #[test]
        fn it_is_what_comparing_each_with_each_gives(
            wanted in rows(), others in rows(), length in 1_usize..4,
        ) {
            let mut set = WantedRows::new(Some(length));
            for (number, row) in (1_u64..).zip(&wanted) {
                set.add(Row { number, line: number, bytes: row.as_bytes() }).unwrap();
            }
            let set = set.ready();
            for other in &others {
                let expected: BTreeMap<u32, Likeness> = (0_u32..)
                    .zip(&wanted)
                    .filter_map(|(at, row)| Some((at, naive(row, other, length)?)))
                    .collect();
                prop_assert_eq!(set.like(other.as_bytes()), expected, "{}", other);
            }
        }
    }

    #[test]
    fn without_runs_of_words_only_whole_rows_are_compared() {
        let mut set = WantedRows::new(None);
        set.add(Row {
            number: 1,
            line: 1,
            bytes: b"one two three",
        })
        .unwrap();
        let set = set.ready();
        assert!(set.like(b"one two three four").is_empty());
        assert_eq!(
            set.like(b"One two  three"),
            BTreeMap::from([(0, Likeness::Normal)])
        );
        assert!(!set.rows()[0].has_words);
    }
}
