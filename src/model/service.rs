//! What a channel list says about a service besides its name: hints, not proof.

use super::{Quality, ServiceRef};

/// What the receiver found out when it last scanned or tuned a service. The web interface does not tell it; its own
/// list of services does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Service {
    /// Who broadcasts it, as broadcast: one clean line, often empty.
    pub provider: Box<str>,
    /// Whether it was seen to be scrambled.
    pub is_scrambled: bool,
    /// The coding of its pictures, if it was ever tuned.
    pub codec: Option<Codec>,
}

/// How pictures are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// MPEG-2 video.
    Mpeg2,
    /// H.264, also called AVC.
    H264,
    /// H.265, also called HEVC.
    Hevc,
}

impl Codec {
    /// `mpeg2`, `h264` or `hevc`.
    pub fn as_str(self) -> &'static str {
        match self {
            Codec::Mpeg2 => "mpeg2",
            Codec::H264 => "h264",
            Codec::Hevc => "hevc",
        }
    }
}

impl ServiceRef {
    /// How fine the pictures are, as far as the service type tells (EN 300 468, table 87). Many lists carry type 1 for
    /// everything, so that tells nothing.
    pub fn quality(&self) -> Option<Quality> {
        match self.service_type() {
            0x16 => Some(Quality::Sd),
            0x11 | 0x19 => Some(Quality::Hd),
            0x1f | 0x20 => Some(Quality::Uhd),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_types_that_are_set_for_a_reason_tell_the_quality() {
        let quality = |kind: u32| ServiceRef::dvb(kind, 1, 2, 3, 0xc0_0000).quality();
        assert_eq!(quality(0x1f), Some(Quality::Uhd));
        assert_eq!(quality(0x20), Some(Quality::Uhd));
        assert_eq!(quality(0x19), Some(Quality::Hd));
        assert_eq!(quality(0x16), Some(Quality::Sd));
        assert_eq!((quality(1), quality(2)), (None, None));
    }
}
