//! `/stream/<channel>.ts` where streams are left to the receiver; through the program: `streaming`.

use super::{FIRST, FIRST_SERVICE};
use crate::kit::{item, with, Kit};
use xg2g::config::{Config, Mode};
use xg2g::receiver::demo::{Fault, Options};

fn with_redirects<F: AsyncFnOnce(&Kit)>(test: F) {
    let redirect = |config: &mut Config| {
        config.guide.enabled = false;
        config.stream.mode = Mode::Redirect;
    };
    with(Options::default(), redirect, test);
}

#[test]
fn g2_head_says_transport_stream_and_touches_no_tuner() {
    with_redirects(async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist.m3u").await.playlist();
        kit.receiver().reset_stats();
        for item in items.iter().filter(|item| item.name != "Bergkamera HLS") {
            let path = item.url.replace("http://box:8080", "");
            assert!(path.ends_with(".ts"));
            let head = kit.head(&path).await;
            assert_eq!(head.status, 200, "{path}");
            assert_eq!(head.head("content-type"), "video/mp2t");
            assert!(head.body.is_empty() && head.header("location").is_none());
            assert_eq!(head.header("content-length"), None, "G7: it has no end");
        }
        let stats = kit.receiver().stats();
        assert_eq!((stats.streams, stats.calls), (0, 0));
    });
}

#[test]
fn get_sends_players_on_to_where_the_stream_is() {
    with_redirects(async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist.m3u").await.playlist();
        let port = kit.receiver().stream_port();
        let on_box = format!("http://box:{port}/");
        let on_net = format!("http://box:{port}/live/");
        let cases = [
            (
                "Erste Welle HD",
                format!("{on_box}1:0:19:2B01:3E9:1:C00000:0:0:0:"),
            ),
            // The first of the alternatives.
            (
                "Regional",
                format!("{on_box}1:0:19:2B06:3E9:1:C00000:0:0:0:"),
            ),
            // The name inside the reference is no part of the address.
            (
                "Heimat: 100% Berge",
                format!("{on_box}1:0:1:2B14:3EB:1:820000:0:0:0:"),
            ),
            (
                "Radio Eins",
                format!("{on_box}1:0:2:2B65:3F5:1:C00000:0:0:0:"),
            ),
            ("Hafenkino", format!("{on_net}hafen.ts")),
            (
                "Garten & Heim",
                format!("{on_net}garten.ts?profile=pass&x=%41"),
            ),
            ("Bergkamera HLS", format!("{on_net}bergkamera.m3u8")),
        ];
        kit.receiver().reset_stats();
        for (name, location) in cases {
            let path = item(&items, name).url.replace("http://box:8080", "");
            let answer = kit.get(&path).await;
            assert_eq!(answer.status, 302, "{name}");
            assert_eq!(answer.head("location"), location, "{name}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert!(answer.body.is_empty());
        }
        // What is no transport stream is no `video/mp2t` either.
        let hls = item(&items, "Bergkamera HLS")
            .url
            .replace("http://box:8080", "");
        assert_eq!(kit.head(&hls).await.status, 302);
        assert_eq!(
            kit.receiver().stats().streams,
            0,
            "players go there themselves"
        );
    });
}

#[test]
fn the_other_spelling_of_a_reference_is_the_same_stream() {
    with_redirects(async |kit| {
        kit.pass().await;
        let dashes = kit.get(&format!("/stream/{FIRST}.ts")).await;
        let path = format!("/stream/{}.ts", FIRST.replace('-', "_"));
        let underscores = kit.get(&path).await;
        assert_eq!((dashes.status, underscores.status), (302, 302));
        assert_eq!(dashes.header("location"), underscores.header("location"));
    });
}

#[test]
fn g7_a_range_is_ignored() {
    with_redirects(async |kit| {
        kit.pass().await;
        let path = format!("/stream/{FIRST}.ts");
        let kodi = "Range: bytes=0-\r\nAccept-Encoding: deflate, gzip, br, zstd\r\n";
        let answer = kit.get_with(&path, kodi).await;
        assert_eq!(
            (answer.status, answer.header("content-encoding")),
            (302, None)
        );
    });
}

#[test]
fn what_names_no_channel_is_404_801_without_a_body() {
    with_redirects(async |kit| {
        kit.pass().await;
        let hidden = "1-0-1-2B13-3EB-1-C00000-0-0-0";
        for name in [
            hidden,
            "1-0-19-FFFF-1-1-C00000-0-0-0",
            "x",
            "1-0",
            "%20",
            "a%2Fb",
        ] {
            let path = format!("/stream/{name}.ts");
            for answer in [kit.get(&path).await, kit.head(&path).await] {
                assert_eq!(answer.status, 404, "{path}");
                assert!(answer.head("x-hdhomerun-error").starts_with("801"));
                assert!(answer.body.is_empty());
            }
        }
    });
}

#[test]
fn before_anything_is_known_every_stream_is_404() {
    with_redirects(async |kit| {
        kit.receiver().set_fault(Some(Fault::Refused));
        kit.pass().await;
        let answer = kit.get(&format!("/stream/{FIRST}.ts")).await;
        assert_eq!((answer.status, answer.body.len()), (404, 0));
    });
}

#[test]
fn a_receiver_elsewhere_is_named_by_its_address() {
    // Leads to this machine, but is none of its own names.
    let elsewhere = |config: &mut Config| {
        config.stream.mode = Mode::Redirect;
        config.receiver.url = config.receiver.url.replace("127.0.0.1", "0.0.0.0");
    };
    with(Options::default(), elsewhere, async |kit| {
        kit.pass().await;
        let answer = kit.get(&format!("/stream/{FIRST}.ts")).await;
        let port = kit.receiver().stream_port();
        let location = format!("http://0.0.0.0:{port}/{FIRST_SERVICE}");
        assert_eq!(answer.head("location"), location);
    });
}
