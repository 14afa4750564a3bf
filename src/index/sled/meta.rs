//! The one record that says what the folder holds.

use serde::Deserialize;
use serde::Serialize;

use crate::digest::NodeHash;
use crate::index::Resume;
use crate::index::Watermark;
use crate::index::resume::ResumeRecord;
use crate::merkle::TreeSize;

/// Where it stands: after all tables.
pub(super) const META_KEY: [u8; 1] = [0xff];

/// The rows of one stretch of the log.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Run {
    /// What its keys begin with, after the table.
    pub(super) number: u64,
    /// How many rows it has in all tables.
    pub(super) rows: u64,
}

/// The record.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Meta {
    origin: String,
    size: u64,
    root: [u8; 32],
    /// The runs, the oldest first.
    pub(super) runs: Vec<Run>,
    resume: ResumeRecord,
}

impl Meta {
    pub(super) fn new(watermark: &Watermark, resume: &Resume, runs: Vec<Run>) -> Self {
        Self {
            origin: watermark.origin.clone(),
            size: watermark.size.get(),
            root: *watermark.root.as_bytes(),
            runs,
            resume: resume.into(),
        }
    }

    /// Returns what it says; nothing if it says nothing that makes sense.
    pub(super) fn read(self) -> Option<(Watermark, Resume, Vec<Run>)> {
        let watermark = Watermark {
            origin: self.origin,
            size: TreeSize::new(self.size),
            root: NodeHash::from_bytes(self.root),
        };
        let ascend = self.runs.is_sorted_by(|a, b| a.number < b.number);
        ascend.then_some((watermark, self.resume.read()?, self.runs))
    }
}
