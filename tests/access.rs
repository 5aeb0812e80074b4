//! Who may ask, how often, and what those get who may not.
//!
//! All clients are on loopback; a proxy there that is trusted lets them come from anywhere.

#![allow(clippy::unwrap_used)]

mod audited;
mod limits;
mod origins;
mod secrets;
mod tokens;

use xg2g::config::Config;
use xg2g::receiver::demo::Options;

use crate::kit::{with, Answer, Kit};

pub(crate) const TOKEN: &str = "token-0123456789-geheim";
const LAN: &str = "192.168.7.7";
/// Nobody's (RFC 5737).
const OUTSIDE: &str = "203.0.113.9";

/// Runs `test` behind a trusted proxy, without a guide.
fn behind_a_proxy<F: AsyncFnOnce(&Kit)>(change: impl FnOnce(&mut Config), test: F) {
    let change = |config: &mut Config| {
        config.guide.enabled = false;
        config.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        change(config);
    };
    with(Options::default(), change, test);
}

fn from(address: &str) -> String {
    format!("X-Forwarded-For: {address}\r\n")
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

async fn post(kit: &Kit, headers: &str) -> Answer {
    let head = "POST /api/v1/refresh HTTP/1.1\r\n";
    let host = if headers.contains("Host:") {
        ""
    } else {
        "Host: box:8080\r\n"
    };
    kit.request(&format!("{head}{host}{headers}\r\n")).await
}

/// An error in JSON with this status and code, and its id also in a header.
fn is_error(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let id = answer.head("x-request-id");
    let end = format!("\",\"code\":\"{code}\",\"request_id\":\"{id}\"}}");
    assert!(answer.text().starts_with("{\"error\":\""));
    assert!(answer.text().ends_with(&end), "{}", answer.text());
    assert_eq!(answer.head("content-type"), "application/json");
}

/// Asked for a pass, the program began one or was in the middle of one.
fn is_let_in(answer: &Answer) {
    assert!(
        [202, 409].contains(&answer.status),
        "{} {}",
        answer.status,
        answer.text()
    );
}
