//! A code on the television, and the token for who types it.
//!
//! All clients are on loopback; a proxy there that is trusted lets them come from anywhere. How long a code is in force
//! and how soon there is another are in the tests of `access::pairing`, which have a clock of their own.

mod secret;

use nanoserde::DeJson;
use smol::future::zip;
use xg2g::config::Config;
use xg2g::receiver::demo::{Fault, Message, Options};

use crate::kit::{together, with, Answer, AuditLine, Kit};

const LAN: &str = "X-Forwarded-For: 192.168.7.7\r\n";
/// Nobody's (RFC 5737).
const OUTSIDE: &str = "X-Forwarded-For: 203.0.113.9\r\n";
const TOKEN: &str = "token-0123456789-geheim";

// The derive knows no narrower word than `pub`, and writes its code its own way.
#[allow(unreachable_pub, clippy::question_mark)]
mod json {
    use super::DeJson;

    #[derive(DeJson)]
    pub struct Asked {
        pub seconds: u32,
        pub tries: u32,
    }

    #[derive(DeJson)]
    pub struct Given {
        pub token: String,
    }

    #[derive(DeJson)]
    pub struct Wrong {
        pub code: String,
        pub error: String,
        pub tries: Option<u32>,
    }
}
use json::{Asked, Given, Wrong};

/// Runs `test` behind a trusted proxy, without a guide and without limits for how often one may ask.
fn at_home<F: AsyncFnOnce(&Kit)>(change: impl FnOnce(&mut Config), test: F) {
    let change = |config: &mut Config| {
        config.guide.enabled = false;
        config.ratelimit.enabled = false;
        config.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        change(config);
    };
    with(Options::default(), change, test);
}

async fn post(kit: &Kit, path: &str, headers: &str, body: &str) -> Answer {
    let host = if headers.contains("Host:") {
        ""
    } else {
        "Host: box:8080\r\n"
    };
    let length = body.len();
    kit.request(&format!(
        "POST {path} HTTP/1.1\r\n{host}{headers}Content-Length: {length}\r\n\r\n{body}"
    ))
    .await
}

/// Asks for a code.
async fn ask(kit: &Kit, headers: &str) -> Answer {
    post(kit, "/api/v1/pair", headers, "").await
}

/// Types a code.
async fn enter(kit: &Kit, headers: &str, code: &str) -> Answer {
    let body = format!("{{\"code\":\"{code}\"}}");
    post(kit, "/api/v1/pair", headers, &body).await
}

/// The code on the television, as it is shown: with a blank in the middle.
fn code(messages: &[Message]) -> String {
    let shown = &messages.last().unwrap().text;
    let code = shown.strip_prefix("xg2g: ").unwrap()[..7].to_owned();
    let is_code = |(at, byte): (usize, u8)| (at == 3 && byte == b' ') || byte.is_ascii_digit();
    assert!(code.bytes().enumerate().all(is_code), "{shown}");
    code
}

/// Asks for a code and reads it off the television.
async fn asked_code(kit: &Kit) -> String {
    let answer = ask(kit, LAN).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    code(&kit.receiver().messages())
}

/// Another code than this.
fn other(code: &str) -> String {
    let first = if code.starts_with('9') { "0" } else { "9" };
    format!("{first}{}", &code[1..])
}

/// The token in a good answer.
fn token(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.head("cache-control"), "no-store");
    answer.json::<Given>().token
}

fn refused(answer: &Answer, status: u16, code: &str) -> Wrong {
    let wrong: Wrong = answer.json();
    assert_eq!(
        (answer.status, &*wrong.code),
        (status, code),
        "{}",
        wrong.error
    );
    wrong
}

/// Has a change done from the local network, with or without a token.
async fn change(kit: &Kit, token: Option<&str>) -> Answer {
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
    let headers = format!("{LAN}{}", token.unwrap_or_default());
    post(kit, "/api/v1/config/reload", &headers, "").await
}

#[test]
fn who_reads_the_television_may_change_things_and_nobody_else() {
    at_home(
        |_| (),
        async |kit| {
            let refusal = refused(&change(kit, None).await, 403, "E015");
            assert!(
                refusal.error.contains("pair in the page"),
                "{}",
                refusal.error
            );
            let answer = ask(kit, LAN).await;
            let asked: Asked = answer.json();
            assert_eq!((answer.status, asked.seconds, asked.tries), (202, 120, 5));
            assert_eq!(answer.head("cache-control"), "no-store");
            let shown = kit.receiver().messages();
            let code = code(&shown);
            let [message] = &shown[..] else {
                panic!("{shown:?}");
            };
            assert_eq!((message.kind, message.timeout), (1, 120));
            assert_eq!(
                message.text,
                format!("xg2g: {code} — type this code into the page (2 minutes)")
            );
            let token = token(&enter(kit, LAN, &code).await);
            // At once, and from now on it is needed.
            assert_eq!(change(kit, Some(&token)).await.status, 200);
            refused(&change(kit, None).await, 401, "E010");
            // It is used up.
            refused(&enter(kit, LAN, &code).await, 409, "E019");
            kit.stop().await;
            kit.start();
            assert_eq!(change(kit, Some(&token)).await.status, 200);
        },
    );
}

#[test]
fn who_pairs_later_gets_the_same_token() {
    at_home(
        |_| (),
        async |kit| {
            let first = asked_code(kit).await;
            // Both press the button at once: one is first.
            let twice = together((0..2).map(|_| enter(kit, LAN, &first))).await;
            let statuses: Vec<u16> = twice.iter().map(|answer| answer.status).collect();
            let good = statuses.iter().position(|status| *status == 200).unwrap();
            refused(&twice[1 - good], 409, "E019");
            let one = token(&twice[good]);
            // Another phone, without waiting.
            let second = asked_code(kit).await;
            let two = token(&enter(kit, LAN, &second.replace(' ', "")).await);
            assert_eq!(one, two);
            // And while the first is still being given it.
            kit.forget().await;
            kit.start();
            let third = asked_code(kit).await;
            let (answer, again) = zip(enter(kit, LAN, &third), ask(kit, LAN)).await;
            let three = token(&answer);
            assert_eq!(again.status, 202);
            let fourth = code(&kit.receiver().messages());
            assert_eq!(token(&enter(kit, LAN, &fourth).await), three);
            assert_ne!(one, three);
        },
    );
}

#[test]
fn a_configured_token_is_the_one_that_is_given() {
    at_home(
        |config| config.auth.token = TOKEN.into(),
        async |kit| {
            let code = asked_code(kit).await;
            assert_eq!(token(&enter(kit, LAN, &code).await), TOKEN);
            assert!(!kit.directory().join("state/keys").exists());
        },
    );
}

#[test]
fn wrong_codes_count_down_and_the_fifth_is_the_end() {
    at_home(
        |_| (),
        async |kit| {
            let code = asked_code(kit).await;
            // What cannot be a code is no try.
            for body in ["{\"code\":\"12345\"}", "{\"code\":123456}", "{}", "x"] {
                let answer = post(kit, "/api/v1/pair", LAN, body).await;
                refused(&answer, 400, "E002");
            }
            for left in [4, 3, 2, 1, 0] {
                let wrong = refused(&enter(kit, LAN, &other(&code)).await, 403, "E018");
                assert_eq!(wrong.tries, Some(left));
            }
            refused(&enter(kit, LAN, &code).await, 409, "E019");
            refused(&change(kit, None).await, 403, "E015");
            assert!(!kit.directory().join("state/keys").exists());
        },
    );
}

#[test]
fn a_second_code_takes_a_moment() {
    at_home(
        |_| (),
        async |kit| {
            refused(&enter(kit, LAN, "123456").await, 409, "E019");
            let code = asked_code(kit).await;
            let too_soon = ask(kit, LAN).await;
            refused(&too_soon, 429, "E001");
            let wait: u32 = too_soon.head("retry-after").parse().unwrap();
            assert!((1..=10).contains(&wait), "{wait}");
            assert_eq!(kit.receiver().messages().len(), 1);
            // The first one is still good.
            token(&enter(kit, LAN, &code).await);
        },
    );
}

#[test]
fn who_asks_too_often_waits_as_everywhere() {
    let limited = |config: &mut Config| {
        config.ratelimit.enabled = true;
        config.ratelimit.burst = 2;
        config.ratelimit.rps = 1;
    };
    at_home(limited, async |kit| {
        let answers = together((0..12).map(|_| enter(kit, LAN, "123456"))).await;
        let is_limited = |answer: &&Answer| answer.status == 429;
        let limited = answers.iter().filter(is_limited).count();
        // A slow machine gives back a token meanwhile.
        assert!((1..=10).contains(&limited), "{limited}");
    });
}

#[test]
fn a_dark_television_shows_nothing_and_is_asked_again_at_once_when_it_is_on() {
    at_home(
        |_| (),
        async |kit| {
            kit.receiver().set_standby(true);
            let refusal = refused(&ask(kit, LAN).await, 409, "E020");
            assert!(refusal.error.contains("xg2g token"), "{}", refusal.error);
            assert_eq!(kit.receiver().messages(), []);
            kit.receiver().set_standby(false);
            let code = asked_code(kit).await;
            token(&enter(kit, LAN, &code).await);
        },
    );
}

#[test]
fn a_receiver_that_is_away_or_refuses_is_told_with_the_reason() {
    at_home(
        |_| (),
        async |kit| {
            kit.pass().await;
            kit.receiver().set_fault(Some(Fault::Refused));
            let away = refused(&ask(kit, LAN).await, 503, "E101");
            assert!(away.error.contains("connection refused"), "{}", away.error);
            kit.receiver().set_fault(None);
            for (fault, reason) in [
                (Fault::ResultFalse, "Something went wrong"),
                (Fault::Error500, "500"),
                (Fault::Html, "cannot be read"),
                (Fault::EmptyBody, "cannot be read"),
                (Fault::Reset, "broke off"),
            ] {
                kit.receiver().reset_stats();
                kit.receiver().set_fault_on("/api/message", fault, None);
                let refusal = refused(&ask(kit, LAN).await, 503, "E101");
                assert!(
                    refusal.error.contains(reason),
                    "{fault:?} {}",
                    refusal.error
                );
                assert!(!refusal.error.contains("xg2g:"), "{}", refusal.error);
                // Whatever came of it, it may be on the screen.
                let calls = kit.receiver().stats().calls_by_path;
                assert_eq!(calls["/api/message"], 1, "{fault:?}");
            }
            refused(&enter(kit, LAN, "123456").await, 409, "E019");
            kit.receiver().set_fault_on("/api/message", None, None);
            let code = asked_code(kit).await;
            token(&enter(kit, LAN, &code).await);
        },
    );
}

#[test]
fn strangers_and_their_pages_see_nothing_and_try_nothing() {
    at_home(
        |config| config.auth.token = TOKEN.into(),
        async |kit| {
            let code = asked_code(kit).await;
            let shown = kit.receiver().messages().len();
            for (headers, error) in [
                (OUTSIDE.to_owned(), "E012"),
                (
                    format!("{OUTSIDE}Authorization: Bearer {TOKEN}\r\n"),
                    "E012",
                ),
                (format!("{LAN}Host: evil.example\r\n"), "E014"),
                (format!("{LAN}Origin: http://evil.example\r\n"), "E013"),
                (format!("{LAN}Origin: null\r\n"), "E013"),
                (format!("{LAN}Referer: http://evil.example/box\r\n"), "E013"),
                (format!("{LAN}Sec-Fetch-Site: cross-site\r\n"), "E013"),
                ("X-Forwarded-For: unknown\r\n".to_owned(), "E012"),
            ] {
                refused(&ask(kit, &headers).await, 403, error);
                refused(&enter(kit, &headers, &code).await, 403, error);
            }
            assert_eq!(kit.receiver().messages().len(), shown);
            // The page itself, whose token is one of old times.
            let own = format!("{LAN}Origin: http://box:8080\r\nX-API-Token: old\r\n");
            assert_eq!(token(&enter(kit, &own, &code).await), TOKEN);
        },
    );
}

#[test]
fn with_everything_closed_it_is_the_way_in() {
    at_home(
        |config| config.auth.everything = true,
        async |kit| {
            refused(&kit.get_with("/api/v1/status", LAN).await, 401, "E010");
            let code = asked_code(kit).await;
            let token = token(&enter(kit, LAN, &code).await);
            let shown = format!("{LAN}Authorization: Bearer {token}\r\n");
            assert_eq!(kit.get_with("/api/v1/status", &shown).await.status, 200);
            refused(&ask(kit, OUTSIDE).await, 403, "E012");
        },
    );
}

#[test]
fn who_reads_german_reads_german() {
    at_home(
        |_| (),
        async |kit| {
            let german = format!("{LAN}Accept-Language: de-AT,en;q=0.8\r\n");
            assert_eq!(ask(kit, &german).await.status, 202);
            let shown = kit.receiver().messages();
            assert!(shown[0].text.contains("diesen Code"), "{shown:?}");
            token(&enter(kit, LAN, &code(&shown)).await);
            let english = format!("{LAN}Accept-Language: en-GB, de;q=0.5\r\n");
            assert_eq!(ask(kit, &english).await.status, 202);
            let shown = kit.receiver().messages();
            assert!(shown[1].text.contains("this code"), "{shown:?}");
        },
    );
}

#[test]
fn the_audit_is_told_who_asked_and_who_paired() {
    at_home(
        |_| (),
        async |kit| {
            kit.pass().await;
            let id = |id: &str| format!("{LAN}X-Request-ID: {id}\r\n");
            assert_eq!(ask(kit, &id("ask")).await.status, 202);
            let code = code(&kit.receiver().messages());
            enter(kit, &id("wrong"), &other(&code)).await;
            token(&enter(kit, &id("right"), &code).await);
            enter(kit, &id("late"), &code).await;
            kit.stop().await;
            let text = std::fs::read_to_string(kit.directory().join("data/audit.log")).unwrap();
            let lines: Vec<AuditLine> = text
                .lines()
                .map(|line| AuditLine::deserialize_json(line).unwrap())
                .filter(|line| !line.event_type.starts_with("refresh."))
                .collect();
            let told: Vec<(&str, &str, &str)> = lines
                .iter()
                .map(|line| (&*line.event_type, &*line.action, &*line.request_id))
                .collect();
            assert_eq!(
                told,
                [
                    ("api.access", "POST", "ask"),
                    ("api.access", "POST", "wrong"),
                    ("auth.failure", "pairing", "wrong"),
                    ("api.access", "POST", "right"),
                    ("auth.success", "pairing", "right"),
                    ("config.reload", "reload", "right"),
                    ("api.access", "POST", "late"),
                    ("auth.failure", "pairing", "late"),
                ]
            );
            assert!(lines.iter().all(|line| line.actor == "192.168.7.7"));
            assert_eq!(lines[2].details["reason"], "the code is wrong");
        },
    );
}
