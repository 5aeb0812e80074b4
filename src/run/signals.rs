//! What the system tells the program.

use async_signal::{Signal, Signals};
use smol::stream::StreamExt;

/// What the program was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// To end: SIGTERM, SIGINT.
    Stop,
    /// To read its configuration again: SIGHUP.
    Reload,
}

/// The ear for signals. As long as it exists none of them ends the program, also while nobody waits.
#[derive(Debug)]
pub struct Ear(Option<Signals>);

impl Ear {
    /// Takes the signals over from the system. Where it does not let go of them, only killing ends the program.
    pub fn new() -> Ear {
        let signals = Signals::new([Signal::Term, Signal::Int, Signal::Hup]);
        Ear(signals
            .inspect_err(|error| log::warn!("signals cannot be received: {error}"))
            .ok())
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Told {
        match &mut self.0 {
            Some(signals) => match signals.next().await {
                Some(Ok(Signal::Hup)) => Told::Reload,
                // Never an error, never the end.
                _ => Told::Stop,
            },
            None => std::future::pending().await,
        }
    }
}

impl Default for Ear {
    fn default() -> Ear {
        Ear::new()
    }
}
