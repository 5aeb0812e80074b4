//! What was found, as people and as programs read it.

use std::fmt;

use nanoserde::SerJson;

use crate::log::one_line;

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// As it should be.
    Ok,
    /// Worth a look; everything works, or nearly.
    Warning,
    /// Something will not work before it is put right.
    Problem,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, in a word.
    pub check: &'static str,
    /// How serious it is.
    pub status: Status,
    /// What was found, and what to do about it; one line.
    pub message: String,
}

impl Finding {
    /// All is well.
    pub fn ok(check: &'static str, message: impl Into<String>) -> Finding {
        Finding::new(check, Status::Ok, message)
    }

    /// It works, or nearly; the message says what to do.
    pub fn warning(check: &'static str, message: impl Into<String>) -> Finding {
        Finding::new(check, Status::Warning, message)
    }

    /// It does not work; the message says what to do.
    pub fn problem(check: &'static str, message: impl Into<String>) -> Finding {
        Finding::new(check, Status::Problem, message)
    }

    pub(super) fn new(check: &'static str, status: Status, message: impl Into<String>) -> Finding {
        Finding {
            check,
            status,
            // Names and errors come from outside.
            message: one_line(&message.into()),
        }
    }
}

impl Status {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Warning => "warning",
            Status::Problem => "problem",
        }
    }
}

/// A line of the report.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.as_str();
        write!(f, "{status:<7}  {:<13}  {}", self.check, self.message)
    }
}

#[derive(SerJson)]
struct FindingJson {
    check: String,
    status: String,
    message: String,
}

/// A JSON array of `{check, status, message}`.
pub fn json(findings: &[Finding]) -> String {
    let rows = findings.iter().map(|finding| FindingJson {
        check: finding.check.into(),
        status: finding.status.as_str().into(),
        message: finding.message.clone(),
    });
    rows.collect::<Vec<_>>().serialize_json()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line_and_valid_json_whatever_is_in_it() {
        let finding = Finding::problem("receiver", "a\n\"b\"\u{1}");
        assert_eq!(
            finding.to_string(),
            "problem  receiver       a\\x0a\"b\"\\x01"
        );
        assert_eq!(
            json(&[finding]),
            r#"[{"check":"receiver","status":"problem","message":"a\\x0a\"b\"\\x01"}]"#
        );
        assert_eq!(json(&[]), "[]");
    }
}
