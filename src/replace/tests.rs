use std::cell::RefCell;
use std::os::unix::fs::MetadataExt;
use std::rc::Rc;

use super::*;

fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("xg2g-replace-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    path
}

#[test]
fn a_file_is_replaced_whole_and_readable_by_all() {
    let directory = directory("whole");
    let target = directory.join("state");
    assert!(replace(&target, b"one").unwrap());
    assert!(replace(&target, b"two!").unwrap());
    assert_eq!(fs::read(&target).unwrap(), b"two!");
    assert_eq!(
        fs::metadata(&target).unwrap().permissions().mode() & 0o777,
        0o644
    );
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn unchanged_content_is_not_written() {
    let directory = directory("same");
    let target = directory.join("state");
    replace(&target, b"same").unwrap();
    let before = fs::metadata(&target).unwrap().ino();
    assert!(!replace(&target, b"same").unwrap());
    assert_eq!(fs::metadata(&target).unwrap().ino(), before);
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn an_abandoned_draft_leaves_the_old_file() {
    let directory = directory("draft");
    let target = directory.join("guide");
    replace(&target, b"old").unwrap();
    let mut draft = Draft::begin(&target).unwrap();
    draft.write_all(b"half").unwrap();
    drop(draft);
    assert_eq!(fs::read(&target).unwrap(), b"old");
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    // A leftover of a crash does not stand in the way.
    fs::write(directory.join(".guide.new"), b"junk").unwrap();
    replace(&target, b"new").unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"new");
    fs::remove_dir_all(&directory).unwrap();
}

/// A file system that writes down what it is asked, and refuses one thing.
#[derive(Clone, Debug, Default)]
struct Broken {
    /// What fails, and the system's number of the error.
    fails: Option<(&'static str, i32)>,
    asked: Rc<RefCell<Vec<&'static str>>>,
}

#[derive(Debug)]
struct BrokenFile {
    file: File,
    disk: Broken,
}

impl Broken {
    fn at(step: &'static str, error: i32) -> Broken {
        Broken {
            fails: Some((step, error)),
            ..Broken::default()
        }
    }

    fn ask(&self, step: &'static str) -> io::Result<()> {
        self.asked.borrow_mut().push(step);
        match self.fails {
            Some((fails, error)) if fails == step => Err(io::Error::from_raw_os_error(error)),
            _ => Ok(()),
        }
    }
}

impl Disk for Broken {
    type File = BrokenFile;

    fn create(&self, path: &Path, mode: u32) -> io::Result<BrokenFile> {
        let file = Real.create(path, mode)?;
        self.ask("create")?;
        let disk = self.clone();
        Ok(BrokenFile { file, disk })
    }

    fn sync(&self, file: &BrokenFile) -> io::Result<()> {
        self.ask("sync")?;
        Real.sync(&file.file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.ask("rename")?;
        Real.rename(from, to)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        is_synced(self.ask("sync directory"))?;
        Real.sync_directory(directory)
    }
}

impl Write for BrokenFile {
    /// Takes half of what it is given, and so fails when some of it is written.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() < 2 {
            self.disk.ask("write")?;
        }
        self.file.write(&bytes[..bytes.len().div_ceil(2)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

const EIO: i32 = 5;
const EINVAL: i32 = 22;
const ENOSPC: i32 = 28;
const EROFS: i32 = 30;

#[test]
fn a_file_has_its_name_when_it_is_on_disk_and_not_before() {
    let directory = directory("order");
    let disk = Broken::default();
    replace_on(disk.clone(), &directory.join("state"), b"whole", 0o644).unwrap();
    let asked = disk.asked.borrow();
    let order = ["create", "write", "sync", "rename", "sync directory"];
    assert_eq!(*asked, order);
    // Each short write was followed by one of the rest.
    assert_eq!(fs::read(directory.join("state")).unwrap(), b"whole");
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn whatever_fails_the_old_file_stays_and_nothing_beside_it() {
    let directory = directory("broken");
    let target = directory.join("state");
    replace(&target, b"old").unwrap();
    for step in ["create", "write", "sync", "rename"] {
        for error in [EIO, ENOSPC, EROFS] {
            let broken = Broken::at(step, error);
            let told = replace_on(broken.clone(), &target, b"newer", 0o644).unwrap_err();
            assert_eq!(told.raw_os_error(), Some(error), "{step}");
            assert_eq!(broken.asked.borrow().last(), Some(&step));
            assert_eq!(fs::read(&target).unwrap(), b"old", "{step}");
            assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "{step}");
        }
    }
    // And when it works again.
    assert!(replace(&target, b"newer").unwrap());
    assert_eq!(fs::read(&target).unwrap(), b"newer");
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_directory_that_cannot_be_synced_is_told_unless_it_never_can() {
    let directory = directory("synced");
    let target = directory.join("state");
    let on = |error| replace_on(Broken::at("sync directory", error), &target, b"new", 0o644);
    assert!(on(EINVAL).unwrap());
    fs::remove_file(&target).unwrap();
    assert_eq!(on(EIO).unwrap_err().raw_os_error(), Some(EIO));
    // The name is taken already; what matters is that it is a whole file.
    assert_eq!(fs::read(&target).unwrap(), b"new");
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn only_our_own_leftover_is_cleared() {
    let directory = directory("leftover");
    let target = directory.join("state");
    clear(&target).unwrap();
    fs::create_dir_all(&directory).unwrap();
    for name in ["state", ".state.new", ".other.new", "state.new"] {
        fs::write(directory.join(name), name).unwrap();
    }
    clear(&target).unwrap();
    let left = fs::read_dir(&directory).unwrap();
    let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [".other.new", "state", "state.new"]);
    fs::remove_dir_all(&directory).unwrap();
}
