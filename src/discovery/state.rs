//! How discovery is: what is told about it in the status and in numbers. Outlives its restarts.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use log::{info, warn};

use super::Ports;
use crate::metrics::{Collect, Counter, Kind, Text};

/// Ways to ask for the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// HDHomeRun discovery, UDP.
    Discover,
    /// HDHomeRun control, TCP.
    Control,
    /// A search of UPnP, UDP.
    Ssdp,
}

impl Way {
    const ALL: [Way; 3] = [Way::Discover, Way::Control, Way::Ssdp];

    fn label(self) -> &'static str {
        match self {
            Way::Discover => "hdhomerun_udp",
            Way::Control => "hdhomerun_tcp",
            Way::Ssdp => "ssdp",
        }
    }
}

/// What is told about discovery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// `on`, or why it is silent.
    pub discovery: String,
    /// What does not work, a sentence each.
    pub warnings: Vec<String>,
    /// The ports it listens on; 0: none.
    pub ports: Ports,
}

/// How discovery is.
#[derive(Debug)]
pub struct State {
    /// By way: answered, ignored.
    requests: [[Counter; 2]; Way::ALL.len()],
    /// Why it is silent; `None`: it is not.
    silent: RefCell<Option<String>>,
    /// By who is hindered.
    warnings: RefCell<BTreeMap<&'static str, String>>,
    ports: Cell<Ports>,
}

/// Off: nobody started it.
impl Default for State {
    fn default() -> State {
        State {
            requests: Default::default(),
            silent: RefCell::new(Some("off".into())),
            warnings: RefCell::default(),
            ports: Cell::new(Ports::NONE),
        }
    }
}

impl State {
    /// A request was answered.
    pub fn answered(&self, way: Way) {
        self.requests[way as usize][0].up();
    }

    /// A request for us was not answered: its sender is not near, it is malformed, or there are too many.
    pub fn ignored(&self, way: Way) {
        self.requests[way as usize][1].up();
    }

    /// `who` cannot work, and why. Logged if it is news.
    pub fn warn(&self, who: &'static str, why: String) {
        let mut warnings = self.warnings.borrow_mut();
        if warnings.get(who) != Some(&why) {
            warn!("{who}: {why}");
            warnings.insert(who, why);
        }
    }

    /// `who` works.
    pub fn clear(&self, who: &'static str) {
        if self.warnings.borrow_mut().remove(who).is_some() {
            info!("{who}: works now");
        }
    }

    /// How things are.
    pub fn told(&self) -> Told {
        let discovery = self.silent.borrow().clone();
        let warnings = self.warnings.borrow();
        let warnings = warnings.iter().map(|(who, why)| format!("{who}: {why}"));
        Told {
            discovery: discovery.unwrap_or_else(|| "on".into()),
            warnings: warnings.collect(),
            ports: self.ports.get(),
        }
    }

    /// It can be found from now on.
    pub(super) fn speak(&self) {
        *self.silent.borrow_mut() = None;
    }

    /// It cannot be found from now on; nothing of it is open.
    pub fn be_silent(&self, why: &str) {
        *self.silent.borrow_mut() = Some(why.into());
        self.warnings.borrow_mut().clear();
        self.ports.set(Ports::NONE);
    }

    /// What it listens on for HDHomeRun clients; 0: nothing.
    pub(super) fn listens_hdhomerun(&self, port: u16) {
        let ports = self.ports.get();
        self.ports.set(Ports {
            hdhomerun: port,
            ..ports
        });
    }

    /// What it listens on for searches; 0: nothing.
    pub(super) fn listens_ssdp(&self, port: u16) {
        let ports = self.ports.get();
        self.ports.set(Ports {
            ssdp: port,
            ..ports
        });
    }
}

impl Collect for State {
    fn collect(&self, out: &mut Text) {
        out.family(
            Kind::Counter,
            "xg2g_discovery_requests_total",
            "Requests of programs that look for tuners in the network, by the way they ask.",
        );
        for way in Way::ALL {
            let counts = ["answered", "ignored"]
                .iter()
                .zip(&self.requests[way as usize]);
            for (result, count) in counts {
                out.value(&[("way", way.label()), ("result", result)], count.get());
            }
        }
        out.single(
            Kind::Gauge,
            "xg2g_discovery_on",
            "Whether the device can be found in the network.",
            self.silent.borrow().is_none().into(),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::metrics::Registry;

    #[test]
    fn every_number_is_there_from_the_start() {
        let state = Rc::new(State::default());
        let text = Registry::new(vec![state.clone()]).text();
        for way in ["hdhomerun_udp", "hdhomerun_tcp", "ssdp"] {
            for result in ["answered", "ignored"] {
                let line = format!(
                    "xg2g_discovery_requests_total{{way=\"{way}\",result=\"{result}\"}} 0\n"
                );
                assert!(text.contains(&line), "{text}");
            }
        }
        assert!(text.ends_with("xg2g_discovery_on 0\n"), "{text}");
        state.answered(Way::Discover);
        state.ignored(Way::Ssdp);
        state.speak();
        let text = Registry::new(vec![state]).text();
        assert!(text.contains("{way=\"hdhomerun_udp\",result=\"answered\"} 1\n"));
        assert!(text.contains("{way=\"ssdp\",result=\"ignored\"} 1\n"));
        assert!(text.ends_with("xg2g_discovery_on 1\n"), "{text}");
    }

    #[test]
    fn what_hinders_is_told_until_it_is_gone() {
        let state = State::default();
        assert_eq!(state.told().discovery, "off");
        state.speak();
        state.listens_ssdp(1900);
        state.warn("SSDP", "no".into());
        state.warn("HDHomeRun", "the port is taken".into());
        state.warn("HDHomeRun", "the port is still taken".into());
        let told = state.told();
        assert_eq!(told.discovery, "on");
        assert_eq!((told.ports.hdhomerun, told.ports.ssdp), (0, 1900));
        let expected = ["HDHomeRun: the port is still taken", "SSDP: no"];
        assert_eq!(told.warnings, expected);
        state.clear("SSDP");
        assert_eq!(state.told().warnings, expected[..1]);
        state.be_silent("another one answers");
        let expected = Told {
            discovery: "another one answers".into(),
            warnings: Vec::new(),
            ports: Ports::NONE,
        };
        assert_eq!(state.told(), expected);
    }
}
