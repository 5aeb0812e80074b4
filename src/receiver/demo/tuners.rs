//! Which tuner receives what, and for whom.

use super::world::field;

/// What a tuner is used for. Whoever watches at home and what is recorded come before the streams.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// The picture on the receiver's own screen.
    Television,
    /// A running timer.
    Recording,
    /// A connection to a stream port.
    Stream,
}

/// A frequency of a satellite or cable: original network, stream and position, as a reference carries them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Transponder {
    stream: String,
    network: String,
    namespace: String,
}

impl Transponder {
    /// The transponder of a service; services behind a URL have none.
    pub(super) fn of(sref: &str) -> Option<Transponder> {
        let part = |index| field(sref, index).to_ascii_uppercase();
        let is_broadcast = field(sref, 0) == "1" && field(sref, 10).is_empty();
        // A service without a stream and a network id is nowhere on the air.
        (is_broadcast && part(4) != "0").then(|| Transponder {
            stream: part(4),
            network: part(5),
            namespace: part(6),
        })
    }

    /// Position in tenths of a degree east; `None` for cable and terrestrial.
    pub(super) fn orbit(&self) -> Option<u32> {
        let namespace = u32::from_str_radix(&self.namespace, 16).unwrap_or(0);
        Some(namespace >> 16).filter(|orbit| *orbit < 3_600)
    }

    /// How OpenWebif prints where it comes from (`getOrbitalText`).
    pub(super) fn place(&self) -> String {
        match self.orbit() {
            Some(orbit) if orbit > 1_800 => {
                let west = 3_600 - orbit;
                format!("{}.{}° W", west / 10, west % 10)
            }
            Some(orbit) => format!("{}.{}° E", orbit / 10, orbit % 10),
            None if self.namespace.starts_with("FFFF") => "DVB-C".to_owned(),
            None => "DVB-T".to_owned(),
        }
    }
}

/// Somebody who watches or records a service.
pub(super) struct User {
    /// Never used twice.
    pub(super) id: u32,
    pub(super) purpose: Use,
    pub(super) sref: String,
    /// `None` for services that need no tuner.
    pub(super) tuner: Option<usize>,
}

/// A service that could be had.
pub(super) struct Tuned {
    pub(super) id: u32,
    /// The streams that lost their tuner for it.
    pub(super) displaced: Vec<u32>,
}

/// The tuners of a receiver; each of them can receive everything.
pub(super) struct Tuners {
    count: usize,
    users: Vec<User>,
    given: u32,
}

impl Tuners {
    pub(super) fn new(count: usize) -> Tuners {
        Tuners {
            count,
            users: Vec::new(),
            given: 0,
        }
    }

    /// A tuner for a service: one that has its transponder already, a free one, or, unless for a stream, that of
    /// the youngest stream.
    pub(super) fn tune(&mut self, purpose: Use, sref: &str) -> Option<Tuned> {
        let mut displaced = Vec::new();
        let tuner = match Transponder::of(sref) {
            None => None,
            Some(wanted) => {
                let found = self.with(&wanted).or_else(|| self.free());
                if found.is_none() && purpose != Use::Stream {
                    let tuner = self.yielding()?;
                    displaced.extend(self.on(tuner).map(|user| user.id));
                    self.users.retain(|user| user.tuner != Some(tuner));
                    Some(tuner)
                } else {
                    Some(found?)
                }
            }
        };
        self.given += 1;
        self.users.push(User {
            id: self.given,
            purpose,
            sref: sref.to_owned(),
            tuner,
        });
        Some(Tuned {
            id: self.given,
            displaced,
        })
    }

    /// Ends a use; one that has ended already is no error.
    pub(super) fn release(&mut self, id: u32) {
        self.users.retain(|user| user.id != id);
    }

    /// The number of tuners.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Who uses a tuner, the oldest use first.
    pub(super) fn on(&self, tuner: usize) -> impl DoubleEndedIterator<Item = &User> {
        self.users
            .iter()
            .filter(move |user| user.tuner == Some(tuner))
    }

    /// The tuner behind a use.
    pub(super) fn tuner_of(&self, id: u32) -> Option<usize> {
        self.users.iter().find(|user| user.id == id)?.tuner
    }

    fn with(&self, wanted: &Transponder) -> Option<usize> {
        let has = |user: &&User| Transponder::of(&user.sref).as_ref() == Some(wanted);
        self.users.iter().find(has)?.tuner
    }

    fn free(&self) -> Option<usize> {
        (0..self.count).find(|tuner| self.on(*tuner).next().is_none())
    }

    /// The tuner of the youngest stream that shares it with no television and no recording.
    fn yielding(&self) -> Option<usize> {
        let only_streams = |tuner: &usize| self.on(*tuner).all(|user| user.purpose == Use::Stream);
        let age = |tuner: &usize| self.on(*tuner).map(|user| user.id).max();
        (0..self.count).filter(only_streams).max_by_key(age)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ONE: &str = "1:0:19:1:A:1:C00000:0:0:0:";
    const SAME: &str = "1:0:1:2:A:1:C00000:0:0:0:";
    const TWO: &str = "1:0:19:1:B:1:C00000:0:0:0:";
    const THREE: &str = "1:0:19:1:A:1:820000:0:0:0:";
    const URL: &str = "4097:0:1:1:0:0:0:0:0:0:http%3a//x/y.ts:Name";

    #[test]
    fn a_transponder_needs_one_tuner_and_a_url_none() {
        let mut tuners = Tuners::new(1);
        let first = tuners.tune(Use::Stream, ONE).unwrap();
        assert!(tuners.tune(Use::Stream, TWO).is_none());
        let second = tuners.tune(Use::Stream, SAME).unwrap();
        let url = tuners.tune(Use::Stream, URL).unwrap();
        assert_eq!((tuners.tuner_of(url.id), tuners.on(0).count()), (None, 2));
        tuners.release(first.id);
        assert!(tuners.tune(Use::Stream, TWO).is_none());
        tuners.release(second.id);
        assert!(tuners.tune(Use::Stream, TWO).is_some());
    }

    #[test]
    fn local_use_takes_the_tuner_of_the_youngest_stream() {
        let mut tuners = Tuners::new(2);
        tuners.tune(Use::Stream, ONE).unwrap();
        let young = tuners.tune(Use::Stream, TWO).unwrap();
        let local = tuners.tune(Use::Television, THREE).unwrap();
        assert_eq!(local.displaced, [young.id]);
        assert_eq!(tuners.tuner_of(local.id), Some(1));
        // The stream on the first tuner shares it with the recording from now on.
        tuners.tune(Use::Recording, SAME).unwrap();
        assert!(tuners.tune(Use::Recording, TWO).is_none());
    }

    #[test]
    fn places_are_printed_as_openwebif_does() {
        let place = |namespace: &str| {
            let sref = format!("1:0:1:1:1:1:{namespace}:0:0:0:");
            Transponder::of(&sref).unwrap().place()
        };
        assert_eq!(place("C00000"), "19.2° E");
        assert_eq!(place("DDE0000"), "5.0° W");
        assert_eq!(place("FFFF0000"), "DVB-C");
        assert_eq!(place("EEEE0000"), "DVB-T");
    }
}
