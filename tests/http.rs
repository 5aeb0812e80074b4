//! The HTTP server on real sockets: what clients send, good and bad, and what they get.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod answers;
mod corpus;
mod flood;
mod lifetime;
mod line;
mod refusals;
mod websocket;

use std::fs::File;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, UNIX_EPOCH};

use smol::future::FutureExt;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::{Async, LocalExecutor, Timer};
use xg2g::http::{
    listen, Body, Chunks, Entity, Limits, Live, Method, Part, Piece, Reply, Request, Route, Router,
    Server,
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

/// Counts up for ever, four bytes a number.
struct Numbers(u32);

impl Live for Numbers {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Piece>> {
        let bytes = (self.0..self.0 + 1024).flat_map(u32::to_le_bytes);
        self.0 += 1024;
        Poll::Ready(Some(Piece {
            bytes: Rc::new(bytes.collect()),
            from: 0,
        }))
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
        })
        .taking(64 * 1024),
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
        Route::get("/cmdline", |_, _| async {
            let part = Part::File {
                file: Arc::new(File::open("/proc/self/cmdline").unwrap()),
                offset: 1,
                len: std::fs::read("/proc/self/cmdline").unwrap().len() as u64 - 1,
            };
            Reply {
                body: Body::Parts(vec![part]),
                ..Reply::empty(200)
            }
        }),
        Route::get("/live", |_, _| async {
            Reply {
                body: Body::Live(Box::new(Numbers(0))),
                ..Reply::empty(200)
            }
        }),
        Route::get("/stream", |_, _| async { countdown(3, None) }),
        Route::get("/cut", |_, _| async { countdown(3, Some(1)) }),
        Route::get("/broken", |_, _| async { countdown(3, Some(3)) }),
        Route::new(Method::Delete, "/hello", |_, _| async { Reply::empty(204) }),
    ])
}

fn patient() -> Limits {
    Limits {
        idle: PATIENT,
        head: PATIENT,
        body: PATIENT,
        write: PATIENT,
        linger: PATIENT,
        ..Limits::default()
    }
}

/// Runs a server and a test against it on one executor; a test that hangs fails.
fn with_server<T: Future<Output = ()>>(limits: Limits, test: impl FnOnce(Server) -> T) {
    with_router(router(), limits, test);
}

fn with_router<T: Future<Output = ()>>(
    router: Router,
    limits: Limits,
    test: impl FnOnce(Server) -> T,
) {
    let executor = Rc::new(LocalExecutor::new());
    let listener = listen("127.0.0.1:0").unwrap();
    let server = Server::start(executor.clone(), listener, Rc::new(router), limits).unwrap();
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
