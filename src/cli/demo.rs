//! The options of the simulated receiver.

use super::Failure;
use crate::model::Secret;
use pico_args::Arguments;
use std::io;
use std::str::FromStr;
use std::time::Duration;

/// The simulated receiver as asked for; `None` leaves a choice to it.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoReceiver {
    /// The port OpenWebif answers on; 0 takes a free one.
    pub port: u16,
    /// The port of its streams; 0 takes a free one.
    pub stream_port: u16,
    /// The number of services.
    pub services: Option<usize>,
    /// The number of bouquets.
    pub bouquets: Option<usize>,
    /// The number of guide events a service has.
    pub events: Option<usize>,
    /// The line of OpenWebif it speaks as: 1 or 2.
    pub line: u8,
    /// The user it asks for; empty = none.
    pub user: String,
    /// The password it asks for.
    pub password: Secret,
    /// How long each answer waits.
    pub delay: Duration,
    /// What goes wrong, by name.
    pub fault: Option<String>,
    /// How many tuners it has; 0 leaves it to the receiver.
    pub tuners: usize,
    /// The rate of its streams in Mbit/s; 0 takes the lowest.
    pub rate: u32,
    /// What goes wrong with all streams, by name.
    pub stream_fault: Option<String>,
}

/// Takes its options out of the arguments.
pub(super) fn read(args: &mut Arguments) -> Result<DemoReceiver, Failure> {
    fn number<T: FromStr>(args: &mut Arguments, name: &'static str) -> Result<Option<T>, Failure> {
        args.opt_value_from_fn(name, |text| {
            text.parse().map_err(|_| "not a number that fits")
        })
        .map_err(|error| Failure::Usage(format!("{name}: {error}")))
    }
    let line = number(args, "--line")?.unwrap_or(2);
    if line != 1 && line != 2 {
        return Err(Failure::Usage("--line is 1 or 2".into()));
    }
    Ok(DemoReceiver {
        port: number(args, "--port")?.unwrap_or(0),
        stream_port: number(args, "--stream-port")?.unwrap_or(0),
        services: number(args, "--services")?,
        bouquets: number(args, "--bouquets")?,
        events: number(args, "--events")?,
        line,
        user: args.opt_value_from_str("--user")?.unwrap_or_default(),
        password: args
            .opt_value_from_fn("--password", |text| Ok::<_, io::Error>(Secret::from(text)))?
            .unwrap_or_default(),
        delay: Duration::from_millis(number(args, "--delay")?.unwrap_or(0)),
        fault: args.opt_value_from_str("--fault")?,
        tuners: number(args, "--tuners")?.unwrap_or(0),
        rate: number(args, "--rate")?.unwrap_or(0),
        stream_fault: args.opt_value_from_str("--stream-fault")?,
    })
}
