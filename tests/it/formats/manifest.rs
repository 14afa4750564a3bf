//! `docs/formats/manifest.md`.

use herdbook::digest::Digests;
use herdbook::digest::Sha256Digest;
use herdbook::manifest::Manifest;
use herdbook::manifest::Member;
use herdbook::manifest::read_members;

use super::block;

#[test]
fn the_example_reads_and_writes_as_the_page_says() {
    let member = |name: &str, content: &[u8], rows| {
        let digests = Digests::of(content);
        Member {
            name: name.to_owned(),
            sha256: digests.sha256,
            blake3: Some(digests.blake3),
            bytes: Some(digests.bytes),
            rows: Some(rows),
            tokens: None,
            row_root: None,
        }
    };
    let manifest = Manifest::of(vec![
        member("out/b.jsonl", b"{\"n\":2}\n{\"n\":3}\n", 2),
        member("out/a.jsonl", b"{\"n\":1}\n", 1),
    ])
    .unwrap();
    let page = format!("{}\n", block("manifest.md", "Lines"));
    assert_eq!(page, String::from_utf8(manifest.bytes.clone()).unwrap());
    assert_eq!(block("manifest.md", "Root"), manifest.facts.root.to_hex());
    assert_eq!(
        block("manifest.md", "Subject digest"),
        Sha256Digest::of(&manifest.bytes).to_hex()
    );
    assert_eq!(read_members(page.as_bytes(), &manifest.facts).unwrap().len(), 2);
}
