use ed25519_dalek::Signer as _;
use ed25519_dalek::SigningKey;

use crate::canonical::Value;
use crate::digest::Sha256Digest;
use crate::envelope::Envelope;
use crate::key::PublicKey;

use super::document::Step;
use super::*;

mod what_the_page_says;

fn key(seed: u8) -> PublicKey {
    PublicKey::from_bytes(&SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes()).unwrap()
}

fn signer_of(seed: u8) -> Signer {
    Signer {
        public_key: key(seed).to_hex(),
        keyid: key(seed).id().to_hex(),
    }
}

fn share(low: &str, high: &str, percent: &str, (low_permille, high_permille): (u64, u64)) -> Share {
    Share {
        low: low.to_owned(),
        high: high.to_owned(),
        percent: percent.to_owned(),
        low_permille,
        high_permille,
    }
}

fn none() -> Share {
    share("0", "0", "0 %", (0, 0))
}

fn step(id: &str, name: &str) -> Step {
    Step {
        id: id.to_owned(),
        name: name.to_owned(),
    }
}

fn node(id: &str, name: &str, kind: &str, detail: &str) -> Node {
    Node {
        id: id.to_owned(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        detail: detail.to_owned(),
        said_by: "stated".to_owned(),
        entry: 1,
        files: u64::from(kind != "run" && kind != "gap"),
        rows: None,
    }
}

fn edge(from: u64, to: u64, role: &str) -> Edge {
    Edge {
        from,
        to,
        role: role.to_owned(),
    }
}

fn gap(number: usize, text: &str) -> Finding {
    Finding {
        code: "unresolved_input".to_owned(),
        severity: "fails".to_owned(),
        node: format!("gap:{}/{number}", "1".repeat(64)),
        name: text.to_owned(),
        message: format!("nobody declared \"{text}\", a seed of generate"),
        path: vec![
            step(&format!("hb:{}/0", "1".repeat(64)), "tasks"),
            step(&format!("hb:{}", "1".repeat(64)), "generate"),
            step(&format!("gap:{}/{number}", "1".repeat(64)), text),
        ],
        other_path: Vec::new(),
    }
}

fn sample_lineage(run: &str, model: &str) -> Lineage {
    Lineage {
        nodes: vec![
            node(&format!("hb:{run}/0"), "tasks", "shard", ""),
            node(&format!("hb:{run}"), "generate", "run", "generate"),
            node(
                &format!("gap:{run}/0"),
                "extra questions from the wiki",
                "gap",
                "",
            ),
            node(
                &format!("hb:{model}/0"),
                "teacher",
                "external_model",
                "Example AI, version 1, by API",
            ),
        ],
        edges: vec![edge(0, 1, "output"), edge(1, 2, "seed"), edge(1, 3, "generator")],
        nodes_left_out: 0,
        edges_left_out: 0,
    }
}

fn sample_model(model: &str) -> ExternalModel {
    ExternalModel {
        id: format!("hb:{model}"),
        name: "teacher".to_owned(),
        provider: "Example AI".to_owned(),
        version: "1".to_owned(),
        access: "api".to_owned(),
        alias: false,
        mass: true,
        own: false,
        said_by: "stated".to_owned(),
        licence: None,
        licence_date: None,
        restrictions: Vec::new(),
        terms: Some("LicenseRef-example-terms".to_owned()),
        report: None,
    }
}

fn sample_boundary() -> Boundary {
    let nothing = none();
    Boundary {
        sources: nothing.clone(),
        external_models: share("1", "1", "100 %", (1000, 1000)),
        opaque_synthetic: nothing.clone(),
        origin_not_known: nothing.clone(),
        unknown: nothing,
    }
}

fn sample_artifact(run: &str) -> Artifact {
    Artifact {
        id: format!("hb:{run}/0"),
        name: "tasks".to_owned(),
        sha256: Some(Sha256Digest::of(b"tasks").to_hex()),
        sha256_of: None,
        files: Vec::new(),
        files_left_out: 0,
    }
}

/// The report of the worked example: data of one run that took a seed which nobody declared.
fn sample() -> Document {
    let (run, model) = ("1".repeat(64), "2".repeat(64));
    Document {
        format: crate::statement::FORMAT_VERSION,
        program: Program {
            name: "herdbook".to_owned(),
            version: "0.0.0".to_owned(),
        },
        signer: signer_of(1),
        name: "tasks".to_owned(),
        artifacts: vec![sample_artifact(&run)],
        artifacts_left_out: 0,
        verdict: "not_traced".to_owned(),
        line: "not_traced: 1 reason below; what is declared: 0 % to declared sources, 100 % to 1 external model".to_owned(),
        boundary: sample_boundary(),
        stage: None,
        conditioning: Conditioning {
            declared: 0,
            undeclared: 1,
            seeds_and_prompts: 1,
        },
        content: Content {
            asked: false,
            checked: 0,
            differing: 0,
            of: 1,
            given: 0,
        },
        assurance: "pinned".to_owned(),
        required: "self".to_owned(),
        details: None,
        completeness: Completeness {
            yes: 1,
            no: 0,
            not_known: 0,
        },
        policy: None,
        findings: vec![gap(0, "extra questions from the wiki")],
        findings_left_out: 0,
        codes: vec![CodeMeaning {
            code: "unresolved_input".to_owned(),
            meaning: "an input that nobody declared".to_owned(),
            advice: "declare it".to_owned(),
        }],
        lineage: sample_lineage(&run, &model),
        sources: Vec::new(),
        sources_left_out: 0,
        external_models: vec![sample_model(&model)],
        external_models_left_out: 0,
        checkpoint: Some(Checkpoint {
            origin: "example.com/lab".to_owned(),
            size: 4,
            root: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned(),
        }),
        checkpoint_note: "example.com/lab\n4\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u{2014} example.com/lab AAAA\n"
            .to_owned(),
        organisation: None,
        trust_root: TrustRoot {
            kind: "pinned".to_owned(),
            origin: "example.com/lab".to_owned(),
            genesis: format!("hb:{}", "3".repeat(64)),
            sha256: Sha256Digest::of(b"trust root").to_hex(),
        },
        recheck: vec![Recheck {
            what: "With these two files alone.".to_owned(),
            command: "herdbook verify-report report.json --html report.html".to_owned(),
        }],
        caveats: vec![CAVEAT.to_owned()],
    }
}

fn sealed(document: &Document) -> Result<Report, ReportError> {
    let signer = SigningKey::from_bytes(&[1; 32]);
    Report::seal(document, key(1), |pae| {
        Ok::<_, ReportError>(signer.sign(pae).to_bytes())
    })?
}

/// Signs any payload, as a liar can.
fn signed(payload: &[u8], seed: u8) -> Vec<u8> {
    let signer = SigningKey::from_bytes(&[seed; 32]);
    Envelope::seal_payload(payload.to_vec(), key(seed).id(), |pae| {
        Ok::<_, ReportError>(signer.sign(pae).to_bytes())
    })
    .unwrap()
    .encode()
}

fn payload(report: &Report) -> String {
    let envelope = Envelope::decode_within(&report.encode(), REPORT_BYTES_MAX).unwrap();
    String::from_utf8(envelope.payload().to_vec()).unwrap()
}

/// The tags of a page as they open and close, with the values of attributes left out; everything between them is text.
fn tags(page: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(open) = rest.find('<') {
        let close = open + rest[open..].find('>').expect("every tag ends");
        let tag = &rest[open + 1..close];
        let parts: Vec<&str> = tag.split('"').step_by(2).collect();
        tags.push(parts.join(""));
        // The style sheet is no markup.
        rest = match tag {
            "style" => &rest[rest.find("</style>").unwrap()..],
            _ => &rest[close + 1..],
        };
    }
    tags
}

#[test]
fn a_report_comes_back_as_it_was_signed() {
    let report = sealed(&sample()).unwrap();
    let back = Report::decode(&report.encode()).unwrap();
    assert_eq!(back, report);
    assert_eq!(back.document(), &sample());
    assert_eq!(page(&back).unwrap(), page(&report).unwrap());
}

/// `docs/formats/report.md`, the worked example.
#[test]
fn the_page_of_the_format_has_this_very_report() {
    let text = include_str!("../../docs/formats/report.md");
    let block = |heading: &str| {
        let (_, rest) = text.split_once(&format!("\n### {heading}\n")).unwrap();
        rest.split("```").nth(1).unwrap().trim().to_owned()
    };
    let report = sealed(&sample()).unwrap();
    assert_eq!(block("Payload"), payload(&report));
    assert_eq!(block("Envelope"), String::from_utf8(report.encode()).unwrap());
}

#[test]
fn no_changed_byte_is_a_report() {
    let bytes = sealed(&sample()).unwrap().encode();
    for position in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[position] ^= 1;
        assert!(Report::decode(&changed).is_err(), "byte {position}");
    }
}

#[test]
fn what_contradicts_itself_is_refused_however_well_it_is_signed() {
    let honest = payload(&sealed(&sample()).unwrap());
    assert!(Report::decode(&signed(honest.as_bytes(), 1)).is_ok());
    let other_subject = honest.replace(
        "\"subject\":[{\"digest\":{\"sha256\":\"",
        "\"subject\":[{\"digest\":{\"sha256\":\"0",
    );
    let extra = honest.replace("\"format\":1", "\"format\":1,\"grade\":\"A\"");
    let newer = honest.replace("\"format\":1", "\"format\":2");
    let other_kind = honest.replace(PREDICATE_TYPE, "https://herdbook/run/v1");
    let empty = honest.replace("\"completeness\"", "\"comment\":\"x\",\"completeness\"");
    assert!(matches!(
        Report::decode(&signed(other_subject.as_bytes(), 1)),
        Err(ReportError::Inconsistent(_))
    ));
    for lie in [extra, newer, other_kind, empty] {
        assert_ne!(lie, honest);
        assert!(Report::decode(&signed(lie.as_bytes(), 1)).is_err(), "{lie}");
    }
    assert!(matches!(
        Report::decode(&signed(honest.as_bytes(), 2)),
        Err(ReportError::Signer { .. })
    ));
    let spaced = honest.replacen(':', ": ", 1);
    assert!(matches!(
        Report::decode(&signed(spaced.as_bytes(), 1)),
        Err(ReportError::Canonical(_))
    ));
}

#[test]
fn what_has_no_digest_has_the_checkpoint_as_subject() {
    let mut document = sample();
    document.artifacts[0].sha256 = None;
    let report = sealed(&document).unwrap();
    let Value::Object(members) = Value::decode(payload(&report).as_bytes()).unwrap() else {
        panic!("no object")
    };
    let digest = Sha256Digest::of(document.checkpoint_note.as_bytes()).to_hex();
    let subject = String::from_utf8(members["subject"].encode()).unwrap();
    assert_eq!(
        subject,
        format!("[{{\"digest\":{{\"sha256\":\"{digest}\"}},\"name\":\"checkpoint\"}}]")
    );
}

/// Every text of the document becomes hostile, and the page keeps the very tags it has with harmless texts.
#[test]
fn no_text_becomes_markup_or_moves_other_text() {
    let hostile =
        "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}&amp;\u{202e}\u{200b}";
    let tamed: String = hostile
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == ' ' {
                c
            } else {
                'x'
            }
        })
        .collect();
    let (harmless, filled) = (filled(&tamed), filled(hostile));
    let (tame, wild) = (page(&harmless).unwrap(), page(&filled).unwrap());
    assert_eq!(tags(&wild), tags(&tame));
    assert!(!wild.contains("<script") && !wild.contains("<img"));
    assert!(!wild.contains(['\u{202e}', '\u{200b}']));
    assert!(wild.contains("\\u{202e}") && wild.contains("{{ 7*7 }}"));
}

fn filled(text: &str) -> Report {
    let mut document = sample();
    let text = text.to_owned();
    document.name.clone_from(&text);
    document.line = format!("not_traced: {text}");
    document.checkpoint_note.clone_from(&text);
    document.caveats.push(text.clone());
    document.recheck[0].command.clone_from(&text);
    document.recheck[0].what.clone_from(&text);
    document.artifacts[0].name.clone_from(&text);
    document.artifacts[0].id.clone_from(&text);
    document.trust_root.sha256.clone_from(&text);
    document.boundary.sources.percent.clone_from(&text);
    document.program.name.clone_from(&text);
    for node in &mut document.lineage.nodes {
        node.name.clone_from(&text);
        node.detail.clone_from(&text);
        node.id = format!("hb:{text}");
        node.said_by.clone_from(&text);
    }
    document.lineage.nodes[3].kind.clone_from(&text);
    document.lineage.edges[1].role.clone_from(&text);
    let model = &mut document.external_models[0];
    for field in [
        &mut model.name,
        &mut model.provider,
        &mut model.version,
        &mut model.said_by,
        &mut model.id,
    ] {
        field.clone_from(&text);
    }
    model.report = Some(text.clone());
    model.terms = Some(text.clone());
    document.sources.push(Source {
        id: text.clone(),
        name: text.clone(),
        made_by: text.clone(),
        acquired_by: text.clone(),
        personal_data: text.clone(),
        said_by: text.clone(),
        mass: true,
        licence: Some(text.clone()),
        licence_date: Some(text.clone()),
        restrictions: vec![text.clone()],
        holder: Some(text.clone()),
        url: Some(text.clone()),
        period: Some(text.clone()),
        languages: vec![text.clone()],
        legal_basis: None,
    });
    document.codes[0].meaning.clone_from(&text);
    document.codes[0].advice.clone_from(&text);
    let finding = &mut document.findings[0];
    for field in [&mut finding.message, &mut finding.name, &mut finding.node] {
        field.clone_from(&text);
    }
    finding.path = vec![step("hb:1", &text), step(&format!("gap:{text}"), "x")];
    finding.other_path = finding.path.clone();
    sealed(&document).unwrap()
}

#[test]
fn every_tag_is_closed_and_nothing_leads_out_of_the_page() {
    let void = ["meta", "link", "col", "!DOCTYPE"];
    let page = page(&filled("https://example.com/x")).unwrap();
    let mut open: Vec<String> = Vec::new();
    for tag in tags(&page) {
        let name = tag.split([' ', '\n']).next().unwrap().to_owned();
        match name.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop().as_deref(), Some(closed)),
            None if void.contains(&name.as_str()) => {}
            None => open.push(name.clone()),
        }
        assert!(
            ![
                "script", "img", "iframe", "object", "embed", "form", "a", "use", "image"
            ]
            .contains(&name.as_str())
        );
        for word in tag.split([' ', '=']).skip(1) {
            assert!(
                !word.starts_with("on")
                    && !["src", "style", "xlink:href", "srcset", "action"].contains(&word),
                "{tag}"
            );
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert_eq!(page.matches("href=").count(), 1);
    assert!(page.contains("<link rel=\"icon\" href=\"data:,\">"));
    let style = include_str!("page.css");
    assert!(!style.contains("url(") && !style.contains("@import") && !style.contains("</"));
}

/// Browsers apply the style sheet only if its hash is the one of the policy.
#[test]
fn the_policy_names_the_hash_of_the_style_sheet() {
    use base64::Engine as _;
    let page = page(&sealed(&sample()).unwrap()).unwrap();
    let (_, rest) = page.split_once("<style>").unwrap();
    let (style, _) = rest.split_once("</style>").unwrap();
    let digest =
        base64::engine::general_purpose::STANDARD.encode(Sha256Digest::of(style.as_bytes()).as_bytes());
    assert!(page.contains(&format!("default-src 'none'; style-src 'sha256-{digest}'")));
}

#[test]
fn a_long_report_says_what_it_leaves_out() {
    let mut document = sample();
    document.findings = (0..500).map(|number| gap(number, &"long ".repeat(200))).collect();
    document.findings_left_out = 7;
    let page = page(&sealed(&document).unwrap()).unwrap();
    for said in ["500 times", "and 475 more", "and 300 more", "7 more findings"] {
        assert!(page.contains(said), "{said}");
    }
}

/// WCAG 2.2, 1.4.3: every colour that text has, on every ground that text stands on.
#[test]
fn text_has_a_contrast_of_four_and_a_half() {
    fn luminance(hex: &str) -> f64 {
        let part = |at: usize| {
            let byte = u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            let value = f64::from(byte) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
    }
    let style = include_str!("page.css");
    let mut seen = 0;
    for rule in style.split([';', '{', '}']) {
        let Some(colour) = rule.trim().strip_prefix("color: #") else {
            continue;
        };
        for ground in ["ffffff", "f6f8fa", "f3faf5", "fff6f5", "fffbea"] {
            let contrast = (luminance(ground) + 0.05) / (luminance(colour) + 0.05);
            assert!(contrast >= 4.5, "{colour} on {ground}: {contrast}");
            seen += 1;
        }
    }
    assert!(seen > 20);
}

/// Forty steps that share a prompt and a model stay a narrow drawing, and no line is lost without being named.
#[test]
fn what_many_steps_share_is_drawn_once_and_named_by_the_others() {
    let mut lineage = Lineage {
        nodes: vec![node("hb:m", "mixture", "run", "mix")],
        edges: Vec::new(),
        nodes_left_out: 0,
        edges_left_out: 0,
    };
    for number in 0..40 {
        lineage
            .nodes
            .push(node("hb:r", &format!("step-{number}"), "run", "generate"));
        lineage.edges.push(edge(0, 1 + number, "data"));
    }
    for shared in 0..2 {
        lineage
            .nodes
            .push(node("hb:p", &format!("shared-{shared}"), "prompt", ""));
        lineage
            .edges
            .extend((0..40).map(|number| edge(1 + number, 41 + shared, "prompt")));
    }
    let drawn = draw::draw(&lineage);
    assert!(drawn.shortened && !drawn.tangled);
    let rows: Vec<_> = drawn.pieces.iter().flat_map(|piece| &piece.rows).collect();
    assert_eq!(rows.len(), 43);
    let naming = rows
        .iter()
        .filter(|row| row.note.whole.ends_with("also from shared-0, shared-1"));
    assert_eq!(naming.count(), 39);
    assert!(rows.iter().all(|row| row.text_x < 100));
}

#[test]
fn many_gaps_of_one_step_are_one_mark() {
    let mut lineage = sample().lineage;
    for number in 1..40 {
        let at = u64::try_from(lineage.nodes.len()).unwrap();
        lineage
            .nodes
            .push(node(&format!("gap:1/{number}"), "unknown", "gap", ""));
        lineage.edges.push(edge(1, at, "seed"));
    }
    let drawn = draw::draw(&lineage);
    let rows: Vec<_> = drawn.pieces.iter().flat_map(|piece| &piece.rows).collect();
    let names: Vec<&str> = rows.iter().map(|row| row.name.whole.as_str()).collect();
    assert_eq!(names, ["tasks", "generate", "40 inputs", "teacher"]);
    assert_eq!(
        (rows[2].note.whole.as_str(), drawn.more),
        ("Not declared, as seed", 0)
    );
}
