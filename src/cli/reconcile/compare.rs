//! What was opened beside what was declared.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::verify::Declared;
use crate::verify::DeclaredFile;

/// A file that was opened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opened {
    /// The path, as the job calls it; the digest where there is none.
    pub path: String,
    /// What was read there.
    pub sha256: Sha256Digest,
}

/// How both go together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compared {
    /// Opened and declared.
    pub same: Vec<Opened>,
    /// Opened under the name of something that is declared with other bytes.
    pub differing: Vec<(Opened, DeclaredFile)>,
    /// Opened and not declared; with each whether the run itself made it.
    pub undeclared: Vec<(Opened, bool)>,
    /// Declared and never opened.
    pub unopened: Vec<DeclaredFile>,
}

/// Compares, by digests first and then by names.
pub fn compare(declared: &Declared, opened: &BTreeSet<Opened>) -> Compared {
    let digests = declared.digests();
    let by_name: BTreeMap<&str, &DeclaredFile> = declared
        .files
        .iter()
        .map(|file| (file.name.as_str(), file))
        .collect();
    let mut compared = Compared::default();
    let mut seen = BTreeSet::new();
    let mut stood_for = BTreeSet::new();
    for one in opened {
        seen.insert(one.sha256);
        if declared.has(&digests, one.sha256) {
            compared.same.push(one.clone());
        } else if let Some(file) = named(&by_name, &one.path) {
            stood_for.insert(file.sha256);
            compared.differing.push((one.clone(), file.clone()));
        } else {
            let is_own = declared.outputs.contains(&one.sha256);
            compared.undeclared.push((one.clone(), is_own));
        }
    }
    let unopened = declared.files.iter();
    let unopened = unopened.filter(|file| !seen.contains(&file.sha256) && !stood_for.contains(&file.sha256));
    compared.unopened = unopened.cloned().collect();
    compared
}

/// Finds the declared file whose registered name is the path or its end: jobs open files by other folders.
fn named<'a>(by_name: &BTreeMap<&str, &'a DeclaredFile>, path: &str) -> Option<&'a DeclaredFile> {
    let ends = path.match_indices('/').map(|(at, _)| at + 1);
    std::iter::once(0)
        .chain(ends)
        .filter_map(|at| path.get(at..))
        .find_map(|end| by_name.get(end.strip_prefix("./").unwrap_or(end)).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> Sha256Digest {
        Sha256Digest::of(text.as_bytes())
    }

    fn opened(path: &str, content: &str) -> Opened {
        Opened {
            path: path.to_owned(),
            sha256: digest(content),
        }
    }

    fn file(name: &str, content: &str) -> DeclaredFile {
        DeclaredFile {
            name: name.to_owned(),
            sha256: digest(content),
            item: "tasks".to_owned(),
            role: "data".to_owned(),
        }
    }

    fn declared() -> Declared {
        Declared {
            files: [
                file("out/0.jsonl", "a"),
                file("out/1.jsonl", "b"),
                file("c.txt", "c"),
            ]
            .into(),
            lists: [digest("list")].into(),
            outputs: [digest("made")].into(),
            ..Declared::default()
        }
    }

    #[test]
    fn every_file_that_was_opened_falls_into_one_class() {
        let list = [
            opened("/mnt/elsewhere.bin", "a"),
            opened("/mnt/out/1.jsonl", "other"),
            opened("x/list", "list"),
            opened("secret.txt", "secret"),
            opened("weights.bin", "made"),
        ];
        let compared = compare(&declared(), &list.clone().into());
        assert_eq!(compared.same.len(), 2);
        assert_eq!(compared.differing, [(list[1].clone(), file("out/1.jsonl", "b"))]);
        assert_eq!(
            compared.undeclared,
            [(list[3].clone(), false), (list[4].clone(), true)]
        );
        assert_eq!(compared.unopened, [file("c.txt", "c")]);
    }

    /// A name is compared from a separator on, never from the middle of a word.
    #[test]
    fn a_name_that_only_ends_alike_is_another_name() {
        let compared = compare(
            &declared(),
            &[opened("abc.txt", "x"), opened("./c.txt", "y")].into(),
        );
        assert_eq!(compared.undeclared, [(opened("abc.txt", "x"), false)]);
        assert_eq!(compared.differing.len(), 1);
    }

    /// Both were opened, the right bytes and the wrong ones: nothing of that is hidden.
    #[test]
    fn right_bytes_under_one_name_do_not_excuse_others_under_it() {
        let list = [opened("a/c.txt", "c"), opened("b/c.txt", "x")];
        let compared = compare(&declared(), &list.into());
        assert_eq!((compared.same.len(), compared.differing.len()), (1, 1));
    }
}
