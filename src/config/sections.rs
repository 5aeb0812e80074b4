//! The sections of the file.

/// A `[section]` of the file.
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// What its keys are about.
    pub about: &'static str,
}

/// The sections in the order they are shown.
pub const SECTIONS: &[Section] = &[
    Section {
        name: "receiver",
        about: "The receiver (box) and how patiently it is asked.",
    },
    Section {
        name: "channels",
        about: "Which bouquets are offered.",
    },
    Section {
        name: "refresh",
        about: "How often the receiver is asked.",
    },
    Section {
        name: "guide",
        about: "The programme guide (EPG).",
    },
    Section {
        name: "stream",
        about: "What the stream links in the playlist point at.",
    },
    Section {
        name: "picons",
        about: "Channel logos.",
    },
    Section {
        name: "hdhomerun",
        about: "An HDHomeRun tuner for Plex, Jellyfin, Emby, Channels and others.",
    },
    Section {
        name: "server",
        about: "Where players reach this program.",
    },
    Section {
        name: "auth",
        about: "Who may ask.",
    },
    Section {
        name: "ratelimit",
        about: "How often a client may ask.",
    },
    Section {
        name: "files",
        about: "Where files are kept.",
    },
    Section {
        name: "log",
        about: "What is written to the log.",
    },
    Section {
        name: "audit",
        about: "Who did what, and whether it was allowed: a line of JSON each (AUDIT.md).",
    },
];
