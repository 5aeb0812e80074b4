//! What all connections of one simulated receiver share.

use super::answers::{answer, Answer, View, Viewer};
use super::clock::Clock;
use super::connections::Registry;
use super::faults::Faults;
use super::message::Message;
use super::query::Query;
use super::relay::Relay;
use super::session::Sessions;
use super::stats::Stats;
use super::stream_fault::StreamFaults;
use super::timers;
use super::tuners::Tuners;
use super::video::GROUP;
use super::world::World;
use super::Line;
use smol::lock::Mutex;
use smol::Timer;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

pub(super) struct State {
    pub(super) line: Line,
    pub(super) clock: Clock,
    /// Seconds since 1970.
    pub(super) started: i64,
    /// When its broadcasts began, as far as their clocks are concerned.
    pub(super) on_air: Instant,
    pub(super) stream_port: u16,
    pub(super) relay_port: u16,
    /// Packets of a stream in 40 ms.
    pub(super) rate: usize,
    pub(super) delay: Cell<Duration>,
    pub(super) world: RefCell<World>,
    pub(super) faults: RefCell<Faults>,
    pub(super) stats: RefCell<Stats>,
    pub(super) sessions: RefCell<Sessions>,
    pub(super) tuners: RefCell<Tuners>,
    /// The television's use of a tuner.
    pub(super) television: Cell<Option<u32>>,
    pub(super) timers: RefCell<Vec<timers::Timer>>,
    pub(super) connections: RefCell<Registry>,
    pub(super) stream_faults: RefCell<StreamFaults>,
    pub(super) relay: RefCell<Relay>,
    /// Whether port 8001 asks for the login.
    pub(super) stream_authentication: Cell<bool>,
    /// Writes its guide into a file.
    pub(super) save_guide: RefCell<Option<Rc<dyn Fn()>>>,
    /// What was shown on the screen, the last few.
    pub(super) messages: RefCell<VecDeque<Message>>,
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

    /// The number of the picture that is broadcast now, the first of its group.
    pub(super) fn picture(&self) -> u64 {
        let groups = self.on_air.elapsed().as_millis() / (40 * u128::from(GROUP));
        u64::try_from(groups).unwrap_or(0) * GROUP
    }

    pub(super) fn answer(&self, query: &Query, host: &str) -> Answer {
        self.run_timers();
        let answer = self.look(&self.world.borrow(), query, host);
        match query.path.as_str() {
            "/api/powerstate" => {
                let standby = self.world.borrow().standby;
                match query.number("newstate", -1) {
                    0 => self.set_standby(!standby),
                    4 => self.set_standby(false),
                    5 => self.set_standby(true),
                    _ => {}
                }
            }
            "/api/saveepg" => {
                let Some(save) = self.save_guide.borrow().clone() else {
                    return Answer::failure("there is no place to save it");
                };
                save();
                return Answer::json(|json| {
                    json.flag("result", true);
                    json.text("message", "");
                });
            }
            "/api/message" => {
                if let Ok(message) = Message::of(query, self.line) {
                    self.show(message);
                }
            }
            "/api/zap" => drop(self.zap(query.get("sRef").unwrap_or(""))),
            _ => {}
        }
        answer
    }

    /// The answer of a receiver that has nothing.
    pub(super) fn empty_answer(&self, query: &Query, host: &str) -> Answer {
        self.look(&World::default(), query, host)
    }

    fn look(&self, world: &World, query: &Query, host: &str) -> Answer {
        self.with_view(world, |view| answer(view, query, host))
    }

    /// Lets `tell` say something about the receiver as it is now.
    pub(super) fn with_view<T>(&self, world: &World, tell: impl FnOnce(&View) -> T) -> T {
        let now = self.clock.epoch();
        let tuners = self.tuners.borrow();
        let connections = self.connections.borrow();
        let viewers = connections.viewers().map(|open| Viewer {
            sref: &open.sref,
            ip: &open.ip,
            tuner: open.tuned.and_then(|tuned| tuners.tuner_of(tuned)),
        });
        tell(&View {
            line: self.line,
            world,
            now,
            uptime: now - self.started,
            stream_port: self.stream_port,
            relay_port: self.relay_port,
            stream_authentication: self.stream_authentication.get(),
            whitelist: &self.relay.borrow().whitelist,
            tuners: &tuners,
            timers: &self.timers.borrow(),
            viewers: &viewers.collect::<Vec<_>>(),
        })
    }
}

/// A request being answered.
pub(super) struct Visit<'a>(&'a State);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get() - 1);
    }
}
