//! What is told.

use std::collections::BTreeSet;

use super::*;
use crate::kit::Happened;
use xg2g::config::Config;
use xg2g::receiver::demo::{Fault, Options};

/// The slugs that notices name.
fn slugs(all: &[Happened]) -> Vec<String> {
    let of = |one: &Happened| match &one.channels {
        Some(Named::Slugs(slugs)) => slugs.clone(),
        _ => Vec::new(),
    };
    all.iter().flat_map(of).collect()
}

#[test]
fn a_pass_is_told_from_its_beginning_to_its_end_in_both_ways() {
    with_demo(async |kit| {
        let followers = [kit.follow().await, kit.follow_as_events().await];
        let mut ends = Vec::new();
        for mut follower in followers {
            let all = follower.all_until("refresh.finished").await;
            let hello = &all[0];
            assert_eq!(hello.kind, "hello");
            assert!(all.iter().all(|one| one.time.ends_with('Z')));
            assert_eq!(hello.version.as_deref(), Some(env!("CARGO_PKG_VERSION")));
            assert!(all.windows(2).all(|two| two[0].id + 1 == two[1].id));
            let phases = all.iter().filter(|one| one.kind == "refresh.progress");
            assert!(phases.count() >= 3);
            // The first pass tells of now and next, of a day and of all; nobody is named who has no guide.
            let named: BTreeSet<String> = slugs(&all).into_iter().collect();
            let items = kit.get("/playlist.m3u").await.playlist();
            let known: BTreeSet<String> = items.iter().map(|item| item.slug().to_owned()).collect();
            assert!(named.len() > 30 && named.is_subset(&known), "{named:?}");
            let finished = all.last().unwrap();
            assert_eq!(finished.result.as_deref(), Some("success"));
            assert_eq!(finished.error, None);
            let count = Named::Count(known.len() as u64);
            assert_eq!(finished.channels, Some(count));
            ends.push((finished.id, finished.generation, follower));
        }
        assert_eq!((ends[0].0, ends[0].1), (ends[1].0, ends[1].1));

        // A pass that was wished for, and finds nothing new.
        kit.refresh().await;
        for (last, generation, mut follower) in ends {
            let began = follower.next().await.unwrap();
            assert_eq!((began.id, &*began.kind), (last + 1, "refresh.started"));
            assert_eq!(began.by.as_deref(), Some("127.0.0.1"));
            let finished = follower.one("refresh.finished").await;
            assert_eq!(finished.generation, generation);
            // Who comes now is told where things stand.
            let hello = kit.follow().await.next().await.unwrap();
            assert_eq!((hello.id, hello.generation), (finished.id, generation));
        }
    });
}

#[test]
fn a_pass_that_fails_says_why() {
    let options = Options::default();
    let hasty = |config: &mut Config| {
        config.guide.enabled = false;
        config.receiver.retries = 0;
    };
    with(options, hasty, async |kit| {
        kit.pass().await;
        let mut follower = kit.follow_as_events().await;
        kit.receiver().set_fault(Some(Fault::Refused));
        kit.refresh().await;
        let finished = follower.one("refresh.finished").await;
        assert_eq!(finished.result.as_deref(), Some("failure"));
        assert!(finished.error.is_some_and(|error| !error.is_empty()));
    });
}

#[test]
fn a_channel_whose_guide_changed_is_named_and_no_other() {
    with_demo(async |kit| {
        kit.pass().await;
        let mut follower = kit.follow().await;
        let (service, now) = (FIRST_SERVICE, kit.receiver().now());
        assert!(kit.receiver().retitle_event(service, now, "Eilmeldung"));
        kit.refresh().await;
        let all = follower.all_until("refresh.finished").await;
        assert_eq!(slugs(&all), [FIRST_SLUG]);
    });
}

#[test]
fn a_stream_is_told_when_it_begins_and_when_it_ends() {
    let at_once = |config: &mut Config| {
        config.guide.enabled = false;
        config.stream.linger = std::time::Duration::ZERO;
    };
    with(Options::default(), at_once, async |kit| {
        kit.pass().await;
        let mut followers = [kit.follow().await, kit.follow_as_events().await];
        let mut play = kit.play(FIRST).await;
        play.packets(10).await;
        let slug = FIRST_SLUG;
        for follower in &mut followers {
            let began = follower.one("stream.started").await;
            assert_eq!(began.channel.as_deref(), Some(slug));
            assert_eq!(began.name.as_deref(), Some("Erste Welle HD"));
            assert_eq!(began.source.as_deref(), Some("stream port"));
        }
        let hello = kit.follow().await.next().await.unwrap();
        let streams = hello.streams.unwrap();
        assert_eq!(streams.len(), 1);
        assert_eq!((&*streams[0].channel, &*streams[0].state), (slug, "live"));
        drop(play);
        for follower in &mut followers {
            let ended = follower.one("stream.ended").await;
            assert_eq!(ended.channel.as_deref(), Some(slug));
            assert_eq!(ended.result.as_deref(), Some("success"));
        }
    });
}
