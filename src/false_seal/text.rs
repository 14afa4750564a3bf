//! The text of a proof about a seal, in its one spelling.
//!
//! ```text
//! herdbook/equivocation/v1
//! kind seal
//! log <the verifier key of the log>
//! false <size, rulings, or ties and the tie in hexadecimal digits>
//! entry <index>                       the seal
//! <its envelope>
//! <base64 of a hash, one a line>
//! record <base64 of a record>         false ties: every record of the seal, one a line
//! entry <index>                       each entry below it, as above
//! member <index>                      false ties: where only a member of its manifest has the tie
//! <the line of the manifest>
//! <base64 of a hash, one a line>
//!
//! <the signed checkpoint, verbatim>
//! ```

use std::iter::Peekable;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::Frame;
use crate::checkpoint::equivocation::unknown_kind;
use crate::checkpoint::tlog_proof::decimal;
use crate::checkpoint::tlog_proof::hash_line;
use crate::checkpoint::tlog_proof::parse_hash;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::merkle::LeafIndex;
use crate::merkle::MAX_PROOF_HASHES;
use crate::statement::Contested;

use super::Claimant;
use super::Evidence;
use super::FALSE_SEAL_BYTES_MAX;
use super::FalseSeal;
use super::FalseSealError;
use super::Included;
use super::MemberLine;

const KIND: &str = "seal";

impl Evidence {
    /// Returns the word for what is false.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Rulings(_) => "rulings",
            Self::Ties { .. } => "ties",
        }
    }
}

impl FalseSeal {
    /// Returns whether a file says that it is a proof of this kind.
    pub fn is_said_to_be(bytes: &[u8]) -> bool {
        let kind = bytes.split(|byte| *byte == b'\n').nth(1);
        kind.and_then(|line| line.strip_prefix(b"kind ")) == Some(KIND.as_bytes())
    }

    /// Returns the text.
    pub fn encode(&self) -> String {
        let frame = Frame {
            kind: KIND,
            log: self.log.clone(),
        };
        let mut text = frame.write();
        text.push_str("false ");
        text.push_str(self.evidence.word());
        if let Evidence::Ties { tie, .. } = &self.evidence {
            text.push(' ');
            text.push_str(&tie.to_hex());
        }
        text.push('\n');
        put_entry(&mut text, &self.seal);
        match &self.evidence {
            Evidence::Size => {}
            Evidence::Rulings(entries) => entries.iter().for_each(|entry| put_entry(&mut text, entry)),
            Evidence::Ties {
                records, claimants, ..
            } => {
                for record in records {
                    text.push_str("record ");
                    text.push_str(&STANDARD.encode(record.to_bytes()));
                    text.push('\n');
                }
                for claimant in claimants {
                    put_entry(&mut text, &claimant.included);
                    if let Some(member) = &claimant.member {
                        put_proved(&mut text, ("member", member.index), &member.line, &member.path);
                    }
                }
            }
        }
        text.push('\n');
        // Signed notes are UTF-8.
        text.push_str(&String::from_utf8_lossy(&self.checkpoint));
        text
    }

    /// Reads a text of exactly this form.
    pub fn decode(bytes: &[u8]) -> Result<Self, FalseSealError> {
        if bytes.len() > FALSE_SEAL_BYTES_MAX {
            return Err(FalseSealError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| FalseSealError::Text)?;
        let (header, checkpoint) = text.split_once("\n\n").ok_or(FalseSealError::Shape)?;
        let (frame, lines) = Frame::read(header).map_err(FalseSealError::Frame)?;
        if frame.kind != KIND {
            return Err(FalseSealError::Frame(unknown_kind(frame.kind)));
        }
        let mut lines = Lines {
            lines: lines.peekable(),
            last: 3,
        };
        let what = lines.after("false ").unwrap_or_default();
        let Some((what, tie)) = subject(what) else {
            return Err(lines.wrong("`false` and `size`, `rulings`, or `ties` and a tie"));
        };
        let seal = lines.entry()?;
        let evidence = match (what, tie) {
            ("rulings", _) => {
                let mut entries = Vec::new();
                while lines.is_next("entry ") {
                    entries.push(lines.entry()?);
                }
                Evidence::Rulings(entries)
            }
            (_, Some(tie)) => Evidence::Ties {
                tie,
                records: lines.records()?,
                claimants: lines.claimants()?,
            },
            _ => Evidence::Size,
        };
        if lines.next().is_some() {
            return Err(lines.wrong("an empty line"));
        }
        Ok(Self {
            log: frame.log,
            seal,
            evidence,
            checkpoint: checkpoint.as_bytes().to_vec(),
        })
    }
}

fn subject(text: &str) -> Option<(&str, Option<Sha256Digest>)> {
    match text.split_once(' ') {
        None if text == "size" || text == "rulings" => Some((text, None)),
        Some((word @ "ties", tie)) => Some((word, Some(Sha256Digest::from_hex(tie).ok()?))),
        _ => None,
    }
}

fn put_entry(text: &mut String, entry: &Included) {
    put_proved(text, ("entry", entry.index), &entry.entry, &entry.path);
}

fn put_proved(text: &mut String, (word, index): (&str, LeafIndex), line: &str, path: &[NodeHash]) {
    for part in [word, " ", &index.to_string(), "\n", line, "\n"] {
        text.push_str(part);
    }
    for hash in path {
        text.push_str(&hash_line(hash));
    }
}

/// The lines of a header that are still to be read.
struct Lines<I: Iterator> {
    lines: Peekable<I>,
    /// The number of the line that was read last.
    last: usize,
}

impl<'a, I: Iterator<Item = (usize, &'a str)>> Lines<I> {
    fn next(&mut self) -> Option<&'a str> {
        self.last += 1;
        self.lines.next().map(|(_, line)| line)
    }

    fn after(&mut self, word: &str) -> Option<&'a str> {
        self.next()?.strip_prefix(word)
    }

    fn is_next(&mut self, word: &str) -> bool {
        self.lines.peek().is_some_and(|(_, line)| line.starts_with(word))
    }

    fn wrong(&self, expected: &'static str) -> FalseSealError {
        let line = self.last;
        FalseSealError::Line { line, expected }
    }

    /// Reads a word with an index, a line, and the hashes behind it.
    fn proved(
        &mut self,
        word: &str,
        expected: &'static str,
    ) -> Result<(LeafIndex, String, Vec<NodeHash>), FalseSealError> {
        let index = self.after(word).and_then(decimal);
        let index = index.ok_or_else(|| self.wrong(expected))?;
        let line = self.next().filter(|line| !line.is_empty());
        let line = line.ok_or_else(|| self.wrong("an envelope or a line of a manifest"))?;
        let mut path = Vec::new();
        // A hash has no space in it, and every other line that may follow has one.
        while self.lines.peek().is_some_and(|(_, line)| !line.contains(' ')) {
            let hash = self.next().and_then(parse_hash);
            let hash = hash.filter(|_| path.len() < MAX_PROOF_HASHES);
            path.push(hash.ok_or_else(|| self.wrong("a hash"))?);
        }
        Ok((LeafIndex::new(index), line.to_owned(), path))
    }

    fn entry(&mut self) -> Result<Included, FalseSealError> {
        let (index, entry, path) = self.proved("entry ", "`entry` and a number")?;
        Ok(Included { index, entry, path })
    }

    fn records(&mut self) -> Result<Vec<Contested>, FalseSealError> {
        let mut records = Vec::new();
        while self.is_next("record ") {
            let bytes = self.after("record ").and_then(|text| STANDARD.decode(text).ok());
            let record: Option<[u8; Contested::BYTES]> = bytes.and_then(|bytes| bytes.try_into().ok());
            let record = record.ok_or_else(|| self.wrong("`record` and a record"))?;
            records.push(Contested::from_bytes(&record));
        }
        Ok(records)
    }

    fn claimants(&mut self) -> Result<Vec<Claimant>, FalseSealError> {
        let mut claimants = Vec::new();
        while self.is_next("entry ") {
            let included = self.entry()?;
            let member = if self.is_next("member ") {
                let (index, line, path) = self.proved("member ", "`member` and a number")?;
                Some(MemberLine { index, line, path })
            } else {
                None
            };
            claimants.push(Claimant { included, member });
        }
        Ok(claimants)
    }
}
