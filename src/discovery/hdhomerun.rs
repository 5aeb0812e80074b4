//! HDHomeRun's own port, 65001: who asks by UDP is told that there is a device, who asks by TCP what it is.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::rc::Rc;
use std::time::{Duration, Instant};

use log::debug;
use smol::future::{yield_now, FutureExt};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::{Async, LocalExecutor, Task, Timer};

use super::{Needs, Way};
use crate::hdhomerun::frame::{Received, LONGEST};
use crate::hdhomerun::{control, discover};

/// Connections at once. For one more, that which has asked nothing for the longest time is closed.
const CONNECTIONS: usize = 8;
/// How long a connection may ask nothing.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause after an error that may be there again at once, such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);
/// Bytes read at a time: a request has about 30.
const PIECE: usize = 512;

/// Both sockets.
#[derive(Debug)]
pub(super) struct Servers {
    tcp: Async<TcpListener>,
    udp: Async<UdpSocket>,
    port: u16,
    patience: Duration,
}

impl Servers {
    /// Listens; where any port will do, on the same by UDP and by TCP.
    ///
    /// # Errors
    /// When one of the two is taken, and then on neither: Tvheadend crashes if who answers by UDP does not by TCP.
    pub(super) fn open(needs: &Needs) -> io::Result<Servers> {
        match Servers::bind(needs) {
            // What is free by TCP may be taken by UDP.
            Err(_) if needs.ports.hdhomerun == 0 => Servers::bind(needs),
            opened => opened,
        }
    }

    fn bind(needs: &Needs) -> io::Result<Servers> {
        let [by_tcp, by_udp] = addresses(needs.server.ip());
        let port = needs.ports.hdhomerun;
        let told = |protocol: &'static str, port: u16| {
            move |error: io::Error| {
                io::Error::new(error.kind(), format!("{protocol} port {port}: {error}"))
            }
        };
        let tcp = Async::<TcpListener>::bind((by_tcp, port)).map_err(told("TCP", port))?;
        let port = tcp.get_ref().local_addr()?.port();
        let udp = Async::<UdpSocket>::bind((by_udp, port)).map_err(told("UDP", port))?;
        Ok(Servers {
            tcp,
            udp,
            port,
            patience: PATIENCE,
        })
    }

    /// The port of both.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Answers until it is dropped, which closes the connections.
    pub(super) async fn run(&self, needs: &Needs) {
        let guests = Guests::default();
        let executor = LocalExecutor::new();
        let discover = self.discover(needs);
        let control = self.control(needs, &guests, &executor);
        executor.run(discover.or(control)).await;
    }

    async fn discover(&self, needs: &Needs) {
        let mut packet = vec![0; LONGEST];
        loop {
            match self.udp.recv_from(&mut packet).await {
                Ok((len, peer)) => {
                    let packet = packet.get(..len).unwrap_or_default();
                    self.tell(needs, packet, peer).await;
                    // Whoever sends more and more is not answered before all others.
                    yield_now().await;
                }
                Err(error) => {
                    debug!("nothing received on UDP port {}: {error}", self.port);
                    Timer::after(PAUSE).await;
                }
            }
        }
    }

    async fn tell(&self, needs: &Needs, packet: &[u8], peer: SocketAddr) {
        let base = base_for(needs, peer.ip());
        let reply = base.and_then(|base| discover::reply(packet, &(needs.device)(), &base));
        let Some(reply) = reply else {
            return needs.state.ignored(Way::Discover);
        };
        match self.udp.send_to(&reply, peer).await {
            Ok(_) => needs.state.answered(Way::Discover),
            Err(error) => debug!("{peer} is not told of the device: {error}"),
        }
    }

    async fn control<'e>(
        &'e self,
        needs: &'e Needs,
        guests: &'e Guests,
        executor: &LocalExecutor<'e>,
    ) {
        loop {
            match self.tcp.accept().await {
                Ok((stream, peer)) if base_for(needs, peer.ip()).is_some() => {
                    let (key, asked) = guests.seat();
                    let serving = serve(stream, needs, asked.clone(), self.patience);
                    let task = executor.spawn(async move {
                        serving.await;
                        guests.leave(key);
                    });
                    guests.enter(key, Guest { asked, _task: task });
                    yield_now().await;
                }
                Ok(_) => {
                    needs.state.ignored(Way::Control);
                    yield_now().await;
                }
                Err(error) => {
                    debug!("no connection on TCP port {}: {error}", self.port);
                    Timer::after(PAUSE).await;
                }
            }
        }
    }
}

/// Where to listen by TCP and by UDP for a server at an address. Broadcasts arrive only where all are listened on.
fn addresses(server: IpAddr) -> [Ipv4Addr; 2] {
    match server.to_canonical() {
        IpAddr::V4(own) if own.is_loopback() => [own; 2],
        IpAddr::V4(own) => [own, Ipv4Addr::UNSPECIFIED],
        // All there are: no other one gets here.
        IpAddr::V6(_) => [Ipv4Addr::UNSPECIFIED; 2],
    }
}

/// Where the server is for somebody who may know.
fn base_for(needs: &Needs, peer: IpAddr) -> Option<String> {
    let is_near = (needs.is_near)(peer);
    is_near.then(|| needs.base(peer)).flatten()
}

/// The open connections.
#[derive(Default)]
struct Guests {
    seated: RefCell<BTreeMap<u32, Guest>>,
    next: Cell<u32>,
}

struct Guest {
    /// When it was answered last, or came.
    asked: Rc<Cell<Instant>>,
    _task: Task<()>,
}

impl Guests {
    /// Makes room for one more.
    fn seat(&self) -> (u32, Rc<Cell<Instant>>) {
        let mut seated = self.seated.borrow_mut();
        let idle = seated.iter().min_by_key(|(_, guest)| guest.asked.get());
        let idle = idle.map(|(key, _)| *key);
        if let Some(idle) = idle.filter(|_| seated.len() >= CONNECTIONS) {
            seated.remove(&idle);
        }
        let key = self.next.replace(self.next.get().wrapping_add(1));
        (key, Rc::new(Cell::new(Instant::now())))
    }

    fn enter(&self, key: u32, guest: Guest) {
        self.seated.borrow_mut().insert(key, guest);
    }

    fn leave(&self, key: u32) {
        self.seated.borrow_mut().remove(&key);
    }
}

/// Answers what comes on a connection until it ends, is silent for too long, or sends what is no request.
async fn serve(
    mut stream: Async<TcpStream>,
    needs: &Needs,
    asked: Rc<Cell<Instant>>,
    patience: Duration,
) {
    let mut received = Received::default();
    let mut piece = [0; PIECE];
    while let Ok(request) = received.take() {
        // A request that comes byte by byte has no more time than one that does not come.
        let until = asked.get() + patience;
        let Some(request) = request else {
            match within(until, stream.read(&mut piece)).await {
                Ok(len @ 1..) => received.add(piece.get(..len).unwrap_or_default()),
                Ok(0) | Err(_) => return,
            }
            continue;
        };
        let reply = control::answer(&request, &(needs.device)(), &(needs.tuners)());
        let Some(reply) = reply else {
            break;
        };
        if within(until, stream.write_all(&reply)).await.is_err() {
            return;
        }
        needs.state.answered(Way::Control);
        asked.set(Instant::now());
        yield_now().await;
    }
    needs.state.ignored(Way::Control);
}

/// Does `work`, or fails once it is later than `until`.
async fn within<T>(until: Instant, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late = async {
        Timer::at(until).await;
        Err(ErrorKind::TimedOut.into())
    };
    work.or(late).await
}

#[cfg(test)]
mod tests {
    use smol::block_on;

    use super::super::{Ports, State};
    use super::*;
    use crate::hdhomerun::frame::{tag, write, Frame, Kind};
    use crate::hdhomerun::{Device, Tuner, FIRMWARE};
    use crate::model::DeviceId;

    /// Somebody looks for any tuner.
    const SEARCH: &[u8] = b"\0\x02\0\x0c\x01\x04\0\0\0\x01\x02\x04\xff\xff\xff\xff\x4e\x50\x7f\x35";

    fn needs() -> Needs {
        Needs {
            ports: Ports {
                hdhomerun: 0,
                ssdp: 0,
            },
            server: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            device: Box::new(|| Device {
                id: DeviceId::of_mac([0, 0x1d, 0xec, 0x12, 0x34, 0x56]),
                name: "Living room".to_owned(),
                tuners: 2,
            }),
            tuners: Box::new(|| vec![Tuner::default(); 2]),
            is_near: Box::new(|_| true),
            rival: Box::new(|| Box::pin(async { None })),
            state: Rc::<State>::default(),
        }
    }

    fn get(name: &str) -> Vec<u8> {
        write(Kind::GetSet, &[(tag::NAME, name.as_bytes())]).unwrap()
    }

    /// Runs servers while somebody does something.
    fn while_serving<T>(needs: &Needs, test: impl AsyncFnOnce(u16) -> T) -> T {
        let servers = Servers::open(needs).unwrap();
        let serving = async {
            servers.run(needs).await;
            unreachable!("it ends when it is dropped")
        };
        block_on(test(servers.port()).or(serving))
    }

    async fn connect(port: u16) -> Async<TcpStream> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Async::<TcpStream>::connect(address).await.unwrap()
    }

    /// The next answer on a connection; `None` if it is closed.
    async fn hear(stream: &mut Async<TcpStream>) -> Option<String> {
        let mut answer = Received::default();
        let mut byte = [0];
        loop {
            if let Some(whole) = answer.take().unwrap() {
                let whole = Frame::read(&whole).unwrap();
                let text = whole.text(tag::VALUE).or(whole.text(tag::ERROR));
                return Some(text.unwrap().to_owned());
            }
            // What is closed with something unread is reset.
            stream.read_exact(&mut byte).await.ok()?;
            answer.add(&byte);
        }
    }

    async fn ask(stream: &mut Async<TcpStream>, name: &str) -> Option<String> {
        stream.write_all(&get(name)).await.ok()?;
        hear(stream).await
    }

    async fn udp(port: u16) -> Async<UdpSocket> {
        let socket = Async::<UdpSocket>::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        socket.get_ref().connect(address).unwrap();
        socket
    }

    #[test]
    fn a_search_is_answered_with_an_address_the_asker_can_reach() {
        while_serving(&needs(), async |port| {
            let socket = udp(port).await;
            // Only the last is answered.
            for packet in [&b""[..], b"?", &SEARCH[..19], &[0; 5000], SEARCH] {
                socket.send(packet).await.unwrap();
            }
            let mut reply = [0; 1500];
            let len = socket.recv(&mut reply).await.unwrap();
            let reply = Frame::read(&reply[..len]).unwrap();
            assert_eq!(reply.kind, Kind::Discovered);
            assert_eq!(reply.text(tag::BASE_URL), Some("http://127.0.0.1:8080"));
        });
    }

    #[test]
    fn strangers_are_not_answered() {
        let mut needs = needs();
        needs.is_near = Box::new(|_| false);
        while_serving(&needs, async |port| {
            let socket = udp(port).await;
            socket.send(SEARCH).await.unwrap();
            // The search came before the connection, which is closed.
            assert_eq!(ask(&mut connect(port).await, "/sys/model").await, None);
            yield_now().await;
            let heard = socket.get_ref().recv(&mut [0; 1500]);
            assert_eq!(heard.unwrap_err().kind(), ErrorKind::WouldBlock);
        });
    }

    #[test]
    fn requests_are_answered_however_they_arrive() {
        while_serving(&needs(), async |port| {
            let mut stream = connect(port).await;
            stream.get_ref().set_nodelay(true).unwrap();
            for byte in get("/sys/model") {
                stream.write_all(&[byte]).await.unwrap();
                yield_now().await;
            }
            assert_eq!(hear(&mut stream).await.as_deref(), Some(FIRMWARE));
            let two = [get("/tuner0/channel"), get("/nothing")].concat();
            stream.write_all(&two).await.unwrap();
            assert_eq!(hear(&mut stream).await.as_deref(), Some("none"));
            let error = hear(&mut stream).await.unwrap();
            assert_eq!(error, "ERROR: unknown getset variable");
        });
    }

    #[test]
    fn what_is_no_request_closes_its_connection_only() {
        let mut flipped = get("/sys/model");
        flipped[6] ^= 1;
        let upgrade = [&[0, 6, 0, 4, 0xff, 0xff, 0xff, 0xff][..], &[0; 4]].concat();
        while_serving(&needs(), async |port| {
            let mut other = connect(port).await;
            for bytes in [&flipped[..], &upgrade, SEARCH, b"GET / HTTP/1.1\r\n\r\n"] {
                let mut stream = connect(port).await;
                assert!(ask(&mut stream, "/sys/version").await.is_some());
                stream.write_all(bytes).await.unwrap();
                assert_eq!(hear(&mut stream).await, None, "{bytes:?}");
            }
            assert!(ask(&mut other, "/sys/version").await.is_some());
        });
    }

    #[test]
    fn the_connection_that_asked_nothing_for_longest_makes_room() {
        while_serving(&needs(), async |port| {
            let mut streams = Vec::new();
            for _ in 0..CONNECTIONS {
                let mut stream = connect(port).await;
                assert!(ask(&mut stream, "/sys/model").await.is_some());
                streams.push(stream);
            }
            assert!(ask(&mut streams[0], "/sys/model").await.is_some());
            let mut one_more = connect(port).await;
            assert!(ask(&mut one_more, "/sys/model").await.is_some());
            assert_eq!(hear(&mut streams[1]).await, None);
            for at in [0, 2, CONNECTIONS - 1] {
                assert!(ask(&mut streams[at], "/sys/model").await.is_some());
            }
        });
    }

    #[test]
    fn a_connection_that_ends_leaves_its_place() {
        while_serving(&needs(), async |port| {
            let mut first = connect(port).await;
            for _ in 0..3 * CONNECTIONS {
                let mut stream = connect(port).await;
                assert!(ask(&mut stream, "/sys/model").await.is_some());
                stream
                    .get_ref()
                    .shutdown(std::net::Shutdown::Write)
                    .unwrap();
                assert_eq!(hear(&mut stream).await, None);
            }
            assert!(ask(&mut first, "/sys/model").await.is_some());
        });
    }

    #[test]
    fn who_asks_nothing_or_half_a_question_is_not_waited_for() {
        let needs = needs();
        let mut servers = Servers::open(&needs).unwrap();
        servers.patience = Duration::from_millis(20);
        let test = async {
            let mut silent = connect(servers.port()).await;
            let mut slow = connect(servers.port()).await;
            slow.write_all(&get("/sys/model")[..10]).await.unwrap();
            assert_eq!(hear(&mut silent).await, None);
            assert_eq!(hear(&mut slow).await, None);
        };
        block_on(test.or(servers.run(&needs)));
    }

    #[test]
    fn connections_end_with_the_servers() {
        let needs = needs();
        let servers = Servers::open(&needs).unwrap();
        let mut stream = block_on(async {
            let asking = async {
                let mut stream = connect(servers.port()).await;
                assert!(ask(&mut stream, "/sys/model").await.is_some());
                Some(stream)
            };
            let serving = async {
                servers.run(&needs).await;
                None
            };
            asking.or(serving).await.unwrap()
        });
        assert_eq!(block_on(hear(&mut stream)), None);
    }

    #[test]
    fn a_taken_port_leaves_nothing_open() {
        let mut needs = needs();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        needs.ports.hdhomerun = port;
        let error = Servers::open(&needs).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().starts_with(&format!("TCP port {port}: ")));
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        drop(taken);
        let error = Servers::open(&needs).unwrap_err();
        assert!(error.to_string().starts_with(&format!("UDP port {port}: ")));
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
        drop(udp);
        assert_eq!(Servers::open(&needs).unwrap().port(), port);
    }

    #[test]
    fn broadcasts_are_heard_unless_only_this_machine_is_served() {
        let at = |server: &str| addresses(server.parse().unwrap()).map(|own| own.to_string());
        assert_eq!(at("0.0.0.0"), ["0.0.0.0", "0.0.0.0"]);
        assert_eq!(at("::"), ["0.0.0.0", "0.0.0.0"]);
        assert_eq!(at("192.168.1.5"), ["192.168.1.5", "0.0.0.0"]);
        assert_eq!(at("::ffff:192.168.1.5"), ["192.168.1.5", "0.0.0.0"]);
        assert_eq!(at("127.0.0.1"), ["127.0.0.1", "127.0.0.1"]);
    }
}
