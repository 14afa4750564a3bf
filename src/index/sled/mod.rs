//! The appender's index, in `sled`.
//!
//! Only whoever holds the appender's lock opens it. Each batch becomes a run of packed sorted blocks; runs of like
//! size are merged, so there are few. One record names the runs and says how far they go, and is written in one
//! atomic batch with the last blocks: whatever stops, the index is as before the batch or as after it. The library is
//! beta and its flush is no promise, so the folder is a cache: on any doubt it is deleted and built again from the
//! log (`docs/formats/index.md`).

mod block;
mod cursor;
mod meta;
mod store;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::Path;

use super::IndexError;
use super::IndexMut;
use super::Indexed;
use super::Resume;
use super::Watermark;
use super::codec;
use super::table::Cursor;
use super::table::Merge;
use super::table::Rows;
use super::table::Table;
use super::table::Tables;
use super::table::rows_of;

use block::BlockWriter;
use block::run_end;
use block::run_key;
use cursor::RunCursor;
use meta::META_KEY;
use meta::Meta;
use meta::Run;
use store::Store;

/// A run is merged with the next younger ones while it has fewer than this many times their rows.
const MERGE_RATIO: u64 = 2;

/// The most runs there are.
const RUNS_MAX: usize = 32;

/// An index in a folder that `sled` keeps.
#[derive(Debug)]
pub struct SledIndex {
    store: Store,
    runs: Vec<Run>,
    state: Option<(Watermark, Resume)>,
}

impl SledIndex {
    /// Opens the index of the log `origin`, or starts one in a folder that is empty or not there.
    ///
    /// [`IndexError::Busy`] while another handle has it open; any other error asks for it to be deleted.
    pub fn open(folder: &Path, origin: &str) -> Result<Self, IndexError> {
        let store = Store::open(folder)?;
        let mut index = Self {
            store,
            runs: Vec::new(),
            state: None,
        };
        if let Some(bytes) = index.store.get(&META_KEY)? {
            let meta: Option<Meta> = codec::decode(&bytes);
            let unreadable = || index.store.damaged("its record is not one of this version");
            let (watermark, resume, runs) = meta.and_then(Meta::read).ok_or_else(unreadable)?;
            if watermark.origin != origin {
                return Err(IndexError::Origin {
                    expected: watermark.origin,
                    found: origin.to_owned(),
                });
            }
            index.runs = runs;
            index.state = Some((watermark, resume));
        }
        index.remove_unnamed()?;
        Ok(index)
    }

    /// Opens the index, or deletes what is in the folder and starts anew if there is any doubt about it.
    /// [`IndexError::Busy`] while another handle has it open.
    pub fn open_or_new(folder: &Path, origin: &str) -> Result<Self, IndexError> {
        match Self::open(folder, origin) {
            Err(IndexError::Busy { path }) => Err(IndexError::Busy { path }),
            Err(_) => {
                remove(folder)?;
                Self::open(folder, origin)
            }
            Ok(index) => Ok(index),
        }
    }

    /// Removes the blocks that a stopped batch left behind.
    fn remove_unnamed(&self) -> Result<(), IndexError> {
        for table in Table::ALL {
            let mut from = run_key(table, 0);
            let end = vec![table.number() + 1];
            while let Some((key, _)) = self.store.first(&from, &end)? {
                let run = key.get(1..9).and_then(|run| run.try_into().ok());
                let run = run.map(u64::from_be_bytes);
                let run = run.ok_or_else(|| self.store.damaged("it has a key of no table"))?;
                if !self.runs.iter().any(|known| known.number == run) {
                    let mut batch = ::sled::Batch::default();
                    self.remove_run(table, run, &mut batch)?;
                    self.store.apply(batch)?;
                }
                from = run_end(table, run);
            }
        }
        Ok(())
    }

    fn remove_run(&self, table: Table, run: u64, batch: &mut ::sled::Batch) -> Result<(), IndexError> {
        for key in self.store.keys(&run_key(table, run), &run_end(table, run))? {
            batch.remove(key);
        }
        Ok(())
    }

    /// Returns the runs that stay when `rows` more come, and those that are merged with them.
    fn plan(&self, rows: u64) -> (Vec<Run>, Vec<Run>) {
        let mut stay = self.runs.clone();
        let mut merged = Vec::new();
        let mut rows = rows;
        while let Some(last) = stay.last().copied() {
            if last.rows >= rows.saturating_mul(MERGE_RATIO) && stay.len() < RUNS_MAX {
                break;
            }
            rows = rows.saturating_add(last.rows);
            merged.insert(0, last);
            stay.pop();
        }
        (stay, merged)
    }

    fn write(&mut self, rows: &Rows, to: Watermark, resume: Resume) -> Result<(), IndexError> {
        let (mut runs, merged) = self.plan(rows.count());
        let number = self.runs.last().map_or(0, |last| last.number) + 1;
        let mut writer = BlockWriter::new(&self.store);
        let mut count = 0;
        for table in Table::ALL {
            let below = merged.iter().map(|run| self.cursor(table, run.number));
            let cursors = below.chain(rows.cursor(table)).collect();
            count += writer.run(table, number, &mut Merge::from(cursors, &[])?)?;
        }
        let mut batch = writer.finish();
        for (table, run) in Table::ALL
            .iter()
            .flat_map(|table| merged.iter().map(move |run| (*table, run)))
        {
            self.remove_run(table, run.number, &mut batch)?;
        }
        runs.push(Run { number, rows: count });
        let meta = Meta::new(&to, &resume, runs.clone());
        let too_large = || self.store.damaged("its record is too large");
        batch.insert(&META_KEY, codec::encode(&meta).ok_or_else(too_large)?);
        // A stop before this leaves the index as it was; the blocks written so far are named by nothing.
        self.store.apply(batch)?;
        self.store.flush()?;
        self.runs = runs;
        self.state = Some((to, resume));
        Ok(())
    }

    fn cursor(&self, table: Table, run: u64) -> Box<dyn Cursor + '_> {
        Box::new(RunCursor::new(&self.store, table, run))
    }
}

impl Tables for SledIndex {
    fn watermark(&self) -> Option<&Watermark> {
        self.state.as_ref().map(|(watermark, _)| watermark)
    }

    fn resume(&self) -> Option<&Resume> {
        self.state.as_ref().map(|(_, resume)| resume)
    }

    fn cursors(&self, table: Table) -> Vec<Box<dyn Cursor + '_>> {
        let runs = self.runs.iter();
        runs.map(|run| self.cursor(table, run.number)).collect()
    }
}

impl IndexMut for SledIndex {
    fn apply(&mut self, batch: Vec<Indexed>, to: Watermark, resume: Resume) -> Result<(), IndexError> {
        super::check::check(Tables::watermark(self), &batch, &to)?;
        let rows = rows_of(self, &batch)?;
        drop(batch);
        let written = self.write(&rows, to, resume);
        if written.is_err() {
            // Blocks that nothing names may stand there: only an opening removes them.
            self.store.give_up();
        }
        written
    }
}

/// Removes whatever stands there.
fn remove(folder: &Path) -> Result<(), IndexError> {
    let removed = match fs::symlink_metadata(folder) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(folder),
        Ok(_) => fs::remove_file(folder),
        Err(error) => Err(error),
    };
    match removed {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(IndexError::Io {
            action: "remove",
            path: folder.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}
