//! Collections of the Data Provenance Initiative (Longpre and others 2023, arXiv:2310.16787): one JSON file a collection,
//! one record a data set, by its identifier.
//!
//! A record becomes a *stated* source: what it says of licences, languages, creators, models and parents, and no bytes. Parents
//! are free text there. One that is exactly the identifier or the name of one record, or the name of a collection of one
//! record, is that; every other one stays as a gap with the record's own words.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;

use petgraph::algo::has_path_connecting;
use petgraph::graph::DiGraph;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::MapAccess;
use serde::de::Visitor;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::ledger::lineage_file::licence_meant;
use crate::statement::ItemName;
use crate::statement::TextError;

/// The most records of all files together.
pub const RECORDS_MAX: usize = 100_000;

/// Why collections cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum DpiError {
    /// Not JSON, or another form.
    #[error("{file} is no collection of the Data Provenance Initiative")]
    Form {
        /// The file.
        file: String,
        /// Where and why.
        source: serde_json::Error,
    },
    /// Two records with one identifier.
    #[error("{file} has a record {id}, and so has {other}")]
    Twice {
        /// The identifier.
        id: String,
        /// The later file.
        file: String,
        /// The earlier one.
        other: String,
    },
    /// An identifier that cannot be a name.
    #[error("{file} has a record whose identifier cannot be the name of an item")]
    Name {
        /// The file.
        file: String,
        /// Why not.
        source: TextError,
    },
    /// A record that is not what it is filed as: that of the template of the collections, or one that was copied.
    #[error(
        "{file}: the record {id} says in `Unique Dataset Identifier` that it is {says}; leave the file out if it is the template of \
         the collections, or let both be the same"
    )]
    OtherIdentifier {
        /// The file.
        file: String,
        /// The identifier that it stands under.
        id: String,
        /// The one that it says.
        says: String,
    },
    /// A count below zero, or with a fraction.
    #[error("{file}: record {id} has {found} dialogs, which is no count")]
    Count {
        /// The file.
        file: String,
        /// The identifier.
        id: String,
        /// What stands there.
        found: String,
    },
    /// More than [`RECORDS_MAX`].
    #[error("the files have more than {RECORDS_MAX} records together; import fewer files at a time")]
    TooMany,
}

/// What became of a parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The record with this identifier.
    Record(String),
    /// Nothing has this name.
    Nothing,
    /// Only records whose names differ in case.
    OtherCase(Vec<String>),
    /// A collection of so many records, and the text does not say which.
    Several(usize),
    /// The record itself, or one that descends from it.
    Circle(String),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(id) => write!(f, "is the record {id}"),
            Self::Nothing => write!(f, "no record has this name"),
            Self::OtherCase(names) => write!(
                f,
                "no record has this name; {} differs in case only, and that is not taken for the same",
                names.join(", ")
            ),
            Self::Several(count) => write!(
                f,
                "{count} records have this name, and the text does not say which"
            ),
            Self::Circle(id) => write!(f, "{id} would be derived from itself"),
        }
    }
}

/// One parent of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The identifier of the record that names it.
    pub record: String,
    /// What it says.
    pub text: String,
    /// What that is.
    pub found: Found,
}

/// Collections as a lineage file.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The lineage file.
    pub file: Value,
    /// How many collections were read.
    pub collections: usize,
    /// How many sources it has.
    pub sources: usize,
    /// Every parent that a record names, in the order of the files.
    pub parents: Vec<Parent>,
}

#[derive(Debug, Deserialize)]
struct Record {
    #[serde(rename = "Unique Dataset Identifier", default)]
    says_id: Option<String>,
    #[serde(rename = "Dataset Name")]
    name: String,
    #[serde(rename = "Collection")]
    collection: String,
    #[serde(rename = "Dataset URL", default)]
    url: String,
    #[serde(rename = "Languages", default)]
    languages: Vec<String>,
    #[serde(rename = "Text Metrics", default)]
    metrics: Metrics,
    #[serde(rename = "Model Generated")]
    models: Vec<String>,
    #[serde(rename = "Creators", default)]
    creators: Vec<String>,
    #[serde(rename = "Licenses", default)]
    licences: Vec<Licence>,
    #[serde(rename = "Human Annotation", default)]
    annotated: String,
    #[serde(rename = "Text Sources", default)]
    texts: Vec<String>,
    #[serde(rename = "Derived from Datasets")]
    parents: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Metrics {
    #[serde(rename = "Num Dialogs", default)]
    dialogs: Option<serde_json::Number>,
}

#[derive(Debug, Deserialize)]
struct Licence {
    #[serde(rename = "License")]
    name: String,
}

/// The records of a file in its order; a map would drop one of two with the same identifier.
struct Records(Vec<(String, Record)>);

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Records;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of records by identifier")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Records, A::Error> {
                let mut records = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    records.push(entry);
                }
                Ok(Records(records))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Reads collections, each with the name by which a message calls its file.
pub fn import(files: &[(String, Vec<u8>)]) -> Result<Imported, DpiError> {
    let mut records: Vec<(String, Record)> = Vec::new();
    let mut stands_in: BTreeMap<String, &str> = BTreeMap::new();
    for (file, bytes) in files {
        let read: Records = serde_json::from_slice(bytes).map_err(|source| DpiError::Form {
            file: file.clone(),
            source,
        })?;
        for (id, record) in read.0 {
            ItemName::new(&id).map_err(|source| DpiError::Name {
                file: file.clone(),
                source,
            })?;
            if let Some(says) = record.says_id.as_ref().filter(|says| **says != id) {
                let (file, says) = (file.clone(), says.clone());
                return Err(DpiError::OtherIdentifier { file, id, says });
            }
            if let Some(other) = stands_in.insert(id.clone(), file) {
                let (file, other) = (file.clone(), other.to_owned());
                return Err(DpiError::Twice { id, file, other });
            }
            records.push((id, record));
        }
        if records.len() > RECORDS_MAX {
            return Err(DpiError::TooMany);
        }
    }
    let parents = parents(&records);
    let mut sources = Vec::new();
    for (id, record) in &records {
        let dialogs = record.metrics.dialogs.as_ref();
        let rows = match dialogs.map(|count| (count, count.as_u64())) {
            None => None,
            Some((_, Some(count))) => Some(count),
            Some((found, None)) => {
                let file = stands_in.get(id).copied().unwrap_or_default().to_owned();
                let (id, found) = (id.clone(), found.to_string());
                return Err(DpiError::Count { file, id, found });
            }
        };
        let own = parents.iter().filter(|parent| parent.record == *id);
        sources.push(source(id, record, rows, own));
    }
    let collections: BTreeSet<&str> = records
        .iter()
        .map(|(_, record)| record.collection.as_str())
        .collect();
    Ok(Imported {
        collections: collections.len(),
        sources: sources.len(),
        file: json!({"herdbook": 1, "sources": sources}),
        parents,
    })
}

fn parents(records: &[(String, Record)]) -> Vec<Parent> {
    let mut called: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    let mut lower: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (at, (id, record)) in records.iter().enumerate() {
        for name in [id.as_str(), &record.name, &record.collection] {
            called.entry(name).or_default().insert(at);
            lower.entry(name.to_lowercase()).or_default().insert(name);
        }
    }
    let mut graph: DiGraph<usize, ()> = DiGraph::new();
    let nodes: Vec<_> = (0..records.len()).map(|at| graph.add_node(at)).collect();
    let mut found = Vec::new();
    for (at, (id, record)) in records.iter().enumerate() {
        for text in &record.parents {
            let same: Vec<usize> = called.get(text.as_str()).into_iter().flatten().copied().collect();
            let what = match same.as_slice() {
                [] => match lower.get(&text.to_lowercase()) {
                    None => Found::Nothing,
                    Some(names) => Found::OtherCase(names.iter().map(|name| (*name).to_owned()).collect()),
                },
                [one] => match (nodes.get(at), nodes.get(*one), records.get(*one)) {
                    (Some(child), Some(parent), Some((parent_id, _))) => {
                        if has_path_connecting(&graph, *parent, *child, None) {
                            Found::Circle(id.clone())
                        } else {
                            graph.update_edge(*child, *parent, ());
                            Found::Record(parent_id.clone())
                        }
                    }
                    _ => Found::Nothing,
                },
                several => Found::Several(several.len()),
            };
            found.push(Parent {
                record: id.clone(),
                text: text.clone(),
                found: what,
            });
        }
    }
    found
}

fn source<'a>(
    id: &str,
    record: &Record,
    rows: Option<u64>,
    parents: impl Iterator<Item = &'a Parent>,
) -> Value {
    let mut source = Map::new();
    let mut put = |key: &str, value: Value| drop(source.insert(key.to_owned(), value));
    put("name", json!(id));
    put("foreign", json!({"alg": "dpi", "value": id}));
    put("made_by", json!(made_by(record)));
    if !record.models.is_empty() {
        put("generators", json!(record.models));
    }
    put("acquired_by", json!("public_dataset"));
    if let Some(licence) = licence(&record.licences) {
        put("licence", json!(licence));
    }
    if !record.creators.is_empty() {
        put("holder", json!(record.creators.join("; ")));
    }
    if !record.url.is_empty() {
        put("url", json!(record.url));
    }
    if !record.languages.is_empty() {
        put("languages", json!(record.languages));
    }
    if let Some(rows) = rows {
        put("rows", json!(rows));
    }
    let parents: Vec<Value> = parents
        .map(|parent| match &parent.found {
            Found::Record(id) => json!({"use": id}),
            _ => json!({"unresolved": parent.text}),
        })
        .collect();
    if !parents.is_empty() {
        put("derived_from", Value::Array(parents));
    }
    Value::Object(source)
}

/// A record names the models that made some of it, and never how much. Without a model it says that people annotated it
/// or nothing, which is not that people wrote it.
fn made_by(record: &Record) -> &'static str {
    let people = record.annotated == "Yes" || !record.texts.is_empty();
    match (record.models.is_empty(), people) {
        (true, _) => "unknown",
        (false, true) => "mixed",
        (false, false) => "model",
    }
}

/// All of them count, so an expression joins them with `AND`; what SPDX does not list becomes a reference of its name.
fn licence(licences: &[Licence]) -> Option<String> {
    let mut terms: Vec<String> = Vec::new();
    for licence in licences {
        let term = licence_meant(&licence.name).map_or_else(|| reference(&licence.name), str::to_owned);
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    (!terms.is_empty()).then(|| terms.join(" AND "))
}

fn reference(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        })
        .collect();
    format!("LicenseRef-{}", plain.trim_matches('-'))
}

#[cfg(test)]
mod tests;
