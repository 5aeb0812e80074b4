//! `/metrics`: every series is there from the start, and each counts what it says.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::Signal;
use xg2g::config::Config;
use xg2g::receiver::demo::{Fault, Options, STREAMS};

use crate::kit::{
    get, item, together, with, with_channels, with_demo, xg2g, Folder, Kit, Metrics, Process,
};

const STREAM: &str = "/stream/1-0-19-2B01-3E9-1-C00000-0-0-0.ts";

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
fn requests_are_counted_by_pattern_method_and_code() {
    with_channels(async |kit| {
        kit.pass().await;
        for _ in 0..3 {
            kit.get("/playlist/news.m3u").await;
        }
        for path in ["/playlist/nothing.m3u", "/playlist/x.m3u?client=kodi"] {
            assert_eq!(kit.get(path).await.status, 404);
        }
        kit.head("/playlist.m3u").await;
        kit.head("/playlist.m3u").await;
        let cases = [
            ("POST /healthz HTTP/1.1\r\nHost: box\r\n\r\n", 405),
            ("OPTIONS /healthz HTTP/1.1\r\nHost: box\r\n\r\n", 204),
            ("DELETE /nothing HTTP/1.1\r\nHost: box\r\n\r\n", 404),
            ("BREW / HTTP/1.1\r\nHost: box\r\n\r\n", 501),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ];
        for (request, status) in cases {
            assert_eq!(kit.request(request).await.status, status, "{request}");
        }
        let first = kit.metrics().await;
        let metrics = kit.metrics().await;
        let bouquet = "/playlist/{bouquet}.m3u";
        for (method, route, code, count) in [
            ("GET", bouquet, 200, 3.0),
            ("GET", bouquet, 404, 2.0),
            ("HEAD", "/playlist.m3u", 200, 2.0),
            ("GET", "/playlist.m3u", 200, 0.0),
            ("GET", "/healthz", 200, 0.0),
            ("POST", "other", 405, 1.0),
            ("OPTIONS", "other", 204, 1.0),
            ("DELETE", "other", 404, 1.0),
            ("other", "other", 501, 1.0),
            ("other", "other", 400, 2.0),
            // Not the one that is being answered.
            ("GET", "/metrics", 200, 1.0),
        ] {
            let found = requests(&metrics, method, route, code);
            assert_eq!(found, count, "{method} {route} {code}");
        }
        assert_eq!(requests(&first, "GET", "/metrics", 200), 0.0);
        assert_eq!(durations(&metrics, "GET", bouquet), 5.0);
        assert_eq!(durations(&metrics, "HEAD", "/playlist.m3u"), 2.0);
        assert_eq!(durations(&metrics, "POST", "other"), 1.0);
        let open = kit.metrics().await.get("xg2g_http_connections");
        assert!((1.0..5.0).contains(&open), "{open}");
    });
}

#[test]
fn no_path_makes_a_series_of_its_own() {
    with_channels(async |kit| {
        kit.pass().await;
        let hostile = |number: usize| {
            let evil = format!("hostile%22%7D{number}%0A");
            match number % 8 {
                0 => format!("/{evil}"),
                1 => format!("/a/{number}/hostile/c?x=hostile"),
                2 => format!("/stream/hostile-{number}.ts"),
                3 => format!("/picon/hostile-{number}.png"),
                4 => format!("/playlist/hostile-{number}.m3u"),
                5 => format!("/api/v1/epg?channel=hostile{number}"),
                6 => format!("/metrics/hostile{number}"),
                _ => format!("/{}", "hostile/".repeat(100)),
            }
        };
        together((0..16).map(|number| kit.request_of("GET", hostile(number)))).await;
        together((0..16).map(|number| kit.request_of("HEAD", hostile(number)))).await;
        kit.metrics().await;
        let before = kit.metrics().await;
        for round in 1..10 {
            let range = 16 * round..16 * (round + 1);
            together(
                range
                    .clone()
                    .map(|number| kit.request_of("GET", hostile(number))),
            )
            .await;
            together(range.map(|number| kit.request_of("HEAD", hostile(number)))).await;
        }
        let answer = kit.get("/metrics").await;
        assert!(!answer.text().contains("hostile"));
        assert_eq!(Metrics::parse(answer.text()).count(), before.count());
    });
}

impl Kit {
    async fn request_of(&self, method: &str, path: String) {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: box:8080\r\n\r\n");
        let answer = self.request(&request).await;
        assert!(
            [400, 404].contains(&answer.status),
            "{path} {}",
            answer.status
        );
    }
}

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
        let answers = together(logos.iter().map(|logo| kit.get(logo))).await;
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
fn streams_are_counted_while_they_run() {
    with_channels(async |kit| {
        kit.pass().await;
        let mut first = kit.play(STREAM).await;
        let mut second = kit.play(STREAM).await;
        first.packets(200).await;
        second.packets(200).await;
        let metrics = kit.metrics().await;
        for (series, count) in [
            ("xg2g_streams_active", 1.0),
            ("xg2g_stream_readers", 2.0),
            ("xg2g_streams_opened_total{upstream=\"new\"}", 1.0),
            ("xg2g_streams_opened_total{upstream=\"shared\"}", 1.0),
            ("xg2g_stream_tunes_total", 1.0),
            ("xg2g_stream_breaks_total", 0.0),
            ("xg2g_tuners", 8.0),
            ("xg2g_tuners_free", 7.0),
        ] {
            assert_eq!(metrics.get(series), count, "{series}");
        }
        assert_eq!(metrics.sum("xg2g_stream_errors_total"), 0.0);
        let received = metrics.get("xg2g_stream_received_bytes_total");
        let sent = metrics.get("xg2g_stream_sent_bytes_total");
        assert!(
            received >= 200.0 * 188.0 && sent >= 400.0 * 188.0,
            "{received} {sent}"
        );
        // The time of a stream is the time to its head, so it is there before the stream ends.
        assert_eq!(requests(&metrics, "GET", "/stream/{channel}.ts", 200), 2.0);
        assert_eq!(durations(&metrics, "GET", "/stream/{channel}.ts"), 2.0);
        let later = kit.metrics().await.get("xg2g_stream_sent_bytes_total");
        assert!(later >= sent);
    });
}

#[test]
fn a_stream_that_cannot_be_had_is_counted_by_its_reason() {
    let impatient = |config: &mut Config| {
        config.guide.enabled = false;
        config.stream.tune_timeout = Duration::from_millis(300);
        config.stream.max_readers = 1;
    };
    with(Options::default(), impatient, async |kit| {
        kit.pass().await;
        for (fault, reason) in [
            (Fault::Error500, "tuners_in_use"),
            (Fault::Hang, "no_data"),
            (Fault::Reset, "tune_failed"),
        ] {
            kit.receiver().set_fault_on(STREAMS, fault, None);
            assert_eq!(kit.get(STREAM).await.status, 503);
            let metrics = kit.metrics().await;
            let series = format!("xg2g_stream_errors_total{{reason=\"{reason}\"}}");
            assert_eq!(metrics.get(&series), 1.0, "{reason}");
        }
        kit.receiver().set_fault(None);
        let mut play = kit.play(STREAM).await;
        play.packets(10).await;
        assert_eq!(kit.get(STREAM).await.status, 503);
        assert_eq!(kit.get("/stream/1-2-3.ts").await.status, 404);
        let metrics = kit.metrics().await;
        let busy = metrics.get("xg2g_stream_errors_total{reason=\"system_busy\"}");
        assert_eq!(busy, 1.0);
        assert_eq!(metrics.sum("xg2g_stream_errors_total"), 4.0);
        assert_eq!(requests(&metrics, "GET", "/stream/{channel}.ts", 503), 4.0);
        assert_eq!(requests(&metrics, "GET", "/stream/{channel}.ts", 404), 1.0);
    });
}

#[test]
fn a_stream_that_is_lost_is_counted_for_each_player() {
    let impatient = |config: &mut Config| {
        config.guide.enabled = false;
        config.stream.mend = Duration::from_millis(300);
    };
    with(Options::default(), impatient, async |kit| {
        kit.pass().await;
        let mut plays = together((0..3).map(|_| kit.play(STREAM))).await;
        for play in &mut plays {
            play.packets(10).await;
        }
        kit.receiver().set_fault_on(STREAMS, Fault::Refused, None);
        kit.receiver().cut_streams();
        for play in &mut plays {
            play.end().await;
        }
        let metrics = kit.metrics().await;
        assert_eq!(metrics.sum("xg2g_stream_errors_total"), 3.0);
        assert_eq!(metrics.get("xg2g_stream_breaks_total"), 1.0);
        assert!(metrics.get("xg2g_stream_tunes_total") >= 2.0);
    });
}

#[test]
fn what_is_refused_is_counted() {
    let strict = |config: &mut Config| {
        config.guide.enabled = false;
        config.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        config.auth.token = "token-0123456789".into();
        config.ratelimit.rps = 1;
        config.ratelimit.burst = 3;
    };
    with(Options::default(), strict, async |kit| {
        kit.pass().await;
        let asked = |number: usize| async move {
            let from = format!("X-Forwarded-For: 192.168.1.{}\r\n", number / 10);
            kit.get_with("/api/v1/now", &from).await.status
        };
        let statuses = together((0..30).map(asked)).await;
        let limited = statuses.iter().filter(|status| **status == 429).count() as f64;
        assert!(limited >= 15.0, "{statuses:?}");
        for (headers, status) in [
            ("X-Forwarded-For: 203.0.113.9\r\n", 403),
            ("Authorization: Bearer wrong\r\n", 403),
            ("X-API-Token: wrong\r\n", 403),
        ] {
            assert_eq!(kit.get_with("/api/v1/now", headers).await.status, status);
        }
        let refresh = "POST /api/v1/refresh HTTP/1.1\r\nHost: box\r\n\r\n";
        assert_eq!(kit.request(refresh).await.status, 401);
        let metrics = kit.metrics().await;
        assert_eq!(metrics.get("xg2g_ratelimit_refused_total"), limited);
        let refused = |code| metrics.get(&format!("xg2g_access_refused_total{{code=\"{code}\"}}"));
        assert_eq!(
            (refused("E010"), refused("E011"), refused("E012")),
            (1.0, 2.0, 1.0)
        );
        assert_eq!(metrics.sum("xg2g_access_refused_total"), 4.0);
        // Whoever is refused is counted with what was asked.
        assert_eq!(requests(&metrics, "GET", "/api/v1/now", 429), limited);
        assert_eq!(requests(&metrics, "GET", "/api/v1/now", 403), 3.0);
        assert_eq!(requests(&metrics, "POST", "/api/v1/refresh", 401), 1.0);
        let status = kit.status().await;
        assert_eq!(f64::from(status.refused.limited), limited);
        assert_eq!(status.refused.denied, 4);
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

#[test]
fn reloads_are_counted_over_reloads() {
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
    let mut address = program.listens();
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
    address = program.listens();
    while count(address, "success") < 2.0 {}
    assert_eq!(
        (count(address, "success"), count(address, "failure")),
        (2.0, 1.0)
    );
    assert!(program.stop().0.success());
}
