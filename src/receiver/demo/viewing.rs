//! What is watched and recorded at home, and what that does to the streams.

use super::connections::Connections;
use super::relay::Clear;
use super::state::State;
use super::status::running_title;
use super::stream_fault::StreamFault;
use super::timers::{Stage, Timer};
use super::tuners::Use;
use super::{Port, Receiver};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Seconds of a recording without a given end.
const RECORDING: i64 = 3_600;

impl Receiver {
    /// Puts a service on the television, which takes the tuner of a stream if there is no other;
    /// `false` if the service is unknown or all tuners record.
    pub fn zap_tv(&self, sref: &str) -> bool {
        self.state().zap(sref)
    }

    /// Has `save` called when the receiver is asked to write its guide into a file. Without it the receiver says that it
    /// cannot.
    pub fn on_save_guide(&self, save: impl Fn() + 'static) {
        *self.state().save_guide.borrow_mut() = Some(Rc::new(save));
    }

    /// Switches the receiver to standby, in which the television needs no tuner, or wakes it.
    pub fn set_standby(&self, standby: bool) {
        self.state().set_standby(standby);
    }

    /// Records a service from now on, as a timer does; `false` if it is unknown or there is no tuner for it.
    pub fn start_recording(&self, sref: &str) -> bool {
        let now = self.now();
        self.add_timer(sref, now, now + RECORDING)
            && self.state().timers.borrow().last().map(|timer| timer.stage) == Some(Stage::Running)
    }

    /// Ends and forgets the recordings of a service; `false` if there is none.
    pub fn stop_recording(&self, sref: &str) -> bool {
        let mut timers = self.state().timers.borrow_mut();
        let before = timers.len();
        timers.retain(|timer| {
            let ends = timer.sref == sref && timer.stage == Stage::Running;
            if let Some(tuned) = timer.tuned.filter(|_| ends) {
                self.state().tuners.borrow_mut().release(tuned);
            }
            !ends
        });
        timers.len() < before
    }

    /// Adds a timer with a begin and an end in seconds since 1970; `false` if the service is unknown.
    /// It records when the receiver's clock says so, for which it takes the tuner of a stream if need be.
    pub fn add_timer(&self, sref: &str, begin: i64, end: i64) -> bool {
        let state = self.state();
        let known = state.world.borrow().service(sref).map(|e| e.name.clone());
        let Some(service) = known else {
            return false;
        };
        let title = state.with_view(&state.world.borrow(), |view| running_title(view, sref));
        state.timers.borrow_mut().push(Timer {
            sref: sref.to_owned(),
            service,
            title,
            begin,
            end,
            stage: Stage::Waiting,
            tuned: None,
        });
        state.run_timers();
        true
    }

    /// What each tuner is used for, with the references of the services; the oldest use first.
    pub fn tuners(&self) -> Vec<Vec<(Use, String)>> {
        let tuners = self.state().tuners.borrow();
        let users = |tuner| {
            let users = tuners.on(tuner);
            users
                .map(|user| (user.purpose, user.sref.clone()))
                .collect()
        };
        (0..tuners.count()).map(users).collect()
    }

    /// The connections to the stream ports by what was asked for: a reference, or the path of a far end without
    /// its first slash. [`Receiver::reset_stats`] sets the sums to zero.
    pub fn stream_connections(&self) -> BTreeMap<String, Connections> {
        self.state().connections.borrow().counts()
    }

    /// Ends all connections to the stream ports now.
    pub fn cut_streams(&self) {
        self.state().connections.borrow().end_all();
    }

    /// Lets all streams be silent, or go on. What would have been sent meanwhile is lost.
    pub fn set_stalled(&self, stalled: bool) {
        self.state().connections.borrow_mut().stalled = stalled;
    }

    /// Lets the streams of a service (or of a path such as `live/reise.ts`; `None` for all) fail, `times` times or
    /// for ever; a fault of `None` ends it. Streams on their way are not touched.
    pub fn set_stream_fault(
        &self,
        service: Option<&str>,
        fault: impl Into<Option<StreamFault>>,
        times: Option<u32>,
    ) {
        self.state()
            .stream_faults
            .borrow_mut()
            .set(service, fault.into(), times);
    }

    /// Says on which port a service comes clear, whatever the list of the relay says.
    pub fn set_clear(&self, sref: &str, clear: Clear) {
        self.state().relay.borrow_mut().set(sref, clear);
    }

    /// Replaces the list of services that are for the stream relay (`/etc/enigma2/whitelist_streamrelay`).
    pub fn set_relayed(&self, whitelist: Vec<String>) {
        self.state().relay.borrow_mut().whitelist = whitelist;
    }

    /// Whether port 8001 asks for the login (`config.streaming.authentication`). The relay never does.
    pub fn set_stream_authentication(&self, wanted: bool) {
        self.state().stream_authentication.set(wanted);
    }

    /// Opens or closes a stream port. A closed one refuses, and its connections end.
    pub fn set_port_open(&self, port: Port, open: bool) {
        self.0.open_stream_port(port, open);
    }
}

impl State {
    pub(super) fn zap(&self, sref: &str) -> bool {
        let before = {
            let mut world = self.world.borrow_mut();
            if world.service(sref).is_none() {
                return false;
            }
            world.television.replace(sref.to_owned())
        };
        let done = self.follow_television();
        if !done {
            self.world.borrow_mut().television = before;
            self.follow_television();
        }
        done
    }

    pub(super) fn set_standby(&self, standby: bool) {
        self.world.borrow_mut().standby = standby;
        self.follow_television();
    }

    /// Gives the television the tuner it needs now; `false` if it cannot have one.
    pub(super) fn follow_television(&self) -> bool {
        if let Some(tuned) = self.television.take() {
            self.tuners.borrow_mut().release(tuned);
        }
        let wanted = self.world.borrow().current().map(|e| e.sref.clone());
        let Some(sref) = wanted else {
            return true;
        };
        let tuned = self.tune(Use::Television, &sref);
        self.television.set(tuned);
        tuned.is_some()
    }

    /// Starts and ends timers as the clock says. One without a tuner tries again each time.
    pub(super) fn run_timers(&self) {
        let now = self.clock.epoch();
        for timer in self.timers.borrow_mut().iter_mut() {
            if timer.stage == Stage::Waiting && (timer.begin..timer.end).contains(&now) {
                timer.tuned = self.tune(Use::Recording, &timer.sref);
                if timer.tuned.is_some() {
                    timer.stage = Stage::Running;
                }
            } else if timer.stage != Stage::Ended && now >= timer.end {
                timer.stage = Stage::Ended;
                if let Some(tuned) = timer.tuned.take() {
                    self.tuners.borrow_mut().release(tuned);
                }
            }
        }
    }

    /// Tunes for a connection of a stream port; `false` without a free tuner.
    pub(super) fn tune_stream(&self, connection: u32, sref: &str) -> bool {
        let Some(tuned) = self.tune(Use::Stream, sref) else {
            return false;
        };
        self.connections.borrow_mut().tuned(connection, tuned);
        true
    }

    /// Forgets a connection of a stream port and frees its tuner.
    pub(super) fn leave(&self, connection: u32) {
        let tuned = self.connections.borrow_mut().leave(connection);
        if let Some(tuned) = tuned {
            self.tuners.borrow_mut().release(tuned);
        }
    }

    /// A use of a tuner; streams that lose theirs are ended.
    fn tune(&self, purpose: Use, sref: &str) -> Option<u32> {
        let tuned = self.tuners.borrow_mut().tune(purpose, sref)?;
        self.connections.borrow_mut().end(&tuned.displaced);
        Some(tuned.id)
    }
}
