//! Connections that come to stay: silent ones, and slow ones that begin a request and never end it.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use rustix::net::{self, AddressFamily, SocketType};

/// How many addresses of loopback they come from: 127.0.0.1 and the next ones.
const SOURCES: u8 = 8;
/// What the slow ones send of their requests.
const BEGINNINGS: [&[u8]; 4] = [
    b"",
    b"G",
    b"GET /playlist.m3u HTTP/1.1\r\nHost: ",
    b"POST / HTTP/1.1\r\nHost: box\r\nContent-Length: 1000\r\n\r\n",
];

/// Open connections, each with the last number of the address it comes from.
pub(crate) struct Flood {
    to: SocketAddr,
    sockets: Vec<(u8, TcpStream)>,
}

impl Flood {
    pub(crate) fn new(to: SocketAddr) -> Flood {
        Flood {
            to,
            sockets: Vec::new(),
        }
    }

    /// Opens more of them.
    pub(crate) fn rise(&mut self, count: usize) {
        for _ in 0..count {
            let number = self.sockets.len();
            let source = 1 + (number % usize::from(SOURCES)) as u8;
            let mut socket = connect_from(source, self.to);
            // Fails only if it has been closed already.
            let _ = socket.write_all(beginning(number));
            socket.set_nonblocking(true).unwrap();
            self.sockets.push((source, socket));
        }
    }

    /// Another byte on each but the silent ones.
    pub(crate) fn drip(&mut self) {
        for (number, (_, socket)) in self.sockets.iter_mut().enumerate() {
            if !beginning(number).is_empty() {
                let _ = socket.write(b"x");
            }
        }
    }

    /// How many are still open, by source.
    pub(crate) fn open(&self) -> BTreeMap<u8, usize> {
        let mut open = BTreeMap::new();
        for (source, socket) in &self.sockets {
            let peeked = socket.peek(&mut [0]);
            if peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
                *open.entry(*source).or_default() += 1;
            }
        }
        open
    }
}

fn beginning(number: usize) -> &'static [u8] {
    BEGINNINGS[number / usize::from(SOURCES) % BEGINNINGS.len()]
}

/// Connects from 127.0.0.`source`.
pub(crate) fn connect_from(source: u8, to: SocketAddr) -> TcpStream {
    let socket = net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    let from = SocketAddr::from((Ipv4Addr::new(127, 0, 0, source), 0));
    net::bind(&socket, &from).unwrap();
    net::connect(&socket, &to).unwrap();
    socket.into()
}
