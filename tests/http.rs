//! The HTTP server on real sockets: what clients send, good and bad, and what they get.

use std::fs::File;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use smol::future::FutureExt;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::{Async, LocalExecutor, Timer};
use xg2g::http::{
    listen, Body, Chunks, Entity, Limits, Method, Part, Reply, Request, Route, Router, Server,
};

/// Larger than what two socket buffers on loopback take.
const BIG: usize = 32 * 1024 * 1024;
/// Limits that no test waits for unless it sets them.
const PATIENT: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(50);

/// Counts down, one chunk each.
struct Countdown {
    left: u32,
    fails_at: Option<u32>,
}

impl Chunks for Countdown {
    fn next(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        if self.fails_at == Some(self.left) {
            return Err(io::Error::other("out of numbers"));
        }
        out.extend_from_slice(format!("{} ", self.left).as_bytes());
        self.left -= 1;
        Ok(self.left > 0)
    }
}

/// A file without a name that holds `text`.
fn file(text: &[u8]) -> Arc<File> {
    use std::io::Write;
    static NAMES: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NAMES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("xg2g-http-{}-{number}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let mut options = File::options();
    let options = options.read(true).write(true).create_new(true);
    let mut file = options.open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    file.write_all(text).unwrap();
    Arc::new(file)
}

fn countdown(left: u32, fails_at: Option<u32>) -> Reply {
    let body = Body::Stream(Box::new(Countdown { left, fails_at }));
    Reply {
        body,
        ..Reply::empty(200)
    }
}

fn router() -> Router {
    let parts = vec![
        Part::Bytes(b"<<".as_slice().into()),
        Part::File {
            file: file(b"0123456789"),
            offset: 2,
            len: 5,
        },
        Part::Bytes(b"".as_slice().into()),
        Part::Bytes(b">>".as_slice().into()),
    ];
    let short = Part::File {
        file: file(b"0123"),
        offset: 0,
        len: 100,
    };
    let entity = Entity {
        parts: vec![Part::file(file(b"0123456789")).unwrap()],
        etag: "\"v1\"".to_owned(),
        last_modified: UNIX_EPOCH + Duration::from_secs(784_111_777),
        content_type: "text/plain",
        encoding: None,
        cache_control: "no-cache",
        varies: true,
    };
    Router::new(vec![
        Route::get("/hello", |_, _| async {
            Reply::new(200, "text/plain", "hello".to_owned())
        }),
        Route::get("/name/{x}", |_, params| async move {
            Reply::new(200, "text/plain", format!("<{}>", params.get("x")))
        }),
        Route::post("/echo", |request, _| async {
            Reply::new(200, "text/plain", request.body)
        }),
        Route::get("/about", |request: Request, _| async move {
            let text = format!(
                "{} {} {}",
                request.host,
                request.peer.ip(),
                request.http_1_0
            );
            Reply::new(200, "text/plain", text)
        }),
        Route::get("/reflect", |request: Request, _| async move {
            let value = request.query("v").unwrap_or_default().to_owned();
            Reply::empty(204).with("x-value", value)
        }),
        Route::get("/line/{x}", |request: Request, params| async move {
            let header = request
                .header("x-lines")
                .unwrap_or_default()
                .replace('|', "\r\n");
            Reply::empty(204).with("x-value", header + params.get("x"))
        }),
        Route::get("/parts", move |_, _| {
            let parts = parts.clone();
            async move {
                Reply {
                    body: Body::Parts(parts),
                    ..Reply::empty(200)
                }
            }
        }),
        Route::get("/short", move |_, _| {
            let parts = vec![short.clone()];
            async move {
                Reply {
                    body: Body::Parts(parts),
                    ..Reply::empty(200)
                }
            }
        }),
        Route::get("/entity", move |request: Request, _| {
            let entity = entity.clone();
            async move { entity.reply(&request) }
        }),
        Route::get("/big", |_, _| async {
            Reply::new(200, "text/plain", vec![b'x'; BIG])
        }),
        Route::get("/stream", |_, _| async { countdown(3, None) }),
        Route::get("/cut", |_, _| async { countdown(3, Some(1)) }),
        Route::get("/broken", |_, _| async { countdown(3, Some(3)) }),
        Route::new(Method::Delete, "/hello", |_, _| async { Reply::empty(204) }),
        Route::get("/never", |_, _| std::future::pending()),
    ])
}

fn patient() -> Limits {
    Limits {
        idle: PATIENT,
        head: PATIENT,
        body: PATIENT,
        write: PATIENT,
        linger: PATIENT,
        connections: 256,
    }
}

/// Runs a server and a test against it on one executor; a test that hangs fails.
fn with_server<T: Future<Output = ()>>(limits: Limits, test: impl FnOnce(Server) -> T) {
    let executor = Rc::new(LocalExecutor::new());
    let listener = listen("127.0.0.1:0").unwrap();
    let router = Rc::new(router());
    let server = Server::start(executor.clone(), listener, router, limits).unwrap();
    let late = async {
        Timer::after(Duration::from_secs(30)).await;
        panic!("the test hangs");
    };
    smol::block_on(executor.run(test(server).or(late)));
}

async fn connect(server: &Server) -> Async<TcpStream> {
    Async::<TcpStream>::connect(server.local_addr())
        .await
        .unwrap()
}

/// Everything the server sends until it closes.
async fn rest(stream: &mut Async<TcpStream>) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Sends `bytes` and reads until the server closes.
async fn send(server: &Server, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = connect(server).await;
    stream.write_all(bytes.as_ref()).await.unwrap();
    rest(&mut stream).await
}

/// One request with `Connection: close`, to head and body.
async fn ask(server: &Server, line: &str, headers: &str) -> (String, String) {
    let request = format!("{line} HTTP/1.1\r\nHost: box\r\nConnection: close\r\n{headers}\r\n");
    let answer = send(server, request).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect(&answer);
    (head.to_owned(), body.to_owned())
}

fn statuses(answers: &str) -> Vec<&str> {
    answers
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|rest| &rest[..3])
        .collect()
}

fn lacks(head: &str, name: &str) -> bool {
    !head
        .lines()
        .any(|line| line.starts_with(&format!("{name}:")))
}

#[test]
fn an_answer_has_length_date_and_request_id() {
    with_server(patient(), |server| async move {
        let (head, body) = ask(&server, "GET /hello", "X-Request-ID: mine\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        for line in [
            "content-length: 5",
            "x-request-id: mine",
            "connection: close",
        ] {
            assert!(head.contains(line), "{head}");
        }
        assert!(
            head.contains("\r\ndate: ") && head.contains(" GMT\r\n"),
            "{head}"
        );
        assert_eq!(body, "hello");
        let (one, _) = ask(&server, "GET /hello", "").await;
        let (two, _) = ask(&server, "GET /hello", "").await;
        let id = |head: &str| {
            head.split("x-request-id: ")
                .nth(1)
                .map(str::to_owned)
                .unwrap()
        };
        assert_ne!(id(&one), id(&two));
    });
}

#[test]
fn pipelined_requests_are_all_answered_in_order() {
    with_server(patient(), |server| async move {
        let mut requests = String::new();
        for number in 0..50 {
            requests += &format!("GET /name/{number} HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        requests += "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
        requests += "GET /name/last HTTP/1.1\r\nHost: a\r\nConnection: TE, close\r\n\r\n";
        let answers = send(&server, requests).await;
        assert_eq!(statuses(&answers), ["200"; 52]);
        let mut at = 0;
        for number in 0..50 {
            at += answers[at..].find(&format!("<{number}>")).unwrap();
        }
        assert!(answers.ends_with("<last>"));
        assert!(answers[at..].contains("\r\n\r\nabcHTTP/1.1"));
    });
}

#[test]
fn a_request_in_single_bytes_is_answered() {
    with_server(patient(), |server| async move {
        let mut stream = connect(&server).await;
        let request =
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
        for byte in request.bytes() {
            stream.write_all(&[byte]).await.unwrap();
            smol::future::yield_now().await;
        }
        assert!(rest(&mut stream).await.ends_with("ok"));
    });
}

#[test]
fn a_body_of_64_kib_comes_through_whole() {
    with_server(patient(), |server| async move {
        let body = "b".repeat(64 * 1024);
        let head =
            "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 65536\r\n\r\n";
        let answer = send(&server, format!("{head}{body}")).await;
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")));
    });
}

#[test]
fn what_cannot_be_served_is_answered_and_closed() {
    with_server(patient(), |server| async move {
        let bad: [(&[u8], &str); 18] = [
            (b"GET /hello HTTP/1.1\r\nHost: a\r\nX-A: \xc3\xa9\r\n\r\n", "400"),
            (b"GET /hello HTTP/1.1\r\n\r\n", "400"),
            (b"GET /hello HTTP/1.1\r\nHost:\r\n\r\n", "400"),
            (b"GET /url HTTP/1.1\r\nHost: a/hello?\r\n\r\n", "400"),
            (b"GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n", "400"),
            (b"GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
            (b"GET /%2e%2e/hello HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
            (b"GET /hello HTTP/1.1\nHost: a\n\n", "400"),
            (b"GET /hello\r\n", "400"),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400"),
            (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"),
            (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde", "400"),
            (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n", "413"),
            (b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "501"),
            (b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501"),
            (b"BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
            (b"GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", "505"),
            (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
        ];
        for (request, status) in bad {
            let shown = String::from_utf8_lossy(request).into_owned();
            let mut stream = connect(&server).await;
            // A request behind it must not be answered.
            let more = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
            stream.write_all(&[request, more].concat()).await.unwrap();
            stream
                .get_ref()
                .shutdown(std::net::Shutdown::Write)
                .unwrap();
            let answer = rest(&mut stream).await;
            assert_eq!(statuses(&answer), [status], "{shown}");
            assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
            assert!(
                answer.contains("\r\ncontent-type: application/json\r\n"),
                "{answer}"
            );
            let id = answer.split("x-request-id: ").nth(1).unwrap();
            let id = id.split("\r\n").next().unwrap();
            assert!(
                answer.ends_with(&format!("\"request_id\":\"{id}\"}}")),
                "{answer}"
            );
        }
    });
}

#[test]
fn a_head_of_200_kb_is_refused_and_the_client_still_sees_the_answer() {
    with_server(patient(), |server| async move {
        let mut stream = connect(&server).await;
        stream.write_all(&vec![b'A'; 200_000]).await.unwrap();
        stream
            .get_ref()
            .shutdown(std::net::Shutdown::Write)
            .unwrap();
        assert_eq!(statuses(&rest(&mut stream).await), ["431"]);
    });
}

#[test]
fn http_1_0_is_served_with_and_without_host_and_closed() {
    with_server(patient(), |server| async move {
        let answer = send(&server, "GET /about HTTP/1.0\r\n\r\n").await;
        let expected = format!("{} 127.0.0.1 true", server.local_addr());
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with(&expected), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        let asked = "GET /about HTTP/1.0\r\nHost: me:1\r\nConnection: keep-alive\r\n\r\n";
        assert!(send(&server, asked).await.ends_with("me:1 127.0.0.1 true"));
        let stream = send(&server, "GET /stream HTTP/1.0\r\n\r\n").await;
        let (head, body) = stream.split_once("\r\n\r\n").unwrap();
        assert!(lacks(head, "transfer-encoding") && lacks(head, "content-length"));
        assert_eq!(body, "3 2 1 ");
    });
}

#[test]
fn absolute_targets_are_served_for_their_own_host() {
    with_server(patient(), |server| async move {
        let (_, body) = ask(&server, "GET http://other:81/about", "").await;
        assert_eq!(body, "other:81 127.0.0.1 false");
    });
}

#[test]
fn head_has_the_true_headers_and_no_body() {
    with_server(patient(), |server| async move {
        for (path, framing) in [
            ("/hello", "content-length: 5\r\n"),
            ("/big", &*format!("content-length: {BIG}\r\n")),
            ("/parts", "content-length: 9\r\n"),
            ("/entity", "content-length: 10\r\n"),
            ("/stream", "transfer-encoding: chunked\r\n"),
        ] {
            let (head, body) = ask(&server, &format!("HEAD {path}"), "").await;
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
            assert!(head.contains(framing), "{head}");
            assert_eq!(body, "", "{path}");
        }
        let (head, body) = ask(&server, "HEAD /none", "").await;
        assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
        assert_eq!(body, "");
    });
}

#[test]
fn a_known_version_is_304_without_a_length_and_the_connection_goes_on() {
    with_server(patient(), |server| async move {
        let request = "GET /entity HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"v1\"\r\n\r\n\
                       GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let answers = send(&server, request).await;
        assert_eq!(statuses(&answers), ["304", "200"]);
        let (head, rest) = answers.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 304 Not Modified\r\n"), "{head}");
        assert!(
            lacks(head, "content-length") && lacks(head, "transfer-encoding"),
            "{head}"
        );
        assert!(
            head.contains("last-modified: Sun, 06 Nov 1994 08:49:37 GMT"),
            "{head}"
        );
        assert!(rest.starts_with("HTTP/1.1 200 OK"), "{rest}");
    });
}

#[test]
fn a_range_of_a_file_is_206_and_one_outside_416() {
    with_server(patient(), |server| async move {
        let (head, body) = ask(&server, "GET /entity", "Range: bytes=3-5\r\n").await;
        assert!(
            head.starts_with("HTTP/1.1 206 Partial Content\r\n"),
            "{head}"
        );
        assert!(head.contains("content-range: bytes 3-5/10\r\n"), "{head}");
        assert_eq!(body, "345");
        let (head, body) = ask(&server, "GET /entity", "Range: bytes=10-\r\n").await;
        assert!(head.starts_with("HTTP/1.1 416 "), "{head}");
        assert!(head.contains("content-range: bytes */10\r\n"), "{head}");
        assert!(body.contains("\"E002\""), "{body}");
    });
}

#[test]
fn memory_and_files_are_sent_one_after_the_other() {
    with_server(patient(), |server| async move {
        let (head, body) = ask(&server, "GET /parts", "").await;
        assert!(head.contains("content-length: 9\r\n"), "{head}");
        assert_eq!(body, "<<23456>>");
        let (_, big) = ask(&server, "GET /big", "").await;
        assert_eq!(big.len(), BIG);
    });
}

#[test]
fn a_file_shorter_than_promised_ends_the_connection() {
    with_server(patient(), |server| async move {
        let two = "GET /short HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
        let mut stream = connect(&server).await;
        stream.write_all(two.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        // The end may come as a reset, since the second request was never read.
        let _ = stream.read_to_end(&mut bytes).await;
        let answer = String::from_utf8(bytes).unwrap();
        assert_eq!(statuses(&answer), ["200"]);
        assert!(answer.ends_with("\r\n\r\n0123"), "{answer}");
    });
}

#[test]
fn a_stream_is_chunked_and_a_cut_one_has_no_end() {
    with_server(patient(), |server| async move {
        let (head, body) = ask(&server, "GET /stream", "").await;
        assert!(head.contains("transfer-encoding: chunked"), "{head}");
        assert_eq!(body, "2\r\n3 \r\n2\r\n2 \r\n2\r\n1 \r\n0\r\n\r\n");
        let (_, body) = ask(&server, "GET /cut", "").await;
        assert_eq!(body, "2\r\n3 \r\n2\r\n2 \r\n");
        let (head, body) = ask(&server, "GET /broken", "").await;
        assert!(head.starts_with("HTTP/1.1 500 "), "{head}");
        assert!(body.contains("\"E901\""), "{body}");
    });
}

#[test]
fn expect_is_answered_before_the_body_in_any_case_of_letters() {
    with_server(patient(), |server| async move {
        let mut stream = connect(&server).await;
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\
                    Connection: close\r\nContent-Length: 4\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut go = [0; 25];
        stream.read_exact(&mut go).await.unwrap();
        assert_eq!(&go, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(b"body").await.unwrap();
        assert!(rest(&mut stream).await.ends_with("\r\n\r\nbody"));
        // Nobody waits when the body is already there.
        let answer = send(&server, format!("{head}body")).await;
        assert_eq!(statuses(&answer), ["200"]);
    });
}

#[test]
fn an_unknown_path_is_404_and_another_method_405() {
    with_server(patient(), |server| async move {
        for path in ["/none", "//hello", "/hello/", "/hello%2F"] {
            let (head, body) = ask(&server, &format!("GET {path}"), "").await;
            assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
            assert!(body.contains("\"code\":\"E003\""), "{body}");
        }
        let (head, body) = ask(&server, "PUT /hello", "").await;
        assert!(head.starts_with("HTTP/1.1 405 "), "{head}");
        assert!(
            head.contains("allow: GET, HEAD, DELETE, OPTIONS\r\n"),
            "{head}"
        );
        assert!(body.contains("\"code\":\"E004\""), "{body}");
        let (head, _) = ask(&server, "OPTIONS *", "").await;
        assert!(head.starts_with("HTTP/1.1 204 No Content\r\n"), "{head}");
        assert!(
            head.contains("allow: GET, HEAD, POST, DELETE, OPTIONS\r\n"),
            "{head}"
        );
        assert!(lacks(&head, "content-length"), "{head}");
    });
}

#[test]
fn a_header_a_client_could_break_is_not_sent() {
    with_server(patient(), |server| async move {
        let (head, _) = ask(&server, "GET /line/a", "X-Lines: a|X-Evil: 1\r\n").await;
        assert!(head.starts_with("HTTP/1.1 204 "), "{head}");
        assert!(lacks(&head, "x-value") && lacks(&head, "X-Evil"), "{head}");
        let (head, _) = ask(&server, "GET /line/%C3%A9", "").await;
        assert!(lacks(&head, "x-value"), "{head}");
        let (head, _) = ask(&server, "GET /reflect?v=a%0d%0aX-Evil:1", "").await;
        assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    });
}

#[test]
fn a_slow_head_and_a_slow_body_are_408_and_silence_is_just_closed() {
    let limits = Limits {
        head: SHORT,
        body: SHORT,
        idle: SHORT,
        ..patient()
    };
    with_server(limits, |server| async move {
        for start in [
            "GET /hello HTTP/1.1\r\nHos",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
        ] {
            let mut stream = connect(&server).await;
            stream.write_all(start.as_bytes()).await.unwrap();
            let mut answer = vec![0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer, b"HTTP/1.1 408");
        }
        let mut silent = connect(&server).await;
        assert_eq!(rest(&mut silent).await, "");
        // Also after an answer.
        assert_eq!(
            statuses(&send(&server, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").await),
            ["200"]
        );
    });
}

#[test]
fn a_client_that_drips_its_head_is_cut_at_the_total_time() {
    let limits = Limits {
        head: SHORT,
        linger: Duration::ZERO,
        ..patient()
    };
    with_server(limits, |server| async move {
        let mut drip = connect(&server).await;
        let start = Instant::now();
        // Other answers set the pace: a byte comes far more often than every 50 ms.
        while drip.write_all(b"X").await.is_ok() {
            ask(&server, "GET /hello", "").await;
            assert!(start.elapsed() < Duration::from_secs(10), "never cut");
        }
    });
}

#[test]
fn a_client_that_never_reads_is_cut() {
    let limits = Limits {
        write: SHORT,
        ..patient()
    };
    with_server(limits, |server| async move {
        let mut stream = connect(&server).await;
        let request = "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        // The server's end is gone when a stop with an endless grace returns.
        server.stop(PATIENT).await;
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        assert!(bytes.len() < BIG);
    });
}

#[test]
fn a_connection_above_the_limit_is_told_so() {
    let limits = Limits {
        connections: 2,
        ..patient()
    };
    with_server(limits, |server| async move {
        let hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
        let mut open = Vec::new();
        for _ in 0..2 {
            let mut stream = connect(&server).await;
            stream.write_all(hello.as_bytes()).await.unwrap();
            stream.read_exact(&mut [0; 12]).await.unwrap();
            open.push(stream);
        }
        let mut third = connect(&server).await;
        let mut answer = vec![0; 12];
        third.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, b"HTTP/1.1 503");
        drop((open, third));
        // The places are free again as soon as the server has seen the ends.
        loop {
            let request = hello.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
            let mut stream = connect(&server).await;
            let mut answer = Vec::new();
            let asked = stream.write_all(request.as_bytes()).await.is_ok();
            let read = stream.read_to_end(&mut answer).await.is_ok();
            if asked && read && answer.starts_with(b"HTTP/1.1 200") {
                return;
            }
        }
    });
}

#[test]
fn stopping_closes_idle_connections_and_lets_running_answers_end() {
    with_server(patient(), |server| async move {
        let address: SocketAddr = server.local_addr();
        let mut idle = connect(&server).await;
        idle.write_all(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        idle.read_exact(&mut [0; 12]).await.unwrap();
        let mut running = connect(&server).await;
        running
            .write_all(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        running.read_exact(&mut [0; 12]).await.unwrap();
        let client = async {
            rest(&mut idle).await;
            assert!(rest(&mut running).await.len() > BIG);
        };
        smol::future::zip(server.stop(PATIENT), client).await;
        assert!(Async::<TcpStream>::connect(address).await.is_err());
    });
}

#[test]
fn stopping_cuts_what_does_not_end_in_time() {
    with_server(patient(), |server| async move {
        let mut stuck = connect(&server).await;
        stuck
            .write_all(b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        ask(&server, "GET /hello", "").await;
        server.stop(SHORT).await;
        assert_eq!(rest(&mut stuck).await, "");
    });
}
