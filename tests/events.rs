//! `/api/v1/events` of the running program: what is told, to whom, and how it ends.

mod told;
mod wire;

use crate::kit::{
    masked, with, with_channels, with_demo, Follower, Frame, Named, EVENTS, KEY, UPGRADE,
};
use xg2g::notice::{Notice, MOST};

/// The first channel's service.
const FIRST_SERVICE: &str = "1:0:19:2B01:3E9:1:C00000:0:0:0:";
/// As it stands in addresses.
const FIRST_SLUG: &str = "1-0-19-2B01-3E9-1-C00000-0-0-0";
/// The first channel's stream.
const FIRST: &str = "/stream/1-0-19-2B01-3E9-1-C00000-0-0-0.ts";

/// A notice of about 4 kB.
fn large() -> Notice {
    Notice::GuideChanged {
        channels: vec!["x".repeat(40); 100],
        all: false,
    }
}

#[test]
fn more_than_there_is_room_for_are_refused_until_one_leaves() {
    with_channels(async |kit| {
        kit.pass().await;
        let mut all = Vec::new();
        for at in 0..MOST {
            all.push(match at % 2 {
                0 => kit.follow().await,
                _ => kit.follow_as_events().await,
            });
        }
        let connected = format!("xg2g_events_clients {MOST}\n");
        assert!(kit.get("/metrics").await.text().contains(&connected));
        let refused = kit.get_with(EVENTS, "Accept: text/event-stream\r\n").await;
        assert_eq!(refused.status, 503);
        assert!(refused.text().contains("\"code\":\"E017\""));
        assert_eq!(refused.head("retry-after"), "30");
        // Of each kind one: that they are gone is seen without anything being told.
        all.truncate(MOST - 2);
        while kit.notices().listeners() > MOST - 2 {
            smol::future::yield_now().await;
        }
        let mut again = kit.follow().await;
        assert_eq!(again.next().await.unwrap().kind, "hello");
    });
}

#[test]
fn a_stop_says_goodbye_to_all() {
    with_channels(async |kit| {
        kit.pass().await;
        let (mut socket, mut events) = (kit.follow().await, kit.follow_as_events().await);
        socket.one("hello").await;
        events.one("hello").await;
        kit.stop().await;
        assert_eq!(socket.closed().await, Some(1001));
        assert!(events.next().await.is_none());
    });
}

#[test]
fn a_slow_client_is_cut_and_the_others_go_on() {
    with_channels(async |kit| {
        kit.pass().await;
        let request =
            |headers: &str| format!("GET {} HTTP/1.1\r\nHost: box\r\n{headers}\r\n", EVENTS);
        let upgrade = format!("{}{}", UPGRADE, KEY);
        let mut slow = Vec::new();
        for headers in [&upgrade, "Accept: text/event-stream\r\n"] {
            slow.push(Follower::narrowly(kit.address(), &request(headers)).await);
        }
        let mut fast = [kit.follow().await, kit.follow_as_events().await];
        for follower in &mut fast {
            follower.one("hello").await;
        }
        let mut pushed = 0;
        while kit.notices().counts().dropped < 2 {
            kit.notices().push(&large());
            pushed += 1;
            assert!(pushed < 1_000, "nobody is dropped");
            for follower in &mut fast {
                follower.one("guide.changed").await;
            }
        }
        for follower in &mut slow {
            // What was on its way still comes, then it is over: nobody waits for a close frame of such a client.
            while follower.next().await.is_some() {}
        }
        kit.notices().push(&large());
        for follower in &mut fast {
            follower.one("guide.changed").await;
        }
        let metrics = kit.get("/metrics").await;
        assert!(metrics
            .text()
            .contains("xg2g_events_dropped_clients_total 2\n"));
        assert!(metrics.text().contains("xg2g_events_clients 2\n"));
    });
}

#[test]
fn a_client_may_ping_and_what_it_says_else_is_ignored() {
    with_channels(async |kit| {
        kit.pass().await;
        let mut follower = kit.follow().await;
        follower.one("hello").await;
        let said = [
            masked(0x81, b"hello?"),
            masked(0x02, &[7; 1000]),
            masked(0x89, b"in between"),
            masked(0x80, b"the end"),
            masked(0x8A, b"unasked"),
            masked(0x89, b""),
        ];
        for byte in said.concat() {
            follower.send(&[byte]).await;
        }
        let pong = Frame::Pong(b"in between".to_vec());
        assert_eq!(follower.frame().await, pong);
        assert_eq!(follower.frame().await, Frame::Pong(Vec::new()));
        kit.notices().push(&large());
        follower.one("guide.changed").await;
    });
}
