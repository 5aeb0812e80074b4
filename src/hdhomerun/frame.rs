//! The frames of HDHomeRun's own protocol, by UDP and by TCP: a type, tagged values, a checksum.
//!
//! `u16 type | u16 length | tagged values | u32 CRC-32`, all big-endian but the CRC-32 (libhdhomerun, `hdhomerun_pkt.h`).

/// The longest frame taken, in bytes: no program of libhdhomerun has room for more.
pub const LONGEST: usize = 3074;
/// The longest frame sent, in bytes: the oldest of those programs have room for this.
pub const LONGEST_SENT: usize = 1460;

/// Type and length.
const HEAD: usize = 4;
/// The checksum.
const TAIL: usize = 4;
/// What the length of a value is at most: two bytes with seven and eight bits.
const LONGEST_VALUE: usize = 0x7fff;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Who is there?
    Discover,
    /// I am.
    Discovered,
    /// Tell, or change, a variable.
    GetSet,
    /// What it is now, or why not.
    GotSet,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Discover, Kind::Discovered, Kind::GetSet, Kind::GotSet];

    fn number(self) -> u16 {
        match self {
            Kind::Discover => 2,
            Kind::Discovered => 3,
            Kind::GetSet => 4,
            Kind::GotSet => 5,
        }
    }
}

/// The tags of values.
pub mod tag {
    /// Tuner, storage, or any; four bytes.
    pub const DEVICE_TYPE: u8 = 0x01;
    /// Four bytes.
    pub const DEVICE_ID: u8 = 0x02;
    /// The name of a variable; a text.
    pub const NAME: u8 = 0x03;
    /// Its value; a text.
    pub const VALUE: u8 = 0x04;
    /// Why not; a text.
    pub const ERROR: u8 = 0x05;
    /// One byte.
    pub const TUNER_COUNT: u8 = 0x10;
    /// Who has locked the tuner that is set; four bytes.
    pub const LOCKKEY: u8 = 0x15;
    /// Where the channels are listed.
    pub const LINEUP_URL: u8 = 0x27;
    /// Where all else is.
    pub const BASE_URL: u8 = 0x2a;
    /// For Silicondust's own guide.
    pub const DEVICE_AUTH: u8 = 0x2b;
    /// Several types at once, four bytes each: newer versions of libhdhomerun ask so.
    pub const DEVICE_TYPES: u8 = 0x2d;
}

/// A frame that is whole, with a right checksum and values that fill it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is for.
    pub kind: Kind,
    payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The frame that `bytes` are; `None` if they are none, or one of a type that is not ours.
    pub fn read(bytes: &'a [u8]) -> Option<Frame<'a>> {
        let (body, sum) = bytes.split_last_chunk::<TAIL>()?;
        let (&[high, low, len @ ..], payload) = body.split_first_chunk::<HEAD>()?;
        let is_whole = payload.len() == usize::from(u16::from_be_bytes(len));
        if !is_whole || crc32fast::hash(body) != u32::from_le_bytes(*sum) {
            return None;
        }
        let number = u16::from_be_bytes([high, low]);
        let kind = Kind::ALL.into_iter().find(|one| one.number() == number)?;
        let mut values = Values(payload);
        while values.next().is_some() {}
        values.0.is_empty().then_some(Frame { kind, payload })
    }

    /// The values and their tags, in their order.
    pub fn values(&self) -> Values<'a> {
        Values(self.payload)
    }

    /// The first value with a tag.
    pub fn value(&self, tag: u8) -> Option<&'a [u8]> {
        self.values()
            .find_map(|(found, value)| (found == tag).then_some(value))
    }

    /// The first value with a tag as a text, which a NUL ends if there is one.
    pub fn text(&self, tag: u8) -> Option<&'a str> {
        let value = self.value(tag)?;
        let text = value.split(|byte| *byte == 0).next().unwrap_or_default();
        std::str::from_utf8(text).ok()
    }
}

/// The values of a frame.
#[derive(Clone, Debug)]
pub struct Values<'a>(&'a [u8]);

impl<'a> Iterator for Values<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, len, rest) = match *self.0 {
            [tag, len @ ..0x80, ref rest @ ..] => (tag, usize::from(len), rest),
            [tag, low, high, ref rest @ ..] if low >= 0x80 => {
                (tag, usize::from(low & 0x7f) | usize::from(high) << 7, rest)
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some((tag, value))
    }
}

/// What has arrived begins with no frame: it would be longer than [`LONGEST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// What has arrived on a connection and is not read yet.
#[derive(Clone, Debug, Default)]
pub struct Received(Vec<u8>);

impl Received {
    /// More has arrived.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Takes out the bytes of the next frame, whether or not it is a good one. `None` while they have not all arrived.
    ///
    /// # Errors
    /// When it would be too long, however much arrives.
    pub fn take(&mut self) -> Result<Option<Vec<u8>>, TooLong> {
        let Some((&[_, _, high, low], _)) = self.0.split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let len = HEAD + usize::from(u16::from_be_bytes([high, low])) + TAIL;
        if len > LONGEST {
            return Err(TooLong);
        }
        let is_whole = self.0.len() >= len;
        Ok(is_whole.then(|| self.0.drain(..len).collect()))
    }
}

/// A frame of values; `None` if it would be longer than [`LONGEST_SENT`].
pub fn write(kind: Kind, values: &[(u8, &[u8])]) -> Option<Vec<u8>> {
    let mut frame = Vec::with_capacity(256);
    frame.extend(kind.number().to_be_bytes());
    frame.extend([0, 0]);
    for (tag, value) in values {
        frame.push(*tag);
        match value.len() {
            len @ ..0x80 => frame.push(len as u8),
            len @ ..=LONGEST_VALUE => frame.extend([len as u8 | 0x80, (len >> 7) as u8]),
            _ => return None,
        }
        frame.extend_from_slice(value);
    }
    let len = u16::try_from(frame.len() - HEAD).ok()?;
    if frame.len() + TAIL > LONGEST_SENT {
        return None;
    }
    frame.get_mut(2..HEAD)?.copy_from_slice(&len.to_be_bytes());
    frame.extend(crc32fast::hash(&frame).to_le_bytes());
    Some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `hdhomerun_config <id> get /sys/model`, as libhdhomerun 20220303 sends it.
    const GET: &[u8] = b"\0\x04\0\x0d\x03\x0b/sys/model\0\x8f\x5b\x54\xb5";

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let long = [7; 300];
        let values: [(u8, &[u8]); 4] = [(1, b""), (2, &[5; 127]), (3, &[6; 128]), (4, &long)];
        let bytes = write(Kind::GotSet, &values).unwrap();
        let frame = Frame::read(&bytes).unwrap();
        assert_eq!(frame.kind, Kind::GotSet);
        assert!(frame.values().eq(values));
        assert_eq!(frame.value(4), Some(&long[..]));
        assert_eq!(frame.value(5), None);
    }

    #[test]
    fn lengths_of_128_and_more_have_two_bytes() {
        let bytes = write(Kind::GetSet, &[(3, &[0; 300])]).unwrap();
        assert_eq!(bytes[..7], [0, 4, 1, 0x2f, 3, 0xac, 2]);
        let bytes = write(Kind::GetSet, &[(3, &[0; 127])]).unwrap();
        assert_eq!(bytes[..6], [0, 4, 0, 129, 3, 127]);
    }

    #[test]
    fn a_text_ends_at_its_nul_or_with_its_value() {
        for (value, text) in [
            (&b"none\0"[..], Some("none")),
            (b"none", Some("none")),
            (b"no\0ne\0", Some("no")),
            (b"", Some("")),
            (b"\xff\0", None),
        ] {
            let bytes = write(Kind::GetSet, &[(tag::VALUE, value)]).unwrap();
            assert_eq!(Frame::read(&bytes).unwrap().text(tag::VALUE), text);
        }
    }

    #[test]
    fn no_part_of_a_frame_is_a_frame() {
        for len in 0..GET.len() {
            assert_eq!(Frame::read(&GET[..len]), None, "{len}");
        }
        assert_eq!(Frame::read(&[GET, &[0]].concat()), None);
    }

    #[test]
    fn frames_are_found_wherever_they_are_cut() {
        let sent = [GET, GET, &GET[..9]].concat();
        for cut in 0..sent.len() {
            let mut received = Received::default();
            let mut found = Vec::new();
            for piece in [&sent[..cut], &sent[cut..]] {
                received.add(piece);
                while let Some(frame) = received.take().unwrap() {
                    found.push(frame);
                }
            }
            assert_eq!(found, [GET, GET], "{cut}");
            assert_eq!(received.0, &GET[..9]);
        }
    }

    #[test]
    fn a_frame_with_any_bit_flipped_is_none() {
        assert_eq!(
            Frame::read(GET).unwrap().text(tag::NAME),
            Some("/sys/model")
        );
        for bit in 0..GET.len() * 8 {
            let mut flipped = GET.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Frame::read(&flipped), None, "{bit}");
        }
    }

    #[test]
    fn values_that_reach_beyond_the_frame_make_it_none() {
        let sealed = |payload: &[u8]| {
            let mut frame = vec![0, 2, 0, payload.len() as u8];
            frame.extend_from_slice(payload);
            frame.extend(crc32fast::hash(&frame).to_le_bytes());
            frame
        };
        assert!(Frame::read(&sealed(&[])).is_some());
        assert!(Frame::read(&sealed(&[2, 1, 7])).is_some());
        for payload in [&[2][..], &[2, 2, 7], &[2, 0xff], &[2, 0x80], &[2, 0x81, 0]] {
            assert_eq!(Frame::read(&sealed(payload)), None, "{payload:?}");
        }
    }

    #[test]
    fn a_frame_that_nobody_has_room_for_is_refused_at_its_length() {
        let next = |head: &[u8]| Received(head.to_vec()).take();
        let longest = (LONGEST - 8) as u16;
        let head = |len: u16| [&[0, 4][..], &len.to_be_bytes()].concat();
        assert_eq!(next(&head(longest)), Ok(None));
        assert_eq!(next(&head(longest + 1)), Err(TooLong));
        assert_eq!(next(b"GET / HTTP/1.1\r\n"), Err(TooLong));
        assert_eq!(write(Kind::GotSet, &[(4, &[0; LONGEST_SENT])]), None);
        assert_eq!(write(Kind::GotSet, &[(4, &[0; 70_000])]), None);
        let most = write(Kind::GotSet, &[(4, &[0; LONGEST_SENT - 11])]).unwrap();
        assert_eq!(most.len(), LONGEST_SENT);
    }
}
