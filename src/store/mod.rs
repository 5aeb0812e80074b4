//! What is known: the lineup and the guide as one immutable [`Snapshot`], the event store behind it, the files.
//!
//! Everybody who answers reads [`Store::current`]; only the refresh publishes. A lineup and the guide made from it are
//! published as one value, so playlist and guide always agree.

mod guide_file;
mod metrics;
mod mount;
mod numbers;
mod state;

use std::cell::{Cell, RefCell, RefMut};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use crate::events::Events;
use crate::model::{Lineup, Listing, Numbers, Offer, Programs, Selection};

pub use guide_file::{GuideFile, GuideWriter, Head, Share};
pub use mount::{Kind, Mount};
pub use state::{check as check_state, State, Unread, FILE as STATE_FILE};

/// The saved state is written at most this often, but for the first time and the last.
const SAVE_EVERY: Duration = Duration::from_secs(3_600);
/// Bytes of it that are written in a day at most: flash wears out, and that of a box is not replaced. A file system adds some
/// pages to each file (docs/DURABILITY.md).
const SAVED_A_DAY: u32 = 750_000;
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// What is known at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Counts the publications of this run, from 0 (nothing known).
    pub generation: u32,
    /// Channels and bouquets.
    pub lineup: Rc<Lineup>,
    /// Those of its channels that HDHomeRun clients are offered.
    pub programs: Rc<Programs>,
    /// When the lineup last changed: the playlist's `Last-Modified`.
    pub made: SystemTime,
    /// The guide, once there is one.
    pub guide: Option<Rc<GuideFile>>,
    /// Whether the guide holds all that was to be had. In the first pass it begins with what is on now, so that nobody
    /// waits.
    pub complete: bool,
}

/// The current snapshot, the event store, and where files go.
#[derive(Debug)]
pub struct Store {
    current: RefCell<Rc<Snapshot>>,
    listing: RefCell<Rc<Listing>>,
    events: RefCell<Events>,
    /// Whose listing is looked for.
    receiver: RefCell<String>,
    /// Whose listing is known.
    told_by: RefCell<String>,
    selection: RefCell<Selection>,
    offer: RefCell<Offer>,
    numbers: RefCell<Numbers>,
    data: PathBuf,
    state: PathBuf,
    /// When the state may be saved again.
    next_save: Cell<Option<Instant>>,
    last_full: RefCell<Option<SystemTime>>,
    /// Keeps other programs out of `data` as long as it is open.
    lock: RefCell<Option<File>>,
}

impl Store {
    /// Opens the store: outputs and events in `data`, the small saved state in `state`. What was saved of this
    /// `receiver` is there at once; what was saved of another is forgotten.
    ///
    /// # Errors
    /// When `data` cannot be made or written, or another program uses it. A state that cannot be read is told in the log and made anew.
    pub fn open(
        data: &Path,
        state: &Path,
        receiver: &str,
        selection: Selection,
        offer: Offer,
    ) -> io::Result<Store> {
        std::fs::create_dir_all(data)?;
        let lock = lock(data)?;
        // Best effort: they take room, and the next write removes them, too.
        for target in [
            data.join(guide_file::NAME),
            state.join(state::FILE),
            state.join(numbers::FILE),
        ] {
            let _ = crate::replace::clear(&target);
        }
        let saved = state::load(state).filter(|saved| saved.receiver == receiver);
        let mut events = Events::open(data)?;
        if saved.is_none() {
            events.clear()?;
        }
        let mut snapshot = Snapshot {
            generation: 0,
            lineup: Rc::default(),
            programs: Rc::default(),
            made: SystemTime::UNIX_EPOCH,
            guide: None,
            complete: false,
        };
        let mut listing = Rc::default();
        let mut last_full = None;
        let mut numbers = numbers::load(state);
        if let Some(saved) = saved {
            let lineup = Lineup::resolve(&saved.listing, &selection);
            if !lineup.channels.is_empty() {
                snapshot.generation = 1;
                snapshot.made = saved.made;
                snapshot.guide = GuideFile::open(data, &lineup).map(Rc::new);
                snapshot.complete = snapshot.guide.is_some();
                snapshot.programs = Rc::new(Programs::of(&lineup, &offer, &mut numbers));
                snapshot.lineup = Rc::new(lineup);
            }
            listing = saved.listing;
            last_full = saved.last_full.filter(|_| !events.is_empty());
        }
        Ok(Store {
            current: RefCell::new(Rc::new(snapshot)),
            listing: RefCell::new(listing),
            events: RefCell::new(events),
            receiver: receiver.to_owned().into(),
            told_by: receiver.to_owned().into(),
            selection: selection.into(),
            offer: offer.into(),
            numbers: numbers.into(),
            data: data.into(),
            state: state.into(),
            next_save: Cell::new(None),
            last_full: RefCell::new(last_full),
            lock: RefCell::new(Some(lock)),
        })
    }

    /// What is known now.
    pub fn current(&self) -> Rc<Snapshot> {
        self.current.borrow().clone()
    }

    /// What the receiver last said, as far as it was believed. What another one said does not count.
    pub fn listing(&self) -> Rc<Listing> {
        if *self.told_by.borrow() == *self.receiver.borrow() {
            self.listing.borrow().clone()
        } else {
            Rc::default()
        }
    }

    /// The event store. Not to be held while waiting for anything.
    pub fn events(&self) -> RefMut<'_, Events> {
        self.events.borrow_mut()
    }

    /// When the whole guide was last fetched.
    pub fn last_full(&self) -> Option<SystemTime> {
        *self.last_full.borrow()
    }

    /// Notes that the whole guide was fetched.
    pub fn set_last_full(&self, at: SystemTime) {
        *self.last_full.borrow_mut() = Some(at);
    }

    /// From now on channels of this receiver are published. Those known of another stay until it has told its own.
    pub fn set_receiver(&self, name: &str) {
        name.clone_into(&mut self.receiver.borrow_mut());
    }

    /// From now on another choice of the channels is published, at once of what is known.
    pub fn select(&self, selection: Selection, offer: Offer, now: SystemTime) {
        *self.selection.borrow_mut() = selection;
        *self.offer.borrow_mut() = offer;
        if self.current().generation > 0 {
            self.resolve(now);
        }
    }

    /// Publishes a listing; `now` is for those who read it, `at` tells whether the state may be saved again. Returns whether
    /// the lineup changed.
    ///
    /// # Errors
    /// When the state cannot be saved; it is published all the same.
    pub fn publish_listing(
        &self,
        listing: Listing,
        now: SystemTime,
        at: Instant,
    ) -> io::Result<bool> {
        *self.listing.borrow_mut() = Rc::new(listing);
        *self.told_by.borrow_mut() = self.receiver.borrow().clone();
        let changed = self.resolve(now);
        if self.next_save.get().is_none_or(|next| at >= next) {
            self.save_at(at)?;
        }
        Ok(changed)
    }

    /// Publishes the lineup of what is known. Returns whether it changed.
    fn resolve(&self, now: SystemTime) -> bool {
        let lineup = Lineup::resolve(&self.listing.borrow(), &self.selection.borrow());
        let mut numbers = self.numbers.borrow_mut();
        let programs = Programs::of(&lineup, &self.offer.borrow(), &mut numbers);
        let before = self.current();
        let is_new = (&lineup, &programs) != (&*before.lineup, &*before.programs);
        let changed = is_new || before.generation == 0;
        if changed {
            self.publish(Snapshot {
                generation: before.generation + 1,
                lineup: Rc::new(lineup),
                programs: Rc::new(programs),
                // A clock that was set back must not make a newer playlist look older.
                made: now.max(before.made + Duration::from_secs(u64::from(before.generation > 0))),
                ..(*before).clone()
            });
        }
        changed
    }

    /// Begins a new guide file for the current lineup.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write_guide(&self) -> io::Result<GuideWriter> {
        GuideWriter::begin(&self.data, self.current().lineup.clone())
    }

    /// Publishes a guide file; `complete` tells whether it holds all that was to be had.
    ///
    /// # Errors
    /// Those of the file system; the guide is then as before.
    pub fn publish_guide(
        &self,
        writer: GuideWriter,
        complete: bool,
        now: SystemTime,
    ) -> io::Result<()> {
        let before = self.current();
        let complete = complete || before.complete;
        let guide = match writer.finish(before.guide.as_deref(), now)? {
            Some(guide) => Some(Rc::new(guide)),
            None if complete == before.complete => return Ok(()),
            None => before.guide.clone(),
        };
        self.publish(Snapshot {
            generation: before.generation + 1,
            guide,
            complete,
            ..(*before).clone()
        });
        Ok(())
    }

    /// Saves the state if it differs from the file.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn save(&self) -> io::Result<()> {
        self.save_at(Instant::now())
    }

    fn save_at(&self, at: Instant) -> io::Result<()> {
        if self.current().generation == 0 {
            return Ok(());
        }
        let state = state::pack(&State {
            receiver: self.told_by.borrow().clone(),
            listing: self.listing.borrow().clone(),
            made: self.current().made,
            last_full: self.last_full(),
        });
        let numbers = self.numbers.borrow().to_string();
        let mut share = 0;
        // First the numbers: a receiver's channels are told again, its old numbers are not.
        for (name, content) in [(numbers::FILE, numbers.as_bytes()), (state::FILE, &state)] {
            let path = self.state.join(name);
            let has_written = crate::replace::replace(&path, content).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?;
            share += if has_written { content.len() as u32 } else { 0 };
        }
        // Only now: one that could not be saved is tried again, and told, in each pass.
        let pause = SAVE_EVERY.max(DAY * share / SAVED_A_DAY);
        self.next_save.set(Some(at + pause));
        Ok(())
    }

    /// Lets other programs use the directory: the last thing to do with a store.
    pub fn release(&self) {
        self.lock.borrow_mut().take();
    }

    fn publish(&self, snapshot: Snapshot) {
        *self.current.borrow_mut() = Rc::new(snapshot);
    }
}

/// Takes `data` for this program.
fn lock(data: &Path) -> io::Result<File> {
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(data.join("lock"))?;
    match rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(lock),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            Err(io::Error::other("another xg2g uses this directory"))
        }
        // File systems without locks: better to run than not.
        Err(_) => Ok(lock),
    }
}
