//! Told by the kernel when files change (inotify), and when to look at them then.
//!
//! Only directories are watched: a file that is replaced by renaming is another file then, and a watch of the old one
//! would hear nothing more. What lies behind a symbolic link to elsewhere changes elsewhere: whoever cares watches the
//! directory of the target, too.

mod debounce;

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use async_io::Async;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

pub use debounce::{Debounce, Timing};

/// Room for a dozen messages with the longest of names.
const BATCH: usize = 4096;

/// What to be told of: written in place and closed, renamed to or away, deleted, made. Making counts because it is all
/// that is heard of a link; of a file that is just being written it comes too early, but is followed by the closing.
const EVENTS: WatchFlags = WatchFlags::CLOSE_WRITE
    .union(WatchFlags::MOVE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF);

/// The directory is no longer where it was.
const GONE: ReadFlags = ReadFlags::DELETE_SELF
    .union(ReadFlags::MOVE_SELF)
    .union(ReadFlags::UNMOUNT)
    .union(ReadFlags::IGNORED);

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something happened to these names: what is there now, if anything, is for the hearer to see.
    Files {
        /// The directory as it was given to [`Watch::add`].
        directory: PathBuf,
        /// Each name once, in the order they were first heard of.
        names: Vec<OsString>,
    },
    /// The directory was deleted, moved away, or unmounted: it is watched no more.
    Gone(PathBuf),
    /// So much happened that the kernel lost count: everything may have changed.
    Anything,
}

/// The directories that are watched.
#[derive(Debug)]
pub struct Watch {
    inotify: Async<OwnedFd>,
    directories: Vec<Watched>,
    heard: VecDeque<Change>,
}

#[derive(Debug)]
struct Watched {
    /// The kernel's number. Two ways to one directory have the same.
    number: i32,
    path: PathBuf,
}

/// A message of the kernel.
struct Message {
    number: i32,
    what: ReadFlags,
    name: Option<OsString>,
}

impl Watch {
    /// A watch of nothing yet.
    ///
    /// # Errors
    /// When the kernel has no inotify, or no more of it for us (`fs.inotify.max_user_instances`).
    pub fn new() -> io::Result<Watch> {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)
            .map_err(|error| explain("the kernel tells nobody of changed files", error))?;
        Ok(Watch {
            inotify: Async::new(inotify)?,
            directories: Vec::new(),
            heard: VecDeque::new(),
        })
    }

    /// Watches a directory; links on the way to it are followed. Tells whether it is another directory than was watched
    /// under this path so far: then whatever is in it may have changed. A link that leads elsewhere now, and a mount in
    /// the place of a directory, are heard of in no other way, so add it again now and then.
    ///
    /// # Errors
    /// When there is no such directory, it may not be read, or the kernel watches too many already
    /// (`fs.inotify.max_user_watches`). What was watched under this path is not watched any more then.
    pub fn add(&mut self, directory: &Path) -> io::Result<bool> {
        let added = inotify::add_watch(&self.inotify, directory, EVENTS | WatchFlags::ONLYDIR);
        let at = self
            .directories
            .iter()
            .position(|watched| watched.path == directory);
        match (added, at) {
            (Ok(number), Some(at)) if self.directories[at].number == number => Ok(false),
            (added, at) => {
                if let Some(at) = at {
                    let old = self.directories.swap_remove(at).number;
                    self.release(old);
                }
                let number = added.map_err(|error| {
                    explain(&format!("{} cannot be watched", directory.display()), error)
                })?;
                self.directories.push(Watched {
                    number,
                    path: directory.into(),
                });
                Ok(true)
            }
        }
    }

    /// Waits for news. Nothing is lost when the wait is given up.
    ///
    /// # Errors
    /// When the kernel cannot be heard, which does not end by itself.
    pub async fn changed(&mut self) -> io::Result<Change> {
        loop {
            if let Some(change) = self.heard.pop_front() {
                return Ok(change);
            }
            let messages = self.inotify.read_with(read).await?;
            for message in messages {
                self.take(message);
            }
        }
    }

    fn take(&mut self, message: Message) {
        if message.what.contains(ReadFlags::QUEUE_OVERFLOW) {
            self.heard.push_back(Change::Anything);
            return;
        }
        let is_meant = |watched: &Watched| watched.number == message.number;
        if message.what.intersects(GONE) {
            let heard = &mut self.heard;
            self.directories.retain(|watched| {
                if is_meant(watched) {
                    heard.push_back(Change::Gone(watched.path.clone()));
                }
                !is_meant(watched)
            });
            if !message.what.contains(ReadFlags::IGNORED) {
                self.release(message.number);
            }
            return;
        }
        let Some(name) = message.name else {
            return;
        };
        for watched in self.directories.iter().filter(|watched| is_meant(watched)) {
            note(&mut self.heard, &watched.path, &name);
        }
    }

    /// Ends the kernel's watch, unless another path leads to the same directory.
    fn release(&self, number: i32) {
        if !self.directories.iter().any(|known| known.number == number) {
            // A directory that is gone took its watch with it.
            let _ = inotify::remove_watch(&self.inotify, number);
        }
    }
}

/// Reads what has come, some of it at the least.
fn read(inotify: &OwnedFd) -> io::Result<Vec<Message>> {
    let mut space = [MaybeUninit::uninit(); BATCH];
    let mut reader = Reader::new(inotify, &mut space);
    let mut messages = Vec::new();
    loop {
        let event = reader.next()?;
        let name = event
            .file_name()
            .map(|name| OsStr::from_bytes(name.to_bytes()).to_owned());
        messages.push(Message {
            number: event.wd(),
            what: event.events(),
            name,
        });
        if reader.is_buffer_empty() {
            return Ok(messages);
        }
    }
}

/// Adds a name to the last change if that is one of the same directory.
fn note(heard: &mut VecDeque<Change>, path: &Path, name: &OsStr) {
    match heard.back_mut() {
        Some(Change::Files { directory, names }) if directory == path => {
            if !names.iter().any(|known| known == name) {
                names.push(name.into());
            }
        }
        _ => heard.push_back(Change::Files {
            directory: path.into(),
            names: vec![name.into()],
        }),
    }
}

fn explain(what: &str, error: Errno) -> io::Error {
    let why = match error {
        // The words for this number speak of disks.
        Errno::NOSPC => "fs.inotify.max_user_watches is reached".to_owned(),
        error => io::Error::from(error).to_string(),
    };
    io::Error::new(io::Error::from(error).kind(), format!("{what}: {why}"))
}

#[cfg(test)]
mod tests;
