//! What there is now, in numbers.

use super::{Share, Store};
use crate::metrics::{Collect, Kind, Text};
use crate::model::Media;

impl Collect for Store {
    fn collect(&self, out: &mut Text) {
        let snapshot = self.current();
        let lineup = &snapshot.lineup;
        for (name, help, value) in [
            (
                "xg2g_channels",
                "Channels that are offered.",
                lineup.channels.len() as u64,
            ),
            (
                "xg2g_bouquets",
                "Bouquets that are offered.",
                lineup.bouquets.len() as u64,
            ),
            (
                "xg2g_guide_store_bytes",
                "Size of the file of events.",
                self.events().bytes(),
            ),
        ] {
            out.single(Kind::Gauge, name, help, value);
        }
        let guide = snapshot.guide.as_deref();
        let shares = [
            (Media::Tv, guide.map_or(Share::default(), |guide| guide.tv)),
            (
                Media::Radio,
                guide.map_or(Share::default(), |guide| guide.radio),
            ),
        ];
        out.family(Kind::Gauge, "xg2g_guide_events", "Programmes in the guide.");
        for (media, share) in shares {
            out.value(&[("media", media.as_str())], share.events.into());
        }
        out.family(
            Kind::Gauge,
            "xg2g_guide_channels",
            "Channels with and without programmes in the guide.",
        );
        for (media, share) in shares {
            let all = lineup
                .channels
                .iter()
                .filter(|channel| channel.media == media);
            let with = u64::from(share.channels);
            // A guide may be of a lineup before this one.
            let without = (all.count() as u64).saturating_sub(with);
            for (has, count) in [("true", with), ("false", without)] {
                out.value(&[("media", media.as_str()), ("guide", has)], count);
            }
        }
    }
}
