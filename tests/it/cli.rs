//! The command as a user runs it: the real program, in folders of its own, with keys of its own.

mod agent;
mod alpaca;
mod asked;
mod bad_input;
mod cached;
mod contract;
mod damaged;
mod docs;
mod doctor;
mod index;
mod items;
mod keys;
mod killed;
mod many;
mod nightly;
mod pipelines;
mod proved;
mod reading;
mod release;
mod report;
mod stolen;
mod stream;
mod support;
mod verbs;
mod verdicts;
mod workers;
