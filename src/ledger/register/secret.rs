//! Private keys, which nobody means to publish: known by the first line of their PEM (RFC 7468 2).

/// Returns whether there is the first line of a private key in PEM (RFC 7468), of whatever algorithm.
pub(super) fn holds_private_key(bytes: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ";
    const END: &[u8] = b"PRIVATE KEY-----";
    let begins = bytes.windows(BEGIN.len()).enumerate();
    begins.filter(|(_, window)| *window == BEGIN).any(|(at, _)| {
        let rest = bytes.get(at + BEGIN.len()..).unwrap_or_default();
        let line = rest.split(|byte| matches!(byte, b'\n' | b'\r')).next();
        line.is_some_and(|line| line.windows(END.len()).any(|window| window == END))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_known_by_its_first_line() {
        for (text, expected) in [
            ("-----BEGIN PRIVATE KEY-----\nx", true),
            ("a = 1\n# -----BEGIN RSA PRIVATE KEY-----\r\nx", true),
            ("-----BEGIN X-----\n-----BEGIN OPENSSH PRIVATE KEY-----", true),
            ("-----BEGIN PUBLIC KEY-----\nPRIVATE KEY-----", false),
            ("-----BEGIN ", false),
            ("PRIVATE KEY-----", false),
        ] {
            assert_eq!(holds_private_key(text.as_bytes()), expected, "{text}");
        }
    }
}
