//! A receiver that is not there: OpenWebif's web interface and an enigma2 stream port on loopback,
//! with an invented world behind them, delays and faults on request, and a record of what clients did.
//!
//! `xg2g --demo`, the integration tests and the benchmark all use this one. It speaks to sockets itself,
//! because a fault such as a reset in the middle of an answer needs the bare connection.

mod answers;
mod clock;
mod connections;
mod device;
mod edits;
mod events;
mod far;
mod faults;
mod http;
mod json;
mod lists;
mod message;
mod options;
mod paint;
mod phrases;
mod picon;
mod plan;
mod programme;
mod query;
mod relay;
mod scale;
mod sender;
mod session;
mod showcase;
mod state;
mod stats;
mod status;
mod stream;
mod stream_fault;
mod timers;
mod titles;
mod ts;
mod tuners;
mod video;
mod viewing;
mod world;

pub use clock::Clock;
pub use connections::Connections;
pub use faults::{Fault, UnknownFault};
pub use message::Message;
pub use options::{Line, Options, Port};
pub use relay::Clear;
pub use stats::Stats;
pub use stream_fault::{After, StreamFault, UnknownStreamFault};
pub use tuners::Use;

use smol::{Async, LocalExecutor, Task, Timer};
use state::State;
use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

/// Name under which the stream port stands in for a path in [`Receiver::set_fault_on`].
pub const STREAMS: &str = "streams";

/// Pause after a connection could not be accepted.
const RETRY: Duration = Duration::from_millis(50);

/// A running simulated receiver; it stops when the last handle is dropped.
#[derive(Clone)]
pub struct Receiver(Rc<Inner>);

struct Inner {
    state: Rc<State>,
    /// Weak, or the executor and the tasks on it would keep each other alive.
    executor: Weak<LocalExecutor<'static>>,
    port: u16,
    web: RefCell<Option<Server>>,
    streams: RefCell<Option<Server>>,
    relay: RefCell<Option<Server>>,
}

/// An open port and the task that serves it.
struct Server {
    listener: Rc<Async<TcpListener>>,
    /// Dropping it ends all connections.
    _task: Task<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // A cancelled task is dropped at the executor's next turn only; the port must refuse at once.
        let _ = rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Both);
    }
}

/// Starts a simulated receiver on 127.0.0.1.
///
/// # Errors
/// If a port cannot be had.
pub fn start(executor: &Rc<LocalExecutor<'static>>, options: Options) -> io::Result<Receiver> {
    let (web, streams) = (listen(options.port)?, listen(options.stream_port)?);
    let relay = listen(options.relay_port)?;
    let port = port_of(&web)?;
    let (stream_port, relay_port) = (port_of(&streams)?, port_of(&relay)?);
    let now = options.clock.epoch();
    let world = options.world(stream_port, now);
    let tuners = options.tuners();
    let whitelist = match options.relay.is_empty() {
        true => showcase::encrypted(&world),
        false => options.relay,
    };
    let state = Rc::new(State {
        line: options.line,
        clock: options.clock,
        started: now,
        on_air: Instant::now(),
        stream_port,
        relay_port,
        rate: ts::packets(options.rate),
        delay: options.delay.into(),
        world: world.into(),
        faults: RefCell::default(),
        stats: RefCell::default(),
        sessions: session::Sessions::new(options.login.as_ref()).into(),
        tuners: tuners::Tuners::new(tuners).into(),
        television: None.into(),
        timers: RefCell::default(),
        connections: RefCell::default(),
        stream_faults: RefCell::default(),
        relay: relay::Relay::new(whitelist).into(),
        stream_authentication: options.stream_authentication.into(),
        save_guide: RefCell::default(),
        messages: RefCell::default(),
        busy: 0.into(),
        turn: smol::lock::Mutex::new(()),
    });
    state.follow_television();
    let inner = Inner {
        state,
        executor: Rc::downgrade(executor),
        port,
        web: RefCell::default(),
        streams: RefCell::default(),
        relay: RefCell::default(),
    };
    inner.serve_web(web);
    inner.serve_streams(Port::Streams, streams);
    inner.serve_streams(Port::Relay, relay);
    Ok(Receiver(Rc::new(inner)))
}

impl Receiver {
    /// The address of the web interface, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port)
    }

    /// The port of the streams, on 127.0.0.1.
    pub fn stream_port(&self) -> u16 {
        self.state().stream_port
    }

    /// The port of the stream relay, on 127.0.0.1.
    pub fn relay_port(&self) -> u16 {
        self.state().relay_port
    }

    /// The receiver's time in seconds since 1970.
    pub fn now(&self) -> i64 {
        self.state().clock.epoch()
    }

    /// Lets every request to the web interface fail, or ends all faults. [`Fault::Refused`] closes all ports.
    pub fn set_fault(&self, fault: Option<Fault>) {
        let mut faults = self.state().faults.borrow_mut();
        faults.clear();
        if fault != Some(Fault::Refused) {
            faults.set("/", fault, None);
        }
        drop(faults);
        self.0.open_ports(fault != Some(Fault::Refused));
    }

    /// Lets requests whose path starts with `prefix` fail, `times` times or for ever; `None` ends it.
    /// The longest prefix counts; [`STREAMS`] means the stream port.
    pub fn set_fault_on(&self, prefix: &str, fault: impl Into<Option<Fault>>, times: Option<u32>) {
        self.state()
            .faults
            .borrow_mut()
            .set(prefix, fault.into(), times);
    }

    /// Sets the pause before each answer.
    pub fn set_delay(&self, delay: Duration) {
        self.state().delay.set(delay);
    }

    /// What clients did so far.
    pub fn stats(&self) -> Stats {
        self.state().stats.borrow().clone()
    }

    /// Counts from zero again.
    pub fn reset_stats(&self) {
        *self.state().stats.borrow_mut() = Stats::default();
        self.state().connections.borrow_mut().reset();
    }

    fn state(&self) -> &Rc<State> {
        &self.0.state
    }
}

impl Inner {
    fn open_ports(&self, open: bool) {
        self.open_stream_port(Port::Streams, open);
        self.open_stream_port(Port::Relay, open);
        if !open {
            self.web.take();
        } else if self.web.borrow().is_none() {
            self.reopen(self.port, Inner::serve_web);
        }
    }

    fn open_stream_port(&self, port: Port, open: bool) {
        let (server, number) = match port {
            Port::Streams => (&self.streams, self.state.stream_port),
            Port::Relay => (&self.relay, self.state.relay_port),
        };
        if !open {
            server.take();
        } else if server.borrow().is_none() {
            self.reopen(number, |inner, listener| {
                inner.serve_streams(port, listener)
            });
        }
    }

    fn reopen(&self, port: u16, serve: impl FnOnce(&Inner, Async<TcpListener>)) {
        match listen(port) {
            Ok(listener) => serve(self, listener),
            Err(error) => log::error!("demo receiver: port {port} cannot be opened again: {error}"),
        }
    }

    fn serve_web(&self, listener: Async<TcpListener>) {
        let state = Rc::clone(&self.state);
        let serve = move |socket, _| http::serve(Rc::clone(&state), socket);
        self.web.replace(self.server(listener, serve));
    }

    fn serve_streams(&self, port: Port, listener: Async<TcpListener>) {
        let state = Rc::clone(&self.state);
        let serve = move |socket, peer| stream::serve(Rc::clone(&state), port, socket, peer);
        let server = match port {
            Port::Streams => &self.streams,
            Port::Relay => &self.relay,
        };
        server.replace(self.server(listener, serve));
    }

    fn server<F>(
        &self,
        listener: Async<TcpListener>,
        serve: impl Fn(Async<TcpStream>, SocketAddr) -> F + 'static,
    ) -> Option<Server>
    where
        F: Future<Output = io::Result<()>> + 'static,
    {
        let listener = Rc::new(listener);
        let task = self
            .executor
            .upgrade()?
            .spawn(accept(Rc::clone(&listener), serve));
        Some(Server {
            listener,
            _task: task,
        })
    }
}

/// Serves connections for as long as it is polled; its own executor ends them all with it.
async fn accept<F>(
    listener: Rc<Async<TcpListener>>,
    serve: impl Fn(Async<TcpStream>, SocketAddr) -> F,
) where
    F: Future<Output = io::Result<()>> + 'static,
{
    let connections = LocalExecutor::new();
    let incoming = async {
        loop {
            match listener.accept().await {
                // How a connection ends is the client's business.
                Ok((socket, peer)) => connections.spawn(serve(socket, peer)).detach(),
                // Too many open files, say: others may close some.
                Err(_) => drop(Timer::after(RETRY).await),
            }
        }
    };
    connections.run(incoming).await
}

fn port_of(listener: &Async<TcpListener>) -> io::Result<u16> {
    Ok(listener.get_ref().local_addr()?.port())
}

fn listen(port: u16) -> io::Result<Async<TcpListener>> {
    Async::<TcpListener>::bind((Ipv4Addr::LOCALHOST, port))
}
