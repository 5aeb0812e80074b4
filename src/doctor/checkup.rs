//! A look at everything while the program runs: what was found so far. One at a time.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::SystemTime;

use super::{Finding, Status};

/// What is to be looked at besides: done last.
pub type Rest = Pin<Box<dyn Future<Output = ()>>>;
/// Has the doctor look, then the rest done; it is over when the [`Run`] is dropped. Returns at once.
pub type Begin = Rc<dyn Fn(Run, Rest)>;

/// What was found so far.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Whether it goes on.
    pub is_running: bool,
    /// When the last one began.
    pub started: Option<SystemTime>,
    /// When it ended.
    pub finished: Option<SystemTime>,
    /// In the order they were made.
    pub findings: Vec<Finding>,
}

/// What the last look at everything found. It stays until the next one begins.
#[derive(Debug, Default)]
pub struct Checkup(RefCell<Told>);

impl Checkup {
    /// Begins one, unless one is running.
    pub fn begin(self: &Rc<Self>) -> Option<Run> {
        let mut told = self.0.borrow_mut();
        if told.is_running {
            return None;
        }
        *told = Told {
            is_running: true,
            started: Some(SystemTime::now()),
            ..Told::default()
        };
        Some(Run(self.clone()))
    }

    /// How it is.
    pub fn told(&self) -> Told {
        self.0.borrow().clone()
    }
}

/// A look at everything that goes on as long as this is kept: it is over when it ends and when it is given up.
#[derive(Debug)]
pub struct Run(Rc<Checkup>);

impl Run {
    /// Who takes its findings.
    pub fn teller(&self) -> impl Fn(Finding) + 'static {
        let checkup = self.0.clone();
        move |finding| checkup.0.borrow_mut().findings.push(finding)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let mut told = self.0 .0.borrow_mut();
        told.is_running = false;
        told.finished = Some(SystemTime::now());
        let of = |status| {
            let all = told.findings.iter();
            all.filter(|finding| finding.status == status).count()
        };
        log::info!(
            "checked: {} problems, {} warnings, {} things are as they should be",
            of(Status::Problem),
            of(Status::Warning),
            of(Status::Ok)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_runs_at_a_time_and_its_findings_stay() {
        let checkup = Rc::<Checkup>::default();
        assert!(!checkup.told().is_running && checkup.told().started.is_none());
        let run = checkup.begin().unwrap();
        assert!(checkup.begin().is_none());
        let tell = run.teller();
        tell(Finding::ok("clock", "it is set"));
        let told = checkup.told();
        assert!(told.is_running && told.finished.is_none());
        assert_eq!(told.findings.len(), 1);
        // Also when it is given up half-way.
        drop(run);
        let told = checkup.told();
        assert!(!told.is_running && told.finished.is_some());
        assert_eq!(told.findings.len(), 1);
        let again = checkup.begin().unwrap();
        assert!(checkup.told().findings.is_empty() && checkup.told().finished.is_none());
        drop(again);
    }
}
