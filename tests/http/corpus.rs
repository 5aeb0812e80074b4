//! Requests as attackers, scanners, broken clients and lost programs send them, each with what it gets. Behind each
//! stands a good one, which must not be answered when the first is refused: else a proxy in front and we would see
//! two different requests in the same bytes.

mod bodies;
mod headers;
mod hosts;
mod lines;
mod paths;

use super::*;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// Answered, and the next one too.
    Yes(u16),
    /// Answered, and what comes behind it is refused.
    Then(u16, u16),
    /// Answered, but the client wanted no more.
    Last(u16),
    /// Refused, and nothing behind it is looked at.
    No(u16),
    /// Taken for the beginning of something that never comes; closed without a word.
    Cut,
}

const NEXT: &[u8] = b"GET /name/next HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n";

/// Sends a request with the next one behind it; tells what is wrong with what comes back.
async fn judge(server: &Server, request: &[u8], end: End) -> Result<(), String> {
    let mut stream = connect(server).await;
    stream.write_all(&[request, NEXT].concat()).await.unwrap();
    let done = stream.get_ref().shutdown(std::net::Shutdown::Write);
    done.unwrap();
    let answer = rest(&mut stream).await;
    let expected = match end {
        End::Yes(status) => vec![status, 200],
        End::Then(status, next) => vec![status, next],
        End::Last(status) | End::No(status) => vec![status],
        End::Cut => Vec::new(),
    };
    let got: Vec<u16> = statuses(&answer)
        .iter()
        .map(|status| status.parse().unwrap())
        .collect();
    let has_next = answer.ends_with("<next>");
    let is_told = match end {
        End::No(status) => is_refusal(&answer, status),
        End::Then(_, status) => is_refusal(answer.rsplit("HTTP/1.1 ").next().unwrap(), status),
        End::Cut => answer.is_empty(),
        End::Yes(_) | End::Last(_) => true,
    } && !reflects(&answer);
    if got == expected && has_next == matches!(end, End::Yes(_)) && is_told {
        return Ok(());
    }
    let shown: String = request
        .escape_ascii()
        .to_string()
        .chars()
        .take(200)
        .collect();
    Err(format!("{end:?} {shown}\n  got {got:?}: {answer:?}"))
}

/// Whether an answer closes, is JSON with the code of its status and an id of ours, and repeats nothing it was sent.
fn is_refusal(answer: &str, status: u16) -> bool {
    let code = match status {
        400 | 411 | 417 => "E002",
        413 | 414 | 431 => "E005",
        501 | 505 => "E007",
        _ => "none",
    };
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let id = head.split("x-request-id: ").nth(1).unwrap_or_default();
    let id = id.split("\r\n").next().unwrap_or_default();
    head.contains("\r\nconnection: close")
        && head.contains("\r\ncontent-type: application/json")
        && body.contains(&format!("\"code\":\"{code}\""))
        && body.ends_with(&format!("\"request_id\":\"{id}\"}}"))
        && !body.contains("evil")
}

/// Whether a header of an answer has what the request tried to get into it.
fn reflects(answer: &str) -> bool {
    let answer = answer.to_lowercase();
    let mut headers = answer.lines().filter(|line| line.starts_with("x-"));
    headers.any(|line| line.contains("evil"))
}

fn check(cases: impl IntoIterator<Item = (End, Vec<u8>)>, least: usize) {
    with_server(patient(), |server| async move {
        let (mut wrong, mut count) = (Vec::new(), 0);
        for (end, request) in cases {
            count += 1;
            wrong.extend(judge(&server, &request, end).await.err());
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(count >= least, "only {count}");
        let (head, body) = ask(&server, "GET /hello", "").await;
        assert!(head.starts_with("HTTP/1.1 200 ") && body == "hello");
    });
}

#[test]
fn first_lines() {
    let cases = lines::CASES.iter();
    check(cases.map(|(end, bytes)| (*end, bytes.to_vec())), 60);
}

#[test]
fn paths_and_queries() {
    let request = |target| format!("GET {target} HTTP/1.1\r\nHost: box\r\n\r\n").into_bytes();
    let cases = paths::CASES.iter();
    check(cases.map(|(end, target)| (*end, request(target))), 60);
}

#[test]
fn hosts() {
    let request = |target, lines| format!("GET {target} HTTP/1.1\r\n{lines}\r\n").into_bytes();
    let cases = hosts::CASES.iter();
    check(
        cases.map(|(end, target, lines)| (*end, request(target, lines))),
        40,
    );
}

#[test]
fn header_lines() {
    let request = |lines: &[u8]| {
        let before = b"GET /hello HTTP/1.1\r\nHost: box\r\n";
        [before, lines, b"\r\n\r\n"].concat()
    };
    let cases = headers::CASES.iter();
    check(cases.map(|(end, lines)| (*end, request(lines))), 50);
}

#[test]
fn bodies_and_their_framing() {
    let request = |rest: &str| format!("POST /echo HTTP/1.1\r\nHost: box\r\n{rest}").into_bytes();
    let cases = bodies::CASES.iter();
    check(cases.map(|(end, rest)| (*end, request(rest))), 50);
}

#[test]
fn what_is_too_long() {
    use End::{No, Yes};
    const HEAD: usize = 8 * 1024;
    let with = |headers: String| format!("GET /hello HTTP/1.1\r\nHost: box\r\n{headers}\r\n");
    let padded = |length: usize| {
        let frame = with("X: \r\n".into()).len();
        with(format!("X: {}\r\n", "a".repeat(length - frame)))
    };
    let line = |length: usize| {
        let frame = "GET /name/ HTTP/1.1\r\n".len();
        let name = "a".repeat(length - frame);
        format!("GET /name/{name} HTTP/1.1\r\nHost: box\r\n\r\n")
    };
    let body = |length: usize| {
        let head = format!("POST /echo HTTP/1.1\r\nHost: box\r\nContent-Length: {length}\r\n\r\n");
        head + &"b".repeat(length)
    };
    let cases = [
        (Yes(200), padded(HEAD)),
        (No(431), padded(HEAD + 1)),
        (No(431), padded(20 * HEAD)),
        (Yes(200), with("a:\r\n".repeat(99))),
        (No(431), with("a:\r\n".repeat(100))),
        (No(431), with("a:\r\n".repeat(1000))),
        (No(431), with(format!("{}: b\r\n", "a".repeat(HEAD)))),
        (Yes(200), line(HEAD - "Host: box\r\n\r\n".len())),
        (No(431), line(HEAD)),
        (No(414), line(HEAD + 1)),
        (No(414), line(20 * HEAD)),
        (No(414), format!("GET /?{}", "a=b&".repeat(HEAD))),
        (No(414), "A".repeat(HEAD)),
        (No(414), "A".repeat(200_000)),
        (No(414), "\r\n".repeat(HEAD)),
        (No(400), " ".repeat(HEAD)),
        (No(400), "\0".repeat(200_000)),
        (
            No(501),
            format!("{} /hello HTTP/1.1\r\nHost: box\r\n\r\n", "A".repeat(1000)),
        ),
        (
            No(400),
            format!("GET /hello HTTP/1.1\r\nHost: {}\r\n\r\n", "a".repeat(254)),
        ),
        (Yes(200), body(64 * 1024)),
        (No(413), body(64 * 1024 + 1)),
    ];
    check(cases.map(|(end, request)| (end, request.into_bytes())), 20);
}
