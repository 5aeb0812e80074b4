//! One upstream for all readers of a service.

use std::time::Duration;

use super::{with_streams, FIRST};
use crate::kit::{begins_picture, pid, together, with, with_channels, Streams, PICTURE};
use xg2g::config::Config;
use xg2g::receiver::demo::Options;

#[test]
fn g4_readers_share_one_upstream_and_find_it_again() {
    with_channels(async |kit| {
        kit.pass().await;
        kit.receiver().reset_stats();
        let plays = together((0..5).map(|_| kit.play(FIRST))).await;
        assert!(plays.iter().all(|play| play.answer.status == 200));
        drop(plays);
        for _ in 0..5 {
            kit.play(FIRST).await.packets(20).await;
        }
        assert_eq!(kit.receiver().stats().streams, 1);
    });
}

#[test]
fn who_comes_later_begins_with_tables_and_a_picture_that_needs_no_other() {
    with_channels(async |kit| {
        kit.pass().await;
        let mut first = kit.play(FIRST).await;
        first.packets(300).await;
        let mut later = kit.play(FIRST).await;
        let begin = later.packets(2).await;
        assert_eq!([pid(&begin[0]), pid(&begin[1])], [0, 0x100]);
        let picture = later
            .until(|packet| pid(packet) == PICTURE && packet[3] & 0x10 != 0)
            .await;
        assert!(begins_picture(&picture));
        let headers = picture.windows(4).any(|code| code == [0, 0, 1, 0xB3]);
        assert!(headers, "sequence headers come first");
        later.packets(300).await;
        assert_eq!(later.gaps, 0);
    });
}

#[test]
fn a_hundred_readers_that_come_and_go_are_not_noticed_by_one_that_stays() {
    // That one has gone is seen at the next packet.
    let many = |config: &mut Config| {
        config.stream.max_readers = 200;
        config.stream.max_readers_per_client = 200;
        config.server.max_connections_per_client = 200;
    };
    with_streams(many, async |kit| {
        kit.pass().await;
        kit.receiver().reset_stats();
        let mut stays = kit.play(FIRST).await;
        for number in 0..100 {
            let mut comes = kit.play(FIRST).await;
            comes.packets(1 + number % 7).await;
            assert_eq!(comes.gaps, 0);
            stays.packets(5).await;
        }
        assert_eq!(stays.gaps, 0);
        assert_eq!(kit.receiver().stats().streams, 1);
    });
}

#[test]
fn nobody_left_means_no_upstream_after_a_while() {
    let short = |config: &mut Config| config.stream.linger = Duration::from_millis(50);
    with_streams(short, async |kit| {
        kit.pass().await;
        kit.play(FIRST).await.packets(20).await;
        while kit.get("/api/v1/streams").await.text() != r#"{"streams":[]}"# {}
        kit.receiver().reset_stats();
        kit.play(FIRST).await.packets(20).await;
        assert_eq!(kit.receiver().stats().streams, 1, "tuned again");
    });
}

#[test]
fn a_player_that_takes_nothing_is_dropped_and_the_other_does_not_notice() {
    const BUFFER: u32 = 1024;
    let options = Options {
        rate: 60,
        ..Options::default()
    };
    let small = |config: &mut Config| {
        config.guide.enabled = false;
        config.stream.buffer = BUFFER;
    };
    with(options, small, async |kit| {
        kit.pass().await;
        let request =
            |agent| format!("GET {FIRST} HTTP/1.1\r\nHost: box\r\nUser-Agent: {agent}\r\n\r\n");
        let mut quick = kit.play_with(&request("Quick")).await;
        let mut slow = kit.play_narrowly(&request("Slow")).await;
        let list = async || kit.get("/api/v1/streams").await.json::<Streams>();
        let before = list().await.sent("Quick").unwrap();
        let is_lost = |list: &Streams| {
            let quick = list.sent("Quick").unwrap() - before;
            let slow = list.sent("Slow").unwrap();
            // Once for the buffer, once for where the quick one was when the slow one began.
            quick.saturating_sub(slow) > 2 * 1024 * u64::from(BUFFER)
        };
        while !is_lost(&list().await) {
            quick.packets(1000).await;
        }
        slow.end().await;
        assert_eq!(slow.gaps, 0, "what it had was whole");
        quick.packets(1000).await;
        assert_eq!(quick.gaps, 0);
        assert_eq!(list().await.sent("Slow"), None);
    });
}
