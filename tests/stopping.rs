//! The program ends in order, and in time.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use rustix::process::Signal;

use crate::kit::{get, send, xg2g, Process};

const STREAM: &str = "/stream/1-0-19-2B01-3E9-1-C00000-0-0-0.ts";

fn demo() -> (Process, SocketAddr) {
    let mut command = xg2g(["--demo", "--listen", "127.0.0.1:0"]);
    let mut program = Process::start(command.args([
        "--set",
        "stream.max_readers_per_client=64",
        "--set",
        "server.max_connections_per_client=200",
    ]));
    let address = program.listens();
    program.says("Ctrl-C stops it");
    (program, address)
}

fn open(address: SocketAddr, path: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: box\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    socket
}

#[test]
fn fifty_streams_and_a_pass_under_way_are_ended_in_order() {
    let (program, address) = demo();
    let mut streams: Vec<TcpStream> = (0..50).map(|_| open(address, STREAM)).collect();
    for stream in &mut streams {
        let mut begin = [0; 15];
        stream.read_exact(&mut begin).unwrap();
        assert_eq!(&begin, b"HTTP/1.1 200 OK");
    }
    let refresh = "POST /api/v1/refresh HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n";
    assert_eq!(send(address, refresh).status, 202);
    assert!(get(address, "/api/v1/streams")
        .text()
        .contains("\"client\""));
    let (status, said) = program.stop();
    assert!(status.success(), "{said}");
    let line = said.lines().find(|line| line.contains("ended: ")).unwrap();
    let mut rest = line;
    for name in [
        "configuration",
        "listener",
        "streams",
        "refresh",
        "connections",
        "channels",
        "audit",
    ] {
        let (_, after) = rest.split_once(&format!("{name} ")).unwrap();
        rest = after;
    }
    for mut stream in streams {
        // To its end, or cut: but it does end.
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

#[test]
fn told_to_stop_twice_it_does_not_wait() {
    // Who is slow to tell it the second time sees it end by itself.
    for _ in 0..5 {
        let (mut program, address) = demo();
        // Nobody reads this, so it is waited for.
        let _slow: Vec<TcpStream> = (0..20).map(|_| open(address, "/xmltv.xml")).collect();
        get(address, "/healthz");
        program.tell(Signal::TERM);
        program.says("told to stop");
        program.tell(Signal::TERM);
        let (status, said) = program.end();
        if said.contains("told to stop once more, it ended at once") {
            assert_eq!(status.code(), Some(1), "{said}");
            return;
        }
        assert!(status.success(), "{said}");
    }
    panic!("it never heard the second time");
}
