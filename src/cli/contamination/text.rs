//! What people are told of a comparison.

use crate::cli::rows::not_searched_text;
use crate::cli::ui::counted;
use crate::cli::ui::in_line;
use crate::cli::ui::put;
use crate::rows::Likeness;
use crate::verify::Share;
use crate::verify::approximate;

use super::Told;

/// How many files with found rows are told in words.
const FILES_SHOWN: usize = 20;

impl Told<'_> {
    pub(super) fn text(&self) -> String {
        let mut text = self.headline();
        self.counts(&mut text);
        if let Some(file) = self.whole()
            && let Some(claim) = file.claims.first()
        {
            let name = in_line(&claim.name);
            put(
                &mut text,
                format_args!("the evaluation is itself among them: the {} {name}\n", claim.kind),
            );
        }
        self.files(&mut text);
        let searched = &self.found.searched;
        let of = self.ancestors.files.len();
        put(
            &mut text,
            format_args!(
                "compared with {} of {of} files of rows, {} rows\n",
                searched.files, searched.rows
            ),
        );
        not_searched_text(&mut text, &self.ancestors.files, searched, "not compared");
        for gap in &self.ancestors.gaps {
            put(
                &mut text,
                format_args!("  gap {}: nobody declared it\n", in_line(gap)),
            );
        }
        let outside: Vec<String> = self.ancestors.outside.iter().map(|name| in_line(name)).collect();
        if !outside.is_empty() {
            put(
                &mut text,
                format_args!(
                    "not known here: what models from outside were trained with ({})\n",
                    outside.join(", ")
                ),
            );
        }
        text
    }

    fn headline(&self) -> String {
        let eval = in_line(&self.args.eval.display().to_string());
        let model = in_line(&self.args.model);
        let which = if self.args.trained_only {
            "was trained with"
        } else {
            "descends from"
        };
        let (found, rows) = (self.found.found.len() as u64, self.rows());
        match (found, self.all_compared()) {
            (0, true) => format!("none of the {rows} rows of {eval} is in the data that {model} {which}\n"),
            (0, false) => format!(
                "none of the {rows} rows of {eval} is in what could be compared of the data that {model} {which}, which is not \
                 all\n"
            ),
            _ => {
                let approx = Share::of_counts(found, rows);
                format!(
                    "contaminated: {found} of the {rows} rows of {eval} ({:.2} %) are in the data that {model} {which}\n",
                    approximate(&approx.low) * 100.0
                )
            }
        }
    }

    fn counts(&self, text: &mut String) {
        let found = self.found.found.len() as u64;
        if found == 0 {
            return;
        }
        for likeness in Likeness::ALL {
            let what = match likeness {
                Likeness::Exact => "byte for byte".to_owned(),
                Likeness::Normal => "with the same texts, written otherwise".to_owned(),
                Likeness::Words => format!("by a run of {} words", self.args.ngram),
            };
            let count = self.found.count(likeness);
            put(
                text,
                format_args!("  {:<10}  {count:>8}  {what}\n", likeness.as_str()),
            );
        }
        if !self.args.trained_only {
            let trained = self.found.trained();
            put(
                text,
                format_args!(
                    "of these, {trained} are in data that it was trained with itself, {} only in what that was made from or with\n",
                    found - trained
                ),
            );
        }
    }

    fn files(&self, text: &mut String) {
        for (at, counts) in self.found.by_file.iter().take(FILES_SHOWN) {
            let Some(file) = self.ancestors.files.get(*at) else {
                continue;
            };
            let Some(claim) = file.claims.first() else {
                continue;
            };
            let total: u64 = counts.values().sum();
            put(
                text,
                format_args!("  {total} in the {} {}", claim.kind, in_line(&claim.name)),
            );
            if let Some(reach) = self.ancestors.reach.get(*at).and_then(Option::as_ref) {
                let names: Vec<String> = reach.path.iter().map(|step| in_line(&step.name)).collect();
                put(
                    text,
                    format_args!(", by {}: {}", reach.via.as_str(), names.join(" <- ")),
                );
            }
            text.push('\n');
            let first = self.found.found.iter().find_map(|(wanted, row)| {
                let place = row.places.iter().find(|place| place.file == *at)?;
                let row = self.wanted.rows().get(usize::try_from(*wanted).ok()?)?;
                Some((row.number, place))
            });
            if let Some((number, place)) = first {
                put(
                    text,
                    format_args!(
                        "    such as row {number}, which is its row {} ({})\n",
                        place.number,
                        place.likeness.as_str()
                    ),
                );
            }
        }
        let files = self.found.by_file.len();
        if files > FILES_SHOWN {
            let more = files - FILES_SHOWN;
            put(
                text,
                format_args!("  ... and in {} more (--json lists all)\n", counted(more, "file")),
            );
        }
    }
}
