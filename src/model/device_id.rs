//! The id of an HDHomeRun device: 32 bits, the last four of them a checksum that clients look at.

use std::fmt;
use std::str::FromStr;

/// Nibbles at even places count as what stands here (libhdhomerun, `hdhomerun_discover_validate_device_id`).
const SUBSTITUTES: [u32; 16] = [
    0xa, 0x5, 0xf, 0x6, 0x7, 0xc, 0x1, 0xb, 0x9, 0x2, 0x8, 0xd, 0x4, 0x3, 0xe, 0x0,
];
/// What ids of our own begin with: there are real devices with it, and none that clients take for an old one.
const PREFIX: u32 = 0x105;
/// Devices that clients talk to in an older way (libhdhomerun, `hdhomerun_discover_is_legacy`).
const LEGACY: [u32; 8] = [0x100, 0x101, 0x102, 0x103, 0x111, 0x120, 0x121, 0x122];

/// A device id with a right checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceId(u32);

/// Why something is no device id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDeviceId {
    /// It has not eight hexadecimal digits.
    Digits,
    /// The last digit does not fit the others; this id would be right.
    Checksum(DeviceId),
    /// Clients would take the device for one of the first models.
    Legacy,
}

impl DeviceId {
    /// The id for the last two bytes of a network card's address, which tell the devices of a maker apart.
    pub fn of_mac([.., high, low]: [u8; 6]) -> DeviceId {
        DeviceId::checked(PREFIX << 20 | u32::from(high) << 12 | u32::from(low) << 4)
    }

    /// The id as a number.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The unique name of the device for UPnP: always the same for the same id.
    pub fn uuid(self) -> String {
        format!("7c9e6a52-31d4-4b08-9f17-0000{:08x}", self.0)
    }

    /// The id with the first seven digits of a number and the checksum for them.
    fn checked(number: u32) -> DeviceId {
        let number = number & !0xf;
        let digits = (0..8).map(|place| (place, number >> (28 - 4 * place) & 0xf));
        let check = digits.fold(0, |sum, (place, digit)| match place % 2 {
            0 => sum ^ SUBSTITUTES[digit as usize],
            _ => sum ^ digit,
        });
        DeviceId(number | check)
    }
}

impl FromStr for DeviceId {
    type Err = NoDeviceId;

    fn from_str(text: &str) -> Result<DeviceId, NoDeviceId> {
        let is_hex = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(text, 16).ok().filter(|_| is_hex);
        let number = number.ok_or(NoDeviceId::Digits)?;
        let right = DeviceId::checked(number);
        if LEGACY.contains(&(number >> 20)) {
            Err(NoDeviceId::Legacy)
        } else if right.0 == number {
            Ok(right)
        } else {
            Err(NoDeviceId::Checksum(right))
        }
    }
}

/// Eight digits, as on the sticker of a device.
impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08X}", self.0)
    }
}

impl fmt::Display for NoDeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoDeviceId::Digits => f.write_str("eight hexadecimal digits"),
            NoDeviceId::Checksum(right) => {
                write!(f, "an id with a right checksum (its last digit): {right}")
            }
            NoDeviceId::Legacy => f.write_str(
                "an id that is none of the first models', which begin with 100-103, 111 or 120-122",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_made_from_a_card_is_valid() {
        for mac in [
            [0, 0, 0, 0, 0, 0],
            [0x00, 0x1d, 0xec, 0x12, 0x34, 0x56],
            [0xff; 6],
        ] {
            let id = DeviceId::of_mac(mac);
            assert_eq!(id.to_string().parse(), Ok(id));
            assert!(id.to_string().starts_with("105"));
        }
        let neighbours = [0x55, 0x56].map(|low| DeviceId::of_mac([0, 0x1d, 0xec, 0x12, 0x34, low]));
        assert_ne!(neighbours[0], neighbours[1]);
    }

    #[test]
    fn ids_of_real_devices_are_valid() {
        // From Silicondust's own examples.
        for text in ["1075D4B1", "1076C3A7", "131b34b7"] {
            let id = text.parse::<DeviceId>().unwrap();
            assert_eq!(id.to_string(), text.to_uppercase());
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_what_would_be_right() {
        let id = DeviceId::of_mac([0, 0, 0, 0, 0x34, 0x56]);
        let wrong = format!("{:08X}", id.number() ^ 1);
        assert_eq!(wrong.parse::<DeviceId>(), Err(NoDeviceId::Checksum(id)));
        for text in ["", "1050000", "105000000", "1050000G", "+1050000"] {
            assert_eq!(text.parse::<DeviceId>(), Err(NoDeviceId::Digits), "{text}");
        }
        assert_eq!("10000000".parse::<DeviceId>(), Err(NoDeviceId::Legacy));
    }
}
