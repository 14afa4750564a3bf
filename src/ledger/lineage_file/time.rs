//! `started` and `ended`: times that somebody claims, checked for their form (RFC 3339 5.6).

use chrono::DateTime;
use chrono::FixedOffset;

use super::decode::Context;
use super::fields::Fields;

/// Reads both times as they were written.
pub(super) fn decode(cx: &mut Context<'_>, fields: &Fields<'_>) -> (Option<String>, Option<String>) {
    let started = time(cx, fields, "started");
    let ended = time(cx, fields, "ended");
    if let (Some((start, _)), Some((end, text))) = (&started, &ended)
        && end < start
    {
        let problem = format!("`{text}` is before `started`: correct one of them");
        cx.bad("ended", fields.line_of("ended"), problem);
    }
    (started.map(|(_, text)| text), ended.map(|(_, text)| text))
}

fn time(
    cx: &mut Context<'_>,
    fields: &Fields<'_>,
    key: &'static str,
) -> Option<(DateTime<FixedOffset>, String)> {
    let text = fields.text(cx, key)?;
    match DateTime::parse_from_rfc3339(&text) {
        Ok(time) => Some((time, text)),
        Err(error) => {
            let problem = format!(
                "`{text}` is not an RFC 3339 time ({error}): write for example \"2023-03-13T09:30:00Z\""
            );
            cx.bad(key, fields.line_of(key), problem);
            None
        }
    }
}
