//! A ledger's `log/` as outsiders read it: with `signed_note` and `tlog_tiles`, and nothing of ours but the files.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::support::Place;

/// The tiles of a folder, read as `tlog_tiles` asks for them. Whoever misses a partial tile reads the full one.
struct Folder(PathBuf);

impl Folder {
    fn read(&self, path: &str) -> Vec<u8> {
        let (full, _) = path.split_once(".p/").unwrap_or((path, ""));
        fs::read(self.0.join(path))
            .or_else(|_| fs::read(self.0.join(full)))
            .unwrap()
    }

    /// The bytes of every entry bundle of a log of `size` entries.
    fn entries(&self, size: u64) -> Vec<Vec<u8>> {
        let mut entries = Vec::new();
        for bundle in 0..size.div_ceil(256) {
            let width = (size - 256 * bundle).min(256);
            let tile = tlog_tiles::Tile::new(8, 0, bundle, u32::try_from(width).unwrap(), false);
            let path = tile.path().replacen("tile/8/0/", "tile/entries/", 1);
            let bytes = self.read(&path);
            let mut rest = bytes.as_slice();
            while let Some((length, more)) = rest.split_first_chunk::<2>() {
                let (entry, more) = more.split_at(u16::from_be_bytes(*length).into());
                entries.push(entry.to_vec());
                rest = more;
            }
        }
        entries
    }
}

impl tlog_tiles::TileReader for Folder {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        // Their paths name the tile height, which the published layout leaves out.
        let path = |tile: &tlog_tiles::Tile| tile.path().replacen("tile/8/", "tile/", 1);
        Ok(tiles.iter().map(|tile| self.read(&path(tile))).collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

fn vkey(place: &Place) -> String {
    place.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    let root: serde_json::Value = serde_json::from_slice(&fs::read(place.at("root.json")).unwrap()).unwrap();
    root["log_key"].as_str().unwrap().to_owned()
}

/// The size and root of a note, whose signature their code checked.
fn opened(note: &[u8], vkey: &str) -> (u64, tlog_tiles::Hash) {
    let verifier = signed_note::StandardVerifier::new(vkey).unwrap();
    let note = signed_note::Note::from_bytes(note).unwrap();
    let list = signed_note::VerifierList::new(vec![Box::new(verifier)]);
    let (known, unknown) = note.verify(&list).unwrap();
    assert_eq!((known.len(), unknown.len()), (1, 0));
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    (checkpoint.size(), *checkpoint.hash())
}

/// Registers `count` prompts without bytes, so that the log grows by as many entries and a seal.
fn grow(place: &Place, round: usize, count: usize) {
    let prompts: String = (0..count).fold(String::from("herdbook: 1\nprompts:\n"), |text, number| {
        format!("{text}  - {{name: prompt-{round}-{number}}}\n")
    });
    place.write("grow.yaml", prompts);
    place.run(&["register", "grow.yaml"]).expect(0);
}

/// Every entry, by the tiles of every size on the way; their reader checks each tile against the root.
#[test]
fn outsiders_read_every_entry_and_prove_it() {
    let place = Place::with_ledger();
    let vkey = vkey(&place);
    let mut earlier = Vec::new();
    for (round, count) in [1, 2, 247, 1, 1, 260].into_iter().enumerate() {
        grow(&place, round, count);
        let folder = Folder(place.at(".herdbook/log"));
        let (size, root) = opened(&fs::read(folder.0.join("checkpoint")).unwrap(), &vkey);
        let hashes = tlog_tiles::TileHashReader::new(size, root, &folder);
        let entries = folder.entries(size);
        assert_eq!(entries.len() as u64, size);
        for (index, entry) in (0..).zip(&entries) {
            let leaf = tlog_tiles::record_hash(entry);
            let proof = tlog_tiles::prove_record(size, index, &hashes).unwrap();
            tlog_tiles::check_record(&proof, size, root, index, leaf).unwrap();
            assert!(tlog_tiles::check_record(&proof, size, root, index, root).is_err());
        }
        for (old, before) in &earlier {
            let proof = tlog_tiles::prove_tree(size, *old, &hashes).unwrap();
            tlog_tiles::check_tree(&proof, size, root, *old, *before).unwrap();
        }
        earlier.push((size, root));
    }
    let (size, _) = earlier.pop().unwrap();
    assert!(
        size > 512,
        "{size} entries have full tiles and a partial one on two levels"
    );
}

/// A `.tlog-proof` of ours, checked by their code: the lines are the path, the rest is the checkpoint.
#[test]
fn outsiders_check_our_proofs() {
    let place = Place::with_ledger();
    let vkey = vkey(&place);
    grow(&place, 0, 40);
    for number in [0_u64, 7, 39] {
        let name = format!("prompt-0-{number}");
        let proof = place.run(&["prove", &name, "-o", "-"]).expect(0).json();
        let text = proof["tlog_proof"].as_str().unwrap();
        let (path, note) = text.split_once("\n\n").unwrap();
        let mut lines = path.lines();
        assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
        let index: u64 = (lines.next().unwrap().strip_prefix("index "))
            .unwrap()
            .parse()
            .unwrap();
        let path = lines
            .map(|line| tlog_tiles::Hash::parse_hash(line).unwrap())
            .collect();
        let (size, root) = opened(note.as_bytes(), &vkey);
        let leaf = tlog_tiles::record_hash(&STANDARD.decode(proof["entry"].as_str().unwrap()).unwrap());
        tlog_tiles::check_record(&path, size, root, index, leaf).unwrap();
        assert!(tlog_tiles::check_record(&path, size, root, index + 1, leaf).is_err());
    }
}
