//! The command as a user runs it: the real program, in folders of its own, with keys of its own.

mod alpaca;
mod bad_input;
mod damaged;
mod docs;
mod killed;
mod report;
mod support;
mod verbs;
mod verdicts;
