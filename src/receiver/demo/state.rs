//! What all connections of one simulated receiver share.

use super::answers::{answer, Answer, View};
use super::clock::Clock;
use super::faults::Faults;
use super::query::Query;
use super::session::Sessions;
use super::stats::Stats;
use super::world::World;
use super::Line;
use smol::lock::Mutex;
use smol::Timer;
use std::cell::{Cell, RefCell};
use std::time::Duration;

pub(super) struct State {
    pub(super) line: Line,
    pub(super) clock: Clock,
    /// Seconds since 1970.
    pub(super) started: i64,
    pub(super) stream_port: u16,
    pub(super) delay: Cell<Duration>,
    pub(super) world: RefCell<World>,
    pub(super) faults: RefCell<Faults>,
    pub(super) stats: RefCell<Stats>,
    pub(super) sessions: RefCell<Sessions>,
    /// The references being streamed, with the address of the viewer.
    pub(super) viewers: RefCell<Vec<(String, String)>>,
    /// Requests being answered.
    pub(super) busy: Cell<u32>,
    /// A receiver works on one request at a time; the others wait.
    pub(super) turn: Mutex<()>,
}

impl State {
    /// Counts a request for as long as it is being answered.
    pub(super) fn enter(&self, path: &str) -> Visit<'_> {
        let mut stats = self.stats.borrow_mut();
        stats.count_call(path);
        stats.overlapping += u64::from(self.busy.get() > 0);
        self.busy.set(self.busy.get() + 1);
        Visit(self)
    }

    /// Takes the time that answers are told to take, one request after the other.
    pub(super) async fn work(&self) {
        if !self.delay.get().is_zero() {
            let _turn = self.turn.lock().await;
            Timer::after(self.delay.get()).await;
        }
    }

    pub(super) fn answer(&self, query: &Query, host: &str) -> Answer {
        let answer = self.look(&self.world.borrow(), query, host);
        if query.path == "/api/powerstate" {
            let mut world = self.world.borrow_mut();
            world.standby = match query.number("newstate", -1) {
                0 => !world.standby,
                4 => false,
                5 => true,
                _ => world.standby,
            };
        }
        answer
    }

    /// The answer of a receiver that has nothing.
    pub(super) fn empty_answer(&self, query: &Query, host: &str) -> Answer {
        self.look(&World::default(), query, host)
    }

    fn look(&self, world: &World, query: &Query, host: &str) -> Answer {
        let now = self.clock.epoch();
        let view = View {
            line: self.line,
            world,
            now,
            uptime: now - self.started,
            stream_port: self.stream_port,
            viewers: &self.viewers.borrow(),
        };
        answer(&view, query, host)
    }
}

/// A request being answered.
pub(super) struct Visit<'a>(&'a State);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get() - 1);
    }
}
