//! What the store promises.

use super::*;
use std::path::PathBuf;

const KEY: EpgKey = EpgKey([1, 2, 3]);

fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("xg2g-events-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn event(start: u32, duration: u32, title: &str) -> Event {
    Event {
        id: start,
        start,
        duration,
        title: title.into(),
        ..Event::default()
    }
}

fn titles(events: &mut Events, from: u32, to: u32) -> Vec<String> {
    let mut found = Vec::new();
    events.read(KEY, from, to, &mut found).unwrap();
    found
        .iter()
        .map(|e| format!("{} {}+{}", e.title, e.start, e.duration))
        .collect()
}

#[test]
fn an_answer_takes_over_only_the_time_it_covers() {
    let directory = directory("covers");
    let mut events = Events::open(&directory).unwrap();
    let week: Vec<Event> = (0..10).map(|n| event(1000 + n * 100, 100, "old")).collect();
    assert!(events.put(KEY, &week).unwrap());
    // Now and next only, as after a restart of the receiver's GUI.
    assert!(events
        .put(KEY, &[event(1200, 150, "now"), event(1350, 50, "next")])
        .unwrap());
    assert_eq!(
        titles(&mut events, 1100, 1600),
        [
            "old 1100+100",
            "now 1200+150",
            "next 1350+50",
            "old 1400+100",
            "old 1500+100"
        ]
    );
    assert_eq!(events.known_until(KEY), 1950);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn an_event_that_runs_a_minute_into_the_next_does_not_hide_it() {
    let directory = directory("minute");
    let mut events = Events::open(&directory).unwrap();
    let all = [
        event(1000, 660, "now"),
        event(1600, 660, "next"),
        event(2200, 600, "later"),
    ];
    events.put(KEY, &all).unwrap();
    let changed = [event(1000, 660, "now"), event(1600, 660, "another")];
    assert!(events.put(KEY, &changed).unwrap());
    assert_eq!(
        titles(&mut events, 1000, 9999),
        ["now 1000+600", "another 1600+600", "later 2200+600"]
    );
    assert_eq!(titles(&mut events, 2190, 2195), ["another 1600+660"]);
    // A long one does not hide what comes after one inside it.
    let day = [event(900, 9000, "day"), event(1000, 600, "new")];
    assert!(events.put(KEY, &day).unwrap());
    assert_eq!(titles(&mut events, 2200, 9999), ["later 2200+600"]);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn an_event_of_days_is_found_while_it_runs() {
    let directory = directory("long");
    let mut events = Events::open(&directory).unwrap();
    let day = 86_400;
    let all = [event(day, 100, "x"), event(day + 100, 3 * day, "long")];
    events.put(KEY, &all).unwrap();
    let late = day * 4;
    assert_eq!(titles(&mut events, late, late + 50), ["long 86500+259200"]);
    // What is known of a part of it is no news.
    assert!(!events.put(KEY, &all[1..]).unwrap());
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn what_is_known_is_not_written_again() {
    let directory = directory("known");
    let mut events = Events::open(&directory).unwrap();
    let week: Vec<Event> = (0..10).map(|n| event(1000 + n * 100, 100, "old")).collect();
    events.put(KEY, &week).unwrap();
    let bytes = events.bytes();
    assert!(!events.put(KEY, &week[3..5]).unwrap());
    assert!(!events.put(KEY, &[]).unwrap());
    assert_eq!(events.bytes(), bytes);
    assert!(events.put(KEY, &[event(1300, 100, "changed")]).unwrap());
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn an_answer_that_was_cut_is_taken_back() {
    let directory = directory("undo");
    let mut events = Events::open(&directory).unwrap();
    events.put(KEY, &[event(1000, 100, "good")]).unwrap();
    events.flush().unwrap();
    events.begin();
    events.put(KEY, &[event(1000, 50, "half")]).unwrap();
    events
        .put(EpgKey([7, 7, 7]), &[event(1000, 50, "half")])
        .unwrap();
    events.flush().unwrap();
    events.rollback();
    assert_eq!(titles(&mut events, 0, 9999), ["good 1000+100"]);
    assert_eq!(events.known_until(EpgKey([7, 7, 7])), 0);
    events.begin();
    events.put(KEY, &[event(1100, 50, "next")]).unwrap();
    events.commit();
    events.flush().unwrap();
    let mut again = Events::open(&directory).unwrap();
    assert_eq!(
        titles(&mut again, 0, 9999),
        ["good 1000+100", "next 1100+50"]
    );
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn overlaps_and_doubles_are_repaired() {
    let directory = directory("repair");
    let mut events = Events::open(&directory).unwrap();
    let messy = [
        event(1000, 500, "a"),
        event(1200, 100, "b"),
        event(1200, 300, "b"),
        event(1300, 100, "c"),
    ];
    events.put(KEY, &messy).unwrap();
    assert_eq!(
        titles(&mut events, 0, 9999),
        ["a 1000+200", "b 1200+100", "c 1300+100"]
    );
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn the_store_is_found_again_and_a_torn_end_is_cut_off() {
    let directory = directory("again");
    let mut events = Events::open(&directory).unwrap();
    events
        .put(KEY, &[event(1000, 100, "a"), event(1100, 100, "b")])
        .unwrap();
    events.put(KEY, &[event(1100, 100, "B")]).unwrap();
    events.flush().unwrap();
    let path = directory.join("events.dat");
    let whole = std::fs::read(&path).unwrap();
    for cut in 0..whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let mut events = Events::open(&directory).unwrap();
        let found = titles(&mut events, 0, 9999);
        assert!(matches!(found.len(), 0 | 2), "{cut}: {found:?}");
        events.put(KEY, &[event(5000, 10, "after")]).unwrap();
        events.flush().unwrap();
        let mut events = Events::open(&directory).unwrap();
        assert_eq!(titles(&mut events, 4000, 9999), ["after 5000+10"], "{cut}");
    }
    std::fs::write(&path, &whole).unwrap();
    let mut events = Events::open(&directory).unwrap();
    assert_eq!(titles(&mut events, 0, 9999), ["a 1000+100", "B 1100+100"]);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn damage_loses_a_block_and_nothing_else() {
    let directory = directory("damage");
    let mut events = Events::open(&directory).unwrap();
    events
        .put(KEY, &[event(1000, 100, "first of all")])
        .unwrap();
    events
        .put(EpgKey([9, 9, 9]), &[event(1000, 100, "other")])
        .unwrap();
    events.flush().unwrap();
    let path = directory.join("events.dat");
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        std::fs::write(&path, &bytes).unwrap();
        let mut events = Events::open(&directory).unwrap();
        for key in [KEY, EpgKey([9, 9, 9])] {
            let mut found = Vec::new();
            events.read(key, 0, u32::MAX, &mut found).unwrap();
            assert!(found
                .iter()
                .all(|e| e.title == "first of all" || e.title == "other"));
        }
    }
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_rewrite_drops_the_past_and_channels_that_went() {
    let directory = directory("rewrite");
    let mut events = Events::open(&directory).unwrap();
    let gone = EpgKey([9, 9, 9]);
    events.put(gone, &[event(1000, 100, "gone")]).unwrap();
    for n in 0..50 {
        events.put(KEY, &[event(1000 + n * 100, 100, "e")]).unwrap();
    }
    let before = events.bytes();
    let mut rewrite = events.rewrite(&HashSet::from([KEY]), 2050).unwrap();
    while rewrite.step(&mut events).unwrap() {}
    rewrite.finish(&mut events).unwrap();
    assert!(events.bytes() < before);
    assert_eq!(events.known_until(gone), 0);
    assert_eq!(
        titles(&mut events, 0, 2250),
        ["e 2000+100", "e 2100+100", "e 2200+100"]
    );
    let mut events = Events::open(&directory).unwrap();
    assert_eq!(titles(&mut events, 5000, 9999).len(), 10);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn an_event_met_twice_still_ends_where_the_next_begins() {
    let mut events = vec![
        event(100, 60, "before"),
        event(200, 100, "a"),
        event(290, 50, "b"),
        event(200, 100, "a again"),
        event(290, 50, "b again"),
        event(400, 10, "c"),
    ];
    repair(&mut events, 1);
    let found: Vec<_> = events
        .iter()
        .map(|e| (e.start, e.duration, e.title.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (100, 60, "before"),
            (200, 90, "a"),
            (290, 50, "b"),
            (400, 10, "c")
        ]
    );
}

fn with_details(start: u32, duration: u32, title: &str) -> Event {
    Event {
        details: Some(Box::new(details::tests::full())),
        ..event(start, duration, title)
    }
}

fn known(events: &mut Events) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    events.read(KEY, 0, u32::MAX, &mut found).unwrap();
    let seen = |event: &Event| (event.title.clone(), event.details.is_some());
    found.iter().map(seen).collect()
}

fn seen(all: &[(&str, bool)]) -> Vec<(String, bool)> {
    let owned = |(title, has): &(&str, bool)| (title.to_string(), *has);
    all.iter().map(owned).collect()
}

#[test]
fn details_stay_when_the_event_is_told_again_without() {
    let directory = directory("stay");
    let mut events = Events::open(&directory).unwrap();
    let disk = [
        with_details(1000, 100, "a"),
        with_details(1100, 100, "b"),
        with_details(1200, 100, "c"),
    ];
    assert!(events.put(KEY, &disk).unwrap());
    let bytes = events.bytes();
    // The same texts are no news, whichever part is told.
    let bare: Vec<Event> = disk.iter().map(|e| event(e.start, 100, &e.title)).collect();
    assert!(!events.put(KEY, &bare).unwrap());
    assert!(!events.put(KEY, &bare[1..2]).unwrap());
    assert_eq!(events.bytes(), bytes);
    // An answer that reaches beyond what is known, with one event that is another now.
    let told = [
        event(1100, 100, "b"),
        event(1201, 99, "news"),
        event(1300, 100, "d"),
    ];
    assert!(events.put(KEY, &told).unwrap());
    assert_eq!(
        known(&mut events),
        seen(&[("a", true), ("b", true), ("news", false), ("d", false)])
    );
    // They are still there after a restart and a rewrite.
    events.flush().unwrap();
    let mut events = Events::open(&directory).unwrap();
    let mut rewrite = events.rewrite(&HashSet::from([KEY]), 0).unwrap();
    while rewrite.step(&mut events).unwrap() {}
    rewrite.finish(&mut events).unwrap();
    let mut events = Events::open(&directory).unwrap();
    assert!(!events.put(KEY, &bare[..1]).unwrap());
    assert_eq!(
        known(&mut events),
        seen(&[("a", true), ("b", true), ("news", false), ("d", false)])
    );
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn an_event_that_moved_takes_its_details_along() {
    let directory = directory("moved");
    let mut events = Events::open(&directory).unwrap();
    events.put(KEY, &[with_details(1000, 100, "late")]).unwrap();
    let later = Event {
        id: 1000,
        ..event(1050, 100, "late")
    };
    assert!(events.put(KEY, &[later]).unwrap());
    let mut found = Vec::new();
    events.read(KEY, 1050, 1150, &mut found).unwrap();
    assert_eq!(found[0].start, 1050);
    assert_eq!(found[0].details.as_deref(), Some(&details::tests::full()));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn details_are_news_and_newer_ones_win() {
    let directory = directory("news");
    let mut events = Events::open(&directory).unwrap();
    events.put(KEY, &[event(1000, 100, "a")]).unwrap();
    assert!(events.put(KEY, &[with_details(1000, 100, "a")]).unwrap());
    let empty = Event {
        details: Some(Box::default()),
        ..event(1000, 100, "a")
    };
    assert!(events.put(KEY, std::slice::from_ref(&empty)).unwrap());
    let mut found = Vec::new();
    events.read(KEY, 0, 9999, &mut found).unwrap();
    assert_eq!(found, [empty]);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_file_from_before_there_were_details_is_read() {
    const BEFORE: &[u8] = b"xg2g events 2\r\n\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\
        \xe8\x03\x00\x00~\x04\x00\x00\x19\x00\x00\x00\x97\x9d\xf7\x80\xf8\x93\xca\x8d\
        \x13\x00\x00\x00z\xc1\x9e\xf2\x82\x9d\x811\x91\x81!%\xe5\x0c\x07\x03c\x12\x03\x03\x00";
    let directory = directory("before");
    let path = directory.join("events.dat");
    std::fs::write(&path, BEFORE).unwrap();
    let mut events = Events::open(&directory).unwrap();
    assert_eq!(titles(&mut events, 0, 9999), ["a 1000+100", "b 1100+100"]);
    // It goes on as it is, with blocks of both kinds.
    events.put(KEY, &[with_details(1200, 100, "c")]).unwrap();
    events.flush().unwrap();
    let mut events = Events::open(&directory).unwrap();
    assert_eq!(
        known(&mut events),
        seen(&[("a", false), ("b", false), ("c", true)])
    );
    // What is written without details is what was written before.
    let fresh = directory.join("fresh");
    std::fs::create_dir(&fresh).unwrap();
    let mut events = Events::open(&fresh).unwrap();
    let both = [event(1000, 100, "a"), event(1100, 100, "b")];
    events.put(KEY, &both).unwrap();
    events.flush().unwrap();
    assert_eq!(std::fs::read(fresh.join("events.dat")).unwrap(), BEFORE);
    // A file of an unknown kind is begun anew.
    std::fs::write(&path, [b"xg2g events 9\r\n\x00", &BEFORE[16..]].concat()).unwrap();
    let mut events = Events::open(&directory).unwrap();
    assert!(events.is_empty());
    events.put(KEY, &both).unwrap();
    events.flush().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), BEFORE);
    std::fs::remove_dir_all(directory).unwrap();
}
