//! SPDX licence expressions (SPDX 2.3, annex D) as the terms of each choice that they leave.

use std::collections::BTreeSet;

use spdx::Expression;
use spdx::ParseMode;
use spdx::expression::ExprNode;
use spdx::expression::Operator;

use super::table::listed;
use super::terms::Terms;
use super::terms::Use;

/// The most choices of one expression that are told apart; of more, nothing is taken for known.
pub const CHOICES_MAX: usize = 64;

/// Identifiers that SPDX has replaced are still identifiers, and real data carries them.
const MODE: ParseMode = ParseMode {
    allow_slash_as_or_operator: false,
    allow_imprecise_license_names: false,
    allow_postfix_plus_on_gpl: true,
    allow_deprecated: true,
    allow_unknown: false,
};

/// One way to comply with an expression: all of these licences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The licences that bind, as the expression has them.
    pub licences: BTreeSet<String>,
    /// Those of them whose terms stand in no table.
    pub unlisted: BTreeSet<String>,
    /// What they forbid or demand together.
    pub terms: Terms,
}

impl Choice {
    fn of(name: String) -> Self {
        // `A WITH E` binds as `A` does: an exception only permits more.
        let id = name.split(" WITH ").next().unwrap_or_default();
        let (terms, unlisted) = match listed(id) {
            Some(row) => (Terms::of(Use::Commercial, row.terms, row.id), BTreeSet::new()),
            None => (Terms::unknown(), BTreeSet::from([name.clone()])),
        };
        Self {
            licences: BTreeSet::from([name]),
            unlisted,
            terms,
        }
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            licences: self.licences.union(&other.licences).cloned().collect(),
            unlisted: self.unlisted.union(&other.unlisted).cloned().collect(),
            terms: self.terms.join(&other.terms),
        }
    }
}

/// An expression that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    /// As it is written.
    pub text: String,
    /// Its choices, at least one: one for every way through its `OR`s. Empty if there are more than [`CHOICES_MAX`].
    pub choices: Vec<Choice>,
}

/// Reads an expression; the error says what is wrong with it, as a fragment.
pub fn parse(text: &str) -> Result<Licence, String> {
    let expression = Expression::parse_mode(text, MODE).map_err(|error| error.reason.to_string())?;
    Ok(Licence {
        text: text.to_owned(),
        choices: choices(&expression).unwrap_or_default(),
    })
}

/// Goes through the postfix form of an expression; nothing beyond the limit.
fn choices(expression: &Expression) -> Option<Vec<Choice>> {
    let mut stack: Vec<Vec<Choice>> = Vec::new();
    for node in expression.iter() {
        let next = match node {
            ExprNode::Req(requirement) => vec![Choice::of(requirement.req.to_string())],
            ExprNode::Op(operator) => {
                let (right, left) = (stack.pop()?, stack.pop()?);
                match operator {
                    Operator::Or => left.into_iter().chain(right).collect(),
                    Operator::And => {
                        if left.len().saturating_mul(right.len()) > CHOICES_MAX {
                            return None;
                        }
                        let pairs = left
                            .iter()
                            .flat_map(|one| right.iter().map(|other| one.and(other)));
                        pairs.collect()
                    }
                }
            }
        };
        if next.len() > CHOICES_MAX {
            return None;
        }
        stack.push(next);
    }
    stack
        .pop()
        .filter(|choices| !choices.is_empty() && stack.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::statement::Restriction;

    use super::*;

    fn told(text: &str) -> Vec<String> {
        let choices = parse(text).unwrap().choices;
        let words = |choice: &Choice| {
            let words: Vec<String> = choice.terms.words().map(|word| word.to_string()).collect();
            let names: Vec<&str> = choice.licences.iter().map(String::as_str).collect();
            format!(
                "{}: {} {}",
                names.join("+"),
                choice.terms.allowed,
                words.join(" ")
            )
        };
        choices.iter().map(words).collect()
    }

    #[test]
    fn or_is_a_choice_and_and_binds_both() {
        assert_eq!(told("MIT"), ["MIT: commercial attribution"]);
        assert_eq!(
            told("MIT AND CC-BY-NC-SA-4.0"),
            ["CC-BY-NC-SA-4.0+MIT: non_commercial attribution share_alike non_commercial"]
        );
        assert_eq!(
            told("(CC0-1.0 OR CC-BY-NC-4.0) AND GPL-3.0-or-later"),
            [
                "CC0-1.0+GPL-3.0-or-later: commercial attribution share_alike",
                "CC-BY-NC-4.0+GPL-3.0-or-later: non_commercial attribution share_alike non_commercial",
            ]
        );
    }

    #[test]
    fn what_stands_in_no_table_is_not_known_and_named() {
        let licence = parse("MIT AND LicenseRef-ours").unwrap();
        assert!(licence.choices[0].terms.not_stated);
        assert_eq!(licence.choices[0].terms.allowed, Use::Unspecified);
        assert_eq!(
            licence.choices[0].unlisted,
            BTreeSet::from(["LicenseRef-ours".to_owned()])
        );
        assert!(
            parse("LicenseRef-ours OR MIT").unwrap().choices[0]
                .terms
                .not_stated
        );
        assert!(parse("Mit Licence").is_err());
    }

    #[test]
    fn an_exception_binds_as_the_licence_does() {
        let licence = parse("GPL-2.0-only WITH Classpath-exception-2.0").unwrap();
        assert!(licence.choices[0].terms.has(Restriction::ShareAlike));
        assert!(!licence.choices[0].terms.not_stated);
    }

    #[test]
    fn too_many_choices_are_not_told_apart() {
        let many = ["(MIT OR ISC)"; 7].join(" AND ");
        assert_eq!(parse(&many).unwrap().choices, []);
        let few = ["(MIT OR ISC)"; 6].join(" AND ");
        assert_eq!(parse(&few).unwrap().choices.len(), 64);
    }
}
