//! Attacks on the archive that a bundle is: names that lead elsewhere, sizes that are not true, more than there is.

use std::io::Write as _;

use herdbook::verify::Code;

use super::bundle::MALFORMED;
use super::bundle::changed;
use super::bundle::herd;
use super::bundle::on;
use super::bundle::rewritten;
use super::kit::*;

/// Another name for the last member, which is the genesis.
fn renamed(text: [&'static str; 3], name: &str) -> Attack {
    changed(
        text,
        |members| members.last_mut().unwrap().name = name.as_bytes().to_vec(),
        &MALFORMED,
    )
}

#[expect(clippy::too_many_lines, reason = "a list of attacks")]
pub fn attacks() -> Vec<Attack> {
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
