//! `docs/formats/trust-root.md`.

use herdbook::trust::TrustRoot;

use super::block;

#[test]
fn the_example_is_a_trust_root_byte_for_byte() {
    let page = format!("{}\n", block("trust-root.md", "File"));
    let root = TrustRoot::decode(page.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(root.encode()).unwrap(), page);
    assert_eq!(root.threshold, 1);
}
