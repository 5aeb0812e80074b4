//! Guide answers: `epgmulti`, `epgservice` and `epgnownext`, one event at a time.

use super::json::{read_fields, unescape, Splitter};
use super::{check, Error, Objects, OpenWebif};
use crate::http::client::quote;
use crate::model::{clean_line, clean_text, Event, ServiceRef};

/// An answer larger than this is not believed: it would have kept the receiver for seconds.
const LARGEST_GUIDE: u64 = 64 * 1024 * 1024;
/// One service has a tenth of these events in a week, at most.
const MOST_EVENTS: usize = 20_000;
/// An event of more than a week is damage.
const LONGEST: i64 = 7 * 86_400;

/// Whose guide to ask for.
#[derive(Clone, Copy, Debug)]
pub enum Query<'a> {
    /// All services of a bouquet, by the reference the receiver gave.
    Bouquet {
        /// As sent by the receiver.
        reference: &'a str,
        /// How many services it has: what the answer's size is planned by.
        services: usize,
    },
    /// One service.
    Service(&'a ServiceRef),
}

/// A part of a guide answer.
#[derive(Debug)]
pub enum Piece<'a> {
    /// The answer begins, perhaps for the second time after an error: forget its former pieces.
    Begin,
    /// The events of one service, sorted by start, never empty.
    Events {
        /// The service reference as the answer has it: in answers for a bouquet the bouquet's own string.
        service: &'a str,
        /// Sorted by start.
        events: &'a [Event],
    },
}

impl OpenWebif {
    /// The length in minutes of the window to ask for next, `None` when the query should be split into services.
    pub fn window(&self, query: Query<'_>) -> Option<u32> {
        self.pace.borrow().window(query.services())
    }

    /// Asks for the events that run between `from` (seconds since 1970) and `minutes` later; each service's events go
    /// to `each` as soon as they are complete. After an error nothing that was handed out counts.
    ///
    /// # Errors
    /// [`Error`]; `Error::Store` is that of `each`.
    pub async fn guide(
        &self,
        query: Query<'_>,
        from: u32,
        minutes: u32,
        each: &mut dyn FnMut(Piece<'_>) -> std::io::Result<()>,
    ) -> Result<(), Error> {
        // These calls decode their reference twice (facts, section 0, item 17).
        let twice = |reference: &str| quote(&reference.replace('%', "%25"));
        let path = match query {
            Query::Bouquet { reference, .. } => format!("/api/epgmulti?bRef={}", twice(reference)),
            Query::Service(service) => {
                format!("/api/epgservice?sRef={}", twice(&service.address()))
            }
        };
        // `endTime` is minutes from `time`, not a time (item 4).
        let path = format!("{path}&time={from}&endTime={minutes}");
        let bytes = self.events(&path, each).await?;
        self.pace
            .borrow_mut()
            .note_guide(query.services(), minutes, bytes);
        Ok(())
    }

    /// Asks for the running and the next event of each service of a bouquet.
    ///
    /// # Errors
    /// As [`OpenWebif::guide`].
    pub async fn now_next(
        &self,
        bouquet: &str,
        each: &mut dyn FnMut(Piece<'_>) -> std::io::Result<()>,
    ) -> Result<(), Error> {
        let path = format!(
            "/api/epgnownext?bRef={}",
            quote(&bouquet.replace('%', "%25"))
        );
        self.events(&path, each).await.map(|_| ())
    }

    async fn events(
        &self,
        path: &str,
        each: &mut dyn FnMut(Piece<'_>) -> std::io::Result<()>,
    ) -> Result<u64, Error> {
        // Splitter and restart both hand on to the same gatherer, one at a time.
        let rows = std::cell::RefCell::new(Rows {
            each,
            service: String::new(),
            events: Vec::new(),
            good: 0,
            bad: 0,
            failed: None,
        });
        let mut objects = Objects {
            splitter: Splitter::default(),
            each: |object: &str| rows.borrow_mut().take(object),
            restarted: || rows.borrow_mut().begin(),
        };
        let fetched = self.fetch(path, LARGEST_GUIDE, &mut objects).await;
        let Objects { splitter, .. } = objects;
        let mut rows = rows.into_inner();
        if let Some(error) = rows.failed.take() {
            return Err(Error::Store(error));
        }
        let fetched = fetched?;
        let shell = splitter
            .finish()
            .map_err(|text| Error::Malformed(path.into(), text))?;
        check(path, &shell, "events")?;
        rows.finish(path)?;
        Ok(fetched.bytes)
    }
}

impl Query<'_> {
    fn services(self) -> usize {
        match self {
            Query::Bouquet { services, .. } => services,
            Query::Service(_) => 1,
        }
    }
}

/// Gathers consecutive rows of one service.
struct Rows<'a> {
    each: &'a mut dyn FnMut(Piece<'_>) -> std::io::Result<()>,
    service: String,
    events: Vec<Event>,
    good: usize,
    bad: usize,
    failed: Option<std::io::Error>,
}

enum Row {
    Event(Event),
    /// A row for a service without an event (facts, item 10), or an event of no length or title.
    Empty,
    /// A row whose times are no times.
    Bad,
}

impl Rows<'_> {
    fn begin(&mut self) {
        self.service.clear();
        self.events.clear();
        (self.good, self.bad) = (0, 0);
        self.hand_out(Piece::Begin);
    }

    fn take(&mut self, object: &str) -> Result<(), String> {
        let (service, row) = match read_row(object) {
            Ok(row) => row,
            // One event that cannot be read loses that event.
            Err(_) => (String::new(), Row::Bad),
        };
        match row {
            Row::Empty => self.good += 1,
            Row::Bad => self.bad += 1,
            Row::Event(event) => {
                self.good += 1;
                if service != self.service {
                    self.complete();
                    self.service = service;
                }
                self.events.push(event);
                if self.events.len() > MOST_EVENTS {
                    return Err("one service has too many events".into());
                }
            }
        }
        match self.failed {
            Some(_) => Err("the event store failed".into()),
            None => Ok(()),
        }
    }

    fn complete(&mut self) {
        if self.events.is_empty() {
            return;
        }
        let mut events = std::mem::take(&mut self.events);
        events.sort_by_key(|event| event.start);
        let service = std::mem::take(&mut self.service);
        self.hand_out(Piece::Events {
            service: &service,
            events: &events,
        });
        events.clear();
        self.events = events;
    }

    fn hand_out(&mut self, piece: Piece<'_>) {
        if self.failed.is_none() {
            self.failed = (self.each)(piece).err();
        }
    }

    fn finish(mut self, path: &str) -> Result<(), Error> {
        self.complete();
        if let Some(error) = self.failed {
            return Err(Error::Store(error));
        }
        if self.good == 0 && self.bad > 0 {
            return Err(Error::malformed(path, "none of the events can be read"));
        }
        if self.bad > 0 {
            log::debug!(
                "{} events of {path} cannot be read and are left out",
                self.bad
            );
        }
        Ok(())
    }
}

fn read_row(object: &str) -> Result<(String, Row), String> {
    let mut event = Event::default();
    let mut service = String::new();
    let (mut start, mut seconds, mut minutes) = (None, None, None);
    let mut no_start = false;
    read_fields(object, |key, value| match key {
        "id" => {
            event.id = value
                .number()
                .and_then(|id| u32::try_from(id).ok())
                .unwrap_or(0)
        }
        "begin_timestamp" => {
            start = value.number();
            no_start = value == super::json::Value::Null;
        }
        "duration_sec" => seconds = value.number(),
        "duration" => minutes = value.number(),
        "title" => event.title = clean_line(&unescape(value.text())),
        "shortdesc" => event.summary = clean_line(&unescape(value.text())),
        "longdesc" => event.description = clean_text(&unescape(value.text())),
        "sref" => service = value.text(),
        "genreid" => {
            event.genre = value
                .number()
                .and_then(|id| u8::try_from(id).ok())
                .unwrap_or(0);
        }
        _ => {}
    })?;
    let row = match (
        start,
        seconds.or(minutes.map(|minutes| minutes.saturating_mul(60))),
    ) {
        (Some(0), _) => Row::Empty,
        (None, _) if no_start => Row::Empty,
        (Some(start), Some(duration))
            if start >= i64::from(Event::EARLIEST) && (0..=LONGEST).contains(&duration) =>
        {
            let Ok(begin) = u32::try_from(start) else {
                return Ok((service, Row::Bad));
            };
            if duration == 0 || event.title.is_empty() {
                Row::Empty
            } else {
                (event.start, event.duration) = (begin, duration as u32);
                Row::Event(event)
            }
        }
        _ => Row::Bad,
    };
    Ok((service, row))
}
