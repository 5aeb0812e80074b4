//! What happens, told to whoever listens: passes, the guide, streams, the configuration.
//!
//! Those to whom it happens push, and wait for nobody: each listener has a queue that holds little, and whoever does not
//! keep up is dropped. Nothing is kept for those who come later; they ask how things are when they begin to listen.

mod kind;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use async_channel::{Receiver, Sender, TrySendError};

pub use kind::{channels_changed, Notice};

/// Notices that wait for one listener; one more drops it.
const QUEUE: usize = 64;

/// Listeners at once.
pub const MOST: usize = 32;

/// Where notices are pushed and listened for. Cheap to clone.
#[derive(Clone)]
pub struct Notices(Rc<Inner>);

struct Inner {
    /// The time, as it stands in a notice.
    stamp: fn() -> String,
    listeners: RefCell<Vec<Seat>>,
    /// The key of the next one.
    next: Cell<u32>,
    is_closed: Cell<bool>,
    counts: Cell<Counts>,
}

/// One listener, seen from here.
struct Seat {
    key: u32,
    queue: Sender<Told>,
    /// Called when it is dropped for being too slow.
    cut: Box<dyn Fn()>,
}

/// A notice as listeners get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Counts notices from the start of the program; `hello` has that of the last one before it.
    pub id: u64,
    /// JSON without line breaks.
    pub text: Rc<str>,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Notices so far.
    pub pushed: u64,
    /// Notices put into the queues of listeners.
    pub sent: u64,
    /// Listeners that were too slow.
    pub dropped: u64,
}

/// Why nobody more may listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// [`MOST`] listen already.
    Full,
    /// The program stops.
    Closed,
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Notices").field(&self.counts()).finish()
    }
}

impl Notices {
    /// Nobody listens yet. `stamp` tells the time for a notice.
    pub fn new(stamp: fn() -> String) -> Notices {
        Notices(Rc::new(Inner {
            stamp,
            listeners: RefCell::default(),
            next: Cell::default(),
            is_closed: Cell::default(),
            counts: Cell::default(),
        }))
    }

    /// Tells all who listen.
    pub fn push(&self, notice: &Notice) {
        let mut counts = self.0.counts.get();
        counts.pushed += 1;
        let mut slow = Vec::new();
        let mut listeners = self.0.listeners.borrow_mut();
        if !listeners.is_empty() {
            let told = Told {
                id: counts.pushed,
                text: notice.json(counts.pushed, &(self.0.stamp)()).into(),
            };
            listeners.retain_mut(|seat| match seat.queue.try_send(told.clone()) {
                Ok(()) => {
                    counts.sent += 1;
                    true
                }
                Err(TrySendError::Full(_)) => {
                    counts.dropped += 1;
                    seat.queue.close();
                    slow.push(std::mem::replace(&mut seat.cut, Box::new(|| ())));
                    false
                }
                Err(TrySendError::Closed(_)) => false,
            });
        }
        drop(listeners);
        self.0.counts.set(counts);
        slow.iter().for_each(|cut| cut());
    }

    /// Begins to listen. `cut` is called when the listener is dropped because it was too slow.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn listen(&self, cut: impl Fn() + 'static) -> Result<Ear, Refusal> {
        if self.0.is_closed.get() {
            return Err(Refusal::Closed);
        }
        if self.listeners() >= MOST {
            return Err(Refusal::Full);
        }
        let (queue, notices) = async_channel::bounded(QUEUE);
        let key = self.0.next.replace(self.0.next.get().wrapping_add(1));
        let cut = Box::new(cut);
        let seat = Seat { key, queue, cut };
        self.0.listeners.borrow_mut().push(seat);
        Ok(Ear {
            notices,
            key,
            inner: self.0.clone(),
        })
    }

    /// A notice for one listener alone, numbered as the last one and dated now. `fields` is the inside of a JSON object.
    pub fn hello(&self, fields: &str) -> Told {
        let id = self.0.counts.get().pushed;
        let head = kind::head("hello", id, &(self.0.stamp)());
        Told {
            id,
            text: format!("{{{head},{fields}}}").into(),
        }
    }

    /// Ends all that listen; nobody can begin any more.
    pub fn close(&self) {
        self.0.is_closed.set(true);
        for seat in self.0.listeners.take() {
            seat.queue.close();
        }
    }

    /// How many listen.
    pub fn listeners(&self) -> usize {
        self.0.listeners.borrow().len()
    }

    /// What was counted.
    pub fn counts(&self) -> Counts {
        self.0.counts.get()
    }
}

/// What one listener hears: a stream of notices, whose end is the end of the program or its own.
pub type Queue = Receiver<Told>;

/// A listener's own end. Dropped, it listens no more.
pub struct Ear {
    notices: Queue,
    key: u32,
    inner: Rc<Inner>,
}

impl Ear {
    /// The notices in their order; no more come once the program stops or this listener was too slow.
    pub fn queue(&self) -> &Queue {
        &self.notices
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let mut listeners = self.inner.listeners.borrow_mut();
        listeners.retain(|seat| seat.key != self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notices() -> Notices {
        Notices::new(|| "2026-01-01T00:00:00Z".to_owned())
    }

    fn push(notices: &Notices) {
        notices.push(&Notice::GuideChanged {
            channels: Vec::new(),
            all: true,
        });
    }

    #[test]
    fn who_does_not_keep_up_is_dropped_and_the_others_go_on() {
        let notices = notices();
        let cuts = Rc::new(Cell::new(0));
        let count = cuts.clone();
        let slow = notices.listen(move || count.set(count.get() + 1)).unwrap();
        let fast = notices.listen(|| panic!("it was fast")).unwrap();
        for at in 1..=QUEUE as u64 + 5 {
            push(&notices);
            assert_eq!(fast.queue().try_recv().unwrap().id, at);
        }
        assert_eq!((cuts.get(), notices.listeners()), (1, 1));
        assert!(slow.queue().is_closed());
        let counts = notices.counts();
        assert_eq!((counts.pushed, counts.dropped), (QUEUE as u64 + 5, 1));
        assert_eq!(counts.sent, 2 * QUEUE as u64 + 5);
    }

    #[test]
    fn who_left_makes_room_and_more_than_the_most_are_refused() {
        let notices = notices();
        let mut ears: Vec<Ear> = (0..MOST).map(|_| notices.listen(|| ()).unwrap()).collect();
        assert_eq!(notices.listen(|| ()).err(), Some(Refusal::Full));
        drop(ears.pop());
        assert!(notices.listen(|| ()).is_ok());
    }

    #[test]
    fn a_stop_ends_all_and_lets_nobody_in() {
        let notices = notices();
        let ear = notices.listen(|| panic!("it was not slow")).unwrap();
        notices.close();
        push(&notices);
        assert!(ear.queue().is_closed() && ear.queue().is_empty());
        assert_eq!(notices.listen(|| ()).err(), Some(Refusal::Closed));
    }

    #[test]
    fn hello_has_the_number_of_the_last_notice() {
        let notices = notices();
        push(&notices);
        let hello = notices.hello("\"a\":1");
        let expected = r#"{"id":1,"type":"hello","time":"2026-01-01T00:00:00Z","a":1}"#;
        assert_eq!((hello.id, &*hello.text), (1, expected));
    }
}
