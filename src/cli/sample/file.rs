//! The file of a sample: reading, marking, signing.

use std::path::Path;

use serde_json::json;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::fresh::read_limited;
use crate::cli::hash::replace;
use crate::cli::home::write_new;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::key::PublicKey;
use crate::sample::Document;
use crate::sample::SAMPLE_BYTES_MAX;
use crate::sample::SampleFile;
use crate::sample::Tally;

use super::MarkArgs;
use super::SignArgs;
use super::invalid;

/// Reads a sample; a signature under it is checked.
pub fn read(path: &Path) -> Result<SampleFile, Error> {
    let bytes = read_limited(path, SAMPLE_BYTES_MAX, "a sample")?;
    let hint = "give the path of a file that `herdbook sample MODEL --seed TEXT -o FILE` wrote";
    SampleFile::decode(&bytes).map_err(|error| invalid(error).hint(hint))
}

/// Marks one item.
pub(super) fn mark(session: &Session, args: &MarkArgs) -> Result<Answer, Error> {
    let path = session.path(&args.file);
    let file = read(&path)?;
    if file.signer().is_some() {
        return Err(invalid(crate::sample::SampleError::Inconsistent(
            "it is signed, and a mark would break the signature",
        ))
        .hint("mark the file that is not signed, and sign again"));
    }
    let mut document = file.document().clone();
    document
        .mark(args.item, args.mark, args.note.as_deref())
        .map_err(invalid)?;
    let marked = SampleFile::unsigned(&document).map_err(invalid)?;
    replace(&path, marked.bytes()).map_err(|source| {
        Error::new(Exit::Failure, format!("{} cannot be written", path.display())).because(source)
    })?;
    let tally = tally(&document);
    let at = usize::try_from(args.item).unwrap_or_default().saturating_sub(1);
    let what = document
        .items
        .get(at)
        .map(crate::sample::Marked::describe)
        .unwrap_or_default();
    Ok(Answer {
        text: format!(
            "item {}, {what}: {}\n{}\n",
            args.item,
            args.mark.as_str(),
            told(tally)
        ),
        json: json!({
            "schema": "herdbook/sample-mark/v1",
            "item": args.item,
            "mark": args.mark.as_str(),
            "marks": marks(tally),
        }),
        notes: Vec::new(),
        exit: Exit::Ok,
    })
}

/// Signs the file with its marks.
pub(super) fn sign(session: &Session, args: &SignArgs) -> Result<Answer, Error> {
    let file = read(&session.path(&args.file))?;
    let key = session.opener().open(&session.path(&args.key))?;
    let public = PublicKey::from_bytes(&key.public_key());
    let public = public.map_err(|error| invalid(error.into()))?;
    let signed = SampleFile::signed(file.document(), public, |pae| key.sign(pae)).map_err(invalid)?;
    let signed = signed
        .map_err(|source| Error::new(Exit::KeyUnusable, "the key cannot sign the sample").because(source))?;
    write_new(&session.path(&args.output), signed.bytes())?;
    let tally = tally(signed.document());
    Ok(Answer {
        text: format!("signed by {}: {}\n", public.id(), told(tally)),
        json: json!({
            "schema": "herdbook/sample-sign/v1",
            "keyid": public.id().to_hex(),
            "file": args.output.display().to_string(),
            "marks": marks(tally),
        }),
        notes: vec![format!("Wrote {}.", args.output.display())],
        exit: Exit::Ok,
    })
}

fn tally(document: &Document) -> Tally {
    Tally::of(document.items.iter().map(|item| item.mark))
}

fn told(tally: Tally) -> String {
    format!(
        "of {} items {} as registered, {} differ, {} missing, {} not checked",
        tally.drawn(),
        tally.right,
        tally.differing,
        tally.missing,
        tally.unchecked
    )
}

fn marks(tally: Tally) -> serde_json::Value {
    json!({
        "as_registered": tally.right,
        "differs": tally.differing,
        "missing": tally.missing,
        "not_checked": tally.unchecked,
    })
}
