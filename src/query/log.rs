//! The log as a list: what each entry is, who signed it, and in which commit it stands.

use std::collections::BTreeSet;

use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::ledger::LedgerError;
use crate::ledger::View;
use crate::merkle::LeafIndex;
use crate::statement::Predicate;

use super::QueryError;

/// The kind that stands for an entry this version cannot read.
pub const UNREADABLE: &str = "unreadable";

/// Which entries are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter {
    /// The first entry.
    pub from: LeafIndex,
    /// The last entry, if not the newest.
    pub to: Option<LeafIndex>,
    /// Only this kind.
    pub kind: Option<String>,
    /// At most so many.
    pub limit: usize,
    /// Whether the lowest entries come first.
    pub oldest_first: bool,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Its place in the log.
    pub entry: LeafIndex,
    /// The number of its commit, from 0.
    pub commit: u64,
    /// Its kind, or [`UNREADABLE`].
    pub kind: String,
    /// The item's name.
    pub name: Option<String>,
    /// Its id; nothing where not even the envelope can be read.
    pub id: Option<StatementId>,
    /// Who signed it, by their own word: no signature is checked here.
    pub issuer: Option<KeyId>,
    /// Who that is, where the log says so: a holder, an owner, the log itself, any other granted key.
    pub label: Option<String>,
}

/// Some entries of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// What was asked for.
    pub entries: Vec<LogEntry>,
    /// Whether the limit left out some.
    pub more: bool,
    /// The kinds that were passed over, for those who asked for one that is not there.
    pub other_kinds: BTreeSet<String>,
}

/// Returns the entries that a filter lets through, as of the view.
pub fn log(view: &View<'_>, filter: &LogFilter) -> Result<LogPage, QueryError> {
    let mut page = LogPage {
        entries: Vec::new(),
        more: false,
        other_kinds: BTreeSet::new(),
    };
    let reader = view.reader();
    if filter.oldest_first {
        for commit in reader.commits() {
            let commit = commit.map_err(LedgerError::from)?;
            for (entry, leaf) in commit.entries() {
                if filter.to.is_some_and(|to| entry > to) {
                    return Ok(page);
                }
                if !take(view, filter, &mut page, (entry, commit.header().number), leaf) {
                    return Ok(page);
                }
            }
        }
    } else {
        for commit in reader.commits_descending() {
            let commit = commit.map_err(LedgerError::from)?;
            for (entry, leaf) in commit.entries().rev() {
                if entry < filter.from {
                    return Ok(page);
                }
                if !take(view, filter, &mut page, (entry, commit.header().number), leaf) {
                    return Ok(page);
                }
            }
        }
    }
    Ok(page)
}

/// Takes an entry if it is wanted; returns whether to go on.
fn take(
    view: &View<'_>,
    filter: &LogFilter,
    page: &mut LogPage,
    (entry, commit): (LeafIndex, u64),
    leaf: &[u8],
) -> bool {
    if entry < filter.from || filter.to.is_some_and(|to| entry > to) {
        return true;
    }
    let read = read(view, (entry, commit), leaf);
    if filter.kind.as_ref().is_some_and(|kind| *kind != read.kind) {
        page.other_kinds.insert(read.kind);
        return true;
    }
    page.more = page.entries.len() == filter.limit;
    if !page.more {
        page.entries.push(read);
    }
    !page.more
}

fn read(view: &View<'_>, (entry, commit): (LeafIndex, u64), leaf: &[u8]) -> LogEntry {
    let envelope = Envelope::decode(leaf).ok();
    let statement = envelope.as_ref().and_then(|envelope| envelope.statement().ok());
    let issuer = envelope.as_ref().map(Envelope::key);
    let predicate = statement.as_ref().map(|statement| &statement.predicate);
    LogEntry {
        entry,
        commit,
        kind: predicate.map_or(UNREADABLE, Predicate::kind).to_owned(),
        name: predicate.and_then(|predicate| Some(predicate.name()?.to_string())),
        id: envelope.as_ref().map(Envelope::id),
        issuer,
        label: issuer.and_then(|issuer| label(view, issuer)),
    }
}

fn label(view: &View<'_>, issuer: KeyId) -> Option<String> {
    let founding = view.ledger().founding();
    let keys = view.ledger().state().keys();
    let holder = keys.and_then(|keys| keys.holder(issuer)).map(str::to_owned);
    let owner = || founding.genesis.owners.iter().any(|owner| owner.id() == issuer);
    holder.or_else(|| {
        if founding.log_key.id() == issuer {
            Some("the log".to_owned())
        } else if owner() {
            Some("an owner".to_owned())
        } else {
            let granted = keys.is_some_and(|keys| keys.public_key(issuer).is_ok());
            granted.then(|| "an issuer".to_owned())
        }
    })
}
