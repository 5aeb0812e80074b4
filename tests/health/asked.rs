//! `xg2g check --ready`: what a script is told, and with which exit status.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use crate::kit::{get, xg2g, Folder, Process};

/// What is said, and the exit status.
fn ask(listen: &str) -> (String, i32) {
    let (status, said) = Process::start(&mut xg2g(["check", "--ready", "--listen", listen])).end();
    (said, status.code().unwrap())
}

/// The program with these settings, and where it listens.
fn start(listen: &str, set: &[&str]) -> (Process, SocketAddr) {
    let set = set.iter().flat_map(|set| ["--set", set]);
    let args = ["--listen", listen].into_iter().chain(set);
    let mut program = Process::start(&mut xg2g(args));
    let address = program.listens();
    (program, address)
}

#[test]
fn a_program_that_is_ready_is_0_also_behind_a_key_and_on_any_address() {
    let mut program = Process::start(&mut xg2g([
        "--demo",
        "--listen",
        "127.0.0.1:0",
        "--set",
        "auth.everything=true",
        "--set",
        "guide.enabled=false",
    ]));
    let address = program.listens();
    while get(address, "/readyz").status != 200 {}
    assert_eq!(get(address, "/playlist.m3u").status, 401);
    let port = address.port();
    for listen in [
        address.to_string(),
        format!(":{port}"),
        format!("0.0.0.0:{port}"),
    ] {
        assert_eq!(ask(&listen), ("ready".into(), 0), "{listen}");
    }
}

#[test]
fn a_program_on_the_loopback_of_ipv6_is_found() {
    if TcpListener::bind("[::1]:0").is_err() {
        // A kernel without IPv6.
        return;
    }
    let folder = Folder::new();
    let data = format!("files.data={}", folder.path("data").display());
    let set = [&*data, "receiver.url=http://127.0.0.1:9"];
    let (_program, address) = start("[::1]:0", &set);
    for listen in [address.to_string(), format!("[::]:{}", address.port())] {
        let (said, status) = ask(&listen);
        assert_eq!(status, 1, "{said}");
    }
}

#[test]
fn a_program_that_is_not_ready_is_1_with_what_is_missing() {
    let folder = Folder::new();
    let data = format!("files.data={}", folder.path("data").display());
    let set = [&*data, "receiver.url=http://127.0.0.1:9"];
    let (_program, address) = start("127.0.0.1:0", &set);
    let (said, status) = ask(&address.to_string());
    assert_eq!(status, 1, "{said}");
    assert!(said.starts_with("not ready\n"), "{said}");
    let line = "unhealthy  playlist      the receiver has not told its channels yet";
    assert!(said.lines().any(|said| said == line), "{said}");
}

#[test]
fn nobody_and_somebody_else_are_3() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let (said, status) = ask(&address.to_string());
    assert_eq!(status, 3, "{said}");
    assert_eq!(
        said,
        format!("{address} does not answer: nothing listens there")
    );

    for (answer, says) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            "is not xg2g",
        ),
        ("HTTP/1.1 404 Nope\r\nContent-Length: 0\r\n\r\n", "says 404"),
        ("220 mail\r\n\r\n", "speaks no HTTP"),
    ] {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = other.local_addr().unwrap();
        let serving = std::thread::spawn(move || {
            let (mut socket, _) = other.accept().unwrap();
            let _ = socket.read(&mut [0; 1_024]).unwrap();
            socket.write_all(answer.as_bytes()).unwrap();
        });
        let (said, status) = ask(&address.to_string());
        assert_eq!(status, 3, "{said}");
        assert!(said.contains(says), "{said}");
        serving.join().unwrap();
    }
}

#[test]
fn a_wrong_configuration_is_78_as_everywhere() {
    let args = ["check", "--ready", "--set", "guide.days=99"];
    let (status, said) = Process::start(&mut xg2g(args)).end();
    assert_eq!(status.code(), Some(78), "{said}");
    assert!(said.contains("guide.days"), "{said}");
}
