//! The addresses of an HDHomeRun tuner.

use std::rc::Rc;
use std::time::Duration;

use nanoserde::SerJson;

use super::address::Addresses;
use super::device::Emulated;
use super::known::known;
use super::playlist::M3U;
use super::rendered::{Output, Rendered};
use super::stream::{refused, Stations, UNKNOWN_CHANNEL};
use crate::hdhomerun::{description, lineup, FIRMWARE, MODEL, VERSION};
use crate::http::{ApiError, Params, Reply, Request};
use crate::model::{unix_seconds, Base, Lineup, Programs};
use crate::refresh::{self, Phase};

pub(super) const JSON: &str = "application/json";
const XML: &str = "application/xml; charset=utf-8";
/// Where the channels come from: clients know no satellite.
const SOURCE: &str = "Cable";

#[derive(Clone)]
pub(super) struct Hdhomerun {
    pub(super) emulated: Emulated,
    pub(super) stations: Stations,
    pub(super) addresses: Rc<Addresses>,
    pub(super) rendered: Rc<Rendered>,
    pub(super) refresh: refresh::Handle,
}

#[derive(SerJson)]
#[allow(non_snake_case)]
struct Discovered {
    FriendlyName: String,
    Manufacturer: &'static str,
    ModelNumber: &'static str,
    FirmwareName: &'static str,
    FirmwareVersion: &'static str,
    DeviceID: String,
    DeviceAuth: String,
    BaseURL: String,
    LineupURL: String,
    TunerCount: u8,
}

#[derive(SerJson)]
#[allow(non_snake_case)]
struct Scan {
    ScanInProgress: u8,
    Progress: Option<u32>,
    Found: Option<usize>,
    ScanPossible: Option<u8>,
    Source: Option<&'static str>,
    SourceList: Option<Vec<String>>,
}

impl Hdhomerun {
    pub(super) async fn discover(self, request: Request, _: Params) -> Reply {
        let device = self.emulated.device();
        let base = self.addresses.base(&request);
        let json = Discovered {
            Manufacturer: "Silicondust",
            ModelNumber: MODEL,
            FirmwareName: FIRMWARE,
            FirmwareVersion: VERSION,
            DeviceID: device.id.to_string(),
            DeviceAuth: device.auth(),
            LineupURL: base.lineup(),
            BaseURL: base.address,
            TunerCount: device.tuners,
            FriendlyName: device.name,
        };
        fresh(JSON, json.serialize_json())
    }

    pub(super) async fn lineup_json(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        self.lineup(&request, JSON, lineup::json)
    }

    pub(super) async fn lineup_xml(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        self.lineup(&request, XML, lineup::xml)
    }

    pub(super) async fn lineup_m3u(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        self.lineup(&request, M3U, lineup::m3u)
    }

    fn lineup(
        &self,
        request: &Request,
        content_type: &'static str,
        write: impl FnOnce(&Lineup, &Programs, &Base) -> String,
    ) -> Result<Reply, ApiError> {
        let snapshot = known(&self.emulated.store)?;
        let base = self.addresses.base(request);
        // The time the lineup was made stands for the lineup: generations also count guides.
        let version = unix_seconds(snapshot.made);
        let key = format!("{content_type}\n{version}\n{}\n{}", base.address, base.key);
        let make = || {
            let text = write(&snapshot.lineup, &snapshot.programs, &base);
            Output::new(text.into_bytes())
        };
        let output = self.rendered.get(&key, make);
        Ok(output.reply(request, snapshot.made, content_type))
    }

    /// How much of the bouquets and services is read, in percent; `None` while none are. That the guide is fetched afterwards
    /// is no matter of those who wait for channels.
    fn scanned(&self) -> Option<u32> {
        let progress = self.refresh.status().progress;
        match progress.phase {
            Phase::Receiver => Some(0),
            Phase::Channels => Some((progress.done * 100 / progress.total.max(1)).min(100)),
            Phase::Idle | Phase::NowNext | Phase::Guide | Phase::Publish => None,
        }
    }

    /// How far a scan is.
    pub(super) async fn scan_status(self, _: Request, _: Params) -> Reply {
        let json = match self.scanned() {
            Some(percent) => Scan {
                ScanInProgress: 1,
                Progress: Some(percent),
                Found: Some(self.emulated.store.current().programs.list.len()),
                ScanPossible: None,
                Source: None,
                SourceList: None,
            },
            None => Scan {
                ScanInProgress: 0,
                Progress: None,
                Found: None,
                ScanPossible: Some(1),
                Source: Some(SOURCE),
                SourceList: Some(vec![SOURCE.into()]),
            },
        };
        fresh(JSON, json.serialize_json())
    }

    /// `scan=start` has bouquets and services read again, after the running pass if there is one; where that does it
    /// already, it is the scan. `scan=abort` ends nothing: what was begun ends by itself, soon. Marks of favourites are
    /// the receiver's.
    pub(super) async fn scan(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        match request.query("scan") {
            Some("start") => {
                let wish = refresh::Wish {
                    only_channels: true,
                    by: request.asker.to_string(),
                    remote: Some(request.asker),
                    request_id: request.id,
                    ..refresh::Wish::default()
                };
                if self.scanned().is_none() {
                    self.refresh.queue(wish);
                }
                Ok(Reply::empty(200))
            }
            Some("abort") => Ok(Reply::empty(200)),
            _ => Err(ApiError::bad("scan is start or abort")),
        }
    }

    pub(super) async fn description(self, request: Request, _: Params) -> Reply {
        let base = self.addresses.base(&request);
        fresh(XML, description(&self.emulated.device(), &base.address))
    }

    /// The stream of the channel with this number, for `?duration=` seconds. Any tuner does for any channel; one that there
    /// is not now is the receiver's own.
    pub(super) async fn tune(self, request: Request, params: Params) -> Result<Reply, ApiError> {
        let snapshot = self.emulated.store.current();
        let program = params.get("number").parse().ok();
        let program = program.and_then(|number| snapshot.programs.find(number));
        let channel = program.and_then(|one| snapshot.lineup.channels.get(one.channel as usize));
        let Some(channel) = channel else {
            return Ok(refused(UNKNOWN_CHANNEL, 404));
        };
        if request.query("transcode").is_some_and(|to| to != "none") {
            return Ok(refused("802 Unknown Transcode Profile", 503));
        }
        let duration = match request.query("duration").map(str::parse::<u32>) {
            None => None,
            Some(Ok(seconds)) if seconds > 0 => Some(Duration::from_secs(seconds.into())),
            Some(_) => return Err(ApiError::bad("duration is a number of seconds")),
        };
        match params.get("tuner") {
            "" => {}
            tuner => match tuner.parse::<usize>() {
                Ok(tuner) if tuner < self.emulated.tuners().len() => {}
                Ok(_) => return Ok(refused("804 Tuner In Use", 503)),
                Err(_) => return Err(ApiError::not_found("there is no such tuner")),
            },
        }
        let (service, name) = (channel.service.clone(), channel.name.clone());
        // What is known may change while it is tuned.
        drop(snapshot);
        let stations = self.stations;
        stations.send(request, &service, &name, duration).await
    }
}

/// An answer about this moment.
pub(super) fn fresh(content_type: &'static str, text: String) -> Reply {
    Reply::new(200, content_type, text).with("cache-control", "no-cache")
}
