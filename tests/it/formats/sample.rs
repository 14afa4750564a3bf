//! `docs/formats/sample.md`: the worked example, and a draw by hand that knows nothing of the program's.

use herdbook::checkpoint::Checkpoint;
use herdbook::checkpoint::Origin;
use herdbook::digest::NodeHash;
use herdbook::digest::Sha256Digest;
use herdbook::digest::StatementId;
use herdbook::merkle::TreeSize;
use herdbook::sample::By;
use herdbook::sample::Document;
use herdbook::sample::Drawn;
use herdbook::sample::Outside;
use herdbook::sample::Population;
use herdbook::sample::Rule;
use herdbook::sample::SampleFile;
use herdbook::sample::Unit;
use herdbook::sample::draw;
use herdbook::statement::ArtifactRef;
use serde_json::Value;

use super::block;

const ROOT: [u8; 32] = [7; 32];
const SEED: &str = "dice on 2026-11-22: 4 1 6 2";

fn unit(statement: u8, subject: u32, name: &str, rows: Option<u64>) -> Unit {
    Unit {
        name: name.to_owned(),
        sha256: Some(Sha256Digest::of(name.as_bytes())),
        artifact: ArtifactRef::subject(StatementId::from_bytes([statement; 32]), subject),
        rows,
    }
}

fn population() -> Population {
    let units = [
        ("source/human", unit(0x11, 0, "seeds.jsonl", Some(40))),
        ("output/generate", unit(0x22, 0, "out/0.jsonl", Some(300))),
        ("output/generate", unit(0x22, 1, "out/1.jsonl", Some(200))),
        ("output/model", unit(0x33, 0, "weights.bin", None)),
    ];
    let units = units.map(|(stratum, unit)| (stratum.to_owned(), unit));
    Population::new(By::Rows, units, Outside::default()).unwrap()
}

fn drawn() -> Drawn {
    let rule = Rule::new(By::Rows, 6, SEED).unwrap();
    draw(NodeHash::from_bytes(ROOT), &population(), &rule)
}

fn file() -> SampleFile {
    let checkpoint = Checkpoint {
        origin: Origin::parse("example.com/lab").unwrap(),
        size: TreeSize::new(9),
        root: NodeHash::from_bytes(ROOT),
    };
    let note = format!("{}\n\u{2014} example.com/lab AAAAAAAA\n", checkpoint.text());
    let model = ArtifactRef::subject(StatementId::from_bytes([0x33; 32]), 0).to_string();
    let document = Document::of(&drawn(), "specialist", vec![model], &note).unwrap();
    SampleFile::unsigned(&document).unwrap()
}

#[test]
fn the_population_has_the_lines_and_the_digest_of_the_page() {
    let mut lines = Vec::new();
    population().lines(|line| lines.extend(line));
    assert_eq!(
        String::from_utf8(lines).unwrap().trim_end(),
        block("sample.md", "Population")
    );
    assert_eq!(population().digest().to_hex(), block("sample.md", "Digest"));
}

#[test]
fn the_file_is_that_of_the_page() {
    let page = format!("{}\n", block("sample.md", "File"));
    assert_eq!(String::from_utf8(file().bytes().to_vec()).unwrap(), page);
    assert_eq!(SampleFile::decode(page.as_bytes()).unwrap(), file());
}

/// The rule of the page, step by step and from the page's own lines.
#[test]
fn the_sample_can_be_drawn_by_hand() {
    let lines = block("sample.md", "Population") + "\n";
    let digest = Sha256Digest::of(lines.as_bytes());
    let units: Vec<Value> = lines
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut items = Vec::new();
    let mut words = Vec::new();
    // 540 rows, of which 6 are drawn: 5.56 and 0.44 of them, so 5 by whole numbers, one more by the larger remainder, and
    // then one to the stratum that has none.
    for (number, stratum, share) in [(0_u64, "output/generate", 5), (1, "source/human", 1)] {
        let mut hasher = blake3::Hasher::new_derive_key("herdbook sample/v1 draw");
        hasher.update(&ROOT);
        hasher.update(digest.as_bytes());
        hasher.update(&number.to_be_bytes());
        hasher.update(SEED.as_bytes());
        let mut stream = hasher.finalize_xof();
        let of: Vec<&Value> = units.iter().filter(|unit| unit["stratum"] == stratum).collect();
        let size: u64 = of.iter().map(|unit| unit["rows"].as_u64().unwrap()).sum();
        let mut numbers = Vec::new();
        while numbers.len() < share {
            let mut word = [0; 8];
            stream.fill(&mut word);
            if numbers.is_empty() {
                words.push(hex::encode(word));
            }
            let word = u64::from_be_bytes(word);
            let even = (1_u128 << 64) / u128::from(size) * u128::from(size);
            if u128::from(word) < even && !numbers.contains(&(word % size)) {
                numbers.push(word % size);
            }
        }
        numbers.sort_unstable();
        for mut row in numbers {
            let mut of = of.iter();
            let unit = loop {
                let unit = of.next().unwrap();
                let rows = unit["rows"].as_u64().unwrap();
                if row < rows {
                    break unit;
                }
                row -= rows;
            };
            items.push(format!(
                "{stratum} {} row {}",
                unit["name"].as_str().unwrap(),
                row + 1
            ));
        }
    }
    let told = words
        .into_iter()
        .chain(items.clone())
        .collect::<Vec<_>>()
        .join("\n");
    assert_eq!(told, block("sample.md", "First words and items"));
    let program = drawn().items;
    let program = program
        .iter()
        .map(|item| format!("{} {} row {}", item.stratum, item.unit.name, item.row.unwrap()));
    assert_eq!(program.collect::<Vec<_>>(), items);
}
