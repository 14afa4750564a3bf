//! `herdbook verify-report`: whether a report is what its key signed, shows what it says, and holds.

mod remembered;
mod told;

use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde_json::Value;
use serde_json::json;

use crate::checkpoint::LogKey;
use crate::digest::Sha256Digest;
use crate::key::PublicKey;
use crate::ledger::Ledger;
use crate::ledger::content::ContentFolder;
use crate::ledger::drive::judge;
use crate::ledger::drive::published_note;
use crate::policy::Policy;
use crate::report::Basis;
use crate::report::Document;
use crate::report::Report;
use crate::report::ReportError;
use crate::report::page;
use crate::statement::ArtifactRef;
use crate::trust::TrustRoot;
use crate::verify::Assurance;
use crate::verify::Judgement;
use crate::verify::Request;
use crate::verify::Trust;
use crate::verify::Verdict;
use crate::verify::Verified;

use super::by_policy::ByPolicy;
use super::by_policy::held_against;
use super::error::Error;
use super::exit::Exit;
use super::home::read_trust_root;
use super::home::write_new;
use super::progress::Bar;
use super::report::name_then;
use super::report::read;
use super::session::Session;
use super::ui::Answer;
use super::verify::CAVEAT;

use remembered::of_remembered;
use told::Check;
use told::Standing;
use told::check;
use told::missing;
use told::outdated;
use told::text;
use told::unchecked;

/// Arguments of `verify-report`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exits 20 if anything about the report is false, else with the code of the verdict that it states; but 22 \
                  where it states `traced` and that rests on nobody: it takes a trust root, and either the ledger or the \
                  signer that you expect. What could not be checked is listed. With a ledger at hand (--ledger, or .herdbook upwards) it is judged \
                  again as of the report's own checkpoint, and must come out the same; 21 where it was right then and later entries say otherwise."
)]
pub struct VerifyReport {
    /// The report.json
    pub file: PathBuf,
    /// Check that this page shows what the report says [default: the page beside it, if there is one]
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Make the page anew from the report and write it to this new file
    #[arg(long, value_name = "FILE")]
    pub write_html: Option<PathBuf>,
    /// Check that it is about the ledger that this file describes [default: the pinned one]
    #[arg(long, value_name = "FILE")]
    pub trust_root: Option<PathBuf>,
    /// Check that this key signed it: its id, which its holder tells you and `herdbook show` prints as `signed by`
    #[arg(long, value_name = "KEYID")]
    pub signer: Option<String>,
    /// The files of the lineage, for a report that was made with --content
    #[arg(long, value_name = "DIR")]
    pub content: Option<PathBuf>,
    /// The policy, for a report that was made with one.
    #[command(flatten)]
    pub by: ByPolicy,
}

/// Checks a report.
pub fn run(session: &Session, args: &VerifyReport) -> Result<Answer, Error> {
    let report = Report::decode(&read(&session.path(&args.file))?)?;
    let document = report.document();
    let mut checks = vec![check(
        "signature",
        true,
        format!("signed by key {}", document.signer.keyid),
    )];
    if let Some(expected) = &args.signer {
        let same = *expected == document.signer.keyid;
        checks.push(check("signer", same, format!("{expected} was expected")));
    }
    checks.push(of_page(session, args, &report)?);
    let root = trust_root(session, args, document)?;
    checks.push(of_trust(document, root.as_ref()));
    checks.extend(of_remembered(session, document, root.as_ref())?);
    checks.push(of_ledger(session, args, document, root.as_ref())?);
    if let Some(path) = &args.write_html {
        write_new(&session.path(path), page(&report)?.as_bytes())?;
    }
    let standing = Standing::of(&checks);
    Ok(Answer {
        text: text(document, &checks, standing, session.ui.paint()),
        json: json!({
            "schema": "herdbook/verify-report/v1",
            "result": standing.word(),
            "missing": match standing {
                Standing::Undecided => missing(&checks),
                Standing::Holds | Standing::Outdated | Standing::False => Vec::new(),
            },
            "checks": checks.iter().map(|check| json!({
                "check": check.what, "result": check.result.word(), "message": check.why,
            })).collect::<Vec<Value>>(),
            "sha256": report.sha256().to_hex(),
            "signer": document.signer.keyid,
            "name": document.name,
            "verdict": document.verdict,
            "line": document.line,
            "policy": document.policy,
            "checkpoint": document.checkpoint,
            "trust_root": document.trust_root,
            "caveat": CAVEAT,
        }),
        notes: Vec::new(),
        exit: match (standing, stated(&document.verdict)) {
            (Standing::False, _) => Exit::Tampered,
            (Standing::Undecided, Exit::Ok) => Exit::Undecidable,
            (Standing::Outdated, _) => Exit::NotTraced,
            (_, stated) => stated,
        },
    })
}

/// How a report ends that holds.
fn stated(verdict: &str) -> Exit {
    let all = [
        Verdict::Traced,
        Verdict::Tampered,
        Verdict::NotTraced,
        Verdict::Undecidable,
        Verdict::NotPermitted,
    ];
    all.into_iter()
        .find(|known| known.as_str() == verdict)
        .map_or(Exit::Undecidable, Exit::from)
}

fn of_page(session: &Session, args: &VerifyReport, report: &Report) -> Result<Check, Error> {
    const WHAT: &str = "page";
    let beside = args.file.with_extension("html");
    let path = match &args.html {
        Some(path) => path,
        None if session.path(&beside).is_file() => &beside,
        None => return Ok(unchecked(WHAT, "there is none beside it: give it with --html")),
    };
    let version = &report.document().program.version;
    let same = read(&session.path(path))? == page(report)?.as_bytes();
    Ok(if same {
        check(WHAT, true, "it is the page of this report, byte for byte")
    } else if version == env!("CARGO_PKG_VERSION") {
        let why = "it is not the page of this report; --write-html FILE makes the right one";
        check(WHAT, false, why)
    } else {
        // Another version may lay the same report out in another way.
        let why = format!(
            "the report was made by version {version} and this is {}, which makes another page of it: rely on the one \
             that --write-html FILE makes, or check this one with version {version}",
            env!("CARGO_PKG_VERSION")
        );
        unchecked(WHAT, why)
    })
}

/// The trust root that was given, else the one this user pinned for the ledger of that name.
fn trust_root(
    session: &Session,
    args: &VerifyReport,
    document: &Document,
) -> Result<Option<TrustRoot>, Error> {
    if let Some(path) = &args.trust_root {
        return read_trust_root(&session.path(path)).map(Some);
    }
    match crate::checkpoint::Origin::parse(&document.trust_root.origin) {
        Ok(origin) => session.pin(&origin),
        Err(_) => Ok(None),
    }
}

/// Two trust roots that were mixed up say nothing against the report.
fn of_other_origin(document: &Document, root: &TrustRoot) -> Option<String> {
    let theirs = &document.trust_root.origin;
    (*theirs != root.origin).then(|| {
        format!(
            "this trust root is for the ledger {}, and the report is about the ledger {theirs}: give the trust root \
             of {theirs}",
            root.origin
        )
    })
}

/// Whether the report is about the ledger that is meant, and its checkpoint one of that log.
fn of_trust(document: &Document, root: Option<&TrustRoot>) -> Check {
    const WHAT: &str = "checkpoint";
    let Some(root) = root else {
        return unchecked(
            WHAT,
            "no trust root says which ledger is meant: give --trust-root FILE, which its owner hands over by another way \
             than the report",
        );
    };
    if let Some(why) = of_other_origin(document, root) {
        return unchecked(WHAT, why);
    }
    if Sha256Digest::of(&root.encode()).to_hex() != document.trust_root.sha256 {
        let message = format!(
            "the report is about {} of {}, which is not the ledger of the trust root",
            document.trust_root.origin, document.trust_root.genesis
        );
        return check(WHAT, false, message);
    }
    let Some(stated) = &document.checkpoint else {
        return unchecked(WHAT, "the report itself says that none counts");
    };
    let opened = LogKey::parse_vkey(&root.log_key)
        .map_err(|error| error.to_string())
        .and_then(|key| {
            crate::checkpoint::Checkpoint::open(document.checkpoint_note.as_bytes(), &key)
                .map_err(|error| error.to_string())
        });
    match opened {
        Ok(opened) => {
            let same = opened.origin.as_str() == stated.origin
                && opened.size.get() == stated.size
                && super::json::root_text(&opened) == stated.root;
            check(
                WHAT,
                same,
                format!(
                    "the log key of {} signed it at {} entries",
                    opened.origin, opened.size
                ),
            )
        }
        Err(why) => check(WHAT, false, why),
    }
}

/// The check that judges again.
const JUDGED_AGAIN: &str = "judged_again";

/// Whether judging again, as of the report's own checkpoint, gives the same report.
fn of_ledger(
    session: &Session,
    args: &VerifyReport,
    document: &Document,
    root: Option<&TrustRoot>,
) -> Result<Check, Error> {
    const WHAT: &str = JUDGED_AGAIN;
    let Ok(folder) = session.ledger_folder() else {
        return Ok(unchecked(WHAT, "there is no ledger at hand: give --ledger DIR"));
    };
    let mut ledger = Ledger::open(&folder)?;
    if let Some(why) = cannot_judge(args, document, &ledger) {
        return Ok(unchecked(WHAT, why));
    }
    let policy = match policy_then(session, args, document)? {
        Ok(policy) => policy,
        Err(why) => return Ok(unchecked(WHAT, why)),
    };
    if let Some(why) = root.and_then(|root| of_other_origin(document, root)) {
        return Ok(unchecked(WHAT, why));
    }
    let Some(trust) = trust_then(document, root, &ledger) else {
        return Ok(unchecked(
            WHAT,
            "it was made with a trust root: give it with --trust-root FILE",
        ));
    };
    let (Some(artifacts), Some(require)) = (artifacts(document), Assurance::parse(&document.required)) else {
        return Ok(check(WHAT, false, "it does not say what was judged"));
    };
    let bar = Bar::new(session.ui.progress());
    let mut content = match &args.content {
        Some(folder) if document.content.asked => Some(ContentFolder::at(&session.path(folder), &bar)?),
        _ => None,
    };
    let note = document.checkpoint_note.as_bytes();
    let request = Request {
        name: name_then(&ledger, note, &artifacts)?,
        artifacts,
        checkpoint: note.to_vec(),
        content: content.is_some(),
        require,
        descent: policy.is_some(),
        ..Request::of(trust.clone())
    };
    let judgement = judge(&ledger, request.clone(), content.as_mut())?;
    let judgement = held_against(policy.as_ref(), judgement);
    bar.done();
    let basis = Basis {
        trust_root: trust.root(),
        checkpoint: note,
        content: content.is_some(),
        require,
        signer: PublicKey::from_hex(&document.signer.public_key).map_err(ReportError::from)?,
        version: &document.program.version,
    };
    let again = Document::of(&judgement, &basis);
    if again != *document {
        return Ok(other_report(document, &again));
    }
    Ok(match since(&mut ledger, request, policy.as_ref(), &judgement)? {
        None => check(WHAT, true, "judging it again gives the same report"),
        Some(why) => outdated(WHAT, why),
    })
}

/// What it means that judging again gives another report: a lie, unless another program or other files explain it.
fn other_report(document: &Document, again: &Document) -> Check {
    let line = &again.line;
    if again.name != document.name {
        let message = format!("it is titled {}, and is about {}", document.name, again.name);
        return check(JUDGED_AGAIN, false, message);
    }
    let version = &document.program.version;
    if version != env!("CARGO_PKG_VERSION") && again.verdict == document.verdict {
        let message = format!("it was made by version {version}, and this version says: {line}");
        return unchecked(JUDGED_AGAIN, message);
    }
    if again.content != document.content && again.verdict != Verdict::Tampered.as_str() {
        let message = format!("other files are at hand than it was made with; with these it says: {line}");
        return unchecked(JUDGED_AGAIN, message);
    }
    let message = format!("judging it again gives another report: {line}");
    check(JUDGED_AGAIN, false, message)
}

/// Returns what the report says that it was judged with; nothing if it takes a trust root that is not here.
fn trust_then(document: &Document, root: Option<&TrustRoot>, ledger: &Ledger) -> Option<Trust> {
    let own = ledger.trust_root();
    match (document.trust_root.kind.as_str(), root) {
        ("pinned", root) => root.cloned().map(Trust::Pinned),
        ("genesis", _) => Some(Trust::SelfAsserted(own)),
        _ => Some(Trust::Missing(own)),
    }
}

/// Returns what the ledger at hand says by now, if entries after the report's checkpoint lowered the verdict.
fn since(
    ledger: &mut Ledger,
    request: Request,
    policy: Option<&Policy>,
    then: &Verified<Judgement>,
) -> Result<Option<String>, Error> {
    let note = published_note(ledger)?;
    let request = Request {
        checkpoint: note,
        content: false,
        ..request
    };
    let now = held_against(policy, judge(ledger, request, None)?);
    let (then, now) = (then.get(), now.get());
    if then.verdict != Verdict::Traced || now.verdict == Verdict::Traced {
        return Ok(None);
    }
    Ok(Some(format!(
        "it was right as of its checkpoint, but as of {} entries the ledger at hand says {}",
        ledger.checkpoint().size,
        now.line()
    )))
}

/// Returns the policy that the report was made with, or why it cannot be judged with it.
fn policy_then(
    session: &Session,
    args: &VerifyReport,
    document: &Document,
) -> Result<Result<Option<Policy>, String>, Error> {
    let given = args.by.read(session)?;
    Ok(match (&document.policy, given) {
        (None, None) => Ok(None),
        (Some(stated), None) => Err(format!(
            "it was made with the policy {} (sha256 {}), and cannot be judged again without it: give it with --policy \
             FILE",
            stated.name, stated.sha256
        )),
        (None, Some(_)) => Err("it was made without a policy: leave out --policy".to_owned()),
        (Some(stated), Some(given)) if stated.sha256 != given.sha256().to_hex() => Err(format!(
            "it was made with the policy {} (sha256 {}), and the one that is given is another (sha256 {})",
            stated.name,
            stated.sha256,
            given.sha256()
        )),
        (Some(_), Some(given)) => Ok(Some(given)),
    })
}

/// Why the ledger at hand cannot tell.
fn cannot_judge(args: &VerifyReport, document: &Document, ledger: &Ledger) -> Option<String> {
    let founding = ledger.founding();
    if format!("hb:{}", founding.id) != document.trust_root.genesis {
        return Some("the ledger at hand is another one: give the right one with --ledger DIR".to_owned());
    }
    let (there, stated) = (ledger.checkpoint().size.get(), document.checkpoint.as_ref());
    if let Some(stated) = stated.filter(|stated| stated.size > there) {
        return Some(format!(
            "the ledger at hand has {there} entries, and the report is as of {}: give a later copy with --ledger DIR",
            stated.size
        ));
    }
    if document.artifacts_left_out > 0 {
        return Some("it does not list all artifacts that were judged".to_owned());
    }
    if document.content.asked && args.content.is_none() {
        return Some(
            "it was made with the files at hand, and cannot be judged again without them: give --content DIR, their \
             folder"
                .to_owned(),
        );
    }
    None
}

fn artifacts(document: &Document) -> Option<Vec<ArtifactRef>> {
    let parsed = document.artifacts.iter().map(|artifact| artifact.id.parse().ok());
    parsed.collect()
}
