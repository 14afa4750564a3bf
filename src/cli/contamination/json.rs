//! A comparison as one JSON value.

use serde_json::Value;
use serde_json::json;

use crate::cli::json::path;
use crate::cli::json::share;
use crate::cli::rows::not_searched;
use crate::query::FoundRow;
use crate::query::ShardBytes;
use crate::rows::Likeness;
use crate::verify::Share;

use super::Told;

/// How many rows that were found are told one by one.
const ROWS_MAX: usize = 10_000;

impl Told<'_> {
    pub(super) fn json(&self) -> Value {
        let rows = self.rows();
        let counts = |likeness: Likeness| {
            let count = self.found.count(likeness);
            json!({ "rows": count, "share": share(&Share::of_counts(count, rows)) })
        };
        let any = self.found.found.len() as u64;
        let found = self.found.found.iter().take(ROWS_MAX);
        json!({
            "schema": "herdbook/contamination/v1",
            "model": self.args.model,
            "eval": {
                "file": self.args.eval.display().to_string(),
                "sha256": self.sha256.to_hex(),
                "rows": rows,
                "rows_shorter_than_ngram": self.short(),
            },
            "ngram": self.args.ngram,
            "found": {
                "exact": counts(Likeness::Exact),
                "normalised": counts(Likeness::Normal),
                "words": counts(Likeness::Words),
                "any": { "rows": any, "share": share(&Share::of_counts(any, rows)) },
            },
            "trained_only": self.args.trained_only,
            "trained_with": {
                "rows": self.found.trained(), "share": share(&Share::of_counts(self.found.trained(), rows)),
            },
            "rows": found.filter_map(|(wanted, row)| self.row(*wanted, row)).collect::<Vec<Value>>(),
            "files": self.found.by_file.keys().filter_map(|at| self.file(*at)).collect::<Vec<Value>>(),
            "whole": self.whole().and_then(|file| Some(file.claims.first()?.artifact.to_string())),
            "compared": {
                "files": self.found.searched.files, "rows": self.found.searched.rows, "of": self.ancestors.files.len(),
            },
            "not_compared": not_searched(&self.ancestors.files, &self.found.searched),
            "gaps": self.ancestors.gaps,
            "models_from_outside": self.ancestors.outside,
        })
    }

    fn row(&self, wanted: u32, found: &FoundRow) -> Option<Value> {
        let row = self.wanted.rows().get(usize::try_from(wanted).ok()?)?;
        let places = found.places.iter().filter_map(|place| {
            let claim = self.ancestors.files.get(place.file)?.claims.first()?;
            Some(json!({
                "id": claim.artifact.to_string(),
                "name": claim.name,
                "row": place.number,
                "line": place.line,
                "likeness": place.likeness.as_str(),
            }))
        });
        Some(json!({
            "row": row.number,
            "line": row.line,
            "likeness": found.likeness.as_str(),
            "files": found.files,
            "trained_with": found.trained,
            "places": places.collect::<Vec<Value>>(),
        }))
    }

    fn file(&self, at: usize) -> Option<Value> {
        let file = self.ancestors.files.get(at)?;
        let claim = file.claims.first()?;
        let counts = self.found.by_file.get(&at)?;
        let count = |likeness: Likeness| counts.get(&likeness).copied().unwrap_or_default();
        let reach = self.ancestors.reach.get(at).and_then(Option::as_ref);
        let sha256 = match &file.bytes {
            ShardBytes::Known { sha256, .. } => Some(sha256.to_hex()),
            ShardBytes::NotKnown(_) => None,
        };
        Some(json!({
            "id": claim.artifact.to_string(),
            "name": claim.name,
            "kind": claim.kind,
            "sha256": sha256,
            "via": reach.map(|reach| reach.via.as_str()),
            "path": reach.map(|reach| path(&reach.path)),
            "trained_with": self.ancestors.trained.get(at),
            "exact": count(Likeness::Exact),
            "normalised": count(Likeness::Normal),
            "words": count(Likeness::Words),
        }))
    }
}
