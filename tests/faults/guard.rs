//! What the receiver says validly and is not believed all the same.

use std::time::Duration;

use xg2g::config::Config;
use xg2g::receiver::demo::Options;

use crate::kit::{with, with_channels, Kit};

const NEWS: &str = "userbouquet.news.tv";

/// Takes all services but the first `left` out of a bouquet; gives what was taken.
fn shrink(kit: &Kit, file: &str, left: usize) -> Vec<(String, String)> {
    let taken = kit.receiver().services(file).split_off(left);
    for (service, _) in &taken {
        assert!(kit.receiver().remove_service(file, service));
    }
    taken
}

fn put_back(kit: &Kit, file: &str, taken: &[(String, String)]) {
    for (service, name) in taken {
        assert!(kit.receiver().add_service(file, service, name));
    }
}

/// Checks that one warning holds all of these words.
async fn warns(kit: &Kit, words: &[&str]) {
    let warnings = kit.status().await.warnings;
    let fits = |text: &&String| words.iter().all(|word| text.contains(word));
    assert_eq!(warnings.iter().filter(fits).count(), 1, "{warnings:?}");
}

#[test]
fn a_bouquet_that_lost_most_of_its_services_is_kept_and_reported() {
    with_channels(async |kit| {
        kit.pass().await;
        let before = kit.seen().await;
        let taken = shrink(kit, NEWS, 3);
        for _ in 0..3 {
            kit.refresh().await;
            before.is_kept(&kit.seen().await, "3 of 8 left");
            warns(kit, &["Nachrichten & Wissen", "3", "8"]).await;
            assert_eq!(kit.status().await.refresh.error, None);
        }
        put_back(kit, NEWS, &taken);
        kit.refresh().await;
        assert_eq!(kit.seen().await.playlist, before.playlist);
        assert!(kit.status().await.warnings.is_empty());
    });
}

#[test]
fn a_bouquet_that_lost_half_is_believed() {
    with_channels(async |kit| {
        kit.pass().await;
        shrink(kit, NEWS, 4);
        kit.refresh().await;
        assert_eq!(kit.get("/playlist/news.m3u").await.playlist().len(), 4);
        assert!(kit.status().await.warnings.is_empty());
    });
}

#[test]
fn the_guard_outlives_a_restart() {
    with_channels(async |kit| {
        kit.pass().await;
        let before = kit.seen().await;
        kit.stop().await;
        shrink(kit, NEWS, 1);
        kit.start();
        kit.pass().await;
        before.is_kept(&kit.seen().await, "after a restart");
        warns(kit, &["Nachrichten & Wissen"]).await;
    });
}

#[test]
fn a_loss_is_believed_when_the_receiver_insists_long_enough() {
    let soon = |config: &mut Config| {
        config.refresh.full_interval = Duration::ZERO;
        config.guide.enabled = false;
    };
    with(Options::default(), soon, async |kit| {
        kit.pass().await;
        shrink(kit, NEWS, 1);
        kit.refresh().await;
        assert_eq!(kit.get("/playlist/news.m3u").await.playlist().len(), 8);
        kit.refresh().await;
        assert_eq!(kit.get("/playlist/news.m3u").await.playlist().len(), 1);
        assert!(kit.status().await.warnings.is_empty());
    });
}

#[test]
fn without_the_guard_a_loss_is_believed_at_once() {
    with(
        Options::default(),
        |config| config.channels.guard = 100,
        async |kit| {
            kit.pass().await;
            shrink(kit, NEWS, 1);
            kit.refresh().await;
            assert_eq!(kit.get("/playlist/news.m3u").await.playlist().len(), 1);
        },
    );
}

#[test]
fn an_empty_bouquet_is_never_believed() {
    let credulous = |config: &mut Config| {
        config.channels.guard = 100;
        config.guide.enabled = false;
        config.refresh.full_interval = Duration::ZERO;
    };
    with(Options::default(), credulous, async |kit| {
        kit.pass().await;
        let files = [NEWS, "userbouquet.france.tv", "userbouquet.classic.radio"];
        for file in files {
            let before = kit.seen().await;
            let taken = shrink(kit, file, 0);
            for _ in 0..3 {
                kit.refresh().await;
                before.is_kept(&kit.seen().await, file);
            }
            assert_eq!(kit.status().await.warnings.len(), 1, "{file}");
            put_back(kit, file, &taken);
            kit.refresh().await;
            assert!(kit.status().await.warnings.is_empty());
            assert_eq!(kit.seen().await.playlist, before.playlist);
        }
    });
}

#[test]
fn most_bouquets_gone_at_once_are_kept_and_reported() {
    with_channels(async |kit| {
        kit.pass().await;
        let before = kit.seen().await;
        for file in kit.receiver().bouquet_files() {
            if file.ends_with(".tv") && !file.contains("favourites") {
                assert!(kit.receiver().drop_bouquet(&file));
            }
        }
        kit.refresh().await;
        before.is_kept(&kit.seen().await, "one bouquet left");
        assert!(!kit.status().await.warnings.is_empty());
    });
}

#[test]
fn a_receiver_without_any_bouquet_changes_nothing() {
    with_channels(async |kit| {
        kit.pass().await;
        let before = kit.seen().await;
        for file in kit.receiver().bouquet_files() {
            assert!(kit.receiver().drop_bouquet(&file));
        }
        for _ in 0..2 {
            kit.refresh().await;
            before.is_kept(&kit.seen().await, "no bouquets");
            assert!(!kit.status().await.warnings.is_empty());
        }
        kit.stop().await;
        kit.start();
        kit.pass().await;
        before.is_kept(&kit.seen().await, "after a restart");
    });
}

#[test]
fn after_a_restart_of_the_gui_later_events_stay() {
    for hours in [24, 0] {
        let full = |config: &mut Config| {
            config.refresh.full_interval = Duration::from_secs(hours * 3_600);
        };
        with(Options::default(), full, async |kit| {
            kit.pass().await;
            let before = kit.seen().await;
            kit.receiver().set_guide_forgotten(true);
            kit.refresh().await;
            before.is_kept(&kit.seen().await, "only now and next is known");
            // News among what is known does not cost the rest.
            let (service, _) = kit.receiver().services(NEWS)[0].clone();
            let now = kit.receiver().now();
            assert!(kit.receiver().retitle_event(&service, now, "Eilmeldung"));
            kit.refresh().await;
            let after = kit.seen().await;
            assert!(after.guide.contains("<title>Eilmeldung</title>"));
            let count = |guide: &str| guide.matches("<programme ").count();
            assert_eq!(count(&after.guide), count(&before.guide));
            kit.receiver().set_guide_forgotten(false);
            kit.refresh().await;
            after.is_kept(&kit.seen().await, "all is known again");
        });
    }
}
