//! `docs/formats/proof.md`.

use herdbook::query::Proof;
use herdbook::trust::TrustRoot;

use super::block;

#[test]
fn the_example_proves_what_the_page_says() {
    let root = TrustRoot::decode(block("proof.md", "Trust root").as_bytes()).unwrap();
    let file = format!("{}\n", block("proof.md", "File"));
    let proof = Proof::decode(file.as_bytes()).unwrap();
    assert_eq!(proof.encode(), file.as_bytes(), "one spelling");
    assert_eq!(proof.tlog_proof().trim_end(), block("proof.md", "Log part"));
    let proven = proof.check(&root).unwrap();
    let (reference, member) = proven.member.unwrap();
    assert_eq!(member.name, "w/b.safetensors");
    assert_eq!((reference.subject, reference.member), (0, Some(1)));
    assert_eq!(proven.statement.predicate.name().unwrap().as_str(), "base-7b");
    assert_eq!(proven.checkpoint.size.get(), 4);
    // The damaged twin: one digit of the digest of the file.
    let damaged = file.replace("\\\"sha256\\\":\\\"3", "\\\"sha256\\\":\\\"4");
    assert_ne!(damaged, file);
    let read = Proof::decode(damaged.as_bytes()).unwrap();
    assert!(read.check(&root).is_err());
}
