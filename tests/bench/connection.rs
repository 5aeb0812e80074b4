//! A plain client.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use super::{Outcome, PATIENCE};

/// A keep-alive connection.
pub(crate) struct Connection(pub(crate) BufReader<TcpStream>);

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn get(address: &str, path: &str, headers: &str) -> Outcome<Answer> {
    Connection::open(address)?.get(path, headers)
}

impl Connection {
    pub(crate) fn open(address: &str) -> Outcome<Connection> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Connection(BufReader::with_capacity(256 * 1024, socket)))
    }

    pub(crate) fn get(&mut self, path: &str, headers: &str) -> Outcome<Answer> {
        self.ask("GET", path, headers)
    }

    pub(crate) fn ask(&mut self, method: &str, path: &str, headers: &str) -> Outcome<Answer> {
        let request = format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n{headers}\r\n");
        self.0.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status = line.split(' ').nth(1).ok_or("no status")?.parse()?;
        let (mut length, mut chunked) = (0, false);
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let head = line.trim_end().to_ascii_lowercase();
            if head.is_empty() {
                break;
            }
            if let Some(value) = head.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            chunked |= head == "transfer-encoding: chunked";
        }
        let mut body = Vec::new();
        if !chunked {
            self.take(length, &mut body)?;
        }
        while chunked {
            line.clear();
            self.0.read_line(&mut line)?;
            let count = usize::from_str_radix(line.trim_end(), 16)?;
            self.take(count, &mut body)?;
            self.0.read_line(&mut line)?;
            chunked = count > 0;
        }
        Ok(Answer { status, body })
    }

    pub(crate) fn take(&mut self, count: usize, body: &mut Vec<u8>) -> io::Result<()> {
        let begin = body.len();
        body.resize(begin + count, 0);
        self.0.read_exact(&mut body[begin..])
    }
}
