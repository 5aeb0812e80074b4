//! A guide event.

use super::{Details, ServiceRef};

/// What enigma2 files events under: service id, transport stream id, original network id. Namespace, type and flags
/// do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EpgKey(pub [u32; 3]);

impl EpgKey {
    /// The key of a service.
    pub fn of(service: &ServiceRef) -> EpgKey {
        EpgKey(service.triple())
    }

    /// The slot that all URL services without ids of their own share.
    pub fn is_shared_slot(&self) -> bool {
        self.0 == [0; 3]
    }
}

/// One event of the guide. Texts are clean: unescaped, no controls but line breaks in `description`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The event id of the broadcast, unique within its service for a while.
    pub id: u32,
    /// Seconds since 1970, UTC.
    pub start: u32,
    /// Seconds.
    pub duration: u32,
    /// Never empty.
    pub title: String,
    /// The short text, often empty.
    pub summary: String,
    /// The long text, often empty.
    pub description: String,
    /// Content nibbles of EN 300 468: level 1 in the high half, level 2 in the low; 0 if not given.
    pub genre: u8,
    /// What else the broadcast says; `None` where nobody told.
    pub details: Option<Box<Details>>,
}

impl Event {
    /// 2000-01-01 in seconds since 1970: an earlier event is from a receiver that does not know the time.
    pub const EARLIEST: u32 = 946_684_800;

    /// The end in seconds since 1970.
    pub fn stop(&self) -> u32 {
        self.start.saturating_add(self.duration)
    }
}
