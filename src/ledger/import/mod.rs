//! What others have recorded of data, as lineage files: each form is read, nothing is registered, and what cannot be
//! resolved is told one by one.

pub mod dpi;
