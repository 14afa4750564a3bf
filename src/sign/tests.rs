//! Every form of a key opens, every unusable one has its own message, and none of them shows a secret.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::*;

/// RFC 8410 10.3, the first example key.
const RFC_8410: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----\n";

/// RFC 8410 10.3, the second: version 2, with the public half and an attribute.
const RFC_8410_V2: &str = "-----BEGIN PRIVATE KEY-----\n\
    MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\n\
    Z9w7lshQhqowtrbLDFw4rXAxZuE=\n\
    -----END PRIVATE KEY-----\n";

const RFC_8410_PUBLIC: &str = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

/// RFC 8410 10.1: the public half alone.
const RFC_8410_PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
    -----END PUBLIC KEY-----\n";

/// The secret of RFC 8410 10.3.
const RFC_8410_SECRET: [u8; 32] = [
    0xd4, 0xee, 0x72, 0xdb, 0xf9, 0x13, 0x58, 0x4a, 0xd5, 0xb6, 0xd8, 0xf1, 0xf7, 0x69, 0xf8, 0xad, 0x3a,
    0xfe, 0x7c, 0x28, 0xcb, 0xf1, 0xd4, 0xfb, 0xe0, 0x97, 0xa8, 0x8f, 0x44, 0x75, 0x58, 0x42,
];

const PASSPHRASE: &str = "correct horse";

#[derive(Debug)]
struct Fixed(&'static str);

impl Passphrases for Fixed {
    fn passphrase(&self, _: &Path) -> Result<Passphrase, PassphraseError> {
        passphrase(self.0)
    }
}

fn passphrase(text: &str) -> Result<Passphrase, PassphraseError> {
    Passphrase::new(Zeroizing::new(text.to_owned()))
}

fn knowing(text: &'static str) -> KeyOpener {
    KeyOpener::new(None, Arc::new(Fixed(text)))
}

fn written(content: &[u8], mode: u32) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    (folder, path)
}

fn load_error(content: &[u8], mode: u32) -> KeyFileError {
    let (_folder, path) = written(content, mode);
    knowing(PASSPHRASE).open(&path).unwrap_err()
}

/// Makes a file of each form, plain and protected.
fn every_form(secret: [u8; 32]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = passphrase(PASSPHRASE).unwrap();
    let protection = Protection {
        passphrase: &passphrase,
        salt: [3; 16],
        iv: [4; 16],
    };
    let mut paths = Vec::new();
    for form in [KeyForm::Pkcs8, KeyForm::OpenSsh] {
        for protection in [None, Some(&protection)] {
            let path = folder.path().join(format!("{}.key", paths.len()));
            KeyFile::generate_as(&path, secret, form, protection).unwrap();
            paths.push(path);
        }
    }
    (folder, paths)
}

#[test]
fn what_is_generated_opens_and_is_for_its_owner_only() {
    let (_folder, paths) = every_form(RFC_8410_SECRET);
    for path in &paths {
        let mode = fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o600, "{}", path.display());
        let opened = knowing(PASSPHRASE).open(path).unwrap();
        assert_eq!(hex::encode(opened.public_key()), RFC_8410_PUBLIC);
        let public = crate::key::PublicKey::from_bytes(&opened.public_key()).unwrap();
        public.verify(b"x", &opened.sign(b"x").unwrap()).unwrap();
        let before = fs::read(path).unwrap();
        assert!(matches!(
            KeyFile::generate(path, [8; 32]),
            Err(KeyFileError::Exists { .. })
        ));
        assert_eq!(fs::read(path).unwrap(), before);
    }
}

/// Two files are told from one another by who protects them.
#[test]
fn a_protected_file_opens_with_its_passphrase_only() {
    let (_folder, paths) = every_form([7; 32]);
    for path in [&paths[1], &paths[3]] {
        let wrong = knowing("correct house").open(path).unwrap_err();
        assert!(matches!(wrong, KeyFileError::WrongPassphrase { .. }), "{wrong:?}");
        let nobody = KeyOpener::plain().open(path).unwrap_err();
        assert!(matches!(nobody, KeyFileError::Passphrase { .. }), "{nobody:?}");
        assert!(knowing("").open(path).is_err());
        // A damaged file is not taken for a sound one, whatever is damaged.
        let text = fs::read_to_string(path).unwrap();
        let (before, after) = text.split_at(text.len() / 2);
        let flipped = if after.starts_with('A') { 'B' } else { 'A' };
        let bad = format!("{before}{flipped}{}", &after[1..]);
        fs::write(path, bad).unwrap();
        let opened = knowing(PASSPHRASE).open(path);
        let mine = MemorySigner::from_secret([7; 32]).public_key();
        assert!(opened.is_err() || opened.is_ok_and(|key| key.public_key() == mine));
    }
}

/// `Debug` and every message of every form, against the secret in each of its spellings and against the passphrase.
#[test]
fn nothing_shows_a_secret() {
    let secret = RFC_8410_SECRET;
    let (folder, paths) = every_form(secret);
    let mut told = String::new();
    let mut bodies = vec![hex::encode(secret), format!("{secret:?}"), PASSPHRASE.to_owned()];
    for (at, path) in paths.iter().enumerate() {
        let text = fs::read_to_string(path).unwrap();
        bodies.extend(
            text.lines()
                .filter(|line| !line.starts_with("--"))
                .map(str::to_owned),
        );
        for who in [PASSPHRASE, "wrong"] {
            match knowing(who).open(path) {
                Ok(key) => put(&mut told, format_args!("{key:?} {key:#?}")),
                Err(error) => told.push_str(&whole(&error)),
            }
        }
        // Cut, damaged, relabelled and open to others.
        let damaged = [
            text[..text.len() / 2].to_owned(),
            text.replace("PRIVATE", "RSA PRIVATE"),
            text.replacen("BEGIN", "BEGAN", 1),
            text.to_lowercase(),
            format!("x{text}"),
        ];
        for (number, damaged) in damaged.into_iter().enumerate() {
            let other = folder.path().join(format!("{at}-{number}"));
            fs::write(&other, damaged).unwrap();
            told.push_str(&whole(&knowing(PASSPHRASE).open(&other).unwrap_err()));
            fs::set_permissions(&other, fs::Permissions::from_mode(0o600)).unwrap();
            if let Err(error) = knowing(PASSPHRASE).open(&other) {
                told.push_str(&whole(&error));
            }
        }
    }
    put(&mut told, format_args!("{:?}", passphrase(PASSPHRASE).unwrap()));
    put(&mut told, format_args!("{:?}", KeyOpener::plain()));
    for body in bodies {
        assert!(!told.contains(&body), "{body} in {told}");
    }
}

fn put(text: &mut String, more: std::fmt::Arguments<'_>) {
    use std::fmt::Write as _;
    text.write_fmt(more).unwrap();
}

fn whole(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error:?} {error}\n");
    let mut source = error.source();
    while let Some(inner) = source {
        put(&mut text, format_args!("{inner:?} {inner}\n"));
        source = inner.source();
    }
    text
}

#[test]
fn a_key_that_could_not_be_written_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // Stands where the name should go, after the key itself was written.
    let path = folder.path().join("a.pem");
    std::os::unix::fs::symlink("nowhere", &path).unwrap();
    let refused = KeyFile::generate(&path, [7; 32]).unwrap_err();
    assert!(matches!(refused, KeyFileError::Exists { .. }), "{refused}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    // Half of a key of an attempt that was killed is under another name.
    fs::remove_file(&path).unwrap();
    fs::write(folder.path().join("a.0123.new"), "-----BEGIN").unwrap();
    let made = KeyFile::generate(&path, [7; 32]).unwrap();
    assert_eq!(made.path(), path);
    KeyOpener::plain().open(&path).unwrap();
}

#[test]
fn an_empty_key_file_says_what_to_do() {
    let error = load_error(b"", 0o600).to_string();
    assert!(
        error.contains("remove it and run `herdbook init` again"),
        "{error}"
    );
}

#[test]
fn the_published_example_keys_load() {
    for pem in [RFC_8410, RFC_8410_V2] {
        let (_folder, path) = written(pem.as_bytes(), 0o400);
        let opened = KeyOpener::plain().open(&path).unwrap();
        assert_eq!(hex::encode(opened.public_key()), RFC_8410_PUBLIC);
    }
}

/// Written by `openssl genpkey -algorithm ed25519 -aes256` and by `openssl pkcs8 -topk8 -scrypt`, both protected with
/// "correct horse": other programs' files open here.
#[test]
fn files_of_other_programs_open() {
    let expected = include_str!("../../fixtures/keys/public.hex").trim();
    for text in [
        &include_bytes!("../../fixtures/keys/pbkdf2.pem")[..],
        include_bytes!("../../fixtures/keys/scrypt.pem"),
        include_bytes!("../../fixtures/keys/openssh"),
        include_bytes!("../../fixtures/keys/openssh-encrypted"),
    ] {
        let (_folder, path) = written(text, 0o600);
        let opened = knowing(PASSPHRASE).open(&path).unwrap();
        assert_eq!(hex::encode(opened.public_key()), expected);
    }
}

#[test]
fn keys_of_other_algorithms_are_named() {
    for (text, name) in [
        (&include_bytes!("../../fixtures/keys/openssh-rsa")[..], "ssh-rsa"),
        (
            include_bytes!("../../fixtures/keys/openssh-ecdsa"),
            "ecdsa-sha2-nistp256",
        ),
        (include_bytes!("../../fixtures/keys/rsa.pub"), "ssh-rsa"),
        (
            include_bytes!("../../fixtures/keys/sk.pub"),
            "sk-ssh-ed25519@openssh.com",
        ),
    ] {
        let error = load_error(text, 0o600);
        assert!(
            matches!(&error, KeyFileError::OtherAlgorithm { algorithm, .. } if algorithm == name),
            "{error:?}"
        );
        assert!(error.to_string().contains("key generate"), "{error}");
    }
}

#[test]
fn every_unusable_file_has_its_own_message() {
    for mode in [0o644, 0o640, 0o604, 0o660, 0o610, 0o601] {
        let error = load_error(RFC_8410.as_bytes(), mode);
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let plain = KeyOpener::plain();
    assert!(matches!(
        plain.open(folder.path()),
        Err(KeyFileError::NotAFile { .. })
    ));
    assert!(matches!(
        plain.open(&folder.path().join("none")),
        Err(KeyFileError::Missing { .. })
    ));
    let long = vec![b'a'; MAX_KEY_FILE_BYTES + 1];
    let error = load_error(&long, 0o600);
    assert!(error.to_string().contains("MAX_KEY_FILE_BYTES"), "{error}");
    for label in ["EC PRIVATE KEY", "RSA PRIVATE KEY"] {
        let other = RFC_8410.replace("PRIVATE KEY", label);
        let error = load_error(other.as_bytes(), 0o600);
        assert!(matches!(error, KeyFileError::OtherAlgorithm { .. }), "{label}");
    }
    // Relabelled: what is inside is not what the label says.
    let encrypted = RFC_8410.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    assert!(matches!(
        load_error(encrypted.as_bytes(), 0o600),
        KeyFileError::OtherProtection { .. }
    ));
    // id-X25519 (1.3.101.110) instead of id-Ed25519, everything else alike.
    let x25519 = RFC_8410.replace("MC4CAQAwBQYDK2Vw", "MC4CAQAwBQYDK2Vu");
    let error = load_error(x25519.as_bytes(), 0o600);
    assert!(
        matches!(&error, KeyFileError::OtherAlgorithm { algorithm, .. } if algorithm == "1.3.101.110"),
        "{error}"
    );
    // The public half is not the one of the private half.
    let other_half = RFC_8410_V2.replace(
        "oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9E",
        "oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9F",
    );
    assert_ne!(other_half, RFC_8410_V2);
    let openssh = RFC_8410.replace("PRIVATE KEY", "OPENSSH PRIVATE KEY");
    for bad in [
        other_half.as_bytes(),
        openssh.as_bytes(),
        b"",
        b"secret",
        b"PuTTY-User-Key-File-3: ssh-ed25519\n",
        RFC_8410_PUBLIC_PEM.as_bytes(),
        &RFC_8410.as_bytes()[..80],
        &[0xff; 40],
    ] {
        let error = load_error(bad, 0o600);
        assert!(matches!(error, KeyFileError::Malformed { .. }), "{error}");
    }
}

/// The private half of one key beside the public half of another: it would sign what nobody can check.
#[test]
fn halves_that_do_not_belong_together_are_refused() {
    let text = String::from_utf8(include_bytes!("../../fixtures/keys/openssh").to_vec()).unwrap();
    let key = ssh_key::PrivateKey::from_openssh(&text).unwrap();
    let mut bytes = key.to_bytes().unwrap().to_vec();
    let public = key.public_key().key_data().ed25519().unwrap().0;
    let places: Vec<usize> = (0..bytes.len() - 32)
        .filter(|at| bytes[*at..*at + 32] == public)
        .collect();
    assert!(places.len() >= 2);
    let other = MemorySigner::from_secret([9; 32]).public_key();
    bytes[places[0]..places[0] + 32].copy_from_slice(&other);
    let body = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(&bytes)
    };
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(70)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let mixed = format!(
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n",
        lines.join("\n")
    );
    let error = load_error(mixed.as_bytes(), 0o600);
    assert!(matches!(error, KeyFileError::Malformed { .. }), "{error}");
}

/// A file from outside says how much work it is to open it.
#[test]
fn a_file_that_asks_for_too_much_work_is_refused_before_any() {
    use pkcs8::pkcs5::EncryptionScheme;
    use pkcs8::pkcs5::pbes2;
    let salt = pbes2::Salt::new([1; 16]).unwrap();
    let scrypt = |cost_parameter, block_size, parallelization| {
        pbes2::Kdf::Scrypt(pbes2::ScryptParams {
            salt,
            cost_parameter,
            block_size,
            parallelization,
            key_length: None,
        })
    };
    let slow = pbes2::Kdf::Pbkdf2(pbes2::Pbkdf2Params::hmac_sha256(99_000_000, &[1; 16]).unwrap());
    for (kdf, limit) in [
        (scrypt(1 << 40, 8, 1), "MAX_SCRYPT_BYTES"),
        (scrypt(1 << 14, 8, 1000), "MAX_SCRYPT_PASSES"),
        (slow, "MAX_PBKDF2_ITERATIONS"),
    ] {
        let info = pkcs8::EncryptedPrivateKeyInfoOwned {
            encryption_algorithm: EncryptionScheme::Pbes2(pbes2::Parameters {
                kdf,
                encryption: pbes2::EncryptionScheme::Aes256Cbc { iv: [0; 16] },
            }),
            encrypted_data: pkcs8::der::asn1::OctetString::new(vec![0; 48]).unwrap(),
        };
        let document = pkcs8::SecretDocument::try_from(&info).unwrap();
        let pem = document
            .to_pem("ENCRYPTED PRIVATE KEY", pkcs8::LineEnding::LF)
            .unwrap();
        let error = load_error(pem.as_bytes(), 0o600);
        assert!(
            matches!(error, KeyFileError::TooCostly { limit: named, .. } if named == limit),
            "{error}"
        );
    }
    let text = include_str!("../../fixtures/keys/openssh-encrypted");
    let key = ssh_key::PrivateKey::from_openssh(text).unwrap();
    let mut bytes = key.to_bytes().unwrap().to_vec();
    // The rounds stand after `bcrypt`, two lengths and the salt.
    let at = bytes.windows(6).position(|window| window == b"bcrypt").unwrap() + 6 + 4 + 4 + 16;
    bytes[at..at + 4].copy_from_slice(&u32::MAX.to_be_bytes());
    let costly = ssh_key::PrivateKey::from_bytes(&bytes).unwrap();
    let pem = costly.to_openssh(ssh_key::LineEnding::LF).unwrap();
    let error = load_error(pem.as_bytes(), 0o600);
    assert!(error.to_string().contains("MAX_BCRYPT_ROUNDS"), "{error}");
}

#[test]
fn a_public_key_is_read_in_every_form() {
    let expected = parse_public(RFC_8410_PUBLIC).unwrap();
    let (line, fingerprint) = ssh_forms(expected);
    assert!(line.starts_with("ssh-ed25519 AAAA") && fingerprint.starts_with("SHA256:"));
    for text in [
        RFC_8410_PUBLIC.to_ascii_uppercase(),
        format!("  {RFC_8410_PUBLIC}\n"),
        format!("{line} somebody@example.org\n"),
        RFC_8410_PUBLIC_PEM.to_owned(),
    ] {
        assert_eq!(parse_public(&text).unwrap(), expected, "{text}");
        let (_folder, path) = written(text.as_bytes(), 0o644);
        assert_eq!(KeyOpener::plain().public(&path).unwrap(), expected, "{text}");
    }
    // The public half of an OpenSSH file stands in clear; of PKCS#8 it does not.
    let (_folder, paths) = every_form(RFC_8410_SECRET);
    for (at, path) in paths.iter().enumerate() {
        let public = KeyOpener::plain().public(path);
        assert_eq!(public.is_ok(), at != 1, "{at}");
        assert!(public.is_err() || public.is_ok_and(|public| public == expected));
    }
    for bad in [
        "",
        "19bf",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n",
        RFC_8410,
        include_str!("../../fixtures/keys/rsa.pub"),
        // The identity: a key that verifies what nobody signed.
        "0100000000000000000000000000000000000000000000000000000000000000",
    ] {
        assert!(parse_public(bad).is_err(), "{bad}");
    }
}

#[test]
fn without_an_agent_nothing_of_an_agent_opens() {
    let (line, fingerprint) = ssh_forms(parse_public(RFC_8410_PUBLIC).unwrap());
    let (folder, path) = written(line.as_bytes(), 0o644);
    let named = PathBuf::from(format!("agent:{fingerprint}"));
    for named in [&path, &named] {
        let none = KeyOpener::plain().open(named).unwrap_err();
        assert!(none.to_string().contains("SSH_AUTH_SOCK"), "{none}");
        let nobody = KeyOpener::new(Some(folder.path().join("no.sock")), Arc::new(NoPassphrases));
        let nobody = nobody.open(named).unwrap_err();
        assert!(matches!(nobody, KeyFileError::Agent { .. }), "{nobody:?}");
    }
}
