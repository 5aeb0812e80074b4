//! `/playlist.m3u` and `/playlist/<bouquet>.m3u`.

use std::collections::HashSet;

use crate::kit::{item, names, quote, with, with_channels, Kit};

/// All but Plex, who gets what HDHomeRun clients get.
const CLIENTS: [&str; 5] = ["kodi", "jellyfin", "tvheadend", "threadfin", "plain"];
const MP2T: &str = "#KODIPROP:mimetype=video/mp2t";

#[test]
fn the_playlist_holds_every_channel_once_tv_before_radio() {
    with_channels(async |kit| {
        kit.pass().await;
        let answer = kit.get("/playlist.m3u").await;
        assert_eq!(
            answer.head("content-type"),
            "audio/x-mpegurl; charset=utf-8"
        );
        let items = answer.playlist();
        let ids: HashSet<&str> = items.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids.len(), items.len());
        assert!(items.len() >= 70, "{}", items.len());
        let radio = items.iter().position(|item| item.radio).unwrap();
        assert!(items[radio..].iter().all(|item| item.radio) && items.len() - radio >= 10);
        assert_eq!(items[0].name, "Erste Welle HD");
    });
}

#[test]
fn a_bouquet_is_found_by_stem_and_by_its_name_in_percent_encoding() {
    with_channels(async |kit| {
        kit.pass().await;
        let bouquets = [
            ("favourites", "Favoriten"),
            ("news", "Nachrichten & Wissen"),
            ("sport", "Sport <live>"),
            ("music", "Musik \"pur\""),
            ("world", "International 🌍"),
            ("classic.radio", "Klassik & Jazz"),
        ];
        for (stem, name) in bouquets {
            let by_stem = kit.get(&format!("/playlist/{stem}.m3u")).await;
            let by_name = kit.get(&format!("/playlist/{}.m3u", quote(name))).await;
            let items = by_stem.playlist();
            assert!(items.len() >= 4, "{stem}");
            assert!(items.iter().all(|item| item.groups.len() == 1));
            assert_eq!(by_stem.body, by_name.body, "{name}");
        }
        let radio = kit.get("/playlist/favourites.radio.m3u").await.playlist();
        assert!(radio
            .iter()
            .all(|item| item.radio && item.groups == ["Radio"]));
        assert_eq!(kit.get("/playlist/nope.m3u").await.status, 404);
        assert_eq!(kit.get("/playlist/LastScanned.m3u").await.status, 404);
        assert_eq!(kit.get("/playlist/hidden.m3u").await.status, 404);
    });
}

#[test]
fn the_playlist_of_a_bouquet_says_the_same_of_a_channel_as_that_of_all() {
    with_channels(async |kit| {
        kit.pass().await;
        let all = kit.get("/playlist.m3u").await.playlist();
        for stem in ["favourites", "film", "iptv", "favourites.radio"] {
            for own in kit.get(&format!("/playlist/{stem}.m3u")).await.playlist() {
                let same = all.iter().find(|item| item.id == own.id).unwrap();
                assert_eq!(
                    (&own.name, own.number, &own.url, &own.logo, &own.extras),
                    (&same.name, same.number, &same.url, &same.logo, &same.extras)
                );
                assert!(same.groups.contains(&own.groups[0]));
            }
        }
    });
}

#[test]
fn each_client_gets_its_flavour_by_parameter_or_user_agent() {
    with_channels(async |kit| {
        kit.pass().await;
        let agents = [
            ("KodifromDebian/20.1 (X11; Linux x86_64)", "kodi"),
            ("Jellyfin-Server/10.9.0", "jellyfin"),
            ("Emby Server 4", "jellyfin"),
            ("PlexMediaServer/1.40", "plex"),
            ("TVHeadend/4.3", "tvheadend"),
            ("Threadfin", "threadfin"),
            ("curl/8.0", "kodi"),
        ];
        for (agent, client) in agents {
            let agent = format!("User-Agent: {agent}\r\n");
            let by_agent = kit.get_with("/playlist.m3u", &agent).await;
            let by_name = kit.get(&format!("/playlist.m3u?client={client}")).await;
            assert_eq!(by_agent.body, by_name.body, "{agent}");
        }
        // What is asked for counts more than who asks.
        let agent = "User-Agent: Kodi/20\r\n";
        let chosen = kit.get_with("/playlist.m3u?client=plain", agent).await;
        assert!(!chosen.text().contains("KODIPROP"));
        assert_eq!(kit.get("/playlist.m3u?client=nobody").await.status, 400);
    });
}

#[test]
fn flavours_differ_in_their_extra_lines_only() {
    with_channels(async |kit| {
        kit.pass().await;
        let kodi = kit.get("/playlist.m3u?client=kodi").await.playlist();
        for client in CLIENTS {
            let items = kit.get(&format!("/playlist.m3u?client={client}")).await;
            let items = items.playlist();
            assert_eq!(items.len(), kodi.len());
            for (one, other) in items.iter().zip(&kodi) {
                assert_eq!(
                    (&one.id, one.number, &one.name, &one.url, &one.groups),
                    (
                        &other.id,
                        other.number,
                        &other.name,
                        &other.url,
                        &other.groups
                    )
                );
                let is_stream = other.name != "Bergkamera HLS";
                let told = client == "kodi" && is_stream;
                assert_eq!(one.extras == [MP2T], told, "{client} {}", one.name);
                let tags = format!("tvh-tags=\"{}\"", one.groups.join("|"));
                assert_eq!(one.line.contains(&tags), client == "tvheadend");
            }
        }
    });
}

#[test]
fn g1_addresses_survive_a_restart_and_a_changed_order() {
    with_channels(async |kit| {
        kit.pass().await;
        let before = kit.get("/playlist.m3u").await.playlist();
        let (first, _) = kit.receiver().services("userbouquet.favourites.tv")[0].clone();
        assert!(kit
            .receiver()
            .remove_service("userbouquet.favourites.tv", &first));
        kit.stop().await;
        kit.start();
        kit.pass().await;
        let after = kit.get("/playlist.m3u").await.playlist();
        assert_eq!(after.len(), before.len() - 1);
        for item in &after {
            let known = before.iter().find(|known| known.id == item.id).unwrap();
            assert_eq!(known.url, item.url);
        }
    });
}

#[test]
fn g15_to_g19_and_g30_hold_for_every_channel_of_every_flavour() {
    with_channels(async |kit| {
        kit.pass().await;
        for client in CLIENTS {
            let answer = kit.get(&format!("/playlist.m3u?client={client}")).await;
            assert!(answer.body.starts_with(b"#EXTM3U") && !answer.body.contains(&b'\r'));
            let items = answer.playlist();
            let mut numbers = HashSet::new();
            for item in &items {
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
                assert!(
                    item.id.chars().all(plain) && item.id.contains('.'),
                    "{}",
                    item.id
                );
                assert!(!item.name.contains([',', '"', '\'']), "{}", item.name);
                let word = item.name.split(' ').next().unwrap();
                assert!(word.parse::<u32>().is_err(), "{}", item.name);
                assert!(!item.line.contains("media"), "{}", item.line);
                let logo = format!("http://box:8080/picon/{}.png", item.slug());
                assert_eq!(item.logo, logo);
                assert!(item.number > 0 && numbers.insert(item.number));
                assert_eq!(
                    item.url,
                    format!("http://box:8080/stream/{}.ts", item.slug())
                );
            }
        }
    });
}

#[test]
fn the_direct_mode_names_the_receiver_and_the_urls_themselves() {
    with_channels(async |kit| {
        kit.pass().await;
        let redirect = kit.get("/playlist.m3u?mode=redirect").await;
        assert_eq!(redirect.body, kit.get("/playlist.m3u").await.body);
        let port = kit.receiver().stream_port();
        let items = kit.get("/playlist.m3u?mode=direct").await.playlist();
        assert_eq!(
            item(&items, "Erste Welle HD").url,
            format!("http://box:{port}/1:0:19:2B01:3E9:1:C00000:0:0:0:")
        );
        assert_eq!(
            item(&items, "Bergkamera HLS").url,
            format!("http://box:{port}/live/bergkamera.m3u8")
        );
        assert_eq!(
            item(&items, "Garten & Heim").url,
            format!("http://box:{port}/live/garten.ts?profile=pass&x=%41")
        );
        assert_eq!(kit.get("/playlist.m3u?mode=sideways").await.status, 400);
    });
}

#[test]
fn addresses_are_those_the_client_used_or_the_configured_one() {
    with_channels(async |kit| {
        kit.pass().await;
        let ask = "GET /playlist.m3u HTTP/1.1\r\nHost: [fd00::7]:81\r\n\r\n";
        let answer = kit.request(ask).await;
        assert!(answer.text().starts_with(
            "#EXTM3U url-tvg=\"http://[fd00::7]:81/xmltv.xml\" x-tvg-url=\"http://[fd00::7]:81/xmltv.xml\"\n"
        ));
        let direct = "GET /playlist.m3u?mode=direct HTTP/1.1\r\nHost: [fd00::7]:81\r\n\r\n";
        let direct = kit.request(direct).await.playlist();
        assert!(direct[0].url.starts_with("http://[fd00::7]:"));

        let base = "http://tv.example/x";
        kit.configure(|config| config.server.public_url = Some(base.to_owned()));
        kit.stop().await;
        kit.start();
        let items = kit.request(ask).await.playlist();
        let ours = |url: &str| url.starts_with("http://tv.example/x/");
        assert!(items.iter().all(|item| ours(&item.url) && ours(&item.logo)));
    });
}

#[test]
fn the_configured_mode_holds_without_a_parameter() {
    let direct = |config: &mut xg2g::config::Config| {
        config.stream.mode = xg2g::config::Mode::Direct;
    };
    with(
        xg2g::receiver::demo::Options::default(),
        direct,
        async |kit| {
            kit.pass().await;
            let direct = kit.get("/playlist.m3u").await;
            assert_eq!(direct.body, kit.get("/playlist.m3u?mode=direct").await.body);
            let redirect = kit.get("/playlist.m3u?mode=redirect").await;
            assert_ne!(direct.body, redirect.body);
        },
    );
}

/// GET, plain and gzipped, HEAD, and both conditions.
async fn is_versioned(kit: &Kit, path: &str) {
    let plain = kit.get(path).await;
    let (tag, time) = (plain.head("etag"), plain.head("last-modified"));
    let zipped = kit.get_with(path, "Accept-Encoding: gzip\r\n").await;
    assert_eq!(zipped.header("content-encoding"), Some("gzip"));
    assert_eq!(zipped.unzipped(), plain.text());
    assert_ne!(zipped.head("etag"), tag, "an encoding is another thing");
    assert_eq!(plain.head("vary"), "accept-encoding");
    let head = kit.head(path).await;
    assert_eq!((head.head("etag"), head.head("last-modified")), (tag, time));
    assert_eq!(head.head("content-length"), plain.body.len().to_string());
    assert!(head.body.is_empty());
    let same = kit
        .get_with(path, &format!("If-None-Match: {tag}\r\n"))
        .await;
    assert_eq!((same.status, same.body.len()), (304, 0));
    let same = kit
        .get_with(path, &format!("If-Modified-Since: {time}\r\n"))
        .await;
    assert_eq!((same.status, same.body.len()), (304, 0));
    let other = kit.get_with(path, "If-None-Match: \"other\"\r\n").await;
    assert_eq!((other.status, other.body), (200, plain.body));
}

#[test]
fn g20_playlists_tell_their_version_and_are_sent_only_when_new() {
    with_channels(async |kit| {
        kit.pass().await;
        is_versioned(kit, "/playlist.m3u").await;
        is_versioned(kit, "/playlist/news.m3u").await;
        let before = kit.head("/playlist.m3u").await;
        kit.refresh().await;
        let after = kit.head("/playlist.m3u").await;
        assert_eq!(before.head("etag"), after.head("etag"));
        assert_eq!(before.head("last-modified"), after.head("last-modified"));
        let file = "userbouquet.news.tv";
        let (service, _) = kit.receiver().services(file)[0].clone();
        assert!(kit.receiver().rename_service(&service, "Umbenannt"));
        kit.refresh().await;
        let renamed = kit.get("/playlist.m3u").await;
        assert_ne!(before.head("etag"), renamed.head("etag"));
        assert_ne!(before.head("last-modified"), renamed.head("last-modified"));
        assert!(names(&renamed.playlist()).contains(&"Umbenannt"));
    });
}

#[test]
fn the_old_path_is_the_same_playlist() {
    with_channels(async |kit| {
        kit.pass().await;
        for query in ["", "?client=plain", "?mode=direct"] {
            let now = kit.get(&format!("/playlist.m3u{query}")).await;
            let old = kit.get(&format!("/files/playlist.m3u{query}")).await;
            assert_eq!(now.body, old.body);
            assert_eq!(now.header("etag"), old.header("etag"));
            assert_eq!(now.header("content-type"), old.header("content-type"));
        }
    });
}
