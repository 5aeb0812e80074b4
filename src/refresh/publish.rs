//! The guide's publication, from the store of events.

use std::rc::Rc;
use std::time::SystemTime;

use super::programme::{DAY, HOUR};
use super::{Phase, Poller};
use crate::model::{guide_begin, unix_now, Channel, Lineup};
use crate::notice::channels_changed;
use crate::receiver::Error;

/// What a guide was made of: of the same comes the same.
#[derive(Debug)]
pub(super) struct MadeOf {
    lineup: Rc<Lineup>,
    /// [`crate::events::Events::changes`].
    changes: u32,
    span: (u32, u32),
    complete: bool,
}

impl MadeOf {
    /// Whether a guide made of `other` would say nothing that the one made of this does not.
    fn says_all_of(&self, other: &MadeOf) -> bool {
        Rc::ptr_eq(&self.lineup, &other.lineup)
            && (self.changes, self.span) == (other.changes, other.span)
            && self.complete >= other.complete
    }
}

impl Poller {
    /// Writes the guide file from the store, channel by channel, and publishes it if it says anything new; `complete`
    /// tells whether all that was to be had is in it. Tidies the store up when that is due.
    pub(super) async fn publish_guide(&self, complete: bool) -> Result<(), Error> {
        let now = unix_now();
        let from = guide_begin(now);
        let to = (now - now % HOUR) + self.settings.guide.days * DAY + HOUR;
        let made_of = MadeOf {
            lineup: self.store.current().lineup.clone(),
            changes: self.store.events().changes(),
            span: (from, to),
            complete,
        };
        let is_said = |made: &MadeOf| made.says_all_of(&made_of);
        if self.published.borrow().as_ref().is_some_and(is_said) {
            return Ok(());
        }
        // Packing of events and of the guide need a third of a megabyte each: one after the other.
        self.store.events().release();
        let news = self.store.events().take_news();
        let mut writer = self.store.write_guide().map_err(Error::Store)?;
        let lineup = writer.lineup();
        let mut found = Vec::new();
        for (at, channel) in lineup.channels.iter().enumerate() {
            if at % 16 == 0 {
                self.progress(Phase::Publish, at as u32, lineup.channels.len() as u32);
            }
            found.clear();
            if let Some(key) = channel.epg.filter(|_| self.settings.guide.enabled) {
                self.store
                    .events()
                    .read(key, from, to, &mut found)
                    .map_err(Error::Store)?;
            }
            writer.add(channel, &found).map_err(Error::Store)?;
            // A slow processor is kept for milliseconds by each channel: others get their turn.
            smol::future::yield_now().await;
        }
        self.store
            .publish_guide(writer, complete, SystemTime::now())
            .map_err(Error::Store)?;
        self.tell_outputs();
        *self.published.borrow_mut() = Some(made_of);
        let has_news = |channel: &&Channel| channel.epg.is_some_and(|key| news.contains(&key));
        let channels = lineup.channels.iter().filter(has_news);
        let slugs = channels.map(|channel| channel.service.slug());
        for notice in channels_changed(slugs.collect()) {
            self.notices.push(&notice);
        }
        self.tidy_up(&lineup, from).await.map_err(Error::Store)
    }

    async fn tidy_up(&self, lineup: &Lineup, from: u32) -> std::io::Result<()> {
        if !self.store.events().needs_rewrite() {
            return Ok(());
        }
        let keep = lineup
            .channels
            .iter()
            .filter_map(|channel| channel.epg)
            .collect();
        let mut rewrite = self.store.events().rewrite(&keep, from)?;
        while rewrite.step(&mut self.store.events())? {
            smol::future::yield_now().await;
        }
        rewrite.finish(&mut self.store.events())
    }
}
