//! The stream relay.

use super::ServiceRef;

/// What the softcam's stream relay is for: its port 17999 gives services unscrambled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relay {
    /// The services that come from it (`/etc/enigma2/whitelist_streamrelay`).
    pub services: Vec<ServiceRef>,
    /// Its port, if it is not the usual one: settings hold only what differs.
    pub port: Option<u16>,
}
