//! The published guide: the programmes of all channels, deflated once, in a file.
//!
//! A document is a head (declaration and channels, whose icon addresses depend on how the client reached us), the
//! programmes, and the end. Only the head is made for a client; the rest is this file, sent as it lies there. Deflate
//! allows that: the head's blocks end at a byte boundary (a sync flush), the file's follow, and the checksum of the
//! whole is combined from those of the two. So a gzipped guide costs no compression and no memory when it is asked for.
//! Programs that do not take gzip get it unpacked on the way (measured: see docs/DECISIONS.md).

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crc32fast::Hasher;
use flate2::write::DeflateEncoder;
use flate2::{Compress, Compression, FlushCompress};

use crate::guide;
use crate::model::{unix_seconds, Base, Channel, Event, Label, Lineup, Media};
use crate::replace::Draft;

/// The file's name among the outputs.
pub(super) const NAME: &str = "guide.deflate";
const MARK: &[u8; 8] = b"xg2g gd2";
/// Mark, checksum, lineup, made, plain bytes, and events and channels of television and of radio: 8 + 4 + 4 + 8 + 8 +
/// 4 * 4.
const TRAILER: usize = 48;
/// Text is packed in pieces of this size: flate2 clears its 32 kB of output at each call.
const PENDING: usize = 16 * 1024;

/// A published guide. The file stays readable while it is held, also when a newer one has taken its name.
#[derive(Debug)]
pub struct GuideFile {
    file: Arc<File>,
    /// Bytes of deflated programmes and end.
    packed: u64,
    /// Bytes of the same unpacked.
    plain: u64,
    check: u32,
    lineup: u32,
    /// When its content last changed.
    pub made: SystemTime,
    /// What is in it of television.
    pub tv: Share,
    /// What is in it of radio.
    pub radio: Share,
}

/// How much of a guide there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Programmes.
    pub events: u32,
    /// Channels that have any.
    pub channels: u32,
}

/// The part of a document before the programmes, for one address of ours.
#[derive(Clone, Debug)]
pub struct Head {
    /// As text.
    pub plain: Arc<[u8]>,
    /// gzip's head and the deflated text, ended at a byte boundary.
    pub packed: Arc<[u8]>,
    /// Checksum of the text.
    pub check: u32,
}

impl Head {
    /// The head for the channels and what they are called, with icons under `base`.
    pub fn new<'a>(channels: impl Iterator<Item = (&'a Channel, Label)>, base: &Base) -> Head {
        let mut plain = String::from(guide::HEAD);
        for (channel, label) in channels {
            plain.push_str(&guide::channel(channel, &label, base));
        }
        // gzip's head: deflate, no flags, no time, no hints, unknown system.
        let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        packed.reserve(plain.len() + plain.len() / 1024 + 64);
        // Cannot fail: the room suffices.
        let _ = Compress::new(Compression::new(6), false).compress_vec(
            plain.as_bytes(),
            &mut packed,
            FlushCompress::Sync,
        );
        let check = crc32fast::hash(plain.as_bytes());
        Head {
            plain: plain.into_bytes().into(),
            packed: packed.into(),
            check,
        }
    }
}

impl GuideFile {
    /// Opens what an earlier run published in `directory`, if it is whole and belongs to this lineup.
    pub(super) fn open(directory: &Path, lineup: &Lineup) -> Option<GuideFile> {
        let file = File::open(directory.join(NAME)).ok()?;
        let length = file.metadata().ok()?.len();
        let packed = length.checked_sub(TRAILER as u64)?;
        let mut trailer = [0; TRAILER];
        file.read_exact_at(&mut trailer, packed).ok()?;
        let word = |at: usize| {
            Some(u32::from_le_bytes(
                trailer.get(at..at + 4)?.try_into().ok()?,
            ))
        };
        let long = |at: usize| {
            Some(u64::from_le_bytes(
                trailer.get(at..at + 8)?.try_into().ok()?,
            ))
        };
        if trailer[..8] != *MARK || word(12)? != fingerprint(lineup) {
            return None;
        }
        Some(GuideFile {
            file: Arc::new(file),
            packed,
            plain: long(24)?,
            check: word(8)?,
            lineup: word(12)?,
            made: UNIX_EPOCH + Duration::from_secs(long(16)?),
            tv: Share {
                events: word(32)?,
                channels: word(36)?,
            },
            radio: Share {
                events: word(40)?,
                channels: word(44)?,
            },
        })
    }

    /// The file and the number of its bytes that belong to a document.
    pub fn body(&self) -> (Arc<File>, u64) {
        (self.file.clone(), self.packed)
    }

    /// The last eight bytes of a gzipped document: checksum and length of head and programmes together.
    pub fn gzip_end(&self, head: &Head) -> [u8; 8] {
        let mut check = Hasher::new_with_initial_len(head.check, head.plain.len() as u64);
        check.combine(&Hasher::new_with_initial_len(self.check, self.plain));
        let length = (head.plain.len() as u64 + self.plain) as u32;
        let mut end = [0; 8];
        end[..4].copy_from_slice(&check.finalize().to_le_bytes());
        end[4..].copy_from_slice(&length.to_le_bytes());
        end
    }

    /// Names the content, for an ETag: equal content has an equal tag.
    pub fn tag(&self, head: &Head) -> String {
        format!("{:08x}{:08x}{:x}", head.check, self.check, self.plain)
    }

    /// All that is in it.
    pub fn all(&self) -> Share {
        Share {
            events: self.tv.events.wrapping_add(self.radio.events),
            channels: self.tv.channels.wrapping_add(self.radio.channels),
        }
    }

    /// Bytes of the programmes unpacked.
    pub fn plain_bytes(&self) -> u64 {
        self.plain
    }

    /// Bytes on disk.
    pub fn packed_bytes(&self) -> u64 {
        self.packed
    }

    /// A reader of the deflated programmes from the beginning.
    pub fn reader(&self) -> impl Read {
        Section {
            file: self.file.clone(),
            at: 0,
            end: self.packed,
        }
    }
}

/// Reads a part of a file without moving its position, which others share.
struct Section {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Section {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let room = into
            .len()
            .min(usize::try_from(self.end - self.at).unwrap_or(usize::MAX));
        let read = self.file.read_at(&mut into[..room], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// A guide file being written.
#[derive(Debug)]
pub struct GuideWriter {
    packer: DeflateEncoder<Draft>,
    /// Text not yet packed.
    pending: Vec<u8>,
    check: Hasher,
    plain: u64,
    lineup: Rc<Lineup>,
    tv: Share,
    radio: Share,
}

impl GuideWriter {
    pub(super) fn begin(directory: &Path, lineup: Rc<Lineup>) -> io::Result<GuideWriter> {
        let draft = Draft::begin(&directory.join(NAME))?;
        Ok(GuideWriter {
            // Level 1: on a receiver the higher ones cost more than the RAM they save.
            packer: DeflateEncoder::new(draft, Compression::new(1)),
            pending: Vec::with_capacity(PENDING),
            check: Hasher::new(),
            plain: 0,
            lineup,
            tv: Share::default(),
            radio: Share::default(),
        })
    }

    /// The lineup it is written for.
    pub fn lineup(&self) -> Rc<Lineup> {
        self.lineup.clone()
    }

    /// Adds the programmes of a channel (rule G10: each channel once, its events sorted).
    ///
    /// # Errors
    /// Those of the file system.
    pub fn add(&mut self, channel: &Channel, events: &[Event]) -> io::Result<()> {
        let label = Label::of(channel);
        for event in events {
            self.write(guide::programme(&label, event).as_bytes())?;
        }
        let share = match channel.media {
            Media::Tv => &mut self.tv,
            Media::Radio => &mut self.radio,
        };
        share.events += events.len() as u32;
        share.channels += u32::from(!events.is_empty());
        Ok(())
    }

    /// Completes and publishes the file, unless it says what `known` says.
    pub(super) fn finish(
        mut self,
        known: Option<&GuideFile>,
        now: SystemTime,
    ) -> io::Result<Option<GuideFile>> {
        self.write(guide::TAIL.as_bytes())?;
        self.pack()?;
        let check = self.check.finalize();
        let lineup = fingerprint(&self.lineup);
        if known.is_some_and(|known| {
            (known.check, known.plain, known.lineup) == (check, self.plain, lineup)
        }) {
            return Ok(None);
        }
        let earliest = known.map_or(UNIX_EPOCH, |known| known.made + Duration::from_secs(1));
        let made = now.max(earliest);
        let seconds = unix_seconds(made);
        let mut draft = self.packer.finish()?;
        draft.write_all(MARK)?;
        draft.write_all(&check.to_le_bytes())?;
        draft.write_all(&lineup.to_le_bytes())?;
        draft.write_all(&seconds.to_le_bytes())?;
        draft.write_all(&self.plain.to_le_bytes())?;
        for share in [self.tv, self.radio] {
            draft.write_all(&share.events.to_le_bytes())?;
            draft.write_all(&share.channels.to_le_bytes())?;
        }
        let file = draft.publish()?;
        let packed = file.metadata()?.len() - TRAILER as u64;
        Ok(Some(GuideFile {
            file: Arc::new(file),
            packed,
            plain: self.plain,
            check,
            lineup,
            made: UNIX_EPOCH + Duration::from_secs(seconds),
            tv: self.tv,
            radio: self.radio,
        }))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.pending.len() + bytes.len() > PENDING {
            self.pack()?;
        }
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    fn pack(&mut self) -> io::Result<()> {
        self.check.update(&self.pending);
        self.plain += self.pending.len() as u64;
        self.packer.write_all(&self.pending)?;
        self.pending.clear();
        Ok(())
    }
}

/// Tells lineups apart by their channels, so that programmes are never served for channels that are not there.
fn fingerprint(lineup: &Lineup) -> u32 {
    let mut hasher = Hasher::new();
    for channel in &lineup.channels {
        hasher.update(channel.slug.as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize()
}
