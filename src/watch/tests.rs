use super::*;
use smol::future::FutureExt;
use smol::Timer;
use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

/// A directory of the test's own, with a watch of it.
struct Room {
    path: PathBuf,
    watch: Watch,
}

impl Room {
    fn new(name: &str) -> Room {
        let path = std::env::temp_dir().join(format!("xg2g-watch-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        let mut watch = Watch::new().unwrap();
        assert!(watch.add(&path).unwrap());
        Room { path, watch }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path.join(name), text).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path.join(from), self.path.join(to)).unwrap();
    }

    /// All that is heard, by directory, up to a change of the file `last` in this one.
    fn heard(&mut self, last: &str) -> Vec<(PathBuf, Vec<OsString>)> {
        self.write(last, "");
        let mut heard = Vec::new();
        loop {
            match next(&mut self.watch) {
                Change::Files { directory, names } => {
                    let is_last = names.iter().any(|name| name == last);
                    heard.push((directory, names));
                    if is_last {
                        return heard;
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// The names heard of in this directory, without the last.
    fn names(&mut self) -> Vec<OsString> {
        let heard = self.heard("last").into_iter();
        let mut names: Vec<OsString> = heard
            .inspect(|(directory, _)| assert_eq!(*directory, self.path))
            .flat_map(|(_, names)| names)
            .collect();
        assert_eq!(names.pop().unwrap(), "last");
        names
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn next(watch: &mut Watch) -> Change {
    smol::block_on(watch.changed().or(async {
        Timer::after(Duration::from_secs(20)).await;
        panic!("nothing is heard")
    }))
    .unwrap()
}

#[test]
fn a_file_that_is_written_in_place_is_told_by_name() {
    let mut room = Room::new("written");
    room.write("lamedb", "1");
    assert_eq!(room.names(), ["lamedb"]);
    room.write("lamedb", "2");
    assert_eq!(room.names(), ["lamedb"]);
}

#[test]
fn a_file_that_is_renamed_over_another_is_told_by_its_final_name() {
    let mut room = Room::new("renamed");
    room.write("bouquets.tv", "old");
    assert_eq!(room.names(), ["bouquets.tv"]);
    room.write("bouquets.tv.writing", "new");
    room.rename("bouquets.tv.writing", "bouquets.tv");
    assert_eq!(room.names(), ["bouquets.tv.writing", "bouquets.tv"]);
    // The new file is watched as the old one was.
    room.write("bouquets.tv", "newer");
    assert_eq!(room.names(), ["bouquets.tv"]);
}

#[test]
fn a_file_that_is_deleted_and_made_again_is_told() {
    let mut room = Room::new("deleted");
    room.write("epg.dat", "old");
    room.names();
    fs::remove_file(room.path.join("epg.dat")).unwrap();
    assert_eq!(room.names(), ["epg.dat"]);
    room.write("epg.dat", "new");
    assert_eq!(room.names(), ["epg.dat"]);
    room.rename("epg.dat", "elsewhere");
    assert_eq!(room.names(), ["epg.dat", "elsewhere"]);
}

#[test]
fn a_link_that_leads_elsewhere_is_told() {
    let mut room = Room::new("link");
    symlink("one", room.path.join("current")).unwrap();
    assert_eq!(room.names(), ["current"]);
    symlink("two", room.path.join("current.new")).unwrap();
    room.rename("current.new", "current");
    assert_eq!(room.names(), ["current.new", "current"]);
}

#[test]
fn reading_and_looking_is_no_change() {
    let mut room = Room::new("read");
    room.write("lamedb", "1");
    room.names();
    fs::read(room.path.join("lamedb")).unwrap();
    fs::read_dir(&room.path).unwrap().count();
    assert_eq!(room.names(), [""; 0]);
}

#[test]
fn directories_are_told_apart() {
    let mut room = Room::new("apart");
    let inner = room.path.join("inner");
    fs::create_dir(&inner).unwrap();
    assert!(room.watch.add(&inner).unwrap());
    fs::write(inner.join("deep"), "").unwrap();
    let heard = room.heard("last");
    let of = |directory: &Path| -> Vec<&OsString> {
        let all = heard.iter().filter(|(path, _)| path == directory);
        all.flat_map(|(_, names)| names).collect()
    };
    assert_eq!(of(&inner), ["deep"]);
    assert_eq!(of(&room.path), ["inner", "last"]);
}

#[test]
fn two_ways_to_a_directory_are_told_both() {
    let mut room = Room::new("ways");
    let way = room.path.with_extension("way");
    let _ = fs::remove_file(&way);
    symlink(&room.path, &way).unwrap();
    assert!(room.watch.add(&way).unwrap());
    room.write("settings", "");
    let changes = [next(&mut room.watch), next(&mut room.watch)];
    let both = [room.path.clone(), way.clone()].map(|directory| Change::Files {
        directory,
        names: vec!["settings".into()],
    });
    assert_eq!(changes, both);
    // One way closed, the other is still open.
    fs::remove_file(&way).unwrap();
    assert!(room.watch.add(&way).is_err());
    assert_eq!(room.heard("last").last().unwrap().0, room.path);
}

#[test]
fn a_directory_that_is_deleted_is_gone_and_can_be_watched_again() {
    let mut room = Room::new("gone");
    fs::remove_dir_all(&room.path).unwrap();
    assert_eq!(next(&mut room.watch), Change::Gone(room.path.clone()));
    assert!(room.watch.add(&room.path).is_err());
    fs::create_dir(&room.path).unwrap();
    assert!(room.watch.add(&room.path).unwrap());
    room.write("lamedb", "1");
    assert_eq!(room.names(), ["lamedb"]);
}

#[test]
fn a_directory_that_is_moved_away_is_gone() {
    let mut room = Room::new("moved");
    let away = room.path.with_extension("away");
    let _ = fs::remove_dir_all(&away);
    fs::rename(&room.path, &away).unwrap();
    assert_eq!(next(&mut room.watch), Change::Gone(room.path.clone()));
    // What happens there is nobody's business now.
    fs::write(away.join("lamedb"), "1").unwrap();
    fs::create_dir(&room.path).unwrap();
    assert!(room.watch.add(&room.path).unwrap());
    assert_eq!(room.names(), [""; 0]);
    fs::remove_dir_all(&away).unwrap();
}

#[test]
fn adding_again_finds_a_directory_that_was_replaced() {
    let mut room = Room::new("again");
    let (one, two) = (room.path.join("one"), room.path.join("two"));
    fs::create_dir(&one).unwrap();
    fs::create_dir(&two).unwrap();
    let way = room.path.join("way");
    symlink(&one, &way).unwrap();
    let mut watch = Watch::new().unwrap();
    assert!(watch.add(&way).unwrap());
    assert!(!watch.add(&way).unwrap());
    fs::remove_file(&way).unwrap();
    symlink(&two, &way).unwrap();
    assert!(watch.add(&way).unwrap());
    fs::write(one.join("old"), "").unwrap();
    fs::write(two.join("new"), "").unwrap();
    let Change::Files { directory, names } = next(&mut watch) else {
        panic!("no files");
    };
    assert_eq!((directory, names), (way, vec!["new".into()]));
    room.names();
}

#[test]
fn what_is_no_directory_is_not_watched() {
    let mut room = Room::new("file");
    room.write("lamedb", "1");
    let error = room.watch.add(&room.path.join("lamedb")).unwrap_err();
    assert!(
        error.to_string().contains("lamedb cannot be watched"),
        "{error}"
    );
}

#[test]
fn lost_count_means_that_anything_may_have_changed() {
    let mut room = Room::new("overflow");
    room.watch.take(Message {
        number: -1,
        what: ReadFlags::QUEUE_OVERFLOW,
        name: None,
    });
    assert_eq!(next(&mut room.watch), Change::Anything);
}

#[test]
fn a_wait_that_is_given_up_loses_nothing() {
    let mut room = Room::new("waits");
    let waiting = smol::block_on(smol::future::poll_once(room.watch.changed()));
    assert!(waiting.is_none());
    room.write("lamedb", "1");
    assert_eq!(room.names(), ["lamedb"]);
}
