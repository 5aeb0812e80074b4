//! `/api/v1/...`: the answers, and that they agree with playlist and guide.

use xg2g::model::rfc3339;
use xg2g::receiver::demo::{Line, Options};

use super::{FIRST, FIRST_SERVICE};
use crate::kit::{with, with_channels, with_demo, Bouquets, Channels, Epg, EventJson, Now, Status};

#[test]
fn the_status_tells_how_things_are() {
    with_demo(async |kit| {
        kit.pass().await;
        let status = kit.status().await;
        let items = kit.get("/playlist.m3u").await.playlist();
        let guide = kit.get("/xmltv.xml").await;
        let radio = items.iter().filter(|item| item.radio).count();
        assert_eq!(status.version, env!("CARGO_PKG_VERSION"));
        assert_eq!(status.receiver.url, kit.receiver().url());
        assert_eq!(status.receiver.reachable, Some(true));
        assert_eq!(status.receiver.standby, Some(false));
        assert!(status.receiver.model.is_some());
        assert!(status.receiver.webif.unwrap().contains("2.4"));
        assert_eq!(
            u64::from(status.receiver.calls),
            kit.receiver().stats().calls
        );
        assert_eq!(status.receiver.failed_calls, 0);
        assert_eq!((status.refresh.running, status.refresh.passes), (false, 1));
        assert_eq!(
            (&*status.refresh.phase, status.refresh.error),
            ("idle", None)
        );
        assert!(status.refresh.succeeded.is_some() && status.warnings.is_empty());
        assert_eq!(status.channels.tv + status.channels.radio, items.len());
        assert_eq!((status.channels.radio, status.channels.hidden), (radio, 1));
        let told = status.guide.unwrap();
        assert_eq!(told.events, guide.guide().programmes.len());
        assert!(told.channels >= 65 && told.channels < items.len());
        assert!(told.bytes > 100_000 && told.bytes < guide.body.len() as u64);
    });
}

#[test]
fn the_status_knows_standby_and_the_older_line() {
    let old = Options {
        line: Line::V1,
        ..Options::default()
    };
    with(
        old,
        |_| (),
        async |kit| {
            kit.receiver().set_standby(true);
            kit.pass().await;
            let status = kit.status().await;
            assert_eq!(status.receiver.standby, Some(true));
            assert!(status.receiver.webif.unwrap().contains("1.5"));
        },
    );
}

#[test]
fn progress_is_seen_while_a_pass_runs() {
    with_demo(async |kit| {
        let mut phases = Vec::new();
        let watch = async {
            loop {
                let status: Status = kit.get("/api/v1/status").await.json();
                if !status.refresh.running && status.refresh.passes > 0 {
                    break;
                }
                phases.push(status.refresh.phase);
            }
        };
        smol::future::zip(kit.pass(), watch).await;
        let order = [
            "idle", "receiver", "channels", "now_next", "guide", "publish",
        ];
        for phase in ["channels", "guide"] {
            assert!(
                phases.iter().any(|seen| seen == phase),
                "{phase}: {phases:?}"
            );
        }
        assert!(phases.iter().all(|phase| order.contains(&phase.as_str())));
    });
}

#[test]
fn channels_are_those_of_the_playlist() {
    with_channels(async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist.m3u").await.playlist();
        let told: Channels = kit.get("/api/v1/channels").await.json();
        assert_eq!(
            (told.total, told.channels.len()),
            (items.len(), items.len())
        );
        for (channel, item) in told.channels.iter().zip(&items) {
            assert_eq!((&channel.id, channel.number), (&item.id, item.number));
            assert_eq!(channel.slug, item.slug());
            assert_eq!(channel.media == "radio", item.radio);
            assert_eq!(channel.bouquets.len(), item.groups.len());
            let base = "http://box:8080";
            assert_eq!(format!("{base}{}", channel.logo), item.logo);
            assert_eq!(format!("{base}{}", channel.stream), item.url);
        }
        assert_eq!(told.channels[0].service, FIRST_SERVICE);
        assert_eq!(told.channels[0].name, "Erste Welle HD");
        assert_eq!(told.channels[0].quality.as_deref(), Some("hd"));
        let first = &told.channels[0];
        assert!(first.codec.is_none() && first.provider.is_none() && first.scrambled.is_none());
        let plain = told.channels.iter().find(|c| c.name == "Kanal \"Sieben\"");
        assert!(plain.is_some(), "names are the receiver's");
    });
}

#[test]
fn channels_can_be_chosen_by_bouquet_media_and_offset() {
    with_demo(async |kit| {
        kit.pass().await;
        let all: Channels = kit.get("/api/v1/channels").await.json();
        let ask = async |query: &str| -> Channels {
            kit.get(&format!("/api/v1/channels?{query}")).await.json()
        };
        let radio = ask("media=radio").await;
        assert!(radio
            .channels
            .iter()
            .all(|channel| channel.media == "radio"));
        let tv = ask("media=tv").await;
        assert_eq!(tv.total + radio.total, all.total);
        let news = ask("bouquet=news").await;
        assert_eq!(news.total, 8);
        assert!(news
            .channels
            .iter()
            .all(|c| c.bouquets.iter().any(|b| b == "news")));
        assert_eq!(ask("bouquet=news&media=radio").await.total, 0);
        let late = ask("offset=5").await;
        assert_eq!(
            (late.total, late.channels.len()),
            (all.total, all.total - 5)
        );
        assert_eq!(late.channels[0].id, all.channels[5].id);
        assert!(ask("offset=9999").await.channels.is_empty());
        for (query, status) in [("bouquet=x", 404), ("media=x", 400), ("offset=x", 400)] {
            let answer = kit.get(&format!("/api/v1/channels?{query}")).await;
            assert_eq!(answer.status, status, "{query}");
        }
    });
}

#[test]
fn bouquets_lead_to_their_playlists() {
    with_channels(async |kit| {
        kit.pass().await;
        let told: Bouquets = kit.get("/api/v1/bouquets").await.json();
        let stems: Vec<&str> = told.bouquets.iter().map(|b| b.stem.as_str()).collect();
        assert_eq!(
            stems,
            [
                "favourites",
                "news",
                "film",
                "sport",
                "kids",
                "music",
                "world",
                "france",
                "iptv",
                "favourites.radio",
                "classic.radio"
            ]
        );
        for bouquet in &told.bouquets {
            let items = kit.get(&bouquet.playlist).await.playlist();
            assert_eq!(items.len(), bouquet.channels, "{}", bouquet.name);
            assert_eq!(
                items.iter().all(|item| item.radio),
                bouquet.media == "radio"
            );
        }
        assert_eq!((told.bouquets[0].hidden, told.bouquets[0].locked), (1, 0));
        assert_eq!(told.bouquets[0].name, "Favoriten");
        assert_eq!(told.bouquets[6].name, "International 🌍");
    });
}

#[test]
fn epg_is_the_guide_between_two_times() {
    with_demo(async |kit| {
        kit.pass().await;
        let now = u64::try_from(kit.receiver().now()).unwrap();
        let ask = async |query: &str| -> Vec<EventJson> {
            let epg: Epg = kit.get(&format!("/api/v1/epg?{query}")).await.json();
            epg.events
        };
        let (from, to) = (now + 3_600, now + 4 * 3_600);
        let some = ask(&format!("channel={FIRST}&from={from}&to={to}")).await;
        let (begin, end) = (rfc3339(from), rfc3339(to));
        assert!(some.len() >= 2, "{some:?}");
        assert!(some.iter().all(|event| event.channel == FIRST));
        assert!(some
            .iter()
            .all(|event| event.stop > begin && event.start < end));
        assert!(some.windows(2).all(|pair| pair[0].stop <= pair[1].start));
        assert!(some[0].start <= begin && some[some.len() - 1].stop >= end);

        // Other ways to say the same.
        let service = FIRST_SERVICE.replace(':', "%3A");
        for query in [
            format!("channel={FIRST}.e2&from={from}&to={to}"),
            format!("channel={service}&from={from}&to={to}"),
            format!("channel={FIRST}&from={begin}&to={end}"),
            format!("channel={}&from={from}&to={end}", FIRST.replace('-', "_")),
        ] {
            let same = ask(&query).await;
            let titles = |events: &[EventJson]| -> Vec<String> {
                events.iter().map(|event| event.title.clone()).collect()
            };
            assert_eq!(titles(&same), titles(&some), "{query}");
        }

        let all = ask(&format!("from={from}&to={to}")).await;
        assert!(all.len() > 100);
        let guide = kit.get("/xmltv.xml").await;
        let escape = |title: &str| {
            title
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
        };
        for event in &some {
            let element = format!("<title>{}</title>", escape(&event.title));
            assert!(guide.text().contains(&element), "{}", event.title);
        }
        assert!(ask(&format!("channel={FIRST}&from=1&to=2"))
            .await
            .is_empty());
    });
}

#[test]
fn epg_refuses_what_is_no_time_and_no_channel() {
    with_demo(async |kit| {
        kit.pass().await;
        for (query, status) in [
            ("channel=nope", 404),
            ("from=yesterday", 400),
            ("to=2026-13-01T00:00:00Z", 400),
        ] {
            let answer = kit.get(&format!("/api/v1/epg?{query}")).await;
            assert_eq!(answer.status, status, "{query}");
        }
    });
}

#[test]
fn now_names_the_running_and_the_next_event_of_every_channel() {
    with_demo(async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist.m3u").await.playlist();
        let before = rfc3339(u64::try_from(kit.receiver().now()).unwrap());
        let told: Now = kit.get("/api/v1/now").await.json();
        let after = rfc3339(u64::try_from(kit.receiver().now()).unwrap());
        assert_eq!(told.channels.len(), items.len());
        let mut running = 0;
        for (channel, item) in told.channels.iter().zip(&items) {
            assert_eq!(channel.channel, item.slug());
            if let (Some(now), Some(next)) = (&channel.now, &channel.next) {
                assert!(now.start <= after && now.stop > before, "{now:?}");
                assert!(next.start >= now.stop && !next.title.is_empty());
                running += 1;
            }
        }
        assert!(running >= 65, "{running}");
        let silent = told.channels.iter().find(|c| c.name == "Testbild").unwrap();
        assert!(silent.now.is_none() && silent.next.is_none());
    });
}

#[test]
fn passwords_in_urls_show_in_direct_playlists_only() {
    with_demo(async |kit| {
        let url = "http%3a//dora%3ageheim@127.0.0.1%3a9/live/x.ts?token=sesam";
        let service = format!("4097:0:1:77:0:0:0:0:0:0:{url}:Bezahlsender");
        let file = "userbouquet.iptv.tv";
        assert!(kit.receiver().add_service(file, &service, "Bezahlsender"));
        kit.pass().await;
        let epg = "/api/v1/epg?channel=";
        let slug = kit.get("/playlist/iptv.m3u").await.playlist();
        let slug = slug[slug.len() - 1].slug().to_owned();
        for path in [
            "/playlist.m3u",
            "/playlist/iptv.m3u",
            "/playlist.m3u?client=plain",
            "/xmltv.xml",
            "/xmltv.xml?bouquet=iptv",
            "/api/v1/status",
            "/api/v1/channels",
            "/api/v1/bouquets",
            "/api/v1/now",
            &format!("{epg}{slug}"),
            &format!("/picon/{slug}.png"),
        ] {
            let answer = kit.get(path).await;
            let text = String::from_utf8_lossy(&answer.body);
            for secret in ["dora", "geheim", "sesam"] {
                assert!(!text.contains(secret), "{path}");
            }
        }
        let channels: Channels = kit.get("/api/v1/channels").await.json();
        let own = channels.channels.iter().find(|c| c.slug == slug).unwrap();
        assert_eq!(own.service, "url");
        let direct = kit.get("/playlist.m3u?mode=direct").await;
        assert!(direct
            .text()
            .contains("\nhttp://dora:geheim@box:9/live/x.ts?token=sesam\n"));
    });
}

#[test]
fn the_receivers_login_shows_nowhere() {
    let options = Options {
        login: Some(("wirt".into(), "kellerschluessel".into())),
        ..Options::default()
    };
    with(
        options,
        |_| (),
        async |kit| {
            kit.pass().await;
            let status = kit.get("/api/v1/status").await;
            assert!(!status.text().contains("kellerschluessel") && !status.text().contains("wirt"));
            assert!(kit.get("/playlist.m3u?mode=direct").await.playlist().len() > 70);
        },
    );
}
