//! What is asked of us.

use super::*;
use crate::kit::{together, with};

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
