//! Licences and terms over everything that a model descends from, whatever its role and share.
//!
//! [`Terms`] is the lattice, [`parse`] reads SPDX expressions into the terms of their choices, [`TABLE`] is what
//! well-known licences say. What nobody stated is *not stated* and never permissive. All of this is a flag for counsel,
//! not a conclusion.

mod claim;
mod expression;
mod over;
mod table;
mod terms;

#[cfg(test)]
mod tests;

pub use claim::Claim;
pub use claim::Unstated;
pub use expression::CHOICES_MAX;
pub use expression::Choice;
pub use expression::Licence;
pub use expression::parse;
pub use over::Bound;
pub use over::Differing;
pub use over::Licences;
pub use over::Witness;
pub use table::Listed;
pub use table::TABLE;
pub use table::listed;
pub use terms::RESTRICTIONS;
pub use terms::Terms;
pub use terms::Use;
