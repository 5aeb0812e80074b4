//! A connection to where a stream comes from.

use std::io;
use std::net::TcpStream;

use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::sockopt::socket_recv_buffer_size;
use smol::io::AsyncWriteExt;
use smol::Async;

use super::intake::Intake;
use super::refusal::Refusal;
use super::source::{of_url, Source};
use crate::http::client::dial;
use crate::model::authority;

/// The longest head of an answer.
const LONGEST_HEAD: usize = 16 * 1024;
/// So many times a URL may send us on.
const REDIRECTS: u32 = 5;
/// The first bytes of a body tell what it is.
const TELLING: usize = 12;

/// An open connection whose answer has begun with what may be a transport stream.
pub(super) struct Upstream {
    socket: Async<TcpStream>,
    pub(super) intake: Intake,
}

impl Upstream {
    /// Connects, asks, reads the head and the first bytes. Has no time limit.
    ///
    /// # Errors
    /// `TunersInUse`, `TuneFailed` or `Elsewhere`.
    pub(super) async fn open(source: &Source) -> Result<Upstream, Refusal> {
        let mut source = source.clone();
        for _ in 0..=REDIRECTS {
            match Upstream::ask(&source).await? {
                Ok(upstream) => return Ok(upstream),
                Err(next) => {
                    source = of_url(&next, &source.host).ok_or(Refusal::Elsewhere(next))?
                }
            }
        }
        Err(failed("it sends us on without end"))
    }

    /// One question: the connection, or the address it sends us to.
    async fn ask(source: &Source) -> Result<Result<Upstream, String>, Refusal> {
        let mut socket = dial(&source.host, source.port)
            .await
            .map_err(|error| failed(&error.to_string()))?;
        socket
            .write_all(source.request.as_bytes())
            .await
            .map_err(|error| failed(&error.to_string()))?;
        let mut upstream = Upstream {
            socket,
            intake: Intake::new(),
        };
        let head = loop {
            upstream.more().await?;
            if let Some(head) = Head::read(upstream.intake.bytes())? {
                break head;
            }
            if upstream.intake.bytes().len() > LONGEST_HEAD {
                return Err(failed("its answer has no end of head"));
            }
        };
        match (head.status, head.location) {
            (300..=399, Some(location)) if source.is_url => {
                return Ok(Err(absolute(&location, source)));
            }
            (200..=299, _) => {}
            (401, _) => return Err(failed("it asks for another login")),
            (status, _) => return Err(failed(&format!("it answers {status}"))),
        }
        upstream.intake.skip(head.length);
        while upstream.intake.bytes().len() < TELLING {
            upstream.more().await?;
        }
        let begin = upstream.intake.bytes();
        // enigma2 says 200 first and then that it cannot.
        if begin.starts_with(b"HTTP/1.") {
            return Err(match begin.get(9..12) {
                Some(b"400") => Refusal::TunersInUse,
                _ => failed("an error in place of a stream"),
            });
        }
        if source.is_url && is_list_or_file(begin) {
            return Err(Refusal::Elsewhere(address(source)));
        }
        Ok(Ok(upstream))
    }

    /// Receives more; how many bytes. 0 is the end.
    pub(super) async fn read(&mut self) -> io::Result<usize> {
        let room = self.intake.room();
        let read = |socket: &TcpStream| Ok(rustix::io::read(socket, spare_capacity(room))?);
        self.socket.read_with(read).await
    }

    /// Receives what is there, without waiting; how many bytes, `None` if there is nothing. 0 is the end.
    pub(super) fn try_read(&mut self) -> io::Result<Option<usize>> {
        let room = self.intake.room();
        match rustix::io::read(self.socket.get_ref(), spare_capacity(room)) {
            Ok(count) => Ok(Some(count)),
            Err(Errno::AGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Bytes that the system keeps for us at most, its own included: about half of them are ours.
    pub(super) fn capacity(&self) -> usize {
        socket_recv_buffer_size(self.socket.get_ref()).unwrap_or(usize::MAX)
    }

    async fn more(&mut self) -> Result<(), Refusal> {
        match self.read().await {
            Ok(0) => Err(failed("it ends before it begins")),
            Ok(_) => Ok(()),
            Err(error) => Err(failed(&error.to_string())),
        }
    }
}

fn failed(why: &str) -> Refusal {
    Refusal::TuneFailed(why.to_owned())
}

/// What we need of the head of an answer.
struct Head {
    length: usize,
    status: u16,
    location: Option<String>,
}

impl Head {
    /// `None` if it is not complete yet.
    fn read(bytes: &[u8]) -> Result<Option<Head>, Refusal> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut answer = httparse::Response::new(&mut headers);
        let length = match answer.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(error) => return Err(failed(&format!("its answer is no HTTP: {error}"))),
        };
        let header = |name: &str| {
            let mut found = answer
                .headers
                .iter()
                .filter(|header| header.name.eq_ignore_ascii_case(name));
            found
                .next()
                .and_then(|header| std::str::from_utf8(header.value).ok())
        };
        if header("transfer-encoding")
            .is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"))
        {
            return Err(failed(
                "its answer comes in chunks, which HTTP/1.0 does not know",
            ));
        }
        Ok(Some(Head {
            length,
            status: answer.code.unwrap_or(0),
            location: header("location").map(str::to_owned),
        }))
    }
}

/// The address a redirect means.
fn absolute(location: &str, source: &Source) -> String {
    let (host, port) = (&source.host, source.port);
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.clone()
    };
    if authority(location).is_some() {
        location.to_owned()
    } else if location.starts_with('/') {
        format!("http://{host}:{port}{location}")
    } else {
        let path = target(source).split(['?', '#']).next().unwrap_or("/");
        let folder = &path[..path.rfind('/').map_or(0, |at| at + 1)];
        format!("http://{host}:{port}{folder}{location}")
    }
}

/// The address a source was made from.
fn address(source: &Source) -> String {
    absolute(target(source), source)
}

fn target(source: &Source) -> &str {
    source.request.split(' ').nth(1).unwrap_or("/")
}

/// Whether a body is a list (HLS, DASH), a page or a file (MP4, Matroska) rather than a transport stream.
fn is_list_or_file(begin: &[u8]) -> bool {
    let lists: [&[u8]; 6] = [
        b"#EXTM3U",
        b"\xEF\xBB\xBF#EXT",
        b"<?xml",
        b"<MPD",
        b"\x1A\x45\xDF\xA3",
        b"ID3",
    ];
    lists.iter().any(|list| begin.starts_with(list)) || begin.get(4..8) == Some(b"ftyp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_may_be_relative() {
        let source = of_url("http://h:81/a/b?c", "box").unwrap();
        assert_eq!(absolute("http://x/y", &source), "http://x/y");
        assert_eq!(absolute("/y", &source), "http://h:81/y");
        assert_eq!(absolute("y.ts", &source), "http://h:81/a/y.ts");
        assert_eq!(address(&source), "http://h:81/a/b?c");
    }

    #[test]
    fn lists_and_files_are_told_from_streams() {
        for begin in [
            &b"#EXTM3U\n#EXT"[..],
            b"<?xml versio",
            b"\0\0\0\x20ftypisom",
            b"\x1A\x45\xDF\xA3",
        ] {
            assert!(is_list_or_file(begin));
        }
        assert!(!is_list_or_file(b"\x47\x40\0\x10\0\0\xB0\x0D\0\x01\xC1\0"));
    }
}
