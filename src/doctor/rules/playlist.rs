//! The playlist, line by line.

use std::collections::HashSet;

use super::{attribute, is_id, Finding, Rule, OURS};
use crate::model::{Base, Lineup, UrlKind};

const CHECK: &str = "playlist";

/// A playlist that is being read.
pub struct Playlist<'a> {
    lineup: &'a Lineup,
    base: &'a Base,
    /// Its addresses lead to the receiver itself.
    is_direct: bool,
    lines: usize,
    begins_well: bool,
    has_other_bytes: bool,
    /// The channel whose address is to come.
    entry: Option<Entry>,
    entries: usize,
    ids: HashSet<String>,
    numbers: HashSet<String>,
    own: Rule,
    ending: Rule,
    told: Rule,
    id: Rule,
    name: Rule,
    live: Rule,
    logo: Rule,
    number: Rule,
}

struct Entry {
    name: String,
    id: String,
    /// Kodi is told that it is a transport stream.
    is_told: bool,
}

impl<'a> Playlist<'a> {
    /// One with the channels of `lineup` for Kodi, with addresses under `base` unless they are direct.
    pub fn new(lineup: &'a Lineup, base: &'a Base, is_direct: bool) -> Playlist<'a> {
        Playlist {
            lineup,
            base,
            is_direct,
            lines: 0,
            begins_well: false,
            has_other_bytes: false,
            entry: None,
            entries: 0,
            ids: HashSet::new(),
            numbers: HashSet::new(),
            own: Rule::new(
                "G1",
                "addresses of streams are made of the service reference alone, so they stay",
                "addresses of streams are not made of the service reference alone, so players forget these channels when it changes",
            ),
            ending: Rule::new(
                "G2",
                "addresses of streams end in .ts, so Jellyfin shares a stream among viewers",
                "addresses of streams do not end in .ts, so Jellyfin opens a stream for each viewer",
            ),
            told: Rule::new(
                "G3",
                "transport streams are marked as such, so Kodi opens each once",
                "transport streams are not marked as such, so Kodi opens each several times",
            ),
            id: Rule::new(
                "G15",
                "channels have an id of their own that every program takes",
                "channels have no id of their own, or one that not every program takes, so their guide is not found",
            ),
            name: Rule::new(
                "G16",
                "names are read whole by every player",
                "names are cut or misread by some players",
            ),
            live: Rule::new(
                "G17",
                "channels look like channels to Kodi",
                "channels look like recordings to Kodi",
            ),
            logo: Rule::new(
                "G18",
                "channels have the whole address of a logo",
                "channels lack the whole address of a logo, so Kodi looks for one by name",
            ),
            number: Rule::new(
                "G19",
                "channels have a number of their own",
                "channels have no number of their own, so players make one up or show one channel for two",
            ),
        }
    }

    /// Reads a line, without the `\n` at its end.
    pub fn line(&mut self, line: &str) {
        self.lines += 1;
        if self.lines == 1 {
            self.begins_well = line == "#EXTM3U" || line.starts_with("#EXTM3U ");
        }
        self.has_other_bytes |= line.contains(['\r', '\u{feff}', '\u{fffd}']);
        let line = line.trim_matches('\r');
        if line.starts_with("#EXTINF:") {
            self.forsaken();
            self.channel(line);
        } else if line == "#KODIPROP:mimetype=video/mp2t" {
            if let Some(entry) = &mut self.entry {
                entry.is_told = true;
            }
        } else if !line.starts_with('#') && !line.is_empty() {
            self.address(line);
        }
    }

    /// A channel whose address did not come is at none.
    fn forsaken(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.own.judge(false, &entry.name);
        }
    }

    fn channel(&mut self, line: &str) {
        let (attributes, name) = line.rsplit_once(',').unwrap_or((line, ""));
        let value = |key: &str| attribute(line, key).unwrap_or_default();
        let (id, number, logo) = (value("tvg-id"), value("tvg-chno"), value("tvg-logo"));
        self.entries += 1;
        let is_new = self.ids.insert(id.to_owned());
        self.id.judge(is_new && is_id(id), name);
        // Cut at a sign that means something, the two are not the same.
        let is_whole = !name.is_empty() && name == value("tvg-name");
        let has_signs = name.contains('"') || line.contains('\'');
        let is_closed = attributes.matches('"').count() % 2 == 0;
        let first = name.split_once(' ').map_or("", |(first, _)| first);
        let is_number = |byte: u8| byte.is_ascii_digit() || byte == b'.';
        let is_numbered = !first.is_empty() && first.bytes().all(is_number);
        self.name
            .judge(is_whole && !has_signs && is_closed && !is_numbered, name);
        let words = ["media=", "media-dir=", "media-size="];
        self.live
            .judge(!words.iter().any(|word| line.contains(word)), name);
        self.logo.judge(is_logo(logo), name);
        let is_new = self.numbers.insert(number.to_owned());
        self.number.judge(is_new && is_channel_number(number), name);
        self.entry = Some(Entry {
            name: name.to_owned(),
            id: id.to_owned(),
            is_told: false,
        });
    }

    fn address(&mut self, address: &str) {
        let Some(Entry { name, id, is_told }) = self.entry.take() else {
            return;
        };
        let slug = id.strip_suffix(".e2").unwrap_or(&id);
        let channel = self.lineup.find(slug);
        let is_other =
            channel.is_some_and(|channel| channel.service.url_kind() == Some(UrlKind::Other));
        if !is_other {
            self.told.judge(is_told, &name);
        }
        if self.is_direct {
            return;
        }
        let expected = channel.map(|channel| self.base.stream(&channel.service.slug()));
        self.own
            .judge(expected.is_some_and(|expected| expected == address), &name);
        let path = address.split('?').next().unwrap_or_default();
        self.ending.judge(path.ends_with(".ts"), &name);
    }

    /// What was found, and the ids that the guide has to have.
    pub fn end(mut self) -> (Vec<Finding>, HashSet<String>) {
        self.forsaken();
        let mut findings = Vec::new();
        findings.push(if self.begins_well && !self.has_other_bytes {
            Finding::ok(CHECK, "it is plain UTF-8 from #EXTM3U on (G30)")
        } else {
            let text = format!("it does not begin with #EXTM3U, or has bytes that some players stumble over; {OURS} (G30)");
            Finding::problem(CHECK, text)
        });
        if self.entries == 0 {
            let text = "no channel is in it: look at channels.bouquets, and at the bouquets of the receiver";
            findings.push(Finding::warning(CHECK, text));
            return (findings, self.ids);
        }
        if self.is_direct {
            let text = "stream.mode = \"direct\": its addresses lead to the receiver itself, change when the receiver's does, and each viewer takes a tuner; stream.mode = \"proxy\" shares them (G1, G2)";
            findings.push(Finding::warning(CHECK, text));
        } else {
            findings.extend([self.own, self.ending].map(|rule| rule.finding(CHECK)));
        }
        let rest = [
            self.told,
            self.id,
            self.name,
            self.live,
            self.logo,
            self.number,
        ];
        findings.extend(rest.map(|rule| rule.finding(CHECK)));
        (findings, self.ids)
    }
}

fn is_logo(address: &str) -> bool {
    let path = address.split('?').next().unwrap_or_default();
    let is_whole = path.starts_with("http://") || path.starts_with("https://");
    let last = path.rsplit('/').next().unwrap_or_default();
    is_whole && !last.is_empty() && last.is_ascii()
}

/// `n` or `n.m`, not 0.
fn is_channel_number(number: &str) -> bool {
    let mut parts = number.splitn(2, '.');
    let is_counted =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let first = parts.next().unwrap_or_default();
    is_counted(first) && first.bytes().any(|byte| byte != b'0') && parts.all(is_counted)
}

#[cfg(test)]
mod tests;
