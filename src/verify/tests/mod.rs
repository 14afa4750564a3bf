//! The rules of the verdict on small lineages: for each rule one that breaks only it, and one beside it that
//! does not. The ledger is built in memory, entry by entry, so that it can hold what admission would refuse.

mod evidence;
mod kit;
mod origin;
mod rules;
mod signed;
