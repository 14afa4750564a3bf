//! Reads and writes the objects of a predicate, field by field; what is left over is an error.

use std::collections::BTreeMap;

use crate::canonical::Value;
use crate::digest::DigestError;
use crate::statement::decimal::Decimal;
use crate::statement::text::ItemName;
use crate::statement::text::check_recorded_text;
use crate::statement::text::check_text;
use crate::statement::words::Word;

use super::StatementError;

/// The members of one object that were not yet taken.
#[derive(Debug)]
pub(super) struct Fields {
    place: &'static str,
    members: BTreeMap<String, Value>,
}

impl Fields {
    /// Takes an object apart; `place` names it in errors.
    pub(super) fn of(value: Value, place: &'static str) -> Result<Self, StatementError> {
        match value {
            Value::Object(members) => Ok(Self { place, members }),
            _ => Err(StatementError::WrongType {
                place,
                field: String::new(),
                expected: "an object",
            }),
        }
    }

    /// Demands that every member was taken.
    pub(super) fn finish(self) -> Result<(), StatementError> {
        match self.members.into_keys().next() {
            Some(field) => Err(StatementError::UnknownField {
                place: self.place,
                field,
            }),
            None => Ok(()),
        }
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.members.contains_key(field)
    }

    pub(super) fn optional(&mut self, field: &str) -> Option<Value> {
        self.members.remove(field)
    }

    pub(super) fn required(&mut self, field: &str) -> Result<Value, StatementError> {
        self.optional(field).ok_or_else(|| StatementError::Missing {
            place: self.place,
            field: field.to_owned(),
        })
    }

    pub(super) fn text(&mut self, field: &str) -> Result<String, StatementError> {
        let value = self.required(field)?;
        self.as_text(field, value)
    }

    pub(super) fn text_or_none(&mut self, field: &str) -> Result<Option<String>, StatementError> {
        self.optional(field)
            .map(|value| self.as_text(field, value))
            .transpose()
    }

    pub(super) fn name(&mut self, field: &str) -> Result<ItemName, StatementError> {
        let text = self.text(field)?;
        ItemName::recorded(&text).map_err(|source| self.bad_text(field, source))
    }

    pub(super) fn parsed<T, E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        &mut self,
        field: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, StatementError> {
        let text = self.text(field)?;
        parse(&text).map_err(|source| self.bad_value(field, source))
    }

    pub(super) fn parsed_or_none<T, E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        &mut self,
        field: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, StatementError> {
        if self.has(field) {
            self.parsed(field, parse).map(Some)
        } else {
            Ok(None)
        }
    }

    pub(super) fn word<T: Word>(&mut self, field: &str) -> Result<T, StatementError> {
        self.parsed(field, T::parse)
    }

    pub(super) fn word_or_none<T: Word>(&mut self, field: &str) -> Result<Option<T>, StatementError> {
        self.parsed_or_none(field, T::parse)
    }

    pub(super) fn decimal_or_none(&mut self, field: &str) -> Result<Option<Decimal>, StatementError> {
        self.parsed_or_none(field, Decimal::parse)
    }

    pub(super) fn digest<T>(
        &mut self,
        field: &str,
        parse: impl FnOnce(&str) -> Result<T, DigestError>,
    ) -> Result<T, StatementError> {
        self.parsed(field, parse)
    }

    pub(super) fn count(&mut self, field: &str) -> Result<u64, StatementError> {
        let value = self.required(field)?;
        self.as_count(field, &value)
    }

    pub(super) fn count_or_none(&mut self, field: &str) -> Result<Option<u64>, StatementError> {
        self.optional(field)
            .map(|value| self.as_count(field, &value))
            .transpose()
    }

    /// A flag is `true` or absent, so that "no" is never written by default.
    pub(super) fn flag(&mut self, field: &str) -> Result<bool, StatementError> {
        match self.optional(field) {
            None => Ok(false),
            Some(Value::Bool(true)) => Ok(true),
            Some(_) => Err(self.wrong_type(field, "true or absent")),
        }
    }

    /// A list is absent instead of empty.
    pub(super) fn list(&mut self, field: &str) -> Result<Vec<Value>, StatementError> {
        match self.optional(field) {
            None => Ok(Vec::new()),
            Some(Value::List(items)) if !items.is_empty() => Ok(items),
            Some(_) => Err(self.wrong_type(field, "a list that is not empty")),
        }
    }

    pub(super) fn texts(&mut self, field: &str) -> Result<Vec<String>, StatementError> {
        self.list(field)?
            .into_iter()
            .map(|value| self.as_text(field, value))
            .collect()
    }

    /// A list of words.
    pub(super) fn words<T: Word>(&mut self, field: &str) -> Result<Vec<T>, StatementError> {
        let mut words: Vec<T> = Vec::new();
        for text in self.texts(field)? {
            let word = T::parse(&text).map_err(|source| self.bad_value(field, source))?;
            words.push(word);
        }
        Ok(words)
    }

    /// A map of text to text, absent instead of empty.
    pub(super) fn text_map(&mut self, field: &str) -> Result<BTreeMap<String, String>, StatementError> {
        let members = match self.optional(field) {
            None => return Ok(BTreeMap::new()),
            Some(Value::Object(members)) if !members.is_empty() => members,
            Some(_) => return Err(self.wrong_type(field, "an object of texts that is not empty")),
        };
        let mut map = BTreeMap::new();
        for (key, value) in members {
            check_text(&key).map_err(|source| self.bad_text(field, source))?;
            map.insert(key, self.as_text(field, value)?);
        }
        Ok(map)
    }

    pub(super) fn wrong_type(&self, field: &str, expected: &'static str) -> StatementError {
        StatementError::WrongType {
            place: self.place,
            field: field.to_owned(),
            expected,
        }
    }

    pub(super) fn bad_value(
        &self,
        field: &str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> StatementError {
        StatementError::BadValue {
            place: self.place,
            field: field.to_owned(),
            source: source.into(),
        }
    }

    fn bad_text(&self, field: &str, source: super::TextError) -> StatementError {
        self.bad_value(field, source)
    }

    fn as_text(&self, field: &str, value: Value) -> Result<String, StatementError> {
        let Value::Text(text) = value else {
            return Err(self.wrong_type(field, "a text"));
        };
        check_recorded_text(&text).map_err(|source| self.bad_text(field, source))?;
        Ok(text)
    }

    fn as_count(&self, field: &str, value: &Value) -> Result<u64, StatementError> {
        let Value::Integer(number) = value else {
            return Err(self.wrong_type(field, "an integer"));
        };
        u64::try_from(*number).map_err(|_| self.wrong_type(field, "an integer that is not negative"))
    }
}

/// Builds one object, leaving out what is not there.
#[derive(Debug, Default)]
pub(super) struct Members(BTreeMap<String, Value>);

impl Members {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn put(&mut self, field: &str, value: impl Into<Value>) {
        self.0.insert(field.to_owned(), value.into());
    }

    pub(super) fn put_some(&mut self, field: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.put(field, value.to_string());
        }
    }

    pub(super) fn put_count(&mut self, field: &str, count: Option<u64>) {
        // Counts beyond 2^53 - 1 cannot be written exactly; `register` refuses them before this.
        if let Some(number) = count.and_then(|count| i64::try_from(count).ok()) {
            self.put(field, Value::Integer(number));
        }
    }

    pub(super) fn put_flag(&mut self, field: &str, flag: bool) {
        if flag {
            self.put(field, Value::Bool(true));
        }
    }

    pub(super) fn put_list(&mut self, field: &str, items: Vec<Value>) {
        if !items.is_empty() {
            self.put(field, Value::List(items));
        }
    }

    pub(super) fn put_texts(&mut self, field: &str, texts: &[String]) {
        self.put_list(
            field,
            texts.iter().map(|text| Value::from(text.as_str())).collect(),
        );
    }

    pub(super) fn put_map(&mut self, field: &str, map: &BTreeMap<String, String>) {
        if !map.is_empty() {
            let members = map
                .iter()
                .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
                .collect();
            self.put(field, Value::Object(members));
        }
    }

    pub(super) fn build(self) -> Value {
        Value::Object(self.0)
    }

    pub(super) fn into_inner(self) -> BTreeMap<String, Value> {
        self.0
    }
}
