//! The receiver's web interface, OpenWebif 1.x and 2.x.
//!
//! One request at a time, with the pauses of [`pace`]; every answer is checked for what it should be before it counts.
//! Paths, types and quirks: the reference page of OpenWebif.

#[cfg(fuzzing)]
pub mod fuzz;
mod guide;
mod json;
mod knock;
mod message;
mod metrics;
mod pace;
mod relay;
mod situation;
mod tame;

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};

use smol::lock::Mutex;
use smol::Timer;

use super::Error;
use crate::cache::{Cache, Counts};
use crate::health::Board;
use crate::http::client::{self, quote, Client, Fetched, Head, Settings, Sink};
use crate::model::{clean_line, Entry, Media, ServiceRef};
use json::{read_fields, Splitter, Value};
use metrics::{endpoint, Metrics, LOGO};
use pace::Pace;

pub use guide::{Piece, Query};

/// Answers kept for a while, so that a pass that failed half-way need not ask again what it was told already.
const KEPT_ANSWERS: usize = 32;
const KEPT_BYTES: usize = 256 * 1024;
const KEPT_FOR: Duration = Duration::from_secs(300);
/// Bodies larger than this are no answers to these questions.
const LARGEST_LIST: u64 = 8 * 1024 * 1024;
const LARGEST_PICON: u64 = 512 * 1024;

/// What the receiver says it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Maker and model, `Vu+ Duo 4K`.
    pub model: String,
    /// `OWIF 2.4.0`.
    pub webif: String,
    /// The image's name and version.
    pub image: String,
    /// How many tuners it has; `None` if it does not say.
    pub tuners: Option<usize>,
}

/// A bouquet as the root list names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The reference, exactly as sent.
    pub reference: String,
    /// The name; cleaned.
    pub name: String,
}

/// A connection to one receiver.
pub struct OpenWebif {
    client: Client,
    one_at_a_time: Mutex<()>,
    pace: RefCell<Pace>,
    kept: RefCell<Cache<Rc<Vec<Entry>>>>,
    metrics: Rc<Metrics>,
    health: Board,
}

/// Requests made since the program started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// All of them.
    pub total: u32,
    /// Those that failed for good.
    pub failed: u32,
}

impl OpenWebif {
    /// A client for the receiver of `settings`; `max_block` bounds what one answer may cost its main thread.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(settings: Settings, max_block: Duration) -> Result<OpenWebif, Error> {
        Ok(OpenWebif {
            client: Client::new(settings)?,
            one_at_a_time: Mutex::new(()),
            pace: RefCell::new(Pace::new(max_block)),
            kept: RefCell::new(Cache::new(KEPT_ANSWERS, KEPT_BYTES)),
            metrics: Rc::default(),
            health: Board::default(),
        })
    }

    /// Counts on where `before` counted: it takes the place of that one.
    #[must_use]
    pub fn after(self, before: &OpenWebif) -> OpenWebif {
        OpenWebif {
            metrics: before.metrics.clone(),
            ..self
        }
    }

    /// The same, telling `health` of each answer and of each that does not come.
    #[must_use]
    pub fn watched(self, health: Board) -> OpenWebif {
        health.meet_receiver();
        OpenWebif { health, ..self }
    }

    /// Changes the bound on an answer's cost, as the receiver goes to standby or wakes.
    pub fn set_max_block(&self, max_block: Duration) {
        self.pace.borrow_mut().set_max_block(max_block);
    }

    /// Requests made so far.
    pub fn calls(&self) -> Calls {
        self.metrics.calls()
    }

    /// Statistics of the kept answers.
    pub fn kept(&self) -> Counts {
        self.kept.borrow().counts()
    }

    /// Forgets the kept answers, when somebody asks for a fresh look.
    pub fn forget(&self) {
        self.kept.borrow_mut().clear();
    }

    /// Model and versions. Dear for the receiver: for the start and after it was away.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn about(&self) -> Result<About, Error> {
        let mut about = About::default();
        let (mut brand, mut model, mut image, mut version) = Default::default();
        let mut tuners = 0;
        let shell = self
            .list("/api/deviceinfo", |object| {
                // Of all that is listed there only tuners show something live.
                let mut is_tuner = false;
                read_fields(object, |key, _| is_tuner |= key == "live")?;
                tuners += usize::from(is_tuner);
                Ok(())
            })
            .await?;
        about.tuners = Some(tuners).filter(|tuners| *tuners > 0);
        fields(&shell, |key, value| match key {
            "brand" => brand = clean_line(&value.text()),
            "model" => model = clean_line(&value.text()),
            "webifver" => about.webif = clean_line(&value.text()),
            "friendlyimagedistro" => image = clean_line(&value.text()),
            "imagever" => version = clean_line(&value.text()),
            _ => {}
        })?;
        about.model = clean_line(&format!("{brand} {model}"));
        about.image = clean_line(&format!("{image} {version}"));
        Ok(about)
    }

    /// Whether the receiver is in standby: nobody is watching its screen.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn standby(&self) -> Result<bool, Error> {
        let shell = self.list("/api/statusinfo", |_| Ok(())).await?;
        let mut standby = None;
        fields(&shell, |key, value| {
            if key == "inStandby" {
                standby = value.flag();
            }
        })?;
        standby.ok_or_else(|| Error::malformed("/api/statusinfo", "inStandby is missing"))
    }

    /// The bouquets of the TV or the radio list, in the receiver's order.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn bouquets(&self, media: Media) -> Result<Vec<Named>, Error> {
        let path = format!("/api/bouquets?stype={}", media.as_str());
        let shell = self.list(&path, |_| Ok(())).await?;
        let mut rows = None;
        let mut refused = None;
        fields(&shell, |key, value| match (key, value) {
            ("bouquets", Value::List(list)) => rows = Some(list),
            ("result", value) if value.flag() == Some(false) => refused = Some(()),
            _ => {}
        })?;
        if refused.is_some() {
            return Err(Error::Refused(path, "result is false".into()));
        }
        let rows = rows.ok_or_else(|| Error::malformed(&path, "there is no list of bouquets"))?;
        let count = rows.len();
        let named: Vec<Named> = rows
            .into_iter()
            .filter_map(|row| {
                let mut row = row.into_iter();
                // A name that is no text is none.
                let (reference, name) = (row.next()?, row.next().unwrap_or_default());
                ServiceRef::parse(&reference).filter(ServiceRef::is_bouquet)?;
                Some(Named {
                    reference,
                    name: clean_line(&name),
                })
            })
            .collect();
        if named.is_empty() && count > 0 {
            return Err(Error::malformed(&path, "none of the bouquets can be read"));
        }
        Ok(named)
    }

    /// The entries of a bouquet, sub-bouquet or group of alternatives, hidden ones included, without members. `fresh` asks
    /// the receiver also if its last answer is still kept.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn services(&self, reference: &str, fresh: bool) -> Result<Rc<Vec<Entry>>, Error> {
        let key = format!("services:{reference}");
        if !fresh {
            if let Some(entries) = self.kept.borrow_mut().get(&key, Instant::now()) {
                return Ok(entries);
            }
        }
        let path = format!("/api/getservices?sRef={}&hidden=1", quote(reference));
        let mut entries = Entries::default();
        let shell = self.list(&path, |object| entries.take(object)).await?;
        let entries = Rc::new(entries.finish(&path, &shell)?);
        if entries.is_empty() {
            // Nobody believes that for long.
            return Ok(entries);
        }
        let bytes = entries.len() * 200 + key.len();
        self.kept
            .borrow_mut()
            .put(&key, entries.clone(), bytes, KEPT_FOR, Instant::now());
        Ok(entries)
    }

    /// All bouquets of a list with their entries in one answer: hidden ones left out, sub-bouquets not entered. For a
    /// look whether anything changed.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn all_services(&self, media: Media) -> Result<Vec<(Named, Vec<Entry>)>, Error> {
        let path = match media {
            Media::Tv => "/api/getallservices",
            Media::Radio => "/api/getallservices?type=radio",
        };
        let mut bouquets = Vec::new();
        let shell = self
            .list(path, |object| {
                let (mut reference, mut name) = (String::new(), String::new());
                read_fields(object, |key, value| match key {
                    "servicereference" => reference = value.text(),
                    "servicename" => name = clean_line(&value.text()),
                    _ => {}
                })?;
                let mut entries = Entries::default();
                json::split_list(object, |entry| entries.take(entry))?;
                bouquets.push((Named { reference, name }, entries.good));
                Ok(())
            })
            .await?;
        Entries::default().finish(path, &shell)?;
        Ok(bouquets)
    }

    /// Whether an answer of about this many bytes is within the bound.
    pub fn affords(&self, bytes: usize) -> bool {
        self.pace.borrow().affords(bytes)
    }

    /// The PNG at `/picon/<name>.png`; `None` if there is none.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn picon(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        self.picon_at(&format!("/picon/{}.png", quote(name))).await
    }

    /// The PNG that the receiver's own rules find for a service; `None` if it has none.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn picon_of(&self, service: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = format!("/api/getpicon?sRef={}&json=true", quote(service));
        let shell = match self.list(&path, |_| Ok(())).await {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        let mut link = None;
        fields(&shell, |key, value| {
            if key == "path" {
                link = Some(value.text()).filter(|path| path.starts_with('/'));
            }
        })?;
        match link {
            Some(link) => {
                let encoded: Vec<String> = link.split('/').map(quote).collect();
                self.picon_at(&encoded.join("/")).await
            }
            None => Ok(None),
        }
    }

    async fn picon_at(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let _turn = self.one_at_a_time.lock().await;
        let began = Instant::now();
        let answer = self.client.get(path, LARGEST_PICON).await;
        let answer = match answer.map_err(Error::from) {
            Ok((_, body)) if body.starts_with(b"\x89PNG\r\n\x1a\n") => Ok(Some(body)),
            Ok(_) => Ok(None),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        };
        self.note(LOGO, began, answer.as_ref().err());
        answer
    }

    /// A question that was asked at `began` has ended.
    fn note(&self, endpoint: usize, began: Instant, error: Option<&Error>) {
        self.metrics.note(endpoint, began.elapsed(), error);
        match error {
            Some(error) if error.is_away() => self.health.receiver_failed(true, error),
            Some(error) if error.is_general() => self.health.receiver_failed(false, error),
            // Whatever it is, somebody is there.
            _ => self.health.receiver_answered(),
        }
    }

    /// Fetches an answer whose list is handed out object by object; gives what is around the list.
    async fn list(
        &self,
        path: &str,
        each: impl FnMut(&str) -> Result<(), String>,
    ) -> Result<String, Error> {
        let mut objects = Objects {
            splitter: Splitter::default(),
            each,
            restarted: || (),
        };
        self.fetch(path, LARGEST_LIST, &mut objects).await?;
        objects
            .splitter
            .finish()
            .map_err(|text| Error::Malformed(path.into(), text))
    }

    /// One request, tried again if need be.
    async fn fetch(&self, path: &str, limit: u64, sink: &mut dyn Sink) -> Result<Fetched, Error> {
        #[cfg(fuzzing)]
        if let Some(answer) = fuzz::answer(path, sink) {
            return answer;
        }
        self.ask(path, self.client.fetch(path, limit, sink)).await
    }

    /// One question, called `path`: waits for its turn and for the pause after the answer before.
    async fn ask(
        &self,
        path: &str,
        request: impl Future<Output = Result<Fetched, client::Error>>,
    ) -> Result<Fetched, Error> {
        let _turn = self.one_at_a_time.lock().await;
        let ready = self.pace.borrow().ready();
        if let Some(ready) = ready.filter(|ready| *ready > Instant::now()) {
            Timer::at(ready).await;
        }
        let began = Instant::now();
        let fetched = request.await;
        let fetched = fetched.map_err(|error| match error {
            client::Error::Sink(what) => Error::Malformed(path.into(), what),
            error => Error::Http(error),
        });
        self.note(endpoint(path), began, fetched.as_ref().err());
        let fetched = fetched?;
        let mut pace = self.pace.borrow_mut();
        pace.note(
            fetched.bytes,
            fetched.first_byte,
            fetched.total,
            Instant::now(),
        );
        Ok(fetched)
    }
}

/// Feeds the pieces of an answer to the splitter.
struct Objects<E, R> {
    splitter: Splitter,
    each: E,
    restarted: R,
}

impl<E: FnMut(&str) -> Result<(), String>, R: FnMut()> Sink for Objects<E, R> {
    fn start(&mut self, _head: &Head) {
        self.splitter = Splitter::default();
        (self.restarted)();
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.splitter.push(bytes, &mut self.each)
    }
}

/// Gathers the entries of a list of services.
#[derive(Default)]
struct Entries {
    good: Vec<Entry>,
    bad: usize,
}

impl Entries {
    fn take(&mut self, object: &str) -> Result<(), String> {
        let (mut reference, mut name) = (String::new(), String::new());
        read_fields(object, |key, value| match key {
            "servicereference" => reference = value.text(),
            "servicename" => name = value.text(),
            _ => {}
        })?;
        match Entry::new(&reference, &name) {
            Some(entry) => self.good.push(entry),
            None => self.bad += 1,
        }
        Ok(())
    }

    fn finish(self, path: &str, shell: &str) -> Result<Vec<Entry>, Error> {
        check(path, shell, "services")?;
        if self.good.is_empty() && self.bad > 0 {
            return Err(Error::malformed(path, "none of the services can be read"));
        }
        if self.bad > 0 {
            log::warn!(
                "{} entries of {path} have no service reference and are left out",
                self.bad
            );
        }
        Ok(self.good)
    }
}

/// Checks that the answer holds the list `name` and is no `result: false`.
fn check(path: &str, shell: &str, name: &str) -> Result<(), Error> {
    let (mut has_list, mut result, mut message) = (false, None, String::new());
    fields(shell, |key, value| match key {
        "result" => result = value.flag(),
        "message" => message = value.text(),
        _ if key == name => has_list = matches!(value, Value::List(_)),
        _ => {}
    })?;
    if result == Some(false) {
        return Err(Error::Refused(path.into(), clean_line(&message)));
    }
    if !has_list {
        return Err(Error::malformed(
            path,
            &format!("there is no list of {name}"),
        ));
    }
    Ok(())
}

fn fields(shell: &str, each: impl FnMut(&str, Value)) -> Result<(), Error> {
    read_fields(shell, each).map_err(|text| Error::Malformed(String::new(), text))
}

/// Checks that the receiver did what it was told to.
fn obeyed(path: &str, shell: &str) -> Result<(), Error> {
    let (mut result, mut message) = (None, String::new());
    fields(shell, |key, value| match key {
        "result" => result = value.flag(),
        "message" => message = clean_line(&value.text()),
        _ => {}
    })?;
    match result {
        Some(true) => Ok(()),
        Some(false) => Err(Error::Refused(path.into(), message)),
        None => Err(Error::malformed(path, "result is missing")),
    }
}
