//! `log equivocation --seal`: a log key that signed a seal which is not true is convicted by one file.

use std::path::Path;

use super::support::Place;

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

#[test]
fn a_false_seal_is_proved_to_somebody_without_the_ledger() {
    for (attack, says) in [
        (
            "seal-leaves-out-a-revocation",
            "counts 0 key and notice statements; 1 stand below it",
        ),
        (
            "seal-of-another-revocation",
            "as many stand below it in the log it signed, and they are others",
        ),
        (
            "seal-leaves-out-a-contested-digest",
            "counts no rivals about sha256",
        ),
        ("seal-counts-a-rival-less", "3 statements about it stand below it"),
    ] {
        let folder = fixtures().join("attacks").join(attack);
        let (ledger, root) = (folder.join("ledger"), folder.join("trust-root.json"));
        let place = Place::new();
        let made = [
            "--ledger",
            ledger.to_str().unwrap(),
            "log",
            "equivocation",
            "--seal",
            "-o",
            "proof",
        ];
        let made = place.run(&made).expect(20);
        assert!(made.out.contains(says), "{attack}: {}", made.out);
        let auditor = Place::new();
        std::fs::copy(place.at("proof"), auditor.at("proof")).unwrap();
        let check = [
            "log",
            "equivocation",
            "--check",
            "proof",
            "--trust-root",
            root.to_str().unwrap(),
        ];
        let checked = auditor.run(&check).expect(20);
        assert!(checked.out.contains(says), "{attack}: {}", checked.out);
    }
}

#[test]
fn a_log_whose_seals_are_true_is_accused_of_nothing() {
    let ledger = fixtures().join("formats/v1/ledger");
    let place = Place::new();
    let asked = [
        "--ledger",
        ledger.to_str().unwrap(),
        "log",
        "equivocation",
        "--seal",
        "-o",
        "proof",
    ];
    let said = place.run(&asked).expect(1);
    assert!(
        said.err.contains("every seal of this log is true"),
        "{}",
        said.err
    );
    assert!(!place.at("proof").exists());
}
