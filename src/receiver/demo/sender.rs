//! Sends a stream at its own pace, well or badly.

use super::programme::mix;
use super::relay::scramble;
use super::state::State;
use super::stream_fault::{After, StreamFault};
use super::ts::{Muxer, PACKET};
use smol::io::AsyncWriteExt;
use smol::{future, Async, Timer};
use std::io;
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Time of one picture: a stream is sent in bursts this far apart, as enigma2 reads its demultiplexer.
const PICTURE: Duration = Duration::from_millis(40);
/// Pictures sent at once, so that players can start.
const HEAD_START: u32 = 10;
/// A reader that takes nothing for so long is dropped (`TCP_USER_TIMEOUT` of enigma2's socket).
const PATIENCE: Duration = Duration::from_secs(10);
/// A reader so far behind gets its packets later from then on; they are not sent in a rush.
const LAG: Duration = Duration::from_secs(1);
/// Bytes of a packet that a misaligned write leaves for the next one.
const TORN: usize = 77;

/// What is to be sent.
pub(super) struct Feed {
    pub(super) program: u16,
    pub(super) name: String,
    pub(super) radio: bool,
}

/// How it is to be sent.
#[derive(Default)]
pub(super) struct Manner {
    pub(super) scrambled: bool,
    pub(super) fault: Option<StreamFault>,
    /// In chunks of HTTP/1.1.
    pub(super) chunked: bool,
    /// No more pictures than this.
    pub(super) pictures: Option<u32>,
}

/// Sends until the end of the stream, which a reader decides or a fault.
pub(super) async fn send(
    state: &State,
    socket: &Async<TcpStream>,
    feed: &Feed,
    mut manner: Manner,
) -> io::Result<()> {
    let begin = Instant::now();
    let mut wire = Wire {
        socket,
        chunked: manner.chunked,
        torn: None,
    };
    match manner.fault {
        Some(StreamFault::Silence) => return future::pending().await,
        Some(StreamFault::Slow(wait)) => drop(Timer::after(wait).await),
        Some(StreamFault::Misaligned(length)) => {
            wire.write(&garbage(length, 0)).await?;
            wire.torn = Some(Vec::new());
        }
        _ => {}
    }
    let mut muxer = Muxer::new(feed, state.picture(), state.rate);
    let mut start = Instant::now();
    let mut quiet_until = start;
    let mut packets = Vec::new();
    let mut sent = 0;
    for number in 0..manner.pictures.unwrap_or(u32::MAX) {
        let due = start + PICTURE * number.saturating_sub(HEAD_START);
        let now = Instant::now();
        if due > now {
            Timer::at(due).await;
        } else if now - due > LAG {
            start += now - due;
        }
        state.run_timers();
        muxer.next(&mut packets);
        if state.connections.borrow().stalled || Instant::now() < quiet_until {
            continue;
        }
        let room = manner.fault.map_or(usize::MAX, |f| room(f, sent, begin));
        packets.truncate(room.saturating_mul(PACKET));
        if manner.scrambled {
            scramble(&mut packets);
        }
        match manner.fault {
            Some(StreamFault::Garbage) => wire.write(&garbage(packets.len(), sent)).await?,
            Some(StreamFault::Drip(pause)) => {
                for packet in packets.chunks(PACKET) {
                    wire.write(packet).await?;
                    Timer::after(pause).await;
                }
            }
            _ => wire.write(&packets).await?,
        }
        sent += packets.len() / PACKET;
        match manner.fault {
            Some(StreamFault::Stall(_)) if room <= state.rate => return future::pending().await,
            Some(StreamFault::Cut(_)) if room <= state.rate => return Ok(()),
            Some(StreamFault::Pause(_, length)) if room <= state.rate => {
                quiet_until = Instant::now() + length;
                manner.fault = None;
            }
            _ => {}
        }
    }
    wire.finish().await
}

/// Packets that may be sent before a fault strikes.
fn room(fault: StreamFault, sent: usize, begin: Instant) -> usize {
    match fault {
        StreamFault::Stall(after) | StreamFault::Cut(after) | StreamFault::Pause(after, _) => {
            match after {
                After::Packets(packets) => packets.saturating_sub(sent),
                After::Time(time) if begin.elapsed() < time => usize::MAX,
                After::Time(_) => 0,
            }
        }
        _ => usize::MAX,
    }
}

/// Bytes without a sync byte among them, different ones for each `seed`.
fn garbage(length: usize, seed: usize) -> Vec<u8> {
    let byte = |index: usize| match mix((seed * PACKET + index) as u64) as u8 {
        0x47 => 0x74,
        byte => byte,
    };
    (0..length).map(byte).collect()
}

/// The way to the reader.
struct Wire<'a> {
    socket: &'a Async<TcpStream>,
    chunked: bool,
    /// The end of the last write, if writes end in the middle of packets.
    torn: Option<Vec<u8>>,
}

impl Wire<'_> {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(torn) = &mut self.torn {
            let mut all = std::mem::take(torn);
            all.extend_from_slice(bytes);
            let keep = all.len().min(TORN);
            *torn = all.split_off(all.len() - keep);
            return self.put(&all).await;
        }
        if self.chunked && !bytes.is_empty() {
            let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
            chunk.extend_from_slice(bytes);
            chunk.extend_from_slice(b"\r\n");
            return self.put(&chunk).await;
        }
        self.put(bytes).await
    }

    async fn finish(&mut self) -> io::Result<()> {
        if self.chunked {
            self.put(b"0\r\n\r\n").await?;
        }
        Ok(())
    }

    async fn put(&self, bytes: &[u8]) -> io::Result<()> {
        let mut socket = self.socket;
        let late = async {
            Timer::after(PATIENCE).await;
            Err(io::ErrorKind::TimedOut.into())
        };
        future::or(socket.write_all(bytes), late).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_has_no_sync_byte() {
        assert!(!garbage(100_000, 0).contains(&0x47));
        assert_ne!(garbage(188, 0), garbage(188, 1));
    }

    #[test]
    fn room_is_counted_in_packets_or_time() {
        let now = Instant::now();
        let cut = StreamFault::Cut(After::Packets(50));
        assert_eq!((room(cut, 40, now), room(cut, 50, now)), (10, 0));
        let late = StreamFault::Cut(After::Time(Duration::ZERO));
        assert_eq!(room(late, 0, now), 0);
        assert_eq!(room(StreamFault::Garbage, 40, now), usize::MAX);
    }
}
