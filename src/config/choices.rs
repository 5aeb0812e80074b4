//! Values that are one of a few words.

use std::fmt;
use std::str::FromStr;

/// Where channels and guide come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiverSource {
    /// The receiver's own files if they are on this machine, otherwise OpenWebif.
    Auto,
    /// The receiver's own files.
    Disk,
    /// OpenWebif, over HTTP.
    OpenWebif,
}

/// What becomes of services under the receiver's parental control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locked {
    /// They are left out, and counted.
    Hide,
    /// They are offered as others are.
    Show,
}

/// How players get to the receiver's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The links point here, and the stream comes through this program.
    Proxy,
    /// The links point here, and a request is answered with the receiver's address (302).
    Redirect,
    /// The links point at the receiver.
    Direct,
}

impl ReceiverSource {
    /// All there are.
    pub const ALL: [ReceiverSource; 3] = [
        ReceiverSource::Auto,
        ReceiverSource::Disk,
        ReceiverSource::OpenWebif,
    ];
}

impl fmt::Display for ReceiverSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReceiverSource::Auto => "auto",
            ReceiverSource::Disk => "disk",
            ReceiverSource::OpenWebif => "openwebif",
        })
    }
}

impl FromStr for ReceiverSource {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut all = Self::ALL.into_iter();
        all.find(|one| one.to_string() == text).ok_or(())
    }
}

impl Mode {
    /// All there are.
    pub const ALL: [Mode; 3] = [Mode::Proxy, Mode::Redirect, Mode::Direct];
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Proxy => "proxy",
            Mode::Redirect => "redirect",
            Mode::Direct => "direct",
        })
    }
}

impl Locked {
    /// All there are.
    pub const ALL: [Locked; 2] = [Locked::Hide, Locked::Show];
}

impl fmt::Display for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Locked::Hide => "hide",
            Locked::Show => "show",
        })
    }
}

impl FromStr for Locked {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut all = Self::ALL.into_iter();
        all.find(|one| one.to_string() == text).ok_or(())
    }
}

impl FromStr for Mode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut all = Self::ALL.into_iter();
        all.find(|one| one.to_string() == text).ok_or(())
    }
}
