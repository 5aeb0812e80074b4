//! `/picon/<channel>.png`.

use xg2g::config::Config;
use xg2g::receiver::demo::{Fault, Options};

use super::FIRST;
use crate::kit::{item, together, with, with_channels, ErrorJson};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

#[test]
fn a_logo_is_a_png_with_a_tag() {
    with_channels(async |kit| {
        kit.pass().await;
        let path = format!("/picon/{FIRST}.png");
        let logo = kit.get(&path).await;
        assert_eq!((logo.status, logo.head("content-type")), (200, "image/png"));
        assert!(logo.body.starts_with(PNG) && logo.body.len() > 200);
        let head = kit.head(&path).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.head("content-length"), logo.body.len().to_string());
        let known = format!("If-None-Match: {}\r\n", logo.head("etag"));
        assert_eq!(kit.get_with(&path, &known).await.status, 304);
        let other = kit.get_with(&path, "If-None-Match: \"x\"\r\n").await;
        assert_eq!((other.status, &other.body), (200, &logo.body));
        assert!(logo.head("cache-control").contains("max-age="));
    });
}

#[test]
fn underscores_name_the_same_logo() {
    with_channels(async |kit| {
        kit.pass().await;
        let dashes = kit.get(&format!("/picon/{FIRST}.png")).await;
        let path = format!("/picon/{}.png", FIRST.replace('-', "_"));
        let underscores = kit.get(&path).await;
        assert_eq!((underscores.status, underscores.body), (200, dashes.body));
    });
}

#[test]
fn a_logo_is_found_by_reference_by_name_and_for_url_services() {
    with_channels(async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist.m3u").await.playlist();
        // By reference; by name; a renamed one; alternatives; a URL service; a URL service without ids.
        for name in [
            "Zweite Welle HD",
            "Rock*Star TV",
            "Heimat: 100% Berge",
            "Regional",
            "Hafenkino",
            "Bergkamera HLS",
            "Web-Radio",
        ] {
            let path = item(&items, name).logo.replace("http://box:8080", "");
            let logo = kit.get(&path).await;
            assert_eq!(logo.status, 200, "{name} {path}");
            assert!(logo.body.starts_with(PNG), "{name}");
        }
    });
}

#[test]
fn what_has_no_logo_is_404() {
    with_channels(async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist.m3u").await.playlist();
        let without = item(&items, "Schach TV").slug();
        kit.receiver().reset_stats();
        for slug in [
            without,
            "1-0-19-FFFF-3E9-1-C00000-0-0-0",
            "nonsense",
            "%2e%2epasswd",
        ] {
            let answer = kit.get(&format!("/picon/{slug}.png")).await;
            assert_eq!(answer.status, 404, "{slug}");
            assert_eq!(answer.json::<ErrorJson>().code, "E003");
        }
        let asked = kit.receiver().stats().calls;
        assert!(
            asked > 0 && asked < 10,
            "only the known channel is asked for: {asked}"
        );
        kit.get(&format!("/picon/{without}.png")).await;
        assert_eq!(
            kit.receiver().stats().calls,
            asked,
            "that it has none is remembered"
        );
    });
}

#[test]
fn twenty_requests_at_once_are_one_question_to_the_receiver() {
    with_channels(async |kit| {
        kit.pass().await;
        kit.receiver().reset_stats();
        let path = format!("/picon/{FIRST}.png");
        let logos = together((0..20).map(|_| kit.get(&path))).await;
        assert!(logos
            .iter()
            .all(|logo| logo.status == 200 && logo.body == logos[0].body));
        assert_eq!(kit.receiver().stats().calls, 1);
        kit.get(&path).await;
        assert_eq!(kit.receiver().stats().calls, 1, "it is kept");
        assert!(kit.status().await.caches.picons.hits >= 20);
    });
}

#[test]
fn all_logos_at_once_are_asked_for_one_at_a_time() {
    let no_guide = |config: &mut Config| config.guide.enabled = false;
    with(Options::default(), no_guide, async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist.m3u").await.playlist();
        kit.receiver().reset_stats();
        let paths: Vec<String> = items
            .iter()
            .map(|item| item.logo.replace("http://box:8080", ""))
            .collect();
        let logos = together(paths.iter().map(|path| kit.get(path))).await;
        let found = logos.iter().filter(|logo| logo.status == 200).count();
        assert!(logos.iter().all(|logo| matches!(logo.status, 200 | 404)));
        assert!(found >= items.len() - 6, "{found} of {}", items.len());
        assert_eq!(kit.receiver().stats().overlapping, 0);
    });
}

#[test]
fn without_the_receiver_a_kept_logo_is_served_and_others_are_503_at_once() {
    with_channels(async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist.m3u").await.playlist();
        let path = format!("/picon/{FIRST}.png");
        let kept = kit.get(&path).await;
        kit.receiver().set_fault(Some(Fault::Refused));
        assert_eq!(kit.get(&path).await.body, kept.body);
        let others = items[1..8].iter();
        let others = others.map(|item| format!("/picon/{}.png", item.slug()));
        for path in others {
            let answer = kit.get(&path).await;
            assert_eq!(answer.status, 503, "{path}");
            assert_eq!(answer.json::<ErrorJson>().code, "E101");
            assert!(answer.header("retry-after").is_some());
        }
    });
}

#[test]
fn what_is_no_png_is_never_handed_out() {
    with_channels(async |kit| {
        kit.pass().await;
        for fault in [
            Fault::Html,
            Fault::EmptyBody,
            Fault::Error500,
            Fault::HalfJson,
        ] {
            kit.receiver().set_fault(Some(fault));
            let items = kit.get("/playlist/news.m3u").await.playlist();
            let answer = kit.get(&format!("/picon/{}.png", items[0].slug())).await;
            assert!(
                matches!(answer.status, 404 | 503),
                "{fault}: {}",
                answer.status
            );
            kit.receiver().set_fault(None);
        }
    });
}
