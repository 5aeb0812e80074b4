//! Every route of the running program, asked over sockets.

mod playlists;

/// The references of some of the demo's services, as they stand in addresses.
const FIRST: &str = "1-0-19-2B01-3E9-1-C00000-0-0-0";
const FIRST_SERVICE: &str = "1:0:19:2B01:3E9:1:C00000:0:0:0:";
