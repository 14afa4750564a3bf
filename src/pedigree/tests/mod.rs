//! Pedigrees that are known, and pedigrees by other means.

mod kin;
mod kit;
mod lineages;
mod oracle;
mod vectors;
