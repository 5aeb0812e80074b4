//! `?client=plex`: playlist and guide by the numbers that HDHomeRun clients know.

use std::collections::{HashMap, HashSet};

use nanoserde::DeJson;
use xg2g::config::Config;
use xg2g::receiver::demo::Options;

use crate::kit::{item, with, with_channels, with_demo, Item, Kit, Log};

const PLAYLIST: &str = "/playlist.m3u?client=plex";
const GUIDE: &str = "/xmltv.xml?client=plex";
const GZIP: &str = "Accept-Encoding: gzip\r\n";
const FAVOURITES: &str = "userbouquet.favourites.tv";

/// A channel of `/lineup.json`.
#[derive(DeJson)]
#[allow(non_snake_case)]
struct Listed {
    GuideNumber: String,
    GuideName: String,
}

/// The slug in the address of a stream: what a service is called whatever its number.
fn slug(item: &Item) -> &str {
    let (_, name) = item.url.rsplit_once('/').unwrap();
    name.strip_suffix(".ts").unwrap()
}

fn numbers(items: &[Item]) -> HashMap<String, u32> {
    let each = items.iter();
    each.map(|item| (slug(item).to_owned(), item.number))
        .collect()
}

/// The numbers for Plex and those of the usual playlist.
async fn both(kit: &Kit) -> (HashMap<String, u32>, HashMap<String, u32>) {
    let plex = kit.get(PLAYLIST).await.playlist();
    (
        numbers(&plex),
        numbers(&kit.get("/playlist.m3u").await.playlist()),
    )
}

#[test]
fn playlist_and_guide_name_the_same_channels_by_their_numbers() {
    with_demo(async |kit| {
        kit.pass().await;
        let playlist = kit.get(PLAYLIST).await;
        let head = "#EXTM3U url-tvg=\"http://box:8080/xmltv.xml?client=plex\" \
                    x-tvg-url=\"http://box:8080/xmltv.xml?client=plex\"\n";
        assert!(playlist.text().starts_with(head));
        let items = playlist.playlist();
        assert!(items.len() > 60, "{}", items.len());
        assert!(items.iter().all(|item| item.id == item.number.to_string()));
        assert!(items.windows(2).all(|two| two[0].number < two[1].number));
        let ids: Vec<String> = items.iter().map(|item| item.id.clone()).collect();
        assert_eq!(kit.get(GUIDE).await.guide().channels, ids);

        let lineup: Vec<Listed> = kit.get("/lineup.json").await.json();
        let lineup: Vec<(&str, &str)> = lineup
            .iter()
            .map(|one| (&*one.GuideNumber, &*one.GuideName))
            .collect();
        let listed: Vec<(&str, &str)> = items.iter().map(|item| (&*item.id, &*item.name)).collect();
        assert_eq!(lineup, listed);

        // All that is television and a transport stream, and for a start with the receiver's numbers.
        let usual = kit.get("/playlist.m3u").await.playlist();
        let offered = |item: &&Item| !item.radio && item.name != "Bergkamera HLS";
        let usual: Vec<&Item> = usual.iter().filter(offered).collect();
        assert_eq!(items.len(), usual.len());
        for (plex, usual) in items.iter().zip(usual) {
            assert_eq!(
                (plex.number, &plex.name, &plex.url, &plex.logo, &plex.groups),
                (
                    usual.number,
                    &usual.name,
                    &usual.url,
                    &usual.logo,
                    &usual.groups
                )
            );
            assert!(plex.extras.is_empty());
        }
    });
}

#[test]
fn g28_every_channel_has_programmes_its_own_or_one_a_day() {
    with_demo(async |kit| {
        kit.pass().await;
        let (plex, usual) = (kit.get(GUIDE).await, kit.get("/xmltv.xml").await);
        let told: HashSet<&str> = usual.text().lines().collect();
        let (plex_guide, usual_guide) = (plex.guide(), usual.guide());
        let mut without = 0;
        for item in kit.get(PLAYLIST).await.playlist() {
            let own = format!("{}.e2", slug(&item));
            let known = usual_guide.of(&own).count();
            let programmes: Vec<_> = plex_guide.of(&item.id).collect();
            if known > 0 {
                // To the letter, ids (`dd_progid`) as well, but for the channel's.
                assert_eq!(programmes.len(), known, "{}", item.name);
                let by_number = format!(" channel=\"{}\">", item.id);
                let by_id = format!(" channel=\"{own}\">");
                for line in plex.text().lines().filter(|line| line.contains(&by_number)) {
                    assert!(
                        told.contains(&*line.replacen(&by_number, &by_id, 1)),
                        "{line}"
                    );
                }
                continue;
            }
            without += 1;
            // `guide.days` is 1: today and tomorrow.
            assert_eq!(programmes.len(), 2, "{}", item.name);
            for programme in &programmes {
                assert!(programme.start.ends_with("000000 +0000"));
                assert!(programme.stop.ends_with("000000 +0000"));
            }
            assert_eq!(programmes[0].stop, programmes[1].start);
            let now = xg2g::model::xmltv_time(u32::try_from(kit.receiver().now()).unwrap());
            assert!(
                programmes[0].start < now && now < programmes[0].stop,
                "{now}"
            );
        }
        assert!(without > 0, "the demo has channels without events");
        let channels: HashSet<&String> = plex_guide.channels.iter().collect();
        let mut all = plex_guide.programmes.iter();
        assert!(all.all(|programme| channels.contains(&programme.channel)));
    });
}

#[test]
fn days_and_bouquets_make_parts_of_it() {
    with_demo(async |kit| {
        kit.pass().await;
        let whole = kit.get(GUIDE).await.guide();
        let all = kit.get(PLAYLIST).await.playlist();
        for stem in ["favourites", "news", "iptv", "favourites.radio"] {
            let items = kit.get(&format!("/playlist/{stem}.m3u?client=plex")).await;
            let items = items.playlist();
            let part = kit.get(&format!("{GUIDE}&bouquet={stem}")).await.guide();
            let ids: Vec<&String> = items.iter().map(|item| &item.id).collect();
            assert_eq!(part.channels.iter().collect::<Vec<_>>(), ids, "{stem}");
            assert_eq!(items.is_empty(), stem == "favourites.radio");
            for own in &items {
                let same = all.iter().find(|item| item.id == own.id).unwrap();
                assert_eq!((&own.name, &own.url), (&same.name, &same.url));
                assert!(part.of(&own.id).eq(whole.of(&own.id)));
            }
        }
        let mut before = 0;
        for days in [1, 3] {
            let part = kit.get(&format!("{GUIDE}&days={days}")).await.guide();
            assert_eq!(part.channels, whole.channels);
            let filled: Vec<_> = part
                .channels
                .iter()
                .filter(|id| {
                    part.of(id)
                        .all(|programme| programme.start.ends_with("000000 +0000"))
                })
                .collect();
            assert!(!filled.is_empty());
            assert!(filled.iter().all(|id| part.of(id).count() == days + 1));
            assert!(part.programmes.len() > before);
            before = part.programmes.len();
        }
        let none = kit.get(&format!("{GUIDE}&bouquet=nope")).await;
        assert_eq!(none.status, 404);
        assert_eq!(kit.get(&format!("{GUIDE}&days=15")).await.status, 400);
    });
}

#[test]
fn only_plex_is_another_guide_and_a_client_nobody_knows_is_400() {
    with_demo(async |kit| {
        kit.pass().await;
        let usual = kit.get("/xmltv.xml").await;
        for client in ["kodi", "jellyfin", "tvheadend", "threadfin", "plain"] {
            let same = kit.get(&format!("/xmltv.xml?client={client}")).await;
            assert_eq!(same.body, usual.body, "{client}");
            assert_eq!(same.header("etag"), usual.header("etag"));
        }
        // The plain address is the same for everybody.
        let agent = "User-Agent: PlexMediaServer/1.40\r\n";
        assert_eq!(kit.get_with("/xmltv.xml", agent).await.body, usual.body);
        for path in ["/xmltv.xml", "/xmltv.xml.gz", "/files/xmltv.xml"] {
            for client in ["nobody", "", "Plex"] {
                let answer = kit.get(&format!("{path}?client={client}")).await;
                assert_eq!(answer.status, 400, "{path} {client}");
            }
        }
    });
}

#[test]
fn g20_g21_every_form_tells_its_version() {
    with_demo(async |kit| {
        kit.pass().await;
        let plain = kit.get(GUIDE).await;
        let mut tags = HashSet::new();
        for (path, headers) in [
            ("/xmltv.xml", ""),
            ("/xmltv.xml?days=1", ""),
            ("/xmltv.xml?client=plex", ""),
            ("/xmltv.xml?client=plex", GZIP),
            ("/xmltv.xml?client=plex&days=1", ""),
            ("/xmltv.xml?client=plex&bouquet=news", ""),
            ("/xmltv.xml.gz?client=plex", ""),
        ] {
            let get = kit.get_with(path, headers).await;
            let (tag, time) = (get.head("etag"), get.head("last-modified"));
            assert!(tags.insert(tag.to_owned()), "{path} {headers}");
            let old = kit.get_with(&format!("/files{path}"), headers).await;
            assert_eq!((&old.body, old.head("etag")), (&get.body, tag), "{path}");
            let head = format!("HEAD {path} HTTP/1.1\r\nHost: box:8080\r\n{headers}\r\n");
            let head = kit.request(&head).await;
            assert_eq!((head.status, head.body.len()), (200, 0));
            for name in ["etag", "last-modified", "content-type", "content-encoding"] {
                assert_eq!(head.header(name), get.header(name), "{path} {name}");
            }
            for condition in [
                format!("If-None-Match: {tag}"),
                format!("If-Modified-Since: {time}"),
            ] {
                let headers = format!("{headers}{condition}\r\n");
                let same = kit.get_with(path, &headers).await;
                assert_eq!((same.status, same.body.len()), (304, 0), "{path} {headers}");
            }
            let other = format!("{headers}If-None-Match: \"x\"\r\n");
            assert_eq!(kit.get_with(path, &other).await.body, get.body);
        }
        let encoded = kit.get_with(GUIDE, GZIP).await;
        assert_eq!(encoded.head("content-encoding"), "gzip");
        assert_eq!(encoded.unzipped(), plain.text());
        let archive = kit.get("/xmltv.xml.gz?client=plex").await;
        assert_eq!(archive.head("content-type"), "application/gzip");
        assert_eq!(archive.header("content-encoding"), None);
        assert_eq!(archive.unzipped(), plain.text());
    });
}

#[test]
fn numbers_stick_to_services_when_bouquets_are_edited_and_after_a_restart() {
    with_channels(async |kit| {
        kit.pass().await;
        let (before, usual_before) = both(kit).await;
        let (first, name) = kit.receiver().services(FAVOURITES)[0].clone();
        let gone = first.trim_end_matches(':').replace(':', "-");
        assert_eq!(before[&gone], 1);

        assert!(kit.receiver().remove_service(FAVOURITES, &first));
        let new = "1:0:19:6001:3E9:1:C00000:0:0:0:";
        assert!(kit.receiver().add_service(FAVOURITES, new, "Neuer Sender"));
        kit.refresh().await;
        let (plex, usual) = both(kit).await;
        let has_moved =
            |(slug, number): &(&String, &u32)| usual.get(*slug).is_some_and(|now| now != *number);
        assert!(
            usual_before.iter().filter(has_moved).count() > 10,
            "the usual ones move up"
        );
        assert!(!plex.contains_key(&gone));
        let kept = before.iter().filter(|(slug, _)| **slug != gone);
        for (slug, number) in kept {
            assert_eq!(plex[slug], *number, "{slug}");
        }
        let added = "1-0-19-6001-3E9-1-C00000-0-0-0";
        let taken: HashSet<&u32> = before.values().collect();
        assert!(!taken.contains(&plex[added]), "a number that nobody had");
        let guide = kit.get(GUIDE).await;
        let ids: HashSet<String> = guide.guide().channels.into_iter().collect();
        assert_eq!(ids, plex.values().map(u32::to_string).collect());

        // Who comes back has the number that was its own, wherever it stands now.
        assert!(kit
            .receiver()
            .add_service("userbouquet.news.tv", &first, &name));
        kit.refresh().await;
        let (plex, usual) = both(kit).await;
        assert_eq!(plex[&gone], 1);
        assert_ne!(usual[&gone], 1);
        let (playlist, guide) = (kit.get(PLAYLIST).await, kit.get(GUIDE).await);
        assert_eq!(item(&playlist.playlist(), &name).number, 1);

        kit.stop().await;
        let file = kit.directory().join("state/numbers");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(&format!("\n1\t{gone}\n")), "{text}");
        kit.start();
        assert_eq!(kit.get(PLAYLIST).await.body, playlist.body);
        kit.pass().await;
        assert_eq!(both(kit).await, (plex, usual.clone()));
        let again = kit.get(GUIDE).await;
        assert_eq!(
            (&again.body, again.head("etag")),
            (&guide.body, guide.head("etag"))
        );

        // Without the file they are those of the receiver again, and that is another guide.
        kit.stop().await;
        std::fs::remove_file(&file).unwrap();
        kit.start();
        kit.pass().await;
        let (plex, _) = both(kit).await;
        assert!(plex.iter().all(|(slug, number)| usual[slug] == *number));
        for (path, old) in [(PLAYLIST, &playlist), (GUIDE, &guide)] {
            let new = kit.get(path).await;
            assert_ne!(new.head("etag"), old.head("etag"), "{path}");
        }
    });
}

#[test]
fn damaged_numbers_are_told_and_begun_anew() {
    let log = Log::start();
    with_channels(async |kit| {
        kit.pass().await;
        kit.stop().await;
        let file = kit.directory().join("state/numbers");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, &text[..text.len() / 2]).unwrap();
        assert!(!log.take().concat().contains("numbers"));
        kit.start();
        let told = log.take();
        let told: Vec<_> = told
            .iter()
            .filter(|line| line.starts_with("WARN"))
            .collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].ends_with("numbers is damaged; channels get the receiver's numbers"));
        let (plex, usual) = both(kit).await;
        assert!(plex.len() > 60);
        assert!(plex.iter().all(|(slug, number)| usual[slug] == *number));
        kit.pass().await;
        kit.stop().await;
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        kit.start();
    });
}

#[test]
fn without_a_guide_every_channel_has_its_placeholders() {
    let none = |config: &mut Config| {
        config.guide.enabled = false;
        config.guide.days = 3;
    };
    with(Options::default(), none, async |kit| {
        kit.pass().await;
        let guide = kit.get(GUIDE).await.guide();
        assert!(guide.channels.len() > 60);
        for id in &guide.channels {
            assert_eq!(guide.of(id).count(), 4, "{id}");
        }
    });
}

#[test]
fn the_offer_of_hdhomerun_clients_is_that_of_plex() {
    let offer = |config: &mut Config| {
        config.guide.enabled = false;
        config.hdhomerun.bouquets = vec!["sport".into(), "Nachrichten & Wissen".into()];
        config.hdhomerun.max_channels = 7;
    };
    with(Options::default(), offer, async |kit| {
        kit.pass().await;
        let items = kit.get(PLAYLIST).await.playlist();
        assert_eq!(items.len(), 7);
        let groups = ["Sport <live>", "Nachrichten & Wissen"];
        let is_chosen = |item: &Item| {
            groups
                .iter()
                .any(|group| item.groups.contains(&(*group).to_owned()))
        };
        assert!(items.iter().all(is_chosen), "{items:?}");
        assert_eq!(kit.get(GUIDE).await.guide().channels.len(), 7);
        // Nobody else is told less.
        assert!(kit.get("/playlist.m3u").await.playlist().len() > 70);
    });
}

#[test]
fn addresses_carry_the_key_beside_the_client() {
    let all = |config: &mut Config| {
        config.guide.enabled = false;
        config.auth.everything = true;
        config.auth.token = "abcdefghijklmnopqrstuvwxyz0123456789".into();
    };
    with(Options::default(), all, async |kit| {
        kit.pass().await;
        let bearer = "Authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789\r\n";
        let playlist = kit.get_with(PLAYLIST, bearer).await;
        let items = playlist.playlist();
        let (_, key) = items[0].url.split_once("?key=").unwrap();
        let guide = format!("/xmltv.xml?client=plex&key={key}");
        let head = format!("#EXTM3U url-tvg=\"http://box:8080{guide}\" ");
        assert!(playlist.text().starts_with(&head), "{}", playlist.text());
        let ids: Vec<String> = items.into_iter().map(|item| item.id).collect();
        assert_eq!(kit.get(&guide).await.guide().channels, ids);
    });
}
