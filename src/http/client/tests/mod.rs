//! The client against scripted servers on loopback.

mod answers;
mod requests;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Client, Error, Fetched, Head, Settings, Sink};

/// What the server does on one connection, after it has read the request.
enum Answer {
    /// Sends this and closes.
    Whole(String),
    /// Sends this byte by byte, each in its own packet, and closes.
    Bytewise(&'static str),
    /// Sends this and then nothing, until the client goes.
    Hang(&'static str),
    /// Sends this, then an `x` every few milliseconds, until the client goes.
    Drip(&'static str),
}

use Answer::{Bytewise, Drip, Hang, Whole};

struct Server {
    port: u16,
    requests: async_channel::Receiver<String>,
    thread: JoinHandle<()>,
}

impl Server {
    /// Serves one connection for each answer, then listens no more.
    fn start(answers: Vec<Answer>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = async_channel::unbounded();
        let thread = std::thread::spawn(move || {
            for answer in answers {
                let (mut socket, _) = listener.accept().unwrap();
                sender.try_send(read_head(&mut socket)).unwrap();
                serve(&mut socket, answer);
            }
        });
        Server {
            port,
            requests,
            thread,
        }
    }

    fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Everything that was asked, when all is served.
    fn requests(self) -> Vec<String> {
        self.thread.join().unwrap();
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }
}

fn read_head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// The client may be gone at any time: that is what some tests are about.
fn serve(socket: &mut TcpStream, answer: Answer) {
    socket.set_nodelay(true).unwrap();
    match answer {
        Whole(text) => drop(socket.write_all(text.as_bytes())),
        Bytewise(text) => {
            for byte in text.as_bytes() {
                let _ = socket.write_all(&[*byte]);
            }
        }
        Hang(text) => {
            let _ = socket.write_all(text.as_bytes());
            let _ = socket.read(&mut [0]);
        }
        Drip(text) => {
            let _ = socket.write_all(text.as_bytes());
            socket
                .set_read_timeout(Some(Duration::from_millis(5)))
                .unwrap();
            // A read that ends by its timeout is an error, the client's leaving is none.
            while socket.read(&mut [0]).is_err() && socket.write_all(b"x").is_ok() {}
        }
    }
}

fn settings(base: String) -> Settings {
    Settings {
        base,
        user: String::new(),
        password: String::new(),
        timeout: Duration::from_secs(20),
        retries: 0,
        backoff: Duration::from_millis(1),
        max_backoff: Duration::from_millis(2),
        user_agent: "xg2g/test".into(),
    }
}

fn ok(body: &str) -> Answer {
    Whole(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

fn status(line: &str) -> Answer {
    Whole(format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n"))
}

type Result = std::result::Result<(Fetched, Vec<u8>), Error>;

/// Fetches `/x` with these settings.
fn get_with(settings: Settings) -> Result {
    smol::block_on(Client::new(settings)?.get("/x", 1000))
}

/// Fetches `/x` once from a server with this one answer.
fn get(answer: Answer) -> Result {
    let server = Server::start(vec![answer]);
    let result = get_with(settings(server.base()));
    server.requests();
    result
}

/// As [`get`], where the answer never ends: so many milliseconds are allowed.
fn get_within(milliseconds: u64, answer: Answer) -> Result {
    let server = Server::start(vec![answer]);
    let timeout = Duration::from_millis(milliseconds);
    let result = get_with(Settings {
        timeout,
        ..settings(server.base())
    });
    server.requests();
    result
}

fn text(result: Result) -> String {
    String::from_utf8(result.unwrap().1).unwrap()
}
