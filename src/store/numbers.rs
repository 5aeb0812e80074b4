//! The file of the numbers that stick to services: plain text, so that people can read and correct it.

use std::io::ErrorKind;
use std::path::Path;

use crate::model::Numbers;

/// The file's name in the state directory.
pub(super) const FILE: &str = "numbers";

/// Reads the file; no numbers if there is none or it is damaged, which is logged.
pub(super) fn load(directory: &Path) -> Numbers {
    let path = directory.join(FILE);
    let told = |why: &str| {
        log::warn!(
            "{} {why}; channels get the receiver's numbers",
            path.display()
        );
        Numbers::default()
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Numbers::parse(&text).unwrap_or_else(|| told("is damaged")),
        Err(error) if error.kind() == ErrorKind::NotFound => Numbers::default(),
        Err(error) => told(&format!("cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::rc::Rc;
    use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

    use super::super::{Snapshot, Store, STATE_FILE};
    use super::*;
    use crate::model::{Entry, ListedBouquet, Listing, Media, Offer, Selection};

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let name = format!("xg2g-numbers-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(path.join("state")).unwrap();
            Folder(path)
        }

        fn state(&self, name: &str) -> PathBuf {
            self.0.join("state").join(name)
        }

        /// Opens what is there, as the receiver `box`'s.
        fn open(&self) -> Store {
            self.open_of("box")
        }

        fn open_of(&self, receiver: &str) -> Store {
            let offer = Offer {
                bouquets: vec![],
                most: 480,
            };
            let (data, state) = (self.0.join("data"), self.0.join("state"));
            Store::open(&data, &state, receiver, Selection::default(), offer).unwrap()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Services of these names, in this order.
    fn listing(names: &str) -> Listing {
        let entry = |name: char| {
            let reference = format!("1:0:19:{:X}:3FB:1:C00000:0:0:0:", u32::from(name));
            Entry::new(&reference, &name.to_string()).unwrap()
        };
        let bouquet = ListedBouquet {
            reference: "1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.a.tv\" ORDER BY bouquet"
                .into(),
            name: "A".into(),
            media: Media::Tv,
            entries: names.chars().map(entry).collect(),
        };
        Listing {
            bouquets: vec![bouquet],
        }
    }

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_000_000)
    }

    fn publish(store: &Store, names: &str) -> std::io::Result<bool> {
        store.publish_listing(listing(names), now(), Instant::now())
    }

    /// Names and numbers, in their order.
    fn told(snapshot: &Rc<Snapshot>) -> String {
        let name = |at: u32| &*snapshot.lineup.channels[at as usize].name;
        let programs = snapshot.programs.list.iter();
        let words = programs.map(|one| format!("{}{}", name(one.channel), one.number));
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn numbers_survive_a_restart_and_a_new_order() {
        let folder = Folder::new("restart");
        let store = folder.open();
        publish(&store, "abc").unwrap();
        assert_eq!(told(&store.current()), "a1 b2 c3");
        publish(&store, "ncba").unwrap();
        assert_eq!(told(&store.current()), "a1 b2 c3 n5");
        store.save().unwrap();
        drop(store);
        let store = folder.open();
        assert_eq!(told(&store.current()), "a1 b2 c3 n5");
        publish(&store, "cn").unwrap();
        assert_eq!(told(&store.current()), "c3 n5");
        drop(store);
        // Another receiver's list may hold the same services; what was said of them holds.
        let store = folder.open_of("other");
        assert_eq!(told(&store.current()), "");
        publish(&store, "xb").unwrap();
        assert_eq!(told(&store.current()), "b2 x6");
    }

    #[test]
    fn a_change_of_numbers_alone_is_published() {
        let folder = Folder::new("alone");
        let store = folder.open();
        publish(&store, "abc").unwrap();
        let before = store.current();
        let offer = Offer {
            bouquets: vec![],
            most: 2,
        };
        store.select(Selection::default(), offer, now());
        let after = store.current();
        assert_eq!(told(&after), "a1 b2");
        assert_eq!(after.programs.left_out, 1);
        assert_eq!(after.lineup, before.lineup);
        assert!(after.made > before.made && after.generation > before.generation);
    }

    #[test]
    fn a_damaged_file_is_begun_anew() {
        let folder = Folder::new("damaged");
        let store = folder.open();
        publish(&store, "abc").unwrap();
        publish(&store, "cba").unwrap();
        store.save().unwrap();
        drop(store);
        let file = folder.state(FILE);
        let text = fs::read_to_string(&file).unwrap();
        for damage in [&text[..text.len() - 3], "", "\0\0\0", "xg2g numbers 2\n"] {
            fs::write(&file, damage).unwrap();
            let store = folder.open();
            assert_eq!(told(&store.current()), "c1 b2 a3", "{damage:?}");
            store.save().unwrap();
            let again = Numbers::parse(&fs::read_to_string(&file).unwrap());
            assert!(again.is_some(), "{damage:?}");
        }
        fs::write(&file, [0xff, 0xfe]).unwrap();
        assert_eq!(told(&folder.open().current()), "c1 b2 a3");
    }

    #[test]
    fn they_are_written_before_the_channels() {
        let folder = Folder::new("order");
        let store = folder.open();
        // A directory has the name: it cannot be replaced.
        fs::create_dir_all(folder.state(FILE).join("x")).unwrap();
        let error = publish(&store, "abc").unwrap_err();
        assert!(error.to_string().contains("state/numbers: "), "{error}");
        assert!(!folder.state(STATE_FILE).exists());
        assert_eq!(told(&store.current()), "a1 b2 c3", "published all the same");
        fs::remove_dir_all(folder.state(FILE)).unwrap();
        fs::create_dir_all(folder.state(STATE_FILE).join("x")).unwrap();
        let error = publish(&store, "abcd").unwrap_err();
        assert!(error.to_string().contains("state/channels.gz: "), "{error}");
        let text = fs::read_to_string(folder.state(FILE)).unwrap();
        assert_eq!(text.lines().count(), 1 + 4, "{text}");
    }
}
