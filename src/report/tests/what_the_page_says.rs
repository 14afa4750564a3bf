//! What a person reads on the page, and in which order.

use super::*;

/// Nobody reads that nothing is missing where something is, and the boundary comes before the word is explained.
#[test]
fn what_is_not_known_is_listed_and_the_boundary_comes_first() {
    let mut document = sample();
    document.verdict = "traced".to_owned();
    document.findings.clear();
    document.codes.clear();
    document.external_models[0].terms = None;
    document.completeness = Completeness {
        yes: 0,
        no: 0,
        not_known: 3,
    };
    document.content.given = 1;
    document.organisation = Some("Example Works".to_owned());
    let html = page(&sealed(&document).unwrap()).unwrap();
    let place = |said: &str| html.find(said).unwrap_or_else(|| panic!("{said}"));
    let bound =
        "It leads 0 % to declared sources; 100 % to external models, whose own data is not known here.";
    assert!(place(bound) < place("Every path that is recorded"));
    assert!(place("0 of 3 steps say that all their inputs are listed.") < place("</section>"));
    for said in [
        "Neither licence nor terms are stated for 1 external model: teacher.",
        "1 of 1 digests of files are somebody",
        "3 steps do not say whether all inputs are listed.",
        "herdbook gaps",
        ", run by Example Works",
    ] {
        place(said);
    }
    assert!(!html.contains("None was found"));
}

#[test]
fn the_files_of_a_manifest_stand_with_their_digests() {
    let mut document = sample();
    document.artifacts[0].sha256_of = Some("manifest".to_owned());
    document.artifacts[0].files = vec![File {
        name: "weights.bin".to_owned(),
        sha256: "ab".repeat(32),
    }];
    document.artifacts[0].files_left_out = 4;
    let html = page(&sealed(&document).unwrap()).unwrap();
    for said in [
        "no file has it",
        "weights.bin",
        &"ab".repeat(32),
        "5 files, by the list",
    ] {
        assert!(html.contains(said), "{said}");
    }
}

/// Without the style sheet no mark fills the screen.
#[test]
fn every_drawing_has_a_size_of_its_own() {
    let html = page(&sealed(&sample()).unwrap()).unwrap();
    let drawings = html.split("<svg").skip(1);
    assert!(drawings.clone().count() > 5);
    for drawing in drawings {
        let head = drawing.split_once('>').unwrap().0;
        assert!(
            head.contains(" width=\"") && head.contains(" height=\""),
            "{head}"
        );
    }
}
