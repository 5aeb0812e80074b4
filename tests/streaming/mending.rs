//! Streams that break and are mended while players go on.

use std::time::Duration;

use super::{with_streams, FIRST, FIRST_SERVICE};
use crate::kit::{begins_picture, together, Kit, Play};
use xg2g::config::Config;
use xg2g::receiver::demo::{After, Port, StreamFault};

/// A stall is noticed soon.
fn nervous(config: &mut Config) {
    config.stream.stall = Duration::from_millis(200);
    config.stream.tune_timeout = Duration::from_millis(500);
    config.stream.descramble_wait = Duration::from_millis(400);
    config.stream.mend = Duration::from_millis(1500);
}

/// Connections to the receiver for the first channel: in all, and open ones.
fn connections(kit: &Kit) -> (u32, u32) {
    let all = kit.receiver().stream_connections();
    all.get(FIRST_SERVICE)
        .map_or((0, 0), |connections| (connections.opened, connections.open))
}

/// Reads until the picture goes on after the joint.
async fn over_the_joint(play: &mut Play) {
    let before = play.joints;
    while play.joints == before {
        play.packets(1).await;
    }
    play.until(begins_picture).await;
}

#[test]
fn g6_an_upstream_that_ends_is_tuned_anew_under_its_players() {
    with_streams(nervous, async |kit| {
        kit.pass().await;
        let mut plays = together((0..5).map(|_| kit.play(FIRST))).await;
        for round in 1..=50 {
            together(plays.iter_mut().map(|play| play.packets(30))).await;
            kit.receiver().cut_streams();
            together(plays.iter_mut().map(over_the_joint)).await;
            assert_eq!(connections(kit), (round + 1, 1));
        }
        for play in &plays {
            assert_eq!((play.gaps, play.joints), (0, 50));
        }
    });
}

#[test]
fn g6_silence_is_filled_and_mended() {
    with_streams(nervous, async |kit| {
        kit.pass().await;
        let stall = StreamFault::Stall(After::Packets(500));
        kit.receiver().set_stream_fault(None, stall, Some(1));
        let mut play = kit.play(FIRST).await;
        play.packets(400).await;
        // The receiver needs a moment this time.
        let slow = StreamFault::Slow(Duration::from_millis(300));
        kit.receiver().set_stream_fault(None, slow, Some(1));
        over_the_joint(&mut play).await;
        assert!(play.stuffing > 6, "{}", play.stuffing);
        assert_eq!((play.gaps, connections(kit)), (0, (2, 1)));
    });
}

#[test]
fn what_does_not_come_back_ends_between_two_packets() {
    with_streams(nervous, async |kit| {
        kit.pass().await;
        let mut play = kit.play(FIRST).await;
        play.packets(100).await;
        kit.receiver().set_port_open(Port::Streams, false);
        play.end().await;
        assert_eq!(play.gaps, 0);
        // And the next one is a new one.
        kit.receiver().set_port_open(Port::Streams, true);
        kit.play(FIRST).await.packets(10).await;
    });
}

#[test]
fn bytes_that_are_no_packets_are_left_out() {
    with_streams(nervous, async |kit| {
        kit.pass().await;
        kit.receiver()
            .set_stream_fault(None, StreamFault::Misaligned(1000), None);
        let mut play = kit.play(FIRST).await;
        assert_eq!(play.answer.status, 200);
        play.packets(300).await;
        assert_eq!(play.gaps, 0);
    });
}

#[test]
fn every_way_of_not_being_a_stream_has_its_number() {
    with_streams(nervous, async |kit| {
        kit.pass().await;
        for (fault, reason) in [
            (StreamFault::Busy, "805"),
            (StreamFault::Closed, "806"),
            (StreamFault::Mute, "807"),
            (StreamFault::Silence, "807"),
            (StreamFault::Garbage, "807"),
            (StreamFault::Slow(Duration::from_secs(20)), "807"),
            (StreamFault::Scrambled, "811"),
        ] {
            kit.receiver().set_stream_fault(None, fault, None);
            let answer = kit.get(FIRST).await;
            assert_eq!(answer.status, 503, "{fault:?}");
            assert!(
                answer.head("x-hdhomerun-error").starts_with(reason),
                "{fault:?}"
            );
            assert!(answer.body.is_empty());
        }
        // The last one is closed, and the receiver sees that in its own time.
        while connections(kit).1 > 0 {
            kit.get("/healthz").await;
        }
    });
}
