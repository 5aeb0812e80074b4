//! Component descriptors: picture, sound and subtitles (EN 300 468, table 26).

use crate::model::{Aspect, Details, Quality, Sound};

/// What one component descriptor says goes to `details`. Of several pictures the first tells the shape and the finest
/// the quality; of several sounds the best counts.
pub(super) fn read(descriptor: &[u8], details: &mut Details) {
    let &[content, kind, ..] = descriptor else {
        return;
    };
    let (extension, content) = (content >> 4, content & 0x0f);
    let (aspect, quality) = picture(content, extension, kind);
    details.aspect = details.aspect.or(aspect);
    details.quality = details.quality.max(quality);
    details.sound = details.sound.max(sound(content, extension, kind));
    details.has_subtitles |= match content {
        3 => matches!(kind, 0x01 | 0x10..=0x16 | 0x20..=0x26),
        9 => extension == 2,
        _ => false,
    };
}

fn picture(content: u8, extension: u8, kind: u8) -> (Option<Aspect>, Option<Quality>) {
    // MPEG-2 and H.264 count in fours: 4:3, 16:9 with and without pan vectors, wider; 25 and 30 Hz; then HD.
    let shape = match kind & 3 {
        1 => Aspect::Normal,
        _ => Aspect::Wide,
    };
    match (content, kind) {
        (1 | 5, 0x01..=0x08) => (Some(shape), Some(Quality::Sd)),
        (1 | 5, 0x09..=0x10) => (Some(shape), Some(Quality::Hd)),
        // Stereoscopic.
        (5, 0x80..=0x84) => (Some(Aspect::Wide), Some(Quality::Hd)),
        // HEVC and later: the shape comes in a descriptor of its own.
        (9, 0x00..=0x03) if extension == 0 => (None, Some(Quality::Hd)),
        (9, _) if extension == 0 => (None, Some(Quality::Uhd)),
        (0x0b, 0x00) if extension == 0x0f => (Some(Aspect::Normal), None),
        (0x0b, 0x01 | 0x02) if extension == 0x0f => (Some(Aspect::Wide), None),
        _ => (None, None),
    }
}

fn sound(content: u8, extension: u8, kind: u8) -> Option<Sound> {
    match (content, kind) {
        // MPEG-1 layer 2, HE-AAC.
        (2 | 6, 0x01 | 0x02) => Some(Sound::Mono),
        (2 | 6, 0x03) | (6, 0x43) => Some(Sound::Stereo),
        (2 | 6, 0x04 | 0x05) => Some(Sound::Surround),
        // AC-3 and DTS: the last three bits are the channels. Matrix sound is two.
        (4 | 7, _) => match kind & 7 {
            0 | 1 => Some(Sound::Mono),
            2 | 3 => Some(Sound::Stereo),
            4 | 5 => Some(Sound::Surround),
            _ => None,
        },
        // AC-4.
        (9, 0x00 | 0x01) if extension == 1 => Some(Sound::Mono),
        (9, 0x02 | 0x03) if extension == 1 => Some(Sound::Stereo),
        (9, 0x04 | 0x05) if extension == 1 => Some(Sound::Surround),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(descriptors: &[[u8; 2]]) -> Details {
        let mut details = Details::default();
        for [content, kind] in descriptors {
            read(&[*content, *kind, 0, b'd', b'e', b'u'], &mut details);
        }
        details
    }

    #[test]
    fn pictures_have_shape_and_quality() {
        use {Aspect::*, Quality::*};
        for (content, kind, aspect, quality) in [
            (0xf1, 0x01, Some(Normal), Some(Sd)),
            (0xf1, 0x03, Some(Wide), Some(Sd)),
            (0x01, 0x04, Some(Wide), Some(Sd)),
            (0xf1, 0x0b, Some(Wide), Some(Hd)),
            (0xf5, 0x05, Some(Normal), Some(Sd)),
            (0xf5, 0x0b, Some(Wide), Some(Hd)),
            (0x05, 0x0f, Some(Wide), Some(Hd)),
            (0x09, 0x01, None, Some(Hd)),
            (0x09, 0x05, None, Some(Uhd)),
            (0xfb, 0x01, Some(Wide), None),
            (0xf2, 0x03, None, None),
        ] {
            let details = of(&[[content, kind]]);
            assert_eq!(
                (details.aspect, details.quality),
                (aspect, quality),
                "{content:x} {kind:x}"
            );
        }
        let both = of(&[[0xf1, 0x03], [0x09, 0x05]]);
        assert_eq!((both.aspect, both.quality), (Some(Wide), Some(Uhd)));
    }

    #[test]
    fn the_best_sound_counts_and_any_subtitle() {
        for (descriptors, sound) in [
            (&[[0xf2, 0x01]][..], Some(Sound::Mono)),
            (&[[0xf2, 0x03], [0xf2, 0x01]], Some(Sound::Stereo)),
            (&[[0xf4, 0x42], [0xf4, 0x44]], Some(Sound::Surround)),
            (&[[0xf4, 0xc5]], Some(Sound::Surround)),
            (&[[0xf6, 0x05]], Some(Sound::Surround)),
            (&[[0x19, 0x02]], Some(Sound::Stereo)),
            (&[[0xf2, 0x40]], None),
        ] {
            assert_eq!(of(descriptors).sound, sound, "{descriptors:x?}");
        }
        assert!(of(&[[0xf3, 0x01]]).has_subtitles);
        assert!(of(&[[0xf3, 0x24]]).has_subtitles);
        assert!(!of(&[[0xf3, 0x02]]).has_subtitles);
    }
}
