//! What players need of playlist and guide, judged by the outputs themselves. Pure; a piece at a time, so that others are
//! served in between.
//!
//! The rules (G1 ...) are those of the clients' reference page. Most hold by construction; these look whether they do with
//! the channels, names and events of this receiver.

mod guide;
mod lineup;
mod playlist;

use super::{Finding, Status};

pub use guide::Guide;
pub use lineup::{found, lineup};
pub use playlist::Playlist;

/// Names in a finding.
const MOST_NAMES: usize = 3;
/// What can be done about an output that is not as this program makes it.
const OURS: &str = "this is a fault of xg2g: please report it with this line";

/// A rule, and who keeps it.
struct Rule {
    /// Its numbers.
    number: &'static str,
    /// Said behind the count, of all who keep it.
    fine: &'static str,
    /// Said behind the count, of those who do not.
    wrong: &'static str,
    /// What can be done then.
    advice: &'static str,
    /// How bad that is.
    status: Status,
    judged: usize,
    offenders: usize,
    names: Vec<String>,
}

impl Rule {
    const fn new(number: &'static str, fine: &'static str, wrong: &'static str) -> Rule {
        Rule {
            number,
            fine,
            wrong,
            advice: OURS,
            status: Status::Problem,
            judged: 0,
            offenders: 0,
            names: Vec::new(),
        }
    }

    /// One that what the receiver tells can break.
    const fn about(mut self, status: Status, advice: &'static str) -> Rule {
        (self.status, self.advice) = (status, advice);
        self
    }

    /// `name` keeps it, or does not.
    fn judge(&mut self, keeps_it: bool, name: &str) {
        self.judged += 1;
        if keeps_it {
            return;
        }
        self.offenders += 1;
        if self.names.len() < MOST_NAMES && !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }

    fn finding(self, check: &'static str) -> Finding {
        let Rule {
            number,
            fine,
            wrong,
            advice,
            status,
            judged,
            offenders,
            names,
        } = self;
        if offenders == 0 {
            return Finding::ok(check, format!("{judged} {fine} ({number})"));
        }
        let named: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let more = if offenders > names.len() {
            " and more"
        } else {
            ""
        };
        let names = named.join(", ");
        let text = format!("{offenders} of {judged} {wrong}: {names}{more}; {advice} ({number})");
        Finding::new(check, status, text)
    }
}

/// Whether an answer has what players ask by whether it is news (rule G20).
pub fn validators(check: &'static str, headers: &[(&str, &str)]) -> Finding {
    let has = |name: &str| {
        headers
            .iter()
            .any(|(known, value)| *known == name && !value.is_empty())
    };
    if has("last-modified") && has("etag") {
        let text = "it has Last-Modified and ETag, so players fetch it only when it is new (G20)";
        return Finding::ok(check, text);
    }
    let text = format!(
        "it lacks Last-Modified or ETag, so players fetch it all again and again; {OURS} (G20)"
    );
    Finding::problem(check, text)
}

/// Whether the guide is packed so that nobody unpacks it twice: the headers of `/xmltv.xml` for who takes gzip, and of
/// `/xmltv.xml.gz` (rule G21).
pub fn packing(plain: &[(&str, &str)], archive: &[(&str, &str)]) -> Finding {
    let value = |headers: &[(&str, &str)], name: &str| {
        let found = headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let is_right = value(plain, "content-encoding").as_deref() == Some("gzip")
        && value(archive, "content-encoding").is_none()
        && value(archive, "content-type").as_deref() == Some("application/gzip");
    if is_right {
        let text = "/xmltv.xml is packed on the way, /xmltv.xml.gz is an archive: nobody unpacks twice (G21)";
        return Finding::ok("guide", text);
    }
    let text = format!("/xmltv.xml or /xmltv.xml.gz says wrongly how it is packed, so Jellyfin cannot read it; {OURS} (G21)");
    Finding::problem("guide", text)
}

/// The value of an attribute in a line or a tag, as it stands there.
fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text;
    loop {
        let at = rest.find(name)?;
        let (before, behind) = (&rest[..at], &rest[at + name.len()..]);
        if let (true, Some(value)) = (before.ends_with(' '), behind.strip_prefix("=\"")) {
            return value.split('"').next();
        }
        rest = behind;
    }
}

/// Whether every program takes it for the id of a channel (rule G15): `^[-A-Za-z0-9]+(\.[-A-Za-z0-9]+)+$`.
fn is_id(id: &str) -> bool {
    let is_word = |part: &str| {
        let mut bytes = part.bytes();
        !part.is_empty() && bytes.all(|byte| byte == b'-' || byte.is_ascii_alphanumeric())
    };
    id.contains('.') && id.split('.').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the rules that are not kept.
    pub(super) fn not_kept(findings: Vec<Finding>) -> Vec<String> {
        let wrong = findings.into_iter().filter(|one| one.status != Status::Ok);
        let number = |one: Finding| {
            let (_, number) = one.message.rsplit_once('(').unwrap();
            number.trim_end_matches(')').to_owned()
        };
        wrong.map(number).collect()
    }

    #[test]
    fn a_rule_names_its_first_offenders() {
        let rule = || Rule::new("G0", "channels are fine", "channels are not");
        let mut all = rule();
        all.judge(true, "A");
        all.judge(true, "B");
        assert_eq!(
            all.finding("x"),
            Finding::ok("x", "2 channels are fine (G0)")
        );
        let mut some = rule().about(Status::Warning, "do something");
        for name in ["A", "B", "C", "D"] {
            some.judge(name == "A", name);
        }
        some.judge(false, "E");
        let expected = "4 of 5 channels are not: `B`, `C`, `D` and more; do something (G0)";
        assert_eq!(some.finding("x"), Finding::warning("x", expected));
    }

    #[test]
    fn attributes_are_read_by_their_whole_name() {
        let line = "#EXTINF:-1 xtvg-id=\"no\" tvg-id=\"a.e2\" tvg-name=\"\",A";
        assert_eq!(attribute(line, "tvg-id"), Some("a.e2"));
        assert_eq!(attribute(line, "tvg-name"), Some(""));
        assert_eq!(attribute(line, "id"), None);
    }

    #[test]
    fn g15_ids_are_what_the_checker_of_xmltv_takes() {
        assert!(is_id("1-0-19-283D-3FB-1-C00000-0-0-0.e2"));
        for wrong in ["", "701", "a.", ".a", "a_b.e2", "1:0:19.e2", "ä.e2"] {
            assert!(!is_id(wrong), "{wrong}");
        }
    }

    #[test]
    fn g20_an_output_without_validators_is_a_problem() {
        let both = [("last-modified", "x"), ("etag", "y")];
        assert_eq!(validators("guide", &both).status, Status::Ok);
        for one in both {
            assert_eq!(validators("guide", &[one]).status, Status::Problem);
        }
    }

    #[test]
    fn g21_a_guide_that_is_packed_twice_is_a_problem() {
        let plain = [("content-encoding", "gzip")];
        let archive = [("content-type", "application/gzip")];
        assert_eq!(packing(&plain, &archive).status, Status::Ok);
        assert_eq!(packing(&[], &archive).status, Status::Problem);
        assert_eq!(packing(&plain, &plain).status, Status::Problem);
        let twice = [archive[0], plain[0]];
        assert_eq!(packing(&plain, &twice).status, Status::Problem);
    }
}
