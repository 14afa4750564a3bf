//! One test binary.

#[cfg(test)]
mod store;
