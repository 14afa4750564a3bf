//! `herdbook.toml`: the format version and the origin, which is all a reader needs before it trusts a key.

use crate::checkpoint::Origin;
use crate::statement::FORMAT_VERSION;

/// The longest `herdbook.toml` in bytes.
pub const SETTINGS_BYTES_MAX: u64 = 64 * 1024;

/// What `herdbook.toml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The log's origin.
    pub origin: Origin,
}

/// Why a `herdbook.toml` is not one of this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// There are commits, and no `herdbook.toml`.
    #[error("herdbook.toml is missing")]
    Missing,
    /// Not UTF-8 or not TOML.
    #[error("herdbook.toml is not TOML: {0}")]
    Toml(String),
    /// No `format`, or not a number.
    #[error("herdbook.toml has no `format = {FORMAT_VERSION}`")]
    NoFormat,
    /// A newer program wrote it.
    #[error(
        "the ledger has format {found}, and this program knows formats up to {FORMAT_VERSION}: use a newer program"
    )]
    NewerFormat {
        /// The format of the ledger.
        found: i64,
    },
    /// A program of before the formats were frozen wrote it.
    #[error(
        "the ledger has format {found}, which was for trying things out: register what it holds in a new ledger of format \
         {FORMAT_VERSION}"
    )]
    OlderFormat {
        /// The format of the ledger.
        found: i64,
    },
    /// No `origin`, or not one.
    #[error("herdbook.toml has no valid `origin = \"...\"`")]
    NoOrigin,
    /// A key that the format does not have.
    #[error("`{0}` is not a key of herdbook.toml")]
    UnknownKey(String),
}

impl Settings {
    /// Returns the bytes of the file.
    pub fn encode(&self) -> Vec<u8> {
        format!(
            "# A Herdbook ledger. commit/ is the record; log/ can be served as it is.\nformat = {FORMAT_VERSION}\norigin = \"{}\"\n",
            self.origin
        )
        .into_bytes()
    }

    /// Parses the file. The format is judged before anything else, since only it says what else there may be.
    pub fn decode(bytes: &[u8]) -> Result<Self, SettingsError> {
        let text = std::str::from_utf8(bytes).map_err(|error| SettingsError::Toml(error.to_string()))?;
        let mut table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| SettingsError::Toml(error.message().to_owned()))?;
        let format = table.remove("format").and_then(|value| value.as_integer());
        let found = format.ok_or(SettingsError::NoFormat)?;
        let known = i64::try_from(FORMAT_VERSION).unwrap_or(i64::MAX);
        if found > known {
            return Err(SettingsError::NewerFormat { found });
        }
        if found < known {
            return Err(SettingsError::OlderFormat { found });
        }
        let origin = table.remove("origin");
        let origin = origin
            .as_ref()
            .and_then(|value| value.as_str())
            .map(Origin::parse);
        let Some(Ok(origin)) = origin else {
            return Err(SettingsError::NoOrigin);
        };
        match table.into_iter().next() {
            Some((key, _)) => Err(SettingsError::UnknownKey(key)),
            None => Ok(Self { origin }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Result<Settings, SettingsError> {
        Settings::decode(text.as_bytes())
    }

    #[test]
    fn settings_come_back() {
        let settings = Settings {
            origin: Origin::parse("example.com/lab").unwrap(),
        };
        assert_eq!(Settings::decode(&settings.encode()), Ok(settings));
    }

    #[test]
    fn a_newer_format_is_said_before_anything_else() {
        let newer = decode("format = 7\norigin = 3\nshards = true\n");
        assert_eq!(newer, Err(SettingsError::NewerFormat { found: 7 }));
        assert_eq!(
            newer.unwrap_err().to_string(),
            "the ledger has format 7, and this program knows formats up to 1: use a newer program"
        );
    }

    #[test]
    fn everything_else_is_refused() {
        for (text, expected) in [
            ("origin = \"a\"", SettingsError::NoFormat),
            (
                "format = 0\norigin = \"a\"",
                SettingsError::OlderFormat { found: 0 },
            ),
            ("format = \"0\"\norigin = \"a\"", SettingsError::NoFormat),
            ("format = 1", SettingsError::NoOrigin),
            ("format = 1\norigin = \"a b\"", SettingsError::NoOrigin),
            (
                "format = 1\norigin = \"a\"\nx = 1",
                SettingsError::UnknownKey("x".to_owned()),
            ),
        ] {
            assert_eq!(decode(text), Err(expected), "{text}");
        }
        assert!(matches!(decode("format ="), Err(SettingsError::Toml(_))));
        assert!(matches!(Settings::decode(b"\xff"), Err(SettingsError::Toml(_))));
    }
}
