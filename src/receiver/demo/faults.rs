//! What can go wrong between us and a receiver, on request.

use std::fmt;
use std::str::FromStr;

/// A way in which the simulated receiver fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Nobody listens on the port; for single paths the connection is reset.
    Refused,
    /// The request is read and never answered.
    Hang,
    /// One byte every 50 ms.
    SlowDrip,
    /// 401, whatever the login.
    Unauthorized,
    /// OpenWebif's page for an exception in its code.
    Error500,
    /// The connection ends in the middle of an answer whose length was announced.
    HalfJson,
    /// Half an answer, with its own length as Content-Length.
    CutJson,
    /// 200 and a login page of something else.
    Html,
    /// A valid answer with nothing in it.
    EmptyList,
    /// Valid JSON of other types, in turn: texts for numbers, null for lists, objects for texts.
    WrongTypes,
    /// 200 and `"result": false`.
    ResultFalse,
    /// 200 without a body.
    EmptyBody,
    /// The connection is reset after the request.
    Reset,
}

impl Fault {
    /// Every fault, for tests and help texts.
    pub const ALL: [Fault; 13] = [
        Fault::Refused,
        Fault::Hang,
        Fault::SlowDrip,
        Fault::Unauthorized,
        Fault::Error500,
        Fault::HalfJson,
        Fault::CutJson,
        Fault::Html,
        Fault::EmptyList,
        Fault::WrongTypes,
        Fault::ResultFalse,
        Fault::EmptyBody,
        Fault::Reset,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Refused => "refused",
            Fault::Hang => "hang",
            Fault::SlowDrip => "slow-drip",
            Fault::Unauthorized => "unauthorized",
            Fault::Error500 => "error-500",
            Fault::HalfJson => "half-json",
            Fault::CutJson => "cut-json",
            Fault::Html => "html",
            Fault::EmptyList => "empty-list",
            Fault::WrongTypes => "wrong-types",
            Fault::ResultFalse => "result-false",
            Fault::EmptyBody => "empty-body",
            Fault::Reset => "reset",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that names no fault.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownFault;

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        write!(f, "unknown fault; known are {}", names.join(", "))
    }
}

impl std::error::Error for UnknownFault {}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Fault, UnknownFault> {
        let found = Fault::ALL.into_iter().find(|fault| fault.name() == name);
        found.ok_or(UnknownFault)
    }
}

/// The faults in force.
#[derive(Default)]
pub(super) struct Faults {
    rules: Vec<Rule>,
    /// Answers with wrong types so far; chooses which types are wrong.
    warped: u32,
}

struct Rule {
    prefix: String,
    fault: Fault,
    /// How often it still strikes; `None` for ever.
    left: Option<u32>,
}

impl Faults {
    /// Removes the fault on a prefix and sets another one.
    pub(super) fn set(&mut self, prefix: &str, fault: Option<Fault>, times: Option<u32>) {
        self.rules.retain(|rule| rule.prefix != prefix);
        if let Some(fault) = fault.filter(|_| times != Some(0)) {
            self.rules.push(Rule {
                prefix: prefix.to_owned(),
                fault,
                left: times,
            });
        }
    }

    pub(super) fn clear(&mut self) {
        self.rules.clear();
    }

    /// The fault that strikes this path now: that of the longest prefix. Counts it.
    pub(super) fn strike(&mut self, path: &str) -> Option<Fault> {
        let matching = self
            .rules
            .iter_mut()
            .filter(|rule| path.starts_with(&rule.prefix));
        let rule = matching.max_by_key(|rule| rule.prefix.len())?;
        let fault = rule.fault;
        if let Some(left) = &mut rule.left {
            *left -= 1;
        }
        self.rules.retain(|rule| rule.left != Some(0));
        Some(fault)
    }

    /// Which types the next answer with wrong types gets wrong.
    pub(super) fn next_warp(&mut self) -> Warp {
        self.warped += 1;
        match self.warped % 3 {
            1 => Warp::NumbersAsTexts,
            2 => Warp::NullForLists,
            _ => Warp::ObjectsForTexts,
        }
    }
}

/// Which types an answer gets wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Warp {
    NumbersAsTexts,
    NullForLists,
    ObjectsForTexts,
}

/// The JSON document with other types in the place of some values.
pub(super) fn warp(json: &[u8], how: Warp) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        let length = token_length(&json[at..]);
        let token = &json[at..at + length];
        let is_key = json.get(at + length) == Some(&b':');
        match (how, byte) {
            (Warp::NumbersAsTexts, b'0'..=b'9' | b'-') => {
                out.push(b'"');
                out.extend_from_slice(token);
                out.push(b'"');
            }
            (Warp::NullForLists, b'[') => {
                out.extend_from_slice(b"null");
                at += list_length(&json[at..]);
                continue;
            }
            (Warp::ObjectsForTexts, b'"') if !is_key => out.extend_from_slice(b"{}"),
            _ => out.extend_from_slice(token),
        }
        at += length;
    }
    out
}

/// Length of the text or number at the start, 1 for everything else.
fn token_length(json: &[u8]) -> usize {
    match json.first() {
        Some(b'"') => {
            let mut escaped = false;
            let end = json.iter().skip(1).position(|byte| {
                let closes = *byte == b'"' && !escaped;
                escaped = *byte == b'\\' && !escaped;
                closes
            });
            end.map_or(json.len(), |end| end + 2)
        }
        Some(b'0'..=b'9' | b'-') => {
            let number = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'.');
            json.iter().take_while(number).count()
        }
        _ => 1,
    }
}

fn list_length(json: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = json.get(at) {
        match byte {
            b'[' => depth += 1,
            b']' => depth -= 1,
            _ => {}
        }
        at += token_length(&json[at..]);
        if depth == 0 {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_name_that_leads_back_to_it() {
        for fault in Fault::ALL {
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        assert_eq!("half".parse::<Fault>(), Err(UnknownFault));
    }

    #[test]
    fn the_longest_prefix_strikes_and_ends() {
        let mut faults = Faults::default();
        faults.set("", Some(Fault::Html), None);
        faults.set("/api/epg", Some(Fault::Hang), Some(1));
        assert_eq!(faults.strike("/api/epgmulti"), Some(Fault::Hang));
        assert_eq!(faults.strike("/api/epgmulti"), Some(Fault::Html));
        faults.clear();
        assert_eq!(faults.strike("/api/epgmulti"), None);
    }

    #[test]
    fn warped_answers_are_json_of_other_types() {
        let json = br#"{"a\"]": [1, [-2]], "b": "x]", "n": 3}"#;
        let with = |how| String::from_utf8_lossy(&warp(json, how)).into_owned();
        let numbers = r#"{"a\"]": ["1", ["-2"]], "b": "x]", "n": "3"}"#;
        assert_eq!(with(Warp::NumbersAsTexts), numbers);
        assert_eq!(
            with(Warp::NullForLists),
            r#"{"a\"]": null, "b": "x]", "n": 3}"#
        );
        assert_eq!(
            with(Warp::ObjectsForTexts),
            r#"{"a\"]": [1, [-2]], "b": {}, "n": 3}"#
        );
    }
}
