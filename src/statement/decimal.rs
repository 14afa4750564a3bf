//! Decimals that are exact: shares, expansions, repeats. They travel as text, never as floating point.

use std::fmt;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero as _;

/// The most digits a decimal may have, before and after its point together.
pub const DECIMAL_DIGITS_MAX: usize = 18;

/// A text that is no decimal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is not a decimal like 3 or 0.25, in its shortest form, with at most {DECIMAL_DIGITS_MAX} digits"
)]
pub struct DecimalError {
    /// What was given.
    pub found: String,
}

/// A decimal that is not negative, in its shortest form: no leading zero, no trailing zero after the point.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Decimal {
    text: String,
    value: BigRational,
}

impl Decimal {
    /// Parses `3` or `0.25`; signs, exponents and superfluous zeros are a [`DecimalError`].
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let bad = || DecimalError {
            found: text.chars().take(40).collect(),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let shortest = !whole.is_empty()
            && (whole == "0" || !whole.starts_with('0'))
            && !fraction.ends_with('0')
            && text.ends_with(|c: char| c.is_ascii_digit());
        if !shortest
            || !digits(whole)
            || !digits(fraction)
            || whole.len() + fraction.len() > DECIMAL_DIGITS_MAX
        {
            return Err(bad());
        }
        let numerator: BigInt = format!("{whole}{fraction}").parse().map_err(|_| bad())?;
        let scale = u32::try_from(fraction.len()).map_err(|_| bad())?;
        let value = BigRational::new(numerator, BigInt::from(10_u32).pow(scale));
        Ok(Self {
            text: text.to_owned(),
            value,
        })
    }

    /// Returns the exact value.
    pub fn value(&self) -> &BigRational {
        &self.value
    }

    /// Returns whether this is zero.
    pub fn is_zero(&self) -> bool {
        self.value.is_zero()
    }

    /// Returns the text form.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decimal({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shortest_form_is_a_decimal() {
        let quarter = Decimal::parse("0.25").unwrap();
        assert_eq!(*quarter.value(), BigRational::new(1.into(), 4.into()));
        assert_eq!(
            *Decimal::parse("10").unwrap().value(),
            BigRational::from_integer(10.into())
        );
        for bad in [
            "",
            ".5",
            "5.",
            "0.50",
            "01",
            "-1",
            "+1",
            "1e3",
            "0x1",
            "1,5",
            "1234567890.123456789",
            "\u{664}",
        ] {
            assert!(Decimal::parse(bad).is_err(), "{bad}");
        }
    }
}
