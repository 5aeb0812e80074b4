//! The accept loop, the connections it opened, and their end.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use log::warn;
use smol::future::FutureExt;
use smol::{Async, LocalExecutor, Task, Timer};

use super::conn::{Connection, Shared};
use super::error::Refusal;
use super::router::Router;
use super::Limits;

/// Connections above the limit that are told so before they are closed; any more are just closed.
const TURNED_AWAY: usize = 16;
/// Pause after a failed accept: without free file descriptors the next one would fail at once too.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A running server. Dropping it cuts every connection; [`Server::stop`] is the polite way.
pub struct Server {
    local: SocketAddr,
    shared: Rc<Shared>,
    open: Rc<Open>,
    accepting: Option<Task<()>>,
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
        let shared = Rc::new(Shared::new(router, limits));
        let open = Rc::new(Open::default());
        let accept = accept(executor.clone(), listener, shared.clone(), open.clone());
        Ok(Server {
            local,
            shared,
            open,
            accepting: Some(executor.spawn(accept)),
        })
    }

    /// The address the server listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Stops accepting, closes idle connections, and gives running answers up to `grace` to end.
    pub async fn stop(mut self, grace: Duration) {
        if let Some(accepting) = self.accepting.take() {
            accepting.cancel().await;
        }
        self.shared.stopping.set(true);
        self.open.close_idle();
        let cut = async {
            Timer::after(grace).await;
        };
        self.open.all_ended().or(cut).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Taken out first: a cancelled task must not find the table borrowed.
        drop(self.open.entries.take());
    }
}

/// The open connections.
struct Open {
    entries: RefCell<BTreeMap<u32, Entry>>,
    next: Cell<u32>,
    /// A message says that a connection ended.
    ended: (Sender<()>, Receiver<()>),
}

struct Entry {
    stream: Rc<Async<TcpStream>>,
    idle: Rc<Cell<bool>>,
    task: Task<()>,
}

impl Default for Open {
    fn default() -> Self {
        Open {
            entries: RefCell::default(),
            next: Cell::new(0),
            ended: async_channel::bounded(1),
        }
    }
}

impl Open {
    fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// Forgets a connection from within its own task.
    fn ended(&self, key: u32) {
        if let Some(entry) = self.entries.borrow_mut().remove(&key) {
            entry.task.detach();
        }
        // A full channel already says it.
        let _ = self.ended.0.try_send(());
    }

    fn close_idle(&self) {
        for entry in self
            .entries
            .borrow()
            .values()
            .filter(|entry| entry.idle.get())
        {
            // Fails only if the client was faster.
            let _ = entry.stream.get_ref().shutdown(Shutdown::Both);
        }
    }

    async fn all_ended(&self) {
        while self.len() > 0 && self.ended.1.recv().await.is_ok() {}
    }
}

async fn accept(
    executor: Rc<LocalExecutor<'static>>,
    listener: Async<TcpListener>,
    shared: Rc<Shared>,
    open: Rc<Open>,
) {
    let mut failing = false;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                failing = false;
                if open.len() < shared.limits.connections + TURNED_AWAY {
                    admit(&executor, stream, peer, &shared, &open);
                }
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

/// Starts the task of a new connection.
fn admit(
    executor: &LocalExecutor<'static>,
    stream: Async<TcpStream>,
    peer: SocketAddr,
    shared: &Rc<Shared>,
    open: &Rc<Open>,
) {
    // Answers are written whole; waiting for more to send only delays them.
    let _ = stream.get_ref().set_nodelay(true);
    let key = open.next.replace(open.next.get().wrapping_add(1));
    let (stream, idle) = (Rc::new(stream), Rc::new(Cell::new(false)));
    let opened = Connection::new(shared.clone(), stream.clone(), peer, idle.clone());
    let Ok(connection) = opened else {
        return;
    };
    let full = open.len() >= shared.limits.connections;
    let table = open.clone();
    let task = executor.spawn(async move {
        if full {
            connection
                .refuse(Refusal::new(503, "too many connections"))
                .await;
        } else {
            connection.serve().await;
        }
        table.ended(key);
    });
    let entry = Entry { stream, idle, task };
    open.entries.borrow_mut().insert(key, entry);
}
