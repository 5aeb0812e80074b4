//! An event and its line.

use std::fmt::Write;
use std::net::IpAddr;

use super::login::without_login;

/// The longest a text may be in a line (bytes, escaped); what is longer is cut and ends with three points.
const TEXT: usize = 256;
/// No more details follow when those written are this long (bytes).
const DETAILS: usize = 2_048;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The configuration was read again.
    ConfigReload,
    /// It was read again and is wrong, or could not be put in force.
    ConfigReloadError,
    /// A refresh begins.
    RefreshStart,
    /// It ended well.
    RefreshSuccess,
    /// It did not.
    RefreshError,
    /// Somebody showed the right token.
    AuthSuccess,
    /// Somebody showed a wrong one.
    AuthFailure,
    /// Somebody showed none where one is needed.
    AuthMissing,
    /// A call that changes something was let through.
    ApiAccess,
    /// A call was refused for where it came from.
    ApiForbidden,
    /// A call was one too many.
    ApiRateLimit,
    /// Lines were lost before this one.
    AuditDropped,
}

impl Kind {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::ConfigReload => "config.reload",
            Kind::ConfigReloadError => "config.reload.error",
            Kind::RefreshStart => "refresh.start",
            Kind::RefreshSuccess => "refresh.success",
            Kind::RefreshError => "refresh.error",
            Kind::AuthSuccess => "auth.success",
            Kind::AuthFailure => "auth.failure",
            Kind::AuthMissing => "auth.missing",
            Kind::ApiAccess => "api.access",
            Kind::ApiForbidden => "api.forbidden",
            Kind::ApiRateLimit => "api.ratelimit",
            Kind::AuditDropped => "audit.dropped",
        }
    }

    /// What it means if nobody says more.
    fn outcome(self) -> Outcome {
        match self {
            Kind::RefreshStart => Outcome::Started,
            Kind::ConfigReload | Kind::RefreshSuccess | Kind::AuthSuccess | Kind::ApiAccess => {
                Outcome::Success
            }
            Kind::ConfigReloadError | Kind::RefreshError | Kind::AuditDropped => Outcome::Failure,
            Kind::AuthFailure | Kind::AuthMissing | Kind::ApiForbidden | Kind::ApiRateLimit => {
                Outcome::Denied
            }
        }
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was tried.
    Failure,
    /// It was not allowed.
    Denied,
    /// It has not ended; another line will tell.
    Started,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::Failure => "failure",
            Outcome::Denied => "denied",
            Outcome::Started => "started",
        }
    }
}

/// Something that is to be remembered. Texts may come from anywhere; logins in URLs are masked, other secrets must not be
/// in them.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// What happened.
    pub kind: Kind,
    /// Who did it: a client's address, `signal`, `schedule`.
    pub actor: &'a str,
    /// What was done, in a word or as a request's method.
    pub action: &'a str,
    /// To what it was done: a path without its query, a file.
    pub resource: &'a str,
    /// How it ended.
    pub result: Outcome,
    /// The client's address, if there is a client.
    pub remote: Option<IpAddr>,
    /// The request's id, if there is a request.
    pub request_id: &'a str,
    /// What else is worth knowing; names are unique.
    pub details: &'a [(&'static str, String)],
}

impl Event<'_> {
    /// An event with nothing known of it but what its kind says.
    pub fn of(kind: Kind) -> Self {
        Event {
            kind,
            actor: "",
            action: "",
            resource: "",
            result: kind.outcome(),
            remote: None,
            request_id: "",
            details: &[],
        }
    }

    /// One line of JSON, without its end.
    pub(super) fn line(&self, timestamp: &str) -> String {
        let remote = self.remote.map(|remote| remote.to_string());
        let mut line = String::with_capacity(TEXT);
        for (name, value) in [
            ("{\"timestamp", timestamp),
            (",\"log_type", "audit"),
            (",\"event_type", self.kind.as_str()),
            (",\"actor", self.actor),
            (",\"action", self.action),
            (",\"resource", self.resource),
            (",\"result", self.result.as_str()),
            (",\"remote_addr", remote.as_deref().unwrap_or_default()),
            (",\"request_id", self.request_id),
        ] {
            line.push_str(name);
            line.push_str("\":");
            text(&mut line, value);
        }
        line.push_str(",\"details\":{");
        let begin = line.len();
        for (at, (name, value)) in self.details.iter().enumerate() {
            let left_out = (self.details.len() - at).to_string();
            let is_full = line.len() - begin > DETAILS;
            let (name, value) = match is_full {
                true => ("left_out", left_out.as_str()),
                false => (*name, value.as_str()),
            };
            if at > 0 {
                line.push(',');
            }
            text(&mut line, name);
            line.push(':');
            text(&mut line, value);
            if is_full {
                break;
            }
        }
        line.push_str("}}");
        line
    }
}

/// Adds a JSON string, cut at [`TEXT`].
fn text(line: &mut String, value: &str) {
    line.push('"');
    let begin = line.len();
    for c in without_login(value).chars() {
        if line.len() - begin > TEXT {
            line.push_str("...");
            break;
        }
        match c {
            '"' | '\\' => line.extend(['\\', c]),
            // A String never refuses.
            c if is_odd(c) => drop(write!(line, "\\u{:04x}", c as u32)),
            c => line.push(c),
        }
    }
    line.push('"');
}

/// Whether a character breaks a line, for some reader at least, or turns it around on a screen. JSON, and so nanoserde,
/// wants only those below U+0020 escaped.
fn is_odd(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use nanoserde::DeJson;

    #[derive(DeJson)]
    struct Line {
        timestamp: String,
        log_type: String,
        event_type: String,
        actor: String,
        remote_addr: String,
        details: std::collections::HashMap<String, String>,
    }

    fn parsed(event: &Event<'_>) -> (String, Line) {
        let line = event.line("2026-01-02T03:04:05Z");
        let parsed = Line::deserialize_json(&line).unwrap();
        (line, parsed)
    }

    #[test]
    fn a_line_has_all_fields_in_their_order() {
        let event = Event {
            actor: "192.0.2.7",
            action: "POST",
            resource: "/api/v1/refresh",
            remote: Some([192, 0, 2, 7].into()),
            request_id: "r-1",
            details: &[("limit", "5".into()), ("window", "1m".into())],
            ..Event::of(Kind::ApiRateLimit)
        };
        assert_eq!(
            event.line("2026-01-02T03:04:05Z"),
            "{\"timestamp\":\"2026-01-02T03:04:05Z\",\"log_type\":\"audit\",\"event_type\":\"api.ratelimit\",\
             \"actor\":\"192.0.2.7\",\"action\":\"POST\",\"resource\":\"/api/v1/refresh\",\"result\":\"denied\",\
             \"remote_addr\":\"192.0.2.7\",\"request_id\":\"r-1\",\"details\":{\"limit\":\"5\",\"window\":\"1m\"}}"
        );
        let (_, empty) = parsed(&Event::of(Kind::ConfigReload));
        assert_eq!((&*empty.actor, &*empty.remote_addr), ("", ""));
        assert_eq!(
            (&*empty.log_type, &*empty.event_type),
            ("audit", "config.reload")
        );
        assert!(empty.details.is_empty());
        assert_eq!(empty.timestamp, "2026-01-02T03:04:05Z");
    }

    #[test]
    fn every_character_stays_in_the_line_and_is_read_back() {
        for code in (0..0x3000).chain([0xe000, 0xfeff, 0xfffd, 0xffff, 0x1_f600]) {
            let Some(c) = char::from_u32(code) else {
                continue;
            };
            let actor = format!("a{c}\"}},{{\\n{c}");
            let (line, read) = parsed(&Event {
                actor: &actor,
                ..Event::of(Kind::AuthFailure)
            });
            assert_eq!(read.actor, actor, "{code:x}");
            assert!(!line.contains(is_odd), "{code:x}");
        }
    }

    #[test]
    fn long_text_is_cut_between_characters_and_many_details_are_counted() {
        for long in ["Ö".repeat(9_000), "\u{1}".repeat(9_000)] {
            let (line, read) = parsed(&Event {
                actor: &long,
                ..Event::of(Kind::ApiAccess)
            });
            assert!(line.len() < 2 * TEXT + 200, "{}", line.len());
            let kept = read.actor.strip_suffix("...").unwrap();
            assert!(!kept.is_empty() && long.starts_with(kept));
        }
        let details: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]
            .map(|name| (name, name.repeat(9_000)))
            .into();
        let (line, read) = parsed(&Event {
            details: &details,
            ..Event::of(Kind::ApiAccess)
        });
        assert!(line.len() < DETAILS + 2 * TEXT + 200, "{}", line.len());
        assert_eq!(read.details["left_out"], "3");
        assert_eq!(read.details.len(), 9);
    }

    #[test]
    fn a_login_is_masked_in_every_text() {
        let url = "http://root:geheim@box/x".to_owned();
        let line = Event {
            actor: &url,
            action: &url,
            resource: &url,
            request_id: &url,
            details: &[
                ("error", format!("{}@b", "/".repeat(300))),
                ("url", url.clone()),
            ],
            ..Event::of(Kind::RefreshError)
        }
        .line("");
        assert!(!line.contains("geheim"), "{line}");
        assert_eq!(line.matches("http://***@box/x").count(), 5);
    }
}
