//! The web page as the running program serves it: what a browser gets before any script runs.

// The derive writes its code its own way.
#![allow(clippy::unwrap_used, clippy::question_mark)]

use std::collections::{BTreeMap, BTreeSet};

use nanoserde::DeJson;
use xg2g::page::ASSETS;

use crate::kit::{with_channels, with_demo, Answer, Channels, ErrorJson, Kit};

/// What all files of the page may be together, heads included, in bytes.
const LARGEST: usize = 40_000;
/// What one head is at most.
const HEAD: usize = 700;
const GZIP: &str = "Accept-Encoding: gzip\r\n";
const TOKEN: &str = "token-0123456789-geheim";
const KEY: &str = "key-0123456789-geheim";

#[derive(Debug, DeJson)]
struct Addresses {
    base: String,
    query: String,
    playlist: String,
    guide: String,
    plex_guide: String,
    hdhomerun: Option<String>,
}

#[derive(Debug, DeJson)]
struct MayChange {
    may_change: bool,
}

/// The document and every file of the page.
fn paths() -> Vec<String> {
    let files = ASSETS.iter().map(|asset| format!("/page/{}", asset.name));
    std::iter::once("/".to_owned()).chain(files).collect()
}

async fn addresses(kit: &Kit, headers: &str) -> Addresses {
    kit.get_with("/api/v1/addresses", headers).await.json()
}

async fn may_change(kit: &Kit, headers: &str) -> bool {
    let told: MayChange = kit.get_with("/api/v1/status", headers).await.json();
    told.may_change
}

/// The bytes of an answer's head, as it came.
fn head_size(answer: &Answer) -> usize {
    let fields = answer
        .headers()
        .map(|(name, value)| name.len() + value.len() + 4);
    "HTTP/1.1 200 OK\r\n\r\n".len() + fields.sum::<usize>()
}

#[test]
fn without_scripts_the_document_tells_the_addresses_in_the_readers_language() {
    with_demo(async |kit| {
        kit.pass().await;
        let channels: Channels = kit.get("/api/v1/channels").await.json();
        for (wanted, tag, count, note) in [
            ("", "en", "channels, ", "needs JavaScript"),
            (
                "Accept-Language: de-AT,de;q=0.9,en;q=0.8\r\n",
                "de",
                "Sender, davon ",
                "braucht JavaScript",
            ),
            (
                "Accept-Language: fr,en-GB;q=0.5,de;q=0.1\r\n",
                "en",
                "channels, ",
                "needs JavaScript",
            ),
        ] {
            let document = kit.get_with("/", wanted).await;
            let text = document.text();
            assert_eq!(document.status, 200);
            assert_eq!(document.head("content-type"), "text/html; charset=utf-8");
            assert!(document
                .head("vary")
                .to_ascii_lowercase()
                .contains("accept-language"));
            assert!(text.contains(&format!("<html lang=\"{tag}\">")), "{wanted}");
            assert!(
                text.contains(&format!("{} {count}", channels.total)),
                "{text}"
            );
            assert!(text.contains(note), "{text}");
            for address in ["playlist.m3u", "xmltv.xml", "xmltv.xml?client=plex"] {
                let link = format!("href=\"http://box:8080/{address}\"");
                assert!(text.contains(&link), "{address} in {text}");
            }
            assert_eq!(text.matches("<h1").count(), 1);
        }
    });
}

#[test]
fn the_page_runs_nothing_but_its_own_files_and_asks_nobody_else() {
    with_channels(async |kit| {
        let document = kit.get("/").await;
        let policy = document.head("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(
            !policy.contains("http") && !policy.contains('*'),
            "{policy}"
        );
        let text = document.text();
        assert_eq!(
            text.matches("<script").count(),
            text.matches("<script type=\"module\" src=\"/page/").count()
        );
        assert!(
            !text.contains("<style") && !text.contains(" style=") && !text.contains(" onclick=")
        );
        for asset in &ASSETS {
            assert!(
                !asset.text.contains("style="),
                "{}: the policy forbids it",
                asset.name
            );
        }
    });
}

#[test]
fn all_files_are_small_and_known_again() {
    with_channels(async |kit| {
        kit.pass().await;
        let mut total = 0;
        for path in paths() {
            let answer = kit.get_with(&path, GZIP).await;
            assert_eq!(
                (answer.status, answer.head("content-encoding")),
                (200, "gzip"),
                "{path}"
            );
            let size = head_size(&answer);
            assert!(size < HEAD, "{path}: {size}");
            total += size + answer.body.len();
            let etag = answer.head("etag");
            assert!(
                etag.starts_with('"') && etag.ends_with('"') && etag.len() > 4,
                "{path}: {etag}"
            );
            let known = kit
                .get_with(&path, &format!("{GZIP}If-None-Match: {etag}\r\n"))
                .await;
            assert_eq!((known.status, known.body.len()), (304, 0), "{path}");
            let other = kit.get_with(&path, "If-None-Match: \"x\"\r\n").await;
            assert_eq!(
                (other.status, other.header("content-encoding")),
                (200, None),
                "{path}"
            );
            assert_eq!(other.text(), answer.unzipped(), "{path}");
            assert_ne!(
                other.head("etag"),
                etag,
                "{path}: plain and packed are not the same bytes"
            );
            let head = kit.head(&path).await;
            assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        }
        assert!(total <= LARGEST, "the page is {total} bytes");
    });
}

#[test]
fn what_is_no_file_of_the_page_is_404() {
    with_channels(async |kit| {
        for path in [
            "/page/nothing.js",
            "/page/",
            "/page/mod.rs",
            "/page/index.html",
            "/index.html",
        ] {
            let answer = kit.get(path).await;
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(answer.json::<ErrorJson>().code, "E003", "{path}");
        }
        // Paths that climb are refused before anybody looks for a file.
        assert_eq!(kit.get("/page/..%2Fmod.rs").await.status, 400);
        let post = kit
            .request("POST / HTTP/1.1\r\nHost: box:8080\r\nContent-Length: 0\r\n\r\n")
            .await;
        assert_eq!(post.status, 405);
    });
}

#[test]
fn the_document_names_the_host_it_was_asked_for() {
    with_channels(async |kit| {
        for host in ["192.168.1.5:8080", "[fd12::5]:8080", "box.local"] {
            let answer = kit
                .request(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"))
                .await;
            let link = format!("href=\"http://{host}/playlist.m3u\"");
            assert!(answer.text().contains(&link), "{host}: {}", answer.text());
            let typed = format!("GET /api/v1/addresses HTTP/1.1\r\nHost: {host}\r\n\r\n");
            let typed: Addresses = kit.request(&typed).await.json();
            assert_eq!(typed.base, format!("http://{host}"));
        }
    });
}

#[test]
fn addresses_are_told_as_they_are_typed() {
    with_channels(async |kit| {
        let answer = kit.get("/api/v1/addresses").await;
        assert_eq!(answer.head("cache-control"), "no-store");
        let told: Addresses = answer.json();
        assert_eq!((&*told.base, &*told.query), ("http://box:8080", ""));
        assert_eq!(told.playlist, "http://box:8080/playlist.m3u");
        assert_eq!(told.guide, "http://box:8080/xmltv.xml");
        assert_eq!(told.plex_guide, "http://box:8080/xmltv.xml?client=plex");
        assert_eq!(told.hdhomerun.as_deref(), Some("box:8080"));
        kit.stop().await;
        kit.configure(|config| {
            config.hdhomerun.enabled = false;
            config.server.public_url = Some("https://tv.example/box".into());
        });
        kit.start();
        let told = addresses(kit, "").await;
        assert_eq!(told.playlist, "https://tv.example/box/playlist.m3u");
        assert_eq!(told.hdhomerun, None);
        assert!(kit
            .get("/")
            .await
            .text()
            .contains("href=\"https://tv.example/box/xmltv.xml\""));
    });
}

#[test]
fn where_reading_needs_a_key_the_page_is_there_but_tells_none() {
    with_channels(async |kit| {
        kit.stop().await;
        kit.configure(|config| {
            config.auth.everything = true;
            config.auth.token = TOKEN.into();
            config.auth.stream_key = KEY.into();
        });
        kit.start();
        for path in paths() {
            let answer = kit.get(&path).await;
            assert_eq!(answer.status, 200, "{path}");
            assert!(
                !answer.text().contains(KEY) && !answer.text().contains(TOKEN),
                "{path}"
            );
        }
        let refused = kit.get("/api/v1/addresses").await;
        assert_eq!(refused.status, 401, "{}", refused.text());
        assert!(!refused.text().contains(KEY));
        let told = addresses(kit, &format!("Authorization: Bearer {TOKEN}\r\n")).await;
        assert_eq!(told.query, format!("?key={KEY}"));
        assert_eq!(told.guide, format!("http://box:8080/xmltv.xml?key={KEY}"));
        assert_eq!(
            told.plex_guide,
            format!("http://box:8080/xmltv.xml?client=plex&key={KEY}")
        );
    });
}

#[test]
fn the_status_tells_whether_who_asks_may_change_things() {
    with_channels(async |kit| {
        assert!(may_change(kit, "").await);
        assert!(!may_change(kit, "Origin: http://evil.example\r\n").await);
        kit.stop().await;
        kit.configure(|config| config.auth.token = TOKEN.into());
        kit.start();
        assert!(!may_change(kit, "").await);
        assert!(may_change(kit, &format!("Authorization: Bearer {TOKEN}\r\n")).await);
    });
}

#[test]
fn a_missing_logo_is_no_error_for_who_says_so() {
    with_channels(async |kit| {
        kit.pass().await;
        let channels: Channels = kit.get("/api/v1/channels").await.json();
        let mut statuses = BTreeSet::new();
        for channel in &channels.channels {
            let path = format!("/picon/{}.png", channel.slug);
            let plain = kit.get(&path).await.status;
            let empty = kit.get(&format!("{path}?missing=empty")).await;
            assert_eq!(
                empty.status == 204,
                empty.body.is_empty(),
                "{}",
                channel.name
            );
            statuses.insert((plain, empty.status));
        }
        assert_eq!(statuses, BTreeSet::from([(200, 200), (404, 204)]));
    });
}

/// The texts behind `begin` in a script; none of them has a quote in it.
fn texts<'a>(script: &'a str, begin: &str) -> Vec<&'a str> {
    let found = script.match_indices(begin);
    let calls =
        found.filter(|(at, _)| !script[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '.'));
    calls
        .filter_map(|(at, _)| script[at + begin.len()..].split('"').next())
        .collect()
}

#[test]
fn every_text_of_the_scripts_has_its_german_words() {
    let german = ASSETS
        .iter()
        .find(|asset| asset.name == "de.js")
        .unwrap()
        .text;
    let lines = german
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\": \""));
    let mut table = BTreeMap::new();
    for (english, german) in lines {
        assert_eq!(
            table.insert(english, german),
            None,
            "{english:?} is there twice"
        );
        for value in ["{0}", "{1}", "{2}"] {
            assert_eq!(
                english.contains(value),
                german.contains(value),
                "{value} in {german:?}"
            );
        }
    }
    let mut seen = 0;
    for asset in ASSETS.iter().filter(|asset| asset.name.ends_with(".js")) {
        for text in texts(asset.text, "t(\"") {
            assert!(table.contains_key(text), "{}: {text:?}", asset.name);
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen} texts are too few");
}
