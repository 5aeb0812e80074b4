//! What players see, to be compared with what they see later.

use super::Kit;

/// Playlist and guide at one moment.
pub(crate) struct Seen {
    pub(crate) playlist: String,
    pub(crate) guide: String,
    /// Hours since 1970: when the program was first started, and now.
    hours: (i64, i64),
    days: i64,
}

impl Seen {
    pub(super) async fn of(kit: &Kit) -> Seen {
        Seen {
            playlist: kit.get("/playlist.m3u").await.text().to_owned(),
            guide: kit.get("/xmltv.xml").await.text().to_owned(),
            hours: (kit.since / 3_600, kit.receiver().now() / 3_600),
            days: kit.config.borrow().guide.days.into(),
        }
    }

    /// Checks that `later` shows the same, to the byte. `what` tells the circumstances.
    pub(crate) fn is_kept(&self, later: &Seen, what: &str) {
        let playlist = &later.playlist;
        assert!(self.playlist == *playlist, "{what}: {playlist}");
        let (old, new) = self.comparable(later);
        let differs = old.lines().zip(new.lines()).find(|(old, new)| old != new);
        assert!(old == new, "{what}: {differs:?}");
    }

    /// The guides. When the hour turned, what that pushes out of a guide or into it does not count.
    fn comparable(&self, later: &Seen) -> (String, String) {
        let (first, last) = (self.hours.0, later.hours.1);
        if first == last {
            return (self.guide.clone(), later.guide.clone());
        }
        let time = |hour: i64| xg2g::model::xmltv_time(u32::try_from(hour * 3_600).unwrap());
        let (from, to) = (time(last - 3), time(first + self.days * 24));
        (cut(&self.guide, &from, &to), cut(&later.guide, &from, &to))
    }
}

/// The guide without programmes that end before `from` or start after `to`.
fn cut(guide: &str, from: &str, to: &str) -> String {
    let kept = guide.split_inclusive("</programme>\n").filter(|part| {
        let time = |name: &str| part.split_once(name).map(|(_, rest)| &rest[..from.len()]);
        time("start=\"").is_none_or(|start| start < to)
            && time("stop=\"").is_none_or(|stop| stop > from)
    });
    kept.collect()
}
