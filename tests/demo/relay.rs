//! The second stream port, encrypted services, and the login of the first one.

use super::client::{get, open, packets, rest, still, with, FIRST};
use smol::io::AsyncReadExt;
use xg2g::receiver::demo::{Clear, Options, Port, Receiver};

const ENCRYPTED: &str = "1:0:1F:2B22:3ED:1:C00000:0:0:0:";

fn is_scrambled(packets: &[u8]) -> bool {
    let picture = |packet: &&[u8]| packet[1] & 0x1F == 1 && packet[2] == 1;
    let mut pictures = packets.chunks(188).filter(picture);
    let scrambled = |packet: &[u8]| packet[3] & 0xC0 != 0;
    let first = scrambled(pictures.find(|packet| packet[3] & 0x10 != 0).unwrap());
    assert_eq!(
        first,
        pictures.all(|packet| packet[3] & 0x10 == 0 || scrambled(packet))
    );
    first
}

async fn scrambled(receiver: &Receiver, sref: &str) -> (bool, bool) {
    let direct = packets(receiver.stream_port(), sref, 100).await;
    let relayed = packets(receiver.relay_port(), sref, 100).await;
    (is_scrambled(&direct), is_scrambled(&relayed))
}

#[test]
fn services_of_the_relay_are_clear_there_only() {
    with(still(), |receiver| async move {
        assert_eq!(scrambled(&receiver, FIRST).await, (false, false));
        assert_eq!(scrambled(&receiver, ENCRYPTED).await, (true, false));
        receiver.set_clear(ENCRYPTED, Clear::On(Port::Streams));
        assert_eq!(scrambled(&receiver, ENCRYPTED).await, (false, true));
        receiver.set_clear(ENCRYPTED, Clear::Nowhere);
        assert_eq!(scrambled(&receiver, ENCRYPTED).await, (true, true));
        let counts = receiver.stream_connections()[ENCRYPTED];
        assert_eq!((counts.opened, counts.relayed), (6, 3));
    });
}

#[test]
fn the_list_of_the_relay_is_in_the_settings() {
    let relay = vec![FIRST.to_owned(), ENCRYPTED.to_owned()];
    with(Options { relay, ..still() }, |receiver| async move {
        let settings = get(&receiver, "/api/settings").await;
        assert_eq!(settings.count(&format!("\"{FIRST},{ENCRYPTED}\"")), 1);
        let port = receiver.relay_port();
        assert_eq!(settings.count(&format!("\"{port}\"")), 1);
        receiver.set_relayed(Vec::new());
        let settings = get(&receiver, "/api/settings").await;
        assert_eq!(settings.count("whitelist_streamrelay"), 0);
        assert_eq!(scrambled(&receiver, FIRST).await, (false, false));
    });
}

#[test]
fn the_head_of_the_relay_ends_its_lines_in_its_own_way() {
    with(still(), |receiver| async move {
        let socket = open(
            receiver.relay_port(),
            &format!("GET /{FIRST} HTTP/1.1\r\n\r\n"),
        )
        .await;
        let mut head = Vec::new();
        socket.take(84).read_to_end(&mut head).await.unwrap();
        assert!(head.starts_with(b"HTTP/1.0 200 OK\nConnection: Close\n"));
        assert!(head.ends_with(b"Server: stream_enigma2\n\nG"));
    });
}

#[test]
fn the_login_must_come_with_the_first_line() {
    let login = Some(("root".to_owned(), "dream".to_owned()));
    let options = Options {
        login,
        stream_authentication: true,
        ..still()
    };
    with(options, |receiver| async move {
        let good = "Authorization: Basic cm9vdDpkcmVhbQ==\r\n";
        let port = receiver.stream_port();
        let line = format!("GET /{FIRST} HTTP/1.1\r\n");
        let padding = format!("X: {}\r\n", "x".repeat(500));
        for headers in [
            "",
            &good.to_lowercase(),
            &good.replace("cm", "CM"),
            &format!("{padding}{good}"),
        ] {
            let answer = rest(open(port, &format!("{line}{headers}\r\n")).await).await;
            let text = String::from_utf8_lossy(&answer);
            assert!(
                text.starts_with("HTTP/1.0 401 Authorization Required\r\n"),
                "{headers}"
            );
            assert!(text.contains("realm=\"streamserver\""));
        }
        let mut start = [0; 15];
        let mut socket = open(port, &format!("{line}{good}\r\n")).await;
        socket.read_exact(&mut start).await.unwrap();
        assert_eq!(&start, b"HTTP/1.0 200 OK");
        packets(receiver.relay_port(), FIRST, 10).await;
        let settings = "/api/settings";
        let asked = super::client::ask(&receiver, settings, good).await.unwrap();
        assert_eq!(
            asked.count("\"config.streaming.authentication\",\n   \"true\""),
            1
        );
        receiver.set_stream_authentication(false);
        packets(port, FIRST, 10).await;
    });
}
