//! Every route of the running program, asked over sockets.

mod api;
mod errors;
mod guide;
mod lists;
mod logos;
mod playlists;
mod plex;
mod streams;

/// The first service of the demo, as the receiver and as addresses name it.
const FIRST_SERVICE: &str = "1:0:19:2B01:3E9:1:C00000:0:0:0:";
const FIRST: &str = "1-0-19-2B01-3E9-1-C00000-0-0-0";
