//! Claimed times, compared: RFC 3339 as whole seconds and billionths since 1970, of no use but to say which is later.

/// A claimed moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant {
    seconds: i64,
    nanos: u32,
}

impl Instant {
    /// Reads `2026-11-22T09:30:00Z`, with a fraction and an offset where they stand (RFC 3339 5.6); anything else is
    /// nothing, for a claim that cannot be read says nothing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once(['T', 't', ' '])?;
        let (year, month, day) = three(date, '-', [4, 2, 2])?;
        let at = rest.find(['Z', 'z', '+', '-'])?;
        let (time, offset) = rest.split_at_checked(at)?;
        let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let (hour, minute, second) = three(clock, ':', [2, 2, 2])?;
        // A leap second counts as the second after it.
        let in_range = (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && hour <= 23
            && minute <= 59
            && second <= 60;
        if !in_range {
            return None;
        }
        let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
        Some(Self {
            seconds: seconds - self::offset(offset)?,
            nanos: nanos(fraction)?,
        })
    }
}

fn three(text: &str, separator: char, lengths: [usize; 3]) -> Option<(i64, i64, i64)> {
    let mut parts = text
        .split(separator)
        .zip(lengths)
        .map(|(part, length)| number(part, length));
    let three = (parts.next()??, parts.next()??, parts.next()??);
    (text.len() == lengths.iter().sum::<usize>() + 2).then_some(three)
}

fn number(text: &str, length: usize) -> Option<i64> {
    let is_number = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

fn offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    Some(sign * (number(hours, 2)? * 3_600 + number(minutes, 2)? * 60))
}

/// Billionths; further digits are cut.
fn nanos(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    digits.parse().ok()
}

/// Returns the days since 1970-01-01 in the Gregorian calendar: years begin with March, so that the leap day is the last
/// (Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        Instant::parse(text).map(|instant| instant.seconds)
    }

    /// Held against what `date -u +%s` says.
    #[test]
    fn seconds_since_1970() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2000-02-29T12:00:00Z"), Some(951_825_600));
        assert_eq!(seconds("2026-11-22T09:30:00Z"), Some(1_795_339_800));
        assert_eq!(seconds("2026-11-22T09:30:00+02:00"), Some(1_795_332_600));
        assert_eq!(seconds("2026-11-22T09:30:00.5-00:30"), Some(1_795_341_600));
        assert_eq!(seconds("1969-12-31T23:59:59Z"), Some(-1));
    }

    /// Every day of four centuries is one later than the day before.
    #[test]
    fn days_follow_each_other() {
        let mut expected = days(1_900, 1, 1);
        for year in 1_900..2_300 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let months = [
                31,
                if leap { 29 } else { 28 },
                31,
                30,
                31,
                30,
                31,
                31,
                30,
                31,
                30,
                31,
            ];
            for (month, length) in (1..).zip(months) {
                for day in 1..=length {
                    assert_eq!(days(year, month, day), expected, "{year}-{month}-{day}");
                    expected += 1;
                }
            }
        }
    }

    #[test]
    fn fractions_count_and_what_is_no_time_is_nothing() {
        assert!(Instant::parse("2026-11-22T09:30:00.25Z") < Instant::parse("2026-11-22T09:30:00.3Z"));
        for bad in [
            "",
            "2026-11-22",
            "2026-11-22T09:30Z",
            "2026-11-22T09:30:00",
            "2026-13-22T09:30:00Z",
            "2026-11-22T24:30:00Z",
            "2026-1-22T09:30:00Z",
            "2026-11-22T09:30:00.Z",
            "2026-11-22T09:30:00+2:00",
            "+026-11-22T09:30:00Z",
            "2026-11-22-01T09:30:00Z",
            "yesterday",
        ] {
            assert_eq!(Instant::parse(bad), None, "{bad}");
        }
    }
}
