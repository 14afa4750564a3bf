//! The questions of an index, answered from sorted tables.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::index::Facts;
use crate::index::IdPrefix;
use crate::index::Index;
use crate::index::IndexError;
use crate::index::Resume;
use crate::index::Version;
use crate::index::Watermark;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::ItemName;

use super::Merge;
use super::Table;
use super::Tables;
use super::facts;
use super::row;

/// Reads all rows that begin with `prefix`, run by run.
fn rows<T>(
    tables: &impl Tables,
    table: Table,
    prefix: &[u8],
    read: impl Fn(&[u8]) -> Result<T, IndexError>,
) -> Result<Vec<T>, IndexError> {
    let mut found = Vec::new();
    for mut cursor in tables.cursors(table) {
        cursor.seek(prefix)?;
        while let Some(row) = cursor.next()?.filter(|row| row.starts_with(prefix)) {
            found.push(read(row)?);
        }
    }
    Ok(found)
}

/// Reads the first row that begins with `prefix`.
fn first<T>(
    tables: &impl Tables,
    table: Table,
    prefix: &[u8],
    read: impl Fn(&[u8]) -> Result<T, IndexError>,
) -> Result<Option<T>, IndexError> {
    for mut cursor in tables.cursors(table) {
        cursor.seek(prefix)?;
        if let Some(row) = cursor.next()?.filter(|row| row.starts_with(prefix)) {
            return read(row).map(Some);
        }
    }
    Ok(None)
}

/// Returns the statement at an entry that another table names.
fn must_id(tables: &impl Tables, entry: LeafIndex) -> Result<StatementId, IndexError> {
    let key = entry.get().to_be_bytes();
    let found = first(tables, Table::Entries, &key, row::read_entry)?;
    found.map(|(_, id)| id).ok_or(Table::Entries.malformed())
}

impl<T: Tables + Debug + Send + Sync> Index for T {
    fn watermark(&self) -> Option<&Watermark> {
        Tables::watermark(self)
    }

    fn resume(&self) -> Option<&Resume> {
        Tables::resume(self)
    }

    fn id_at(&self, entry: LeafIndex) -> Result<Option<StatementId>, IndexError> {
        let key = entry.get().to_be_bytes();
        let found = first(self, Table::Entries, &key, row::read_entry)?;
        Ok(found.map(|(_, id)| id))
    }

    fn entry_of(&self, id: StatementId) -> Result<Option<LeafIndex>, IndexError> {
        let found = first(self, Table::Ids, id.as_bytes(), row::read_id)?;
        Ok(found.map(|(_, entry)| entry))
    }

    fn facts(&self, id: StatementId) -> Result<Option<Arc<Facts>>, IndexError> {
        let Some(entry) = self.entry_of(id)? else {
            return Ok(None);
        };
        let key = entry.get().to_be_bytes();
        let facts = first(self, Table::Facts, &key, facts::read_facts)?;
        let facts = facts.filter(|facts| facts.id == id);
        Ok(Some(Arc::new(facts.ok_or(Table::Facts.malformed())?)))
    }

    fn children(&self, entry: LeafIndex) -> Result<Vec<LeafIndex>, IndexError> {
        let mut found = Vec::new();
        self.beside(Table::Children, entry, &mut found)?;
        Ok(found)
    }

    fn add_parents(&self, entry: LeafIndex, found: &mut Vec<LeafIndex>) -> Result<(), IndexError> {
        self.beside(Table::Parents, entry, found)
    }

    fn ids(&self, prefix: IdPrefix, limit: usize) -> Result<Vec<StatementId>, IndexError> {
        let (low, high) = prefix.bounds();
        let mut merge = Merge::from(self.cursors(Table::Ids), low.as_bytes())?;
        let mut found = Vec::new();
        while found.len() < limit {
            let Some(row) = merge.next()? else { break };
            let (id, _) = row::read_id(row)?;
            if id > high {
                break;
            }
            found.push(id);
        }
        Ok(found)
    }

    fn versions(&self, name: &ItemName) -> Result<Vec<Version>, IndexError> {
        let found = rows(self, Table::Names, &row::name_key(name), row::read_name)?;
        let version = |row: row::NameRow| {
            Ok(Version {
                entry: row.entry,
                statement: must_id(self, row.entry)?,
                kind: row.kind,
                part: row.part,
            })
        };
        found.into_iter().map(version).collect()
    }

    fn names(&self) -> Result<Vec<ItemName>, IndexError> {
        let mut merge = Merge::from(self.cursors(Table::Names), &[])?;
        let mut names: Vec<ItemName> = Vec::new();
        while let Some(row) = merge.next()? {
            let last = names.last().map(|name| name.as_str().as_bytes());
            if last != Some(row::name_bytes(row)?) {
                names.push(row::read_name(row)?.name);
            }
        }
        Ok(names)
    }

    fn claims(&self, digest: Sha256Digest) -> Result<Vec<ArtifactRef>, IndexError> {
        let found = rows(self, Table::Digests, digest.as_bytes(), row::read_claim)?;
        let mut last: Option<(LeafIndex, StatementId)> = None;
        let mut claims = Vec::with_capacity(found.len());
        for claim in found {
            let statement = match last.filter(|(entry, _)| *entry == claim.entry) {
                Some((_, id)) => id,
                None => must_id(self, claim.entry)?,
            };
            last = Some((claim.entry, statement));
            claims.push(ArtifactRef {
                statement,
                subject: claim.subject,
                member: claim.member,
            });
        }
        Ok(claims)
    }

    fn claimed_by_others(
        &self,
        digests: &[Sha256Digest],
        except: StatementId,
    ) -> Result<Vec<Sha256Digest>, IndexError> {
        let except = self.entry_of(except)?;
        let asked: BTreeSet<_> = digests.iter().collect();
        let mut found = BTreeSet::new();
        for mut cursor in self.cursors(Table::Digests) {
            for digest in &asked {
                let key = digest.as_bytes();
                cursor.seek(key)?;
                while let Some(row) = cursor.next()?.filter(|row| row.starts_with(key)) {
                    if Some(row::read_claim(row)?.entry) != except {
                        found.insert(**digest);
                        break;
                    }
                }
            }
        }
        let given = digests.iter().copied();
        Ok(given.filter(|digest| found.contains(digest)).collect())
    }

    fn contested(&self) -> Result<Vec<Sha256Digest>, IndexError> {
        let mut merge = Merge::from(self.cursors(Table::Contested), &[])?;
        let mut found = Vec::new();
        while let Some(row) = merge.next()? {
            found.push(row::read_digest(row)?);
        }
        Ok(found)
    }
}
