//! The accept loop, the connections it opened, who gets a place, and their end.

use std::cell::Cell;
use std::future::{pending, poll_fn, Future};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

use log::{debug, warn};
use smol::future::{yield_now, FutureExt};
use smol::{Async, LocalExecutor, Task, Timer};

use super::conn::{Connection, Shared, Terms};
use super::error::Refusal;
use super::line::{Caller, Line, Waiting};
use super::open::{Entry, Open, Standing};
use super::room::Room;
use super::router::Router;
use super::Limits;
use crate::model::client_of;

/// Connections there is no place for that are told so before they are closed; any more are just closed.
const TURNED_AWAY: usize = 16;
/// Sockets of clients in all. A process on a box may have 1024 files open, and the rest of the program needs some.
const SOCKETS: usize = 960;
/// Pause after a failed accept: without free file descriptors the next one would fail at once too.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A running server. Dropping it cuts every connection; [`Server::stop`] is the polite way.
pub struct Server {
    local: SocketAddr,
    hall: Rc<Hall>,
    accepting: Cell<Option<Task<()>>>,
    /// Who shows to the places.
    ushering: Cell<Option<Task<()>>>,
}

impl Server {
    /// Answers requests from `listener` with `router`, one task on `executor` for each connection.
    /// Fails if the listener has no address.
    pub fn start(
        executor: Rc<LocalExecutor<'static>>,
        listener: Async<TcpListener>,
        router: Rc<Router>,
        limits: Limits,
    ) -> std::io::Result<Self> {
        let local = listener.get_ref().local_addr()?;
        let hall = Rc::new(Hall {
            shared: Rc::new(Shared::new(Terms { router, limits })),
            open: Rc::default(),
            line: Line::default(),
        });
        let accepting = executor.spawn(accept(listener, hall.clone()));
        let ushering = executor.spawn(usher(executor.clone(), hall.clone()));
        Ok(Server {
            local,
            hall,
            accepting: Cell::new(Some(accepting)),
            ushering: Cell::new(Some(ushering)),
        })
    }

    /// From the next request on it answers with `router`, and from the next connection on by `limits`; what is open and
    /// running goes on.
    pub fn replace(&self, router: Rc<Router>, limits: Limits) {
        *self.hall.shared.terms.borrow_mut() = Rc::new(Terms { router, limits });
        // There may be more places now.
        self.hall.open.change();
    }

    /// The address the server listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Accepts no more connections. Those there are go on.
    pub async fn close(&self) {
        if let Some(task) = self.accepting.take() {
            task.cancel().await;
        }
    }

    /// Stops accepting, closes the connections that wait for a place or a request, and gives running answers up to
    /// `grace` to end; those that do not are cut. Tells how many.
    pub async fn stop(&self, grace: Duration) -> usize {
        self.close().await;
        if let Some(task) = self.ushering.take() {
            task.cancel().await;
        }
        self.hall.shared.stopping.set(true);
        self.hall.line.clear();
        self.hall.open.close_idle();
        let cut = async {
            Timer::after(grace).await;
        };
        self.hall.open.all_ended().or(cut).await;
        self.hall.open.cut()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.hall.line.clear();
        self.hall.open.cut();
    }
}

async fn accept(listener: Async<TcpListener>, hall: Rc<Hall>) {
    let mut failing = false;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                failing = false;
                hall.enter(stream, peer);
                // Its request may be there already: it is answered before a flood could push it out, and all
                // others get their turn between two of a flood.
                yield_now().await;
            }
            Err(error) => {
                if !failing {
                    warn!("cannot accept connections: {error}");
                }
                failing = true;
                Timer::after(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Gives places whenever there may be one, and sends away who has waited for too long.
async fn usher(executor: Rc<LocalExecutor<'static>>, hall: Rc<Hall>) {
    loop {
        let spoken = poll_fn(|context| hall.line.poll_spoken(context));
        let late = async {
            match hall.next_late() {
                Some(at) => Timer::at(at).await,
                None => pending().await,
            };
        };
        hall.open.changed().or(spoken).or(late).await;
        hall.settle(&executor);
    }
}

/// The connections that have a place, and those that wait for one.
struct Hall {
    shared: Rc<Shared>,
    open: Rc<Open>,
    line: Line,
}

impl Hall {
    /// Puts a new connection into the line; most leave it at once.
    fn enter(&self, stream: Async<TcpStream>, peer: SocketAddr) {
        // Answers are written whole; waiting for more to send only delays them.
        let _ = stream.get_ref().set_nodelay(true);
        let limits = &self.shared.terms().limits;
        let is_trusted = (limits.trusted)(peer.ip().to_canonical());
        self.line.join(Caller {
            stream: Rc::new(stream),
            peer,
            client: client_of(peer.ip()),
            may_have: if is_trusted {
                usize::MAX
            } else {
                limits.connections_per_client
            },
            since: Instant::now(),
        });
        self.open.change();
    }

    /// Gives a place to everyone in the line for whom there is or can be one, and shortens the line to what it may be.
    fn settle(&self, executor: &LocalExecutor<'static>) {
        let limits = &self.shared.terms().limits;
        while let Some((next, room)) = self.next() {
            if let Room::InsteadOf(key) = room {
                debug!(
                    "a connection that waits makes room for {}",
                    next.caller.peer
                );
                if let Some(caller) = self.open.shed(key) {
                    self.line.join(caller);
                }
            }
            self.seat(executor, next);
        }
        while self.next_late().is_some_and(|at| at <= Instant::now()) {
            match self.line.pop_first() {
                Some(late) if late.has_spoken => self.turn_away(executor, late.caller),
                // Like one that has a place and is silent, it is closed without a word.
                _ => {}
            }
        }
        let left = SOCKETS.saturating_sub(limits.connections + TURNED_AWAY);
        while let Some(one) = self.line.one_too_many(limits.waiting.min(left)) {
            self.turn_away(executor, one.caller);
        }
    }

    /// Takes out of the line who gets a place next, and says which.
    fn next(&self) -> Option<(Waiting, Room)> {
        // Most of the time there is nobody, and nothing to count.
        self.line.since()?;
        let total = self.shared.terms().limits.connections;
        self.line.next(&self.open.rooms(total))
    }

    /// When the first in the line has waited for too long; never while there are too many who have to be told so.
    fn next_late(&self) -> Option<Instant> {
        let may_tell = self.open.turned_away() < TURNED_AWAY;
        let first = self.line.since().filter(|_| may_tell)?;
        first.checked_add(self.shared.terms().limits.patience_for_place)
    }

    /// Starts the task that answers.
    fn seat(&self, executor: &LocalExecutor<'static>, next: Waiting) {
        let standing = self.open.standing(next.has_spoken);
        let Ok(connection) = Connection::new(&self.shared, &next.caller, standing.clone()) else {
            return;
        };
        self.start(executor, next.caller, standing, connection.serve(), false);
    }

    /// Starts the task that tells that there is no place.
    fn turn_away(&self, executor: &LocalExecutor<'static>, caller: Caller) {
        if self.open.turned_away() >= TURNED_AWAY {
            return;
        }
        let standing = self.open.standing(true);
        let Ok(connection) = Connection::new(&self.shared, &caller, standing.clone()) else {
            return;
        };
        let told = connection.refuse(Refusal::new(503, "too many connections"));
        self.start(executor, caller, standing, told, true);
    }

    fn start(
        &self,
        executor: &LocalExecutor<'static>,
        caller: Caller,
        standing: Rc<Standing>,
        work: impl Future<Output = ()> + 'static,
        is_turned_away: bool,
    ) {
        let key = self.open.next_key();
        let open = self.open.clone();
        let task = executor.spawn(async move {
            work.await;
            open.ended(key);
        });
        let entry = Entry {
            caller,
            standing,
            task,
            is_turned_away,
        };
        self.open.insert(key, entry);
    }
}
