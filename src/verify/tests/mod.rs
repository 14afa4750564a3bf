//! The rules of the verdict on small lineages: for each rule one that breaks only it, and one beside it that
//! does not. The ledger is built in memory, entry by entry, so that it can hold what admission would refuse.

mod both_cannot_be_true;
mod evidence_is_there;
mod how_large_it_may_be;
mod how_to_launder;
mod is_it_our_own_model;
mod kit;
mod nothing_is_forged;
mod nothing_is_left_out;
mod origin;
mod rows_add_up;
mod rules;
mod shares_are_bounded;
mod signed;
mod where_it_ends;
mod who_contributes;
mod who_may_say_so;
