//! What a person is told when a command fails: what failed, where, and what to type next.

use std::error::Error as StdError;

use serde_json::Value;
use serde_json::json;

use crate::index::IndexError;
use crate::index::resolve::ResolveError;
use crate::ledger::LedgerError;
use crate::ledger::admission::AdmissionError;
use crate::ledger::register::RegisterError;
use crate::query::QueryError;

use super::code::ErrorCode;
use super::exit::Exit;
use super::ui::shown;

/// A failure: its exit code, one message, its causes and what to do.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    code: ErrorCode,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    hints: Vec<String>,
}

impl Error {
    /// Makes an error that says what failed.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            code: exit.into(),
            message: message.into(),
            source: None,
            hints: Vec::new(),
        }
    }

    /// Says which failure it was, where the exit code does not.
    #[must_use]
    pub const fn code(mut self, code: ErrorCode) -> Self {
        self.code = code;
        self
    }

    /// Adds why.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Returns the exit code.
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// Returns whether the index on disk is what failed: without it there is an answer.
    pub fn blames_index(&self) -> bool {
        let mut source: Option<&(dyn StdError + 'static)> = self.source.as_ref().map(|source| &**source as _);
        while let Some(cause) = source {
            if is_of_index(cause) {
                return true;
            }
            source = cause.source();
        }
        false
    }

    /// Returns the message with its causes, in one sentence; everything odd in it is escaped.
    pub fn message(&self) -> String {
        let mut text = self.message.clone();
        let mut source: Option<&(dyn StdError + 'static)> = self.source.as_ref().map(|source| &**source as _);
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // A transparent wrapper has the words of what it wraps.
            if !text.ends_with(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            source = cause.source();
        }
        shown(&text)
    }

    /// Returns what to do.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// Returns the message and what to do, in one line.
    pub fn whole(&self) -> String {
        let mut text = self.message();
        for hint in &self.hints {
            text.push_str("; ");
            text.push_str(&shown(hint));
        }
        text
    }

    /// Returns what a person reads.
    pub fn text(&self) -> String {
        let mut text = format!("error: {}\n", self.message());
        for hint in &self.hints {
            text.push_str("help: ");
            text.push_str(&shown(hint));
            text.push('\n');
        }
        text
    }

    /// Returns what a program reads.
    pub fn json(&self) -> Value {
        json!({
            "schema": "herdbook/error/v1",
            "code": self.code.word(),
            "message": self.message(),
            "help": self.hints,
        })
    }
}

/// A transparent wrapper hides what it wraps from whoever walks along the causes, so each is looked into.
fn is_of_index(cause: &(dyn StdError + 'static)) -> bool {
    let damaged = IndexError::asks_for_rebuild;
    match cause.downcast_ref::<LedgerError>() {
        Some(LedgerError::Index(error) | LedgerError::Register(RegisterError::Index(error))) => {
            return damaged(error);
        }
        Some(LedgerError::Refused { source, .. } | LedgerError::Entry { source, .. }) => {
            return is_of_index(source);
        }
        _ => {}
    }
    if let Some(AdmissionError::Index(error)) = cause.downcast_ref::<AdmissionError>() {
        return damaged(error);
    }
    if let Some(RegisterError::Index(error)) = cause.downcast_ref::<RegisterError>() {
        return damaged(error);
    }
    if let Some(ResolveError::Index(error)) = cause.downcast_ref::<ResolveError>() {
        return damaged(error);
    }
    match cause.downcast_ref::<QueryError>() {
        Some(QueryError::Index(error) | QueryError::Resolve(ResolveError::Index(error))) => damaged(error),
        Some(QueryError::Ledger(error)) => is_of_index(error),
        _ => cause.downcast_ref::<IndexError>().is_some_and(damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::io::Error);

    #[derive(Debug, thiserror::Error)]
    #[error(transparent)]
    struct Wrapper(Outer);

    #[test]
    fn a_message_has_every_cause_once_and_nothing_odd() {
        let cause = Wrapper(Outer(std::io::Error::other("ro\u{202e}ot\u{1b}[2J")));
        let error = Error::new(Exit::Failure, "cannot open it")
            .because(cause)
            .hint("look");
        let expected = "error: cannot open it: outer: ro\\u{202e}ot\\u{1b}[2J\nhelp: look\n";
        assert_eq!(error.text(), expected);
        assert_eq!(error.json()["code"], "failure");
        assert_eq!(error.code(ErrorCode::FileMissing).json()["code"], "file_missing");
    }
}
