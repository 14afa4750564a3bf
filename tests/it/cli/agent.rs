//! Keys in an ssh-agent: a small one of our own, which can be locked, refuse, and lie.

use std::fs;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::net::UnixListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;

use ed25519_dalek::Signer as _;
use ed25519_dalek::SigningKey;

use super::support::Place;
use super::support::Ran;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Honest,
    /// As after `ssh-add -x`: no keys, no signatures.
    Locked,
    /// The key is listed and does not sign.
    Refuses,
    /// Signs something else.
    Lies,
    /// Answers with a length that no answer has.
    Rambles,
}

struct Agent {
    mood: Arc<Mutex<Mood>>,
    line: String,
    fingerprint: String,
}

fn text(bytes: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    out.extend_from_slice(bytes);
    out
}

impl Agent {
    /// Listens at `socket` until the test ends.
    fn at(socket: &Path) -> Self {
        let key = SigningKey::from_bytes(&[42; 32]);
        let public = key.verifying_key().to_bytes();
        let blob = [text(b"ssh-ed25519"), text(&public)].concat();
        let listener = UnixListener::bind(socket).unwrap();
        let mood = Arc::new(Mutex::new(Mood::Honest));
        let shared = Arc::clone(&mood);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), &key, &blob, *shared.lock().unwrap());
            }
        });
        let public = herdbook::key::PublicKey::from_bytes(&public).unwrap();
        let (line, fingerprint) = herdbook::sign::ssh_forms(public);
        Self {
            mood,
            line,
            fingerprint,
        }
    }

    fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }
}

/// Answers requests of draft-miller-ssh-agent: 11 lists, 13 signs.
fn serve(mut stream: UnixStream, key: &SigningKey, blob: &[u8], mood: Mood) {
    let mut length = [0; 4];
    while stream.read_exact(&mut length).is_ok() {
        let mut request = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut request).unwrap();
        let answer = match (request[0], mood) {
            (_, Mood::Rambles) => {
                stream.write_all(&[0xff; 64]).unwrap_or_default();
                return;
            }
            (11, Mood::Locked) => [vec![12], 0_u32.to_be_bytes().to_vec()].concat(),
            (11, _) => [vec![12], 1_u32.to_be_bytes().to_vec(), text(blob), text(b"a key")].concat(),
            (13, Mood::Honest | Mood::Lies) => {
                let at = 1 + 4 + blob.len() + 4;
                let data = &request[at..request.len() - 4];
                let signed = if mood == Mood::Honest {
                    key.sign(data)
                } else {
                    key.sign(b"x")
                };
                let signature = [text(b"ssh-ed25519"), text(&signed.to_bytes())].concat();
                [vec![14], text(&signature)].concat()
            }
            _ => vec![5],
        };
        stream.write_all(&text(&answer)).unwrap();
    }
}

fn run(place: &Place, args: &[&str]) -> Ran {
    let mut command = place.command(args);
    command.env("SSH_AUTH_SOCK", place.at("agent.sock"));
    super::support::ran(command.output().unwrap())
}

#[test]
fn an_agent_signs_and_shows_nothing_else() {
    let place = Place::with_ledger();
    place.write_pipeline();
    let agent = Agent::at(&place.at("agent.sock"));
    place.write("me.pub", format!("{} me@example.org\n", agent.line));
    let named = format!("agent:{}", agent.fingerprint);
    run(&place, &["key", "grant", "me.pub", "--kinds", "*"]).expect(0);
    run(&place, &["register", "lineage.yaml", "--key", "me.pub"]).expect(0);
    run(&place, &["verify", "model"]).expect(0);
    let release = ["release", "model", "--to", "hub", "--key", named.as_str()];
    run(&place, &release).expect(0);
    let log = place.run(&["log", "--json"]).expect(0).json();
    let id = place.run(&["key", "list", "--json"]).expect(0).json()["keys"][1]["id"].clone();
    let signed = log["entries"].as_array().unwrap().iter();
    assert_eq!(signed.filter(|entry| entry["issuer"] == id).count(), 5);

    let size = place.size();
    for (mood, part) in [
        (Mood::Locked, "if it is locked, unlock it with `ssh-add -X`"),
        (Mood::Refuses, "the ssh-agent refused"),
        (Mood::Lies, "a signature that is not one of its key"),
        (Mood::Rambles, "does not answer"),
    ] {
        agent.be(mood);
        for key in ["me.pub", named.as_str()] {
            let refused = run(&place, &["release", "model", "--to", "other", "--key", key]).expect(12);
            assert!(refused.err.contains(part), "{mood:?}: {refused:#?}");
        }
    }
    assert_eq!(place.size(), size);
}

#[test]
fn an_agent_that_is_not_there_or_has_another_key_is_told() {
    let place = Place::with_pipeline();
    let agent = Agent::at(&place.at("agent.sock"));
    place.write("me.pub", &agent.line);
    let release = ["release", "model", "--to", "hub", "--key", "me.pub"];
    // No agent is named.
    let mut command = place.command(&release);
    let none = super::support::ran(command.env_remove("SSH_AUTH_SOCK").output().unwrap()).expect(12);
    assert!(none.err.contains("set SSH_AUTH_SOCK"), "{none:#?}");
    let mut command = place.command(&release);
    command.env("SSH_AUTH_SOCK", place.at("nobody.sock"));
    let gone = super::support::ran(command.output().unwrap()).expect(12);
    assert!(gone.err.contains("nobody.sock does not answer"), "{gone:#?}");
    // Another key than those it holds.
    let other = place
        .run(&["key", "generate", "other.pem", "--json"])
        .expect(0)
        .json();
    place.write("other.pub", other["ssh"].as_str().unwrap());
    for key in ["other.pub", "agent:SHA256:AAAA"] {
        let refused = run(&place, &["release", "model", "--to", "hub", "--key", key]).expect(12);
        assert!(refused.err.contains("not among the 1 keys"), "{refused:#?}");
    }
    // A sound key that was granted nothing is another matter.
    let refused = run(&place, &release).expect(4);
    assert!(refused.err.contains("never granted"), "{refused:#?}");
    fs::remove_file(place.at("agent.sock")).unwrap();
}
