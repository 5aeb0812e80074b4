//! Tunes a stream: from one source after the other, until packets come that can be read.

use std::time::{Duration, Instant};

use smol::future::or;
use smol::Timer;

use super::feed::Feed;
use super::inspect::Inspector;
use super::refusal::Refusal;
use super::source::Source;
use super::upstream::Upstream;
use super::Streams;

/// How long the receiver may need to take a tuner back.
const RELEASE: Duration = Duration::from_secs(3);
/// The pause before it is asked again.
const PAUSE: Duration = Duration::from_millis(100);
/// A player that zaps has left before it asks again, but that is seen with the next packets only.
const LEAVING: Duration = Duration::from_millis(500);

impl Feed {
    /// Tunes: from one source after the other, beginning with the one at `first`, until packets come that can be
    /// read. Also gives the source that it was.
    pub(super) async fn tune(
        &self,
        streams: &Streams,
        sources: &[Source],
        first: usize,
        inspector: &mut Inspector,
    ) -> Result<(Upstream, usize), Refusal> {
        let until = Instant::now() + streams.settings().tune_timeout;
        let mut refusal = None;
        for step in 0..sources.len() {
            let at = (first + step) % sources.len();
            let source = &sources[at];
            let late = async {
                Timer::at(until).await;
                Err(Refusal::NoData)
            };
            self.begins_to_tune();
            let found = match or(self.begin(streams, source, inspector), late).await {
                Ok(upstream) => {
                    self.set_source(source.label);
                    return Ok((upstream, at));
                }
                Err(found) => found,
            };
            log::debug!("{} from the {}: {found}", self.name, source.label);
            // The other port of the receiver has the same tuners; it may unscramble, and a relay may be off.
            let is_hopeful = found == Refusal::Scrambled || source.is_relay();
            // That it is scrambled says more than that the relay is off.
            if refusal != Some(Refusal::Scrambled) {
                refusal = Some(found);
            }
            if !is_hopeful {
                break;
            }
        }
        Err(refusal.unwrap_or(Refusal::NoData))
    }

    /// Opens a source. If the receiver has no tuner for it and another stream matters less, that one is given up; the
    /// receiver then needs a moment.
    async fn connect(&self, streams: &Streams, source: &Source) -> Result<Upstream, Refusal> {
        let leaving = Instant::now() + LEAVING;
        let made_room = streams.clear_the_way(self, leaving).await?;
        let mut until = made_room.then(|| Instant::now() + RELEASE);
        loop {
            let refusal = match Upstream::open(source).await {
                Err(refusal) if self.transponder.is_some() => refusal,
                opened => return opened,
            };
            if streams.make_room(self, leaving).await {
                until = Some(Instant::now() + RELEASE);
            } else if until.is_none_or(|until| Instant::now() >= until) {
                return Err(refusal);
            }
            Timer::after(PAUSE).await;
        }
    }

    /// Opens a source and receives until there are tables and a packet that can be read.
    async fn begin(
        &self,
        streams: &Streams,
        source: &Source,
        inspector: &mut Inspector,
    ) -> Result<Upstream, Refusal> {
        let mut upstream = self.connect(streams, source).await?;
        self.count(upstream.intake.bytes().len());
        // Another source, or another try, may have come so far that something was passed on.
        self.join_on(inspector);
        let patience = streams.settings().descramble_wait / 2;
        let mut scrambled_since = None;
        loop {
            loop {
                let tables = inspector.tables();
                let Some(mut packets) = upstream.intake.packets() else {
                    break;
                };
                let found = inspector.look(&mut packets);
                let is_scrambled = found.scrambled > 0 && found.clear == 0;
                packets.drain(..found.begin);
                if is_scrambled {
                    scrambled_since.get_or_insert_with(Instant::now);
                } else if !packets.is_empty() {
                    let start = match found.start {
                        Some((byte, tables)) => Some((byte - found.begin, tables)),
                        // What was left out as unreadable may have held the tables.
                        None if scrambled_since.is_some() => Some((0, tables)),
                        None if !self.has_start() => Some((0, Vec::new())),
                        None => None,
                    };
                    self.push(packets, start);
                    if inspector.knows_tables() && (found.clear > 0 || inspector.is_empty()) {
                        return Ok(upstream);
                    }
                }
            }
            let wait = async {
                match scrambled_since {
                    Some(since) => Timer::at(since + patience).await,
                    None => std::future::pending().await,
                };
                Err(Refusal::Scrambled)
            };
            let read = async {
                match upstream.read().await {
                    Ok(0) => Err(Refusal::TuneFailed("it ends at once".into())),
                    Ok(count) => Ok(count),
                    Err(error) => Err(Refusal::TuneFailed(error.to_string())),
                }
            };
            self.count(or(read, wait).await?);
        }
    }
}
