//! Attacks on an evidence bundle as a file: what somebody may do to it on the way to the auditor.

use herdbook::merkle;
use herdbook::verify::Code;

use super::kit::*;

pub fn attacks() -> Vec<Attack> {
    [members(), flips(), descriptions()].concat()
}

pub fn herd() -> Bundle {
    Bundle::of(&World::herd().sealed(), "specialist")
}

pub fn on(text: [&'static str; 3], tar: &[u8], codes: &[Code]) -> Attack {
    Attack::on_bundle(text, &World::herd(), tar, codes)
}

pub const MALFORMED: [Code; 1] = [Code::BundleMalformed];

/// The bundle of the herd with its members changed.
pub fn changed(text: [&'static str; 3], change: impl FnOnce(&mut Vec<Member>), codes: &[Code]) -> Attack {
    let mut members = herd().members();
    change(&mut members);
    on(text, &tar(&members), codes)
}

/// The bundle of the herd with the bytes of its archive changed.
pub fn rewritten(text: [&'static str; 3], change: impl FnOnce(&mut Vec<u8>), codes: &[Code]) -> Attack {
    let mut tar = herd().tar();
    change(&mut tar);
    on(text, &tar, codes)
}

/// The position of an entry among the members.
fn entry(members: &[Member], at: usize) -> usize {
    let world = World::herd().sealed();
    let name = merkle::leaf_hash(&world.entries[at]).to_hex().into_bytes();
    members.iter().position(|member| member.name == name).unwrap()
}

#[expect(clippy::too_many_lines, reason = "a list of attacks")]
fn members() -> Vec<Attack> {
    vec![
        changed(
            [
                "removed-entry-file",
                "the file of an ancestor is taken out, and its line in the tree is left",
                "an ancestor that nobody gets to see",
            ],
            |members| {
                let seeds = entry(members, 2);
                members.remove(seeds);
            },
            &[Code::EntryMissing],
        ),
        changed(
            [
                "removed-seal",
                "the last entry, the seal, is taken out",
                "that nothing says what must be there",
            ],
            |members| {
                members.remove(4);
            },
            &[Code::NoSeal],
        ),
        changed(
            [
                "removed-genesis",
                "the genesis is taken out",
                "that nothing says who may sign what",
            ],
            |members| {
                let genesis = entry(members, 0);
                members.remove(genesis);
            },
            &[Code::EntryMissing],
        ),
        changed(
            [
                "extra-file",
                "a file that belongs to nothing is added",
                "to carry something along",
            ],
            |members| members.push(Member::new("readme.txt", b"trust me".to_vec())),
            &MALFORMED,
        ),
        changed(
            [
                "duplicate-member",
                "an entry is there twice",
                "that one reader takes the first and another the last",
            ],
            |members| {
                let seeds = entry(members, 2);
                members.insert(seeds, members[seeds].clone());
            },
            &MALFORMED,
        ),
        changed(
            [
                "two-checkpoints",
                "a second checkpoint stands behind the first",
                "that one is checked and the other shown",
            ],
            |members| members.insert(2, members[1].clone()),
            &MALFORMED,
        ),
        changed(
            [
                "exchanged-members",
                "two entries stand in each other's place",
                "two files for one bundle",
            ],
            |members| {
                let (one, two) = (entry(members, 2), entry(members, 3));
                members.swap(one, two);
            },
            &MALFORMED,
        ),
        changed(
            [
                "entry-with-other-bytes",
                "a member has the name of an ancestor and the bytes of another source",
                "that names are believed",
            ],
            |members| {
                let seeds = entry(members, 2);
                let mut other = World::new();
                other.declare("other", "other", 10, |source| source);
                members[seeds] = Member {
                    name: members[seeds].name.clone(),
                    ..Member::new("x", other.entries.pop().unwrap())
                };
            },
            &MALFORMED,
        ),
        changed(
            [
                "oversized-envelope",
                "an entry is longer than an envelope may be, under its right hash",
                "a reader that takes whatever length it is given",
            ],
            |members| {
                let seeds = entry(members, 2);
                let long = vec![b' '; 65_536];
                let name = merkle::leaf_hash(&long).to_hex();
                let tree = String::from_utf8(members[2].content.clone()).unwrap();
                let old = String::from_utf8(members[seeds].name.clone()).unwrap();
                members[2] = Member::new("tree", tree.replace(&old, &name).into_bytes());
                members[seeds] = Member::new(&name, long);
            },
            &MALFORMED,
        ),
        changed(
            [
                "oversized-checkpoint",
                "the checkpoint has thousands of signatures by nobody",
                "a reader that checks as many as it is given",
            ],
            |members| {
                let mut note = members[1].content.clone();
                while note.len() <= 65_536 {
                    note.extend("\u{2014} example.org/nobody AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n".bytes());
                }
                members[1] = Member::new("checkpoint", note);
            },
            &MALFORMED,
        ),
    ]
}

/// Flips one bit in the middle of a member.
fn flip(members: &mut [Member], at: usize) {
    let content = &mut members[at].content;
    let middle = content.len() / 2;
    content[middle] ^= 1;
}

#[expect(clippy::too_many_lines, reason = "a list of attacks")]
fn flips() -> Vec<Attack> {
    let goal = "that damage goes unnoticed";
    vec![
        changed(
            [
                "flipped-bit-in-the-description",
                "one bit of bundle.json is turned over",
                goal,
            ],
            |members| flip(members, 0),
            &[Code::EntryMissing],
        ),
        changed(
            [
                "flipped-bit-in-the-checkpoint",
                "one bit of the checkpoint is turned over",
                goal,
            ],
            |members| flip(members, 1),
            &[Code::CheckpointInvalid],
        ),
        changed(
            [
                "flipped-bit-in-the-tree",
                "one bit of the tree is turned over",
                goal,
            ],
            |members| flip(members, 2),
            &MALFORMED,
        ),
        changed(
            [
                "flipped-bit-in-an-entry",
                "one bit of an ancestor is turned over",
                goal,
            ],
            |members| {
                let seeds = entry(members, 2);
                flip(members, seeds);
            },
            &MALFORMED,
        ),
        {
            let world = super::seals::rival().sealed();
            let mut members = Bundle::of(&world, "specialist").members();
            flip(&mut members, 3);
            Attack::on_bundle(
                [
                    "flipped-bit-in-the-contested-ties",
                    "one bit of the records of contested ties is turned over",
                    goal,
                ],
                &world,
                &tar(&members),
                &[Code::ContestedDiffers, Code::ConflictingOrigin],
            )
        },
        {
            let (world, _) = super::store::prompted();
            let mut members = Bundle::of(&world, "text").members();
            let last = members.len() - 1;
            flip(&mut members, last);
            Attack::on_bundle(
                [
                    "flipped-bit-in-a-blob",
                    "one bit of a held prompt is turned over",
                    goal,
                ],
                &world,
                &tar(&members),
                &MALFORMED,
            )
        },
        rewritten(
            [
                "flipped-bit-in-the-padding",
                "one bit behind a member is turned over",
                goal,
            ],
            |tar| tar[512 + 300] ^= 1,
            &MALFORMED,
        ),
    ]
}

/// The bundle of the herd with another description.
fn described(text: [&'static str; 3], json: &str, codes: &[Code]) -> Attack {
    let json = json.as_bytes().to_vec();
    changed(
        text,
        |members| members[0] = Member::new("bundle.json", json),
        codes,
    )
}

fn descriptions() -> Vec<Attack> {
    let world = World::herd();
    let nothing = herdbook::digest::StatementId::from_bytes([7; 32]);
    let seeds = world.refs("seeds")[0];
    vec![
        described(
            [
                "bundle-of-nothing",
                "the bundle names no artifact",
                "that nothing is traced",
            ],
            "{\"artifacts\":[],\"herdbook\":\"bundle/v1\"}\n",
            &MALFORMED,
        ),
        described(
            [
                "bundle-of-a-source",
                "the bundle is turned to a source in it, which led to nothing",
                "a verdict about something simpler",
            ],
            &format!("{{\"artifacts\":[\"{seeds}\"],\"herdbook\":\"bundle/v1\"}}\n"),
            &[Code::NothingToTrace],
        ),
        described(
            [
                "bundle-of-what-is-not-there",
                "the bundle is turned to an artifact that is not in it",
                "a verdict about nothing",
            ],
            &format!("{{\"artifacts\":[\"hb:{nothing}/0\"],\"herdbook\":\"bundle/v1\"}}\n"),
            &[Code::EntryMissing],
        ),
        described(
            [
                "bundle-with-a-name-of-its-own",
                "the description has a name for the model, which nobody signed",
                "a verdict under another name",
            ],
            &format!("{{\"artifacts\":[\"{seeds}\"],\"herdbook\":\"bundle/v1\",\"name\":\"gpt\"}}\n"),
            &MALFORMED,
        ),
    ]
}
