//! What players see, to be compared with what they see later.

use super::Kit;

/// Playlist and guide at one moment.
pub(crate) struct Seen {
    pub(crate) playlist: String,
    pub(crate) guide: String,
    /// How far the first pass asked for the guide, as XMLTV writes times.
    until: String,
}

impl Seen {
    pub(super) async fn of(kit: &Kit) -> Seen {
        let until = kit.since - kit.since % 60 + i64::from(kit.config.borrow().guide.days) * 86_400;
        Seen {
            playlist: kit.get("/playlist.m3u").await.text().to_owned(),
            guide: kit.get("/xmltv.xml").await.text().to_owned(),
            until: xg2g::model::xmltv_time(u32::try_from(until).unwrap()),
        }
    }

    /// Checks that `later` shows the same, to the byte; `what` tells the circumstances. A full pass asks for what came
    /// within reach meanwhile, which does not count.
    pub(crate) fn is_kept(&self, later: &Seen, what: &str) {
        let playlist = &later.playlist;
        assert!(self.playlist == *playlist, "{what}: {playlist}");
        let (old, new) = (
            cut(&self.guide, &self.until),
            cut(&later.guide, &self.until),
        );
        let differs = old.lines().zip(new.lines()).find(|(old, new)| old != new);
        assert!(old == new, "{what}: {differs:?}");
    }
}

/// The guide without programmes that start at `until` or later.
fn cut(guide: &str, until: &str) -> String {
    let start = |part: &str| {
        part.split_once("start=\"")
            .map(|(_, rest)| rest[..until.len()].to_owned())
    };
    let parts = guide.split_inclusive("</programme>\n");
    parts
        .filter(|part| start(part).is_none_or(|start| *start < *until))
        .collect()
}
