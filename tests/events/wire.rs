//! Handshakes and frames that are wrong, and who may follow.

use super::*;
use xg2g::config::Config;
use xg2g::receiver::demo::Options;

#[test]
fn a_handshake_that_is_wrong_is_refused_and_says_how() {
    with_channels(async |kit| {
        let without = |part: &str| UPGRADE.replace(part, "");
        for (headers, status, code) in [
            (String::new(), 426, "E016"),
            ("Accept: */*\r\n".to_owned(), 426, "E016"),
            ("Upgrade: h2c\r\n".to_owned(), 426, "E016"),
            (without("Upgrade: websocket\r\n") + KEY, 426, "E016"),
            (without("Sec-WebSocket-Version: 13\r\n") + KEY, 426, "E016"),
            (UPGRADE.replace("13", "12") + KEY, 426, "E016"),
            (without("Connection: Upgrade\r\n") + KEY, 400, "E002"),
            (UPGRADE.to_owned(), 400, "E002"),
            (format!("{UPGRADE}{KEY}{KEY}"), 400, "E002"),
            (format!("{UPGRADE}Sec-WebSocket-Key: x\r\n"), 400, "E002"),
        ] {
            let answer = kit.get_with(EVENTS, &headers).await;
            assert_eq!(answer.status, status, "{headers}");
            let text = answer.text();
            assert!(text.contains(&format!("\"code\":\"{code}\"")), "{text}");
            let version = answer.header("sec-websocket-version");
            assert_eq!(version, (status == 426).then_some("13"), "{headers}");
        }
        let old = format!("GET {EVENTS} HTTP/1.0\r\n{UPGRADE}{KEY}\r\n");
        assert_eq!(kit.request(&old).await.status, 426);
        for (method, status) in [("HEAD", 426), ("POST", 405)] {
            let request = format!("{method} {EVENTS} HTTP/1.1\r\nHost: box\r\n{UPGRADE}{KEY}\r\n");
            assert_eq!(kit.request(&request).await.status, status, "{method}");
        }
        let head =
            format!("HEAD {EVENTS} HTTP/1.1\r\nHost: box\r\nAccept: text/event-stream\r\n\r\n");
        assert_eq!(kit.request(&head).await.status, 200);
        assert_eq!(kit.notices().listeners(), 0);
    });
}

#[test]
fn bad_frames_are_answered_with_their_code_and_the_end() {
    with_channels(async |kit| {
        kit.pass().await;
        let close = |payload: &[u8]| masked(0x88, payload);
        for (what, bytes, code) in [
            ("not masked", vec![0x81, 1, b'x'], 1002),
            ("reserved bit", masked(0xC1, b"x"), 1002),
            ("unknown kind", masked(0x83, b"x"), 1002),
            ("unknown control", masked(0x8B, b"x"), 1002),
            ("ping in parts", masked(0x09, b"x"), 1002),
            ("long ping", masked(0x89, &[0; 126]), 1002),
            ("goes on with nothing", masked(0x80, b"x"), 1002),
            (
                "another message within",
                [masked(0x01, b"x"), masked(0x81, b"x")].concat(),
                1002,
            ),
            (
                "length said too long",
                vec![0x82, 0xFE, 0, 5, 0, 0, 0, 0],
                1002,
            ),
            ("large", vec![0x82, 0xFF, 0, 0, 0, 0, 1, 0, 0, 0], 1009),
            (
                "large in parts",
                [masked(0x02, &[0; 4000]), masked(0x80, &[0; 97])].concat(),
                1009,
            ),
            ("half a code", close(&[3]), 1002),
            ("a code that is none", close(&[3, 0xED]), 1002),
            ("a reason that is no text", close(b"\x03\xE8\xFF"), 1007),
            ("goodbye", close(b"\x03\xE8bye"), 1000),
            ("goodbye, own code", close(b"\x0F\xA0"), 4000),
        ] {
            let mut follower = kit.follow().await;
            follower.one("hello").await;
            follower.send(&bytes).await;
            assert_eq!(follower.closed().await, Some(code), "{what}");
        }
        let mut follower = kit.follow().await;
        follower.send(&close(b"")).await;
        assert_eq!(follower.closed().await, None);
    });
}

#[test]
fn frames_may_come_with_the_handshake() {
    with_channels(async |kit| {
        let request = format!("GET {EVENTS} HTTP/1.1\r\nHost: box\r\n{UPGRADE}{KEY}\r\n");
        let mut bytes = request.into_bytes();
        bytes.extend(masked(0x89, b"early"));
        let mut follower = kit.ask_to_follow_with(&bytes).await;
        assert_eq!(follower.answer.status, 101);
        loop {
            match follower.frame().await {
                Frame::Pong(payload) => break assert_eq!(payload, b"early"),
                Frame::Text(_) => {}
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn a_page_of_another_site_cannot_follow() {
    with_channels(async |kit| {
        kit.pass().await;
        let ways = [
            format!("{UPGRADE}{KEY}"),
            "Accept: text/event-stream\r\n".to_owned(),
        ];
        for way in &ways {
            for foreign in ["http://evil.example", "http://box", "null"] {
                let headers = format!("{way}Origin: {foreign}\r\n");
                let refused = kit.get_with(EVENTS, &headers).await;
                assert_eq!(refused.status, 403, "{foreign}");
                assert!(refused.text().contains("\"code\":\"E013\""));
            }
            for own in ["Origin: http://box:8080\r\n", ""] {
                let mut follower = kit.ask_to_follow(&format!("{way}{own}")).await;
                assert_eq!(follower.next().await.unwrap().kind, "hello");
            }
        }
    });
}

#[test]
fn where_reading_needs_a_key_so_does_following() {
    let closed = |config: &mut Config| {
        config.guide.enabled = false;
        config.auth.everything = true;
        config.auth.stream_key = "key-0123456789-geheim".into();
    };
    with(Options::default(), closed, async |kit| {
        let request = |query: &str| {
            format!("GET {EVENTS}{query} HTTP/1.1\r\nHost: box\r\n{UPGRADE}{KEY}\r\n")
        };
        for (query, status) in [("", 401), ("?key=wrong-0123456789", 403)] {
            assert_eq!(kit.request(&request(query)).await.status, status);
        }
        let request = request("?key=key-0123456789-geheim");
        let mut follower = kit.ask_to_follow_with(request.as_bytes()).await;
        assert_eq!(follower.next().await.unwrap().kind, "hello");
    });
}
