//! `/api/v1/channels` and `/api/v1/now` as pages of one list.

use xg2g::config::Config;
use xg2g::model::parse_rfc3339;
use xg2g::receiver::demo;

use crate::kit::{with, with_channels, with_demo, Channels, Kit, Now};

async fn channels(kit: &Kit, query: &str) -> (usize, Vec<String>) {
    let told: Channels = kit.get(&format!("/api/v1/channels?{query}")).await.json();
    let slugs = told.channels.into_iter().map(|channel| channel.slug);
    (told.total, slugs.collect())
}

async fn now(kit: &Kit, query: &str) -> (usize, Vec<String>) {
    let told: Now = kit.get(&format!("/api/v1/now?{query}")).await.json();
    let slugs = told.channels.into_iter().map(|channel| channel.channel);
    (told.total, slugs.collect())
}

/// A time of the guide, `20261122201500 +0000`, in seconds since 1970.
fn seconds(time: &str) -> u32 {
    let part = |from: usize, to: usize| &time[from..to];
    let (date, clock) = (
        [part(0, 4), part(4, 6), part(6, 8)],
        [part(8, 10), part(10, 12), part(12, 14)],
    );
    parse_rfc3339(&format!("{}T{}Z", date.join("-"), clock.join(":"))).unwrap()
}

#[test]
fn both_lists_make_the_same_choice_in_the_same_order() {
    with_channels(async |kit| {
        kit.pass().await;
        let (all, slugs) = channels(kit, "").await;
        assert_eq!(all, slugs.len());
        for query in [
            "",
            "bouquet=news",
            "bouquet=world&media=tv",
            "media=radio&limit=3",
            "offset=7&limit=5",
            "bouquet=favourites&offset=2&limit=4",
            "offset=9999",
        ] {
            let (told, on_now) = (channels(kit, query).await, now(kit, query).await);
            assert_eq!(told, on_now, "{query}");
        }
        assert_eq!(
            channels(kit, "offset=7&limit=5").await,
            (all, slugs[7..12].to_vec())
        );
        let (total, some) = channels(kit, "media=radio&limit=3").await;
        assert!(total > 3 && some.len() == 3, "{total} {some:?}");
        for path in ["channels", "now"] {
            for (query, status) in [
                ("bouquet=x", 404),
                ("media=x", 400),
                ("offset=-1", 400),
                ("limit=0", 400),
                ("limit=5001", 400),
                ("limit=x", 400),
            ] {
                let answer = kit.get(&format!("/api/v1/{path}?{query}")).await;
                assert_eq!(answer.status, status, "{path}?{query}");
            }
        }
        assert_eq!(kit.get("/api/v1/now?texts=x").await.status, 400);
    });
}

#[test]
fn a_channel_tells_until_when_its_guide_is_known() {
    with_demo(async |kit| {
        kit.pass().await;
        let told: Channels = kit.get("/api/v1/channels").await.json();
        let guide = kit.get("/xmltv.xml").await.guide();
        for channel in &told.channels {
            let last = guide.of(&channel.id).last();
            assert_eq!(
                channel.guide_until.is_some(),
                last.is_some(),
                "{}",
                channel.name
            );
            if let (Some(until), Some(last)) = (&channel.guide_until, last) {
                // An event that begins in the last minute would be another one.
                let stop = seconds(&last.stop);
                let until = parse_rfc3339(until).unwrap();
                assert!((stop - 60..=stop).contains(&until), "{}", channel.name);
            }
        }
        let text = kit.get("/api/v1/channels?bouquet=favourites").await;
        assert!(text.text().contains("\"guide_until\":null"), "Testbild");
    });
}

#[test]
fn what_is_on_can_be_had_without_long_texts() {
    with_demo(async |kit| {
        kit.pass().await;
        let whole = kit.get("/api/v1/now").await;
        let short = kit.get("/api/v1/now?texts=false").await;
        for word in ["\"summary\":", "\"description\":", "\"genre\":"] {
            assert!(whole.text().contains(word), "{word}");
        }
        for word in ["\"summary\":", "\"description\":", "\"details\":"] {
            assert!(!short.text().contains(word), "{word}");
        }
        assert!(short.text().contains("\"genre\":"));
        let (whole, short): (Now, Now) = (whole.json(), short.json());
        let titles = |told: &Now| -> Vec<Option<String>> {
            let channels = told.channels.iter();
            let title = |one: &crate::kit::NowJson| Some(one.now.as_ref()?.title.clone());
            channels.map(title).collect()
        };
        assert_eq!(titles(&whole), titles(&short));
        assert!(titles(&short).iter().flatten().count() >= 65);
    });
}

#[test]
fn bouquets_that_are_not_offered_are_told_to_who_wants_to_know() {
    let only_news = |config: &mut Config| {
        config.guide.enabled = false;
        config.channels.bouquets = vec!["news".into()];
    };
    with(demo::Options::default(), only_news, async |kit| {
        kit.pass().await;
        let bouquets = async |query: &str| {
            let told = kit.get(&format!("/api/v1/bouquets{query}")).await;
            let told = told.text().to_owned();
            let offered = told.matches("\"offered\":true").count();
            (offered, told.matches("\"offered\":false").count(), told)
        };
        let (offered, others, told) = bouquets("").await;
        assert_eq!((offered, others), (1, 0), "{told}");
        let (offered, others, told) = bouquets("?all=true").await;
        assert!(offered == 1 && others > 5, "{told}");
        assert_eq!(told.matches("\"playlist\":").count(), 1, "{told}");
        let sport = told.find("\"stem\":\"sport\"").unwrap();
        assert!(told.find("\"stem\":\"news\"").unwrap() < sport, "{told}");
        assert_eq!(kit.get("/api/v1/bouquets?all=x").await.status, 400);
    });
}
