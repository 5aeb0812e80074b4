//! Outputs that are ready to send, kept by what they depend on: the snapshot, our address, bouquet, client, mode.

use std::cell::RefCell;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use flate2::write::GzEncoder;
use flate2::Compression;

use crate::cache::{Cache, Counts};
use crate::http::{accepts_gzip, Entity, Part, Reply, Request};

/// Four addresses of ours with a playlist and a guide head each, and some bouquets.
const ENTRIES: usize = 16;
/// A playlist of 10 000 channels is 3 MB; it is then made anew for each request.
const BYTES: usize = 768 * 1024;
const KEEP: Duration = Duration::from_secs(3_600);

/// A rendered output.
#[derive(Clone, Debug)]
pub(super) struct Output {
    /// As text.
    pub(super) plain: Arc<[u8]>,
    /// The same gzipped; for a guide's head without the end.
    pub(super) packed: Arc<[u8]>,
    /// Checksum of the text, for tags.
    pub(super) check: u32,
}

impl Output {
    /// Gzips a text.
    pub(super) fn new(plain: Vec<u8>) -> Output {
        let check = crc32fast::hash(&plain);
        let mut packer = GzEncoder::new(Vec::with_capacity(plain.len() / 6), Compression::new(6));
        // Writing into memory cannot fail.
        let _ = packer.write_all(&plain);
        let packed = packer.finish().unwrap_or_default();
        Output {
            plain: plain.into(),
            packed: packed.into(),
            check,
        }
    }

    /// The answer, gzipped for who takes it; `modified` is when what it was made of changed.
    pub(super) fn reply(
        self,
        request: &Request,
        modified: SystemTime,
        content_type: &'static str,
    ) -> Reply {
        let gzip = accepts_gzip(request);
        Entity {
            etag: format!("\"{:08x}{}\"", self.check, if gzip { "z" } else { "" }),
            parts: vec![Part::Bytes(if gzip { self.packed } else { self.plain })],
            last_modified: modified,
            content_type,
            encoding: gzip.then_some("gzip"),
            cache_control: "no-cache",
            varies: true,
        }
        .reply(request)
    }
}

/// The kept outputs.
#[derive(Debug)]
pub(super) struct Rendered {
    kept: RefCell<Cache<Output>>,
}

impl Default for Rendered {
    fn default() -> Rendered {
        Rendered {
            kept: RefCell::new(Cache::new(ENTRIES, BYTES)),
        }
    }
}

impl Rendered {
    /// The output under `key`, made by `make` if it is not there.
    pub(super) fn get(&self, key: &str, make: impl FnOnce() -> Output) -> Output {
        let now = Instant::now();
        if let Some(output) = self.kept.borrow_mut().get(key, now) {
            return output;
        }
        let output = make();
        let bytes = output.plain.len() + output.packed.len();
        self.kept
            .borrow_mut()
            .put(key, output.clone(), bytes, KEEP, now);
        output
    }

    /// The statistics.
    pub(super) fn counts(&self) -> Counts {
        self.kept.borrow().counts()
    }
}
