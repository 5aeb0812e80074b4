//! The HDHomeRun tuner that the program is: what clients ask over HTTP.

// The derive writes its code its own way.
#![allow(clippy::question_mark)]

mod lineup;
mod scanning;
mod tuning;

use std::net::IpAddr;

use nanoserde::DeJson;

use crate::kit::{with_channels, Kit};
use xg2g::model::DeviceId;

/// `/discover.json`.
#[allow(non_snake_case)]
#[derive(Debug, DeJson)]
struct Discovered {
    FriendlyName: String,
    ModelNumber: String,
    FirmwareName: String,
    FirmwareVersion: String,
    DeviceID: String,
    DeviceAuth: String,
    BaseURL: String,
    LineupURL: String,
    TunerCount: usize,
}

/// A row of `/lineup.json`.
#[allow(non_snake_case)]
#[derive(Debug, Clone, PartialEq, DeJson)]
struct Row {
    GuideNumber: String,
    GuideName: String,
    VideoCodec: Option<String>,
    HD: Option<u8>,
    Favorite: Option<u8>,
    URL: String,
}

/// A row of `/status.json`.
#[allow(non_snake_case)]
#[derive(Debug, DeJson)]
struct Resource {
    Resource: String,
    VctNumber: Option<String>,
    VctName: Option<String>,
    Purpose: Option<String>,
    TargetIP: Option<String>,
    NetworkRate: Option<u32>,
}

async fn discover(kit: &Kit) -> Discovered {
    kit.get("/discover.json").await.json()
}

async fn lineup(kit: &Kit) -> Vec<Row> {
    kit.get("/lineup.json").await.json()
}

async fn resources(kit: &Kit) -> Vec<Resource> {
    kit.get("/status.json").await.json()
}

#[test]
fn the_device_says_what_it_is_and_where() {
    with_channels(async |kit| {
        let found = discover(kit).await;
        assert_eq!(found.BaseURL, "http://box:8080");
        assert_eq!(found.LineupURL, "http://box:8080/lineup.json");
        assert_eq!(found.ModelNumber, "HDHR4-2DT");
        assert_eq!(found.FirmwareName, "hdhomerun4_dvbt");
        assert!(found.FriendlyName.starts_with("xg2g"));
        assert!(found.FirmwareVersion.parse::<u32>().is_ok());
        assert!(!found.DeviceAuth.is_empty());
        assert!(found.DeviceID.parse::<DeviceId>().is_ok());
    });
}

#[test]
fn the_id_is_the_same_after_a_restart_and_on_another_card() {
    with_channels(async |kit| {
        let first = discover(kit).await.DeviceID;
        kit.stop().await;
        let file = kit.directory().join("state/device");
        assert_eq!(
            std::fs::read_to_string(&file).unwrap(),
            format!("{first}\n")
        );
        // As if it had been made on another machine.
        let other = DeviceId::of_mac([0, 1, 2, 3, 0xab, 0xcd]).to_string();
        std::fs::write(&file, &other).unwrap();
        kit.start();
        assert_eq!(discover(kit).await.DeviceID, other);
        // What is no id is not believed.
        kit.stop().await;
        std::fs::write(&file, "12345678").unwrap();
        kit.start();
        assert_eq!(discover(kit).await.DeviceID, first);
    });
}

#[test]
fn id_name_and_count_of_tuners_can_be_set_while_it_runs() {
    with_channels(async |kit| {
        kit.configure(|config| {
            config.hdhomerun.device_id = "1075D4B1".parse().ok();
            config.hdhomerun.name = "Living \u{7}room".into();
            config.hdhomerun.tuners = 3;
        });
        let reload = "POST /api/v1/config/reload HTTP/1.1\r\nHost: box\r\n\r\n";
        assert_eq!(kit.request(reload).await.status, 200);
        let found = discover(kit).await;
        assert_eq!(found.DeviceID, "1075D4B1");
        assert_eq!(found.FriendlyName, "Living room");
        assert_eq!(found.TunerCount, 3);
        let status = kit.status().await.hdhomerun.unwrap();
        assert_eq!((&*status.device_id, status.tuners), ("1075D4B1", 3));
        kit.configure(|config| config.hdhomerun.enabled = false);
        assert_eq!(kit.request(reload).await.status, 200);
        for path in ["/discover.json", "/lineup.json", "/auto/v1", "/device.xml"] {
            assert_eq!(kit.get(path).await.status, 404, "{path}");
        }
        assert!(kit.status().await.hdhomerun.is_none());
    });
}

#[test]
fn the_description_names_the_device_at_the_address_that_was_asked() {
    with_channels(async |kit| {
        let id: DeviceId = discover(kit).await.DeviceID.parse().unwrap();
        let answer = kit.get("/device.xml").await;
        assert_eq!(
            answer.head("content-type"),
            "application/xml; charset=utf-8"
        );
        let text = answer.text();
        for part in [
            format!("<UDN>uuid:{}</UDN>", id.uuid()),
            "<deviceType>urn:schemas-upnp-org:device:MediaServer:1</deviceType>".into(),
            "<URLBase>http://box:8080</URLBase>".into(),
            format!("<serialNumber>{id}</serialNumber>"),
        ] {
            assert!(text.contains(&part), "{part} in {text}");
        }
        assert_eq!(kit.get("/capability").await.text(), text);
    });
}

#[test]
fn whoever_needs_a_key_needs_it_here_too_and_streams_carry_it() {
    let change = |config: &mut xg2g::config::Config| {
        config.guide.enabled = false;
        config.auth.everything = true;
        config.auth.stream_key = "0123456789abcdef".into();
    };
    crate::kit::with(Default::default(), change, async |kit| {
        kit.pass().await;
        let refused = kit.get("/lineup.json").await;
        assert_eq!((refused.status, refused.body.len()), (401, 0));
        let answer = kit.get("/lineup.json?key=0123456789abcdef").await;
        let rows: Vec<Row> = answer.json();
        assert_eq!(rows[0].URL, "http://box:8080/auto/v1?key=0123456789abcdef");
        let head = kit.head("/auto/v1?key=0123456789abcdef").await;
        assert_eq!(head.status, 200);
    });
}

/// The address as it is in JSON.
fn here() -> String {
    IpAddr::from([127, 0, 0, 1]).to_string()
}
