//! `lineup.post` and what it reports.

// The derive writes its code its own way.
#![allow(clippy::question_mark)]

use nanoserde::DeJson;
use smol::future::zip;

use super::lineup;
use crate::kit::{with, with_channels, with_demo, Kit};
use xg2g::config::Config;
use xg2g::receiver::demo::Options;

#[allow(non_snake_case)]
#[derive(Debug, DeJson)]
struct Scan {
    ScanInProgress: u8,
    Progress: Option<u32>,
    Found: Option<usize>,
    ScanPossible: Option<u8>,
    Source: Option<String>,
    SourceList: Option<Vec<String>>,
}

async fn scan(kit: &Kit) -> Scan {
    kit.get("/lineup_status.json").await.json()
}

async fn post(kit: &Kit, query: &str, headers: &str) -> (u16, usize) {
    let request = format!("POST /lineup.post?{query} HTTP/1.1\r\nHost: box\r\n{headers}\r\n");
    let answer = kit.request(&request).await;
    (answer.status, answer.body.len())
}

const START: &str = "scan=start&source=Cable";

#[test]
fn a_scan_finds_new_channels_without_asking_for_a_guide() {
    with_demo(async |kit| {
        kit.pass().await;
        let idle = scan(kit).await;
        assert_eq!((idle.ScanInProgress, idle.ScanPossible), (0, Some(1)));
        assert!(idle.SourceList.unwrap().contains(&idle.Source.unwrap()));
        let file = "userbouquet.favourites.tv";
        let before = lineup(kit).await.len();
        assert!(kit
            .receiver()
            .add_service(file, "1:0:19:7777:3E9:1:C00000:0:0:0:", "Neu HD"));
        kit.receiver().reset_stats();
        let (_, answer) = zip(kit.pass(), post(kit, START, "")).await;
        assert_eq!(answer, (200, 0));
        let rows = lineup(kit).await;
        assert_eq!(rows.len(), before + 1);
        assert!(rows.iter().any(|row| row.GuideName == "Neu HD"));
        let asked = kit.receiver().stats().calls_by_path;
        assert!(!asked.keys().any(|path| path.contains("epg")), "{asked:?}");
        // The guide has its channel all the same.
        let guide = kit.get("/xmltv.xml").await;
        assert!(guide.text().contains("<display-name>Neu HD</display-name>"));
    });
}

#[test]
fn a_scan_is_taken_while_a_pass_runs_and_told_how_far_it_is() {
    with_channels(async |kit| {
        // The first pass runs, and waits for the receiver.
        let (answer, status) = (post(kit, START, "").await, scan(kit).await);
        assert_eq!(answer, (200, 0));
        assert_eq!(status.ScanInProgress, 1);
        assert!(status.Progress.unwrap() <= 100);
        assert_eq!(status.Found, Some(0));
        kit.pass().await;
        assert_eq!(scan(kit).await.ScanInProgress, 0);
        assert!(lineup(kit).await.len() > 40);
    });
}

#[test]
fn who_may_scan() {
    let change = |config: &mut Config| {
        config.guide.enabled = false;
        config.auth.token = "secret".into();
    };
    with(Options::default(), change, async |kit| {
        kit.pass().await;
        // Plex knows no token.
        assert_eq!(post(kit, "scan=abort", "").await, (200, 0));
        assert_eq!(
            post(kit, START, "Origin: http://evil.example\r\n").await,
            (403, 0)
        );
        for query in ["", "scan=", "scan=maybe", "favorite=%2B1"] {
            assert_eq!(post(kit, query, "").await, (400, 0), "{query}");
        }
        assert_eq!(kit.get("/lineup.post?scan=start").await.status, 405);
    });
}
