//! One upstream for all readers of a service.

use std::time::Duration;

use super::{with_streams, FIRST};
use crate::kit::{begins_picture, pid, together, with_channels, PICTURE};
use xg2g::config::Config;

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
