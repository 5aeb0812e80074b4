//! What others have of the poller: they wish for a pass, wait for its end, and see how things are.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;

use async_channel::{Receiver, Sender};

use super::metrics::Metrics;
use super::Status;
use crate::cache::Counts;

/// Asks for a pass and tells how things are. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) status: Rc<RefCell<Status>>,
    /// Holds one: a second wish before the poller wakes is the same.
    pub(super) wishes: (Sender<Wish>, Receiver<Wish>),
    /// Closes when the running pass, or else the next one, ends.
    pub(super) ended: Rc<RefCell<Ended>>,
    pub(super) metrics: Rc<Metrics>,
}

/// A channel that nothing is sent on; its end is the news.
pub(super) type Ended = (Sender<()>, Receiver<()>);

/// A wish for a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Believe bouquets that lost most of their services: somebody knows that they did.
    pub believe: bool,
    /// Only the channels are asked for; the guide is made of what is known.
    pub only_channels: bool,
    /// Who wishes it, for the audit.
    pub by: String,
    /// The client's address, if a client wishes it.
    pub remote: Option<IpAddr>,
    /// The request's id, if a request wishes it.
    pub request_id: String,
}

/// A pass is running already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

impl Default for Handle {
    fn default() -> Handle {
        Handle {
            status: Rc::default(),
            wishes: async_channel::bounded(1),
            ended: Rc::new(RefCell::new(async_channel::bounded(1))),
            metrics: Rc::default(),
        }
    }
}

impl Handle {
    /// Asks for a pass now.
    ///
    /// # Errors
    /// [`Busy`] while one runs or is about to.
    pub fn request(&self, wish: Wish) -> Result<(), Busy> {
        if self.status.borrow().running {
            return Err(Busy);
        }
        self.wishes.0.try_send(wish).map_err(|_| Busy)
    }

    /// Asks for a pass now or, while one runs, after it. One that waits already is as good.
    pub fn queue(&self, wish: Wish) {
        let _ = self.wishes.0.try_send(wish);
    }

    /// Waits until the running pass, or else the next one, has ended. A look at the receiver's files counts as one.
    pub async fn ended(&self) {
        let ended = self.ended.borrow().1.clone();
        // Always an error: nothing is ever sent.
        let _ = ended.recv().await;
    }

    /// Statistics of the receiver's answers that are kept, as of the last pass.
    pub fn kept(&self) -> Counts {
        self.status.borrow().kept
    }

    /// How things are.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }
}
