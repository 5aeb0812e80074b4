//! `lamedb` and `lamedb5`, as `eDVBDB::saveServicelist` writes them, and version 3 of old receivers.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use xg2g::model::{Entry, EntryKind, Listing, ServiceRef};

use super::place;

/// Ids of what enigma2 keeps of a service it has tuned (`dvb/idvb.h`).
const VIDEO_PID: u8 = 0;
const VIDEO_TYPE: u8 = 5;

/// The services enigma2 found on the air.
#[derive(Default)]
pub(crate) struct Lamedb {
    pub(crate) services: Vec<Known>,
}

/// A service and what is kept of it.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) service: ServiceRef,
    pub(crate) name: String,
    pub(crate) provider: String,
    /// Ids and values.
    pub(crate) cached: Vec<(u8, u32)>,
    /// What it can be encrypted with.
    pub(crate) systems: Vec<u16>,
    pub(crate) flags: u32,
}

impl Known {
    /// A service in the clear that has been tuned once.
    pub(crate) fn new(service: ServiceRef, name: &str, provider: &str) -> Known {
        let codec = match service.service_type() {
            0x19 => 1,
            0x1f | 0x20 => 7,
            _ => 0,
        };
        Known {
            cached: match service.service_type() {
                2 | 0xa => Vec::new(),
                _ => vec![(VIDEO_PID, 0x1ff), (VIDEO_TYPE, codec)],
            },
            service,
            name: name.to_owned(),
            provider: provider.to_owned(),
            systems: Vec::new(),
            flags: 0,
        }
    }

    /// What follows the name; `width` digits at the least for what is cached.
    fn data(&self, provider: Option<&str>, width: usize) -> String {
        let provider = provider.map(|name| format!("p:{name}"));
        let cached = self.cached.iter();
        let cached = cached.map(|(id, value)| format!("c:{id:02}{value:0width$x}"));
        let systems = self.systems.iter().map(|id| format!("C:{id:0width$x}"));
        let flags = Some(self.flags).filter(|flags| *flags != 0);
        let items: Vec<String> = provider
            .into_iter()
            .chain(cached)
            .chain(systems)
            .chain(flags.map(|flags| format!("f:{flags:x}")))
            .collect();
        items.join(",")
    }

    /// Ids, type (decimal) and number.
    fn head(&self) -> String {
        let [sid, tsid, onid] = self.service.triple();
        let (namespace, kind) = (self.service.namespace(), self.service.service_type());
        format!("{sid:04x}:{namespace:08x}:{tsid:04x}:{onid:04x}:{kind}:0")
    }
}

impl Lamedb {
    /// All services of a listing that are on the air. What is renamed in a bouquet has another name here.
    pub(crate) fn of(listing: &Listing) -> Lamedb {
        fn walk<'a>(entries: &'a [Entry], into: &mut Vec<&'a Entry>) {
            for entry in entries {
                let kind = entry.kind();
                if matches!(kind, EntryKind::Service | EntryKind::HiddenService) {
                    into.push(entry);
                }
                walk(&entry.members, into);
            }
        }
        let mut entries = Vec::new();
        for bouquet in &listing.bouquets {
            walk(&bouquet.entries, &mut entries);
        }
        // A service may be renamed in one bouquet and not in the other.
        entries.sort_by_key(|entry| !entry.service.name().is_empty());
        let mut seen = HashSet::new();
        let mut lamedb = Lamedb::default();
        for entry in entries {
            let service = &entry.service;
            let is_on_air = service.path().is_empty() && !entry.name.is_empty();
            if is_on_air && seen.insert(service.clone()) {
                let [sid, tsid, onid] = service.triple();
                let (kind, namespace) = (service.service_type(), service.namespace());
                let name = match service.name() {
                    "" => entry.name.to_string(),
                    _ => format!("Sender {sid:X}"),
                };
                let service = ServiceRef::dvb(kind, sid, tsid, onid, namespace);
                lamedb.services.push(Known::new(service, &name, "Verbund"));
            }
        }
        lamedb
    }

    /// Writes both files.
    pub(crate) fn save(&self, directory: &Path) {
        place(directory, "lamedb", self.version_4());
        place(directory, "lamedb5", self.version_5());
    }

    /// The live one.
    pub(crate) fn version_4(&self) -> String {
        let services = self.services.iter().map(|known| {
            let data = known.data(Some(&known.provider), 4);
            format!("{}:0\n{}\n{data}\n", known.head(), known.name)
        });
        self.sections(4, services.collect())
    }

    /// An old one: neither source nor data, a bare provider.
    pub(crate) fn version_3(&self) -> String {
        let services = self
            .services
            .iter()
            .map(|known| format!("{}\n{}\n{}\n", known.head(), known.name, known.provider));
        self.sections(3, services.collect())
    }

    /// The one with a service a line.
    pub(crate) fn version_5(&self) -> String {
        let mut text = "eDVB services /5/\n\
            # Transponders: t:dvb_namespace:transport_stream_id:original_network_id,FEPARMS\n"
            .to_owned();
        let transponders = self.transponders();
        for transponder in &transponders {
            let (kind, parameters) = transponder.tuning();
            text.push_str(&format!("t:{},{kind}:{parameters}\n", transponder.ids()));
        }
        for known in &self.services {
            let provider = Some(known.provider.as_str()).filter(|name| !name.is_empty());
            let mut data = known.data(provider, 1);
            if !data.is_empty() {
                data.insert(0, ',');
            }
            text.push_str(&format!("s:{}:0,\"{}\"{data}\n", known.head(), known.name));
        }
        let (channels, services) = (transponders.len(), self.services.len());
        text.push_str(&format!(
            "# done. {channels} channels and {services} services\n"
        ));
        text
    }

    fn sections(&self, version: u32, services: String) -> String {
        let transponders = self.transponders();
        let transponders = transponders.iter().map(|transponder| {
            let (kind, parameters) = transponder.tuning();
            format!("{}\n\t{kind} {parameters}\n/\n", transponder.ids())
        });
        let transponders: String = transponders.collect();
        format!(
            "eDVB services /{version}/\ntransponders\n{transponders}end\n\
             services\n{services}end\nHave a lot of bugs!\n"
        )
    }

    fn transponders(&self) -> BTreeSet<Transponder> {
        let services = self.services.iter().map(|known| &known.service);
        let transponders = services.map(|service| {
            let [_, tsid, onid] = service.triple();
            Transponder(service.namespace(), tsid, onid)
        });
        transponders.collect()
    }
}

/// Namespace, transport stream and network.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Transponder(u32, u32, u32);

impl Transponder {
    fn ids(&self) -> String {
        format!("{:08x}:{:04x}:{:04x}", self.0, self.1, self.2)
    }

    /// How it is tuned: the letter of the way, and parameters that look like one.
    fn tuning(&self) -> (char, String) {
        match self.0 >> 16 {
            0xffff => ('c', "426000:6900000:2:5:0:0:0".to_owned()),
            0xeeee => ('t', "586000000:0:6:6:6:4:4:4:2:0:1:0".to_owned()),
            position => {
                let position = i64::from(position);
                let east = if position > 1800 {
                    position - 3600
                } else {
                    position
                };
                ('s', format!("11494750:22000000:0:2:{east}:2:0:1:2:0:2"))
            }
        }
    }
}
