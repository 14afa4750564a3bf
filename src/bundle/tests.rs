//! A bundle of a ledger in memory: judged alike, and not one byte of it can be changed or left out.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Cursor;
use std::io::Write as _;

use super::*;
use crate::digest::BlobId;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::merkle::LeafIndex;
use crate::merkle::Part;
use crate::merkle::leaf_hash;
use crate::merkle::prune;
use crate::statement::Contested;
use crate::statement::MadeBy;
use crate::statement::Predicate;
use crate::statement::Source as SourceStatement;
use crate::verify::Code;
use crate::verify::Given;
use crate::verify::Judgement;
use crate::verify::Request;
use crate::verify::Verdict;
use crate::verify::tests::kit::*;

/// What the bundles are about.
const TARGET: &str = "expert";

/// A ledger that is asked for its bytes.
struct Held<'a>(&'a World);

impl Source<io::Error> for Held<'_> {
    fn entry(&mut self, index: LeafIndex) -> Result<Vec<u8>, io::Error> {
        Ok(self.0.entries[usize::try_from(index.get()).unwrap()].clone())
    }

    fn blob_size(&mut self, id: BlobId) -> Result<u64, io::Error> {
        Ok(self.0.blobs[&id].len() as u64)
    }

    fn blob(
        &mut self,
        id: BlobId,
        each: &mut dyn FnMut(&[u8]) -> Result<(), io::Error>,
    ) -> Result<(), io::Error> {
        self.0.blobs[&id].chunks(7).try_for_each(each)
    }
}

fn parts(world: &World) -> Vec<Part> {
    let leaves: Vec<NodeHash> = world.entries.iter().map(|entry| leaf_hash(entry)).collect();
    prune(&leaves, &world.evidence(TARGET).entries, &BTreeSet::new())
}

fn bundle_of(world: &World) -> Vec<u8> {
    let request = world.request(TARGET);
    let records: Vec<Contested> = (world.contested().as_chunks().0.iter())
        .map(Contested::from_bytes)
        .collect();
    let blobs: Vec<BlobId> = world.blobs.keys().copied().collect();
    let contents = Contents {
        artifacts: &request.artifacts,
        checkpoint: &request.checkpoint,
        parts: &parts(world),
        contested: &records,
        blobs: &blobs,
    };
    let mut out = Vec::new();
    write(&mut out, &contents, &mut Held(world)).unwrap();
    out
}

/// A ledger with a held prompt, something said twice, and things that have nothing to do with it.
fn ledger() -> World {
    let mut world = World::new();
    for number in 0..5 {
        world.add(Predicate::Source(source(&format!("other-{number}"))));
    }
    let mut world = herd_in(world);
    let held = world.hold("evidence.txt", b"signed on paper");
    let twice = world.source_of("seeds");
    world.add(Predicate::Source(SourceStatement {
        licence: Some("MIT".to_owned()),
        ..twice
    }));
    let set = crate::statement::ArtifactSet {
        artifacts: vec![held],
        ..file("evidence", 1)
    };
    world.add(Predicate::Source(SourceStatement {
        set,
        ..source("evidence")
    }));
    step(
        &mut world,
        crate::statement::Does::Mix,
        &[
            ("kept", crate::statement::Role::Data),
            ("evidence", crate::statement::Role::Reference),
        ],
        "mixed",
        800,
    );
    world.train("mixed", TARGET);
    world.add(Predicate::Source(source("last")));
    world.seal();
    world
}

fn judge(world: &World, bytes: &[u8]) -> Result<Judgement, BundleError> {
    let mut bundle = Bundle::open(Cursor::new(bytes))?;
    let ask = |artifacts, checkpoint| Request {
        name: String::new(),
        artifacts,
        checkpoint,
        ..world.request(TARGET)
    };
    Ok(bundle.judge(&ask, &mut |_| Given::Missing)?.get().clone())
}

/// The name of a member, and its bytes.
type Taken = (String, Vec<u8>);

/// The members of an archive, taken apart by the outside library.
fn members(bytes: &[u8]) -> Vec<Taken> {
    let mut archive = tar::Archive::new(Cursor::new(bytes));
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        (name, bytes)
    });
    entries.collect()
}

fn archive(members: &[Taken]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, bytes) in members {
        container::begin(&mut out, name, bytes.len() as u64).unwrap();
        out.write_all(bytes).unwrap();
        container::pad(&mut out, bytes.len() as u64).unwrap();
    }
    container::end(&mut out).unwrap();
    out
}

/// What the ledger itself says. Where commits end is no part of a bundle.
fn of_the_ledger(world: &World, bundle: &Judgement) -> Judgement {
    Judgement {
        details: bundle.details.clone(),
        ..world.drive(world.request(TARGET))
    }
}

#[test]
fn a_bundle_is_judged_like_its_ledger() {
    let world = ledger();
    let bytes = bundle_of(&world);
    assert_eq!(bytes, bundle_of(&world), "the same ledger, the same bundle");
    let judgement = judge(&world, &bytes).unwrap();
    assert_eq!(judgement.verdict, Verdict::Traced, "{:#?}", judgement.findings);
    assert_eq!(judgement, of_the_ledger(&world, &judgement));
    let bundle = Bundle::open(Cursor::new(&bytes)).unwrap();
    assert_eq!(bundle.counts(), (10, 1));
    assert_eq!(bundle.artifacts(), world.refs(TARGET));
    assert_eq!(
        archive(&members(&bytes)),
        bytes,
        "an outside reader sees the same members"
    );
}

#[test]
fn a_bundle_of_what_is_not_traced_says_so_too() {
    let mut world = ledger();
    world.entries.pop();
    let mut other = world.source_of("seeds");
    other.made_by = MadeBy::Model;
    world.add_by(SECOND, Predicate::Source(other));
    world.seal();
    let judgement = judge(&world, &bundle_of(&world)).unwrap();
    assert!(judgement.has(Code::ConflictingOrigin));
    assert_eq!(judgement, of_the_ledger(&world, &judgement));
}

/// One bit of each byte, another one from byte to byte.
#[test]
fn flipping_any_byte_never_gives_traced() {
    let world = ledger();
    let bytes = bundle_of(&world);
    let mut opened = 0;
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        if let Ok(judgement) = judge(&world, &flipped) {
            opened += 1;
            assert_ne!(judgement.verdict, Verdict::Traced, "byte {at}");
        }
    }
    assert!(
        opened > 100,
        "not every flip is found before the judgement: {opened}"
    );
}

#[test]
fn leaving_out_any_member_never_gives_traced() {
    let world = ledger();
    let all = members(&bundle_of(&world));
    assert_eq!(all.len(), 4 + 10 + 1);
    for left_out in 0..all.len() {
        let mut rest = all.clone();
        let (name, _) = rest.remove(left_out);
        match judge(&world, &archive(&rest)) {
            Ok(judgement) => {
                assert!(left_out >= 4, "{name}");
                assert_eq!(
                    judgement.verdict,
                    Verdict::Undecidable,
                    "{name}: {:?}",
                    judgement.findings
                );
            }
            Err(_) => assert!(left_out < 4, "{name}"),
        }
    }
}

/// A crafty operator leaves out an entry and its line, too.
#[test]
fn leaving_out_any_entry_and_its_line_never_gives_traced() {
    let world = ledger();
    let bytes = members(&bundle_of(&world));
    let leaves: Vec<NodeHash> = world.entries.iter().map(|entry| leaf_hash(entry)).collect();
    let kept = world.evidence(TARGET).entries;
    for index in &kept {
        let mut rest = kept.clone();
        rest.remove(index);
        let parts = prune(&leaves, &rest, &BTreeSet::new());
        let hash = leaves[usize::try_from(index.get()).unwrap()].to_hex();
        let mut all: Vec<_> = bytes.iter().filter(|(name, _)| *name != hash).cloned().collect();
        all[2].1 = tree::encode(&parts);
        let judgement = judge(&world, &archive(&all)).unwrap();
        assert_eq!(
            judgement.verdict,
            Verdict::Undecidable,
            "entry {index}: {:?}",
            judgement.findings
        );
    }
}

#[test]
fn a_file_that_ends_early_is_incomplete_wherever_it_ends() {
    let bytes = bundle_of(&ledger());
    for length in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        let opened = Bundle::open(Cursor::new(&bytes[..length]));
        assert!(
            opened.as_ref().is_err_and(BundleError::is_incomplete),
            "{length}: {opened:?}"
        );
    }
}

#[test]
fn only_the_members_that_may_stand_there_do() {
    let world = ledger();
    let all = members(&bundle_of(&world));
    let changed = |change: &dyn Fn(&mut Vec<Taken>)| {
        let mut all = all.clone();
        change(&mut all);
        Bundle::open(Cursor::new(archive(&all))).err()
    };
    let extra = |name: &str, bytes: &[u8]| {
        let (name, bytes) = (name.to_owned(), bytes.to_vec());
        changed(&move |all| all.push((name.clone(), bytes.clone())))
    };
    assert!(matches!(
        extra("readme.txt", b"hello"),
        Some(BundleError::Member { .. })
    ));
    let other = Sha256Digest::of(b"other").to_hex();
    assert!(matches!(
        extra(&other, b"hello"),
        Some(BundleError::Differs { .. })
    ));
    assert!(matches!(
        extra(&other.to_uppercase(), b"other"),
        Some(BundleError::Container(_))
    ));
    // A blob that nobody asks for harms nobody, if it stands in its order.
    let last = format!("{:f<64}", "");
    assert!(matches!(extra(&last, b"x"), Some(BundleError::Differs { .. })));
    refused(changed(&|all| all.swap(0, 1)).as_ref());
    assert!(matches!(
        changed(&|all| all.swap(4, 5)),
        Some(BundleError::Differs { .. })
    ));
    let twice = changed(&|all| {
        let blob = all.last().cloned();
        all.extend(blob);
    });
    assert!(matches!(twice, Some(BundleError::Member { .. })));
    let long = changed(&|all| all[0].1 = vec![b' '; 65_537]);
    assert!(matches!(long, Some(BundleError::TooLong { found: 65_537, .. })));
    let two = changed(&|all| all.insert(1, all[0].clone()));
    assert!(matches!(two, Some(BundleError::Member { .. })));
}

/// Changes the first header of a good bundle, and makes its checksum right again.
fn with_header(change: &dyn Fn(&mut tar::Header)) -> Option<BundleError> {
    let good = bundle_of(&ledger());
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes().copy_from_slice(&good[..512]);
    change(&mut header);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(&good[512..]);
    Bundle::open(Cursor::new(bytes)).err()
}

#[track_caller]
fn refused(error: Option<&BundleError>) {
    assert!(matches!(error, Some(BundleError::Container(_))), "{error:?}");
}

/// What archives in the field can do, and a bundle cannot.
#[test]
fn tricks_of_archives_are_refused() {
    let name = |text: &'static str| {
        move |header: &mut tar::Header| {
            let field = &mut header.as_mut_bytes()[..100];
            field.fill(0);
            field[..text.len()].copy_from_slice(text.as_bytes());
        }
    };
    for text in [
        "../bundle.json",
        "/etc/passwd",
        "a/b",
        "bundle.json\0x",
        "Bundle.json",
        "",
        "bundle.json ",
    ] {
        refused(with_header(&name(text)).as_ref());
    }
    for kind in [
        tar::EntryType::Symlink,
        tar::EntryType::Link,
        tar::EntryType::Directory,
        tar::EntryType::Char,
        tar::EntryType::Fifo,
        tar::EntryType::GNUSparse,
        tar::EntryType::GNULongName,
        tar::EntryType::XHeader,
        tar::EntryType::XGlobalHeader,
        tar::EntryType::Continuous,
    ] {
        refused(with_header(&move |header| header.set_entry_type(kind)).as_ref());
    }
    refused(with_header(&|header| header.set_mode(0o755)).as_ref());
    refused(with_header(&|header| header.set_mtime(1)).as_ref());
    refused(with_header(&|header| header.set_uid(1)).as_ref());
}

/// A size that is not there is never allocated; one in another base is no size.
#[test]
fn a_size_is_one_that_may_be() {
    for size in [8_000_000_000, 1 << 60] {
        let error = with_header(&move |header| header.set_size(size));
        assert!(matches!(error, Some(BundleError::TooLong { .. })), "{error:?}");
    }
    let error = with_header(&|header| {
        // The right size in the base-256 form of GNU.
        let size = header.size().unwrap();
        let field = &mut header.as_mut_bytes()[124..136];
        field.fill(0);
        field[0] = 0x80;
        field[4..].copy_from_slice(&size.to_be_bytes());
    });
    refused(error.as_ref());
}

#[test]
fn nothing_follows_the_end_and_nothing_is_packed() {
    let good = bundle_of(&ledger());
    let mut longer = good.clone();
    longer.push(0);
    refused(Bundle::open(Cursor::new(longer)).err().as_ref());
    let mut half = good.clone();
    half.truncate(good.len() - 512);
    half.extend_from_slice(&[1; 512]);
    refused(Bundle::open(Cursor::new(half)).err().as_ref());
    for magic in [
        &b"\x1f\x8b\x08"[..],
        b"\x28\xb5\x2f\xfd",
        b"PK\x03\x04",
        b"BZh9",
        b"\xfd7zXZ",
    ] {
        let mut packed = magic.to_vec();
        packed.resize(2048, 7);
        let error = Bundle::open(Cursor::new(packed)).err();
        let packed = matches!(
            error,
            Some(BundleError::Container(container::ContainerError::Compressed))
        );
        assert!(packed, "{error:?}");
    }
}

#[test]
fn the_tree_has_one_text() {
    let world = ledger();
    let parts = parts(&world);
    let text = tree::encode(&parts);
    assert_eq!(tree::decode(&text).unwrap(), parts);
    let text = String::from_utf8(text).unwrap();
    let hash = "00".repeat(32);
    let lines: Vec<&str> = text.lines().collect();
    let cases: BTreeMap<&str, String> = [
        ("nothing", String::new()),
        ("no line feed", text.trim_end().to_owned()),
        ("no bottom", lines[..lines.len() - 1].join("\n") + "\n"),
        ("a gap", format!("{}\n{}\n", lines[0], lines[2..].join("\n"))),
        ("twice", format!("{}\n{text}", lines[0])),
        ("leading zero", format!("entry 00 {hash}\n")),
        ("sign", format!("entry +0 {hash}\n")),
        ("more", format!("entry 0 {hash} x\n")),
        ("upper case", format!("entry 0 {}\n", "AB".repeat(32))),
        ("not aligned", format!("node 1 1 {hash}\nentry 0 {hash}\n")),
        ("too deep", format!("node 64 0 {hash}\n")),
        ("too large", format!("node 63 0 {hash}\n")),
        ("unknown", format!("leaf 0 {hash}\n")),
        ("carriage return", format!("entry 0 {hash}\r\n")),
    ]
    .into();
    for (what, case) in cases {
        assert!(tree::decode(case.as_bytes()).is_err(), "{what}");
    }
    assert!(tree::decode(format!("node 62 0 {hash}\n").as_bytes()).is_ok());
}

#[test]
fn what_a_bundle_is_about_has_one_text() {
    let artifacts = ledger().refs(TARGET);
    let right = Description { artifacts };
    let bytes = right.encode();
    assert_eq!(Description::decode(&bytes).unwrap(), right);
    let text = String::from_utf8(bytes).unwrap();
    for wrong in [
        text.trim_end().to_owned(),
        text.replace("bundle/v1", "bundle/v2"),
        text.replace("\"artifacts\"", "\"artifact\""),
        text.replace('{', "{ "),
        text.replace("hb:", "gap:"),
        "{\"artifacts\":[],\"herdbook\":\"bundle/v1\"}\n".to_owned(),
        "[]\n".to_owned(),
    ] {
        assert!(Description::decode(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

/// The tree of the bundle and the checkpoint are two things; only one size is right.
#[test]
fn a_tree_of_another_size_is_no_evidence() {
    let world = ledger();
    let mut all = members(&bundle_of(&world));
    let text = String::from_utf8(all[2].1.clone()).unwrap();
    let shorter: Vec<&str> = text.lines().skip(1).collect();
    all[2].1 = (shorter.join("\n") + "\n").into_bytes();
    all.remove(4);
    let judgement = judge(&world, &archive(&all)).unwrap();
    assert_eq!(judgement.verdict, Verdict::Tampered, "{:?}", judgement.findings);
}
