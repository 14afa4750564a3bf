use super::*;
use crate::index::conformance;

const ORIGIN: &str = "example.com/test";

#[test]
fn the_index_in_sled_conforms() {
    let folders = tempfile::tempdir().unwrap();
    let mut next = 0;
    conformance::check(&mut || {
        next += 1;
        let folder = folders.path().join(next.to_string());
        Box::new(SledIndex::open(&folder, ORIGIN).unwrap())
    });
}
