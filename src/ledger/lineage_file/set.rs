//! `--set k=v`: what fills `${k}` in the names and paths of a lineage file.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::fault::FaultKind;

/// The values given with `--set`, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<String, String>);

/// A `--set` argument that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// No `=` in it.
    #[error("`--set {0}` has no `=`: write `--set NAME=VALUE`")]
    NoValue(String),
    /// A key that could not stand between `${` and `}`.
    #[error("`{0}` is no name for `--set`: write letters, digits, `-`, `_` and `.`")]
    BadKey(String),
    /// The same key twice.
    #[error("`--set {0}` is given twice: keep one of them")]
    Twice(String),
}

impl Settings {
    /// Reads arguments of the form `k=v`.
    pub fn parse<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Self, SettingError> {
        let mut settings = BTreeMap::new();
        for argument in arguments {
            let (key, value) = argument
                .split_once('=')
                .ok_or_else(|| SettingError::NoValue(argument.to_owned()))?;
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if key.is_empty() || !key.chars().all(plain) {
                return Err(SettingError::BadKey(key.to_owned()));
            }
            if settings.insert(key.to_owned(), value.to_owned()).is_some() {
                return Err(SettingError::Twice(key.to_owned()));
            }
        }
        Ok(Self(settings))
    }

    /// Fills every `${k}` of `text` and notes the keys in `used`. A value is not filled again.
    pub(super) fn fill(&self, text: &str, used: &mut BTreeSet<String>) -> Result<String, FaultKind> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (key, after) = after.split_once('}').ok_or_else(|| FaultKind::UnclosedPlace {
                text: text.to_owned(),
            })?;
            let value = self
                .0
                .get(key)
                .ok_or_else(|| FaultKind::NotSet { key: key.to_owned() })?;
            used.insert(key.to_owned());
            filled.push_str(before);
            filled.push_str(value);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// Returns the keys that are not in `used`.
    pub(super) fn unused<'a>(&'a self, used: &'a BTreeSet<String>) -> impl Iterator<Item = &'a String> {
        self.0.keys().filter(|key| !used.contains(*key))
    }
}
