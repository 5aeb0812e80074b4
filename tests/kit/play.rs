//! A player: opens a stream and looks at its packets.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpStream};

use rustix::net::{self, sockopt, AddressFamily, SocketType};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::Async;

use super::{Answer, Kit};

pub(crate) const PACKET: usize = 188;
/// What the simulated receiver carries pictures on.
pub(crate) const PICTURE: u16 = 0x101;
const NULL: u16 = 0x1FFF;

/// An open stream.
pub(crate) struct Play {
    pub(crate) answer: Answer,
    socket: Async<TcpStream>,
    left: Vec<u8>,
    counters: HashMap<u16, u8>,
    /// Packets whose counter did not follow the last one.
    pub(crate) gaps: u32,
    /// Packets of stuffing such as the program sends while it mends a stream.
    pub(crate) stuffing: u32,
    /// Places where the stream says that it does not go on from what was before.
    pub(crate) joints: u32,
    is_joint: bool,
}

impl Kit {
    /// Opens a stream; the answer's head is there when this returns.
    pub(crate) async fn play(&self, path: &str) -> Play {
        self.play_with(&format!("GET {path} HTTP/1.1\r\nHost: box:8080\r\n\r\n"))
            .await
    }

    pub(crate) async fn play_with(&self, request: &str) -> Play {
        Play::of(self.address(), request).await
    }

    /// The same over a socket that keeps next to nothing for a player that does not read.
    pub(crate) async fn play_narrowly(&self, request: &str) -> Play {
        let address = self.address();
        let socket = net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        sockopt::set_socket_recv_buffer_size(&socket, 4096).unwrap();
        net::connect(&socket, &address).unwrap();
        let socket = Async::new(TcpStream::from(socket)).unwrap();
        Play::begin(socket, request).await
    }
}

impl Play {
    /// Opens a stream of a program that listens at `address`.
    pub(crate) async fn of(address: SocketAddr, request: &str) -> Play {
        let socket = Async::<TcpStream>::connect(address).await.unwrap();
        Play::begin(socket, request).await
    }

    async fn begin(mut socket: Async<TcpStream>, request: &str) -> Play {
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            let mut piece = [0; 512];
            let count = socket.read(&mut piece).await.unwrap();
            assert!(count > 0, "the head was cut");
            bytes.extend_from_slice(&piece[..count]);
        };
        let left = bytes.split_off(end);
        Play {
            answer: Answer::parse(&bytes),
            socket,
            left,
            counters: HashMap::new(),
            gaps: 0,
            stuffing: 0,
            joints: 0,
            is_joint: false,
        }
    }

    /// The next packet; `None` at the end, which must be between two packets.
    pub(crate) async fn packet(&mut self) -> Option<Vec<u8>> {
        while self.left.len() < PACKET {
            let mut piece = [0; 16 * 1024];
            let count = self.socket.read(&mut piece).await.unwrap_or(0);
            if count == 0 {
                assert!(self.left.is_empty(), "a packet was cut");
                return None;
            }
            self.left.extend_from_slice(&piece[..count]);
        }
        let packet: Vec<u8> = self.left.drain(..PACKET).collect();
        assert_eq!(packet[0], 0x47, "no packet");
        self.count(&packet);
        Some(packet)
    }

    /// The next `count` packets; the stream must not end before.
    pub(crate) async fn packets(&mut self, count: usize) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        for _ in 0..count {
            packets.push(self.packet().await.expect("the stream ended"));
        }
        packets
    }

    /// Reads until the stream ends.
    pub(crate) async fn end(&mut self) {
        while self.packet().await.is_some() {}
    }

    /// Reads until a packet for which `wanted` holds.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        loop {
            let packet = self.packet().await.expect("the stream ended");
            if wanted(&packet) {
                return packet;
            }
        }
    }

    fn count(&mut self, packet: &[u8]) {
        let (pid, counter) = (pid(packet), packet[3] & 0x0F);
        if pid == NULL {
            // Those of the simulated receiver are told by nothing but their number: only at a joint they are ours.
            self.stuffing += u32::from(self.is_joint);
            return;
        }
        let is_discontinuity = packet[3] & 0x20 != 0 && packet[4] > 0 && packet[5] & 0x80 != 0;
        self.joints += u32::from(is_discontinuity && !self.is_joint);
        self.is_joint = is_discontinuity;
        let step = u8::from(packet[3] & 0x10 != 0);
        let last = self.counters.insert(pid, counter);
        let follows = last.is_none_or(|last| (last + step) & 0x0F == counter);
        self.gaps += u32::from(!follows);
    }
}

pub(crate) fn pid(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[1] & 0x1F, packet[2]])
}

/// Whether it is the first packet of a picture.
pub(crate) fn begins_picture(packet: &[u8]) -> bool {
    pid(packet) == PICTURE && packet[1] & 0x40 != 0
}
