//! The code is on the television and nowhere else.

use smol::unblock;
use std::net::SocketAddr;

use super::*;
use crate::kit::{get, send, xg2g, Folder, Process};

/// Sends a request from another thread: this one serves the receiver.
async fn pair(address: SocketAddr, body: &str) -> Answer {
    let length = body.len();
    let request = format!(
        "POST /api/v1/pair HTTP/1.1\r\nHost: box:8080\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    unblock(move || send(address, &request)).await
}

#[test]
fn neither_log_nor_audit_nor_answers_hold_the_code_and_a_wrong_configuration_is_no_hindrance() {
    let no_guide = |config: &mut Config| config.guide.enabled = false;
    with(Options::default(), no_guide, async |kit| {
        let (url, port) = (kit.receiver().url(), kit.receiver().stream_port());
        let folder = Folder::new();
        let text = format!(
            "[receiver]\nurl = '{url}'\nsource = 'openwebif'\nretries = 2\nbackoff = '1ms'\n[stream]\nport = {port}\n\
             [files]\nstate = '{}'\n[log]\nlevel = 'trace'\n",
            folder.path("state").display()
        );
        let file = folder.write("xg2g.toml", &text);
        let (config, data) = (
            file.display().to_string(),
            folder.path("data").display().to_string(),
        );
        let mut program = unblock(move || {
            let words = [
                "--config",
                &config,
                "--data",
                &data,
                "--listen",
                "127.0.0.1:0",
            ];
            let mut program = Process::start(&mut xg2g(words));
            let address = program.listens();
            program.says("channels");
            (program, address)
        })
        .await;
        let address = program.1;
        // Codes that come to nothing.
        for fault in [Fault::Error500, Fault::Reset, Fault::HalfJson] {
            kit.receiver().set_fault_on("/api/message", fault, None);
            assert_eq!(pair(address, "").await.status, 503);
        }
        kit.receiver().set_fault_on("/api/message", None, None);
        let mut said = pair(address, "").await.text().to_owned();
        let shown = code(&kit.receiver().messages());
        let wrong = other(&shown);
        for typed in [&wrong, &format!("{shown}\\\",\\\"x\\\":1")] {
            let answer = pair(address, &format!("{{\"code\":\"{typed}\"}}")).await;
            assert!([400, 403].contains(&answer.status));
            said += answer.text();
        }
        // The page may be what somebody wants to mend it with.
        folder.write("xg2g.toml", &text.replace("[log]", "[log]\nlevle = 'x'\n"));
        program = unblock(move || {
            program.0.says("the configuration is wrong");
            program
        })
        .await;
        let given = token(&pair(address, &format!("{{\"code\":\"{shown}\"}}")).await);
        let change = |token: &str| {
            let head =
                "POST /api/v1/config/reload HTTP/1.1\r\nHost: box:8080\r\nConnection: close\r\n";
            let request = format!("{head}{token}\r\n");
            unblock(move || send(address, &request))
        };
        let with_token = change(&format!("Authorization: Bearer {given}\r\n")).await;
        refused(&with_token, 422, "E201");
        refused(&change("").await, 401, "E010");
        for path in ["/api/v1/status", "/api/v1/config", "/metrics"] {
            said += unblock(move || get(address, path)).await.text();
        }
        let (status, log) = unblock(move || program.0.stop()).await;
        assert!(status.success(), "{log}");
        said += &log;
        said += &std::fs::read_to_string(folder.path("data/audit.log")).unwrap();
        assert!(said.contains("somebody at 127.0.0.1 asked for a pairing code"));
        assert!(said.contains("somebody at 127.0.0.1 paired"));
        for message in kit.receiver().messages() {
            let spaced = code(&[message]);
            assert!(
                !holds(&said, &spaced.replace(' ', "")),
                "{spaced} in {said}"
            );
            for secret in [spaced.replace(' ', "%20"), spaced] {
                assert!(!said.contains(&secret), "{secret} in {said}");
            }
        }
        assert!(!said.contains(&given), "{said}");
    });
}

/// Whether a text holds this number by itself: times, sizes and ids have digits enough for any six.
fn holds(text: &str, number: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.';
    text.match_indices(number).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + number.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

#[test]
fn a_number_is_found_only_by_itself() {
    assert!(holds("code 123456, or so", "123456") && holds("=123456&", "123456"));
    for text in ["0.123456", "a123456", "1123456", "1234567", "123456.5"] {
        assert!(!holds(text, "123456"), "{text}");
    }
}

#[test]
fn in_a_demo_the_log_is_the_television() {
    let folder = Folder::new();
    let data = folder.path("data").display().to_string();
    let args = ["--demo", "--listen", "127.0.0.1:0", "--data", &data];
    let mut program = Process::start(&mut xg2g(args));
    let address = program.listens();
    let post = |body: &str| {
        let length = body.len();
        let head = "POST /api/v1/pair HTTP/1.1\r\nHost: box:8080\r\nConnection: close\r\n";
        send(
            address,
            &format!("{head}Content-Length: {length}\r\n\r\n{body}"),
        )
    };
    assert_eq!(post("").status, 202);
    let shown = program.says("the simulated television shows: xg2g: ");
    let given = token(&post(&format!("{{\"code\":\"{}\"}}", &shown[..7])));
    program.says("somebody at 127.0.0.1 paired");
    assert_eq!(given.len(), 32);
    assert!(program.stop().0.success());
}
