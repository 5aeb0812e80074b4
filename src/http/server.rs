//! The accept loop, the connections it opened, and their end.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use log::warn;
use smol::future::{yield_now, FutureExt};
use smol::{Async, LocalExecutor, Task, Timer};

use super::conn::{Connection, Shared};
use super::error::Refusal;
use super::open::{client_of, Entry, Open, Standing};
use super::router::Router;
use super::Limits;

/// Connections there is no place for that are told so before they are closed; any more are just closed.
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
        self.open.cut();
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
                admit(&executor, stream, peer, &shared, &open);
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

/// Starts the task of a new connection, if there is or can be a place for it.
fn admit(
    executor: &LocalExecutor<'static>,
    stream: Async<TcpStream>,
    peer: SocketAddr,
    shared: &Rc<Shared>,
    open: &Rc<Open>,
) {
    let is_turned_away = !open.make_room(peer.ip(), &shared.limits);
    if is_turned_away && open.turned_away() >= TURNED_AWAY {
        return;
    }
    // Answers are written whole; waiting for more to send only delays them.
    let _ = stream.get_ref().set_nodelay(true);
    let (stream, standing) = (Rc::new(stream), Standing::new());
    let opened = Connection::new(shared.clone(), stream.clone(), peer, standing.clone());
    let Ok(connection) = opened else {
        return;
    };
    let key = open.next_key();
    let table = open.clone();
    let task = executor.spawn(async move {
        if is_turned_away {
            connection
                .refuse(Refusal::new(503, "too many connections"))
                .await;
        } else {
            connection.serve().await;
        }
        table.ended(key);
    });
    let entry = Entry {
        client: client_of(peer.ip()),
        stream,
        standing,
        task,
        is_turned_away,
    };
    open.insert(key, entry);
}
