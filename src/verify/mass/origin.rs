//! What a source is for the verdict, from who made it and how it came.

use num_rational::BigRational;
use num_traits::One as _;

use crate::statement::AcquiredBy;
use crate::statement::Generators;
use crate::statement::MadeBy;
use crate::statement::Source;
use crate::verify::share::Share;

use super::Boundary;

/// Words in the place of a generator's name that name none.
const NO_NAMES: [&str; 6] = ["unknown", "not_known", "not known", "none", "n/a", "?"];

/// What a source is for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::verify) enum OriginClass {
    /// A model made it and nobody names the model.
    SyntheticUnknown,
    /// Nobody knows who made it, and how it came does not excuse that.
    Unknown,
    /// Nobody knows, but it is the public's, a crawl's or users'.
    NotKnown,
    /// Declared models made it.
    Opaque,
    /// A declared part of it is synthetic.
    Mixed,
    /// People or devices made it.
    Declared,
}

/// Classifies a source; the order of the classes is from the least to the most favourable.
pub(in crate::verify) fn classify(source: &Source) -> OriginClass {
    let open = matches!(
        source.acquired_by,
        AcquiredBy::WebCrawl | AcquiredBy::UserData | AcquiredBy::PublicDataset
    );
    match source.made_by {
        MadeBy::Human | MadeBy::Sensor => OriginClass::Declared,
        MadeBy::Model if names_generators(source) => OriginClass::Opaque,
        MadeBy::Model => OriginClass::SyntheticUnknown,
        MadeBy::Mixed if source.synthetic_share.is_some() => OriginClass::Mixed,
        MadeBy::Mixed | MadeBy::Unknown if open => OriginClass::NotKnown,
        MadeBy::Mixed | MadeBy::Unknown => OriginClass::Unknown,
    }
}

fn names_generators(source: &Source) -> bool {
    match &source.generators {
        Generators::Named(names) => names.iter().all(|name| {
            let name = name.trim().to_lowercase();
            !name.is_empty() && !NO_NAMES.contains(&name.as_str())
        }),
        Generators::Absent | Generators::NotKnown => false,
    }
}

/// Returns the boundary that a source is by itself.
pub(super) fn of_source(source: &Source) -> Boundary {
    match classify(source) {
        OriginClass::Declared => Boundary {
            sources: Share::one(),
            ..Boundary::none()
        },
        OriginClass::Opaque => Boundary {
            opaque_synthetic: Share::one(),
            ..Boundary::none()
        },
        OriginClass::NotKnown => Boundary {
            origin_not_known: Share::one(),
            ..Boundary::none()
        },
        OriginClass::SyntheticUnknown | OriginClass::Unknown => Boundary::unknown(),
        OriginClass::Mixed => {
            let synthetic = source
                .synthetic_share
                .as_ref()
                .map_or_else(BigRational::one, |share| share.value().clone());
            Boundary {
                sources: Share::exact(BigRational::one() - &synthetic),
                opaque_synthetic: Share::exact(synthetic),
                ..Boundary::none()
            }
        }
    }
}
