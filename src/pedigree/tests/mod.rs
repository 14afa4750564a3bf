//! Pedigrees that are known, and pedigrees by other means.

mod kit;
mod vectors;
