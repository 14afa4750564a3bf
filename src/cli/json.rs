//! Values that several answers have in common, as JSON.

use num_rational::BigRational;
use serde_json::Value;
use serde_json::json;

use crate::checkpoint::Checkpoint;
use crate::verify::Boundary;
use crate::verify::PathStep;
use crate::verify::SHARE_BITS_MAX;
use crate::verify::Share;
use crate::verify::approximate;
use crate::verify::fixed_point;

/// Returns a share: one value, or `low` and `high`.
pub fn share(share: &Share) -> Value {
    if share.is_exact() {
        return number(&share.low);
    }
    json!({ "low": number(&share.low), "high": number(&share.high) })
}

/// Returns an exact number with what a reader without rationals can use; beyond [`SHARE_BITS_MAX`] the exact value
/// gives way to bounds.
pub fn number(value: &BigRational) -> Value {
    if value.numer().bits() + value.denom().bits() <= SHARE_BITS_MAX {
        return json!({ "exact": value.to_string(), "approx": approximate(value) });
    }
    json!({
        "exact": null,
        "approx": approximate(value),
        "low": fixed_point(value, false),
        "high": fixed_point(value, true),
    })
}

/// Returns the shares of all classes.
pub fn boundary(boundary: &Boundary) -> Value {
    json!({
        "sources": share(&boundary.sources),
        "external_models": share(&boundary.external_models),
        "opaque_synthetic": share(&boundary.opaque_synthetic),
        "origin_not_known": share(&boundary.origin_not_known),
        "unknown": share(&boundary.unknown),
    })
}

/// Returns what an answer is as of; the root is written as in the signed checkpoint.
pub fn checkpoint(checkpoint: &Checkpoint) -> Value {
    json!({
        "origin": checkpoint.origin.as_str(),
        "size": checkpoint.size.get(),
        "root": root_text(checkpoint),
    })
}

/// Returns the root in the base64 of the signed checkpoint.
pub fn root_text(checkpoint: &Checkpoint) -> String {
    crate::checkpoint::root_text(&checkpoint.root)
}

/// Returns a path.
pub fn path(steps: &[PathStep]) -> Value {
    let step = |step: &PathStep| json!({ "id": step.id, "name": step.name });
    Value::Array(steps.iter().map(step).collect())
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;

    use super::*;

    fn of(part: u64, whole: u64) -> Share {
        Share::of_counts(part, whole)
    }

    #[test]
    fn a_share_is_exact_or_an_interval() {
        assert_eq!(share(&of(3, 8)), json!({ "exact": "3/8", "approx": 0.375 }));
        assert_eq!(share(&of(4, 4)), json!({ "exact": "1", "approx": 1.0 }));
        let interval = Share {
            low: of(0, 1).low,
            high: of(1, 2).high,
        };
        let expected = json!({
            "low": { "exact": "0", "approx": 0.0 },
            "high": { "exact": "1/2", "approx": 0.5 },
        });
        assert_eq!(share(&interval), expected);
    }

    #[test]
    fn a_number_beyond_the_limit_gives_way_to_bounds() {
        let huge = BigInt::from(3).pow(4000);
        let third = BigRational::new(huge.clone(), huge * 3 + 1);
        let value = number(&third);
        assert_eq!(value["exact"], Value::Null);
        assert_eq!(value["low"], "0.333333333333333333");
        assert_eq!(value["high"], "0.333333333333333334");
    }
}
