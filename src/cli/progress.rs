//! The bar that is shown while files are hashed, on a terminal only.

use std::path::Path;

use indicatif::ProgressBar;
use indicatif::ProgressStyle;

use crate::ledger::hash::Progress;

/// Bytes and files so far.
#[derive(Debug)]
pub struct Bar {
    bar: Option<ProgressBar>,
}

impl Bar {
    /// Makes a bar, or one that nobody sees.
    pub fn new(visible: bool) -> Self {
        let style = ProgressStyle::with_template("hashing {bytes} at {bytes_per_sec}, {msg}");
        let bar = visible.then(|| match style {
            Ok(style) => ProgressBar::no_length().with_style(style),
            Err(_) => ProgressBar::no_length(),
        });
        Self { bar }
    }

    /// Takes the bar away.
    pub fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bar {
    fn bytes_hashed(&self, path: &Path, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            bar.set_message(super::ui::in_line(&name));
        }
    }

    fn file_done(&self, _path: &Path) {}
}
