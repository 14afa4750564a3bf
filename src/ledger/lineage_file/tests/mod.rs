use std::path::Path;

use super::*;

fn read_text(name: &str, text: &str) -> Result<LineageFile, Faults> {
    parse(Path::new(name), text.as_bytes(), &Settings::default())
}

#[test]
fn the_smallest_file_declares_nothing() {
    assert_eq!(
        read_text("l.yaml", "herdbook: 1\n").unwrap(),
        LineageFile::default()
    );
    assert_eq!(
        read_text("l.json", "{\"herdbook\": 1}").unwrap(),
        LineageFile::default()
    );
}
