//! How much one verification looks at, beyond the entries and blobs it must read. Reaching a limit is a finding that
//! names it (`limit_reached`), and never a shorter answer.

/// The most artifacts and members that one verification looks at to count rows.
pub const CONTENTS_MAX: usize = 8 << 20;

/// The most places that one verification looks at to compare claims.
pub const CLAIM_PLACES_MAX: usize = 2 << 20;

/// The most pairs of claims that one verification compares.
pub const CLAIM_PAIRS_MAX: usize = 16 << 20;

/// The most steps that the paths of all failing findings have together, and those of all notes. Later paths show their
/// ends only.
pub const PATH_STEPS_MAX: usize = 1 << 20;

/// The limits of one verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) contents: usize,
    pub(super) claim_places: usize,
    pub(super) claim_pairs: usize,
    pub(super) path_steps: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            contents: CONTENTS_MAX,
            claim_places: CLAIM_PLACES_MAX,
            claim_pairs: CLAIM_PAIRS_MAX,
            path_steps: PATH_STEPS_MAX,
        }
    }
}
