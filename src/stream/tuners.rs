//! Who has which tuner: counted from what the receiver does for itself and from our streams. Pure.
//!
//! Counted is what is certain: a receiver may have fewer tuners for a service than there are (other kinds, one cable
//! for two). Then it refuses, and room is made when it does.

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use crate::model::{ServiceRef, Situation, Transponder};

/// What a service is received for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The receiver's own screen.
    Television,
    /// A recording of the receiver.
    Recording,
    /// A recording or a switch of the screen that begins within a minute.
    Timer,
    /// One of our streams.
    Stream,
}

impl Purpose {
    /// As the API names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Television => "television",
            Purpose::Recording => "recording",
            Purpose::Timer => "timer",
            Purpose::Stream => "stream",
        }
    }
}

/// Who reads a stream: the more it matters, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Nobody any more.
    Nobody,
    /// Recorders and scanners only.
    Recorders,
    /// Viewers.
    Viewers,
}

/// A service that is received.
#[derive(Clone, Debug)]
pub struct Use {
    /// What for.
    pub purpose: Purpose,
    /// The service.
    pub service: ServiceRef,
    /// Readers of our stream.
    pub readers: usize,
    /// Who they are; whatever is no stream of ours is there for viewers.
    pub audience: Audience,
    pub(super) since: Instant,
}

/// A transponder that holds a tuner, and what for.
#[derive(Clone, Debug)]
pub struct Held {
    /// The transponder.
    pub transponder: Transponder,
    /// What for; never empty.
    pub uses: Vec<Use>,
}

/// The tuners.
#[derive(Clone, Debug)]
pub struct Tuners {
    /// How many there are; `None` if that is not known.
    pub total: Option<usize>,
    /// Those that are held.
    pub held: Vec<Held>,
    /// Whether what the receiver does for itself is known.
    is_complete: bool,
}

impl Held {
    /// Whether the receiver needs it for itself: giving up our streams on it frees nothing.
    fn is_own(&self) -> bool {
        self.uses.iter().any(|one| one.purpose != Purpose::Stream)
    }

    /// Whether it is not needed yet, but for a timer.
    fn is_promised(&self) -> bool {
        self.uses.iter().all(|one| one.purpose == Purpose::Timer)
    }

    /// Who reads our streams of it.
    pub(super) fn audience(&self) -> Audience {
        let audiences = self.uses.iter().map(|one| one.audience);
        audiences.max().unwrap_or(Audience::Nobody)
    }

    /// What matters less is smaller: nobody reads it, recorders only, fewer readers, younger.
    fn weight(&self) -> (Audience, usize, Reverse<Option<Instant>>) {
        let readers = self.uses.iter().map(|one| one.readers).sum();
        let since = self.uses.iter().map(|one| one.since).min();
        (self.audience(), readers, Reverse(since))
    }
}

impl Tuners {
    /// Counts. Timers that begin within `ahead` of `now` (seconds since 1970) have their tuner already.
    pub(super) fn count(
        total: Option<usize>,
        situation: Option<&Situation>,
        streams: impl IntoIterator<Item = Use>,
        now: u64,
        ahead: Duration,
    ) -> Tuners {
        let own = situation.map_or(Vec::new(), |situation| own_uses(situation, now, ahead));
        let mut held: Vec<Held> = Vec::new();
        for one in own.into_iter().chain(streams) {
            let Some(transponder) = Transponder::of(&one.service) else {
                continue;
            };
            match held.iter_mut().find(|held| held.transponder == transponder) {
                Some(held) => held.uses.push(one),
                None => held.push(Held {
                    transponder,
                    uses: vec![one],
                }),
            }
        }
        Tuners {
            total,
            held,
            is_complete: situation.is_some(),
        }
    }

    /// How many are free; `None` if that is not known.
    pub fn free(&self) -> Option<usize> {
        let total = self.total.filter(|_| self.is_complete)?;
        Some(total.saturating_sub(self.held.len()))
    }

    /// Whether there is certainly none for a transponder.
    pub(super) fn lacks(&self, transponder: Transponder) -> bool {
        let is_held = self.held.iter().any(|held| held.transponder == transponder);
        !is_held && self.total.is_some_and(|total| self.held.len() >= total)
    }

    /// Whether the receiver has one for itself.
    pub(super) fn has_own(&self) -> bool {
        self.held.iter().any(Held::is_own)
    }

    /// Tuners that timers need soon and that are not there.
    pub(super) fn lacking_for_timers(&self) -> usize {
        let promised = self.held.iter().filter(|held| held.is_promised()).count();
        let total = self.total.unwrap_or(usize::MAX);
        self.held.len().saturating_sub(total).min(promised)
    }

    /// The tuner that matters least of those that only our streams hold and that is not for `spared`.
    pub(super) fn least(&self, spared: Option<Transponder>) -> Option<&Held> {
        let ours = self
            .held
            .iter()
            .filter(|held| !held.is_own() && Some(held.transponder) != spared);
        ours.min_by_key(|held| held.weight())
    }
}

/// What the receiver needs for itself.
fn own_uses(situation: &Situation, now: u64, ahead: Duration) -> Vec<Use> {
    let use_for = |purpose, service: &ServiceRef| Use {
        purpose,
        service: service.clone(),
        readers: 0,
        audience: Audience::Viewers,
        since: Instant::now(),
    };
    let soon = situation.timers.iter().filter(|timer| {
        timer.begin <= now + ahead.as_secs() && now < timer.end.max(timer.begin + 1)
    });
    let (mut television, mut uses) = (situation.television.as_ref(), Vec::new());
    for timer in soon {
        uses.push(use_for(Purpose::Timer, &timer.service));
        if timer.is_zap {
            // The screen leaves its tuner for it.
            television = None;
        }
    }
    let recordings = situation.recordings.iter();
    uses.extend(recordings.map(|service| use_for(Purpose::Recording, service)));
    uses.extend(television.map(|service| use_for(Purpose::Television, service)));
    uses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Planned;

    const NOW: u64 = 1_800_000_000;
    const MINUTE: Duration = Duration::from_secs(60);

    fn service(transponder: u32, sid: u32) -> ServiceRef {
        ServiceRef::dvb(0x19, sid, transponder, 1, 0xC0_0000)
    }

    fn stream(transponder: u32, audience: Audience, readers: usize, age: u64) -> Use {
        Use {
            purpose: Purpose::Stream,
            service: service(transponder, readers as u32),
            readers,
            audience,
            since: Instant::now() - Duration::from_secs(age),
        }
    }

    fn timer(transponder: u32, begin: u64, is_zap: bool) -> Planned {
        Planned {
            service: service(transponder, 1),
            begin,
            end: begin + 600,
            is_zap,
        }
    }

    fn count(total: usize, situation: &Situation, streams: Vec<Use>) -> Tuners {
        Tuners::count(Some(total), Some(situation), streams, NOW, MINUTE)
    }

    fn at(transponder: u32) -> Transponder {
        Transponder::of(&service(transponder, 1)).unwrap()
    }

    #[test]
    fn services_of_a_transponder_share_a_tuner_and_urls_need_none() {
        let url = ServiceRef::parse("4097:0:1:1:0:0:0:0:0:0:http%3a//h/x.ts:N").unwrap();
        let situation = Situation {
            television: Some(service(1, 7)),
            recordings: vec![service(1, 8), service(2, 9), url],
            ..Situation::default()
        };
        let tuners = count(3, &situation, vec![stream(2, Audience::Viewers, 1, 0)]);
        assert_eq!((tuners.held.len(), tuners.free()), (2, Some(1)));
        let tuners = count(2, &situation, vec![]);
        assert!(tuners.lacks(at(3)) && !tuners.lacks(at(2)));
        assert!(tuners.has_own());
    }

    #[test]
    fn what_is_not_known_is_not_lacking() {
        let streams = || vec![stream(1, Audience::Viewers, 1, 0)];
        let unknown = Tuners::count(None, None, streams(), NOW, MINUTE);
        assert_eq!((unknown.free(), unknown.lacks(at(2))), (None, false));
        let half = Tuners::count(Some(1), None, streams(), NOW, MINUTE);
        assert_eq!((half.free(), half.lacks(at(2))), (None, true));
    }

    #[test]
    fn least_is_what_nobody_reads_then_what_is_recorded_then_few_readers_then_the_youngest() {
        use Audience::{Nobody, Recorders, Viewers};
        let mut streams = vec![
            stream(1, Viewers, 1, 9),
            stream(2, Viewers, 1, 5),
            stream(3, Viewers, 2, 1),
            stream(4, Recorders, 3, 20),
            stream(5, Nobody, 0, 30),
            // Shares with a viewer.
            stream(1, Nobody, 0, 1),
        ];
        let situation = Situation::default();
        let mut order = Vec::new();
        while let Some(least) = count(6, &situation, streams.clone()).least(None) {
            order.push(least.transponder);
            streams.retain(|one| Transponder::of(&one.service) != Some(least.transponder));
        }
        assert_eq!(order, [5, 4, 2, 1, 3].map(at));
        let one = vec![stream(1, Nobody, 0, 1)];
        assert!(count(1, &situation, one).least(Some(at(1))).is_none());
    }

    #[test]
    fn what_the_receiver_shares_is_never_given_up() {
        let situation = Situation {
            television: Some(service(1, 7)),
            ..Situation::default()
        };
        let tuners = count(1, &situation, vec![stream(1, Audience::Nobody, 0, 0)]);
        assert!(tuners.least(None).is_none());
    }

    #[test]
    fn a_timer_holds_its_tuner_a_minute_ahead_and_for_its_time() {
        for (begin, expected) in [(NOW + 61, 0), (NOW + 60, 1), (NOW - 599, 1), (NOW - 600, 0)] {
            let situation = Situation {
                timers: vec![timer(2, begin, false)],
                ..Situation::default()
            };
            let tuners = count(1, &situation, vec![stream(1, Audience::Viewers, 1, 0)]);
            assert_eq!(tuners.lacking_for_timers(), expected, "{begin}");
            let shared = count(1, &situation, vec![stream(2, Audience::Viewers, 1, 0)]);
            assert_eq!(shared.lacking_for_timers(), 0, "its transponder is there");
        }
    }

    #[test]
    fn a_timer_that_switches_over_takes_the_tuner_of_the_screen() {
        let situation = |is_zap| Situation {
            television: Some(service(1, 7)),
            timers: vec![timer(2, NOW + 30, is_zap)],
            ..Situation::default()
        };
        let lacking = |is_zap| {
            let streams = vec![stream(3, Audience::Viewers, 1, 0)];
            count(2, &situation(is_zap), streams).lacking_for_timers()
        };
        assert_eq!((lacking(false), lacking(true)), (1, 0));
    }
}
