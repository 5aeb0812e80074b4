//! `/xmltv.xml`, `/xmltv.xml.gz`, and their parts.

use std::collections::HashSet;

use xg2g::events::Events;
use xg2g::model::{Credit, Details, EpgKey, Role, ServiceRef};
use xg2g::receiver::demo::Options;

use super::{FIRST, FIRST_SERVICE};
use crate::kit::{with, with_demo, Guide, Kit};

const GZIP: &str = "Accept-Encoding: gzip\r\n";
const FORMS: [&str; 4] = [
    "/xmltv.xml",
    "/files/xmltv.xml",
    "/xmltv.xml?days=1",
    "/xmltv.xml?bouquet=news",
];

#[test]
fn g10_programmes_are_grouped_by_channel_sorted_and_none_overlap() {
    let days = |config: &mut xg2g::config::Config| config.guide.days = 4;
    with(Options::default(), days, async |kit| {
        kit.pass().await;
        let guide = kit.get("/xmltv.xml").await.guide();
        is_in_order(&guide);
        assert!(guide.programmes.len() > 5_000, "{}", guide.programmes.len());
        let id = format!("{FIRST}.e2");
        let dates: HashSet<&str> = guide
            .of(&id)
            .map(|programme| &programme.start[..8])
            .collect();
        assert!(dates.len() >= 4, "{dates:?}");
    });
}

fn is_in_order(guide: &Guide) {
    let mut finished = HashSet::new();
    for pair in guide.programmes.windows(2) {
        if pair[0].channel == pair[1].channel {
            assert!(pair[0].start < pair[1].start && pair[0].stop <= pair[1].start);
        } else {
            assert!(finished.insert(pair[0].channel.clone()));
            assert!(!finished.contains(&pair[1].channel), "{:?}", pair[1]);
        }
    }
    for programme in &guide.programmes {
        assert!(programme.start < programme.stop, "{programme:?}");
        let is_utc = |time: &str| time.len() == 20 && time.ends_with(" +0000");
        assert!(is_utc(&programme.start) && is_utc(&programme.stop));
        assert!(!programme.title.is_empty());
    }
}

#[test]
fn g15_playlist_and_guide_name_the_same_channels_in_the_same_order() {
    with_demo(async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist.m3u").await.playlist();
        let ids: Vec<String> = items.into_iter().map(|item| item.id).collect();
        let guide = kit.get("/xmltv.xml").await.guide();
        assert_eq!(guide.channels, ids);
        let known: HashSet<&String> = ids.iter().collect();
        let all = guide.programmes.iter();
        assert!(all
            .clone()
            .all(|programme| known.contains(&programme.channel)));
        let with_programmes: HashSet<&String> = all.map(|programme| &programme.channel).collect();
        // Some have none, and are there all the same.
        assert!(with_programmes.len() >= 65 && with_programmes.len() < ids.len());
    });
}

#[test]
fn g21_plain_encoded_and_archived_guides_hold_the_same_text() {
    with_demo(async |kit| {
        kit.pass().await;
        for query in ["", "?days=1", "?bouquet=news", "?bouquet=news&days=1"] {
            let plain = kit.get(&format!("/xmltv.xml{query}")).await;
            let xml = "application/xml; charset=utf-8";
            assert_eq!(plain.head("content-type"), xml);
            assert_eq!(plain.header("content-encoding"), None);
            let encoded = kit.get_with(&format!("/xmltv.xml{query}"), GZIP).await;
            assert_eq!(encoded.head("content-type"), xml);
            assert_eq!(encoded.header("content-encoding"), Some("gzip"));
            assert_eq!(encoded.unzipped(), plain.text(), "{query}");
            for headers in ["", GZIP] {
                let archive = format!("/xmltv.xml.gz{query}");
                let archive = kit.get_with(&archive, headers).await;
                assert_eq!(archive.head("content-type"), "application/gzip");
                assert_eq!(archive.header("content-encoding"), None);
                assert_eq!(archive.unzipped(), plain.text(), "{query}");
            }
        }
    });
}

#[test]
fn the_old_paths_are_the_same_guide() {
    with_demo(async |kit| {
        kit.pass().await;
        for path in ["/xmltv.xml", "/xmltv.xml.gz", "/xmltv.xml?bouquet=kids"] {
            let now = kit.get(path).await;
            let old = kit.get(&format!("/files{path}")).await;
            assert_eq!(now.body, old.body);
            assert_eq!(now.header("etag"), old.header("etag"));
            assert_eq!(now.header("content-type"), old.header("content-type"));
        }
    });
}

#[test]
fn g22_a_bouquets_guide_holds_its_channels_only() {
    with_demo(async |kit| {
        kit.pass().await;
        let whole = kit.get("/xmltv.xml").await.guide();
        for stem in ["favourites", "news", "iptv", "classic.radio"] {
            let part = kit.get(&format!("/xmltv.xml?bouquet={stem}")).await.guide();
            let items = kit.get(&format!("/playlist/{stem}.m3u")).await.playlist();
            let ids: Vec<String> = items.into_iter().map(|item| item.id).collect();
            assert_eq!(part.channels, ids, "{stem}");
            is_in_order(&part);
            for id in &ids {
                assert!(part.of(id).eq(whole.of(id)), "{id}");
            }
            assert!(part.programmes.iter().all(|p| ids.contains(&p.channel)));
        }
        let by_name = kit.get("/xmltv.xml?bouquet=Nachrichten%20%26+Wissen").await;
        let by_stem = kit.get("/xmltv.xml?bouquet=news").await;
        assert_eq!(by_name.body, by_stem.body);
        assert_eq!(kit.get("/xmltv.xml?bouquet=nope").await.status, 404);
    });
}

#[test]
fn g22_days_cut_the_guide_and_nothing_else() {
    let days = |config: &mut xg2g::config::Config| config.guide.days = 2;
    with(Options::default(), days, async |kit| {
        kit.pass().await;
        let whole = kit.get("/xmltv.xml").await.guide();
        let mut before = 0;
        for days in [1, 2] {
            let part = kit.get(&format!("/xmltv.xml?days={days}")).await.guide();
            assert_eq!(part.channels, whole.channels);
            assert!(part.programmes.len() > before);
            before = part.programmes.len();
            for id in &part.channels {
                let shared = whole.of(id).take(part.of(id).count());
                assert!(part.of(id).eq(shared), "{id}");
            }
        }
        assert!(before <= whole.programmes.len());
        for bad in ["0", "15", "x", "-1", ""] {
            let answer = kit.get(&format!("/xmltv.xml?days={bad}")).await;
            assert_eq!(answer.status, 400, "{bad}");
        }
    });
}

#[test]
fn g20_head_and_conditions_tell_the_version_of_every_form() {
    with_demo(async |kit| {
        kit.pass().await;
        for path in FORMS
            .iter()
            .chain(&["/xmltv.xml.gz", "/xmltv.xml.gz?days=1"])
        {
            for headers in ["", GZIP] {
                is_versioned(kit, path, headers).await;
            }
        }
    });
}

async fn is_versioned(kit: &Kit, path: &str, headers: &str) {
    let get = kit.get_with(path, headers).await;
    let (tag, time) = (get.head("etag"), get.head("last-modified"));
    assert!(tag.starts_with('"') && tag.ends_with('"') && time.ends_with(" GMT"));
    let head = format!("HEAD {path} HTTP/1.1\r\nHost: box:8080\r\n{headers}\r\n");
    let head = kit.request(&head).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["etag", "last-modified", "content-type", "content-encoding"] {
        assert_eq!(head.header(name), get.header(name), "{path} {name}");
    }
    let known = [
        format!("If-None-Match: {tag}"),
        format!("If-None-Match: \"x\", W/{tag}"),
        "If-None-Match: *".to_owned(),
        format!("If-Modified-Since: {time}"),
    ];
    for condition in known {
        let headers = format!("{headers}{condition}\r\n");
        let same = kit.get_with(path, &headers).await;
        assert_eq!((same.status, same.body.len()), (304, 0), "{path} {headers}");
        assert_eq!(same.header("etag"), Some(tag));
    }
    let unknown = [
        "If-None-Match: \"x\"".to_owned(),
        "If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT".to_owned(),
        format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {time}"),
    ];
    for condition in unknown {
        let headers = format!("{headers}{condition}\r\n");
        let other = kit.get_with(path, &headers).await;
        assert_eq!((other.status, &other.body), (200, &get.body), "{headers}");
    }
}

#[test]
fn forms_and_parts_have_tags_of_their_own() {
    with_demo(async |kit| {
        kit.pass().await;
        let mut tags = HashSet::new();
        for path in ["/xmltv.xml", "/xmltv.xml?days=1", "/xmltv.xml?bouquet=news"] {
            for headers in ["", GZIP] {
                let answer = kit.get_with(path, headers).await;
                assert!(
                    tags.insert(answer.head("etag").to_owned()),
                    "{path} {headers}"
                );
            }
        }
        let archive = kit.get("/xmltv.xml.gz").await;
        assert!(tags.insert(archive.head("etag").to_owned()));
        // Another address means other icon addresses.
        let other = kit
            .request("GET /xmltv.xml HTTP/1.1\r\nHost: tv\r\n\r\n")
            .await;
        assert!(tags.insert(other.head("etag").to_owned()));
        assert!(other.text().contains("<icon src=\"http://tv/picon/"));
    });
}

#[test]
fn the_archive_can_be_fetched_in_ranges() {
    with_demo(async |kit| {
        kit.pass().await;
        let whole = kit.get("/xmltv.xml.gz").await;
        let size = whole.body.len();
        assert_eq!(whole.header("accept-ranges"), Some("bytes"));
        // Through the head in memory, the file, and the end, and over the borders.
        let cuts = [0, 5, 400, size / 2, size - 12, size - 4, size];
        let mut joined = Vec::new();
        for cut in cuts.windows(2) {
            let range = format!("Range: bytes={}-{}\r\n", cut[0], cut[1] - 1);
            let part = kit.get_with("/xmltv.xml.gz", &range).await;
            assert_eq!(part.status, 206);
            let expected = format!("bytes {}-{}/{size}", cut[0], cut[1] - 1);
            assert_eq!(part.head("content-range"), expected);
            assert_eq!(part.head("etag"), whole.head("etag"));
            joined.extend(part.body);
        }
        assert_eq!(joined, whole.body);
        let last = kit.get_with("/xmltv.xml.gz", "Range: bytes=-9\r\n").await;
        assert_eq!(
            (last.status, &last.body[..]),
            (206, &whole.body[size - 9..])
        );
        // Kodi asks so.
        let all = kit.get_with("/xmltv.xml.gz", "Range: bytes=0-\r\n").await;
        assert_eq!(all.body, whole.body);
        let beyond = format!("Range: bytes={size}-\r\n");
        let beyond = kit.get_with("/xmltv.xml.gz", &beyond).await;
        assert_eq!(beyond.status, 416);
        assert_eq!(beyond.head("content-range"), format!("bytes */{size}"));
        let stale = "Range: bytes=0-9\r\nIf-Range: \"old\"\r\n";
        let stale = kit.get_with("/xmltv.xml.gz", stale).await;
        assert_eq!((stale.status, stale.body.len()), (200, size));
    });
}

#[test]
fn kodis_range_on_the_plain_guide_gets_all_of_it() {
    with_demo(async |kit| {
        kit.pass().await;
        let whole = kit.get("/xmltv.xml").await;
        let asked = kit.get_with("/xmltv.xml", "Range: bytes=0-\r\n").await;
        assert!(matches!(asked.status, 200 | 206));
        assert_eq!(asked.body, whole.body);
    });
}

#[test]
fn the_guide_is_the_same_to_the_byte_whenever_it_is_asked_for() {
    with_demo(async |kit| {
        kit.pass().await;
        let before = kit.seen().await;
        let parts = FORMS.map(|path| async move { kit.get(path).await });
        for (answer, path) in crate::kit::together(parts).await.iter().zip(FORMS) {
            assert_eq!(answer.body, kit.get(path).await.body, "{path}");
        }
        kit.refresh().await;
        kit.refresh().await;
        before.is_kept(&kit.seen().await, "later passes");
    });
}

#[test]
fn a_changed_title_changes_the_guide_and_its_version() {
    with_demo(async |kit| {
        kit.pass().await;
        let before = kit.get("/xmltv.xml").await;
        let now = kit.receiver().now();
        let title = "Sondersendung <live> & \"aktuell\"";
        assert!(kit.receiver().retitle_event(FIRST_SERVICE, now, title));
        kit.refresh().await;
        let after = kit.get("/xmltv.xml").await;
        let id = format!("{FIRST}.e2");
        let titles = after.guide();
        let changed = "Sondersendung &lt;live&gt; &amp; \"aktuell\"";
        assert!(titles.titles(&id).contains(&changed));
        assert_ne!(before.head("etag"), after.head("etag"));
        let condition = format!("If-Modified-Since: {}\r\n", before.head("last-modified"));
        let since = kit.get_with("/xmltv.xml", &condition).await;
        assert_eq!(since.status, 200, "Last-Modified moved on");
        // The channels did not change, so the playlist's version is the same.
        assert_eq!(kit.get("/playlist.m3u").await.playlist()[0].id, id);
    });
}

#[test]
fn without_a_guide_there_are_channels_only() {
    let none = |config: &mut xg2g::config::Config| config.guide.enabled = false;
    with(Options::default(), none, async |kit| {
        kit.pass().await;
        let guide = kit.get("/xmltv.xml").await.guide();
        assert!(guide.channels.len() > 70 && guide.programmes.is_empty());
        assert_eq!(kit.get("/readyz").await.status, 200);
        let stats = kit.receiver().stats().calls_by_path;
        assert!(!stats.keys().any(|path| path.contains("epg")), "{stats:?}");
    });
}

#[test]
fn details_of_the_running_event_stay_when_the_web_interface_tells_it_again() {
    with_demo(async |kit| {
        kit.pass().await;
        kit.stop().await;
        let key = EpgKey::of(&ServiceRef::parse(FIRST_SERVICE).unwrap());
        let now = u32::try_from(kit.receiver().now()).unwrap();
        let mut events = Events::open(&kit.directory().join("data")).unwrap();
        let mut known = Vec::new();
        events.read(key, now, now + 60, &mut known).unwrap();
        let mut told = known.remove(0);
        told.details = Some(Box::new(Details {
            year: Some(1980),
            credits: vec![Credit {
                role: Role::Actor,
                name: "Catherine & Gérard".into(),
            }],
            ..Details::default()
        }));
        assert!(events.put(key, &[told]).unwrap());
        events.flush().unwrap();
        drop(events);

        kit.start();
        kit.pass().await;
        let part = kit.get("/xmltv.xml?days=1").await;
        let element = "<credits><actor>Catherine &amp; Gérard</actor></credits><date>1980</date>";
        assert_eq!(part.text().matches(element).count(), 1);
        let json = "\"details\":{\"credits\":[{\"role\":\"actor\",\"name\":\"Catherine & Gérard\"}],\"year\":1980}";
        for path in ["/api/v1/now", "/api/v1/epg"] {
            let answer = kit.get(path).await;
            assert_eq!(answer.text().matches("\"details\"").count(), 1, "{path}");
            assert!(answer.text().contains(json), "{path}");
        }
    });
}
