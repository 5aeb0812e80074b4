//! What can go wrong with a stream, on request.

use super::faults::Fault;
use super::world::same_service;
use std::str::FromStr;
use std::time::Duration;

/// How far a stream comes before it goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum After {
    /// So many packets of 188 bytes.
    Packets(usize),
    /// So long after its head.
    Time(Duration),
}

/// A way in which a stream fails, or is merely difficult. All but the first three come after a good head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StreamFault {
    /// The connection is reset instead of an answer. (See `set_port_open` for a port nobody listens on.)
    Reset,
    /// 401, whatever the login.
    Unauthorized,
    /// The request is read and never answered.
    Mute,
    /// The text `HTTP/1.0 400 Bad Request` in place of packets, and the end: no free tuner.
    Busy,
    /// The end: the tuner found no signal.
    Closed,
    /// Never a packet.
    Silence,
    /// Nothing more, on an open connection.
    Stall(After),
    /// Nothing for so long; the time that passed is missing from the stream.
    Pause(After, Duration),
    /// The end.
    Cut(After),
    /// Bytes of which none is a sync byte.
    Garbage,
    /// So many bytes that belong to no packet, then packets; every write ends in the middle of one.
    Misaligned(usize),
    /// Packets as no card could open them, wherever the service is clear otherwise.
    Scrambled,
    /// The first packet comes so late.
    Slow(Duration),
    /// One packet each so long.
    Drip(Duration),
}

/// What the faults of the web interface mean on the stream port.
impl From<Fault> for StreamFault {
    fn from(fault: Fault) -> StreamFault {
        match fault {
            Fault::Hang => StreamFault::Silence,
            Fault::Reset | Fault::Refused => StreamFault::Reset,
            Fault::Unauthorized => StreamFault::Unauthorized,
            Fault::SlowDrip => StreamFault::Drip(Duration::from_millis(50)),
            _ => StreamFault::Busy,
        }
    }
}

/// A name that names no stream fault.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownStreamFault;

impl std::fmt::Display for UnknownStreamFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("unknown stream fault; known are reset, unauthorized, mute, busy, closed, silence, garbage, scrambled, misaligned=BYTES, slow=MS, drip=MS, stall=MS, cut=MS, pause=MS,MS")
    }
}

impl std::error::Error for UnknownStreamFault {}

/// `busy`, `cut=2000`: the name on the command line, with milliseconds or bytes.
impl FromStr for StreamFault {
    type Err = UnknownStreamFault;

    fn from_str(text: &str) -> Result<StreamFault, UnknownStreamFault> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let (first, second) = value.split_once(',').unwrap_or((value, ""));
        let number = |text: &str| text.parse::<u32>().map_err(|_| UnknownStreamFault);
        let time = |text: &str| Ok(Duration::from_millis(number(text)?.into()));
        let after = |text: &str| Ok(After::Time(time(text)?));
        Ok(match name {
            "reset" => StreamFault::Reset,
            "unauthorized" => StreamFault::Unauthorized,
            "mute" => StreamFault::Mute,
            "busy" => StreamFault::Busy,
            "closed" => StreamFault::Closed,
            "silence" => StreamFault::Silence,
            "garbage" => StreamFault::Garbage,
            "scrambled" => StreamFault::Scrambled,
            "misaligned" => StreamFault::Misaligned(number(first)? as usize),
            "slow" => StreamFault::Slow(time(first)?),
            "drip" => StreamFault::Drip(time(first)?),
            "stall" => StreamFault::Stall(after(first)?),
            "cut" => StreamFault::Cut(after(first)?),
            "pause" => StreamFault::Pause(after(first)?, time(second)?),
            _ => return Err(UnknownStreamFault),
        })
    }
}

/// The stream faults in force.
#[derive(Default)]
pub(super) struct StreamFaults {
    rules: Vec<Rule>,
}

struct Rule {
    /// A service or a path without its slash; `None` means all of them.
    service: Option<String>,
    fault: StreamFault,
    /// How often it still strikes; `None` for ever.
    left: Option<u32>,
}

impl StreamFaults {
    /// Removes the fault of a service and sets another one.
    pub(super) fn set(
        &mut self,
        service: Option<&str>,
        fault: Option<StreamFault>,
        times: Option<u32>,
    ) {
        self.rules.retain(|rule| rule.service.as_deref() != service);
        if let Some(fault) = fault.filter(|_| times != Some(0)) {
            self.rules.push(Rule {
                service: service.map(str::to_owned),
                fault,
                left: times,
            });
        }
    }

    /// The fault that strikes this request: its own before that of all. Counts it.
    pub(super) fn strike(&mut self, service: &str) -> Option<StreamFault> {
        let of_all = |rule: &Rule| rule.service.is_none();
        let own = self.rules.iter().position(|rule| {
            let wanted = rule.service.as_deref();
            wanted.is_some_and(|wanted| wanted == service || same_service(wanted, service))
        });
        let index = own.or_else(|| self.rules.iter().position(of_all))?;
        let rule = self.rules.get_mut(index)?;
        let fault = rule.fault;
        if let Some(left) = &mut rule.left {
            *left -= 1;
        }
        self.rules.retain(|rule| rule.left != Some(0));
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1:0:19:1:A:1:C00000:0:0:0:";

    #[test]
    fn the_fault_of_a_service_comes_before_that_of_all() {
        let mut faults = StreamFaults::default();
        faults.set(None, Some(StreamFault::Busy), None);
        faults.set(Some(ONE), Some(StreamFault::Closed), Some(1));
        let strike = |faults: &mut StreamFaults| faults.strike("1:512:19:1:A:1:C00000:0:0:0:");
        assert_eq!(strike(&mut faults), Some(StreamFault::Closed));
        assert_eq!(strike(&mut faults), Some(StreamFault::Busy));
        faults.set(None, None, None);
        assert_eq!(strike(&mut faults), None);
    }

    #[test]
    fn faults_have_names_with_numbers() {
        let second = Duration::from_secs(1);
        assert_eq!("busy".parse(), Ok(StreamFault::Busy));
        assert_eq!("slow=1000".parse(), Ok(StreamFault::Slow(second)));
        let pause = StreamFault::Pause(After::Time(second), 5 * second);
        assert_eq!("pause=1000,5000".parse(), Ok(pause));
        assert_eq!("stall".parse::<StreamFault>(), Err(UnknownStreamFault));
        assert_eq!("late".parse::<StreamFault>(), Err(UnknownStreamFault));
    }
}
