//! What is to be done when the program stops: last begun, first ended, under one deadline.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use smol::future::or;
use smol::Timer;

type Work = Pin<Box<dyn Future<Output = Result<(), String>>>>;

/// What is to be done when the program stops. Each is added right after what it ends has begun.
#[derive(Default)]
pub struct Hooks(Vec<(&'static str, Work)>);

impl Hooks {
    /// Adds one; `name` is for the log. Nothing of `work` is done before [`Hooks::run`].
    pub fn add(
        &mut self,
        name: &'static str,
        work: impl Future<Output = Result<(), String>> + 'static,
    ) {
        self.0.push((name, Box::pin(work)));
    }

    /// Does all of it, the last added first, in `time` altogether: each may take what those before it left, and what
    /// needs no waiting is done in any case. Each is told to the log.
    ///
    /// # Errors
    /// All that went wrong.
    pub async fn run(self, time: Duration) -> Result<(), Vec<String>> {
        let until = Instant::now() + time;
        let (mut told, mut errors) = (Vec::new(), Vec::new());
        for (name, work) in self.0.into_iter().rev() {
            let began = Instant::now();
            let late = async {
                Timer::at(until).await;
                Err("there was no time left for it".to_owned())
            };
            let result = or(work, late).await;
            let took = began.elapsed().as_millis();
            told.push(format!("{name} {took} ms"));
            if let Err(error) = result {
                log::warn!("{name} did not end as it should: {error}");
                errors.push(format!("{name}: {error}"));
            }
        }
        log::info!("ended: {}", told.join(", "));
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::pending;
    use std::rc::Rc;

    use super::*;

    #[test]
    fn the_last_is_first_and_all_errors_are_told() {
        let done: Rc<RefCell<Vec<&str>>> = Rc::default();
        let mut hooks = Hooks::default();
        for name in ["one", "two", "three"] {
            let done = done.clone();
            hooks.add(name, async move {
                done.borrow_mut().push(name);
                if name == "two" {
                    Ok(())
                } else {
                    Err("broken".into())
                }
            });
        }
        let result = smol::block_on(hooks.run(Duration::from_secs(60)));
        assert_eq!(*done.borrow(), ["three", "two", "one"]);
        assert_eq!(result.unwrap_err(), ["three: broken", "one: broken"]);
    }

    #[test]
    fn one_that_hangs_leaves_the_others_what_needs_no_waiting() {
        let saved = Rc::new(RefCell::new(false));
        let mut hooks = Hooks::default();
        hooks.add("never", pending());
        let own = saved.clone();
        hooks.add("saves", async move {
            *own.borrow_mut() = true;
            Ok(())
        });
        hooks.add("hangs", pending());
        let result = smol::block_on(hooks.run(Duration::from_millis(20)));
        assert!(*saved.borrow());
        let errors = result.unwrap_err();
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert!(errors[0].starts_with("hangs: ") && errors[1].starts_with("never: "));
    }
}
