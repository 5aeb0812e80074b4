//! The guide, a piece at a time: it may have 30 MB.

use std::collections::{HashMap, HashSet};

use super::{attribute, is_id, Finding, Rule, Status, OURS};

const CHECK: &str = "guide";
/// Bytes of one element; a longer one is none.
const LONGEST: usize = 1 << 20;
/// Bytes of a guide that every player takes (rule G22).
const LARGE: u64 = 25_000_000;

/// A guide that is being read.
pub struct Guide {
    /// What of the last piece is no whole element yet.
    pending: Vec<u8>,
    bytes: u64,
    programmes: usize,
    /// Its first tag was read.
    has_begun: bool,
    begins_well: bool,
    /// Its end was read.
    is_whole: bool,
    /// It is no guide as we write them.
    is_broken: bool,
    /// By id, with the name.
    channels: HashMap<String, String>,
    /// Whose programmes are over.
    over: HashSet<String>,
    current: Option<Current>,
    times: Rule,
    order: Rule,
    episodes: Rule,
    ids: Rule,
    categories: Rule,
    signs: Rule,
    owners: Rule,
}

/// The channel whose programmes are being read.
struct Current {
    id: String,
    /// When the last one of them ends, `YYYYMMDDhhmmss`.
    stop: u64,
}

impl Default for Guide {
    fn default() -> Guide {
        Guide {
            pending: Vec::new(),
            bytes: 0,
            programmes: 0,
            has_begun: false,
            begins_well: false,
            is_whole: false,
            is_broken: false,
            channels: HashMap::new(),
            over: HashSet::new(),
            current: None,
            times: Rule::new(
                "G9",
                "programmes have times of 14 digits in UTC",
                "programmes have times that players misread",
            ),
            order: Rule::new(
                "G10",
                "programmes stand by channel, none twice and none running into the next",
                "programmes are told twice, run into the next or end before they begin, so players drop some",
            )
            .about(
                Status::Warning,
                "the receiver may tell them so: look at the guide on its screen, and report it if that is right",
            ),
            episodes: Rule::new(
                "G11",
                "episodes have numbers that Kodi reads",
                "episodes have numbers that Kodi misreads",
            ),
            ids: Rule::new(
                "G12",
                "programmes have an id that stays, so recordings are not mixed up",
                "programmes have no id that stays, so Jellyfin takes them for repeats",
            ),
            categories: Rule::new(
                "G13",
                "categories have no language, so Jellyfin keeps them all",
                "categories have a language, so Jellyfin drops some",
            ),
            signs: Rule::new(
                "G14",
                "channels and programmes have no control characters",
                "channels and programmes have control characters, which can cost the whole guide",
            ),
            owners: Rule::new(
                "G15",
                "programmes belong to channels of the guide",
                "programmes belong to no channel of the guide",
            ),
        }
    }
}

impl Guide {
    /// Reads the next piece, cut anywhere.
    pub fn read(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        if self.is_broken {
            return;
        }
        let mut pending = std::mem::take(&mut self.pending);
        pending.extend_from_slice(piece);
        // Up to the end of a tag, so no character is cut.
        let end = pending.iter().rposition(|byte| *byte == b'>');
        let end = end.map_or(0, |at| at + 1);
        let Ok(text) = std::str::from_utf8(&pending[..end]) else {
            self.is_broken = true;
            return;
        };
        let read = self.elements(text);
        self.is_broken |= pending.len() - read > LONGEST;
        pending.drain(..read);
        self.pending = pending;
    }

    /// Judges all whole elements; how many bytes they have.
    fn elements(&mut self, text: &str) -> usize {
        if !self.has_begun && !text.is_empty() {
            self.has_begun = true;
            self.begins_well = text.starts_with("<?xml");
        }
        let mut rest = text;
        loop {
            rest = rest.trim_start_matches(['\n', ' ']);
            let end = match rest {
                _ if rest.starts_with("<channel ") => find(rest, "</channel>"),
                _ if rest.starts_with("<programme ") => find(rest, "</programme>"),
                _ if ["<?xml ", "<!DOCTYPE ", "<tv>", "<tv ", "</tv>"]
                    .iter()
                    .any(|tag| rest.starts_with(tag)) =>
                {
                    find(rest, ">")
                }
                "" => None,
                _ => {
                    self.is_broken = true;
                    None
                }
            };
            let Some(end) = end else {
                return text.len() - rest.len();
            };
            let (element, behind) = rest.split_at(end);
            if element.starts_with("<channel ") {
                self.channel(element);
            } else if element.starts_with("<programme ") {
                self.programme(element);
            } else {
                self.is_whole = element == "</tv>";
            }
            rest = behind;
        }
    }

    fn channel(&mut self, element: &str) {
        let id = attribute(tag(element), "id").unwrap_or_default();
        let name = inner(element, "<display-name>").unwrap_or(id);
        self.signs.judge(!has_controls(element), name);
        self.channels.insert(id.to_owned(), name.to_owned());
    }

    fn programme(&mut self, element: &str) {
        self.programmes += 1;
        let head = tag(element);
        let value = |key: &str| attribute(head, key).unwrap_or_default();
        let id = value("channel");
        let name = self.channels.get(id).map_or(id, String::as_str);
        let (start, stop) = (time(value("start")), time(value("stop")));
        self.times.judge(start.is_some() && stop.is_some(), name);
        self.owners.judge(self.channels.contains_key(id), name);
        self.signs.judge(!has_controls(element), name);
        let body = &element[head.len()..];
        let mut has_id = false;
        for number in body.split("<episode-num ").skip(1) {
            let text = number
                .split_once('>')
                .and_then(|(_, text)| text.split('<').next());
            let text = text.unwrap_or_default();
            if number.starts_with("system=\"xmltv_ns\"") {
                self.episodes.judge(is_episode(text), name);
            }
            has_id |= number.starts_with("system=\"dd_progid\"") && !text.is_empty();
        }
        self.ids.judge(has_id, name);
        for category in body.split("<category").skip(1) {
            self.categories.judge(category.starts_with('>'), name);
        }
        let (Some(start), Some(stop)) = (start, stop) else {
            return;
        };
        let is_same = self
            .current
            .as_ref()
            .is_some_and(|current| current.id == id);
        let is_in_order = if is_same {
            self.current
                .as_ref()
                .is_some_and(|current| start >= current.stop)
        } else {
            !self.over.contains(id)
        };
        self.order.judge(is_in_order && start < stop, name);
        if is_same {
            if let Some(current) = &mut self.current {
                current.stop = current.stop.max(stop);
            }
        } else {
            let next = Current {
                id: id.to_owned(),
                stop,
            };
            let before = self.current.replace(next);
            self.over.extend(before.map(|before| before.id));
        }
    }

    /// What was found; `ids` are those of the playlist.
    pub fn end(self, ids: &HashSet<String>) -> Vec<Finding> {
        let is_read =
            self.is_whole && !self.is_broken && self.pending.iter().all(u8::is_ascii_whitespace);
        let mut findings = vec![match (self.begins_well, is_read) {
            (true, true) => Finding::ok(CHECK, "it is whole, from <?xml on (G8)"),
            (false, _) => Finding::problem(
                CHECK,
                format!("it does not begin with <?xml, so Kodi reads nothing of it; {OURS} (G8)"),
            ),
            (true, false) => Finding::problem(
                CHECK,
                format!("it is cut or no XMLTV, so players read nothing of it; {OURS} (G8)"),
            ),
        }];
        if !is_read {
            return findings;
        }
        let mut listed = Rule::new(
            "G15",
            "channels of the playlist are in it under the same id",
            "channels of the playlist are not in it under the same id, so they have no guide",
        );
        for id in ids {
            listed.judge(self.channels.contains_key(id) && is_id(id), id);
        }
        findings.push(listed.finding(CHECK));
        findings.push(size(self.bytes, self.channels.len(), self.programmes));
        if self.programmes > 0 {
            let rules = [
                self.times,
                self.order,
                self.episodes,
                self.ids,
                self.categories,
                self.signs,
                self.owners,
            ];
            // Of what there is none nothing is said.
            let judged = rules.into_iter().filter(|rule| rule.judged > 0);
            findings.extend(judged.map(|rule| rule.finding(CHECK)));
        }
        findings
    }
}

/// How large it is (rule G22).
fn size(bytes: u64, channels: usize, programmes: usize) -> Finding {
    let megabytes = format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10);
    let text = format!("it has {megabytes}: {programmes} programmes of {channels} channels");
    if bytes <= LARGE {
        return Finding::ok(CHECK, format!("{text} (G22)"));
    }
    Finding::warning(
        CHECK,
        format!("{text}; Jellyfin reads all of it once for each channel, and small players run out of memory: choose channels.bouquets, or less guide.days (G22)"),
    )
}

/// Where an element ends.
fn find(text: &str, end: &str) -> Option<usize> {
    text.find(end).map(|at| at + end.len())
}

/// The tag that an element begins with.
fn tag(element: &str) -> &str {
    element.split_inclusive('>').next().unwrap_or(element)
}

/// The text of the first such element in another, as people read it.
fn inner<'a>(element: &'a str, begin: &str) -> Option<&'a str> {
    let (_, text) = element.split_once(begin)?;
    text.split('<').next()
}

/// `YYYYMMDDhhmmss +0000` as a number that grows with time (rule G9).
fn time(text: &str) -> Option<u64> {
    let digits = text.strip_suffix(" +0000")?;
    let is_time = digits.len() == 14 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_time.then(|| digits.parse().ok())?
}

/// `S.E.`, each a number or nothing, and no part behind (rule G11).
fn is_episode(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts[..], [season, episode, ""] if is_number(&season) && is_number(&episode) && !(season.is_empty() && episode.is_empty()))
}

/// Controls of C0 but line breaks and tabs, and those of C1, which are two bytes (rule G14).
fn has_controls(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_c0 = |byte: &u8| (*byte < 0x20 && !b"\n\t".contains(byte)) || *byte == 0x7f;
    bytes.iter().any(is_c0) || bytes.windows(2).any(|two| two[0] == 0xc2 && two[1] < 0xa0)
}

#[cfg(test)]
mod tests;
