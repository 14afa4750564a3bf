//! The command as a user runs it: the real program, in folders of its own, with keys of its own.

mod alpaca;
mod bad_input;
mod contract;
mod damaged;
mod docs;
mod doctor;
mod items;
mod killed;
mod release;
mod stream;
mod support;
mod verbs;
mod verdicts;
