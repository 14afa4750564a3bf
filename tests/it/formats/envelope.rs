//! `docs/formats/envelope.md`.

use ed25519_dalek::Signer as _;
use ed25519_dalek::SigningKey;
use herdbook::digest::StatementId;
use herdbook::envelope::Envelope;
use herdbook::envelope::pae;
use herdbook::key::PublicKey;
use herdbook::statement::Statement;

use super::block;

#[test]
fn the_example_signs_to_the_page() {
    let signer = SigningKey::from_bytes(&[7; 32]);
    let key = PublicKey::from_bytes(&signer.verifying_key().to_bytes()).unwrap();
    assert_eq!(block("envelope.md", "Public key"), key.to_hex());
    assert_eq!(block("envelope.md", "Key id"), key.id().to_hex());
    let payload = block("envelope.md", "Payload");
    let statement = Statement::decode(payload.as_bytes()).unwrap();
    assert_eq!(statement.issuer, key.id());
    let encoding = pae(payload.as_bytes());
    assert_eq!(
        block("envelope.md", "Statement id"),
        StatementId::of_pae(&encoding).to_hex()
    );
    let sign = |bytes: &[u8]| Ok::<_, std::convert::Infallible>(signer.sign(bytes).to_bytes());
    let envelope = Envelope::seal(&statement, sign).unwrap();
    let page = block("envelope.md", "Envelope");
    assert_eq!(page, String::from_utf8(envelope.encode()).unwrap());
    Envelope::decode(page.as_bytes()).unwrap().verify(key).unwrap();
}
