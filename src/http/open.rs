//! The open connections: what each is doing, and which of them may go.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Instant;

use async_channel::{Receiver, Sender};
use smol::Task;

use super::line::Caller;
use super::room::{Rooms, Seat};

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It waits for a request of which nothing has come; such a connection may be closed at any time.
    Idle,
    /// It waits for the rest of a request.
    Reading,
    /// It is being answered, and is left in peace.
    Answering,
}

/// What a connection is doing, and since when.
pub(super) struct Standing {
    now: Cell<(Phase, Instant)>,
    /// Nothing has ever come.
    is_untouched: Cell<bool>,
    /// Told when it may give up its place.
    changed: Sender<()>,
}

impl Standing {
    pub(super) fn enter(&self, phase: Phase) {
        let before = self.now.get().0;
        if before != phase {
            self.now.set((phase, Instant::now()));
        }
        if phase != Phase::Idle {
            self.is_untouched.set(false);
        }
        if before == Phase::Answering && phase != before {
            // A full channel already says it.
            let _ = self.changed.try_send(());
        }
    }

    fn waits_since(&self) -> Option<Instant> {
        let (phase, since) = self.now.get();
        (phase != Phase::Answering).then_some(since)
    }
}

/// A connection in the table.
pub(super) struct Entry {
    pub(super) caller: Caller,
    pub(super) standing: Rc<Standing>,
    pub(super) task: Task<()>,
    /// It is only told that there is no place for it.
    pub(super) is_turned_away: bool,
}

/// The open connections.
pub(super) struct Open {
    entries: RefCell<BTreeMap<u32, Entry>>,
    next: Cell<u32>,
    /// A message says that a connection ended, or waits for a request again.
    changed: (Sender<()>, Receiver<()>),
}

impl Default for Open {
    fn default() -> Self {
        Open {
            entries: RefCell::default(),
            next: Cell::new(0),
            changed: async_channel::bounded(1),
        }
    }
}

impl Open {
    /// A key that no other connection has.
    pub(super) fn next_key(&self) -> u32 {
        self.next.replace(self.next.get().wrapping_add(1))
    }

    /// The standing of one that gets a place. What has come already is read before it may be taken away again.
    pub(super) fn standing(&self, has_spoken: bool) -> Rc<Standing> {
        let phase = if has_spoken {
            Phase::Answering
        } else {
            Phase::Reading
        };
        Rc::new(Standing {
            now: Cell::new((phase, Instant::now())),
            is_untouched: Cell::new(true),
            changed: self.changed.0.clone(),
        })
    }

    pub(super) fn insert(&self, key: u32, entry: Entry) {
        self.entries.borrow_mut().insert(key, entry);
    }

    /// How many are being told that there is no place for them.
    pub(super) fn turned_away(&self) -> usize {
        let entries = self.entries.borrow();
        entries.values().filter(|one| one.is_turned_away).count()
    }

    /// Who has how many of `total` places.
    pub(super) fn rooms(&self, total: usize) -> Rooms {
        let entries = self.entries.borrow();
        let counted = entries.iter().filter(|(_, one)| !one.is_turned_away);
        let seats = counted.map(|(key, one)| Seat {
            key: *key,
            client: one.caller.client,
            waits_since: one.standing.waits_since(),
        });
        Rooms::new(seats, total)
    }

    /// Takes a place away. Whoever has not sent anything on it yet has lost nothing but the place, and is given back;
    /// any other connection is closed.
    pub(super) fn shed(&self, key: u32) -> Option<Caller> {
        // Its task ends at the executor's next turn.
        let shed = self.entries.borrow_mut().remove(&key)?;
        shed.standing.is_untouched.get().then_some(shed.caller)
    }

    /// Waits until a connection ends or may give up its place.
    pub(super) async fn changed(&self) {
        // Fails only without a sender, and we have one.
        let _ = self.changed.1.recv().await;
    }

    /// Says that there is something new.
    pub(super) fn change(&self) {
        // A full channel already says it.
        let _ = self.changed.0.try_send(());
    }

    /// Forgets a connection from within its own task.
    pub(super) fn ended(&self, key: u32) {
        if let Some(entry) = self.entries.borrow_mut().remove(&key) {
            entry.task.detach();
        }
        self.change();
    }

    pub(super) fn close_idle(&self) {
        let entries = self.entries.borrow();
        let idle = |one: &&Entry| one.standing.now.get().0 == Phase::Idle;
        for entry in entries.values().filter(idle) {
            // Fails only if the client was faster.
            let _ = entry.caller.stream.get_ref().shutdown(Shutdown::Both);
        }
    }

    /// Cuts every connection. Tells how many there were.
    pub(super) fn cut(&self) -> usize {
        // Taken out first: a cancelled task must not find the table borrowed.
        self.entries.take().len()
    }

    pub(super) async fn all_ended(&self) {
        while !self.entries.borrow().is_empty() {
            self.changed().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_counts_from_its_last_change() {
        let open = Open::default();
        let standing = open.standing(false);
        let first = standing.waits_since();
        standing.enter(Phase::Reading);
        assert_eq!(standing.waits_since(), first);
        standing.enter(Phase::Answering);
        assert_eq!(standing.waits_since(), None);
        standing.enter(Phase::Idle);
        assert!(standing.waits_since() >= first);
    }

    #[test]
    fn the_end_of_an_answer_is_told_and_nothing_else() {
        let open = Open::default();
        let told = || open.changed.1.try_recv().is_ok();
        let standing = open.standing(false);
        for phase in [Phase::Idle, Phase::Reading, Phase::Answering] {
            standing.enter(phase);
            assert!(!told(), "{phase:?}");
        }
        standing.enter(Phase::Idle);
        assert!(told());
    }

    #[test]
    fn a_standing_is_untouched_until_something_has_come() {
        let open = Open::default();
        let standing = open.standing(false);
        standing.enter(Phase::Idle);
        assert!(standing.is_untouched.get());
        standing.enter(Phase::Reading);
        standing.enter(Phase::Idle);
        assert!(!standing.is_untouched.get());
        assert_eq!(open.standing(true).waits_since(), None);
    }
}
