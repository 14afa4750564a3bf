//! `docs/formats/disclosure.md`.

use herdbook::commitment::CONTENT_CONTEXT;
use herdbook::commitment::Secret;
use herdbook::digest::Sha256Digest;
use herdbook::disclosure::Disclosures;
use herdbook::statement::Statement;

use super::block;

const PAGE: &str = "disclosure.md";

#[test]
fn the_example_is_what_the_page_says() {
    let secret = Secret::from_bytes([7; 32]);
    let text = "Clinic Nord";
    assert_eq!(
        secret.salt("holder", text.as_bytes()).to_hex(),
        block(PAGE, "Salt")
    );
    let commitment = secret.commit("holder", text.as_bytes()).to_string();
    assert_eq!(commitment, block(PAGE, "Commitment"));
    let sealed = secret.salt(CONTENT_CONTEXT, b"prompt").seal(b"prompt");
    assert_eq!(sealed.len(), 38);
    assert_eq!(Sha256Digest::of(&sealed).to_hex(), block(PAGE, "Sealed"));

    let payload = block(PAGE, "Statement");
    let statement = Statement::decode(payload.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(statement.encode()).unwrap(), payload);
    let withheld = statement.withheld();
    assert_eq!(withheld.len(), 1);
    assert_eq!(withheld[0].commitment.to_string(), commitment);

    let file = format!("{}\n", block(PAGE, "Disclosure"));
    let disclosures = Disclosures::decode(file.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(disclosures.encode()).unwrap(), file);
    let disclosure = &disclosures.list[0];
    let id = herdbook::digest::StatementId::of_pae(&herdbook::envelope::pae(payload.as_bytes()));
    assert_eq!(disclosure.statement, id);
    assert_eq!(
        disclosure
            .check(&statement, None)
            .unwrap()
            .map(|one| one.to_string()),
        Some(commitment)
    );
}

/// Every context that a place has stands on the page of statements.
#[test]
fn the_page_of_statements_has_every_context() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/statement.md");
    let page = std::fs::read_to_string(path).unwrap();
    for context in [
        "name",
        "file-name",
        "holder",
        "url",
        "period",
        "legal_basis",
        "licence",
        "geography",
        "languages",
        "modality",
        "crawl.agent",
        "terms",
        "family",
        "report",
        "params.KEY",
        "environment.KEY",
        "command",
        "operator",
        "gap",
        "reason",
        "content",
    ] {
        assert!(page.contains(&format!("`{context}`")), "{context}");
    }
}
