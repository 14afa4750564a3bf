//! The command as a user runs it: the real program, in folders of its own, with keys of its own.

mod alpaca;
mod bad_input;
mod cached;
mod damaged;
mod docs;
mod index;
mod killed;
mod many;
mod nightly;
mod pipelines;
mod proved;
mod reading;
mod report;
mod support;
mod verbs;
mod verdicts;
mod workers;
