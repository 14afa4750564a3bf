//! A ledger that is held to what its user remembers: asked before every append, and told after it.

use super::Ledger;
use super::drive::published_note;
use super::error::LedgerError;
use super::remembered::Remembered;
use super::remembered::RememberedError;

impl Ledger {
    /// Has every append demand that the log is the one remembered there, and remember what it publishes.
    ///
    /// Errors: [`LedgerError::Remembered`] if it is not even now. A checkpoint that lags behind the commits is left to the
    /// append, which publishes them first.
    pub fn hold_to(&mut self, remembered: Remembered) -> Result<(), LedgerError> {
        let note = remembered.note()?;
        self.remembered = Some(remembered);
        if note.is_some() {
            // What was published before the note was read must be there now.
            self.refresh()?;
        }
        self.hold_unless_lagging(note.as_deref())
    }

    /// Returns where it is remembered.
    pub(super) fn remembered(&self) -> Option<&Remembered> {
        self.remembered.as_ref()
    }

    /// Returns what is remembered of this log; read it before [`Ledger::refresh`].
    pub(super) fn remembered_note(&self) -> Result<Option<Vec<u8>>, LedgerError> {
        let note = self.remembered.as_ref().map(Remembered::note);
        Ok(note.transpose()?.flatten())
    }

    /// Checks that the published log begins with what `note` covers.
    pub(super) fn hold(&self, note: Option<&[u8]>) -> Result<(), LedgerError> {
        match (&self.remembered, note) {
            (Some(remembered), Some(note)) => Ok(remembered.hold(note, &self.reader)?),
            _ => Ok(()),
        }
    }

    /// The same, but a shorter log may be one whose last commits are not published yet.
    pub(super) fn hold_unless_lagging(&self, note: Option<&[u8]>) -> Result<(), LedgerError> {
        match self.hold(note) {
            Err(LedgerError::Remembered(RememberedError::RolledBack(_)))
                if self.reader.has_unpublished()? =>
            {
                Ok(())
            }
            held => held,
        }
    }

    /// Remembers what is published now.
    ///
    /// Errors: [`LedgerError::Remembered`] if another history was accepted meanwhile; whatever else keeps it from being
    /// remembered is for [`Ledger::remembered_trouble`].
    pub(super) fn remember(&mut self) -> Result<(), LedgerError> {
        let Some(remembered) = self.remembered.clone() else {
            return Ok(());
        };
        self.remembered_trouble = None;
        // Somebody who appends at this moment remembers by himself.
        let Ok(note) = published_note(self) else {
            return Ok(());
        };
        match remembered.keep(&note, &self.reader) {
            Err(error) if error.is_tampered() => Err(error.into()),
            kept => {
                self.remembered_trouble = kept.err();
                Ok(())
            }
        }
    }

    /// Returns why what was appended is not remembered, if it is not.
    pub fn remembered_trouble(&self) -> Option<&RememberedError> {
        self.remembered_trouble.as_ref()
    }
}
