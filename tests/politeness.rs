//! What the receiver notices of the program: as little as possible.

use std::time::{Duration, Instant};

use xg2g::config::Config;
use xg2g::model::rfc3339;
use xg2g::receiver::demo::{Line, Options, Stats};

use crate::kit::{together, with, with_demo, Kit, Now, Seen};

const NEWS: &str = "userbouquet.news.tv";

fn scale(services: usize, bouquets: usize, events: usize) -> Options {
    Options {
        services: Some(services),
        bouquets: Some(bouquets),
        events_per_service: Some(events),
        ..Options::default()
    }
}

fn week(config: &mut Config) {
    config.guide.days = 7;
}

/// The stats of one pass.
async fn pass(kit: &Kit) -> Stats {
    kit.receiver().reset_stats();
    kit.refresh().await;
    kit.receiver().stats()
}

fn count(stats: &Stats, path: &str) -> u64 {
    stats.calls_by_path.get(path).copied().unwrap_or(0)
}

#[test]
fn one_question_at_a_time_and_none_that_takes_long() {
    for line in [Line::V1, Line::V2] {
        let options = Options {
            line,
            ..scale(100, 4, 200)
        };
        with(options, week, async |kit| {
            kit.pass().await;
            let stats = kit.receiver().stats();
            assert_eq!(stats.overlapping, 0);
            assert!(stats.longest_block <= 100_000, "{} us", stats.longest_block);
            assert!(stats.calls <= 100, "{:?}", stats.calls_by_path);
            assert_eq!(stats.streams, 0, "no tuner is touched");
            let guide = kit.status().await.guide.unwrap();
            assert_eq!((guide.channels, guide.events > 19_000), (100, true));
        });
    }
}

#[test]
fn a_large_bouquet_is_asked_for_in_small_pieces() {
    with(
        scale(400, 1, 100),
        |_| (),
        async |kit| {
            kit.pass().await;
            let stats = kit.receiver().stats();
            assert!(stats.longest_block <= 100_000, "{} us", stats.longest_block);
            assert!(
                count(&stats, "/api/epgmulti") >= 2,
                "{:?}",
                stats.calls_by_path
            );
            assert!(stats.calls <= 60, "{:?}", stats.calls_by_path);
            assert_eq!(kit.status().await.guide.unwrap().channels, 400);
        },
    );
}

#[test]
fn in_standby_answers_may_be_larger_and_are_fewer() {
    let mut calls = Vec::new();
    for standby in [false, true] {
        with(scale(100, 1, 100), week, async |kit| {
            kit.receiver().set_standby(standby);
            kit.pass().await;
            let stats = kit.receiver().stats();
            assert!(stats.longest_block <= 1_000_000);
            assert_eq!(count(&stats, "/api/powerstate"), 0, "nothing wakes it");
            calls.push(count(&stats, "/api/epgmulti"));
        });
    }
    assert!(calls[1] < calls[0], "{calls:?}");
}

#[test]
fn later_passes_ask_little_and_change_nothing() {
    with(
        scale(500, 10, 12),
        |_| (),
        async |kit| {
            kit.pass().await;
            let first = kit.receiver().stats();
            let before: Seen = kit.seen().await;
            for _ in 0..3 {
                let stats = pass(kit).await;
                assert!(stats.calls <= 15, "{:?}", stats.calls_by_path);
                assert!(
                    stats.calls * 10 <= first.calls * 7,
                    "{} after {}",
                    stats.calls,
                    first.calls
                );
                assert!(stats.longest_block <= 100_000 && stats.overlapping == 0);
                before.is_kept(&kit.seen().await, "nothing changed");
                assert_eq!(u64::from(kit.status().await.refresh.calls), stats.calls);
            }
        },
    );
}

#[test]
fn a_full_pass_comes_again_when_its_time_has_come() {
    let often = |config: &mut Config| config.refresh.full_interval = Duration::ZERO;
    with(super::faults::small(), often, async |kit| {
        kit.pass().await;
        let before = kit.seen().await;
        let stats = pass(kit).await;
        assert!(
            count(&stats, "/api/epgmulti") >= 3,
            "{:?}",
            stats.calls_by_path
        );
        before.is_kept(&kit.seen().await, "all asked again");
    });
}

#[test]
fn a_changed_event_is_picked_up_by_the_next_pass() {
    with_demo(async |kit| {
        kit.pass().await;
        let service = kit.receiver().services(NEWS)[2].0.clone();
        let slug = service.trim_end_matches(':').replace(':', "-");
        let now = kit.receiver().now();
        let next: Now = kit.get("/api/v1/now").await.json();
        let next = next.channels.into_iter().find(|c| c.channel == slug);
        let next = next.unwrap().next.unwrap().start;
        let is_next = |at: &i64| rfc3339(u64::try_from(*at).unwrap()) == next;
        let next = (now..now + 6 * 3_600).find(is_next).unwrap();
        for (at, title) in [(now, "Eilmeldung"), (next, "Sondersendung")] {
            assert!(kit.receiver().retitle_event(&service, at, title));
            let stats = pass(kit).await;
            // The next hours of the one channel are asked for again, too.
            assert_eq!(
                count(&stats, "/api/epgmulti"),
                0,
                "{:?}",
                stats.calls_by_path
            );
            assert!(count(&stats, "/api/epgservice") <= 1);
            let guide = kit.get("/xmltv.xml").await.guide();
            assert!(guide.titles(&format!("{slug}.e2")).contains(&title));
        }
    });
}

#[test]
fn an_added_channel_gets_its_guide_and_nothing_else_is_asked() {
    with_demo(async |kit| {
        kit.pass().await;
        let service = "1:0:19:3001:500:1:C00000:0:0:0:";
        assert!(kit.receiver().add_service(NEWS, service, "Neuling"));
        let stats = pass(kit).await;
        // Its bouquet; and on request the sub-bouquet and the members of the group.
        assert_eq!(count(&stats, "/api/getservices"), 3);
        assert_eq!(
            count(&stats, "/api/epgmulti"),
            0,
            "{:?}",
            stats.calls_by_path
        );
        assert!((1..=2).contains(&count(&stats, "/api/epgservice")));
        let guide = kit.get("/xmltv.xml").await.guide();
        assert!(guide.of("1-0-19-3001-500-1-C00000-0-0-0.e2").count() > 5);
        let stats = pass(kit).await;
        assert_eq!(count(&stats, "/api/epgservice"), 0, "once is enough");
    });
}

#[test]
fn after_each_answer_there_is_a_pause_as_long_as_it_took() {
    with(
        super::faults::small(),
        |_| (),
        async |kit| {
            kit.pass().await;
            let delay = Duration::from_millis(20);
            kit.receiver().set_delay(delay);
            let start = Instant::now();
            let stats = pass(kit).await;
            let calls = u32::try_from(stats.calls).unwrap();
            assert!(calls >= 3 && start.elapsed() >= delay * (2 * calls - 1));
        },
    );
}

#[test]
fn players_cost_the_receiver_nothing_but_logos() {
    with_demo(async |kit| {
        kit.pass().await;
        kit.receiver().reset_stats();
        let paths = [
            "/playlist.m3u",
            "/playlist/news.m3u",
            "/xmltv.xml.gz",
            "/xmltv.xml?days=1",
            "/api/v1/now",
            "/api/v1/epg",
            "/api/v1/channels",
            "/api/v1/status",
            "/stream/1-0-19-2B01-3E9-1-C00000-0-0-0.ts?mode=redirect",
            "/healthz",
            "/readyz",
            "/metrics",
        ];
        let asked = together(paths.iter().cycle().take(36).map(|path| kit.get(path))).await;
        assert!(asked
            .iter()
            .all(|answer| matches!(answer.status, 200 | 302)));
        assert_eq!(kit.receiver().stats(), Stats::default());
    });
}

#[test]
fn logos_and_a_pass_take_turns() {
    with_demo(async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist.m3u").await.playlist();
        kit.receiver().reset_stats();
        let paths: Vec<String> = items
            .iter()
            .map(|item| item.logo.replace("http://box:8080", ""))
            .collect();
        let logos = together(paths.iter().map(|path| kit.get(path)));
        let (_, logos) = smol::future::zip(kit.refresh(), logos).await;
        assert!(logos.len() > 64, "more than one client may have at once");
        assert!(logos.iter().all(|logo| matches!(logo.status, 200 | 404)));
        let stats = kit.receiver().stats();
        assert_eq!(stats.overlapping, 0);
        assert!(count(&stats, "/picon") > 50 && count(&stats, "/api/epgnownext") > 5);
    });
}
