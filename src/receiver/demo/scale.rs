//! Worlds of any size, for benchmarks: every service has exactly the same number of events.

use super::plan::Genre;
use super::programme::{Even, Programme};
use super::world::{Bouquet, Entry, World};

/// `services` in `bouquets` of equal size, with `events` each; the guide starts a little before `now`.
pub(super) fn world(services: usize, bouquets: usize, events: usize, now: i64) -> World {
    let bouquets = bouquets.clamp(1, services.max(1));
    let size = services.div_ceil(bouquets);
    let bouquet = |index: usize| {
        let first = index * size;
        let last = (first + size).min(services);
        let entries = (first..last).map(service).collect();
        let file = format!("userbouquet.scale{:03}.tv", index + 1);
        Bouquet::new(7, &file, &format!("Paket {}", index + 1), true, entries)
    };
    let even = Some(Even::new(now, events));
    let programme = Programme {
        even,
        ..Programme::default()
    };
    World {
        bouquets: (0..bouquets).map(bouquet).collect(),
        programme,
        ..World::default()
    }
}

fn service(index: usize) -> Entry {
    let (sid, transponder) = (index % 0xFF00 + 1, 0x400 + index / 32);
    let sref = format!("1:0:19:{sid:X}:{transponder:X}:1:C00000:0:0:0:");
    let name = format!("Kanal {} HD", index + 1);
    Entry {
        provider: "Skala",
        ..Entry::new(sref, &name, Genre::Mixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_is_in_one_bouquet() {
        let world = world(500, 10, 200, 0);
        assert_eq!(world.bouquets.len(), 10);
        assert!(world
            .bouquets
            .iter()
            .all(|bouquet| bouquet.entries.len() == 50));
    }

    #[test]
    fn uneven_numbers_lose_nothing() {
        assert_eq!(world(10_001, 150, 1, 0).entries().count(), 10_001);
        assert_eq!(world(3, 5, 1, 0).bouquets.len(), 3);
    }
}
