//! Files that cannot be written, that a killed run left, and how often flash is written at all.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use xg2g::model::{Entry, ListedBouquet, Listing, Media, Offer, Selection};
use xg2g::store::Store;

use crate::kit::{get, with_channels, with_demo, Folder, Process, Status};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: u32 = 24;
/// A page of UBIFS or ext4: less is never written.
const PAGE: u64 = 4_096;

/// What a killed run may have left in the two directories.
const LEFTOVERS: [&str; 4] = [
    "data/.guide.deflate.new",
    "data/events.new",
    "state/.channels.gz.new",
    "state/.keys.new",
];

#[test]
fn what_a_killed_run_left_is_gone_after_the_next_start() {
    with_channels(async |kit| {
        kit.pass().await;
        kit.stop().await;
        let path = |name: &str| kit.directory().join(name);
        for name in LEFTOVERS {
            fs::write(path(name), "half a fi").unwrap();
        }
        fs::write(path("data/.mine.new"), "not ours").unwrap();
        kit.start();
        for name in LEFTOVERS {
            assert!(!path(name).exists(), "{name}");
        }
        assert!(path("data/.mine.new").exists());
        assert_eq!(kit.get("/playlist.m3u").await.status, 200);
    });
}

#[test]
fn a_state_that_cannot_be_saved_is_told_until_it_is() {
    with_channels(async |kit| {
        kit.pass().await;
        kit.stop().await;
        // A file where the directory was, which stops root, too.
        let state = kit.directory().join("state");
        fs::remove_dir_all(&state).unwrap();
        fs::write(&state, "in the way").unwrap();
        kit.start();
        kit.pass().await;
        for _ in 0..2 {
            kit.refresh().await;
            let warnings = kit.status().await.warnings;
            let told = warnings.iter().find(|text| text.contains("channels.gz"));
            assert!(told.is_some(), "{warnings:?}");
            assert_eq!(kit.get("/playlist.m3u").await.status, 200);
        }
        fs::remove_file(&state).unwrap();
        kit.refresh().await;
        assert!(kit.status().await.warnings.is_empty());
        assert!(state.join("channels.gz").exists());
    });
}

#[test]
fn a_guide_that_cannot_be_written_leaves_the_old_one_and_is_told_until_it_can() {
    with_demo(async |kit| {
        kit.pass().await;
        let beside = kit.directory().join("data/.guide.deflate.new");
        fs::create_dir(&beside).unwrap();
        kit.receiver().rename_service(
            &kit.receiver().services("userbouquet.news.tv")[0].0,
            "Neuer Name",
        );
        kit.refresh().await;
        let error = kit.status().await.refresh.error.unwrap();
        assert!(error.contains("the guide cannot be filed"), "{error}");
        assert_eq!(kit.get("/xmltv.xml").await.status, 200);
        fs::remove_dir(&beside).unwrap();
        kit.refresh().await;
        assert_eq!(kit.status().await.refresh.error, None);
        assert!(kit.get("/playlist.m3u").await.text().contains("Neuer Name"));
    });
}

/// The demo where no file may become longer than this: writes are cut short there, then refused.
fn cramped(folder: &Folder, half_kilobytes: u32) -> Process {
    let mut shell = Command::new("/bin/sh");
    let script = format!("trap '' XFSZ; ulimit -S -f {half_kilobytes}; exec \"$@\"");
    let program = env!("CARGO_BIN_EXE_xg2g");
    let data = folder.path("data");
    shell.env_clear().args(["-c", &script, "sh", program]);
    shell.args(["--demo", "--listen", "127.0.0.1:0", "--data"]);
    Process::start(shell.arg(data))
}

#[test]
fn writes_that_are_cut_short_lose_nothing_and_are_made_up_for() {
    let folder = Folder::new();
    let mut program = cramped(&folder, 16);
    let address = program.listens();
    let status = || get(address, "/api/v1/status").json::<Status>();
    program.says("File too large");
    assert!(get(address, "/playlist.m3u").playlist().len() > 70);
    assert!(status().refresh.error.unwrap().contains("cannot be filed"));
    let mut left = fs::read_dir(folder.path("data")).unwrap();
    assert!(!left.any(|entry| entry.unwrap().path().ends_with(".guide.deflate.new")));
    program.lift_limit();
    while get(address, "/readyz").status != 200 {}
    assert!(get(address, "/xmltv.xml").guide().programmes.len() > 1_000);
    let (status, said) = program.stop();
    assert!(status.success(), "{said}");
}

/// A store with a clock of its own, and what it wrote to its state.
struct Flash {
    folder: Folder,
    store: Store,
    now: SystemTime,
    at: Instant,
    inode: u64,
    writes: u64,
    bytes: u64,
}

impl Flash {
    fn new() -> Flash {
        let folder = Folder::new();
        let selection = Selection::default();
        let (data, state) = (folder.path("data"), folder.path("state"));
        Flash {
            store: Store::open(&data, &state, "http://box", selection, Offer::default()).unwrap(),
            folder,
            now: UNIX_EPOCH + Duration::from_secs(1_795_000_000),
            at: Instant::now(),
            inode: 0,
            writes: 0,
            bytes: 0,
        }
    }

    /// A pass, half an hour after the one before.
    fn pass(&mut self, listing: &Listing, is_full: bool) {
        self.now += HOUR / 2;
        self.at += HOUR / 2;
        let published = self
            .store
            .publish_listing(listing.clone(), self.now, self.at);
        published.unwrap();
        if is_full {
            self.store.set_last_full(self.now);
        }
        for entry in fs::read_dir(self.folder.path("state")).unwrap() {
            let meta = entry.unwrap().metadata().unwrap();
            if std::mem::replace(&mut self.inode, meta.ino()) != meta.ino() {
                self.writes += 1;
                // The file, its inode, and the directory.
                self.bytes += meta.len().next_multiple_of(PAGE) + 2 * PAGE;
            }
        }
    }

    /// Bytes that a day writes, after the first, as the page of them says; `listing` tells the channels of a pass.
    fn a_day(mut self, what: &str, listing: impl Fn(u32) -> Listing) -> u64 {
        const DAYS: u32 = 2;
        for pass in 0..2 * DAY {
            self.pass(&listing(pass), pass == 0);
        }
        (self.writes, self.bytes) = (0, 0);
        for pass in 2 * DAY..2 * DAY * (1 + DAYS) {
            self.pass(&listing(pass), pass % (2 * DAY) == 0);
        }
        let (writes, bytes) = (self.writes / u64::from(DAYS), self.bytes / u64::from(DAYS));
        let row = format!("| {what} | {writes} | {bytes} |");
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/DURABILITY.md");
        let page = fs::read_to_string(page).unwrap();
        assert!(page.contains(&row), "docs/DURABILITY.md must say: {row}");
        bytes
    }
}

/// So many channels; one of them has another name in each pass, if they are restless.
fn channels(count: u32, renamed: u32) -> Listing {
    let entry = |number: u32| {
        let name = match number {
            0 => format!("Sender der Stunde {renamed}"),
            _ => format!("Sender {} HD", number.wrapping_mul(2_654_435_761) >> 12),
        };
        let id = number.wrapping_mul(40_503) & 0xffff;
        Entry::new(&format!("1:0:19:{id:X}:3FB:1:C00000:0:0:0:"), &name).unwrap()
    };
    let bouquet = ListedBouquet {
        reference: "1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.a.tv\" ORDER BY bouquet".into(),
        name: "A".into(),
        media: Media::Tv,
        entries: (0..count).map(entry).collect(),
    };
    Listing {
        bouquets: vec![bouquet],
    }
}

#[test]
fn flash_is_written_once_a_day_and_never_more_than_a_megabyte() {
    let quiet = Flash::new().a_day("500 channels, nothing changes (steady state)", |_| {
        channels(500, 0)
    });
    assert!(quiet < 40_000, "{quiet}");
    for count in [500, 5_000] {
        let what = format!("{count} channels, one has another name in each pass");
        let restless = Flash::new().a_day(&what, |pass| channels(count, pass));
        assert!(restless <= 1_000_000, "{count}: {restless}");
    }
}
