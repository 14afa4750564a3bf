//! Attacks on an evidence bundle as a file: what somebody may do to it on the way to the auditor.

use std::io::Write as _;

use herdbook::merkle;
use herdbook::statement::Does;
use herdbook::statement::Role;
use herdbook::verify::Code;

use super::kit::*;

pub fn attacks() -> Vec<Attack> {
    [
        members(),
        flips(),
        containers(),
        trees(),
        descriptions(),
        checkpoints(),
    ]
    .concat()
}

fn herd() -> Bundle {
    Bundle::of(&World::herd().sealed(), "specialist")
}

fn on(text: [&'static str; 3], tar: &[u8], codes: &[Code]) -> Attack {
    Attack::on_bundle(text, &World::herd(), tar, codes)
}

const MALFORMED: [Code; 1] = [Code::BundleMalformed];

/// The bundle of the herd with its members changed.
fn changed(text: [&'static str; 3], change: impl FnOnce(&mut Vec<Member>), codes: &[Code]) -> Attack {
    let mut members = herd().members();
    change(&mut members);
    on(text, &tar(&members), codes)
}

/// The bundle of the herd with the bytes of its archive changed.
fn rewritten(text: [&'static str; 3], change: impl FnOnce(&mut Vec<u8>), codes: &[Code]) -> Attack {
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

/// Another name for the last member, which is the genesis.
fn renamed(text: [&'static str; 3], name: &str) -> Attack {
    changed(
        text,
        |members| members.last_mut().unwrap().name = name.as_bytes().to_vec(),
        &MALFORMED,
    )
}

fn containers() -> Vec<Attack> {
    let out = "to write a file outside of the folder that a bundle is unpacked in";
    let of_type = |text, typeflag: u8, to: &str| {
        changed(
            text,
            |members| {
                let last = members.last_mut().unwrap();
                last.typeflag = typeflag;
                last.linkname = to.as_bytes().to_vec();
                if !to.is_empty() {
                    *last = Member {
                        content: vec![],
                        size: b"00000000000\0".to_vec(),
                        ..last.clone()
                    };
                }
            },
            &MALFORMED,
        )
    };
    let sized = |text, size: &[u8]| {
        changed(
            text,
            |members| members.last_mut().unwrap().size = size.to_vec(),
            &MALFORMED,
        )
    };
    vec![
        renamed(
            [
                "zip-slip-name",
                "a member is called ../../.ssh/authorized_keys",
                out,
            ],
            "../../.ssh/authorized_keys",
        ),
        renamed(
            ["absolute-name", "a member is called /etc/passwd", out],
            "/etc/passwd",
        ),
        renamed(
            [
                "upper-case-name",
                "a hash is written with capital letters",
                "two names on a disk that folds case",
            ],
            &"A".repeat(64),
        ),
        of_type(
            ["symlink-member", "a member is a link to /etc/passwd", out],
            b'2',
            "/etc/passwd",
        ),
        of_type(
            ["hard-link-member", "a member is a hard link to another", out],
            b'1',
            "checkpoint",
        ),
        of_type(
            [
                "extended-header",
                "a member is an extended header, which names and sizes the next one anew for those who know it",
                "that archivers and verifiers read two archives in one file",
            ],
            b'x',
            "",
        ),
        of_type(
            [
                "sparse-member",
                "a member is a sparse file, which grows when it is unpacked",
                "a full disk",
            ],
            b'S',
            "",
        ),
        sized(
            [
                "huge-size-in-a-header",
                "a header says that its member has eight gigabytes",
                "a reader that allocates what it is told",
            ],
            b"77777777777\0",
        ),
        sized(
            [
                "size-in-another-base",
                "a header gives its size in binary, beyond what the field holds in digits",
                "a size that readers take for different numbers",
            ],
            b"\x80\0\0\0\0\0\0\x01\0\0\0\0",
        ),
        rewritten(
            [
                "time-in-a-header",
                "a header has a time, where a bundle has none",
                "two files for one bundle",
            ],
            |tar| {
                tar[136..147].copy_from_slice(b"00000000001");
                // One more in the sum of all bytes.
                let sum = tar[..512].iter().map(|byte| u32::from(*byte)).sum::<u32>();
                let sum = sum - tar[148..156].iter().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
                tar[148..156].copy_from_slice(format!("{sum:07o}\0").as_bytes());
            },
            &MALFORMED,
        ),
        rewritten(
            [
                "trailing-data",
                "behind the end of the archive stands more",
                "to carry something along",
            ],
            |tar| tar.extend(b"more"),
            &MALFORMED,
        ),
        rewritten(
            [
                "second-archive-behind-the-first",
                "behind the end stands a second bundle",
                "that two readers judge two bundles",
            ],
            |tar| tar.extend(tar.clone()),
            &MALFORMED,
        ),
        rewritten(
            [
                "truncated-bundle",
                "the file ends in the middle of a member",
                "a part that is taken for the whole",
            ],
            |tar| tar.truncate(tar.len() / 2 + 100),
            &[Code::BundleIncomplete],
        ),
        rewritten(
            [
                "bundle-without-its-end",
                "the two blocks of zeros at the end are cut off",
                "a part that is taken for the whole",
            ],
            |tar| tar.truncate(tar.len() - 1024),
            &[Code::BundleIncomplete],
        ),
        rewritten(
            [
                "empty-bundle",
                "the file is empty",
                "that nothing speaks against nothing",
            ],
            Vec::clear,
            &[Code::BundleIncomplete],
        ),
        compressed(),
    ]
}

fn compressed() -> Attack {
    let text = [
        "compressed-bundle",
        "the bundle is compressed with gzip, twenty times as small as it was",
        "a reader that expands whatever it is given",
    ];
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&herd().tar()).unwrap();
    on(text, &encoder.finish().unwrap(), &MALFORMED)
}

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

fn trees() -> Vec<Attack> {
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

fn checkpoints() -> Vec<Attack> {
    vec![
        withheld_ancestor(),
        withheld_revocation(),
        withheld_rival(),
        withheld_own_model(),
        withheld_observation(),
        record_left_out(),
        count_lowered(),
    ]
}

fn withheld_ancestor() -> Attack {
    let text = [
        "withheld-ancestor",
        "the teacher that generated the data is pruned from the bundle like an entry that nothing rests on",
        "a lineage without what one would rather not have used",
    ];
    let world = World::herd().sealed();
    let bundle = Bundle::of(&world, "specialist").without(world.entry_of("teacher"));
    Attack::on_bundle(text, &world, &bundle.tar(), &[Code::EntryMissing])
}

fn withheld_revocation() -> Attack {
    let text = [
        "omitted-revocation",
        "the revocation of the key that signed the model is pruned from the bundle",
        "that a stolen key still counts",
    ];
    let mut world = World::herd();
    let since = world.entry_of("specialist");
    let revoked = world.entries.len();
    world.add_by(OWNER, stolen(ISSUER, since));
    let world = world.sealed();
    let bundle = Bundle::of(&world, "specialist").without(revoked);
    Attack::on_bundle(text, &world, &bundle.tar(), &[Code::RulingsMissing])
}

fn withheld_rival() -> Attack {
    let text = [
        "omitted-rival-claim",
        "the statement that tells another story of the training data is pruned from the bundle",
        "one story where there are two",
    ];
    let world = super::seals::rival().sealed();
    let bundle = Bundle::of(&world, "specialist").without(world.entry_of("people"));
    Attack::on_bundle(text, &world, &bundle.tar(), &[Code::ClaimsIncomplete])
}

fn withheld_own_model() -> Attack {
    let text = [
        "omitted-own-model",
        "the training whose model is declared as an external one, under its name, is pruned from the bundle",
        "that the lineage ends where the work begins",
    ];
    let mut world = World::herd();
    world.train("seeds", "ours");
    let trained = world.entry_of("ours");
    world.add(external("ours", weights("other")));
    let roles = [("ours", Role::Generator)];
    world.run(Does::Generate, &roles, "out", rows("out", 10), |run| run);
    let world = world.sealed();
    let bundle = Bundle::of(&world, "out").without(trained);
    Attack::on_bundle(text, &world, &bundle.tar(), &[Code::ClaimsIncomplete])
}

fn withheld_observation() -> Attack {
    let text = [
        "omitted-observation",
        "what a tool saw the training read is pruned from the bundle",
        "a run that tells a part of what it read",
    ];
    let world = super::lineage::observed("secret");
    let seen = world.entry_of("specialist") + 1;
    let bundle = Bundle::of(&world, "specialist").without(seen);
    Attack::on_bundle(text, &world, &bundle.tar(), &[Code::ClaimsIncomplete])
}

fn record_left_out() -> Attack {
    let text = [
        "contested-record-left-out",
        "the rival claim is pruned from the bundle, and its record from the list of contested ties",
        "one story where there are two",
    ];
    let world = super::seals::rival().sealed();
    let mut bundle = Bundle::of(&world, "specialist").without(world.entry_of("people"));
    bundle.contested.clear();
    Attack::on_bundle(text, &world, &bundle.tar(), &[Code::ClaimsIncomplete])
}

fn count_lowered() -> Attack {
    let text = [
        "contested-count-lowered",
        "of three stories one is pruned, and the list of contested ties says two",
        "the friendlier of two rivals",
    ];
    let mut world = super::seals::rival();
    world.declare("crowd", "kept", 800, |source| source);
    let world = world.sealed();
    let mut bundle = Bundle::of(&world, "specialist").without(world.entry_of("crowd"));
    bundle.contested[0].statements = 2;
    let codes = [Code::ContestedDiffers, Code::ConflictingOrigin];
    Attack::on_bundle(text, &world, &bundle.tar(), &codes)
}
