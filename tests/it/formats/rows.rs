//! `docs/formats/rows.md`.

use herdbook::commitment::Secret;
use herdbook::digest::NodeHash;
use herdbook::merkle::Frontier;
use herdbook::merkle::LeafIndex;
use herdbook::merkle::PathMaker;
use herdbook::merkle::TreeSize;
use herdbook::merkle::verify_inclusion;
use herdbook::rows::RowKey;
use herdbook::rows::RowSplitter;
use herdbook::rows::RowTree;

use super::block;

const PAGE: &str = "rows.md";

#[test]
fn the_example_has_the_roots_that_the_page_says() {
    let file = block(PAGE, "File");
    let secret = hex::decode(block(PAGE, "Secret")).unwrap().try_into().unwrap();
    let secret = Secret::from_bytes(secret);
    for (key, heading) in [
        (RowKey::Plain, "Plain root"),
        (RowKey::Keyed(&secret), "Keyed root"),
    ] {
        let mut tree = RowTree::new(key);
        tree.update(file.as_bytes()).unwrap();
        let (root, rows) = tree.finish();
        assert_eq!((root.root().to_hex(), rows), (block(PAGE, heading), 3));
    }
    let key = RowKey::Keyed(&secret);
    let mut path = PathMaker::new(LeafIndex::new(1), TreeSize::new(3)).unwrap();
    let (mut tree, mut second) = (Frontier::new(), None);
    let mut take = |row: herdbook::rows::Row<'_>| {
        let leaf = key.leaf(row.number, row.bytes);
        path.push(leaf);
        tree.append(leaf);
        if row.number == 2 {
            second = Some((row.line, leaf, key.salt(row.number, row.bytes).unwrap()));
        }
    };
    let mut rows = RowSplitter::new();
    rows.push(file.as_bytes(), &mut take).unwrap();
    rows.finish(&mut take);
    let (line, leaf, salt) = second.unwrap();
    assert_eq!(line, 3);
    assert_eq!(salt.to_hex(), block(PAGE, "Salt of row 2"));
    assert_eq!(leaf.to_hex(), block(PAGE, "Leaf hash of row 2"));
    let path = path.finish().unwrap();
    let shown: Vec<String> = path.iter().map(NodeHash::to_hex).collect();
    assert_eq!(shown.join("\n"), block(PAGE, "Path of row 2"));
    verify_inclusion(leaf, LeafIndex::new(1), TreeSize::new(3), tree.root(), &path).unwrap();
    // The damaged twin: another row at the same place.
    let other = key.leaf(2, b"{\"n\":4}");
    verify_inclusion(other, LeafIndex::new(1), TreeSize::new(3), tree.root(), &path).unwrap_err();
}
