//! Policies: rules as data that a lineage is held against, beside the rules of the verdict.
//!
//! A [`Policy`] is a value with one canonical form and so one digest, which stands in every verdict and report that it
//! took part in. [`apply`] holds a judged lineage against it. What a rule cannot judge, it does not permit: a count
//! that is missing, a source that does not say how it was acquired and an interval that straddles a bound all fail, each
//! with what is missing. A policy judges what is declared; what the data behind external models was, no rule knows.
//! `docs/policy.md` has every rule.

mod between;
mod case;
mod encode;
mod ends;
mod facts;
mod licences;
mod measures;
mod rule;
mod select;

#[cfg(test)]
mod tests;

pub use case::OBJECTIONS_MAX;
pub use case::apply;
pub use encode::FORMAT;
pub use rule::Demand;
pub use rule::KINDS;
pub use rule::LicenceDemand;
pub use rule::Names;
pub use rule::Policy;
pub use rule::Rule;
pub use rule::Scope;
pub use select::Select;

/// The largest policy file, in bytes: 1 MiB.
pub const POLICY_BYTES_MAX: u64 = 1024 * 1024;

/// The most rules of a policy.
pub const RULES_MAX: usize = 256;

/// The most values of one list of a rule.
pub const VALUES_MAX: usize = 10_000;
