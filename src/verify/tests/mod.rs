//! The rules of the verdict on small lineages: for each rule one that breaks only it, and one beside it that
//! does not. The ledger is built in memory, entry by entry, so that it can hold what admission would refuse.

mod as_it_was;
mod both_cannot_be_true;
mod does_it_go_on;
mod evidence_is_there;
mod how_it_is_drawn;
mod how_large_it_may_be;
mod how_to_launder;
mod in_which_order;
mod is_it_our_own_model;
pub(crate) mod kit;
mod nothing_is_forged;
mod nothing_is_left_out;
mod part_of_a_log;
mod rows_add_up;
mod shares_are_bounded;
mod stock;
mod the_same_leaves;
mod what_a_policy_says;
mod what_a_sample_shows;
mod what_a_source_came_from;
mod what_exclusion_compares;
mod what_is_excluded;
mod what_is_withheld;
mod what_says_nothing;
mod what_was_corrected;
mod what_was_declared_late;
mod what_was_taken_back;
mod where_it_ends;
mod who_contributes;
mod who_contributes_to_models;
mod who_may_say_so;

/// What asks the questions, to see that no code is left out.
const QUESTIONS: [&str; 21] = [
    include_str!("as_it_was.rs"),
    include_str!("both_cannot_be_true.rs"),
    include_str!("does_it_go_on.rs"),
    include_str!("evidence_is_there.rs"),
    include_str!("how_large_it_may_be.rs"),
    include_str!("how_to_launder.rs"),
    include_str!("is_it_our_own_model.rs"),
    include_str!("nothing_is_forged.rs"),
    include_str!("nothing_is_left_out.rs"),
    include_str!("part_of_a_log.rs"),
    include_str!("rows_add_up.rs"),
    include_str!("what_a_sample_shows.rs"),
    include_str!("what_is_excluded.rs"),
    include_str!("what_a_policy_says.rs"),
    include_str!("what_a_source_came_from.rs"),
    include_str!("what_is_withheld.rs"),
    include_str!("what_was_corrected.rs"),
    include_str!("what_was_declared_late.rs"),
    include_str!("what_was_taken_back.rs"),
    include_str!("where_it_ends.rs"),
    include_str!("who_may_say_so.rs"),
];

#[test]
fn every_code_is_asked_about() {
    for code in super::finding::Code::ALL {
        let name = format!("Code::{code:?}");
        assert!(QUESTIONS.iter().any(|text| text.contains(&name)), "{name}");
    }
}
