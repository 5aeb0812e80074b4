//! The receiver's own files: whatever stands in them, what is made of it is in order and small.
//!
//! What begins as `epg.dat` does is one; else lines `@@ name` begin the files of a directory.
#![no_main]

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use xg2g::model::{Event, Lineup, Selection};
use xg2g::receiver::disk::{epg::EpgFile, Disk};

/// The first bytes of `epg.dat`.
const MAGIC: [u8; 4] = 0x9876_5432_u32.to_ne_bytes();
/// What may be in the directory.
const FILES: [&str; 14] = [
    "lamedb",
    "lamedb5",
    "bouquets.tv",
    "bouquets.radio",
    "userbouquet.a.tv",
    "userbouquet.b.tv",
    "userbouquet.c.radio",
    "userbouquet.LastScanned.tv",
    "alternatives.a.tv",
    "settings",
    "blacklist",
    "whitelist",
    "whitelist_streamrelay",
    "services.locked",
];

thread_local! {
    static PLACE: Place = Place::new();
}

fuzz_target!(|data: &[u8]| PLACE.with(|place| {
    if data.starts_with(&MAGIC) {
        place.write("epg.dat", data);
        guide(&place.dir.join("epg.dat"));
        return;
    }
    let mut files: HashMap<&str, Vec<u8>> = HashMap::new();
    let mut name = FILES[0];
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        let named = line
            .strip_prefix(b"@@ ")
            .and_then(|rest| std::str::from_utf8(rest).ok());
        match FILES
            .iter()
            .find(|file| named.is_some_and(|named| named.trim_end() == **file))
        {
            Some(file) => name = file,
            None => files.entry(name).or_default().extend_from_slice(line),
        }
    }
    for file in FILES {
        match files.get(file) {
            Some(bytes) => place.write(file, bytes),
            None => place.remove(file),
        }
    }
    lists(&Disk::new(&place.dir));
}));

fn lists(disk: &Disk) {
    let _ = (disk.is_there(), disk.relay());
    let Ok(listing) = disk.listing() else {
        return;
    };
    for shows_locked in [false, true] {
        let selection = Selection {
            bouquets: Vec::new(),
            shows_locked,
        };
        let lineup = Lineup::resolve(&listing, &selection);
        let mut before = 0;
        for channel in &lineup.channels {
            assert!(channel.number > before, "{channel:?}");
            before = channel.number;
            assert!(!channel.name.is_empty() && !channel.name.contains(char::is_control));
            assert_eq!(lineup.find(&channel.slug), Some(channel));
        }
    }
}

fn guide(path: &std::path::Path) {
    let Ok(file) = EpgFile::open(path) else {
        return;
    };
    let wanted = file.services().iter().map(|service| service.key).collect();
    for service in file.read(&wanted, &["deu".into(), "eng".into()]) {
        let Ok((_, events)) = service else {
            return;
        };
        assert!(!events.is_empty());
        assert!(events.windows(2).all(|two| two[0].start < two[1].start));
        for event in &events {
            assert!(event.start >= Event::EARLIEST && event.duration > 0);
            assert!(!event.title.is_empty());
            for line in [&event.title, &event.summary] {
                assert!(
                    !line.contains(char::is_control) && line.trim() == line,
                    "{line:?}"
                );
            }
        }
    }
}

/// A directory that knows what is in it, since most files stay from one input to the next.
struct Place {
    dir: PathBuf,
    holds: RefCell<HashMap<String, Vec<u8>>>,
}

impl Place {
    fn new() -> Place {
        let dir = std::env::temp_dir().join(format!("xg2g-fuzz-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("a directory");
        Place {
            dir,
            holds: RefCell::default(),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let mut holds = self.holds.borrow_mut();
        if holds.get(name).is_none_or(|held| held != bytes) {
            fs::write(self.dir.join(name), bytes).expect("a file");
            holds.insert(name.to_owned(), bytes.to_vec());
        }
    }

    fn remove(&self, name: &str) {
        if self.holds.borrow_mut().remove(name).is_some() {
            fs::remove_file(self.dir.join(name)).expect("a file");
        }
    }
}
