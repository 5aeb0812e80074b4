//! Discovery on loopback: real sockets, nothing that leaves the machine.

use std::cell::Cell;
use std::rc::Rc;

use smol::Async;

use super::*;
use crate::model::DeviceId;

const ANY: &str = "0.0.0.0:8080";
const LOOPBACK: &str = "127.0.0.1:8080";

/// What a server at an address needs, everything allowed, no rival.
fn needs(server: &str) -> Needs {
    Needs {
        ports: Ports::NONE,
        server: server.parse().unwrap(),
        device: Box::new(|| Device {
            id: DeviceId::of_mac([0, 0x1d, 0xec, 0x12, 0x34, 0x56]),
            name: "Box".into(),
            tuners: 2,
        }),
        tuners: Box::new(Vec::new),
        is_near: Box::new(|_| true),
        rival: Box::new(|| Box::pin(async { None })),
        state: Rc::default(),
    }
}

/// Runs something with discovery at work, and stops it.
fn at_work<T, F: Future<Output = T>>(needs: Needs, work: impl FnOnce(Rc<State>) -> F) -> T {
    let executor = Rc::new(LocalExecutor::new());
    let state = needs.state.clone();
    let discovery = start(&executor, needs);
    smol::block_on(executor.run(async move {
        let result = work(state.clone()).await;
        discovery.stop().await;
        let told = state.told();
        assert_eq!((&*told.discovery, told.ports), ("off", Ports::NONE));
        result
    }))
}

/// Waits until discovery is as wanted.
async fn told(state: &State, is_wanted: impl Fn(&Told) -> bool) -> Told {
    loop {
        let told = state.told();
        if is_wanted(&told) {
            return told;
        }
        smol::future::yield_now().await;
    }
}

/// Asks by unicast, from an address and port of its own.
async fn ask(state: &State, target: &str) -> Async<UdpSocket> {
    let port = told(state, |told| told.ports.ssdp != 0).await.ports.ssdp;
    let asker = Async::<UdpSocket>::bind(([127, 0, 0, 1], 0)).unwrap();
    let search = format!(
        "M-SEARCH * HTTP/1.1\r\nHOST: 127.0.0.1:{port}\r\nMAN: \"ssdp:discover\"\r\nST: {target}\r\n\r\n"
    );
    let to = SocketAddr::from(([127, 0, 0, 1], port));
    asker.send_to(search.as_bytes(), to).await.unwrap();
    asker
}

async fn hear(asker: &Async<UdpSocket>) -> String {
    let mut bytes = [0; 2048];
    let len = asker.recv(&mut bytes).await.unwrap();
    String::from_utf8(bytes[..len].to_vec()).unwrap()
}

#[test]
fn a_search_on_loopback_is_answered_with_where_we_are_described() {
    at_work(needs(LOOPBACK), |state| async move {
        let asker = ask(&state, "upnp:rootdevice").await;
        let answer = hear(&asker).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        let location = "\r\nLOCATION: http://127.0.0.1:8080/device.xml\r\n";
        assert!(answer.contains(location), "{answer}");
        assert!(answer.contains("\r\nST: upnp:rootdevice\r\n"), "{answer}");
        let asker = ask(&state, "ssdp:all").await;
        for end in [
            "::upnp:rootdevice",
            "0000105",
            "::urn:schemas-upnp-org:device:MediaServer:1",
        ] {
            let answer = hear(&asker).await;
            let usn = answer
                .lines()
                .find(|line| line.starts_with("USN: uuid:7c9e6a52-"));
            assert!(usn.unwrap().contains(end), "{answer}");
        }
        assert_eq!(state.told().warnings, [""; 0]);
    });
}

#[test]
fn who_is_not_near_gets_no_answer() {
    let refused = Rc::new(Cell::new(0));
    let count = refused.clone();
    let strict = Needs {
        is_near: Box::new(move |_| {
            count.set(count.get() + 1);
            count.get() > 1
        }),
        ..needs(LOOPBACK)
    };
    at_work(strict, |state| async move {
        let first = ask(&state, "upnp:rootdevice").await;
        let second = ask(&state, "upnp:rootdevice").await;
        hear(&second).await;
        let silence = first.get_ref().recv(&mut [0; 16]).unwrap_err();
        assert_eq!(silence.kind(), std::io::ErrorKind::WouldBlock);
        assert_eq!(refused.get(), 2);
    });
}

#[test]
fn a_rival_is_not_disturbed() {
    const WHY: &str = "HRTunerProxy answers on port 6081";
    let with_rival = Needs {
        rival: Box::new(|| Box::pin(async { Some(WHY.to_owned()) })),
        ..needs(LOOPBACK)
    };
    at_work(with_rival, |state| async move {
        let told = told(&state, |told| told.discovery != "off").await;
        assert_eq!(told.discovery, WHY);
        assert_eq!(told.ports, Ports::NONE);
    });
}

#[test]
fn we_begin_when_a_rival_goes_and_end_when_it_comes_back() {
    let present = Rc::new(Cell::new(true));
    let seen = present.clone();
    let rivalled = Needs {
        rival: Box::new(move || {
            let rival = seen.get().then(|| "a rival".to_owned());
            Box::pin(async { rival })
        }),
        ..needs(LOOPBACK)
    };
    let voices = Voices::new("x".into());
    let turns = async {
        told(&rivalled.state, |told| told.discovery == "a rival").await;
        present.set(false);
        told(&rivalled.state, |told| told.ports.ssdp != 0).await;
        assert_eq!(rivalled.state.told().discovery, "on");
        present.set(true);
        let told = told(&rivalled.state, |told| told.discovery == "a rival").await;
        assert_eq!(told.ports, Ports::NONE);
    };
    smol::block_on(live(&rivalled, &voices, Duration::from_millis(1)).or(turns));
}

#[test]
fn a_server_that_ipv4_does_not_reach_is_not_announced() {
    at_work(needs("[::1]:8080"), |state| async move {
        let told = told(&state, |told| told.discovery != "off").await;
        assert_eq!((&*told.discovery, told.ports), (IPV6_ONLY, Ports::NONE));
    });
}

#[test]
fn the_address_is_the_one_the_peer_reaches() {
    let peer = IpAddr::from(Ipv4Addr::LOCALHOST);
    let base = |server: &str| needs(server).base(peer);
    let expected = Some("http://127.0.0.1:8080".to_owned());
    for server in [ANY, LOOPBACK, "[::]:8080", "[::ffff:127.0.0.1]:8080"] {
        assert_eq!(base(server), expected, "{server}");
    }
    for server in ["192.0.2.7:8080", "[::1]:8080", "[2001:db8::7]:8080"] {
        assert_eq!(base(server), None, "{server}");
    }
    assert_eq!(
        needs(ANY).base("::ffff:127.0.0.1".parse().unwrap()),
        expected
    );
    assert_eq!(needs(ANY).base("::1".parse().unwrap()), None);
    assert_eq!(needs(ANY).base(Ipv4Addr::BROADCAST.into()), None);
}

#[test]
fn the_longest_address_is_as_long_as_clients_take() {
    let longest = needs("0.0.0.0:65535").at([192, 168, 178, 100].into());
    assert_eq!(longest, "http://192.168.178.100:65535");
    assert_eq!(longest.len(), 28);
}
