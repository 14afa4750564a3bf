//! Plain words for the words of the program.

use crate::verify::Code;

use super::document::CodeMeaning;

/// The page that says what each code means: one place for people, `--help` and reports.
const VERDICT_PAGE: &str = include_str!("../../docs/verdict.md");

/// Returns what `docs/verdict.md` says of a code.
pub fn meaning(code: Code) -> CodeMeaning {
    let begin = format!("| `{}` | ", code.as_str());
    let row = VERDICT_PAGE.lines().find_map(|line| line.strip_prefix(&begin));
    let (meaning, advice) = row
        .and_then(|row| row.trim_end_matches(" |").split_once(" | "))
        .unwrap_or_default();
    CodeMeaning {
        code: code.as_str().to_owned(),
        meaning: meaning.replace('`', ""),
        advice: advice.replace('`', ""),
    }
}

/// Returns what a verdict means, in a sentence.
pub fn of_verdict(verdict: &str) -> &'static str {
    match verdict {
        "traced" => {
            "Every path that is recorded ends in a declared source or a declared external model, and all evidence that was \
             checked holds."
        }
        "tampered" => {
            "Evidence is false: a signature, a proof, a digest, a checkpoint or a file does not hold."
        }
        "not_traced" => {
            "The evidence is sound, but the lineage is not: something is missing, made up or contradicted."
        }
        "undecidable" => "Evidence is missing, so nobody can say.",
        "not_permitted" => "The lineage is sound and complete, but a notice or a policy forbids the model.",
        _ => "This is not a verdict that this program knows.",
    }
}

/// Returns what stands behind a verdict, in words.
pub fn of_assurance(level: &str) -> &'static str {
    match level {
        "self" => "Nobody outside of the ledger says that it is the one that is meant.",
        "pinned" => {
            "Whoever made this report holds a trust root, which says which ledger is meant. No witness confirmed that \
             everybody is shown the same ledger."
        }
        "witnessed" => "A trust root says which ledger is meant, and witnesses have signed its checkpoint.",
        "sampled" => {
            "A trust root says which ledger is meant, and a sample of the files was opened: each is as registered, and with \
             95 % confidence at most 5 % of all differ. No witness confirmed that everybody is shown the same ledger."
        }
        "full" => {
            "A trust root says which ledger is meant, and every file that has a digest was opened and is as registered. \
             It does not mean that everything is declared, and no witness confirmed that everybody is shown the same \
             ledger."
        }
        _ => "This is not a level that this program knows.",
    }
}

/// Returns what a kind of node is called on the page.
pub fn of_kind<'a>(kind: &'a str, detail: &str) -> &'a str {
    match (kind, detail) {
        ("run", "generate") => "Generation",
        ("run", "annotate") => "Annotation",
        ("run", "judge") => "Judging",
        ("run", "filter") => "Filtering",
        ("run", "transform") => "Transformation",
        ("run", "mix") => "Mixing",
        ("run", "train") => "Training",
        ("run", "merge") => "Merging of models",
        ("run", "evaluate") => "Evaluation",
        ("run", _) => "Step",
        ("source", _) => "Source",
        ("prompt", _) => "Prompt",
        ("filter", _) => "Filter rule",
        ("external_model", _) => "External model",
        ("dataset", _) => "Data set",
        ("shard", _) => "Data",
        ("model", _) => "Model",
        ("scores", _) => "Scores",
        ("gap", _) => "Not declared",
        (other, _) => other,
    }
}

/// Returns what follows the kind of a node on the page.
pub fn of_detail(kind: &str, detail: &str) -> String {
    match (kind, detail) {
        (_, "") | ("run", _) => String::new(),
        ("source", "human") => "made by people".to_owned(),
        ("source", "sensor") => "made by sensors".to_owned(),
        ("source", "model") => "made by a model".to_owned(),
        ("source", "mixed") => "made by people and models".to_owned(),
        ("source", "unknown") => "nobody knows who made it".to_owned(),
        ("filter", rule) => rule.replace('_', " "),
        (_, other) => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_meaning_and_something_to_do() {
        for code in Code::ALL {
            let said = meaning(*code);
            assert!(!said.meaning.is_empty() && !said.advice.is_empty(), "{code}");
            assert!(!said.meaning.contains(['`', '|']), "{said:?}");
        }
    }
}
