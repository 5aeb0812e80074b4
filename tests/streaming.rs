//! Streams through the running program, as players open them.

mod mending;
mod refusals;
mod relay;
mod sharing;
mod tuners;

use xg2g::config::Config;

use crate::kit::{begins_picture, item, pid, with, with_channels, Kit, PICTURE};
use xg2g::receiver::demo::Options;

/// The first channel's service.
const FIRST_SERVICE: &str = "1:0:19:2B01:3E9:1:C00000:0:0:0:";
/// The first channel's stream.
const FIRST: &str = "/stream/1-0-19-2B01-3E9-1-C00000-0-0-0.ts";

/// The path of a channel's stream, by name.
async fn path_of(kit: &Kit, name: &str) -> String {
    let items = kit.get("/playlist.m3u").await.playlist();
    item(&items, name).url.replace("http://box:8080", "")
}

#[test]
fn g5_a_stream_begins_with_its_tables_and_goes_on_without_a_gap() {
    with_channels(async |kit| {
        kit.pass().await;
        let mut play = kit.play(FIRST).await;
        assert_eq!(play.answer.status, 200);
        assert_eq!(play.answer.head("content-type"), "video/mp2t");
        let packets = play.packets(400).await;
        let begin: Vec<u16> = packets[..2].iter().map(|packet| pid(packet)).collect();
        assert_eq!(begin, [0, 0x100], "association and map first");
        assert!(packets.iter().any(|packet| begins_picture(packet)));
        assert_eq!(play.gaps, 0);
    });
}

#[test]
fn g7_a_stream_has_no_length_no_chunks_no_coding_and_no_ranges() {
    with_channels(async |kit| {
        kit.pass().await;
        let kodi = "Range: bytes=1564160-\r\nAccept-Encoding: deflate, gzip, br, zstd\r\n";
        for version in ["1.1", "1.0"] {
            let request = format!("GET {FIRST} HTTP/{version}\r\nHost: box\r\n{kodi}\r\n");
            let mut play = kit.play_with(&request).await;
            assert_eq!(play.answer.status, 200);
            for name in [
                "content-length",
                "transfer-encoding",
                "content-encoding",
                "accept-ranges",
            ] {
                assert_eq!(play.answer.header(name), None, "{name}");
            }
            assert_eq!(play.answer.head("connection"), "close");
            play.packets(10).await;
        }
    });
}

#[test]
fn radio_is_a_stream_too() {
    with_channels(async |kit| {
        kit.pass().await;
        let path = path_of(kit, "Radio Eins").await;
        for _ in 0..2 {
            let mut play = kit.play(&path).await;
            assert_eq!(play.answer.status, 200);
            let packets = play.packets(200).await;
            assert_eq!([pid(&packets[0]), pid(&packets[1])], [0, 0x100]);
            assert!(packets.iter().all(|packet| pid(packet) != PICTURE));
            assert_eq!(play.gaps, 0);
        }
    });
}

#[test]
fn a_url_service_comes_from_its_url_and_a_list_is_left_to_the_player() {
    with_channels(async |kit| {
        kit.pass().await;
        let mut play = kit.play(&path_of(kit, "Hafenkino").await).await;
        assert_eq!(play.answer.status, 200);
        play.packets(100).await;
        let list = kit.get(&path_of(kit, "Bergkamera HLS").await).await;
        assert_eq!(list.status, 302);
        assert!(list.head("location").ends_with("/live/bergkamera.m3u8"));
    });
}

#[test]
fn a_url_that_does_not_look_like_a_list_but_is_one_is_left_to_the_player_too() {
    with_channels(async |kit| {
        let port = kit.receiver().stream_port();
        // Its name is encoded once more than the reference needs, so that nothing is seen of its ending.
        let url = format!("http%3a//127.0.0.1%3a{port}/live/verborgen%252em3u8");
        let service = format!("4097:0:1:77:0:0:0:0:0:0:{url}:Verborgen");
        let favourites = "userbouquet.favourites.tv";
        assert!(kit
            .receiver()
            .add_service(favourites, &service, "Verborgen"));
        kit.pass().await;
        let path = path_of(kit, "Verborgen").await;
        assert_eq!(kit.head(&path).await.status, 200);
        let list = kit.get(&path).await;
        assert_eq!(list.status, 302);
        assert!(list.head("location").ends_with("/live/verborgen%2em3u8"));
    });
}

#[test]
fn a_stream_port_that_asks_for_the_login_gets_it() {
    let options = Options {
        login: Some(("root".into(), "dream".into())),
        stream_authentication: true,
        ..Options::default()
    };
    let no_guide = |config: &mut Config| config.guide.enabled = false;
    with(options, no_guide, async |kit| {
        kit.pass().await;
        let mut play = kit.play(FIRST).await;
        assert_eq!(play.answer.status, 200);
        play.packets(10).await;
    });
}

#[test]
fn the_mode_can_be_asked_for() {
    with_channels(async |kit| {
        kit.pass().await;
        for mode in ["redirect", "direct"] {
            let answer = kit.get(&format!("{FIRST}?mode={mode}")).await;
            assert_eq!(answer.status, 302, "{mode}");
        }
        assert_eq!(
            kit.play(&format!("{FIRST}?mode=proxy")).await.answer.status,
            200
        );
        assert_eq!(kit.get(&format!("{FIRST}?mode=x")).await.status, 400);
    });
}

#[test]
fn a_stop_cuts_streams_at_once() {
    with_channels(async |kit| {
        kit.pass().await;
        let mut plays = Vec::new();
        for _ in 0..5 {
            let mut play = kit.play(FIRST).await;
            play.packets(10).await;
            plays.push(play);
        }
        kit.stop().await;
        for play in &mut plays {
            play.end().await;
        }
    });
}

#[test]
fn what_is_streamed_and_to_whom_is_listed() {
    with_channels(async |kit| {
        kit.pass().await;
        let request = format!("GET {FIRST} HTTP/1.1\r\nHost: box\r\nUser-Agent: VLC/3\r\n\r\n");
        let mut play = kit.play_with(&request).await;
        play.packets(100).await;
        let text = kit.get("/api/v1/streams").await.text().to_owned();
        for part in [
            r#""channel":"1-0-19-2B01-3E9-1-C00000-0-0-0""#,
            r#""name":"Erste Welle HD","state":"live","source":"stream port""#,
            r#""tunes":1,"readers":[{"client":"127.0.0.1","agent":"VLC/3""#,
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    });
}

/// Runs `test` with streams that linger, stall and mend as `change` says.
fn with_streams<F: AsyncFnOnce(&Kit)>(change: impl FnOnce(&mut Config), test: F) {
    let configure = |config: &mut Config| {
        config.guide.enabled = false;
        change(config);
    };
    with(Options::default(), configure, test);
}
