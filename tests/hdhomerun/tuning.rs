//! Streams by number, tuners and who holds them.

use super::{discover, here, lineup, resources};
use crate::kit::{begins_picture, with, with_channels, Kit};
use xg2g::receiver::demo::Options;

/// On one transponder with others.
const FIRST: &str = "Erste Welle HD";
const SAME: &str = "Zweite Welle HD";
/// On another one.
const OTHER: &str = "News 24/7";
const THIRD: &str = "Arena UHD";

async fn path_of(kit: &Kit, name: &str) -> String {
    let rows = lineup(kit).await;
    let row = rows.into_iter().find(|row| row.GuideName == name);
    row.unwrap().URL.replace("http://box:8080", "")
}

#[test]
fn a_channel_is_played_by_its_number_and_says_on_which_tuner() {
    with_channels(async |kit| {
        kit.pass().await;
        let path = path_of(kit, FIRST).await;
        let mut one = kit.play(&path).await;
        assert_eq!(one.answer.status, 200);
        assert_eq!(one.answer.head("content-type"), "video/mp2t");
        assert_eq!(one.answer.head("x-hdhomerun-resource"), "tuner0");
        one.until(begins_picture).await;
        let other = kit.play(&path_of(kit, OTHER).await).await;
        assert_eq!(other.answer.head("x-hdhomerun-resource"), "tuner1");
        // The same channel comes through the same tuner, whichever is asked for.
        let again = kit.play(&path.replace("/auto/", "/tuner1/")).await;
        assert_eq!(again.answer.head("x-hdhomerun-resource"), "tuner0");
        let page = kit.get("/tuners.html").await;
        assert!(page.text().contains(FIRST), "{}", page.text());
        let tuners = resources(kit).await;
        assert_eq!(tuners[0].Resource, "tuner0");
        assert_eq!(tuners[0].VctName.as_deref(), Some(FIRST));
        assert_eq!(tuners[0].VctNumber.as_deref(), path.rsplit('v').next());
        assert_eq!(tuners[0].Purpose.as_deref(), Some("stream"));
        assert_eq!(tuners[0].TargetIP, Some(here()));
        assert!(tuners[0].NetworkRate.unwrap() > 0);
        assert_eq!(tuners[1].VctName.as_deref(), Some(OTHER));
        assert_eq!(tuners[2].VctName, None);
    });
}

#[test]
fn what_cannot_be_had_is_told_in_the_header_without_a_body() {
    with_channels(async |kit| {
        kit.pass().await;
        for (path, status, error) in [
            ("/auto/v9999", 404, "801 Unknown Channel"),
            ("/auto/v0", 404, "801 Unknown Channel"),
            ("/auto/v1x", 404, "801 Unknown Channel"),
            ("/auto/v-1", 404, "801 Unknown Channel"),
            ("/tuner0/v9999", 404, "801 Unknown Channel"),
            (
                "/auto/v1?transcode=mobile",
                503,
                "802 Unknown Transcode Profile",
            ),
            (
                "/tuner0/v1?transcode=",
                503,
                "802 Unknown Transcode Profile",
            ),
            ("/tuner99/v1", 503, "804 Tuner In Use"),
        ] {
            let answer = kit.get(path).await;
            assert_eq!((answer.status, answer.body.len()), (status, 0), "{path}");
            assert_eq!(answer.head("x-hdhomerun-error"), error, "{path}");
        }
        for path in [
            "/auto/v1?duration=soon",
            "/auto/v1?duration=0",
            "/auto/v1?mode=x",
        ] {
            let answer = kit.get(path).await;
            assert_eq!((answer.status, answer.body.len()), (400, 0), "{path}");
        }
        assert_eq!(kit.get("/tunerx/v1").await.status, 404);
        // Nobody was asked for any of it, nor for this.
        let head = kit.head("/auto/v1").await;
        assert_eq!(
            (head.status, head.head("content-type")),
            (200, "video/mp2t")
        );
        let same = kit.head("/auto/v1?transcode=none").await;
        assert_eq!(same.status, 200);
        assert!(kit.receiver().stream_connections().is_empty());
    });
}

#[test]
fn a_stream_with_a_duration_ends_by_itself() {
    with_channels(async |kit| {
        kit.pass().await;
        let path = path_of(kit, FIRST).await;
        let mut play = kit.play(&format!("{path}?duration=1")).await;
        play.until(begins_picture).await;
        play.end().await;
        assert_eq!(play.gaps, 0);
    });
}

/// A receiver of two tuners.
fn with_two<F: AsyncFnOnce(&Kit)>(test: F) {
    let options = Options {
        tuners: 2,
        ..Options::default()
    };
    let change = |config: &mut xg2g::config::Config| config.guide.enabled = false;
    with(options, change, async |kit| {
        kit.receiver().set_standby(true);
        kit.pass().await;
        test(kit).await;
    });
}

#[test]
fn as_many_tuners_are_told_as_streams_can_be_had() {
    with_two(async |kit| {
        assert_eq!(discover(kit).await.TunerCount, 2);
        let mut one = kit.play(&path_of(kit, FIRST).await).await;
        one.until(begins_picture).await;
        // The channels of its transponder need no other tuner, but there is a limit for streams.
        assert_eq!(discover(kit).await.TunerCount, 8);
        kit.configure(|config| config.stream.max_upstreams = 3);
        let reload = "POST /api/v1/config/reload HTTP/1.1\r\nHost: box\r\n\r\n";
        assert_eq!(kit.request(reload).await.status, 200);
        assert_eq!(discover(kit).await.TunerCount, 3);
        let mut two = kit.play(&path_of(kit, SAME).await).await;
        two.until(begins_picture).await;
    });
}

#[test]
fn when_all_tuners_are_held_the_answer_is_805_and_one_can_see_by_whom() {
    with_two(async |kit| {
        let mut one = kit.play(&path_of(kit, FIRST).await).await;
        one.until(begins_picture).await;
        let mut two = kit.play(&path_of(kit, OTHER).await).await;
        two.until(begins_picture).await;
        let none = kit.get(&path_of(kit, THIRD).await).await;
        assert_eq!((none.status, none.body.len()), (503, 0));
        assert_eq!(none.head("x-hdhomerun-error"), "805 All Tuners In Use");
        let tuners = resources(kit).await;
        let names: Vec<&str> = tuners
            .iter()
            .filter_map(|one| one.VctName.as_deref())
            .collect();
        assert_eq!(names, [FIRST, OTHER]);
    });
}

#[test]
fn what_the_receiver_needs_for_itself_is_shown_too() {
    with_channels(async |kit| {
        kit.pass().await;
        let list = kit
            .get("/api/v1/channels")
            .await
            .json::<crate::kit::Channels>();
        let recorded = list
            .channels
            .iter()
            .find(|channel| channel.name == OTHER)
            .unwrap();
        assert!(kit.receiver().start_recording(&recorded.service));
        // The receiver is asked what it does when a stream begins; nobody waits for its answer.
        let mut one = kit.play(&path_of(kit, FIRST).await).await;
        one.until(begins_picture).await;
        let is_own = |one: &super::Resource| one.Purpose.as_deref() == Some("recording");
        let own = loop {
            if let Some(own) = resources(kit).await.into_iter().find(is_own) {
                break own;
            }
        };
        assert_eq!(own.VctName.as_deref(), Some(OTHER));
        assert_eq!((own.TargetIP, own.NetworkRate), (None, None));
    });
}
