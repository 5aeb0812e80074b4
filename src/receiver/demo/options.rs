//! What to simulate.

use super::clock::Clock;
use super::world::World;
use super::{scale, showcase};
use std::time::Duration;

/// The tuners of a receiver, if nobody says otherwise.
const TUNERS: usize = 8;

/// Which line of OpenWebif to imitate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Line {
    /// 1.5.2 (E2OpenPlugins).
    V1,
    /// 2.4.0 (OE-Alliance).
    #[default]
    V2,
}

/// A port that streams come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Port {
    /// Enigma2's own, 8001 on a real receiver.
    Streams,
    /// The softcam's stream relay, 17999 on a real receiver.
    Relay,
}

/// What to simulate. With `services`, `bouquets` or `events_per_service` set it is a world of that size instead of the showcase.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The line of OpenWebif.
    pub line: Line,
    /// Port of the web interface; 0 takes a free one.
    pub port: u16,
    /// Port of the streams; 0 takes a free one.
    pub stream_port: u16,
    /// Port of the stream relay; 0 takes a free one.
    pub relay_port: u16,
    /// Number of tuners; 0 takes 8, as many as a usual FBC tuner has. The television holds one of them.
    pub tuners: usize,
    /// Rate of a stream in Mbit/s; 1.5 at the least.
    pub rate: u32,
    /// References of the services for the stream relay; without any it is one of the showcase.
    pub relay: Vec<String>,
    /// Whether the stream port asks for the login, too.
    pub stream_authentication: bool,
    /// Number of services (default 500).
    pub services: Option<usize>,
    /// Number of bouquets (default 10).
    pub bouquets: Option<usize>,
    /// Events of each service (default 200).
    pub events_per_service: Option<usize>,
    /// User and password, asked of everybody, also on loopback.
    pub login: Option<(String, String)>,
    /// Pause before each answer.
    pub delay: Duration,
    /// Where time comes from.
    pub clock: Clock,
}

impl Options {
    pub(super) fn world(&self, stream_port: u16, now: i64) -> World {
        let sizes = [self.services, self.bouquets, self.events_per_service];
        if sizes.iter().all(Option::is_none) {
            return showcase::world(stream_port);
        }
        let [services, bouquets, events] = sizes;
        scale::world(
            services.unwrap_or(500),
            bouquets.unwrap_or(10),
            events.unwrap_or(200),
            now,
        )
    }

    pub(super) fn tuners(&self) -> usize {
        match self.tuners {
            0 => TUNERS,
            tuners => tuners,
        }
    }
}
