//! Herdbook: a ledger of where training data and models come from, and the verdict on whether a model's lineage
//! holds.
//!
//! Data flows one way:
//!
//! ```text
//! register   files -> digests, facts -> Statement        ledger::register, ledger::hash, ledger::lineage_file
//! sign       Statement -> Envelope                        envelope, sign
//! append     Envelope -> LeafIndex, Checkpoint            ledger::admission, log, store
//! index      (LeafIndex, Statement) -> answers            index: disposable, never signed from
//! query      View at a tree size -> names, graphs         query
//! verify     bytes -> Verified<Judgement>                 verify: pure, drives nothing, reads nothing
//! report     Verified<Judgement> -> signed JSON, a page    report: pure too
//! ```
//!
//! Three layers, each using only what stands below it (`tests/it/tidy.rs` fails the build otherwise):
//!
//! * **Vocabulary**, no disk, clock or randomness: [`digest`], [`canonical`], [`key`], [`commitment`], [`statement`],
//!   [`merkle`], [`manifest`], [`envelope`], [`checkpoint`], [`trust`], [`disclosure`], [`false_seal`], [`sample`]; and on it the
//!   judgement, [`verify`], what is worked out from it, [`pedigree`], [`licence`] and [`policy`], and what carries its
//!   evidence to somebody else, [`bundle`].
//! * **Mechanisms** (feature `ledger`): `store`, then `sign`, `log` and `index` beside each other, then `ledger`,
//!   `query`, `fsck` and `report`.
//! * **Edges** (feature `cli`): `cli`, the only code that prints and the only one that asks for the time.
//!
//! To read the code, begin with [`statement`] (what is said), then [`verify`] (what is made of it), then
//! `ledger` (how it gets there). `docs/architecture.md` has the invariants, `docs/formats/` the bytes.

pub mod bundle;
pub mod canonical;
pub mod checkpoint;
#[cfg(feature = "cli")]
pub mod cli;
pub mod commitment;
pub mod digest;
pub mod disclosure;
pub mod envelope;
pub mod false_seal;
pub mod key;
pub mod licence;
pub mod manifest;
pub mod merkle;
pub mod pedigree;
pub mod policy;
pub mod rows;
pub mod sample;
pub mod statement;
pub mod trust;
pub mod verify;

#[cfg(feature = "ledger")]
pub mod fsck;
#[cfg(feature = "ledger")]
pub mod index;
#[cfg(feature = "ledger")]
pub mod ledger;
#[cfg(feature = "ledger")]
pub mod log;
#[cfg(feature = "ledger")]
pub mod query;
#[cfg(feature = "ledger")]
pub mod report;
#[cfg(feature = "ledger")]
pub mod sign;
#[cfg(feature = "ledger")]
pub mod store;
