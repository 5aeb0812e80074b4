//! Channels and guide straight from the receiver's own files: no request, no load, no wait.
//!
//! The files say what there is; the receiver is asked only for what they lack. enigma2 writes its guide when it stops
//! or is asked to, so the file grows old while it runs: in standby the receiver is asked to write it, and while
//! somebody may be watching it is asked what is on, as one without files is.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use smol::future::{yield_now, FutureExt};
use smol::Timer;

use super::{Call, Phase, Poller, Wish};
use crate::model::{unix_now, EpgKey};
use crate::receiver::disk::epg::EpgFile;
use crate::receiver::disk::{may_sleep, Disk};
use crate::receiver::Error;
use crate::watch::{Change, Debounce, Timing, Watch};

/// The pause before the directory is looked for again when it is gone.
const NEW_TRY: Duration = Duration::from_secs(30);

/// The receiver's own files, and when to look at them after they changed.
#[derive(Clone, Debug)]
pub struct Files {
    /// Where they are.
    pub disk: Disk,
    /// How they are looked at.
    pub looks: Looks,
    /// Whether OpenWebif is not asked for channels even when they cannot be read.
    pub are_enough: bool,
}

/// How the receiver's own files are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Looks {
    /// When, after news of them.
    pub timing: Timing,
    /// Whether a file lies on a disk that may be asleep and had to wake up to take it.
    pub may_sleep: fn(&Path) -> bool,
}

impl Default for Looks {
    fn default() -> Looks {
        Looks {
            timing: Timing::default(),
            may_sleep,
        }
    }
}

/// What was read of enigma2's file of events.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// When the file was written.
    written: Option<SystemTime>,
    /// The channels it was read for.
    keys: HashSet<EpgKey>,
    /// When the receiver was last asked to write it.
    saved: Option<Instant>,
}

impl Poller {
    /// A pass over the files, and questions for what they lack. Returns whether they could be read; otherwise nothing was
    /// done.
    pub(super) async fn steps_with_files(
        &self,
        files: &Files,
        wish: Option<&Wish>,
        was_failing: bool,
    ) -> Result<bool, Error> {
        if let Err(error) = self.look(files).await {
            if files.are_enough && self.store.current().generation == 0 {
                return Err(error);
            }
            self.warn(error.to_string());
            if !files.are_enough {
                return Ok(false);
            }
        }
        self.progress(Phase::Receiver, 0, 1);
        self.ask_about(was_failing).await;
        self.complete_guide(files, wish).await?;
        Ok(true)
    }

    /// Has the guide completed that is known from the files.
    async fn complete_guide(&self, files: &Files, wish: Option<&Wish>) -> Result<(), Error> {
        if !self.settings.guide.enabled {
            return self.publish_guide(true).await;
        }
        if wish.is_some_and(|wish| wish.only_channels) {
            return self.publish_guide(self.store.current().complete).await;
        }
        if self.is_fresh() && wish.is_none() {
            return Ok(());
        }
        let is_asleep = self.ask_standby().await?;
        if is_asleep && self.may_save(files) {
            self.files_read.borrow_mut().saved = Some(Instant::now());
            match self.web.save_guide().await {
                Ok(()) => {
                    self.file_guide(files).await;
                    if self.is_fresh() {
                        return self.publish_guide(true).await;
                    }
                }
                Err(error) if error.is_general() => return Err(error),
                Err(error) => log::debug!("{error}"),
            }
        }
        let fetched = self.fetch_guide().await;
        self.publish_guide(fetched.is_ok()).await?;
        fetched
    }

    /// Looks at all files and publishes what they say.
    async fn look(&self, files: &Files) -> Result<(), Error> {
        self.look_at_channels(files).await?;
        self.look_at_guide(files).await
    }

    /// Publishes the guide with what is new in the file of events, for the channels there are now.
    pub(super) async fn look_at_guide(&self, files: &Files) -> Result<(), Error> {
        if self.settings.guide.enabled && self.file_guide(files).await {
            self.publish_guide(true).await
        } else if self.store.current().generation > 0 {
            self.publish_guide(false).await
        } else {
            Ok(())
        }
    }

    /// Publishes the channels that the files list.
    async fn look_at_channels(&self, files: &Files) -> Result<(), Error> {
        let disk = files.disk.clone();
        // Ten thousand services take a box half a second.
        let read = smol::unblock(move || Ok((disk.listing()?, disk.relay()?)));
        let (listing, relay) = read.await.map_err(Error::Files)?;
        let mut bouquets = listing.bouquets.iter();
        if bouquets.all(|bouquet| bouquet.services().is_empty()) {
            return Err(Error::Malformed(
                files.disk.dir().display().to_string(),
                "there is no bouquet with a service in it".into(),
            ));
        }
        self.set_relay(relay);
        self.publish_channels(listing);
        Ok(())
    }

    /// Files what is new in enigma2's file of events: all of it when it was written anew, else that of channels it was
    /// not read for yet. Returns whether the store now has what it says.
    async fn file_guide(&self, files: &Files) -> bool {
        match self.read_guide(files).await {
            Ok(is_there) => is_there,
            Err(error) => {
                self.store.events().rollback();
                self.warn(format!("the guide's file is not used: {error}"));
                false
            }
        }
    }

    async fn read_guide(&self, files: &Files) -> Result<bool, Unreadable> {
        let Some(path) = files.disk.epg_file()? else {
            return Ok(false);
        };
        let read = self.read_events(&path).await;
        read.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(true)
    }

    async fn read_events(&self, path: &Path) -> Result<(), Unreadable> {
        let written = path.metadata()?.modified()?;
        let wanted = self.wanted(written);
        if wanted.is_empty() {
            return Ok(());
        }
        let file = {
            let path = path.to_owned();
            smol::unblock(move || EpgFile::open(&path)).await?
        };
        let languages = &self.settings.guide.languages;
        self.store.events().begin();
        for service in file.read(&wanted, languages) {
            let (key, found) = service?;
            self.store.events().put(key, &found)?;
            // A slow processor is kept for milliseconds by each service.
            yield_now().await;
        }
        let mut events = self.store.events();
        events.commit();
        events.flush()?;
        drop(events);
        let mut read = self.files_read.borrow_mut();
        if read.written != Some(written) {
            read.written = Some(written);
            read.keys.clear();
            if self.store.last_full().is_none_or(|last| last < written) {
                self.store.set_last_full(written);
                // What was asked for from then on is asked for anew.
                self.plan.borrow_mut().forget();
            }
        }
        log::debug!("{}: {} services", path.display(), wanted.len());
        read.keys.extend(wanted);
        Ok(())
    }

    /// The channels that a file of this age has news of: all, if what is known is older; else those of which nothing is
    /// known.
    fn wanted(&self, written: SystemTime) -> HashSet<EpgKey> {
        let lineup = self.store.current().lineup.clone();
        let keys = lineup.channels.iter().filter_map(|channel| channel.epg);
        let read = self.files_read.borrow();
        let is_new = match read.written {
            Some(known) => known != written,
            // Kept from an earlier run.
            None => self.store.last_full().is_none_or(|last| last < written),
        };
        if is_new {
            return keys.collect();
        }
        let (events, now) = (self.store.events(), unix_now());
        keys.filter(|key| !read.keys.contains(key) && events.known_until(*key) <= now)
            .collect()
    }

    /// Whether the guide is as new as one that the receiver would be asked for.
    fn is_fresh(&self) -> bool {
        let settings = &self.settings;
        let age = self
            .store
            .last_full()
            .and_then(|last| SystemTime::now().duration_since(last).ok());
        age.is_some_and(|age| age < settings.guide.save_interval.max(settings.refresh.interval))
    }

    /// Whether the receiver, in standby, may be asked to write its file: not too often, and never onto a disk that would
    /// have to wake up for it.
    fn may_save(&self, files: &Files) -> bool {
        let interval = self.settings.guide.save_interval;
        let saved = self.files_read.borrow().saved;
        interval > Duration::ZERO
            && saved.is_none_or(|saved| saved.elapsed() >= interval)
            && files
                .disk
                .epg_place()
                .is_ok_and(|place| !(files.looks.may_sleep)(&place))
    }

    /// Waits for news of the files, for ever: looks at once for channels, and has `then` called for the guide.
    pub(super) async fn hear(&self, files: &Files, then: impl Fn()) {
        if let Err(error) = self.listen(files, then).await {
            log::warn!("changes of the receiver's files are seen with the next refresh: {error}");
        }
        std::future::pending().await
    }

    async fn listen(&self, files: &Files, then: impl Fn()) -> io::Result<()> {
        let mut watch = Watch::new()?;
        let mut debounce = Debounce::new(files.looks.timing);
        // What is there now the first pass sees.
        watch.add(files.disk.dir())?;
        loop {
            match watch.add(files.disk.dir()) {
                Ok(true) => debounce.news(Instant::now()),
                Ok(false) => {}
                // Somebody restores a backup.
                Err(error) => {
                    log::debug!("{error}");
                    Timer::after(NEW_TRY).await;
                    continue;
                }
            }
            let there = files.disk.epg_file().ok().flatten();
            let guide = there.or_else(|| files.disk.epg_place().ok());
            if let Some(folder) = guide.as_deref().and_then(Path::parent) {
                // Perhaps the disk is not there yet.
                let _ = watch.add(folder);
            }
            let news = async { Some(watch.changed().await) };
            let due = async {
                match debounce.due() {
                    Some(due) => drop(Timer::at(due).await),
                    None => std::future::pending().await,
                }
                None
            };
            let is_news = match news.or(due).await {
                Some(change) => concerns(&change?, files.disk.dir(), guide.as_deref()),
                None => false,
            };
            if is_news {
                debounce.news(Instant::now());
            } else if debounce.take(Instant::now()) {
                let look = self.look_at_channels(files);
                if let Err(error) = self.audited(&Call::Files, "channels", look).await {
                    log::warn!("the channels are kept as they were: {error}");
                }
                then();
            }
        }
    }
}

/// Whether something happened to a file that is looked at.
fn concerns(change: &Change, channels: &Path, guide: Option<&Path>) -> bool {
    let Change::Files { directory, names } = change else {
        return true;
    };
    names.iter().any(|name| {
        let of_channels = directory == channels && name.to_str().is_some_and(Disk::concerns);
        of_channels || guide.is_some_and(|guide| *guide == directory.join(name))
    })
}

/// Why the file of events is of no use.
type Unreadable = Box<dyn std::error::Error>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_channels_and_the_guide_concern() {
        let change = |directory: &str, name: &str| Change::Files {
            directory: directory.into(),
            names: vec!["x".into(), name.into()],
        };
        let (channels, guide) = (Path::new("/etc/enigma2"), Path::new("/media/hdd/epg.dat"));
        let is_heard = |change: &Change| concerns(change, channels, Some(guide));
        assert!(is_heard(&change("/etc/enigma2", "lamedb")));
        assert!(is_heard(&change("/media/hdd", "epg.dat")));
        assert!(is_heard(&Change::Anything));
        assert!(!is_heard(&change("/media/hdd", "lamedb")));
        assert!(!is_heard(&change("/etc/enigma2", "timers.xml")));
    }
}
