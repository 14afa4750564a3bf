//! Many signatures at once against one after the other by the strict rule, of which they are to accept the same.
//! `cargo bench --bench signatures [-- SIGNATURES]`; `benches/README.md` says how to read it.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::error::Error;
use std::time::Instant;

use ed25519_dalek::Signer as _;
use ed25519_dalek::SigningKey;
use herdbook::key::KeyError;
use herdbook::key::PublicKey;
use herdbook::key::Signed;
use herdbook::key::verify_all;

const SIGNATURES: usize = 8 * 1024;
const MESSAGE_BYTES: usize = 800;
const KEYS: u8 = 4;
const ROUNDS: usize = 7;

/// One message with its signature.
struct One {
    key: PublicKey,
    message: Vec<u8>,
    signature: [u8; 64],
}

fn signed(count: usize) -> Result<Vec<One>, Box<dyn Error>> {
    let secrets: Vec<_> = (0..KEYS)
        .map(|seed| SigningKey::from_bytes(&[seed; 32]))
        .collect();
    let one = |(at, secret): (usize, &SigningKey)| {
        let message = format!("{at:MESSAGE_BYTES$}").into_bytes();
        Ok(One {
            key: PublicKey::from_bytes(&secret.verifying_key().to_bytes())?,
            signature: secret.sign(&message).to_bytes(),
            message,
        })
    };
    (0..count).zip(secrets.iter().cycle()).map(one).collect()
}

/// Returns the microseconds that each signature took; one that does not count is an error.
fn measure(
    signed: &[Signed<'_>],
    check: impl Fn(&[Signed<'_>]) -> Vec<Result<(), KeyError>>,
) -> Result<f64, Box<dyn Error>> {
    let started = Instant::now();
    let checked = check(signed);
    let took = started.elapsed().as_secs_f64() * 1e6;
    checked.into_iter().collect::<Result<(), _>>()?;
    Ok(took / f64::from(u32::try_from(signed.len())?))
}

fn one_by_one(signed: &[Signed<'_>]) -> Vec<Result<(), KeyError>> {
    let each = signed.iter();
    each.map(|one| one.key.verify(one.message, one.signature))
        .collect()
}

fn print(what: &str, mut rounds: Vec<f64>) {
    rounds.sort_by(f64::total_cmp);
    let at = |place: usize| rounds.get(place).copied().unwrap_or(f64::NAN);
    let (low, middle, high) = (at(0), at(rounds.len() / 2), at(rounds.len().saturating_sub(1)));
    println!("{what:30} {low:9.2} {middle:9.2} {high:9.2}");
}

fn main() -> Result<(), Box<dyn Error>> {
    let given = std::env::args().skip(1).find_map(|given| given.parse().ok());
    let all = signed(given.unwrap_or(SIGNATURES).max(1))?;
    let all: Vec<Signed<'_>> = all
        .iter()
        .map(|one| Signed {
            key: one.key,
            message: &one.message,
            signature: &one.signature,
        })
        .collect();
    let [mut strict, mut batch, mut ratio] = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        let (single, together) = (measure(&all, one_by_one)?, measure(&all, verify_all)?);
        strict.push(single);
        batch.push(together);
        ratio.push(single / together);
    }
    let count = all.len();
    println!("{count} signatures over {MESSAGE_BYTES} bytes; min, median, max of {ROUNDS} rounds");
    print("us each, one by one", strict);
    print("us each, together", batch);
    print("one by one / together", ratio);
    Ok(())
}
