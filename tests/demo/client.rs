//! A plain client, and receivers whose time stands still.

use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::{Async, LocalExecutor, Timer};
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};
use xg2g::receiver::demo::{self, Clock, Options, Receiver};

pub(super) const NOW: u64 = 1_795_374_280;
pub(super) const FAVOURITES: &str = "userbouquet.favourites.tv";
pub(super) const FIRST: &str = "1:0:19:2B01:3E9:1:C00000:0:0:0:";

/// A test that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a test against a receiver whose time stands still.
pub(super) fn with<F: Future<Output = ()>>(options: Options, test: impl FnOnce(Receiver) -> F) {
    let executor = Rc::new(LocalExecutor::new());
    let receiver = demo::start(&executor, options).unwrap();
    let late = async {
        Timer::after(PATIENCE).await;
        panic!("the test hangs");
    };
    smol::block_on(executor.run(smol::future::or(test(receiver), late)));
}

pub(super) fn still() -> Options {
    let clock = Clock::new(|| UNIX_EPOCH + Duration::from_secs(NOW));
    Options {
        clock,
        ..Options::default()
    }
}

pub(super) struct Reply {
    pub(super) head: String,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or("")
    }

    pub(super) fn count(&self, text: &str) -> usize {
        self.body.matches(text).count()
    }
}

pub(super) async fn connect(receiver: &Receiver) -> io::Result<Async<TcpStream>> {
    let port = receiver.url().rsplit_once(':').unwrap().1.parse().unwrap();
    Async::<TcpStream>::connect((Ipv4Addr::LOCALHOST, port)).await
}

pub(super) async fn exchange(receiver: &Receiver, request: &str) -> io::Result<Vec<u8>> {
    let mut socket = connect(receiver).await?;
    socket.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).await?;
    Ok(bytes)
}

pub(super) async fn ask(receiver: &Receiver, path: &str, headers: &str) -> io::Result<Reply> {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Connection: close\r\n\r\n");
    let bytes = exchange(receiver, &request).await?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    Ok(Reply {
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

/// A connection to a stream port on which this was sent.
pub(super) async fn open(port: u16, request: &str) -> Async<TcpStream> {
    let mut socket = Async::<TcpStream>::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    socket
}

/// What the stream port answers, up to so many bytes.
pub(super) async fn stream(receiver: &Receiver, request: &str, length: usize) -> Vec<u8> {
    let socket = open(receiver.stream_port(), request).await;
    let mut bytes = Vec::new();
    socket
        .take(length as u64)
        .read_to_end(&mut bytes)
        .await
        .unwrap();
    bytes
}

/// So many packets of a service, without the head before them.
pub(super) async fn packets(port: u16, sref: &str, count: usize) -> Vec<u8> {
    let mut socket = watch(port, sref).await;
    let mut bytes = vec![0; count * 188];
    socket.read_exact(&mut bytes).await.unwrap();
    bytes
}

/// A stream that was asked for, its head read.
pub(super) async fn watch(port: u16, sref: &str) -> Async<TcpStream> {
    let mut socket = open(port, &format!("GET /{sref} HTTP/1.1\r\n\r\n")).await;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).await.unwrap();
        head.push(byte[0]);
    }
    socket
}

/// What comes until the end of the stream.
pub(super) async fn rest(mut socket: Async<TcpStream>) -> Vec<u8> {
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).await.unwrap();
    bytes
}

pub(super) async fn get(receiver: &Receiver, path: &str) -> Reply {
    ask(receiver, path, "").await.unwrap()
}

pub(super) fn quote(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

pub(super) fn bouquet(file: &str) -> String {
    quote(&format!(
        "1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"{file}\" ORDER BY bouquet"
    ))
}
