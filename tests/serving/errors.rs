//! Health, refresh on request, and what is refused and how.

use xg2g::receiver::demo::Fault;

use super::FIRST;
use crate::kit::{together, with_channels, with_demo, Answer, ErrorJson};

/// Every route that hands something out.
const ROUTES: [&str; 13] = [
    "/playlist.m3u",
    "/files/playlist.m3u",
    "/playlist/news.m3u",
    "/xmltv.xml",
    "/files/xmltv.xml",
    "/xmltv.xml.gz",
    "/files/xmltv.xml.gz",
    "/api/v1/channels",
    "/api/v1/bouquets",
    "/api/v1/epg",
    "/api/v1/now",
    "/api/v1/status",
    "/healthz",
];
const REFRESH: &str = "POST /api/v1/refresh HTTP/1.1\r\nHost: box:8080\r\n\r\n";

fn is_error(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let error: ErrorJson = answer.json();
    assert_eq!(error.code, code);
    assert!(!error.error.is_empty());
    assert_eq!(error.request_id, answer.head("x-request-id"));
    let compact = format!(
        "{{\"error\":\"{}\",\"code\":\"{code}\",\"request_id\":\"{}\"}}",
        error.error, error.request_id
    );
    assert_eq!(answer.text(), compact);
}

#[test]
fn alive_at_once_and_ready_when_playlist_and_guide_are_there() {
    with_demo(async |kit| {
        kit.receiver().set_fault(Some(Fault::Refused));
        kit.pass().await;
        assert_eq!(kit.get("/healthz").await.status, 200);
        assert_eq!(kit.head("/healthz").await.status, 200);
        is_error(&kit.get("/readyz").await, 503, "E301");
        assert_eq!(kit.head("/readyz").await.status, 503);
        for path in ROUTES.iter().filter(|path| !path.ends_with("status")) {
            let answer = kit.get(path).await;
            if *path != "/healthz" {
                is_error(&answer, 503, "E301");
                assert!(answer.header("retry-after").is_some(), "{path}");
            }
        }
        let status = kit.status().await;
        assert_eq!(status.receiver.reachable, Some(false));
        assert!(status.refresh.error.is_some() && status.guide.is_none());

        kit.receiver().set_fault(None);
        kit.refresh().await;
        assert_eq!(kit.get("/healthz").await.status, 200);
        let ready = kit.get("/readyz").await;
        assert_eq!(
            (ready.status, ready.text()),
            (200, "{\"status\":\"healthy\"}")
        );
        for path in ROUTES {
            assert_eq!(kit.get(path).await.status, 200, "{path}");
        }
        assert_eq!(kit.status().await.refresh.error, None);
    });
}

#[test]
fn channels_without_a_guide_are_not_ready() {
    with_demo(async |kit| {
        kit.receiver()
            .set_fault_on("/api/epg", Fault::Error500, None);
        kit.pass().await;
        assert_eq!(kit.get("/playlist.m3u").await.status, 200);
        is_error(&kit.get("/readyz").await, 503, "E301");
        kit.receiver().set_fault(None);
        kit.refresh().await;
        assert_eq!(kit.get("/readyz").await.status, 200);
    });
}

#[test]
fn a_refresh_is_202_and_409_while_one_runs() {
    with_channels(async |kit| {
        // The first pass runs.
        let (_, busy) = smol::future::zip(kit.pass(), async {
            while !kit.status().await.refresh.running {}
            kit.request(REFRESH).await
        })
        .await;
        is_error(&busy, 409, "E009");
        let (_, started) = smol::future::zip(kit.pass(), kit.request(REFRESH)).await;
        assert_eq!(
            (started.status, started.text()),
            (202, "{\"status\":\"started\"}")
        );
        assert_eq!(started.head("content-type"), "application/json");
        assert_eq!(kit.status().await.refresh.passes, 2);
    });
}

#[test]
fn of_many_requests_for_a_refresh_one_is_granted() {
    with_channels(async |kit| {
        kit.pass().await;
        // The pass must outlast the requests.
        kit.receiver()
            .set_delay(std::time::Duration::from_millis(10));
        let asks = together((0..10).map(|_| kit.request(REFRESH)));
        let (_, answers) = smol::future::zip(kit.pass(), asks).await;
        let granted = answers.iter().filter(|answer| answer.status == 202).count();
        assert!(answers
            .iter()
            .all(|answer| matches!(answer.status, 202 | 409)));
        assert_eq!(granted, 1);
    });
}

#[test]
fn other_methods_are_405_with_what_is_allowed() {
    with_channels(async |kit| {
        kit.pass().await;
        let logo = format!("/picon/{FIRST}.png");
        let stream = format!("/stream/{FIRST}.ts");
        for path in ROUTES.iter().chain(&[logo.as_str(), &stream, "/readyz"]) {
            for method in ["POST", "PUT", "DELETE"] {
                let ask =
                    format!("{method} {path} HTTP/1.1\r\nHost: box\r\nContent-Length: 0\r\n\r\n");
                let answer = kit.request(&ask).await;
                is_error(&answer, 405, "E004");
                assert_eq!(answer.head("allow"), "GET, HEAD, OPTIONS", "{path}");
            }
        }
        let answer = kit.get("/api/v1/refresh").await;
        is_error(&answer, 405, "E004");
        assert_eq!(answer.head("allow"), "POST, OPTIONS");
        let options = kit
            .request("OPTIONS /playlist.m3u HTTP/1.1\r\nHost: box\r\n\r\n")
            .await;
        assert_eq!(
            (options.status, options.head("allow")),
            (204, "GET, HEAD, OPTIONS")
        );
    });
}

#[test]
fn what_is_not_there_is_404_in_the_shape_of_every_error() {
    with_channels(async |kit| {
        kit.pass().await;
        for path in [
            "/nothing",
            "/playlist.m3u/",
            "/playlist/.m3u",
            "/playlist/nope.m3u",
            "/xmltv.xml?bouquet=nope",
            "/files/",
            "/api/v1",
            "/api/v1/epg?channel=nope",
            "/picon/nope.png",
            "/etc/passwd",
        ] {
            is_error(&kit.get(path).await, 404, "E003");
        }
        for path in ["/../etc/passwd", "/playlist/%2e%2e", "/%00", "/x%zz"] {
            is_error(&kit.get(path).await, 400, "E002");
        }
        let head = kit.head("/nothing").await;
        assert_eq!((head.status, head.body.len()), (404, 0));
    });
}

#[test]
fn every_answer_has_a_request_id_the_clients_own_if_it_is_sane() {
    with_channels(async |kit| {
        kit.pass().await;
        let mut ids = std::collections::HashSet::new();
        for path in ROUTES.iter().chain(&["/nothing", "/readyz"]) {
            let own = kit.get(path).await.head("x-request-id").to_owned();
            assert!(!own.is_empty() && ids.insert(own));
            let kept = kit.get_with(path, "X-Request-ID: a-1_b.2\r\n").await;
            assert_eq!(kept.head("x-request-id"), "a-1_b.2");
        }
        for bad in ["a b", "<script>", "x\tforged=1", &"x".repeat(65)] {
            let headers = format!("X-Request-ID: {bad}\r\n");
            let answer = kit.get_with("/nothing", &headers).await;
            assert_ne!(answer.head("x-request-id"), bad);
            is_error(&answer, 404, "E003");
        }
    });
}
