//! `POST /api/v1/pair`: a code on the television, and the token for who types it.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nanoserde::SerJson;

use crate::access::{Code, Keys, NoCode, Pairing, Tried, PAIRING_LASTS, PAIRING_TRIES};
use crate::config::Reloads;
use crate::http::{code, ApiError, Params, Reply, Request};
use crate::json::{Token, Tokens};
use crate::log::audit::{Audit, Event, Kind};
use crate::model::Secret;
use crate::page::Language;

/// Shows a text on the television for a while.
pub type Show = Rc<dyn Fn(String, Duration) -> Pin<Box<dyn Future<Output = Result<(), NotShown>>>>>;

/// Why a text is not on the television.
#[derive(Debug)]
pub enum NotShown {
    /// The receiver is in standby: it would show it to nobody.
    Standby,
    /// It does not answer, or refuses, for this reason.
    Away(String),
}

#[derive(Clone)]
pub(super) struct Desk {
    pub(super) pairing: Rc<Pairing>,
    pub(super) show: Show,
    /// The token in force; empty if there is none.
    pub(super) token: Secret,
    /// Where keys are kept.
    pub(super) state: PathBuf,
    pub(super) reloads: Rc<Reloads>,
    pub(super) audit: Audit,
}

#[derive(SerJson)]
struct Asked {
    seconds: u64,
    tries: u32,
}

#[derive(SerJson)]
struct Given {
    token: String,
}

impl Desk {
    /// Without a body: 202 when a code is on the television. With a code: 200 with the token, 403 when it is wrong, 409
    /// when none is in force.
    pub(super) async fn pair(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        if request.body.is_empty() {
            return self.ask(&request).await;
        }
        let typed = read(&request.body).map_err(ApiError::bad)?;
        let typed = Code::parse(&typed);
        let typed = typed.ok_or_else(|| ApiError::bad("a code has six digits"))?;
        let tried = self.pairing.check(&typed, Instant::now());
        let error = match tried {
            Tried::Right => return self.give(request).await,
            Tried::Wrong(left) => ApiError::new(code::WRONG_CODE, "the code is wrong")
                .saying(format!("\"tries\":{left}")),
            Tried::Nothing => {
                let message = "no code is in force: none was asked for, it is older than two minutes, or it was wrong \
                               too often";
                ApiError::new(code::NO_CODE, message)
            }
        };
        self.tell(Kind::AuthFailure, &request, error.message());
        Err(error)
    }

    async fn ask(self, request: &Request) -> Result<Reply, ApiError> {
        let made = self.pairing.ask(Instant::now());
        let made = made.map_err(|error| match error {
            NoCode::TooSoon(wait) => {
                let message = "a code was asked for a moment ago";
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                ApiError::new(code::RATE_LIMIT, message).with("retry-after", seconds.to_string())
            }
            NoCode::Unmade(error) => {
                ApiError::new(code::INTERNAL, "no code can be made").because(error)
            }
        })?;
        log::info!("somebody at {} asked for a pairing code", request.asker);
        // The receiver tells its own language nowhere that is looked at; who reads the page reads the television too.
        let text = text(&made, Language::of(request.list("accept-language")));
        if let Err(why) = (self.show)(text, PAIRING_LASTS).await {
            self.pairing.failed();
            return Err(match why {
                NotShown::Standby => {
                    let message = "the receiver is in standby: switch it on, or use xg2g token";
                    ApiError::new(code::DARK_SCREEN, message)
                }
                NotShown::Away(reason) => ApiError::new(code::RECEIVER_AWAY, reason),
            });
        }
        self.pairing.shown(made, Instant::now());
        let asked = Asked {
            seconds: PAIRING_LASTS.as_secs(),
            tries: PAIRING_TRIES,
        };
        Ok(secret(202, asked.serialize_json()))
    }

    /// The token in force, which is made if there is none.
    async fn give(self, request: Request) -> Result<Reply, ApiError> {
        self.tell(Kind::AuthSuccess, &request, "");
        log::info!("somebody at {} paired", request.asker);
        let token = if self.token.is_empty() {
            let kept = self.kept();
            let kept = kept.map_err(|error| {
                ApiError::new(code::INTERNAL, "the token cannot be kept").because(error)
            })?;
            // The very next request may show it.
            let outcome = self.reloads.ask(request.asker, request.id, None).await;
            if outcome.is_none() {
                return Err(ApiError::new(code::STOPPING, "the program stops"));
            }
            kept
        } else {
            self.token
        };
        let token = token.reveal().to_owned();
        Ok(secret(200, Given { token }.serialize_json()))
    }

    /// The token that is kept; makes it otherwise.
    fn kept(&self) -> std::io::Result<Secret> {
        let mut keys = Keys::load(&self.state)?;
        if keys.make_token()? {
            keys.save(&self.state)?;
        }
        Ok(keys.token)
    }

    fn tell(&self, kind: Kind, request: &Request, why: &str) {
        let reason = [("reason", why.to_owned())];
        self.audit.record(Event {
            actor: &request.asker.to_string(),
            action: "pairing",
            resource: &request.raw_path,
            remote: Some(request.asker),
            request_id: &request.id,
            details: if why.is_empty() { &[] } else { &reason },
            ..Event::of(kind)
        });
    }
}

/// JSON that nobody keeps.
fn secret(status: u16, json: String) -> Reply {
    Reply::new(status, "application/json", json).with("cache-control", "no-store")
}

/// What is on the television.
fn text(code: &Code, language: Language) -> String {
    let (code, minutes) = (code.spaced(), PAIRING_LASTS.as_secs() / 60);
    match language {
        Language::German => {
            format!("xg2g: {code} — diesen Code auf der Seite eingeben ({minutes} Minuten)")
        }
        Language::English => {
            format!("xg2g: {code} — type this code into the page ({minutes} minutes)")
        }
    }
}

/// The text in `{"code":"…"}`. What is wrong is told without it.
fn read(body: &[u8]) -> Result<String, String> {
    let body = std::str::from_utf8(body).map_err(|_| "the body is no UTF-8")?;
    let mut tokens = Tokens::of(body);
    tokens.expect(b'{')?;
    let name = tokens.take()?;
    tokens.expect(b':')?;
    let (Token::Text(name), Token::Text(code)) = (name, tokens.take()?) else {
        return Err("the body is {\"code\":\"123456\"}".into());
    };
    tokens.expect(b'}')?;
    match tokens.take()? {
        Token::End if name == "code" => Ok(code.into_owned()),
        _ => Err("the body is {\"code\":\"123456\"}".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_fits_on_a_screen_in_both_languages() {
        let code = Code::parse("012345").unwrap();
        for (language, words) in [
            (Language::German, "diesen Code"),
            (Language::English, "this code"),
        ] {
            let text = text(&code, language);
            assert!(text.starts_with("xg2g: 012 345") && text.contains(words));
            assert!(text.contains("(2 min") || text.contains("(2 Min"));
            assert!(text.chars().count() < 80, "{text}");
        }
    }

    #[test]
    fn a_body_is_a_code_and_nothing_else_and_no_error_repeats_it() {
        assert_eq!(read(b" {\"code\" : \"987 654\"}\n").unwrap(), "987 654");
        for wrong in [
            "{}",
            "[]",
            "{\"code\":987654}",
            "{\"kode\":\"987654\"}",
            "{\"code\":\"987654\",\"x\":1}",
            "{\"code\":\"987654\"} x",
            "{\"code\":\"987654",
            "\"987654\"",
        ] {
            let error = read(wrong.as_bytes()).unwrap_err();
            assert!(!error.contains("987"), "{error}");
        }
        assert!(read(b"\xff").is_err());
    }
}
