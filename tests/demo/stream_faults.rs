//! Streams that go wrong on request.

use super::client::{open, packets, rest, still, watch, with, FIRST};
use smol::io::AsyncReadExt;
use smol::{Async, Timer};
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};
use xg2g::receiver::demo::{After, Port, Receiver, StreamFault};

const SECOND: &str = "1:0:19:2B02:3E9:1:C00000:0:0:0:";
const SHORT: Duration = Duration::from_millis(100);

/// Whether nothing comes for a while, and no end either.
async fn is_silent(socket: &mut Async<TcpStream>) -> bool {
    let read = async { socket.read(&mut [0; 100_000]).await.is_err() };
    let wait = async {
        Timer::after(SHORT).await;
        true
    };
    smol::future::or(read, wait).await
}

async fn with_fault(receiver: &Receiver, fault: StreamFault) -> Async<TcpStream> {
    receiver.set_stream_fault(Some(FIRST), fault, Some(1));
    watch(receiver.stream_port(), FIRST).await
}

#[test]
fn faults_strike_the_service_named_as_often_as_told() {
    with(still(), |receiver| async move {
        let port = receiver.stream_port();
        receiver.set_stream_fault(Some(FIRST), StreamFault::Busy, Some(2));
        packets(port, SECOND, 1).await;
        for _ in 0..2 {
            let bytes = rest(watch(port, FIRST).await).await;
            assert_eq!(bytes, b"HTTP/1.0 400 Bad Request\r\n\r\n");
        }
        packets(port, FIRST, 1).await;
        receiver.set_stream_fault(None, StreamFault::Closed, None);
        assert!(rest(watch(port, SECOND).await).await.is_empty());
        assert!(rest(watch(receiver.relay_port(), FIRST).await)
            .await
            .is_empty());
        receiver.set_stream_fault(None, None, None);
        packets(port, SECOND, 1).await;
    });
}

#[test]
fn faults_before_the_head_look_as_named() {
    with(still(), |receiver| async move {
        let port = receiver.stream_port();
        let request = format!("GET /{FIRST} HTTP/1.1\r\n\r\n");
        receiver.set_stream_fault(None, StreamFault::Reset, Some(1));
        let reset = open(port, &request).await.read(&mut [0]).await;
        assert_eq!(
            reset.err().map(|e| e.kind()),
            Some(io::ErrorKind::ConnectionReset)
        );
        receiver.set_stream_fault(None, StreamFault::Unauthorized, Some(1));
        assert!(rest(open(port, &request).await)
            .await
            .starts_with(b"HTTP/1.0 401 "));
        receiver.set_stream_fault(None, StreamFault::Mute, Some(1));
        assert!(is_silent(&mut open(port, &request).await).await);
    });
}

#[test]
fn streams_stall_stop_and_are_cut_where_told() {
    with(still(), |receiver| async move {
        let mut silent = with_fault(&receiver, StreamFault::Silence).await;
        assert!(is_silent(&mut silent).await);
        let after = After::Packets(50);
        let mut stalled = with_fault(&receiver, StreamFault::Stall(after)).await;
        stalled.read_exact(&mut [0; 50 * 188]).await.unwrap();
        assert!(is_silent(&mut stalled).await);
        let cut = rest(with_fault(&receiver, StreamFault::Cut(after)).await).await;
        assert_eq!(cut.len(), 50 * 188);
        let begin = Instant::now();
        let cut = StreamFault::Cut(After::Time(SHORT));
        let bytes = rest(with_fault(&receiver, cut).await).await;
        assert!(begin.elapsed() >= SHORT && bytes.len() > 188);
    });
}

#[test]
fn a_pause_loses_what_would_have_been_sent() {
    with(still(), |receiver| async move {
        let pause = StreamFault::Pause(After::Packets(10 * 40), SHORT);
        let mut socket = with_fault(&receiver, pause).await;
        let mut bytes = vec![0; 14 * 40 * 188];
        socket.read_exact(&mut bytes).await.unwrap();
        let clock =
            |packet: &&[u8]| packet[3] & 0x20 != 0 && packet[4] > 7 && packet[5] & 0x10 != 0;
        let clocks = bytes.chunks(188).filter(clock);
        let clocks: Vec<u32> = clocks
            .map(|packet| u32::from_be_bytes([packet[6], packet[7], packet[8], packet[9]]))
            .collect();
        let steps: Vec<u32> = clocks.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(
            steps.iter().filter(|step| **step != 1_800).count(),
            1,
            "{steps:?}"
        );
    });
}

#[test]
fn wrong_bytes_are_wrong_as_told() {
    with(still(), |receiver| async move {
        let mut bytes = vec![0; 10_000];
        let mut socket = with_fault(&receiver, StreamFault::Garbage).await;
        socket.read_exact(&mut bytes).await.unwrap();
        assert!(!bytes.contains(&0x47));
        let mut socket = with_fault(&receiver, StreamFault::Misaligned(100)).await;
        socket.read_exact(&mut bytes).await.unwrap();
        assert!(bytes[100..].chunks(188).all(|packet| packet[0] == 0x47));
        assert!(!bytes[..100].contains(&0x47));
        let mut socket = with_fault(&receiver, StreamFault::Scrambled).await;
        socket.read_exact(&mut bytes[..40 * 188]).await.unwrap();
        let scrambled = |packet: &[u8]| packet[3] & 0xC0 == 0x80;
        assert!(bytes[..40 * 188].chunks(188).any(scrambled));
    });
}

#[test]
fn slow_streams_are_slow() {
    with(still(), |receiver| async move {
        let begin = Instant::now();
        let mut socket = with_fault(&receiver, StreamFault::Slow(SHORT)).await;
        socket.read_exact(&mut [0; 188]).await.unwrap();
        assert!(begin.elapsed() >= SHORT);
        let begin = Instant::now();
        let mut socket = with_fault(&receiver, StreamFault::Drip(SHORT / 5)).await;
        socket.read_exact(&mut [0; 6 * 188]).await.unwrap();
        assert!(begin.elapsed() >= SHORT);
    });
}

#[test]
fn all_streams_can_be_stalled_and_cut_at_once() {
    with(still(), |receiver| async move {
        let mut one = watch(receiver.stream_port(), FIRST).await;
        let mut two = watch(receiver.relay_port(), SECOND).await;
        for socket in [&mut one, &mut two] {
            socket.read_exact(&mut [0; 400 * 188]).await.unwrap();
        }
        receiver.set_stalled(true);
        for socket in [&mut one, &mut two] {
            // What was on its way.
            while !is_silent(socket).await {}
        }
        receiver.set_stalled(false);
        one.read_exact(&mut [0; 188]).await.unwrap();
        receiver.cut_streams();
        rest(one).await;
        rest(two).await;
        while receiver.stream_connections()[FIRST].open > 0 {
            smol::future::yield_now().await;
        }
    });
}

#[test]
fn a_stream_port_can_be_closed_alone() {
    with(still(), |receiver| async move {
        receiver.set_port_open(Port::Streams, false);
        let address = (Ipv4Addr::LOCALHOST, receiver.stream_port());
        let refused = Async::<TcpStream>::connect(address).await.err();
        assert_eq!(
            refused.map(|e| e.kind()),
            Some(io::ErrorKind::ConnectionRefused)
        );
        packets(receiver.relay_port(), FIRST, 1).await;
        receiver.set_port_open(Port::Streams, true);
        packets(receiver.stream_port(), FIRST, 1).await;
    });
}
