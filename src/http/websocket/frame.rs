//! Frames of WebSockets (RFC 6455 section 5): what a client sends is judged, of what it says only control frames count.

/// The longest message a client may send (bytes); nothing of it is looked at.
const MOST: usize = 4096;
/// The longest payload of a control frame (bytes).
const MOST_CONTROL: u64 = 125;

/// Codes of close frames (RFC 6455 section 7.4.1).
pub(super) mod close {
    /// The program stops.
    pub(in crate::http::websocket) const GOING_AWAY: u16 = 1001;
    /// The client breaks the protocol.
    pub(super) const PROTOCOL: u16 = 1002;
    /// It says that something is text which is not.
    pub(super) const NO_TEXT: u16 = 1007;
    /// It sends more than we take.
    pub(super) const TOO_BIG: u16 = 1009;
}

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// What a client said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing that asks for anything: a message or a part of one, a pong.
    Nothing,
    /// A ping, to be answered with this.
    Ping(Vec<u8>),
    /// It closes, perhaps with a code.
    Close(Option<u16>),
}

/// Reads a client's frames.
#[derive(Default)]
pub(super) struct Reader {
    /// Bytes of the message whose last frame has not come yet.
    message: Option<usize>,
}

impl Reader {
    /// The first frame of `bytes`, taken out of it; `None` while it is not whole. A frame that cannot be right is refused
    /// before all of it is there.
    ///
    /// # Errors
    /// The code to close with.
    pub(super) fn next(&mut self, bytes: &mut Vec<u8>) -> Result<Option<Said>, u16> {
        let &[first, second, ..] = &bytes[..] else {
            return Ok(None);
        };
        let (is_last, opcode) = (first & 0x80 != 0, first & 0x0F);
        let (is_masked, short) = (second & 0x80 != 0, second & 0x7F);
        let is_control = opcode & 0x8 != 0;
        let is_known = matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG);
        let continues = opcode == CONTINUATION;
        if first & 0x70 != 0
            || !is_known
            || !is_masked
            || (is_control && (!is_last || u64::from(short) > MOST_CONTROL))
            || (!is_control && continues != self.message.is_some())
        {
            return Err(close::PROTOCOL);
        }
        let Some((length, at)) = length(short, &bytes[2..])? else {
            return Ok(None);
        };
        let begun = self.message.unwrap_or(0);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !is_control && length > MOST - begun {
            return Err(close::TOO_BIG);
        }
        let (mask, payload) = (2 + at, 2 + at + 4);
        if bytes.len() < payload + length {
            return Ok(None);
        }
        let mut frame: Vec<u8> = bytes.drain(..payload + length).collect();
        let (head, payload) = frame.split_at_mut(payload);
        let mask = head[mask..].iter().cycle();
        payload
            .iter_mut()
            .zip(mask)
            .for_each(|(byte, mask)| *byte ^= mask);
        match opcode {
            PING => Ok(Some(Said::Ping(payload.to_vec()))),
            CLOSE => code(payload).map(Said::Close).map(Some),
            PONG => Ok(Some(Said::Nothing)),
            _ => {
                self.message = (!is_last).then_some(begun + length);
                Ok(Some(Said::Nothing))
            }
        }
    }
}

/// The length of a payload and how many bytes behind the first two it took. It must be said as short as possible.
fn length(short: u8, rest: &[u8]) -> Result<Option<(u64, usize)>, u16> {
    let (length, least, took) = match (short, rest) {
        (126, &[a, b, ..]) => (u64::from(u16::from_be_bytes([a, b])), 126, 2),
        (127, &[a, b, c, d, e, f, g, h, ..]) => {
            let length = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
            (length, 1 << 16, 8)
        }
        (126 | 127, _) => return Ok(None),
        (short, _) => (short.into(), 0, 0),
    };
    if length < least || length >> 63 != 0 {
        return Err(close::PROTOCOL);
    }
    Ok(Some((length, took)))
}

/// The code of a close frame's payload.
fn code(payload: &[u8]) -> Result<Option<u16>, u16> {
    let (&[a, b, ..], reason) = (payload, payload.get(2..).unwrap_or_default()) else {
        return if payload.is_empty() {
            Ok(None)
        } else {
            Err(close::PROTOCOL)
        };
    };
    match u16::from_be_bytes([a, b]) {
        // The others stand for what no frame says, or for nothing (yet).
        1000..=1003 | 1007..=1014 | 3000..=4999 if std::str::from_utf8(reason).is_err() => {
            Err(close::NO_TEXT)
        }
        code @ (1000..=1003 | 1007..=1014 | 3000..=4999) => Ok(Some(code)),
        _ => Err(close::PROTOCOL),
    }
}

/// What stands before a text of this many bytes.
pub(super) fn text_head(length: usize) -> Vec<u8> {
    head(TEXT, length)
}

/// A ping.
pub(super) fn ping() -> Vec<u8> {
    head(PING, 0)
}

/// The answer to a ping.
pub(super) fn pong(payload: &[u8]) -> Vec<u8> {
    [&head(PONG, payload.len()), payload].concat()
}

/// A close frame, with a code if there is one to give.
pub(super) fn close(code: Option<u16>) -> Vec<u8> {
    let payload = code.map(u16::to_be_bytes);
    let payload = payload.as_ref().map_or(&[][..], |code| code);
    [&head(CLOSE, payload.len()), payload].concat()
}

/// The head of a frame that is a whole message, from a server: not masked.
fn head(opcode: u8, length: usize) -> Vec<u8> {
    let mut head = vec![0x80 | opcode];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..126), _) => head.push(short),
        (_, Ok(long)) => {
            head.push(126);
            head.extend(long.to_be_bytes());
        }
        _ => {
            head.push(127);
            head.extend((length as u64).to_be_bytes());
        }
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client's frame: the first byte as it is.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = head(0, payload.len());
        (bytes[0], bytes[1]) = (first, bytes[1] | 0x80);
        let mask = [1, 2, 3, 250];
        bytes.extend(mask);
        let masked = payload.iter().zip(mask.iter().cycle());
        bytes.extend(masked.map(|(byte, mask)| byte ^ mask));
        bytes
    }

    /// What all frames in `bytes` say, and the code that ends them.
    fn read(bytes: &[u8]) -> (Vec<Said>, Option<u16>) {
        let (mut reader, mut bytes, mut all) = (Reader::default(), bytes.to_vec(), Vec::new());
        loop {
            match reader.next(&mut bytes) {
                Ok(Some(said)) => all.push(said),
                Ok(None) => return (all, None),
                Err(code) => return (all, Some(code)),
            }
        }
    }

    #[test]
    fn frames_are_unmasked_and_taken_one_by_one() {
        let bytes = [
            frame(0x89, b"hey"),
            frame(0x81, b"text"),
            frame(0x8A, b""),
            frame(0x88, b"\x03\xE8bye"),
        ];
        let expected = vec![
            Said::Ping(b"hey".to_vec()),
            Said::Nothing,
            Said::Nothing,
            Said::Close(Some(1000)),
        ];
        assert_eq!(read(&bytes.concat()), (expected, None));
        assert_eq!(read(&frame(0x88, b"")), (vec![Said::Close(None)], None));
    }

    #[test]
    fn a_message_in_parts_may_have_pings_between_them() {
        let bytes = [
            frame(0x01, b"a"),
            frame(0x89, b"x"),
            frame(0x00, b"b"),
            frame(0x80, b"c"),
            frame(0x82, b"d"),
        ];
        let (said, code) = read(&bytes.concat());
        assert_eq!((said.len(), code), (5, None));
    }

    #[test]
    fn no_part_of_a_good_frame_is_refused_or_taken() {
        for whole in [frame(0x89, b"hey"), frame(0x82, &[7; 300])] {
            for end in 0..whole.len() {
                assert_eq!(read(&whole[..end]), (Vec::new(), None), "{end}");
            }
            assert_eq!(read(&whole).0.len(), 1);
        }
    }

    #[test]
    fn a_message_is_too_long_before_it_is_there_and_also_in_parts() {
        assert_eq!(read(&frame(0x82, &[0; MOST])).1, None);
        assert_eq!(read(&frame(0x82, &[0; MOST + 1])[..4]).1, Some(1009));
        let parts = [frame(0x02, &[0; MOST]), frame(0x80, &[0; 1])];
        assert_eq!(read(&parts.concat()).1, Some(1009));
        let huge = [0x82, 0xFF, 0x7F, 255, 255, 255, 255, 255, 255, 255];
        assert_eq!(read(&huge).1, Some(1009));
    }

    #[test]
    fn lengths_are_said_as_short_as_possible() {
        assert_eq!(head(1, 125), [0x81, 125]);
        assert_eq!(head(1, 126), [0x81, 126, 0, 126]);
        assert_eq!(head(1, 65_535), [0x81, 126, 255, 255]);
        assert_eq!(head(1, 65_536), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        for wrong in [
            &[0x82, 0xFE, 0, 125][..],
            &[0x82, 0xFF, 0, 0, 0, 0, 0, 0, 255, 255],
            &[0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 255, 255],
        ] {
            assert_eq!(read(wrong), (Vec::new(), Some(1002)));
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic_or_stand_still() {
        let mut state = 1_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as u8
        };
        for _ in 0..20_000 {
            let mut bytes: Vec<u8> = (0..random() % 32).map(|_| random()).collect();
            if let Some(second) = bytes.get_mut(1) {
                *second |= 0x80;
            }
            let before = bytes.len();
            if let Ok(Some(_)) = Reader::default().next(&mut bytes) {
                assert!(bytes.len() + 6 <= before);
            }
        }
    }
}
