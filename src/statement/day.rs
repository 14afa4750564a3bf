//! A day that somebody claims, as text.

use std::fmt;

/// A text that is not a day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a day: write it as YYYY-MM-DD")]
pub struct DayError {
    /// What was given.
    pub found: String,
}

/// A day (RFC 3339, 5.6, `full-date`) by its form: a month is 01 to 12 and a day 01 to 31, whatever the month. Days
/// compare as time does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(String);

impl Day {
    /// Reads a day.
    pub fn parse(text: &str) -> Result<Self, DayError> {
        let number = |part: Option<&str>, length: usize| {
            let part = part.filter(|part| part.len() == length)?;
            let digits = part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten()
        };
        let mut parts = text.split('-');
        let year = number(parts.next(), 4);
        let month = number(parts.next(), 2).filter(|month| (1..=12).contains(month));
        let day = number(parts.next(), 2).filter(|day| (1..=31).contains(day));
        match (year, month, day, parts.next()) {
            (Some(_), Some(_), Some(_), None) => Ok(Self(text.to_owned())),
            _ => Err(DayError {
                found: text.chars().take(80).collect(),
            }),
        }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_form() {
        for day in ["2023-03-13", "0000-01-01", "2024-02-31"] {
            assert_eq!(Day::parse(day).map(|day| day.to_string()), Ok(day.to_owned()));
        }
        for none in [
            "",
            "2023",
            "2023-3-13",
            "2023-13-01",
            "2023-00-01",
            "2023-01-32",
            "2023-01-01-",
            "+023-01-01",
            " 2023-01-01",
        ] {
            assert!(Day::parse(none).is_err(), "{none}");
        }
        assert!(Day::parse("2023-12-31").unwrap() < Day::parse("2024-01-01").unwrap());
    }
}
