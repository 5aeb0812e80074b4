//! What the outputs call a channel.

use super::Channel;

/// What a playlist or a guide calls a channel. Both take it from here, so their ids agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The id: in a playlist the `tvg-id`, in a guide that of the channel and of its programmes.
    pub id: String,
    /// The number to show.
    pub number: u32,
    /// The id by which programmes are told apart: the same in all outputs, so that theirs are, too.
    pub own: String,
}

impl Label {
    /// The usual one, with the number of the receiver's screen.
    pub fn of(channel: &Channel) -> Label {
        Label {
            id: channel.id(),
            number: channel.number,
            own: channel.id(),
        }
    }

    /// That for HDHomeRun clients, who know a channel by its number (`GuideNumber`) alone.
    pub fn numbered(channel: &Channel, number: u32) -> Label {
        Label {
            id: number.to_string(),
            number,
            own: channel.id(),
        }
    }
}
