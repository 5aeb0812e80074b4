//! The lineup: which channels, under which numbers.

use super::{discover, lineup, Row};
use crate::kit::{with, with_channels, with_demo, Kit};
use xg2g::config::Config;
use xg2g::receiver::demo::Options;

/// The bouquet that comes first on the receiver.
const FIRST: &str = "userbouquet.favourites.tv";

fn number_of(rows: &[Row], name: &str) -> u32 {
    let row = rows.iter().find(|row| row.GuideName == name);
    row.unwrap_or_else(|| panic!("no {name}"))
        .GuideNumber
        .parse()
        .unwrap()
}

#[test]
fn numbers_and_names_are_those_of_playlist_and_guide() {
    with_demo(async |kit| {
        kit.pass().await;
        let rows = lineup(kit).await;
        let list = kit.get("/playlist.m3u").await.playlist();
        let guide = kit.get("/xmltv.xml").await;
        assert!(rows.len() > 40);
        for row in &rows {
            let number: u32 = row.GuideNumber.parse().unwrap();
            let item = list.iter().find(|item| item.number == number).unwrap();
            assert_eq!(item.name, row.GuideName);
            assert!(!item.radio);
            let channel = format!(
                "<channel id=\"{}\"><display-name>{}</display-name><display-name>{number}</display-name>",
                item.id,
                row.GuideName.replace('&', "&amp;").replace('<', "&lt;")
            );
            assert!(guide.text().contains(&channel), "{channel}");
            assert_eq!(row.URL, format!("http://box:8080/auto/v{number}"));
        }
        let television = list.iter().filter(|item| !item.radio);
        // One of the channels of the simulated receiver is an HLS stream.
        assert_eq!(television.count(), rows.len() + 1);
        let hd = rows
            .iter()
            .find(|row| row.GuideName == "Erste Welle HD")
            .unwrap();
        assert_eq!((hd.HD, hd.VideoCodec.as_deref()), (Some(1), Some("H264")));
    });
}

#[test]
fn the_three_forms_say_the_same() {
    with_channels(async |kit| {
        kit.pass().await;
        let rows = lineup(kit).await;
        let xml = kit.get("/lineup.xml").await;
        let m3u = kit.get("/lineup.m3u").await;
        assert_eq!(xml.text().matches("<Program>").count(), rows.len());
        for row in &rows {
            let number = format!("<GuideNumber>{}</GuideNumber>", row.GuideNumber);
            assert!(xml.text().contains(&number));
            let url = format!("\n{}\n", row.URL);
            assert!(m3u.text().contains(&url));
        }
        for path in ["/lineup.json?show=found", "/lineup.xml", "/lineup.m3u"] {
            let answer = kit.get(path).await;
            let tag = format!("If-None-Match: {}\r\n", answer.head("etag"));
            assert_eq!(kit.get_with(path, &tag).await.status, 304, "{path}");
            let head = kit.head(path).await;
            assert_eq!(head.head("content-length"), answer.body.len().to_string());
            let packed = kit.get_with(path, "Accept-Encoding: gzip\r\n").await;
            assert_eq!(packed.unzipped().as_bytes(), answer.body);
        }
    });
}

#[test]
fn the_lineup_has_the_bouquets_that_were_chosen_and_no_more_than_the_limit() {
    let change = |config: &mut Config| {
        config.guide.enabled = false;
        config.hdhomerun.bouquets = vec!["favourites".into(), "no such".into()];
        config.hdhomerun.max_channels = 5;
    };
    with(Options::default(), change, async |kit| {
        kit.pass().await;
        let rows = lineup(kit).await;
        let favourites = kit.get("/playlist/favourites.m3u").await.playlist();
        let numbers = favourites
            .iter()
            .map(|item| item.number.to_string())
            .take(5);
        assert!(numbers.eq(rows.iter().map(|row| row.GuideNumber.clone())));
        assert!(rows.iter().all(|row| row.Favorite == Some(1)));
        let status = kit.status().await.hdhomerun.unwrap();
        assert_eq!(
            (status.channels, status.left_out),
            (5, favourites.len() as u32 - 5)
        );
        let warning = "hdhomerun.bouquets names `no such`, which is not among the channels";
        assert!(
            status.warnings.iter().any(|one| one == warning),
            "{status:?}"
        );
    });
}

#[test]
fn before_the_receiver_told_its_channels_there_is_no_lineup_to_believe() {
    let change = |config: &mut Config| config.receiver.url = "http://127.0.0.1:1".into();
    with(Options::default(), change, async |kit| {
        let answer = kit.get("/lineup.json").await;
        assert_eq!((answer.status, answer.body.len()), (503, 0));
        assert_eq!(answer.head("x-error-code"), "E301");
        // The device itself is known.
        assert!(discover(kit).await.TunerCount > 0);
    });
}

/// Takes the second channel of the first bouquet away on the receiver: all behind it move up there.
fn remove_second(kit: &Kit) -> (String, String) {
    let (sref, name) = kit.receiver().services(FIRST).swap_remove(1);
    assert!(kit.receiver().remove_service(FIRST, &sref));
    (sref, name)
}

#[test]
fn numbers_stick_to_their_services_when_bouquets_are_edited() {
    let change = |config: &mut Config| {
        config.guide.enabled = false;
        config.channels.bouquets = vec!["favourites".into()];
    };
    with(Options::default(), change, async |kit| {
        kit.pass().await;
        let before = lineup(kit).await;
        let (sref, name) = remove_second(kit);
        kit.refresh().await;
        let after = lineup(kit).await;
        let kept: Vec<Row> = before
            .iter()
            .filter(|row| row.GuideName != name)
            .cloned()
            .collect();
        assert_eq!(after, kept);
        // The receiver counts anew, and so does the playlist.
        let list = kit.get("/playlist.m3u").await.playlist();
        assert_eq!(list[1].number, 2);
        assert_eq!(number_of(&after, &list[1].name), 3);
        // A new one gets no number that another has, the one that comes back its own.
        assert!(kit
            .receiver()
            .add_service(FIRST, "1:0:19:7777:3E9:1:C00000:0:0:0:", "Neu HD"));
        assert!(kit.receiver().add_service(FIRST, &sref, &name));
        kit.refresh().await;
        let again = lineup(kit).await;
        assert_eq!(number_of(&again, &name), 2);
        let newest = number_of(&again, "Neu HD");
        assert_eq!(
            again
                .iter()
                .filter(|row| row.GuideNumber == newest.to_string())
                .count(),
            1
        );
        let stream = kit.head(&format!("/auto/v{newest}")).await;
        assert_eq!(stream.status, 200);
        // Also after a restart, when the receiver is away.
        kit.stop().await;
        kit.configure(|config| config.receiver.timeout = std::time::Duration::from_millis(100));
        kit.start();
        assert_eq!(lineup(kit).await, again);
    });
}
