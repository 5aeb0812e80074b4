//! The last words of a program that has a fault of its own.
//!
//! A panic ends the program (`panic = "abort"`), and the init script starts it again: docs/DECISIONS.md says why. The
//! words go where the log goes, since standard error of a daemon is thrown away. A message that was put together while the
//! program ran is not told: it may hold what nobody should see.

use std::any::Any;
use std::io::Write;
use std::panic;
use std::sync::TryLockError;

use log::{Level, Record};

use super::LOGGER;

/// From now on a panic is told to the log.
pub fn tell_of_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        tell(&words(place.as_deref(), info.payload()));
    }));
}

fn words(place: Option<&str>, payload: &dyn Any) -> String {
    let place = place.unwrap_or("an unknown place");
    let message = payload.downcast_ref::<&'static str>();
    let message = message.map_or(String::new(), |message| format!(": {message}"));
    format!("a fault of this program at {place}{message}")
}

fn tell(words: &str) {
    let mut target = match LOGGER.0.try_lock() {
        Ok(target) => target,
        Err(TryLockError::Poisoned(target)) => target.into_inner(),
        // The fault is in writing a line: waiting for its end would be for ever.
        Err(TryLockError::WouldBlock) => {
            let _ = writeln!(std::io::stderr(), "{words}");
            return;
        }
    };
    let mut record = Record::builder();
    let record = record.level(Level::Error).target("xg2g");
    target.write(&record.args(format_args!("{words}")).build());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_made_while_the_program_ran_is_not_told() {
        let made: Box<dyn Any> = Box::new(String::from("token geheim"));
        let place = Some("src/x.rs:1:2");
        let begin = "a fault of this program at src/x.rs:1:2";
        assert_eq!(words(place, &*made), begin);
        let written: Box<dyn Any> = Box::new("index out of range");
        assert_eq!(
            words(place, &*written),
            format!("{begin}: index out of range")
        );
        assert!(words(None, &0_u8).ends_with("an unknown place"));
    }
}
