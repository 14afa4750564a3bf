//! The demonstration's files, built into the program: `fixtures/demo` as it stands.

use std::fs;
use std::io;
use std::path::Path;

macro_rules! demo_files {
    ($($path:literal,)+) => {
        const FILES: &[(&str, &[u8])] = &[
            $(($path, include_bytes!(concat!("../../../fixtures/demo/", $path)))),+
        ];
    };
}

demo_files![
    "README.md",
    "filter.py",
    "handbook/handbook.jsonl",
    "kept/tasks.jsonl",
    "lineage.yaml",
    "mixed/tasks.jsonl",
    "model/config.json",
    "model/weights.bin",
    "prompt.txt",
    "raw/part-0.jsonl",
    "raw/part-1.jsonl",
    "relabelled.yaml",
    "seeds/tasks.jsonl",
    "undeclared.yaml",
];

/// Writes all files below a folder.
pub(super) fn write(folder: &Path) -> io::Result<()> {
    for (path, bytes) in FILES {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}

/// Copies a folder with everything in it, into a new one.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut folders = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = folders.pop() {
        fs::create_dir_all(&to)?;
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            let target = to.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push((entry.path(), target));
            } else {
                fs::copy(entry.path(), target)?;
            }
        }
    }
    Ok(())
}

/// Changes one byte of a file; its length stays.
pub(super) fn change_one_byte(path: &Path) -> io::Result<()> {
    let mut bytes = fs::read(path)?;
    if let Some(byte) = bytes.get_mut(40) {
        *byte ^= 1;
    }
    fs::write(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_fixture_is_built_in() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo");
        let out = tempfile::tempdir().unwrap();
        write(out.path()).unwrap();
        let count = |folder: &Path| {
            let (mut folders, mut count) = (vec![folder.to_owned()], 0);
            while let Some(folder) = folders.pop() {
                for entry in fs::read_dir(folder).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_dir() {
                        folders.push(path);
                    } else {
                        count += 1;
                    }
                }
            }
            count
        };
        assert_eq!(count(&root), count(out.path()));
        assert_eq!(count(&root), FILES.len());
    }
}
