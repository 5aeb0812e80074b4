//! What goes wrong, by one table of codes.

use std::borrow::Cow;
use std::fmt;

use nanoserde::SerJson;

use super::reply::Reply;

/// A row of the table of errors.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `E` and three digits: `0xx` the client's fault, `1xx` the receiver's, `2xx` the configuration's, `3xx` outputs
    /// that are not ready, `4xx` streams, `9xx` our own.
    pub name: &'static str,
    /// The statuses it comes with, the usual one first.
    pub statuses: &'static [u16],
    /// What it means, for the page of addresses.
    pub about: &'static str,
}

macro_rules! codes {
    ($($ident:ident $name:literal [$($status:literal),+] $about:literal;)+) => {
        /// The codes by name.
        pub mod code {
            use super::Code;
            $(
                #[doc = $about]
                pub const $ident: &Code = &Code { name: $name, statuses: &[$($status),+], about: $about };
            )+
        }

        /// The whole table, in its order.
        pub const CODES: &[&Code] = &[$(code::$ident),+];
    };
}

codes! {
    RATE_LIMIT "E001" [429] "too many requests; `Retry-After` says when to come again";
    BAD_REQUEST "E002" [400, 411, 416, 417] "the request cannot be understood";
    NOT_FOUND "E003" [404] "nothing is there";
    METHOD_NOT_ALLOWED "E004" [405] "not with this method; see `Allow`";
    TOO_LARGE "E005" [413, 414, 431] "body, address or head are too long";
    TIMEOUT "E006" [408] "the request did not arrive in time";
    NOT_IMPLEMENTED "E007" [501, 505] "a method, coding or version that is not served";
    BUSY "E008" [503] "too many connections are open";
    BUSY_REFRESH "E009" [409] "a refresh is running already";
    NO_TOKEN "E010" [401] "a token or key is needed and none was sent";
    WRONG_TOKEN "E011" [403] "the token or key is wrong";
    OUTSIDE "E012" [403] "not from this address without a token";
    FOREIGN_ORIGIN "E013" [403] "a page of another site asked for it";
    FOREIGN_HOST "E014" [403] "the `Host` is no name of this program; see `server.hosts`";
    ONLY_HERE "E015" [403] "without a token only this machine may change things";
    UPGRADE "E016" [426] "only by WebSocket of version 13, or as `text/event-stream`";
    FULL_HOUSE "E017" [503] "as many follow the events as there is room for";
    WRONG_CODE "E018" [403] "the pairing code is wrong; `tries` says how many tries are left";
    NO_CODE "E019" [409] "no pairing code is in force: none was asked for, it is too old, or it was wrong too often";
    DARK_SCREEN "E020" [409] "the receiver is in standby and shows no pairing code";
    BUSY_CHECK "E021" [409] "a check is running already";
    RECEIVER_AWAY "E101" [503] "the receiver does not answer";
    WRONG_CONFIGURATION "E201" [422] "the configuration is wrong; `details` has every error";
    UNSAVED "E202" [507] "the settings cannot be saved; nothing has changed";
    NOT_READY "E301" [503] "nothing to hand out yet";
    STOPPING "E302" [503] "the program stops";
    INTERNAL "E901" [500] "our own fault";
}

/// Why a request has no better answer: what the client is told, and what only the log is.
#[derive(Debug)]
pub struct ApiError {
    code: &'static Code,
    status: u16,
    message: Cow<'static, str>,
    cause: Option<String>,
    /// Further members of the answer's object, as JSON.
    more: Option<String>,
    headers: Vec<(&'static str, Cow<'static, str>)>,
}

impl ApiError {
    /// An error with the usual status of its code. `message` is for the client.
    pub fn new(code: &'static Code, message: impl Into<Cow<'static, str>>) -> Self {
        ApiError {
            code,
            status: code.statuses.first().copied().unwrap_or(500),
            message: message.into(),
            cause: None,
            more: None,
            headers: Vec::new(),
        }
    }

    /// The request cannot be understood.
    pub fn bad(message: impl Into<Cow<'static, str>>) -> Self {
        ApiError::new(code::BAD_REQUEST, message)
    }

    /// What it is about is not there.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        ApiError::new(code::NOT_FOUND, message)
    }

    /// There is nothing to hand out yet; it is worth asking again in some seconds.
    pub fn not_ready(message: impl Into<Cow<'static, str>>) -> Self {
        ApiError::new(code::NOT_READY, message).with("retry-after", "5")
    }

    /// Its code.
    pub fn code(&self) -> &'static Code {
        self.code
    }

    /// What the client is told.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The cause, which only the log is told.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// What there is to say beside the message, for the client: members of the answer's object as JSON, without braces.
    #[must_use]
    pub fn saying(mut self, members: String) -> Self {
        self.more = Some(members);
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer: `{"error":…,"code":…,"request_id":…}`, or, for who takes any body for a stream (rule G5), none, and
    /// the code in a header. The cause goes to the log.
    pub(super) fn reply(self, request_id: &str, has_body: bool) -> Reply {
        let name = self.code.name;
        if let Some(cause) = &self.cause {
            log::warn!("{name} {}: {cause} {request_id}", self.message);
        }
        let mut reply = if has_body {
            let body = Body {
                error: self.message.into_owned(),
                code: name.to_owned(),
                request_id: request_id.to_owned(),
            };
            let mut body = body.serialize_json();
            if let Some(more) = &self.more {
                body.insert_str(body.len() - 1, &format!(",{more}"));
            }
            Reply::new(self.status, "application/json", body)
        } else {
            Reply::empty(self.status).with("x-error-code", name)
        };
        reply.headers.extend(self.headers);
        reply
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let has_status = |code: &&&Code| code.statuses.contains(&refusal.status);
        let code = match refusal.status {
            503 => code::BUSY,
            _ => CODES.iter().find(has_status).unwrap_or(&code::BAD_REQUEST),
        };
        ApiError {
            status: refusal.status,
            ..ApiError::new(code, refusal.message)
        }
    }
}

/// The body of every answer of 400 and above.
#[derive(SerJson)]
struct Body {
    error: String,
    code: String,
    request_id: String,
}

/// A request that is answered with an error and the end of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: &'static str,
}

impl Refusal {
    pub(super) const fn new(status: u16, message: &'static str) -> Self {
        Refusal { status, message }
    }

    pub(super) const fn bad(message: &'static str) -> Self {
        Refusal::new(400, message)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reply::Body;
    use super::*;

    #[test]
    fn an_error_is_compact_json_and_its_cause_is_not_in_it() {
        let reply = ApiError::not_found("no \"x\"").because("geheim");
        let reply = reply.reply("r1", true);
        let Body::Bytes(body) = reply.body else {
            panic!("no body");
        };
        let expected = r#"{"error":"no \"x\"","code":"E003","request_id":"r1"}"#;
        assert_eq!(std::str::from_utf8(&body).unwrap(), expected);
    }

    #[test]
    fn players_get_no_body_and_the_code_in_a_header() {
        let reply = ApiError::not_ready("x").reply("r1", false);
        assert_eq!(reply.status, 503);
        assert!(matches!(reply.body, Body::Empty));
        let expected = [("x-error-code", "E301"), ("retry-after", "5")];
        assert!(reply.headers.iter().map(|(n, v)| (*n, &**v)).eq(expected));
    }

    #[test]
    fn codes_are_unique_in_order_and_in_their_class() {
        assert!(CODES.windows(2).all(|two| two[0].name < two[1].name));
        for code in CODES {
            let class = code.name.as_bytes()[1];
            assert!(code.name.len() == 4 && !code.statuses.is_empty());
            let is_client =
                |status: &u16| (400..500).contains(status) || [501, 503, 505].contains(status);
            assert_eq!(class == b'9', code.statuses.contains(&500), "{}", code.name);
            assert!(class != b'0' || code.statuses.iter().all(is_client));
        }
    }

    #[test]
    fn every_refusal_has_the_code_of_its_status() {
        for (status, name) in [
            (400, "E002"),
            (408, "E006"),
            (411, "E002"),
            (413, "E005"),
            (414, "E005"),
            (431, "E005"),
            (417, "E002"),
            (501, "E007"),
            (503, "E008"),
            (505, "E007"),
        ] {
            let error = ApiError::from(Refusal::new(status, "x"));
            assert_eq!((error.status, error.code.name), (status, name));
        }
    }
}
