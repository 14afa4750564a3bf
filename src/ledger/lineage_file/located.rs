//! A value with the line it stands on, for errors that are found later.

/// A value and its line in the lineage file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// The line, from 1.
    pub line: u32,
}

impl<T> Located<T> {
    /// Puts a value on a line.
    pub const fn new(value: T, line: u32) -> Self {
        Self { value, line }
    }
}
