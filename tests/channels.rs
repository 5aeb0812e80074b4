//! From the receiver's bouquets to channels: what counts, what it is called, where it stands.

use xg2g::config::Config;
use xg2g::receiver::demo::{Line, Options};

use crate::kit::{item, names, with, with_channels, with_demo, Bouquets, Item, Kit};

const FAVOURITES: &str = "userbouquet.favourites.tv";
const NEWS: &str = "userbouquet.news.tv";
const NEW: &str = "1:0:19:3001:500:1:C00000:0:0:0:";

async fn all(kit: &Kit) -> Vec<Item> {
    kit.get("/playlist.m3u").await.playlist()
}

fn numbered(items: &[Item]) -> Vec<(u32, &str)> {
    let pairs = items.iter().map(|item| (item.number, item.name.as_str()));
    pairs.collect()
}

/// A configuration that selects bouquets.
fn only(names: &[&str]) -> impl FnOnce(&mut Config) {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    move |config: &mut Config| config.channels.bouquets = names
}

#[test]
fn numbers_are_those_on_the_screen_of_the_receiver() {
    with_channels(async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist/favourites.m3u").await.playlist();
        // A numbered marker (11), an invisible one (12) and a hidden service (13) take numbers and are not there.
        let expected = [
            (1, "Erste Welle HD"),
            (2, "Zweite Welle HD"),
            (3, "Nordlicht TV"),
            (4, "Alpenpanorama HD"),
            (5, "Kanal Süd"),
            (6, "Regional"),
            (7, "5\u{a0}Plus"),
            (8, "Kanal \u{201d}Sieben\u{201d}"),
            (9, "Stadt\u{201a} Land\u{201a} TV"),
            (10, "Hauptstadt HD"),
            (14, "Heimat: 100% Berge"),
            (15, "News 24/7"),
            (16, "Testbild"),
        ];
        assert_eq!(numbered(&items), expected);
        // "News 24/7" has its number already, but takes its place in the second bouquet, too.
        let all = all(kit).await;
        assert_eq!(item(&all, "Tagblatt TV").number, 18);
        // Sub-bouquets count their members in place.
        let world = kit.get("/playlist/world.m3u").await.playlist();
        let first = world[0].number;
        let numbers: Vec<u32> = world.iter().map(|item| item.number).collect();
        assert_eq!(numbers, (first..first + 12).collect::<Vec<u32>>());
        let iptv = kit.get("/playlist/iptv.m3u").await.playlist();
        assert_eq!(iptv[0].number, first + 12);
        // Radio goes on behind television.
        let tv = all.iter().filter(|item| !item.radio);
        let highest = tv.map(|item| item.number).max().unwrap();
        assert_eq!(item(&all, "Radio Eins").number, highest + 1);
    });
}

#[test]
fn markers_are_never_channels() {
    with_demo(async |kit| {
        kit.pass().await;
        let items = all(kit).await;
        for marker in [
            "Vollprogramm",
            "Privat",
            "Nummer ohne",
            "Lücke",
            "Serien",
            "Aus dem",
            "Hörfunk",
        ] {
            let found = items.iter().find(|item| item.name.starts_with(marker));
            assert!(
                found.is_none_or(|item| item.name == "Serienwelt HD"),
                "{found:?}"
            );
        }
        let guide = kit.get("/xmltv.xml").await;
        assert!(!guide.text().contains("Vollprogramm"));
    });
}

#[test]
fn a_sub_bouquet_is_a_group_within_the_one_it_is_in() {
    with_demo(async |kit| {
        kit.pass().await;
        let items = all(kit).await;
        let inner = item(&items, "Ciné Étoile");
        assert_eq!(inner.groups, ["International", "France"]);
        assert_eq!(item(&items, "Albion News").groups, ["International"]);
        let outer = kit.get("/playlist/world.m3u").await.playlist();
        let own = kit.get("/playlist/france.m3u").await.playlist();
        assert_eq!((outer.len(), own.len()), (12, 5));
        assert!(own
            .iter()
            .all(|one| names(&outer).contains(&one.name.as_str())));
        // Its channels have a guide like all others.
        let guide = kit.get("/xmltv.xml").await.guide();
        assert!(guide.of(&inner.id).count() > 5);
    });
}

#[test]
fn alternatives_are_one_channel_the_first_under_the_name_of_the_group() {
    with_demo(async |kit| {
        kit.pass().await;
        let items = all(kit).await;
        let group = item(&items, "Regional");
        assert_eq!(group.slug(), "1-0-19-2B06-3E9-1-C00000-0-0-0");
        for member in ["Rhein & Ruhr TV", "Rhein & Ruhr Kabel"] {
            assert!(!names(&items).contains(&member));
        }
        let guide = kit.get("/xmltv.xml").await.guide();
        assert!(guide.of(&group.id).count() > 5);
    });
}

#[test]
fn hidden_services_are_counted_and_not_shown() {
    with_channels(async |kit| {
        kit.pass().await;
        let items = all(kit).await;
        assert!(!names(&items).contains(&"Technik-Kanal"));
        assert_eq!(kit.status().await.channels.hidden, 1);
        assert!(!items
            .iter()
            .any(|item| item.groups.iter().any(|g| g == "Verborgen")));
    });
}

#[test]
fn url_services_are_channels_with_ids_of_their_own() {
    with_demo(async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist/iptv.m3u").await.playlist();
        let expected = [
            "Reise «Weltweit»",
            "Garten & Heim",
            "Hafenkino",
            "Heimwerken HD",
            "Bergkamera HLS",
        ];
        assert_eq!(names(&items), expected);
        // Ten fields and eight digits for the address.
        assert!(items
            .iter()
            .all(|item| item.slug().split('-').count() == 11));
        let guide = kit.get("/xmltv.xml").await.guide();
        for item in &items[..4] {
            assert!(guide.of(&item.id).count() > 5, "{}", item.name);
        }
        assert_eq!(guide.of(&items[4].id).count(), 0);
    });
}

#[test]
fn two_urls_with_the_same_ten_fields_are_two_channels() {
    with_channels(async |kit| {
        for name in ["eins", "zwei"] {
            let service = format!("4097:0:1:0:0:0:0:0:0:0:http%3a//127.0.0.1%3a9/{name}.ts:{name}");
            assert!(kit.receiver().add_service(NEWS, &service, name));
        }
        kit.pass().await;
        let items = all(kit).await;
        let (one, two) = (item(&items, "eins"), item(&items, "zwei"));
        assert_eq!(one.slug().split('-').count(), 11);
        assert_ne!(one.id, two.id);
        assert_ne!(one.url, two.url);
        for (item, file) in [(one, "eins.ts"), (two, "zwei.ts")] {
            let answer = kit
                .get(&(item.url.replace("http://box:8080", "") + "?mode=redirect"))
                .await;
            assert_eq!(answer.head("location"), format!("http://box:9/{file}"));
        }
    });
}

#[test]
fn a_renamed_service_has_its_new_name_and_its_old_id() {
    with_demo(async |kit| {
        kit.pass().await;
        let items = all(kit).await;
        let renamed = item(&items, "Heimat: 100% Berge");
        assert_eq!(renamed.slug(), "1-0-1-2B14-3EB-1-820000-0-0-0");
        let guide = kit.get("/xmltv.xml").await.guide();
        assert!(guide.of(&renamed.id).count() > 5);
    });
}

#[test]
fn a_service_in_two_bouquets_is_one_channel_in_two_groups() {
    with_demo(async |kit| {
        kit.pass().await;
        let items = all(kit).await;
        let twice = item(&items, "News 24/7");
        assert_eq!(twice.groups, ["Favoriten", "Nachrichten & Wissen"]);
        assert_eq!(
            names(&items)
                .iter()
                .filter(|name| **name == "News 24/7")
                .count(),
            1
        );
        for stem in ["favourites", "news"] {
            let own = kit.get(&format!("/playlist/{stem}.m3u")).await.playlist();
            assert_eq!(item(&own, "News 24/7").number, twice.number);
        }
        let guide = kit.get("/xmltv.xml").await.guide();
        let listed = guide.channels.iter().filter(|id| **id == twice.id).count();
        assert_eq!(listed, 1);
    });
}

#[test]
fn radio_is_kept_apart_from_television() {
    with_demo(async |kit| {
        kit.pass().await;
        let items = all(kit).await;
        for item in &items {
            let group = item
                .groups
                .iter()
                .any(|group| group == "Radio" || group == "Klassik & Jazz");
            assert_eq!(item.radio, group, "{}", item.name);
        }
        let radio = kit.get("/playlist/favourites.radio.m3u").await.playlist();
        assert_eq!(radio.len(), 9);
        let guide = kit.get("/xmltv.xml").await.guide();
        assert!(guide.of(&radio[0].id).count() > 5);
    });
}

#[test]
fn both_lines_of_openwebif_give_the_same_playlist() {
    let mut playlists = Vec::new();
    for line in [Line::V1, Line::V2] {
        let options = Options {
            line,
            ..Options::default()
        };
        with(
            options,
            |_| (),
            async |kit| {
                kit.pass().await;
                let items = all(kit).await;
                // The addresses of URL services name the port, which differs.
                let told = items
                    .iter()
                    .map(|item| match item.slug().split('-').count() {
                        10 => item.line.clone(),
                        _ => format!("{} {} {:?}", item.number, item.name, item.groups),
                    });
                playlists.push(told.collect::<Vec<String>>());
                let guide = kit.get("/xmltv.xml").await.guide();
                assert!(guide.programmes.len() > 2_000);
                // And later passes change nothing.
                kit.refresh().await;
                assert_eq!(all(kit).await, items);
            },
        );
    }
    assert_eq!(playlists[0], playlists[1]);
}

#[test]
fn edits_on_the_receiver_appear_after_a_refresh() {
    with_demo(async |kit| {
        kit.pass().await;
        let receiver = kit.receiver();
        let (second, _) = receiver.services(NEWS)[1].clone();
        assert!(receiver.rename_service(&second, "Abendblatt TV"));
        kit.refresh().await;
        let items = all(kit).await;
        assert_eq!(item(&items, "Abendblatt TV").number, 18);
        assert!(!names(&items).contains(&"Tagblatt TV"));

        assert!(receiver.add_service(NEWS, NEW, "Neuling"));
        kit.refresh().await;
        let news = kit.get("/playlist/news.m3u").await.playlist();
        assert_eq!(news.last().unwrap().name, "Neuling");
        let id = news.last().unwrap().id.clone();
        let guide = kit.get("/xmltv.xml").await.guide();
        assert!(
            guide.of(&id).count() > 5,
            "a new channel has its guide at once"
        );

        assert!(receiver.remove_service(NEWS, &second));
        kit.refresh().await;
        let items = all(kit).await;
        assert!(!names(&items).contains(&"Abendblatt TV"));
        assert_eq!(
            item(&items, "Wetter & Verkehr").number,
            18,
            "those behind move up"
        );

        assert!(receiver.drop_bouquet("userbouquet.kids.tv"));
        kit.refresh().await;
        let items = all(kit).await;
        assert!(!names(&items).contains(&"Krümelkanal"));
        assert_eq!(kit.get("/playlist/kids.m3u").await.status, 404);
        let guide = kit.get("/xmltv.xml").await.guide();
        let ids: Vec<String> = items.into_iter().map(|item| item.id).collect();
        assert_eq!(guide.channels, ids);
        assert!(kit.status().await.warnings.is_empty());
    });
}

#[test]
fn a_service_hidden_or_moved_on_the_receiver_follows() {
    with_channels(async |kit| {
        kit.pass().await;
        let receiver = kit.receiver();
        let (first, name) = receiver.services(NEWS)[1].clone();
        assert!(receiver.remove_service(NEWS, &first));
        assert!(receiver.add_service(FAVOURITES, &first, &name));
        kit.refresh().await;
        let items = all(kit).await;
        let moved = item(&items, &name);
        assert_eq!(
            (moved.number, &*moved.groups),
            (17, &["Favoriten".to_owned()][..])
        );
    });
}

#[test]
fn only_the_chosen_bouquets_are_served_with_their_numbers() {
    let names_and_stems = only(&["news", "Sport <live>", "favourites.radio"]);
    with(Options::default(), names_and_stems, async |kit| {
        kit.pass().await;
        let told: Bouquets = kit.get("/api/v1/bouquets").await.json();
        let stems: Vec<&str> = told.bouquets.iter().map(|b| b.stem.as_str()).collect();
        assert_eq!(stems, ["news", "sport", "favourites.radio"]);
        let items = all(kit).await;
        assert_eq!(items.len(), 8 + 7 + 9);
        assert_eq!(item(&items, "Tagblatt TV").number, 18, "as on the screen");
        let guide = kit.get("/xmltv.xml").await.guide();
        assert_eq!(guide.channels.len(), items.len());
        assert_eq!(kit.get("/playlist/film.m3u").await.status, 404);
        assert!(kit.status().await.warnings.is_empty());
    });
}

#[test]
fn a_chosen_bouquet_that_does_not_exist_is_reported() {
    with(
        Options::default(),
        only(&["news", "Nachtprogramm"]),
        async |kit| {
            kit.pass().await;
            assert_eq!(all(kit).await.len(), 8);
            let warnings = kit.status().await.warnings;
            assert!(
                warnings.len() == 1 && warnings[0].contains("Nachtprogramm"),
                "{warnings:?}"
            );
        },
    );
}

#[test]
fn the_last_scan_is_served_when_it_is_chosen() {
    with(Options::default(), only(&["LastScanned"]), async |kit| {
        kit.pass().await;
        assert_eq!(all(kit).await.len(), 3);
        assert_eq!(
            kit.get("/playlist/LastScanned.m3u").await.playlist().len(),
            3
        );
    });
}
