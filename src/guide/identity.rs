//! What a programme is called so that players know it again.

use crate::model::{fnv1a, marker, Episode, Event};

/// Hashes are cut to the eight digits of Gracenote's ids.
const EIGHT_DIGITS: u32 = 100_000_000;

/// A stable id in the shape of Gracenote's, which is what `dd_progid` is: the same programme has it again whenever it
/// is repeated; other episodes of a series share the part before the dot (rule G12). `channel` is the id of the channel
/// that it has in all outputs.
///
/// Series and programme are known by their CRIDs where the broadcast has them, else by their texts. Only `EP` says that
/// an episode's number follows (Tvheadend reads it), so a programme of a series without a number is an `SH`: to
/// Jellyfin, which cancels recordings of what has the same id, it needs eight digits of its own.
pub(super) fn programme_id(channel: &str, event: &Event, episode: Option<Episode>) -> String {
    let details = event.details.as_deref();
    let of_crid = |crid: &str| (!crid.is_empty()).then(|| crid_hash(channel, crid));
    let series = details.and_then(|details| of_crid(&details.series_crid));
    let programme = details.and_then(|details| of_crid(&details.programme_crid));
    let title = || hash(&[&event.title]);
    let texts = || hash(&[&event.title, &event.summary, &event.description]);
    match (episode, series) {
        (Some(episode), series) => {
            let whole = series.unwrap_or_else(title);
            let part = (episode.season.unwrap_or(0) * 1_000 + episode.number) % 10_000;
            format!("EP{whole:08}.{part:04}")
        }
        (None, _) if marker(event.genre) == Some("Movie") => {
            let whole = title();
            format!("MV{whole:08}.0000")
        }
        (None, Some(series)) => {
            let part = programme.unwrap_or_else(texts);
            format!("SH{series:08}.{part:08}")
        }
        (None, None) => {
            let whole = programme.unwrap_or_else(texts);
            format!("SH{whole:08}.0000")
        }
    }
}

/// A CRID without an authority (`/x`) has that of its channel (ETSI TS 102 323, 12.1.2), which is not broadcast with the
/// event: such ones are told apart by channel.
fn crid_hash(channel: &str, crid: &str) -> u32 {
    if crid.starts_with('/') {
        hash(&[channel, crid])
    } else {
        hash(&[crid])
    }
}

/// FNV-1a over the parts, with a separator.
fn hash(parts: &[&str]) -> u32 {
    fnv1a(parts.iter().flat_map(|part| part.bytes().chain([0xff]))) % EIGHT_DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Details;

    fn event(summary: &str, genre: u8) -> Event {
        Event {
            id: 7,
            title: "Der Fall".into(),
            summary: summary.into(),
            description: "Zeile".into(),
            genre,
            ..Event::default()
        }
    }

    fn with_crids(summary: &str, programme: &str, series: &str) -> Event {
        let details = Details {
            programme_crid: programme.into(),
            series_crid: series.into(),
            ..Details::default()
        };
        Event {
            details: Some(Box::new(details)),
            ..event(summary, 0x20)
        }
    }

    fn id_on(channel: &str, event: &Event) -> String {
        programme_id(channel, event, Episode::find(event))
    }

    fn id(event: &Event) -> String {
        id_on("x", event)
    }

    fn series(event: &Event) -> String {
        id(event).split('.').next().unwrap().to_owned()
    }

    #[test]
    fn g12_programmes_have_an_id_that_stays() {
        let first = event("Folge 8", 0x11);
        let repeat = Event {
            start: 86_400,
            id: 99,
            ..first.clone()
        };
        let other = event("Folge 9", 0x11);
        assert_eq!(id(&first), id(&repeat));
        assert_ne!(id(&first), id(&other));
        assert_eq!(series(&first), series(&other));
        assert!(id(&event("a film", 0x11)).starts_with("MV"));
        assert!(id(&event("a film", 0x33)).starts_with("SH"));
    }

    #[test]
    fn g12_ids_of_events_without_crids_are_those_of_always() {
        assert_eq!(id(&event("Folge 8", 0x11)), "EP19546002.0008");
        assert_eq!(id(&event("a film", 0x11)), "MV19546002.0000");
        assert_eq!(id(&event("a talk", 0x33)), "SH43979758.0000");
    }

    #[test]
    fn g12_a_series_is_known_by_its_crid_whatever_its_title() {
        let one = with_crids("Folge 8", "crid://a.b/1", "crid://a.b/s");
        let two = Event {
            title: "Ein anderer Fall".into(),
            ..with_crids("Folge 9", "crid://a.b/2", "crid://a.b/s")
        };
        let foreign = with_crids("Folge 8", "crid://a.b/3", "crid://a.b/t");
        assert_eq!(series(&one), series(&two));
        assert!(id(&one).starts_with("EP") && id(&one).ends_with(".0008"));
        assert_ne!(id(&one), id(&two));
        assert_ne!(series(&one), series(&foreign));
    }

    #[test]
    fn g12_without_a_number_programmes_of_a_series_differ_and_have_no_number() {
        let one = with_crids("", "crid://a.b/1", "crid://a.b/s");
        let repeat = with_crids("Wiederholung", "crid://a.b/1", "crid://a.b/s");
        let two = with_crids("", "crid://a.b/2", "crid://a.b/s");
        let by_texts = with_crids("", "", "crid://a.b/s");
        assert_eq!(id(&one), id(&repeat));
        assert_ne!(id(&one), id(&two));
        for event in [&one, &two, &by_texts] {
            assert!(id(event).starts_with("SH"), "{}", id(event));
            assert_eq!(series(event), series(&one));
        }
        let alone = with_crids("", "crid://a.b/1", "");
        let again = with_crids("Wiederholung", "crid://a.b/1", "");
        assert_eq!(id(&alone), id(&again));
    }

    #[test]
    fn a_crid_without_authority_counts_within_its_channel() {
        let relative = with_crids("", "/1", "/s");
        assert_eq!(id_on("x", &relative), id_on("x", &relative));
        assert_ne!(id_on("x", &relative), id_on("y", &relative));
        let absolute = with_crids("", "crid://a.b/1", "crid://a.b/s");
        assert_eq!(id_on("x", &absolute), id_on("y", &absolute));
    }
}
