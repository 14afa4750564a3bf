//! `docs/formats/offer.md`.

use herdbook::digest::BlobId;
use herdbook::key::PublicKey;
use herdbook::ledger::offer::Offer;
use herdbook::sign::MemorySigner;
use herdbook::sign::Signer as _;
use herdbook::statement::Statement;

use super::block;

#[test]
fn the_example_is_an_offer_byte_for_byte() {
    let page = format!("{}\n", block("offer.md", "File"));
    let offer = Offer::decode(page.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(offer.encode().unwrap()).unwrap(), page);
    // Made anew from what the page says of it.
    let signer = MemorySigner::from_secret([7; 32]);
    let payload = block("offer.md", "Payload");
    let statement = Statement::decode(payload.as_bytes()).unwrap();
    assert_eq!(
        statement.issuer,
        PublicKey::from_bytes(&signer.public_key()).unwrap().id()
    );
    let terms = b"as agreed".to_vec();
    let made = Offer::sign(statement, vec![(BlobId::of(&terms), terms)], &signer).unwrap();
    assert_eq!(made, offer);
    assert_eq!(made.envelope().id().to_hex(), block("offer.md", "Id"));
}
