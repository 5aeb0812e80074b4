//! Tuners: shared by the services of a transponder, given up for what matters more, never taken back.

use std::time::Duration;

use super::path_of;
use crate::kit::{begins_picture, with, Kit, Play};
use xg2g::receiver::demo::Options;
use xg2g::stream::Watch;

/// On one transponder.
const FIRST: (&str, &str) = ("Erste Welle HD", "1:0:19:2B01:3E9:1:C00000:0:0:0:");
const SAME: (&str, &str) = ("Zweite Welle HD", "1:0:19:2B02:3E9:1:C00000:0:0:0:");
/// On others.
const OTHER: (&str, &str) = ("News 24/7", "1:0:19:2B0B:3EA:1:C00000:0:0:0:");
const THIRD: (&str, &str) = ("Arena UHD", "1:0:1F:2B22:3ED:1:C00000:0:0:0:");

const VIEWER: &str = "Kodi/21";
const RECORDER: &str = "TVHeadend/4.3";
const IN_USE: &str = "805 All Tuners In Use";

/// A receiver of so many tuners in standby.
fn with_tuners<F: AsyncFnOnce(&Kit)>(tuners: usize, test: F) {
    let options = Options {
        tuners,
        ..Options::default()
    };
    with(
        options,
        |config| config.guide.enabled = false,
        async |kit| {
            kit.receiver().set_standby(true);
            kit.pass().await;
            test(kit).await;
        },
    );
}

/// Has the receiver asked what it does as often as it answers.
async fn watch_closely(kit: &Kit) {
    kit.stop().await;
    kit.watch(Watch {
        every: Duration::from_millis(10),
        ..Watch::default()
    });
    kit.start();
    kit.pass().await;
}

async fn play(kit: &Kit, channel: (&str, &str), agent: &str) -> Play {
    let path = path_of(kit, channel.0).await;
    let agent = format!("User-Agent: {agent}");
    kit.play_with(&format!(
        "GET {path} HTTP/1.1\r\nHost: box\r\n{agent}\r\n\r\n"
    ))
    .await
}

/// A stream that runs.
async fn runs(kit: &Kit, channel: (&str, &str), agent: &str) -> Play {
    let mut play = play(kit, channel, agent).await;
    assert_eq!(play.answer.status, 200, "{channel:?} for {agent}");
    play.until(begins_picture).await;
    play
}

/// A stream that there is no tuner for.
async fn is_refused(kit: &Kit, channel: (&str, &str), agent: &str) {
    let play = play(kit, channel, agent).await;
    assert_eq!(play.answer.status, 503, "{channel:?} for {agent}");
    assert_eq!(play.answer.head("x-hdhomerun-error"), IN_USE);
}

fn opened(kit: &Kit, channel: (&str, &str)) -> u32 {
    let counts = kit.receiver().stream_connections();
    counts.get(channel.1).map_or(0, |count| count.opened)
}

fn open(kit: &Kit, channel: (&str, &str)) -> u32 {
    let counts = kit.receiver().stream_connections();
    counts.get(channel.1).map_or(0, |count| count.open)
}

async fn tuners(kit: &Kit) -> String {
    kit.get("/api/v1/tuners").await.text().to_owned()
}

#[test]
fn g29_with_one_tuner_a_player_zaps_and_each_channel_is_asked_for_once() {
    with_tuners(1, async |kit| {
        for channel in [FIRST, OTHER, THIRD] {
            // The player leaves and asks for the next one at once.
            drop(runs(kit, channel, VIEWER).await);
        }
        runs(kit, FIRST, VIEWER).await;
        let counts = [FIRST, OTHER, THIRD].map(|channel| opened(kit, channel));
        assert_eq!(counts, [2, 1, 1]);
        let open = [FIRST, OTHER, THIRD].map(|channel| open(kit, channel));
        assert_eq!(open, [1, 0, 0]);
    });
}

#[test]
fn two_services_of_a_transponder_play_with_one_tuner() {
    with_tuners(1, async |kit| {
        let mut first = runs(kit, FIRST, VIEWER).await;
        let mut second = runs(kit, SAME, VIEWER).await;
        first.packets(100).await;
        second.packets(100).await;
        assert_eq!((first.gaps, opened(kit, FIRST)), (0, 1));
    });
}

#[test]
fn a_viewer_takes_the_tuner_of_a_recorder_and_nobody_a_viewer_s() {
    with_tuners(1, async |kit| {
        let mut recorded = runs(kit, FIRST, RECORDER).await;
        let mut viewed = runs(kit, OTHER, VIEWER).await;
        recorded.end().await;
        is_refused(kit, FIRST, RECORDER).await;
        is_refused(kit, THIRD, VIEWER).await;
        viewed.packets(100).await;
        assert_eq!((viewed.gaps, opened(kit, OTHER)), (0, 1));
    });
}

#[test]
fn a_recorder_takes_the_tuner_of_a_stream_that_nobody_reads() {
    with_tuners(1, async |kit| {
        drop(runs(kit, FIRST, VIEWER).await);
        runs(kit, OTHER, RECORDER).await;
        assert_eq!((opened(kit, OTHER), open(kit, FIRST)), (1, 0));
    });
}

#[test]
fn what_lingers_beside_a_viewer_is_not_given_up_for_nothing() {
    with_tuners(1, async |kit| {
        let mut viewed = runs(kit, FIRST, VIEWER).await;
        drop(runs(kit, SAME, VIEWER).await);
        is_refused(kit, OTHER, VIEWER).await;
        viewed.packets(100).await;
        runs(kit, SAME, VIEWER).await;
        assert_eq!(opened(kit, SAME), 1, "it lingered on");
    });
}

#[test]
fn a_tuner_that_the_television_took_is_not_taken_back() {
    with_tuners(1, async |kit| {
        let mut viewed = runs(kit, OTHER, VIEWER).await;
        kit.receiver().set_standby(false);
        viewed.end().await;
        assert_eq!(opened(kit, OTHER), 1);
        let text = tuners(kit).await;
        let television =
            r#"{"purpose":"television","channel":"1-0-19-2B01-3E9-1-C00000-0-0-0","readers":0}"#;
        assert!(text.starts_with(r#"{"total":1,"free":0,"#), "{text}");
        assert!(text.contains(television), "{text}");
        is_refused(kit, OTHER, VIEWER).await;
        // What the television receives costs no tuner.
        runs(kit, SAME, VIEWER).await;
    });
}

#[test]
fn a_stream_that_lost_its_tuner_takes_that_of_one_that_nobody_reads() {
    with_tuners(2, async |kit| {
        drop(runs(kit, THIRD, VIEWER).await);
        // The receiver takes the tuner of the youngest stream.
        let mut viewed = runs(kit, OTHER, VIEWER).await;
        kit.receiver().set_standby(false);
        while opened(kit, OTHER) < 2 {
            viewed.packets(1).await;
        }
        viewed.until(begins_picture).await;
        assert_eq!(open(kit, THIRD), 0);
    });
}

#[test]
fn a_stream_is_mended_when_the_receiver_does_not_say_what_it_does() {
    with_tuners(2, async |kit| {
        let mut viewed = runs(kit, OTHER, VIEWER).await;
        kit.receiver()
            .set_fault_on("/api/", xg2g::receiver::demo::Fault::Error500, None);
        kit.receiver().cut_streams();
        while opened(kit, OTHER) < 2 {
            viewed.packets(1).await;
        }
        viewed.until(begins_picture).await;
    });
}

#[test]
fn a_minute_before_a_timer_its_tuner_is_free() {
    with_tuners(2, async |kit| {
        watch_closely(kit).await;
        let mut early = runs(kit, FIRST, VIEWER).await;
        let mut late = runs(kit, OTHER, VIEWER).await;
        let now = kit.receiver().now();
        // Far away; on a transponder that is there; and one that needs a tuner.
        for (channel, begin) in [(THIRD, now + 90), (SAME, now + 30)] {
            assert!(kit.receiver().add_timer(channel.1, begin, begin + 600));
        }
        early.packets(200).await;
        late.packets(200).await;
        assert!(kit.receiver().add_timer(THIRD.1, now + 30, now + 600));
        late.end().await;
        early.packets(200).await;
        assert_eq!(early.gaps, 0);
        let text = tuners(kit).await;
        assert!(text.starts_with(r#"{"total":2,"free":0,"#), "{text}");
        assert!(text.contains(r#"[{"purpose":"timer","#), "{text}");
        // Nor does anybody get it in that minute but for the timer's own transponder.
        is_refused(kit, OTHER, VIEWER).await;
        assert_eq!(opened(kit, OTHER), 1);
        runs(kit, THIRD, VIEWER).await;
    });
}

#[test]
fn the_receiver_is_asked_what_it_does_only_while_a_stream_has_a_tuner() {
    with_tuners(1, async |kit| {
        watch_closely(kit).await;
        kit.receiver().reset_stats();
        let mut url = kit.play(&path_of(kit, "Hafenkino").await).await;
        url.packets(100).await;
        assert_eq!(kit.receiver().stats().calls, 0, "a URL needs none");
        let mut play = runs(kit, FIRST, VIEWER).await;
        while kit.receiver().stats().calls < 6 {
            play.packets(1).await;
        }
        let stats = kit.receiver().stats();
        let paths: Vec<&str> = stats.calls_by_path.keys().map(String::as_str).collect();
        assert_eq!(paths, ["/api/statusinfo", "/api/timerlist"]);
    });
}
