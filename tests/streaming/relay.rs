//! Encrypted services: the stream relay instead of the stream port.

use std::time::Duration;

use super::{path_of, with_streams};
use crate::kit::{begins_picture, with, Kit};
use xg2g::config::Config;
use xg2g::receiver::demo::{Clear, Line, Options, Port};

const ENCRYPTED: &str = "Arena UHD";
const SERVICE: &str = "1:0:1F:2B22:3ED:1:C00000:0:0:0:";

fn impatient(config: &mut Config) {
    config.stream.descramble_wait = Duration::from_millis(200);
}

/// Connections to the stream port and to the relay for the encrypted service.
fn asked(kit: &Kit) -> (u32, u32) {
    let counts = kit.receiver().stream_connections();
    let count = counts.get(SERVICE).copied().unwrap_or_default();
    (count.opened - count.relayed, count.relayed)
}

/// The encrypted service plays, and both ports were asked for it.
async fn plays_from_the_second(kit: &Kit) {
    kit.pass().await;
    let mut play = kit.play(&path_of(kit, ENCRYPTED).await).await;
    assert_eq!(play.answer.status, 200);
    play.until(begins_picture).await;
    assert_eq!(asked(kit), (1, 1));
}

#[test]
fn a_listed_service_comes_from_the_relay_whose_port_the_receiver_tells() {
    // The default port means: the one that the receiver names.
    let by_default = |config: &mut Config| {
        config.stream.relay_port = Config::default().stream.relay_port;
    };
    with_streams(by_default, async |kit| {
        kit.pass().await;
        let mut play = kit.play(&path_of(kit, ENCRYPTED).await).await;
        assert_eq!(play.answer.status, 200);
        play.until(begins_picture).await;
        assert_eq!(asked(kit), (0, 1));
        let streams = kit.get("/api/v1/streams").await;
        let shown = r#""source":"stream relay","transponder":"3ED-1-C00000""#;
        assert!(streams.text().contains(shown), "{}", streams.text());
    });
}

#[test]
fn a_service_that_is_not_listed_falls_back_to_the_relay() {
    with_streams(impatient, async |kit| {
        kit.receiver().set_relayed(Vec::new());
        kit.receiver().set_clear(SERVICE, Clear::On(Port::Relay));
        plays_from_the_second(kit).await;
    });
}

#[test]
fn a_listed_service_that_only_the_stream_port_opens_is_found_there() {
    with_streams(impatient, async |kit| {
        kit.receiver().set_clear(SERVICE, Clear::On(Port::Streams));
        plays_from_the_second(kit).await;
    });
}

#[test]
fn what_no_port_opens_is_811() {
    with_streams(impatient, async |kit| {
        kit.receiver().set_clear(SERVICE, Clear::Nowhere);
        kit.pass().await;
        let answer = kit.get(&path_of(kit, ENCRYPTED).await).await;
        assert_eq!(answer.status, 503);
        let error = answer.head("x-hdhomerun-error");
        assert_eq!(error, "811 Content Protection Required");
        assert_eq!(asked(kit), (1, 1));
    });
}

#[test]
fn a_changed_list_counts_after_a_pass_that_was_wished_for() {
    with_streams(impatient, async |kit| {
        kit.receiver().set_relayed(Vec::new());
        kit.pass().await;
        kit.receiver().set_relayed(vec![SERVICE.to_owned()]);
        kit.refresh().await;
        let play = kit.play(&path_of(kit, ENCRYPTED).await).await;
        assert_eq!((play.answer.status, asked(kit)), (200, (0, 1)));
    });
}

#[test]
fn a_receiver_that_knows_no_relay_has_an_empty_list() {
    let old = Options {
        line: Line::V1,
        ..Options::default()
    };
    let change = |config: &mut Config| {
        config.guide.enabled = false;
        impatient(config);
    };
    with(old, change, async |kit| {
        kit.pass().await;
        assert_eq!(kit.status().await.warnings, Vec::<String>::new());
        let play = kit.play(&path_of(kit, ENCRYPTED).await).await;
        assert_eq!((play.answer.status, asked(kit)), (200, (1, 1)));
    });
}
