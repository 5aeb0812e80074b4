//! What is asked of the receiver, and what comes of it.

use rustix::process::Signal;
use xg2g::receiver::demo::Fault;

use super::*;
use crate::kit::{get, together, with_demo, xg2g, Folder, Process};

#[test]
fn passes_are_counted_with_what_they_found() {
    with_channels(async |kit| {
        kit.pass().await;
        let count = |metrics: &Metrics, status| {
            metrics.get(&format!(
                "xg2g_refresh_duration_seconds_count{{status=\"{status}\"}}"
            ))
        };
        let first = kit.metrics().await;
        let items = kit.get("/playlist.m3u").await.playlist().len() as f64;
        let bouquets = first.get("xg2g_bouquets");
        assert_eq!(first.get("xg2g_channels"), items);
        assert!(bouquets > 5.0);
        assert_eq!(first.get("xg2g_refresh_channels_total"), items);
        assert_eq!(first.get("xg2g_refresh_bouquets_total"), bouquets);
        assert_eq!(
            (count(&first, "success"), count(&first, "failure")),
            (1.0, 0.0)
        );
        assert_eq!(first.get("xg2g_refresh_running"), 0.0);
        let took = first.get("xg2g_refresh_duration_seconds_sum{status=\"success\"}");
        assert!(took > 0.0 && took < 60.0, "{took}");
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs_f64();
        let age = now - first.get("xg2g_refresh_last_success_timestamp_seconds");
        assert!((0.0..60.0).contains(&age), "{age}");

        kit.refresh().await;
        let second = kit.metrics().await;
        assert_eq!(second.get("xg2g_refresh_channels_total"), 2.0 * items);
        assert_eq!(second.get("xg2g_refresh_bouquets_total"), 2.0 * bouquets);
        assert_eq!(
            (count(&second, "success"), count(&second, "failure")),
            (2.0, 0.0)
        );

        kit.receiver().set_fault(Some(Fault::Reset));
        kit.refresh().await;
        let third = kit.metrics().await;
        assert_eq!(
            (count(&third, "success"), count(&third, "failure")),
            (2.0, 1.0)
        );
        assert_eq!(third.get("xg2g_refresh_channels_total"), 2.0 * items);
        assert_eq!(third.get("xg2g_channels"), items);
        let name = "xg2g_refresh_last_success_timestamp_seconds";
        assert_eq!(third.get(name), second.get(name));
    });
}

#[test]
fn questions_to_the_receiver_are_counted_by_kind() {
    with_demo(async |kit| {
        kit.pass().await;
        let logo = &kit.get("/playlist.m3u").await.playlist()[0].logo;
        kit.get(logo.strip_prefix("http://box:8080").unwrap()).await;
        let metrics = kit.metrics().await;
        let stats = kit.receiver().stats();
        assert_eq!(metrics.sum("xg2g_receiver_calls_total"), stats.calls as f64);
        let calls = |endpoint| {
            metrics.get(&format!(
                "xg2g_receiver_calls_total{{endpoint=\"{endpoint}\"}}"
            ))
        };
        assert_eq!(
            (calls("bouquets"), calls("deviceinfo"), calls("picon")),
            (2.0, 1.0, 1.0)
        );
        assert!(calls("epgmulti") > 2.0 && calls("getservices") > 5.0);
        assert_eq!(metrics.sum("xg2g_receiver_call_failures_total"), 0.0);
        let seconds = metrics.get("xg2g_receiver_call_seconds_total{endpoint=\"epgmulti\"}");
        assert!(seconds > 0.0, "{seconds}");
        assert_eq!(metrics.get("xg2g_receiver_up"), 1.0);

        kit.receiver().set_fault(Some(Fault::Error500));
        kit.refresh().await;
        let metrics = kit.metrics().await;
        let failures = metrics.sum("xg2g_receiver_call_failures_total");
        let status = kit.status().await;
        assert!(failures > 0.0);
        assert_eq!(f64::from(status.receiver.failed_calls), failures);
        assert_eq!(metrics.get("xg2g_receiver_up"), 1.0, "it answers, if badly");

        kit.receiver().set_fault(Some(Fault::Reset));
        kit.refresh().await;
        assert_eq!(kit.metrics().await.get("xg2g_receiver_up"), 0.0);
        kit.receiver().set_fault(None);
        kit.refresh().await;
        assert_eq!(kit.metrics().await.get("xg2g_receiver_up"), 1.0);
    });
}

#[test]
fn a_logo_that_is_not_there_is_no_failure() {
    with_channels(async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist.m3u").await.playlist();
        let logos = items
            .iter()
            .map(|item| item.logo.replace("http://box:8080", ""));
        let logos: Vec<String> = logos.collect();
        let mut answers = Vec::new();
        // As many at once as one client may have connections.
        for some in logos.chunks(32) {
            answers.extend(together(some.iter().map(|logo| kit.get(logo))).await);
        }
        let missing = answers.iter().filter(|answer| answer.status == 404).count();
        assert!(missing > 0);
        let metrics = kit.metrics().await;
        assert_eq!(metrics.sum("xg2g_receiver_call_failures_total"), 0.0);
        let logo = |code| requests(&metrics, "GET", "/picon/{channel}.png", code);
        assert_eq!(logo(404), missing as f64);
        assert_eq!(logo(200), (items.len() - missing) as f64);
        assert_eq!(
            metrics.get("xg2g_cache_misses_total{cache=\"picons\"}"),
            items.len() as f64
        );
    });
}

#[test]
fn the_guide_is_told_by_media_also_after_a_restart() {
    with_demo(async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist.m3u").await.playlist();
        let guide = kit.get("/xmltv.xml").await.guide();
        for restarted in [false, true] {
            if restarted {
                kit.stop().await;
                kit.receiver().set_fault(Some(Fault::Hang));
                kit.start();
            }
            let metrics = kit.metrics().await;
            for (media, radio) in [("tv", false), ("radio", true)] {
                let of_media: Vec<_> = items.iter().filter(|item| item.radio == radio).collect();
                let counts = of_media.iter().map(|item| guide.of(&item.id).count());
                let counts: Vec<usize> = counts.collect();
                let with = counts.iter().filter(|count| **count > 0).count();
                let events = metrics.get(&format!("xg2g_guide_events{{media=\"{media}\"}}"));
                assert_eq!(events, counts.iter().sum::<usize>() as f64, "{media}");
                for (has, count) in [("true", with), ("false", counts.len() - with)] {
                    let series =
                        format!("xg2g_guide_channels{{media=\"{media}\",guide=\"{has}\"}}");
                    assert_eq!(metrics.get(&series), count as f64, "{series}");
                }
            }
            assert!(metrics.get("xg2g_guide_store_bytes") > 1_000.0);
        }
    });
}

#[test]
fn reloads_are_counted() {
    let folder = Folder::new();
    let file = folder.write("xg2g.toml", "");
    let arguments = [
        "--demo",
        "--listen",
        "127.0.0.1:0",
        "--config",
        file.to_str().unwrap(),
    ];
    let mut program = Process::start(&mut xg2g(arguments));
    let address = program.listens();
    let count = |address, status| {
        let metrics = Metrics::parse(get(address, "/metrics").text());
        metrics.get(&format!("xg2g_config_reload_total{{status=\"{status}\"}}"))
    };
    assert_eq!(
        (count(address, "success"), count(address, "failure")),
        (0.0, 0.0)
    );
    program.tell(Signal::HUP);
    program.says("the configuration has not changed");
    folder.write("xg2g.toml", "[guide]\ndays = 99\n");
    program.tell(Signal::HUP);
    program.says("guide.days");
    // The log is told before it is counted, and of the next reload after it.
    folder.write("xg2g.toml", "[guide]\ndays = 2\n");
    program.tell(Signal::HUP);
    while count(address, "success") < 2.0 {}
    assert_eq!(
        (count(address, "success"), count(address, "failure")),
        (2.0, 1.0)
    );
    assert!(program.stop().0.success());
}
