//! What a revocation makes suspect, and which models that reaches.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::impact::STEPS_MAX;
use crate::cli::impact::Told;
use crate::cli::impact::reached;
use crate::cli::impact::share_told;
use crate::cli::impact::way;
use crate::cli::ui::Paint;
use crate::cli::ui::counted;
use crate::cli::ui::in_line;
use crate::cli::ui::put;
use crate::cli::ui::short_id;
use crate::cli::ui::table;
use crate::digest::KeyId;
use crate::ledger::View;
use crate::query::Place;
use crate::query::Reached;
use crate::query::Suspect;
use crate::query::impact;
use crate::query::suspects;
use crate::statement::ArtifactRef;
use crate::trust::Keys;
use crate::verify::PathStep;

use super::named::short;

/// How many of them are told in words; JSON has all.
const SHOWN_MAX: usize = 50;

/// What is suspect, and what it has a part in.
#[derive(Debug)]
pub struct Reach {
    suspects: Vec<Suspect>,
    models: Vec<Model>,
}

/// A model that is reached.
#[derive(Debug)]
struct Model {
    one: Reached,
    path: Vec<PathStep>,
    json: Value,
}

impl Reach {
    /// Finds what is suspect by the keys as they are `after`, and is of `key` or was not suspect `before`.
    pub fn of(view: &View<'_>, before: &Keys, after: &Keys, key: KeyId) -> Result<Self, Error> {
        let earlier: BTreeSet<_> = suspects(view, before)?.into_iter().map(|one| one.id).collect();
        let mut all = suspects(view, after)?;
        all.retain(|one| one.key == key || !earlier.contains(&one.id));
        let mut roots = Vec::new();
        for one in &all {
            let Some(facts) = view
                .index()
                .facts(one.id)
                .map_err(crate::query::QueryError::from)?
            else {
                continue;
            };
            if facts.kind == "run" {
                roots.push(Place::Run(one.id));
            } else {
                let subjects = facts.sets.iter().flat_map(|set| set.subjects.clone());
                roots.extend(subjects.map(|subject| Place::Artifact(ArtifactRef::subject(one.id, subject))));
            }
        }
        let mut models = Vec::new();
        if !roots.is_empty() {
            let found = impact(view, &roots)?;
            let mut left = STEPS_MAX;
            for one in found.reached.iter().filter(|one| one.kind == "model") {
                let told = Told::of(view, &found, one, &mut left)?;
                models.push(Model {
                    one: one.clone(),
                    path: told.path().to_vec(),
                    json: reached(&told),
                });
            }
        }
        Ok(Self {
            suspects: all,
            models,
        })
    }

    /// Returns what a person is told.
    pub fn text(&self, key: KeyId, is_done: bool, paint: Paint) -> String {
        if self.suspects.is_empty() {
            return "no entry is suspect\n".to_owned();
        }
        let (are, reach) = if is_done {
            ("are", "reach")
        } else {
            ("would be", "would reach")
        };
        let mut text = format!(
            "{} {are} suspect until another key affirms them\n",
            entries(self.suspects.len())
        );
        let rows: Vec<Vec<String>> = (self.suspects.iter().take(SHOWN_MAX))
            .map(|one| {
                vec![
                    format!("  entry {}", one.entry),
                    one.kind.clone(),
                    one.name.as_deref().map(in_line).unwrap_or_default(),
                    short_id(&format!("hb:{}", one.id)),
                ]
            })
            .collect();
        text.push_str(&table(&rows));
        more(&mut text, self.suspects.len());
        if self.models.is_empty() {
            text.push_str("they reach no model\n");
        } else {
            let released = self
                .models
                .iter()
                .filter(|model| !model.one.released.is_empty())
                .count();
            put(
                &mut text,
                format_args!(
                    "they {reach} {}, {released} of them released\n",
                    counted(self.models.len(), "model")
                ),
            );
        }
        for Model { one, path, .. } in self.models.iter().take(SHOWN_MAX) {
            let name = paint.strong(&in_line(&one.node));
            let told = if one.released.is_empty() { "" } else { ", released" };
            put(
                &mut text,
                format_args!("  {name}  {}{told}\n    from {}\n", share_told(one), way(path)),
            );
        }
        more(&mut text, self.models.len());
        put(
            &mut text,
            format_args!(
                "look at each, then vouch for those that are right with another granted key: herdbook key affirm \
                 ID..., or --all-of {}\n",
                short(key)
            ),
        );
        text
    }

    /// Returns the same for programs.
    pub fn json(&self) -> Value {
        json!({
            "suspect": self.suspects.iter().map(suspect).collect::<Vec<Value>>(),
            "models": self.models.iter().map(|model| model.json.clone()).collect::<Vec<Value>>(),
        })
    }
}

fn suspect(one: &Suspect) -> Value {
    json!({
        "entry": one.entry.get(),
        "id": format!("hb:{}", one.id),
        "kind": one.kind,
        "name": one.name,
        "key": one.key.to_hex(),
    })
}

fn entries(count: usize) -> String {
    if count == 1 {
        "1 entry".to_owned()
    } else {
        format!("{count} entries")
    }
}

fn more(text: &mut String, count: usize) {
    if count > SHOWN_MAX {
        put(
            text,
            format_args!("  and {} more (--json lists all)\n", count - SHOWN_MAX),
        );
    }
}
