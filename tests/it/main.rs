//! One test binary.

#[cfg(test)]
mod tidy;
