//! One test binary.

mod store;
#[cfg(test)]
mod tidy;
