//! Worlds of other sizes, at other times, after changes.

use super::client::{bouquet, get, quote, still, with, FAVOURITES, FIRST, NOW};
use std::time::{Duration, UNIX_EPOCH};
use xg2g::receiver::demo::{Clock, Options};

#[test]
fn the_guide_stays_the_same_when_asked_again() {
    let ask = |seconds| {
        let clock = Clock::new(move || UNIX_EPOCH + Duration::from_secs(NOW + seconds));
        let mut body = String::new();
        with(
            Options {
                clock,
                ..Options::default()
            },
            |receiver| {
                let body = &mut body;
                async move {
                    let time = NOW + 86_400;
                    let path = format!(
                        "/api/epgmulti?bRef={}&time={time}&endTime=600",
                        bouquet(FAVOURITES)
                    );
                    let text = get(&receiver, &path).await.body;
                    let changing = |line: &&str| {
                        !line.contains("now_timestamp") && !line.contains("remaining")
                    };
                    *body = text.lines().filter(changing).collect();
                }
            },
        );
        body
    };
    let first = ask(0);
    assert!(first.len() > 10_000);
    assert_eq!(first, ask(3_600));
}

#[test]
fn the_world_can_be_changed() {
    with(still(), |receiver| async move {
        let list = format!("/api/getservices?sRef={}", bouquet(FAVOURITES));
        assert!(receiver.rename_service(FIRST, "Neue Welle"));
        assert_eq!(get(&receiver, &list).await.count("\"Neue Welle\""), 1);
        assert!(receiver.retitle_event(FIRST, NOW as i64, "Eilmeldung & mehr"));
        let guide = format!("/api/epgnow?bRef={}", bouquet(FAVOURITES));
        assert_eq!(
            get(&receiver, &guide)
                .await
                .count("\"Eilmeldung &amp; mehr\""),
            1
        );
        assert!(receiver.remove_service(FAVOURITES, FIRST));
        assert!(!receiver.remove_service(FAVOURITES, FIRST));
        assert_eq!(get(&receiver, &list).await.count(FIRST), 0);
        assert!(receiver.add_service(FAVOURITES, "1:0:19:1:2:3:C00000:0:0:0:", "Neuling"));
        assert_eq!(get(&receiver, &list).await.count("\"Neuling\""), 1);
        assert!(receiver.drop_bouquet("userbouquet.kids.tv"));
        assert_eq!(
            get(&receiver, "/api/bouquets")
                .await
                .count("userbouquet.kids.tv"),
            0
        );
        assert!(!receiver
            .bouquet_files()
            .contains(&"userbouquet.kids.tv".to_owned()));
    });
}

#[test]
fn after_a_restart_of_the_gui_only_now_and_next_are_known() {
    with(still(), |receiver| async move {
        receiver.set_guide_forgotten(true);
        let path = format!("/api/epgservice?sRef={}", quote(FIRST));
        assert_eq!(get(&receiver, &path).await.count("\"id\""), 2);
        receiver.set_guide_forgotten(false);
        assert!(get(&receiver, &path).await.count("\"id\"") > 100);
    });
}

#[test]
fn standby_is_a_call_away() {
    with(still(), |receiver| async move {
        let before = get(&receiver, "/api/powerstate?newstate=5").await;
        assert_eq!(before.count("\"instandby\": false"), 1);
        assert_eq!(
            get(&receiver, "/api/powerstate")
                .await
                .count("\"instandby\": true"),
            1
        );
        assert_eq!(
            get(&receiver, "/api/statusinfo")
                .await
                .count("\"inStandby\": \"true\""),
            1
        );
    });
}

#[test]
fn scale_mode_has_the_size_asked_for() {
    let options = Options {
        services: Some(60),
        bouquets: Some(6),
        events_per_service: Some(40),
        ..still()
    };
    with(options, |receiver| async move {
        assert_eq!(
            get(&receiver, "/api/bouquets").await.count("FROM BOUQUET"),
            6
        );
        for file in receiver.bouquet_files() {
            let services = get(
                &receiver,
                &format!("/api/getservices?sRef={}", bouquet(&file)),
            )
            .await;
            assert_eq!(services.count("\"servicename\""), 10);
            let guide = get(&receiver, &format!("/api/epgmulti?bRef={}", bouquet(&file))).await;
            assert_eq!(guide.count("\"id\""), 400);
            let size = guide.body.len() / 400;
            assert!((320..380).contains(&size), "{size} bytes an event");
        }
    });
}
