//! Walks over the commits of a log, in either direction, with one slot in memory at a time.
//!
//! Every commit that a walk hands out was checked against its neighbours; a walk forward checks the root with every
//! commit, a walk backward with the last one it reaches.

use crate::digest::{CommitHash, NodeHash};
use crate::merkle::{DescendingRoot, Frontier, TreeSize, leaf_hash};

use super::commit::{Commit, NO_PREVIOUS_COMMIT};
use super::read::LogReader;
use super::{LogError, Tampering};

/// A place between two commits, from which a walk forward goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    next: u64,
    previous: CommitHash,
    frontier: Frontier,
}

impl Position {
    /// The place before the first commit.
    pub fn start() -> Self {
        Self {
            next: 0,
            previous: NO_PREVIOUS_COMMIT,
            frontier: Frontier::new(),
        }
    }

    /// Returns the number of the commit that comes next.
    pub const fn next_commit(&self) -> u64 {
        self.next
    }

    /// Returns the hash of the commit before it; zeros at the start.
    pub const fn previous(&self) -> CommitHash {
        self.previous
    }

    /// Returns the tree of all entries behind.
    pub const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    pub(super) const fn at(next: u64, previous: CommitHash, frontier: Frontier) -> Self {
        Self {
            next,
            previous,
            frontier,
        }
    }

    /// Returns how many entries lie behind.
    pub const fn size(&self) -> TreeSize {
        self.frontier.size()
    }

    /// Returns the root of all entries behind.
    pub fn root(&self) -> NodeHash {
        self.frontier.root()
    }
}

/// The commits of a log, in log order.
///
/// Every item was checked: signature, number, chain, sizes and the root of all leaves so far. After an error the
/// walk is over.
#[derive(Debug)]
pub struct Commits<'a> {
    reader: &'a LogReader,
    position: Position,
    done: bool,
}

impl<'a> Commits<'a> {
    pub(super) const fn new(reader: &'a LogReader, position: Position) -> Self {
        Self {
            reader,
            position,
            done: false,
        }
    }

    /// Returns the place behind the last commit that was handed out.
    pub const fn position(&self) -> &Position {
        &self.position
    }

    fn step(&mut self) -> Result<Commit, LogError> {
        let number = self.position.next;
        let commit = self.reader.commit(number)?;
        let header = commit.header();
        if header.previous != self.position.previous {
            let (expected, actual) = (self.position.previous, header.previous);
            return Err(Tampering::Chain {
                number,
                expected,
                actual,
            }
            .into());
        }
        if header.size_before != self.position.size() {
            let (expected, actual) = (self.position.size(), header.size_before);
            return Err(Tampering::Size {
                number,
                expected,
                actual,
            }
            .into());
        }
        for (_, entry) in commit.entries() {
            self.position.frontier.append(leaf_hash(entry));
        }
        let computed = self.position.root();
        if computed != header.root {
            return Err(Tampering::Root {
                number,
                signed: header.root,
                computed,
            }
            .into());
        }
        self.position.next += 1;
        self.position.previous = commit.hash();
        Ok(commit)
    }
}

impl Iterator for Commits<'_> {
    type Item = Result<Commit, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done || self.position.next > self.reader.head_number() {
            return None;
        }
        let step = self.step();
        self.done = step.is_err();
        Some(step)
    }
}

/// The commits of a log, from the last to the first.
///
/// Every item was checked: signature, number, hash and sizes against the commit after it; the root of all leaves
/// with the last item. After an error the walk is over.
#[derive(Debug)]
pub struct CommitsDescending<'a> {
    reader: &'a LogReader,
    next: Option<u64>,
    /// The hash that the next commit must have.
    hash: CommitHash,
    /// The size at which the next commit must end.
    size: TreeSize,
    root: DescendingRoot,
}

impl<'a> CommitsDescending<'a> {
    pub(super) fn new(reader: &'a LogReader) -> Self {
        let size = reader.checkpoint().size;
        let (number, hash) = reader.head();
        Self {
            reader,
            next: Some(number),
            hash,
            size,
            root: DescendingRoot::new(size),
        }
    }

    fn step(&mut self, number: u64) -> Result<Commit, LogError> {
        let commit = self.reader.commit(number)?;
        let header = commit.header();
        if commit.hash() != self.hash {
            return Err(Tampering::Chain {
                number,
                expected: self.hash,
                actual: commit.hash(),
            }
            .into());
        }
        if header.size_after != self.size {
            return Err(Tampering::Size {
                number,
                expected: self.size,
                actual: header.size_after,
            }
            .into());
        }
        for (_, entry) in commit.entries().rev() {
            self.root.push(leaf_hash(entry));
        }
        self.hash = header.previous;
        self.size = header.size_before;
        if number == 0 {
            self.check_start()?;
        }
        Ok(commit)
    }

    fn check_start(&self) -> Result<(), LogError> {
        if self.hash != NO_PREVIOUS_COMMIT {
            return Err(Tampering::Chain {
                number: 0,
                expected: NO_PREVIOUS_COMMIT,
                actual: self.hash,
            }
            .into());
        }
        let signed = self.reader.checkpoint().root;
        match self.root.root() {
            Some(computed) if computed == signed => Ok(()),
            Some(computed) => Err(Tampering::Root {
                number: self.reader.head_number(),
                signed,
                computed,
            }
            .into()),
            None => Err(Tampering::Size {
                number: 0,
                expected: TreeSize::EMPTY,
                actual: self.size,
            }
            .into()),
        }
    }
}

impl Iterator for CommitsDescending<'_> {
    type Item = Result<Commit, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.next.take()?;
        let step = self.step(number);
        if step.is_ok() {
            self.next = number.checked_sub(1);
        }
        Some(step)
    }
}
