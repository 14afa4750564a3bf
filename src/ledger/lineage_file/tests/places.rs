//! Which files patterns mean, under which names, and what workers' digests say.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;

struct Place {
    _folder: tempfile::TempDir,
    root: std::path::PathBuf,
}

impl Place {
    /// Makes a folder `x[1]` with files, and the lineage file's place in it. The name is a trap for patterns.
    fn with(files: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("x[1]");
        fs::create_dir(&root).unwrap();
        for file in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        Self {
            _folder: folder,
            root,
        }
    }

    fn lookup(&self) -> Lookup {
        Lookup::beside(&self.root.join("l.yaml"))
    }

    fn files(&self, patterns: &[&str]) -> (Vec<NamedFile>, Faults) {
        let patterns: Vec<_> = (1..)
            .zip(patterns)
            .map(|(line, pattern)| Located::new((*pattern).to_owned(), line))
            .collect();
        let mut faults = Faults::default();
        let found = self.lookup().files(&patterns, &mut faults);
        (found, faults)
    }

    fn names(&self, patterns: &[&str]) -> Vec<String> {
        let (found, faults) = self.files(patterns);
        assert!(faults.is_empty(), "{patterns:?}: {faults}");
        found.into_iter().map(|file| file.name).collect()
    }

    /// The one fault, without the path of the lineage file.
    fn fault(&self, patterns: &[&str]) -> String {
        let (_, faults) = self.files(patterns);
        let told = lines_of(&faults)
            .join("\n")
            .replace(&self.root.display().to_string(), "ROOT");
        told.replace(self.root.parent().unwrap().to_str().unwrap(), "ABOVE")
    }
}

#[test]
fn patterns_are_relative_to_the_lineage_file_and_sorted() {
    let place = Place::with(&[
        "b.jsonl",
        "a.jsonl",
        ".hidden.jsonl",
        "out/c.jsonl",
        "out/deep/d.jsonl",
        "e.txt",
        "w*.jsonl",
    ]);
    assert_eq!(place.names(&["*.jsonl"]), ["a.jsonl", "b.jsonl", "w*.jsonl"]);
    assert_eq!(
        place.names(&["out/*.jsonl", "a.jsonl"]),
        ["a.jsonl", "out/c.jsonl"]
    );
    assert_eq!(place.names(&["out/**/*"]), ["out/c.jsonl", "out/deep/d.jsonl"]);
    assert_eq!(
        place.names(&["[ab].jsonl", "a.jsonl", "./a.jsonl", "out/../a.jsonl"]),
        ["a.jsonl", "b.jsonl"]
    );
    assert_eq!(place.names(&[".hidden.jsonl"]), [".hidden.jsonl"]);
    assert_eq!(
        place.names(&["*/*.jsonl", "*/*/*"]),
        ["out/c.jsonl", "out/deep/d.jsonl"]
    );
    // A path that exists is no pattern.
    assert_eq!(place.names(&["w*.jsonl"]), ["w*.jsonl"]);
    let (found, _) = place.files(&["e.txt", "b.jsonl"]);
    assert_eq!(
        found[0],
        NamedFile {
            name: "b.jsonl".into(),
            path: place.root.join("b.jsonl"),
            line: 2
        }
    );
}

#[test]
fn no_registered_name_holds_a_path_of_this_machine() {
    let place = Place::with(&["in/a.jsonl", "../beside/b.jsonl"]);
    let inside = place.root.join("in/a.jsonl");
    let outside = place.root.parent().unwrap().join("beside/b.jsonl");
    assert_eq!(place.names(&[inside.to_str().unwrap()]), ["in/a.jsonl"]);
    assert_eq!(place.names(&[outside.to_str().unwrap()]), ["b.jsonl"]);
    assert_eq!(place.names(&["../beside/*.jsonl"]), ["b.jsonl"]);
    assert_eq!(
        place.names(&["../x[1]/in/a.jsonl", "in/../../x[1]/in/a.jsonl"]),
        ["in/a.jsonl"]
    );
    // Through a link to the folder, a file of it is still inside.
    let link = place.root.parent().unwrap().join("link");
    symlink(&place.root, &link).unwrap();
    let mut faults = Faults::default();
    let pattern = Located::new(inside.to_str().unwrap().to_owned(), 1);
    let found = Lookup::beside(&link.join("l.yaml")).files(&[pattern], &mut faults);
    assert_eq!((found[0].name.as_str(), faults.is_empty()), ("in/a.jsonl", true));
}

#[test]
fn a_lineage_file_in_the_current_folder_names_files_as_they_are() {
    // Tests run in the root of the package.
    let mut faults = Faults::default();
    for beside in ["l.yaml", "./l.yaml"] {
        let found =
            Lookup::beside(Path::new(beside)).files(&[Located::new("src/l*b.rs".to_owned(), 1)], &mut faults);
        assert_eq!(
            found.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
            ["src/lib.rs"]
        );
        assert!(found[0].path.is_file());
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn two_files_of_one_name_are_a_fault() {
    let place = Place::with(&["../one/a.jsonl", "../two/a.jsonl"]);
    assert_eq!(
        place.fault(&["../one/*", "../two/*"]),
        "ROOT/l.yaml:2: `ROOT/../one/a.jsonl` and `ROOT/../two/a.jsonl` would both be registered as `a.jsonl`: name them in two items, or move them below the lineage file"
    );
    assert_eq!(place.names(&["../one/*", "../two/../one/a.jsonl"]), ["a.jsonl"]);
}

#[test]
fn what_names_no_file_is_a_fault_with_its_line() {
    let place = Place::with(&["ckpt/w.bin", "ckpt/runs/log", "a"]);
    let nothing = "matches no file: correct it (paths are relative to the folder of the lineage file)";
    assert_eq!(
        place.fault(&["a", "*.jsonl"]),
        format!("ROOT/l.yaml:2: `*.jsonl` {nothing}")
    );
    assert_eq!(
        place.fault(&["none.jsonl"]),
        format!("ROOT/l.yaml:1: `none.jsonl` {nothing}")
    );
    assert_eq!(place.fault(&["a/b"]), format!("ROOT/l.yaml:1: `a/b` {nothing}"));
    assert_eq!(
        place.fault(&["[a"]),
        "ROOT/l.yaml:1: `[a` is not a file pattern (invalid range pattern): write a literal `*`, `?` or `[` as `[*]`, `[?]` or `[[]`"
    );
    assert_eq!(
        place.fault(&["ckpt/*"]),
        "ROOT/l.yaml:1: `ckpt/*` matches the folder `ROOT/ckpt/runs`: name its files too (for example `ckpt/*/*`), or narrow the pattern"
    );
    for pattern in ["ckpt/**/*", "ckpt/**", "ckpt//**/**/*", "c*/**/[lw]*"] {
        assert_eq!(
            place.names(&[pattern]),
            ["ckpt/runs/log", "ckpt/w.bin"],
            "{pattern}"
        );
    }
    // What `*` means in the last part is all the files there, so a folder there is a fault again.
    assert!(place.fault(&["**/ckpt/*"]).contains("matches the folder"));
    assert_eq!(
        place.names(&["ckpt"]),
        ["ckpt"],
        "hashing tells that it is a folder"
    );
    for nothing_named in ["", "/", "."] {
        assert!(
            place.fault(&[nothing_named]).contains("matches no file"),
            "{nothing_named:?}"
        );
    }
}

#[test]
fn links_are_named_as_they_stand_and_never_passed_over() {
    let place = Place::with(&["blobs/b", "far/c"]);
    symlink("blobs/b", place.root.join("a.jsonl")).unwrap();
    symlink("nowhere", place.root.join("z.jsonl")).unwrap();
    // Hashing says where a broken link leads; here it must not vanish.
    assert_eq!(place.names(&["*.jsonl"]), ["a.jsonl", "z.jsonl"]);
    assert_eq!(place.names(&["z.jsonl"]), ["z.jsonl"]);
    symlink("../far", place.root.join("blobs/way")).unwrap();
    symlink(".", place.root.join("blobs/circle")).unwrap();
    assert!(
        place.fault(&["blobs/**/c"]).contains("matches no file"),
        "`**` goes through no link"
    );
    assert_eq!(place.names(&["blobs/**/b"]), ["blobs/b"]);
    assert_eq!(place.names(&["blobs/way/*"]), ["blobs/way/c"]);
    fs::remove_file(place.root.join("blobs/circle")).unwrap();
    assert_eq!(
        place.fault(&["blobs/**/*"]),
        "ROOT/l.yaml:1: `blobs/**/*` matches the folder `ROOT/blobs/way`: name its files too (for example `blobs/**/*/*`), or narrow the pattern"
    );
}

#[test]
fn file_names_that_deceive_are_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let place = Place::with(&["a\u{202e}b.jsonl"]);
    assert_eq!(
        place.fault(&["*.jsonl"]),
        "ROOT/l.yaml:1: `ROOT/a\\u{202e}b.jsonl` cannot be registered (`a\\u{202e}b.jsonl` contains the invisible character U+202E): rename the file"
    );
    let place = Place::with(&[]);
    fs::write(place.root.join(std::ffi::OsStr::from_bytes(b"\xff.jsonl")), "").unwrap();
    assert_eq!(
        place.fault(&["*.jsonl"]),
        "ROOT/l.yaml:1: `ROOT/\u{fffd}.jsonl` cannot be registered (its name is not UTF-8): rename the file"
    );
}

/// Reads `parts/*.ndjson` of a folder that holds these files.
fn records(files: &[(&str, &str)]) -> (Found, String) {
    let place = Place::with(&[]);
    fs::create_dir(place.root.join("parts")).unwrap();
    for (name, text) in files {
        fs::write(place.root.join("parts").join(name), text).unwrap();
    }
    let mut faults = Faults::default();
    let spec = ContentSpec::DigestsFrom(vec![Located::new("parts/*.ndjson".to_owned(), 1)]);
    let found = place.lookup().content(&spec, &mut faults);
    let told = faults
        .or(())
        .map_or_else(|faults| faults.to_string(), |()| String::new());
    (
        found,
        told.replace(&format!("{}/parts/", place.root.display()), ""),
    )
}

#[test]
fn records_of_many_workers_are_one_list() {
    let a = format!("{{\"name\": \"a\", \"sha256\": \"{HEX}\"}}\n");
    let a_rows = format!("\n{{\"sha256\": \"{HEX}\", \"rows\": 3, \"name\": \"a\", \"bytes\": 9}}\r\n \n");
    let b =
        format!("{{\"name\": \"${{x}}/b\", \"sha256\": \"{HEX}\", \"blake3\": \"{HEX}\", \"tokens\": 5}}");
    let (found, told) = records(&[("1.ndjson", &b), ("2.ndjson", &a), ("3.ndjson", &a_rows)]);
    assert_eq!(told, "");
    let sha256 = crate::digest::Sha256Digest::from_hex(HEX).unwrap();
    let blake3 = crate::digest::Blake3Digest::from_hex(HEX).ok();
    let given = |name: &str| GivenFile {
        name: name.into(),
        sha256,
        blake3: None,
        bytes: None,
        rows: None,
        tokens: None,
        row_root: None,
    };
    let expected = vec![
        GivenFile {
            blake3,
            tokens: Some(5),
            row_root: None,
            ..given("${x}/b")
        },
        GivenFile {
            rows: Some(3),
            bytes: Some(9),
            ..given("a")
        },
    ];
    assert_eq!(found, Found::Given(expected));
}

#[test]
fn each_bad_record_is_told_by_file_and_line() {
    let other = HEX.replace('2', "3");
    let good = format!("{{\"name\": \"a\", \"sha256\": \"{HEX}\"}}\n");
    let bad = format!(
        "[]\n{{\"name\": \"a\"\n{{\"name\": \"a\", \"sha256\": \"{other}\"}}\n{{\"name\": \"b\", \"name\": \"c\"}}\n{{\"name\": \"b\", \"sha256\": \"{HEX}\", \"size\": 3}}\n"
    );
    let (_, told) = records(&[("1.ndjson", &good), ("2.ndjson", &bad)]);
    let expected = [
        "2.ndjson:1: `digests` must be an object, not a list: write for example `digests: [{name: part-0.jsonl, sha256: \"...\"}]`",
        "2.ndjson:2: is not valid JSON: EOF while parsing an object",
        "2.ndjson:3: `a` has another digest at 1.ndjson:1: a name stands for one content, so remove or rename one of them",
        "2.ndjson:4: `name` stands twice in one object, first on line 4: keep one of them",
        "2.ndjson:5: `size` is not a key of a digest: write one of name, sha256, blake3, bytes, rows, tokens, row_root, keyed_row_root",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn record_files_have_limits_too() {
    let long = format!("{{}}\n{{\"name\": \"{}\"}}\n", "a".repeat(20_000));
    let (_, told) = records(&[("1.ndjson", &long)]);
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(
        lines.last(),
        Some(
            &"1.ndjson:2: the line is longer than 16384 bytes: write one object with `name` and `sha256` on each line"
        )
    );
    let place = Place::with(&[]);
    fs::create_dir(place.root.join("parts.ndjson")).unwrap();
    let mut faults = Faults::default();
    let spec = ContentSpec::DigestsFrom(vec![Located::new("parts.ndjson".to_owned(), 1)]);
    assert_eq!(
        place.lookup().content(&spec, &mut faults),
        Found::Given(Vec::new())
    );
    assert!(
        faults
            .to_string()
            .ends_with("parts.ndjson: is not a regular file: name a file"),
        "{faults}"
    );
}
