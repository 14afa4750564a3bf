use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::sync::Mutex;
use std::sync::Once;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::UNIX_EPOCH;

use proptest::prelude::*;

use super::*;

fn hash(path: &Path) -> Result<HashedFile, HashError> {
    hash_file(path, &Unwatched)
}

fn rows_of(name: &str, pieces: &[&[u8]]) -> Option<u64> {
    let mut counter = RowCounter::for_path(Path::new(name))?;
    for piece in pieces {
        counter.update(piece);
    }
    Some(counter.finish())
}

#[test]
fn rows_are_lines_with_content_or_records_after_the_header() {
    let cases: [(&str, &[u8], Option<u64>); 17] = [
        ("a.jsonl", b"", Some(0)),
        ("a.jsonl", b"\n \n\t\r\n", Some(0)),
        ("a.jsonl", b"{}\n\n{}\r\n", Some(2)),
        ("a.ndjson", b"{}\n{}", Some(2)),
        ("A.JSONL", b"{}\n  ", Some(1)),
        ("a.csv", b"", Some(0)),
        ("a.csv", b"h,i", Some(0)),
        ("a.csv", b"h,i\n", Some(0)),
        ("a.csv", b"h\n1\n2", Some(2)),
        ("a.csv", b"h\r\n1\r\n2\r\n", Some(2)),
        ("a.csv", b"h\n\n1\n\n", Some(1)),
        ("a.csv", b"h,i\n\"x\ny\",\"say \"\"z\"\"\n\"\n", Some(1)),
        ("a.csv", b"\xef\xbb\xbf\"h\",i\n1,2\n", Some(1)),
        ("a.tsv", b"h\ti\n1\t2,3\n", Some(1)),
        ("a.json", b"[1,2]", None),
        ("a.jsonl.gz", b"\x1f\x8b", None),
        ("a", b"{}\n", None),
    ];
    for (name, bytes, rows) in cases {
        assert_eq!(
            rows_of(name, &[bytes]),
            rows,
            "{name} {:?}",
            String::from_utf8_lossy(bytes)
        );
    }
}

/// Records of RFC 4180, told one character at a time: the naive oracle.
fn naive_csv_rows(text: &str) -> u64 {
    let mut records: u64 = 0;
    let (mut quoted, mut content) = (false, false);
    for character in text.chars() {
        match character {
            '"' => (quoted, content) = (!quoted, true),
            '\n' | '\r' if !quoted => {
                records += u64::from(content);
                content = false;
            }
            _ => content = true,
        }
    }
    (records + u64::from(content)).saturating_sub(1)
}

proptest! {
    #[test]
    fn lines_in_any_pieces_agree_with_the_standard_library(text in "[ \n\ra{}]{0,200}", cut in 0_usize..200) {
        let (left, right) = text.as_bytes().split_at(cut.min(text.len()));
        let naive = text.split('\n').filter(|line| !line.trim().is_empty()).count() as u64;
        prop_assert_eq!(rows_of("a.jsonl", &[left, right]), Some(naive));
    }

    #[test]
    fn records_in_any_pieces_agree_with_a_naive_reader(
        fields in prop::collection::vec(("[a,]{0,3}", "([a,\r\n]|\"\"){0,5}", "\n|\r\n|\n\n"), 0..40),
        cut in 0_usize..400,
    ) {
        let mut text = String::new();
        for (plain, quoted, end) in &fields {
            text.extend([plain, ",\"", quoted, "\"", end]);
        }
        let (left, right) = text.as_bytes().split_at(cut.min(text.len()));
        prop_assert_eq!(rows_of("a.csv", &[left, right]), Some(naive_csv_rows(&text)));
    }
}

#[test]
fn fields_longer_than_the_reader_holds_do_not_change_the_count() {
    let long = "x".repeat(10_000);
    let wide = "x,".repeat(1_000);
    let text = format!("h,i\n{long},1\n{wide}\n{long}");
    assert_eq!(rows_of("a.csv", &[text.as_bytes()]), Some(3));
    let exact = format!("h\n{}\n", "y".repeat(4096));
    for cut in 4090..exact.len() {
        let (left, right) = exact.as_bytes().split_at(cut);
        assert_eq!(rows_of("a.csv", &[left, right]), Some(1), "cut at {cut}");
    }
}

#[derive(Default)]
struct Counting {
    bytes: AtomicU64,
    done: Mutex<Vec<PathBuf>>,
}

impl Progress for Counting {
    fn bytes_hashed(&self, _path: &Path, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn file_done(&self, path: &Path) {
        self.done.lock().unwrap().push(path.to_owned());
    }
}

#[test]
fn many_files_give_the_one_shot_digests_in_the_order_given() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    let mut total = 0;
    for (number, length) in [0, 1, 5, 131_071, 131_072, 131_073, 400_000]
        .into_iter()
        .cycle()
        .take(40)
        .enumerate()
    {
        let path = folder.path().join(format!("{number}.jsonl"));
        let line = format!("{{\"row\": {number}}}\n");
        let bytes: Vec<u8> = line.bytes().cycle().take(length).collect();
        total += bytes.len() as u64;
        fs::write(&path, bytes).unwrap();
        paths.push(path);
    }
    let progress = Counting::default();
    let hashed = hash_files(&paths, &progress);
    assert_eq!(hashed.len(), paths.len());
    for (path, hashed) in paths.iter().zip(hashed) {
        let hashed = hashed.unwrap();
        let bytes = fs::read(path).unwrap();
        assert_eq!(&hashed.path, path);
        assert_eq!(hashed.digests, Digests::of(&bytes), "{}", path.display());
        let naive = bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.trim_ascii().is_empty())
            .count();
        assert_eq!(hashed.rows, Some(naive as u64), "{}", path.display());
        assert_eq!(hashed.stamp, FileStamp::of_path(path).unwrap());
    }
    assert_eq!(progress.bytes.into_inner(), total);
    assert_eq!(progress.done.into_inner().unwrap().len(), paths.len());
}

struct OnBytes<F>(F);

impl<F: Fn(&Path) + Sync> Progress for OnBytes<F> {
    fn bytes_hashed(&self, path: &Path, _bytes: u64) {
        (self.0)(path);
    }

    fn file_done(&self, _path: &Path) {}
}

type Change<'a> = &'a (dyn Fn(&Path) + Sync);

fn writable(path: &Path) -> fs::File {
    fs::OpenOptions::new().write(true).open(path).unwrap()
}

fn append(path: &Path, bytes: &[u8]) {
    fs::OpenOptions::new()
        .append(true)
        .open(path)
        .unwrap()
        .write_all(bytes)
        .unwrap();
}

#[test]
fn a_file_that_changes_while_it_is_hashed_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    fs::write(&other, "x").unwrap();
    let changes: [(&str, Change); 4] = [
        ("grows", &|path| append(path, b"more")),
        ("shrinks", &|path| writable(path).set_len(10).unwrap()),
        ("same length", &|path| writable(path).write_all(b"X").unwrap()),
        ("replaced", &|path| {
            fs::remove_file(path).unwrap();
            fs::copy(&other, path).unwrap();
        }),
    ];
    for (what, change) in changes {
        let path = folder.path().join(what);
        fs::write(&path, vec![b'a'; 300_000]).unwrap();
        // Clocks of file systems tick in milliseconds: an old time makes the change visible at once.
        writable(&path).set_modified(UNIX_EPOCH).unwrap();
        let once = Once::new();
        let change_once = |path: &Path| once.call_once(|| change(path));
        let error = hash_file(&path, &OnBytes(change_once)).unwrap_err();
        assert!(
            matches!(&error, HashError::Changed { path: named } if named == &path),
            "{what}: {error}"
        );
        assert_eq!(
            error.to_string(),
            format!(
                "`{}` changed while it was hashed: wait until its writer is done, then run the command again",
                path.display()
            )
        );
        assert!(hash(&path).is_ok(), "{what}: a second run finds the file at rest");
    }
}

#[test]
fn a_file_that_grows_as_fast_as_it_is_read_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("endless");
    fs::write(&path, vec![b'a'; 300_000]).unwrap();
    let pieces = AtomicU64::new(0);
    let grow = |path: &Path| {
        if pieces.fetch_add(1, Ordering::Relaxed) < 50 {
            append(path, &vec![0; READ_BUFFER_BYTES]);
        }
    };
    assert!(matches!(
        hash_file(&path, &OnBytes(grow)),
        Err(HashError::Changed { .. })
    ));
    assert_eq!(pieces.into_inner(), 2, "300,000 bytes end in the third piece");
}

#[test]
fn a_file_of_another_length_than_its_file_system_says_is_refused() {
    let files: Vec<_> = ["/proc/self/status", "/sys/kernel/mm/transparent_hugepage/enabled"]
        .map(PathBuf::from)
        .into_iter()
        .collect();
    for path in files.iter().filter(|path| path.is_file()) {
        assert!(
            matches!(hash(path), Err(HashError::Changed { .. })),
            "{}",
            path.display()
        );
    }
}

#[test]
fn a_link_to_a_file_is_followed_and_keeps_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("blob");
    fs::write(&target, "{}\n{}\n").unwrap();
    let link = folder.path().join("rows.jsonl");
    symlink("blob", &link).unwrap();
    let hashed = hash(&link).unwrap();
    assert_eq!((hashed.path, hashed.rows), (link, Some(2)));
    assert_eq!(hashed.digests, Digests::of(b"{}\n{}\n"));
}

#[test]
fn what_has_no_fixed_bytes_is_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("folder")).unwrap();
    fs::write(at("file"), "x").unwrap();
    let _listener = UnixListener::bind(at("socket")).unwrap();
    assert!(
        std::process::Command::new("mkfifo")
            .arg(at("pipe"))
            .status()
            .unwrap()
            .success()
    );
    symlink("nowhere", at("broken")).unwrap();
    symlink("circle", at("circle")).unwrap();
    symlink("folder", at("link-to-folder")).unwrap();
    let base = folder.path().display();
    let missing =
        "does not exist: correct the path, or state the digest under `digests` if the bytes are elsewhere";
    let pipe = "which has no fixed content: write the data to a file and name that";
    let nowhere = "which leads nowhere: restore the target or name the file itself";
    let cases = [
        ("none", format!("`{base}/none` {missing}")),
        ("file/below", format!("`{base}/file/below` {missing}")),
        (
            "folder",
            format!("`{base}/folder` is a folder: name the files in it, for example `{base}/folder/*`"),
        ),
        (
            "link-to-folder",
            format!(
                "`{base}/link-to-folder` is a folder: name the files in it, for example `{base}/link-to-folder/*`"
            ),
        ),
        ("socket", format!("`{base}/socket` is a socket, {pipe}")),
        ("pipe", format!("`{base}/pipe` is a named pipe, {pipe}")),
        (
            "broken",
            format!("`{base}/broken` is a link to `nowhere`, {nowhere}"),
        ),
        (
            "circle",
            format!("`{base}/circle` is a link to `circle`, {nowhere}"),
        ),
    ];
    let paths: Vec<PathBuf> = cases.iter().map(|(name, _)| at(name)).collect();
    let checked = check_files(&paths);
    let hashed = hash_files(&paths, &Unwatched);
    for (((name, message), checked), hashed) in cases.iter().zip(checked).zip(hashed) {
        assert_eq!(checked.unwrap_err().to_string(), *message);
        let error = hashed.unwrap_err();
        assert_eq!(error.to_string(), *message);
        assert_eq!(error.path(), at(name));
    }
    let device = hash(Path::new("/dev/null")).unwrap_err();
    assert_eq!(device.to_string(), format!("`/dev/null` is a device, {pipe}"));
}

#[test]
fn a_file_that_may_not_be_read_or_fails_while_read_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, "x").unwrap();
    let open = |kind: io::ErrorKind| {
        hash_with(&path, RowTrees::default(), &mut [0; 16], &Unwatched, move |_| {
            Err(io::Error::from(kind))
        })
        .unwrap_err()
        .to_string()
    };
    let shown = path.display();
    assert_eq!(
        open(io::ErrorKind::PermissionDenied),
        format!(
            "`{shown}` may not be read by this user: allow it (for example `chmod u+r`) or run as its owner"
        )
    );
    assert_eq!(
        open(io::ErrorKind::Other),
        format!("`{shown}` cannot be read: check the disk or copy the file elsewhere")
    );
    // A file opened for writing only fails at the first read, as a broken disk would.
    let unreadable = hash_with(&path, RowTrees::default(), &mut [0; 16], &Unwatched, |path| {
        fs::OpenOptions::new().append(true).open(path)
    });
    assert!(matches!(unreadable, Err(HashError::Io { .. })), "{unreadable:?}");
}

#[test]
fn real_files_have_the_rows_that_are_known_of_them() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if !data.is_dir() {
        println!("../shared/data is absent: real files were not counted");
        return;
    }
    let facts: serde_json::Value =
        serde_json::from_slice(&fs::read(data.join("FACTS.json")).unwrap()).unwrap();
    for (name, fact) in [
        ("test", "test"),
        ("test_socratic", "test_socratic"),
        ("example_model_solutions", "model_solutions"),
    ] {
        let path = data.join(format!("gsm8k/{name}.jsonl"));
        let hashed = hash(&path).unwrap();
        assert_eq!(hashed.rows, facts["gsm8k"][fact].as_u64(), "{name}");
        assert_eq!(hashed.digests, Digests::of(&fs::read(&path).unwrap()));
    }
}

#[test]
fn trees_over_rows_are_made_in_the_one_pass_and_only_where_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let secret = Secret::from_bytes([1; 32]);
    let text = "{\"a\":1}\n\n".repeat(20_000);
    let paths = ["a.jsonl", "b.ndjson", "c.csv"].map(|name| folder.path().join(name));
    for path in &paths {
        fs::write(path, &text).unwrap();
    }
    let trees = |path: &Path| RowTrees {
        plain: !path.ends_with("b.ndjson"),
        keyed: Some(&secret),
    };
    let hashed: Vec<HashedFile> = hash_files_with_rows(&paths, trees, &Unwatched)
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let leaves = |key: RowKey<'_>| {
        let leaves: Vec<_> = (1..=20_000)
            .map(|number| key.leaf(number, b"{\"a\":1}"))
            .collect();
        Some(key.root(crate::merkle::root(&leaves)))
    };
    let (plain, keyed) = (leaves(RowKey::Plain), leaves(RowKey::Keyed(&secret)));
    assert_eq!(hashed[0].row_roots, RowRoots { plain, keyed });
    assert_eq!(hashed[1].row_roots, RowRoots { plain: None, keyed });
    assert_eq!(hashed[2].row_roots, RowRoots::default(), "a record is no line");
    assert_eq!(hashed[0].rows, Some(20_000));
    assert_eq!(hashed[0].digests, Digests::of(text.as_bytes()));
    let unasked = hash_file(&paths[0], &Unwatched).unwrap();
    assert_eq!(
        (unasked.row_roots, unasked.digests),
        (RowRoots::default(), hashed[0].digests)
    );
}

#[test]
fn a_row_beyond_the_limit_is_an_error_that_names_the_line_and_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let long = vec![b'x'; crate::rows::ROW_BYTES_MAX + 2];
    fs::write(&path, [b"{}\n", long.as_slice()].concat()).unwrap();
    assert!(hash_file(&path, &Unwatched).is_ok(), "nobody asked about rows");
    let trees = RowTrees {
        plain: true,
        keyed: None,
    };
    for told in [
        hash_file_with_rows(&path, trees, &Unwatched).map(drop),
        read_rows(&path, &Unwatched, &mut |_| {}).map(drop),
    ] {
        let error = told.unwrap_err();
        let why = std::error::Error::source(&error).unwrap().to_string();
        assert!(error.to_string().contains("a.jsonl"), "{error}");
        assert_eq!(why, "line 2 is longer than the ROW_BYTES_MAX of 16777216 bytes");
    }
}
