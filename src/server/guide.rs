//! `/xmltv.xml`, `/xmltv.xml.gz`, and their parts by `?bouquet=`, `?days=` and `?client=plex`.

use std::hash::Hash;
use std::io::{self, Read, Write};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::read::DeflateDecoder;
use flate2::write::GzEncoder;
use flate2::Compression;

use super::address::Addresses;
use super::playlist;
use super::rendered::{Output, Rendered};
use crate::guide;
use crate::http::{
    accepts_gzip, ApiError, Body, Chunks, Entity, Method, Params, Part, Reply, Request,
};
use crate::model::{
    guide_begin, http_date, unix_now, unix_seconds, Base, Channel, Label, Lineup, Program,
};
use crate::playlist::Client;
use crate::store::{GuideFile, Head, Snapshot, Store};

const XML: &str = "application/xml; charset=utf-8";
const PIECE: usize = 32 * 1024;
const MOST_DAYS: u32 = 14;
const DAY: u32 = 86_400;

#[derive(Clone)]
pub(super) struct Guides {
    pub(super) store: Rc<Store>,
    pub(super) addresses: Rc<Addresses>,
    pub(super) rendered: Rc<Rendered>,
    /// Those of a whole guide.
    pub(super) days: u32,
}

/// How a document is to be sent.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Form {
    Plain,
    /// With `Content-Encoding: gzip`.
    Encoded,
    /// The archive is the thing itself: no `Content-Encoding` (rule G21).
    Archive,
}

impl Form {
    fn content_type(self) -> &'static str {
        match self {
            Form::Archive => "application/gzip",
            Form::Plain | Form::Encoded => XML,
        }
    }

    fn encoding(self) -> Option<&'static str> {
        (self == Form::Encoded).then_some("gzip")
    }

    /// Tells the tags of the forms apart.
    fn letter(self) -> &'static str {
        match self {
            Form::Plain => "",
            Form::Encoded => "z",
            Form::Archive => "a",
        }
    }
}

impl Guides {
    pub(super) async fn document(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        let form = if accepts_gzip(&request) {
            Form::Encoded
        } else {
            Form::Plain
        };
        self.answer(request, form)
    }

    pub(super) async fn archive(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        self.answer(request, Form::Archive)
    }

    fn answer(self, request: Request, form: Form) -> Result<Reply, ApiError> {
        let snapshot = self.store.current();
        let guide = snapshot.guide.clone();
        let guide = guide.ok_or_else(|| ApiError::not_ready("the guide is not ready yet"))?;
        let base = self.addresses.base(&request);
        Ok(match Share::of(&request, &snapshot)? {
            None => self.whole(&request, &snapshot, &guide, &base, form),
            Some(part) => self.some(&request, &snapshot, &guide, base, part, form),
        })
    }

    /// The whole guide: the head for this address, then the file as it lies there.
    pub(super) fn whole(
        &self,
        request: &Request,
        snapshot: &Snapshot,
        guide: &GuideFile,
        base: &Base,
        form: Form,
    ) -> Reply {
        let version = unix_seconds(snapshot.made);
        let key = format!("guide\n{version}\n{}\n{}", base.address, base.key);
        let output = self.rendered.get(&key, || {
            let channels = snapshot.lineup.channels.iter();
            let head = Head::new(channels.map(|channel| (channel, Label::of(channel))), base);
            Output {
                plain: head.plain,
                packed: head.packed,
                check: head.check,
            }
        });
        let head = Head {
            plain: output.plain,
            packed: output.packed,
            check: output.check,
        };
        let tag = guide.tag(&head);
        let modified = guide.made.max(snapshot.made);
        if form == Form::Plain {
            let etag = format!("\"{tag}\"");
            // Unpacked on the way; the length is known, but there is nothing to seek in, so no ranges.
            let unpacked = Unpacked {
                head: Some(head),
                body: DeflateDecoder::new(Box::new(guide.reader())),
            };
            return streamed(request, etag, modified, form, Box::new(unpacked));
        }
        let (file, len) = guide.body();
        let end: [u8; 8] = guide.gzip_end(&head);
        Entity {
            parts: vec![
                Part::Bytes(head.packed),
                Part::File {
                    file,
                    offset: 0,
                    len,
                },
                Part::Bytes(end.to_vec().into()),
            ],
            etag: format!("\"{tag}{}\"", form.letter()),
            last_modified: modified,
            content_type: form.content_type(),
            encoding: form.encoding(),
            cache_control: "no-cache",
            varies: form != Form::Archive,
        }
        .reply(request)
    }

    /// A part of the guide, made on the way from the event store.
    fn some(
        self,
        request: &Request,
        snapshot: &Snapshot,
        guide: &GuideFile,
        base: Base,
        part: Share,
        form: Form,
    ) -> Reply {
        let rows = part.rows.iter();
        let head = Head::new(rows.filter_map(|row| row.find(&snapshot.lineup)), &base);
        let now = unix_now();
        // They begin with the day, so a document that has any is another one each day.
        let filled = part.is_filled.then(|| Days {
            begin: now - now % DAY,
            count: part.days.unwrap_or(self.days) + 1,
        });
        let mut query = crc32fast::Hasher::new();
        (part.days, &part.rows, filled).hash(&mut query);
        let query = query.finalize();
        let etag = format!("\"{}{query:08x}{}\"", guide.tag(&head), form.letter());
        let midnight = Duration::from_secs(filled.map_or(0, |days| days.begin.into()));
        let modified = guide.made.max(snapshot.made).max(UNIX_EPOCH + midnight);
        let packer = (form != Form::Plain).then(|| GzEncoder::new(Vec::new(), Compression::new(1)));
        let made = Made {
            store: self.store,
            lineup: snapshot.lineup.clone(),
            rows: part.rows.into_iter(),
            from: guide_begin(now),
            to: part
                .days
                .map_or(u32::MAX, |days| now - now % 3_600 + days * DAY),
            filled,
            head: Some(head),
            packer,
        };
        streamed(request, etag, modified, form, Box::new(made))
    }
}

/// A part of the guide.
struct Share {
    rows: Vec<Row>,
    days: Option<u32>,
    /// Whether channels without events have placeholders.
    is_filled: bool,
}

/// A channel of a document.
#[derive(Hash)]
struct Row {
    /// Index into [`Lineup::channels`].
    channel: u32,
    /// The number it is called by, in place of its id.
    number: Option<u32>,
}

impl Row {
    fn find<'a>(&self, lineup: &'a Lineup) -> Option<(&'a Channel, Label)> {
        let channel = lineup.channels.get(self.channel as usize)?;
        let label = match self.number {
            Some(number) => Label::numbered(channel, number),
            None => Label::of(channel),
        };
        Some((channel, label))
    }
}

/// The days of placeholders.
#[derive(Clone, Copy, Hash)]
struct Days {
    /// A midnight, in seconds since 1970.
    begin: u32,
    count: u32,
}

impl Share {
    /// What the query asks for; `None` for everything. Nobody is known by the `User-Agent` here: the plain
    /// address has the guide of the usual playlist, whoever asks.
    fn of(request: &Request, snapshot: &Snapshot) -> Result<Option<Share>, ApiError> {
        let is_numbered = playlist::client(request)? == Some(Client::Plex);
        let days = match request.query("days").map(str::parse::<u32>) {
            None => None,
            Some(Ok(days)) if (1..=MOST_DAYS).contains(&days) => Some(days),
            Some(_) => return Err(ApiError::bad("days is a number from 1 to 14")),
        };
        let bouquet = match request.query("bouquet") {
            None => None,
            Some(name) => match snapshot.lineup.bouquet(name) {
                None => return Err(ApiError::not_found("there is no such bouquet")),
                found => found,
            },
        };
        let rows = if is_numbered {
            let programs = snapshot.programs.of_bouquet(bouquet);
            let row = |program: &Program| Row {
                channel: program.channel,
                number: Some(program.number),
            };
            programs.map(row).collect()
        } else {
            let mut channels: Vec<u32> = match bouquet {
                None if days.is_none() => return Ok(None),
                None => (0..snapshot.lineup.channels.len() as u32).collect(),
                Some(bouquet) => bouquet.channels.clone(),
            };
            channels.sort_unstable();
            let row = |channel| Row {
                channel,
                number: None,
            };
            channels.into_iter().map(row).collect()
        };
        Ok(Some(Share {
            rows,
            days,
            is_filled: is_numbered,
        }))
    }
}

/// An answer made on the way, with the conditions that need no body checked before.
fn streamed(
    request: &Request,
    etag: String,
    modified: SystemTime,
    form: Form,
    chunks: Box<dyn Chunks>,
) -> Reply {
    let probe = Entity {
        parts: Vec::new(),
        etag: etag.clone(),
        last_modified: modified,
        content_type: form.content_type(),
        encoding: form.encoding(),
        cache_control: "no-cache",
        varies: true,
    };
    let conditional =
        request.header("if-none-match").is_some() || request.header("if-modified-since").is_some();
    if conditional {
        let reply = probe.reply(request);
        if reply.status == 304 {
            return reply;
        }
    }
    let mut reply = Reply::empty(200)
        .with("content-type", form.content_type())
        .with("etag", etag)
        .with("last-modified", http_date(unix_seconds(modified)))
        .with("cache-control", "no-cache")
        .with("vary", "accept-encoding");
    if let Some(encoding) = form.encoding() {
        reply = reply.with("content-encoding", encoding);
    }
    // For HEAD there is no need to make anything.
    if request.method != Method::Head {
        reply.body = Body::Stream(chunks);
    }
    reply
}

/// The whole guide, unpacked.
struct Unpacked {
    head: Option<Head>,
    body: DeflateDecoder<Box<dyn Read>>,
}

impl Chunks for Unpacked {
    fn next(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        if let Some(head) = self.head.take() {
            out.extend_from_slice(&head.plain);
            return Ok(true);
        }
        (&mut self.body).take(PIECE as u64).read_to_end(out)?;
        Ok(!out.is_empty())
    }
}

/// A part of the guide, from the event store, a channel at a time.
struct Made {
    store: Rc<Store>,
    lineup: Rc<Lineup>,
    rows: std::vec::IntoIter<Row>,
    from: u32,
    to: u32,
    filled: Option<Days>,
    head: Option<Head>,
    packer: Option<GzEncoder<Vec<u8>>>,
}

impl Made {
    fn write(&mut self, text: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        match &mut self.packer {
            Some(packer) => {
                packer.write_all(text)?;
                out.append(packer.get_mut());
            }
            None => out.extend_from_slice(text),
        }
        Ok(())
    }
}

impl Chunks for Made {
    fn next(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        if let Some(head) = self.head.take() {
            self.write(&head.plain, out)?;
        }
        let mut events = Vec::new();
        while out.len() < PIECE {
            let Some(row) = self.rows.next() else {
                self.write(guide::TAIL.as_bytes(), out)?;
                if let Some(packer) = self.packer.take() {
                    out.extend(packer.finish()?);
                }
                return Ok(false);
            };
            let lineup = self.lineup.clone();
            let Some((channel, label)) = row.find(&lineup) else {
                continue;
            };
            events.clear();
            if let Some(key) = channel.epg {
                self.store
                    .events()
                    .read(key, self.from, self.to, &mut events)?;
            }
            for event in &events {
                self.write(guide::programme(&label, event).as_bytes(), out)?;
            }
            if let Some(Days { begin, count }) = self.filled.filter(|_| events.is_empty()) {
                let text = guide::placeholders(channel, &label, begin, count);
                self.write(text.as_bytes(), out)?;
            }
        }
        Ok(true)
    }
}
