//! Attacks on the pruned tree of a bundle: what it says of entries that are not there.

use herdbook::verify::Code;

use super::bundle::MALFORMED;
use super::bundle::changed;
use super::bundle::herd;
use super::bundle::on;
use super::kit::*;

/// The bundle of the herd with the lines of its tree changed.
fn retreed(text: [&'static str; 3], change: impl FnOnce(&mut Vec<String>), codes: &[Code]) -> Attack {
    changed(
        text,
        |members| {
            let tree = String::from_utf8(members[2].content.clone()).unwrap();
            let mut lines: Vec<String> = tree.lines().map(str::to_owned).collect();
            change(&mut lines);
            members[2] = Member::new("tree", (lines.join("\n") + "\n").into_bytes());
        },
        codes,
    )
}

pub fn attacks() -> Vec<Attack> {
    let pruned = "that the auditor believes what the tree says of entries that are not there";
    vec![
        retreed(
            [
                "false-tree-node",
                "the hash of a subtree that is not in the bundle is another one",
                pruned,
            ],
            |lines| {
                let node = lines.iter_mut().find(|line| line.starts_with("node")).unwrap();
                let last = node.pop().unwrap();
                node.push(if last == '0' { '1' } else { '0' });
            },
            &[Code::RootDiffers],
        ),
        retreed(
            [
                "tree-that-covers-a-leaf-twice",
                "a line of the tree stands twice",
                "a tree with a place for one more entry",
            ],
            |lines| lines.insert(1, lines[0].clone()),
            &MALFORMED,
        ),
        retreed(
            [
                "tree-with-a-gap",
                "a line of the tree is left out",
                "an entry that is not even missing",
            ],
            |lines| {
                lines.remove(2);
            },
            &MALFORMED,
        ),
        tree_of_another_size(),
        retreed(
            [
                "tree-number-in-two-ways",
                "a number in the tree has a zero before it",
                "two files for one bundle",
            ],
            |lines| lines[0] = lines[0].replacen(' ', " 0", 1),
            &MALFORMED,
        ),
        retreed(
            [
                "tree-node-too-high",
                "a subtree of 2^63 leaves stands in the tree",
                "a reader that counts beyond its numbers",
            ],
            |lines| {
                let node = lines.iter_mut().find(|line| line.starts_with("node")).unwrap();
                let hash = node.rsplit(' ').next().unwrap().to_owned();
                *node = format!("node 63 0 {hash}");
            },
            &MALFORMED,
        ),
    ]
}

fn tree_of_another_size() -> Attack {
    let text = [
        "tree-of-another-size",
        "the tree has no place for the last entry of the checkpoint",
        "a smaller log under a larger checkpoint",
    ];
    let mut bundle = herd();
    bundle.world.entries.pop();
    bundle.here.pop_last();
    on(text, &bundle.tar(), &[Code::Undecodable])
}
