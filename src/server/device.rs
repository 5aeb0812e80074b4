//! The HDHomeRun device that this program is, as things are.

use std::rc::Rc;

use crate::hdhomerun::{Device, Tuned, Tuner};
use crate::model::{DeviceId, ServiceRef, Transponder};
use crate::store::{Snapshot, Store};
use crate::stream::{Active, Purpose, Streams, Use};

/// What stands for the device. Cheap to clone. Two are equal when they are of the same settings.
#[derive(Clone)]
pub struct Emulated {
    /// Its id.
    pub id: DeviceId,
    /// Its name.
    pub name: Rc<str>,
    /// How many tuners the user wants it to have; 0 = as many as streams can be had.
    pub tuners: u32,
    /// The most streams that may be received at once.
    pub most: u32,
    /// What is known.
    pub store: Rc<Store>,
    /// What is received.
    pub streams: Streams,
}

impl PartialEq for Emulated {
    fn eq(&self, other: &Emulated) -> bool {
        (self.id, &self.name, self.tuners, self.most)
            == (other.id, &other.name, other.tuners, other.most)
    }
}

impl Emulated {
    /// What the device says of itself now.
    pub fn device(&self) -> Device {
        Device {
            id: self.id,
            name: self.name.to_string(),
            tuners: self.count(),
        }
    }

    /// How many tuners it has now.
    fn count(&self) -> u8 {
        let tuners = match self.tuners {
            0 => self.servable(),
            wanted => wanted,
        };
        u8::try_from(tuners).unwrap_or(u8::MAX)
    }

    /// How many streams can be had at once (rule G29): one for each tuner that is free, and for each one that is not all
    /// channels of its transponder. At least one: a device without a tuner is none.
    fn servable(&self) -> u32 {
        let snapshot = self.store.current();
        let offered: Vec<Transponder> = services(&snapshot).filter_map(Transponder::of).collect();
        if offered.is_empty() && !snapshot.programs.list.is_empty() {
            // All come from the network.
            return self.most;
        }
        let known = self.streams.tuners();
        let Some(total) = known.total else {
            return 1;
        };
        let shared = |transponder| offered.iter().filter(|one| **one == transponder).count();
        let held: usize = known.held.iter().map(|held| shared(held.transponder)).sum();
        let free = total.saturating_sub(known.held.len());
        let all = u32::try_from(free + held).unwrap_or(u32::MAX);
        all.clamp(1, self.most)
    }

    /// Its tuners: a place for each stream that runs or could be had; then what the receiver uses its own for.
    pub fn tuners(&self) -> Vec<Tuner> {
        let snapshot = self.store.current();
        let mut tuners = vec![Tuner::default(); usize::from(self.count())];
        for active in self.streams.list() {
            let slot = active.slot;
            if tuners.len() <= slot {
                tuners.resize(slot + 1, Tuner::default());
            }
            tuners[slot].program = Some(stream(&snapshot, active));
        }
        let known = self.streams.tuners();
        let uses = known.held.iter().flat_map(|held| &held.uses);
        let own = uses.filter(|one| one.purpose != Purpose::Stream);
        tuners.extend(own.map(|one| Tuner {
            program: Some(own_use(&snapshot, one)),
        }));
        tuners
    }
}

fn services(snapshot: &Snapshot) -> impl Iterator<Item = &ServiceRef> {
    let channels = &snapshot.lineup.channels;
    let offered = snapshot.programs.list.iter();
    offered.filter_map(|program| Some(&channels.get(program.channel as usize)?.service))
}

/// The number of a service in the lineup, and its name.
fn known(snapshot: &Snapshot, service: &ServiceRef) -> (Option<u32>, Option<String>) {
    let channels = &snapshot.lineup.channels;
    let at = channels.iter().position(|one| one.service == *service);
    let number = at.and_then(|at| snapshot.programs.of_channel(at as u32));
    (
        number.map(|program| program.number),
        at.map(|at| channels[at].name.to_string()),
    )
}

fn stream(snapshot: &Snapshot, active: Active) -> Tuned {
    let (number, _) = known(snapshot, &active.service);
    let seconds = active.age.as_secs().max(1);
    Tuned {
        number,
        name: active.name,
        transponder: active.transponder.map(|one| one.to_string()),
        purpose: Purpose::Stream.as_str(),
        client: active.readers.first().map(|reader| reader.who.client),
        rate: u32::try_from(active.received * 8 / seconds).unwrap_or(u32::MAX),
    }
}

fn own_use(snapshot: &Snapshot, one: &Use) -> Tuned {
    let (number, name) = known(snapshot, &one.service);
    Tuned {
        number,
        name: name.unwrap_or_else(|| one.service.slug()),
        transponder: Transponder::of(&one.service).map(|one| one.to_string()),
        purpose: one.purpose.as_str(),
        client: None,
        rate: 0,
    }
}
