//! Logos (picons): read through from the box's folders or the receiver, the shown ones kept in a small cache.
//!
//! This is the one place where an answer may wait for the receiver: a player asks for each logo once and keeps it, so a
//! `try later` would mean no logo. The wait is bounded, one fetch at a time for a logo, and a receiver that is away is
//! not asked again for a while.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smol::future::FutureExt;
use smol::Timer;

use crate::cache::{Cache, Counts};
use crate::model::{picon_names, Channel};
use crate::receiver::openwebif::OpenWebif;

const ENTRIES: usize = 96;
const BYTES: usize = 768 * 1024;
/// A logo hardly ever changes.
const KEEP: Duration = Duration::from_secs(6 * 3_600);
/// A missing one may be installed any time.
const KEEP_MISSING: Duration = Duration::from_secs(600);
/// How long an answer waits at most.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a receiver that did not answer is left alone.
const LEAVE_ALONE: Duration = Duration::from_secs(30);

/// What there is for a channel.
#[derive(Clone, Debug, PartialEq)]
pub enum Logo {
    /// A PNG.
    Png(Arc<[u8]>),
    /// None anywhere.
    Missing,
    /// The receiver did not say in time.
    Unknown,
}

/// The logos of one receiver.
pub struct Picons {
    web: Rc<OpenWebif>,
    folders: Vec<PathBuf>,
    cache: RefCell<Cache<Option<Arc<[u8]>>>>,
    /// Logos being fetched; the channel closes when the fetch has ended, however it ended.
    fetching: RefCell<HashMap<Box<str>, async_channel::Receiver<()>>>,
    away_until: RefCell<Option<Instant>>,
}

impl Picons {
    /// Logos from `folders` (those that exist here), else from the receiver.
    pub fn new(web: Rc<OpenWebif>, folders: Vec<PathBuf>) -> Picons {
        Picons {
            web,
            folders,
            cache: RefCell::new(Cache::new(ENTRIES, BYTES)),
            fetching: RefCell::default(),
            away_until: RefCell::default(),
        }
    }

    /// The statistics of the cache.
    pub fn counts(&self) -> Counts {
        self.cache.borrow().counts()
    }

    /// The logo of a channel.
    pub async fn get(&self, channel: &Channel) -> Logo {
        self.look_up(channel)
            .or(async {
                Timer::after(PATIENCE).await;
                Logo::Unknown
            })
            .await
    }

    async fn look_up(&self, channel: &Channel) -> Logo {
        let key: &str = &channel.slug;
        loop {
            let cached = self
                .cache
                .borrow_mut()
                .get(&format!("picon:{key}"), Instant::now());
            match cached {
                Some(Some(png)) => return Logo::Png(png),
                Some(None) => return Logo::Missing,
                None => {}
            }
            let other = self.fetching.borrow().get(key).cloned();
            match other {
                // Closed, never sent to.
                Some(other) => drop(other.recv().await),
                None => break,
            }
            if self.is_left_alone() {
                return Logo::Unknown;
            }
        }
        let (_ends, end) = async_channel::bounded::<()>(1);
        self.fetching.borrow_mut().insert(key.into(), end);
        let _cleared = Cleared {
            fetching: &self.fetching,
            key,
        };
        let names = picon_names(&channel.service, &channel.name);
        if let Some(png) = self.in_folders(&names).await {
            return self.keep(key, Some(png));
        }
        if self.is_left_alone() {
            return Logo::Unknown;
        }
        match self.at_receiver(channel, &names).await {
            Ok(png) => self.keep(key, png),
            Err(error) => {
                log::debug!("logo of {}: {error}", channel.name);
                *self.away_until.borrow_mut() =
                    error.is_general().then(|| Instant::now() + LEAVE_ALONE);
                Logo::Unknown
            }
        }
    }

    fn is_left_alone(&self) -> bool {
        self.away_until
            .borrow()
            .is_some_and(|until| until > Instant::now())
    }

    /// Disks may be asleep: this is for the threads of the blocking pool.
    async fn in_folders(&self, names: &[String]) -> Option<Vec<u8>> {
        if self.folders.is_empty() {
            return None;
        }
        let (folders, names) = (self.folders.clone(), names.to_vec());
        smol::unblock(move || {
            let paths = names.iter().flat_map(|name| {
                folders
                    .iter()
                    .map(move |folder| folder.join(format!("{name}.png")))
            });
            paths
                .filter_map(|path| std::fs::read(path).ok())
                .find(|bytes| bytes.len() <= BYTES)
        })
        .await
    }

    /// The name by reference first, which is one cheap request and nearly always right; then the receiver's own search,
    /// then the other names, for receivers without that search.
    async fn at_receiver(
        &self,
        channel: &Channel,
        names: &[String],
    ) -> Result<Option<Vec<u8>>, crate::receiver::Error> {
        let mut names = names.iter();
        if let Some(first) = names.next() {
            if let Some(png) = self.web.picon(first).await? {
                return Ok(Some(png));
            }
        }
        match self.web.picon_of(&channel.service.to_string()).await {
            Ok(Some(png)) => return Ok(Some(png)),
            Ok(None) => {}
            Err(error) if error.is_general() => return Err(error),
            Err(error) => log::debug!("{error}"),
        }
        for name in names {
            if let Some(png) = self.web.picon(name).await? {
                return Ok(Some(png));
            }
        }
        Ok(None)
    }

    fn keep(&self, key: &str, png: Option<Vec<u8>>) -> Logo {
        let png: Option<Arc<[u8]>> = png.map(Into::into);
        let bytes = png.as_ref().map_or(0, |png| png.len()) + key.len() + 64;
        let ttl = if png.is_some() { KEEP } else { KEEP_MISSING };
        self.cache.borrow_mut().put(
            &format!("picon:{key}"),
            png.clone(),
            bytes,
            ttl,
            Instant::now(),
        );
        png.map_or(Logo::Missing, Logo::Png)
    }
}

/// Ends a fetch for those who wait for it, also when the one who began it went away.
struct Cleared<'a> {
    fetching: &'a RefCell<HashMap<Box<str>, async_channel::Receiver<()>>>,
    key: &'a str,
}

impl Drop for Cleared<'_> {
    fn drop(&mut self) {
        self.fetching.borrow_mut().remove(self.key);
    }
}
