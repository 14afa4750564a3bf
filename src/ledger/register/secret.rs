//! Private keys, which nobody means to publish: known by the first line of their PEM (RFC 7468 2), encrypted or not, and
//! by how the files of other programs begin.

/// What a file with a private key holds besides PEM: of putty, of the commercial SSH, and of OpenSSH without its PEM.
const HEADERS: [&[u8]; 4] = [
    b"PuTTY-User-Key-File-",
    b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
    b"SSH PRIVATE KEY FILE FORMAT 1.1",
    b"openssh-key-v1\0",
];

/// Returns whether there is the first line of a private key in PEM (RFC 7468), of whatever algorithm and whether or not
/// it is encrypted, or a file of another program begins as its private keys do.
pub(super) fn holds_private_key(bytes: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ";
    const END: &[u8] = b"PRIVATE KEY-----";
    let begins = memchr::memmem::find_iter(bytes, BEGIN);
    let in_pem = begins.into_iter().any(|at| {
        let rest = bytes.get(at + BEGIN.len()..).unwrap_or_default();
        let line = rest.split(|byte| matches!(byte, b'\n' | b'\r')).next();
        line.is_some_and(|line| line.windows(END.len()).any(|window| window == END))
    });
    in_pem
        || HEADERS
            .iter()
            .any(|header| memchr::memmem::find(bytes, header).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_known_by_its_first_line() {
        for (text, expected) in [
            ("-----BEGIN PRIVATE KEY-----\nx", true),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nx", true),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nx", true),
            ("a = 1\n# -----BEGIN RSA PRIVATE KEY-----\r\nx", true),
            ("-----BEGIN X-----\n-----BEGIN OPENSSH PRIVATE KEY-----", true),
            ("PuTTY-User-Key-File-3: ssh-ed25519\n", true),
            ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n", true),
            ("openssh-key-v1\0x", true),
            ("-----BEGIN PUBLIC KEY-----\nPRIVATE KEY-----", false),
            ("-----BEGIN ", false),
            ("PRIVATE KEY-----", false),
            ("openssh-key-v1 is a format", false),
            ("", false),
        ] {
            assert_eq!(holds_private_key(text.as_bytes()), expected, "{text}");
        }
    }

    /// Files as the programs themselves write them.
    #[test]
    fn the_key_files_that_people_have_are_known() {
        for bytes in [
            &include_bytes!("../../../fixtures/keys/openssh")[..],
            include_bytes!("../../../fixtures/keys/openssh-encrypted"),
            include_bytes!("../../../fixtures/keys/pbkdf2.pem"),
            include_bytes!("../../../fixtures/keys/scrypt.pem"),
        ] {
            assert!(holds_private_key(bytes));
        }
        assert!(!holds_private_key(include_bytes!(
            "../../../fixtures/keys/rsa.pub"
        )));
    }
}
