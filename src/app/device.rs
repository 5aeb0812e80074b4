//! The HDHomeRun device's id and name, where none are configured.

use std::fs;
use std::io;
use std::path::Path;

use crate::config::Hdhomerun;
use crate::model::{clean_line, DeviceId};
use crate::replace::replace;

/// The id's file in the state directory: clients know the device by it, also when the network card is another one.
const FILE: &str = "device";
const CARDS: &str = "/sys/class/net";

/// The id: as configured, as it was before, or a new one. One that cannot be kept is told in the log.
pub(super) fn id(config: &Hdhomerun, state: &Path) -> DeviceId {
    config.device_id.unwrap_or_else(|| kept(&state.join(FILE)))
}

fn kept(path: &Path) -> DeviceId {
    match fs::read_to_string(path) {
        Ok(text) => match text.trim().parse() {
            Ok(id) => return id,
            Err(wrong) => log::warn!("{}: must be {wrong}; made anew", path.display()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => log::warn!("{} cannot be read: {error}", path.display()),
    }
    let id = DeviceId::of_mac(card(Path::new(CARDS)).unwrap_or_else(random));
    if let Err(error) = replace(path, format!("{id}\n").as_bytes()) {
        log::warn!("{} cannot be written: {error}", path.display());
    }
    id
}

/// The address of the first network card, by name; those that are no hardware come and go.
fn card(cards: &Path) -> Option<[u8; 6]> {
    let entries = fs::read_dir(cards).ok()?.flatten();
    let mut real: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|card| card.join("device").exists())
        .collect();
    real.sort_unstable();
    real.iter().find_map(|card| {
        let text = fs::read_to_string(card.join("address")).ok()?;
        let mut bytes = [0; 6];
        let mut parts = text.trim().split(':');
        for byte in &mut bytes {
            *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
        }
        (parts.next().is_none() && bytes != [0; 6]).then_some(bytes)
    })
}

/// For a machine without a card.
fn random() -> [u8; 6] {
    let mut bytes = [0; 6];
    // Without random numbers all such machines are the same to clients; there is nothing better to be had.
    let _ = getrandom::fill(&mut bytes);
    bytes
}

/// The name: as configured, else that of this machine.
pub(super) fn name(config: &Hdhomerun) -> String {
    let configured = clean_line(&config.name);
    if !configured.is_empty() {
        return configured;
    }
    match crate::access::machine_name() {
        Some(machine) => format!("xg2g {}", clean_line(&machine)),
        None => "xg2g".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_card_that_is_hardware_counts() {
        let cards = std::env::temp_dir().join(format!("xg2g-cards-{}", std::process::id()));
        for (name, address, is_hardware) in [
            ("br0", "02:00:00:00:00:01", false),
            ("eth0", "00:1d:ec:12:34:56", true),
            ("eth1", "00:1d:ec:12:34:57", true),
            ("can0", "", true),
        ] {
            let card = cards.join(name);
            fs::create_dir_all(&card).unwrap();
            fs::write(card.join("address"), format!("{address}\n")).unwrap();
            if is_hardware {
                fs::create_dir_all(card.join("device")).unwrap();
            }
        }
        let found = card(&cards);
        fs::remove_dir_all(&cards).unwrap();
        assert_eq!(found, Some([0x00, 0x1d, 0xec, 0x12, 0x34, 0x56]));
        assert_eq!(card(&cards), None);
    }
}
