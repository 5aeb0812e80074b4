//! Channels and guide from the receiver's own files, through the running program.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use smol::future::zip;
use xg2g::config::ReceiverSource;
use xg2g::model::{xmltv_time, Credit, Details, EpgKey, Listing, Role, ServiceRef, Translation};
use xg2g::receiver::demo::Fault;

use crate::kit::disk::{self, copy_of, Events, Style};
use crate::kit::{with_demo, Kit};

/// The first service of the demo world's first bouquet, its name in addresses, and the bouquet's file.
const FIRST: &str = "1:0:19:2B01:3E9:1:C00000:0:0:0:";
const FIRST_SLUG: &str = "1-0-19-2B01-3E9-1-C00000-0-0-0";
const BOUQUET: &str = "userbouquet.favourites.tv";

/// The files of a receiver, written from what the simulated one tells.
struct Copy {
    listing: Listing,
    events: Events,
    directory: PathBuf,
    guide: PathBuf,
}

impl Copy {
    async fn of(kit: &Kit) -> Copy {
        let (listing, events) = copy_of(kit.receiver()).await;
        let copy = Copy {
            listing,
            events,
            directory: kit.directory().join("enigma2"),
            guide: kit.directory().join("epg.dat"),
        };
        copy.write();
        copy
    }

    fn write(&self) {
        disk::write(&self.directory, &self.listing, &self.events, &self.guide);
    }

    /// Starts the program anew, with nothing saved, on these files.
    async fn serve(&self, kit: &Kit) {
        kit.forget().await;
        let directory = self.directory.clone();
        kit.configure(|config| {
            // As a program on the receiver finds it without any settings.
            config.receiver.source = ReceiverSource::Auto;
            config.receiver.dir = directory;
        });
        kit.receiver().reset_stats();
        kit.start();
        kit.pass().await;
    }

    /// Makes the guide's file look as old as this.
    fn age(&self, age: Duration) {
        let file = fs::File::options().write(true).open(&self.guide).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    fn key(&self) -> EpgKey {
        EpgKey::of(&ServiceRef::parse(FIRST).unwrap())
    }
}

/// The programmes that run in the next 20 hours, without the languages of their texts, which OpenWebif does not tell.
async fn programmes(kit: &Kit) -> Vec<String> {
    let now = u32::try_from(kit.receiver().now()).unwrap();
    let (from, to) = (xmltv_time(now), xmltv_time(now + 20 * 3_600));
    let guide = kit.get("/xmltv.xml").await.text().to_owned();
    let value = |programme: &str, name: &str| {
        let rest = programme.split_once(name).unwrap().1;
        rest.split_once('"').unwrap().0.to_owned()
    };
    let all = guide.split("<programme ").skip(1);
    let wanted = all.filter(|programme| {
        value(programme, "stop=\"") > from && value(programme, "start=\"") < to
    });
    wanted
        .map(|programme| programme.replace(" lang=\"de\"", ""))
        .collect()
}

fn calls(kit: &Kit) -> u64 {
    kit.receiver().stats().calls
}

#[test]
fn files_and_web_interface_tell_the_same_channels_and_events() {
    with_demo(async |kit| {
        kit.pass().await;
        let told = kit.get("/playlist.m3u").await.text().to_owned();
        let events = programmes(kit).await;
        assert!(events.len() > 1_000, "{}", events.len());
        let copy = Copy::of(kit).await;
        copy.serve(kit).await;
        let status = kit.status().await;
        assert_eq!(
            status.receiver.files,
            copy.directory.to_str().map(String::from)
        );
        assert_eq!(status.warnings, [""; 0]);
        let read = kit.get("/playlist.m3u").await.text().to_owned();
        assert!(told == read, "{read}");
        let found = programmes(kit).await;
        let differs = events.iter().zip(&found).find(|(told, read)| told != read);
        assert_eq!(differs, None);
        assert_eq!(events.len(), found.len());
    });
}

#[test]
fn with_fresh_files_one_question_is_asked_at_the_start_and_none_later() {
    with_demo(async |kit| {
        let copy = Copy::of(kit).await;
        copy.serve(kit).await;
        assert_eq!(calls(kit), 1, "{:?}", kit.receiver().stats());
        kit.receiver().reset_stats();
        kit.configure(|config| config.refresh.interval = Duration::from_millis(1));
        kit.stop().await;
        kit.start();
        kit.pass().await;
        kit.receiver().reset_stats();
        kit.pass().await;
        assert_eq!(calls(kit), 0, "{:?}", kit.receiver().stats());
        assert_eq!(kit.status().await.receiver.reachable, Some(true));
    });
}

#[test]
fn while_the_receiver_is_away_the_files_are_served() {
    with_demo(async |kit| {
        let copy = Copy::of(kit).await;
        kit.receiver().set_fault(Some(Fault::Refused));
        copy.serve(kit).await;
        let status = kit.status().await;
        assert_eq!(status.receiver.reachable, Some(false));
        assert!(status.channels.tv > 40 && status.guide.unwrap().events > 1_000);
        assert_eq!(kit.get("/readyz").await.status, 200);
    });
}

#[test]
fn a_bouquet_that_is_edited_is_served_without_a_question() {
    with_demo(async |kit| {
        let copy = Copy::of(kit).await;
        let bouquet = &copy.listing.bouquets[0];
        let whole = disk::bouquet(&bouquet.name, &bouquet.entries);
        let first = ServiceRef::parse(FIRST).unwrap();
        let mut entries = bouquet.entries.clone();
        entries.retain(|entry| entry.service != first);
        let short = disk::bouquet(&bouquet.name, &entries);
        assert_ne!(whole, short);
        disk::place(&copy.directory, BOUQUET, &short);
        copy.serve(kit).await;
        kit.receiver().reset_stats();

        let path = "/playlist/favourites.m3u";
        assert!(!kit.get(path).await.text().contains(FIRST_SLUG));
        zip(kit.pass(), async {
            disk::place(&copy.directory, BOUQUET, &whole)
        })
        .await;
        assert!(kit.get(path).await.text().contains(FIRST_SLUG));
        let guide = kit.get("/xmltv.xml").await.guide();
        let of_first = guide.of(&format!("{FIRST_SLUG}.e2")).count();
        assert!(
            of_first > 5,
            "from the guide's file, which is still the same"
        );
        assert_eq!(calls(kit), 0, "{:?}", kit.receiver().stats());
    });
}

#[test]
fn a_guide_that_is_written_anew_is_served_without_a_question() {
    with_demo(async |kit| {
        let mut copy = Copy::of(kit).await;
        copy.serve(kit).await;
        kit.receiver().reset_stats();
        let now = u32::try_from(kit.receiver().now()).unwrap();
        let key = copy.key();
        let events = copy.events.get_mut(&key).unwrap();
        let running = events.iter_mut().find(|event| event.stop() > now).unwrap();
        running.title = "Sondersendung".into();
        running.details = Some(Box::new(Details {
            language: "deu".into(),
            translations: vec![Translation {
                language: "eng".into(),
                title: "Breaking news".into(),
                ..Translation::default()
            }],
            credits: vec![Credit {
                role: Role::Director,
                name: "Käthe & Co".into(),
            }],
            year: Some(1999),
            ..Details::default()
        }));
        let bytes = disk::epg(&copy.events, &Style::default());
        zip(kit.pass(), async { disk::save_epg(&copy.guide, &bytes) }).await;
        let guide = kit.get("/xmltv.xml").await.text().to_owned();
        let titles =
            "<title lang=\"de\">Sondersendung</title><title lang=\"en\">Breaking news</title>";
        assert_eq!(guide.matches(titles).count(), 1);
        let credits = "<credits><director>Käthe &amp; Co</director></credits><date>1999</date>";
        assert_eq!(guide.matches(credits).count(), 1);
        assert_eq!(calls(kit), 0, "{:?}", kit.receiver().stats());

        // The other language first.
        kit.forget().await;
        kit.configure(|config| config.guide.languages = vec!["eng".into()]);
        kit.start();
        kit.pass().await;
        let guide = kit.get("/xmltv.xml").await.text().to_owned();
        assert!(guide.contains("<title lang=\"en\">Breaking news</title><title lang=\"de\">"));
    });
}

#[test]
fn a_file_of_events_that_is_cut_or_being_written_changes_nothing() {
    with_demo(async |kit| {
        let copy = Copy::of(kit).await;
        copy.serve(kit).await;
        let before = programmes(kit).await;
        let whole = fs::read(&copy.guide).unwrap();
        for broken in [whole[..whole.len() / 2].to_vec(), disk::unfinished(&whole)] {
            zip(kit.pass(), async { disk::save_epg(&copy.guide, &broken) }).await;
            assert_eq!(programmes(kit).await, before);
        }
        kit.refresh().await;
        let warnings = kit.status().await.warnings;
        assert!(
            warnings.iter().any(|text| text.contains("epg.dat")),
            "{warnings:?}"
        );
        assert_eq!(programmes(kit).await, before);
    });
}

#[test]
fn a_lamedb_that_is_cut_changes_nothing() {
    with_demo(async |kit| {
        let copy = Copy::of(kit).await;
        copy.serve(kit).await;
        let before = kit.get("/playlist.m3u").await.text().to_owned();
        let whole = fs::read(copy.directory.join("lamedb")).unwrap();
        let half = &whole[..whole.len() / 2];
        zip(kit.pass(), async {
            disk::place(&copy.directory, "lamedb", half)
        })
        .await;
        assert!(before == kit.get("/playlist.m3u").await.text());
        kit.refresh().await;
        assert!(before == kit.get("/playlist.m3u").await.text());
        let warnings = kit.status().await.warnings;
        assert!(
            warnings.iter().any(|text| text.contains("lamedb")),
            "{warnings:?}"
        );
    });
}

#[test]
fn where_files_cannot_be_read_the_receiver_is_asked_unless_they_are_to_be_enough() {
    with_demo(async |kit| {
        let copy = Copy::of(kit).await;
        disk::place(&copy.directory, "lamedb", "something else");
        fs::remove_file(copy.directory.join("lamedb5")).unwrap();
        copy.serve(kit).await;
        let status = kit.status().await;
        assert!(status.channels.tv > 40);
        assert!(status.warnings[0].contains("lamedb"), "{status:?}");

        kit.forget().await;
        kit.configure(|config| config.receiver.source = ReceiverSource::Disk);
        kit.start();
        kit.pass().await;
        let status = kit.status().await;
        assert_eq!(status.channels.tv, 0);
        assert!(status.refresh.error.unwrap().contains("lamedb"));
    });
}

#[test]
fn while_somebody_may_watch_an_old_file_is_completed_by_questions() {
    with_demo(async |kit| {
        let copy = Copy::of(kit).await;
        copy.age(Duration::from_secs(3 * 3_600));
        let now = kit.receiver().now();
        assert!(kit.receiver().retitle_event(FIRST, now, "Sondersendung"));
        copy.serve(kit).await;
        let stats = kit.receiver().stats().calls_by_path;
        assert!(stats.contains_key("/api/epgnownext"), "{stats:?}");
        assert!(!stats.contains_key("/api/getservices"), "{stats:?}");
        assert!(!stats.contains_key("/api/saveepg"), "{stats:?}");
        let guide = kit.get("/xmltv.xml").await.guide();
        let titles = guide.titles(&format!("{FIRST_SLUG}.e2")).join("|");
        assert!(titles.contains("Sondersendung"), "{titles}");
    });
}

#[test]
fn in_standby_the_receiver_is_asked_to_write_its_guide() {
    with_demo(async |kit| {
        let copy = Copy::of(kit).await;
        copy.age(Duration::from_secs(3 * 3_600));
        let (mut newer, file, key) = (copy.events.clone(), copy.guide.clone(), copy.key());
        for event in newer.get_mut(&key).unwrap() {
            event.title = "Neu im Programm".into();
        }
        kit.receiver().on_save_guide(move || {
            disk::save_epg(&file, &disk::epg(&newer, &Style::default()));
        });
        kit.receiver().set_standby(true);
        copy.serve(kit).await;
        let stats = kit.receiver().stats().calls_by_path;
        assert_eq!(stats.get("/api/saveepg"), Some(&1), "{stats:?}");
        assert!(
            !stats.keys().any(|path| path.contains("/api/epg")),
            "{stats:?}"
        );
        let guide = kit.get("/xmltv.xml").await.guide();
        let id = format!("{FIRST_SLUG}.e2");
        let titles = guide.titles(&id);
        assert!(titles.len() > 5 && titles.iter().all(|title| *title == "Neu im Programm"));
    });
}

#[test]
fn a_disk_that_may_be_asleep_is_not_woken_for_the_guide() {
    with_demo(async |kit| {
        let mut copy = Copy::of(kit).await;
        copy.guide = kit.directory().join("asleep/epg.dat");
        fs::create_dir(copy.guide.parent().unwrap()).unwrap();
        copy.write();
        copy.age(Duration::from_secs(3 * 3_600));
        kit.receiver().on_save_guide(|| panic!("woken"));
        kit.receiver().set_standby(true);
        copy.serve(kit).await;
        let stats = kit.receiver().stats().calls_by_path;
        assert!(stats.contains_key("/api/epgnownext"), "{stats:?}");
    });
}

#[test]
fn without_a_file_of_events_the_receiver_is_asked() {
    with_demo(async |kit| {
        let copy = Copy::of(kit).await;
        fs::remove_file(&copy.guide).unwrap();
        copy.serve(kit).await;
        assert!(programmes(kit).await.len() > 1_000);
        let stats = kit.receiver().stats().calls_by_path;
        assert!(stats.contains_key("/api/epgmulti"), "{stats:?}");
        assert!(!stats.contains_key("/api/getservices"), "{stats:?}");
    });
}
