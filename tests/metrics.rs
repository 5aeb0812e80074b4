//! `/metrics`: every series is there from the start, and each counts what it says.

mod passes;
mod requests;
mod streams;

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use xg2g::config::Config;
use xg2g::receiver::demo::{Fault, Options};

use crate::kit::{item, with_channels, Kit, Metrics};

fn requests(metrics: &Metrics, method: &str, route: &str, code: u16) -> f64 {
    metrics.get(&format!(
        "xg2g_api_requests_total{{method=\"{method}\",route=\"{route}\",code=\"{code}\"}}"
    ))
}

fn durations(metrics: &Metrics, method: &str, route: &str) -> f64 {
    metrics.get(&format!(
        "http_request_duration_seconds_count{{method=\"{method}\",route=\"{route}\"}}"
    ))
}

#[test]
fn every_series_is_there_from_the_start_with_nothing_counted() {
    with_channels(async |kit| {
        // No pass ends before the question.
        kit.receiver().set_fault(Some(Fault::Hang));
        let metrics = kit.metrics().await;
        let with = |name: &str, label: &str, values: &[&str]| -> Vec<String> {
            let series = |value| format!("{name}{{{label}=\"{value}\"}}");
            values.iter().map(series).collect()
        };
        let endpoints = [
            "bouquets",
            "deviceinfo",
            "epgmulti",
            "epgnownext",
            "epgservice",
            "getallservices",
            "getpicon",
            "getservices",
            "message",
            "picon",
            "saveepg",
            "settings",
            "statusinfo",
            "timerlist",
        ];
        let caches = ["answers", "picons", "outputs"];
        let outcomes = ["success", "failure"];
        let reasons = [
            "system_busy",
            "tuners_in_use",
            "tune_failed",
            "no_data",
            "scrambled",
            "too_slow",
        ];
        let codes = ["E010", "E011", "E012", "E013", "E014", "E015"];
        let mut zero: Vec<String> = [
            "xg2g_refresh_channels_total",
            "xg2g_refresh_bouquets_total",
            "xg2g_refresh_last_success_timestamp_seconds",
            "xg2g_refresh_warnings",
            "xg2g_channels",
            "xg2g_bouquets",
            "xg2g_streams_active",
            "xg2g_stream_readers",
            "xg2g_stream_received_bytes_total",
            "xg2g_stream_sent_bytes_total",
            "xg2g_stream_tunes_total",
            "xg2g_stream_breaks_total",
            "xg2g_tuners",
            "xg2g_tuners_free",
            "xg2g_ratelimit_refused_total",
            "xg2g_audit_dropped_lines_total",
        ]
        .map(str::to_owned)
        .into();
        zero.extend(with(
            "xg2g_refresh_duration_seconds_count",
            "status",
            &outcomes,
        ));
        zero.extend(with("xg2g_config_reload_total", "status", &outcomes));
        zero.extend(with("xg2g_receiver_calls_total", "endpoint", &endpoints));
        zero.extend(with(
            "xg2g_receiver_call_failures_total",
            "endpoint",
            &endpoints,
        ));
        zero.extend(with(
            "xg2g_receiver_call_seconds_total",
            "endpoint",
            &endpoints,
        ));
        for name in [
            "hits_total",
            "misses_total",
            "evictions_total",
            "bytes",
            "entries",
        ] {
            zero.extend(with(&format!("xg2g_cache_{name}"), "cache", &caches));
        }
        zero.extend(with("xg2g_stream_errors_total", "reason", &reasons));
        zero.extend(with(
            "xg2g_streams_opened_total",
            "upstream",
            &["new", "shared"],
        ));
        zero.extend(with("xg2g_access_refused_total", "code", &codes));
        zero.extend(with("xg2g_guide_events", "media", &["tv", "radio"]));
        for media in ["tv", "radio"] {
            for guide in ["true", "false"] {
                zero.push(format!(
                    "xg2g_guide_channels{{media=\"{media}\",guide=\"{guide}\"}}"
                ));
            }
        }
        for series in zero {
            assert_eq!(metrics.get(&series), 0.0, "{series}");
        }
        assert_eq!(metrics.get("xg2g_refresh_running"), 1.0);
        assert_eq!(
            metrics.get("xg2g_receiver_up"),
            1.0,
            "nothing is known against it"
        );
        let version = env!("CARGO_PKG_VERSION");
        let build = format!("xg2g_build_info{{version=\"{version}\"}}");
        assert_eq!(metrics.get(&build), 1.0);
        for (series, value) in metrics.all("xg2g_api_requests_total") {
            assert_eq!(value, 0.0, "{series}");
        }
    });
}

#[test]
fn every_route_has_its_series_before_it_is_asked() {
    with_channels(async |kit| {
        let metrics = kit.metrics().await;
        let page = include_str!("../docs/HTTP.md");
        let rows = page.lines().filter_map(|line| {
            let (method, rest) = line.strip_prefix("| ")?.split_once(" | `/")?;
            Some((method, format!("/{}", rest.split('`').next()?)))
        });
        let rows: Vec<_> = rows
            .filter(|(method, _)| ["GET", "POST"].contains(method))
            .collect();
        assert!(rows.len() > 20);
        for (method, route) in rows {
            assert_eq!(requests(&metrics, method, &route, 200), 0.0);
            assert_eq!(durations(&metrics, method, &route), 0.0);
        }
        for code in xg2g::http::CODES.iter().flat_map(|code| code.statuses) {
            assert_eq!(requests(&metrics, "other", "other", *code), 0.0);
        }
    });
}

#[test]
fn caches_tell_what_they_found_and_hold() {
    with_channels(async |kit| {
        kit.pass().await;
        for _ in 0..3 {
            kit.get("/playlist.m3u").await;
        }
        let metrics = kit.metrics().await;
        let outputs = |name| metrics.get(&format!("xg2g_cache_{name}{{cache=\"outputs\"}}"));
        assert_eq!((outputs("hits_total"), outputs("misses_total")), (2.0, 1.0));
        assert!(outputs("entries") == 1.0 && outputs("bytes") > 1_000.0);
        let answers = metrics.get("xg2g_cache_misses_total{cache=\"answers\"}");
        assert!(answers > 5.0, "{answers}");
    });
}

#[test]
fn the_kernel_tells_of_the_process() {
    with_channels(async |kit| {
        let before = kit.metrics().await;
        let mebibyte = 1024.0 * 1024.0;
        let resident = before.get("process_resident_memory_bytes");
        assert!(resident > mebibyte && resident < before.get("process_virtual_memory_bytes"));
        assert!(before.get("process_open_fds") > 5.0);
        assert!(before.get("process_open_fds") < before.get("process_max_fds"));
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs_f64();
        let age = now - before.get("process_start_time_seconds");
        // The machine's start is told in whole seconds.
        assert!((-2.0..3_600.0).contains(&age), "{age}");
        let used = |metrics: &Metrics| metrics.get("process_cpu_seconds_total");
        kit.pass().await;
        // Ticks are long.
        while used(&kit.metrics().await) <= used(&before) {}
    });
}

#[test]
fn it_is_text_of_its_version_and_has_a_head() {
    with_channels(async |kit| {
        let answer = kit.get("/metrics").await;
        let media = "text/plain; version=0.0.4; charset=utf-8";
        assert_eq!(answer.head("content-type"), media);
        assert_eq!(answer.head("cache-control"), "no-store");
        assert!(answer.body.len() < 64 * 1024, "{}", answer.body.len());
        let head = kit.head("/metrics").await;
        assert_eq!((head.status, head.head("content-type")), (200, media));
        assert!(head.body.is_empty());
        let length: usize = head.head("content-length").parse().unwrap();
        assert!(length >= answer.body.len());
    });
}

#[test]
fn no_channel_no_client_and_no_address_is_in_it() {
    with_channels(async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist.m3u").await.playlist();
        let path = item(&items, "Erste Welle HD")
            .url
            .replace("http://box:8080", "");
        let mut play = kit
            .play_with(&format!(
                "GET {path} HTTP/1.1\r\nHost: box\r\nUser-Agent: Spieler\r\n\r\n"
            ))
            .await;
        play.packets(10).await;
        let answer = kit.get("/metrics").await;
        let receiver = kit.receiver().url();
        let words: BTreeSet<&str> = ["127.0.0.1", "Spieler", "2B01", "Erste", &receiver].into();
        for word in words {
            assert!(!answer.text().contains(word), "{word}");
        }
    });
}
