//! The sockets under surf: one connection for one request, on smol, decoded by async-h1 behind a guard.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use async_io::Async;
use http_client::{async_trait, HttpClient, Request, Response};
use smol::Timer;
use surf::http::{headers, Url};

use super::error::Error;
use super::guard::Guard;

/// How long one of several addresses may take before the next one is tried.
const NEXT_ADDRESS: Duration = Duration::from_secs(2);

/// surf's backend. It knows no time limits beyond [`NEXT_ADDRESS`]: the fetch around it has the deadline.
#[derive(Debug)]
pub(super) struct Transport {
    pub(super) user_agent: String,
}

#[async_trait]
impl HttpClient for Transport {
    async fn send(&self, mut request: Request) -> Result<Response, surf::Error> {
        // A connection for each request: on loopback it costs 0.1 ms, and none can go stale.
        request.insert_header(headers::CONNECTION, "close");
        request.insert_header(headers::USER_AGENT, self.user_agent.as_str());
        let socket = open(request.url()).await?;
        let (mut guard, facts) = Guard::new(socket);
        // Not `async_h1::connect`, which is these two lines and a trace of all headers, the login included.
        smol::io::copy(async_h1::client::Encoder::new(request), &mut guard).await?;
        let mut response = async_h1::client::decode(guard).await?;
        if let Some(facts) = facts.get() {
            response.ext_mut().insert(*facts);
        }
        Ok(response)
    }
}

/// A connection to the host of `url`, at the first of its addresses that takes one.
async fn open(url: &Url) -> Result<Async<TcpStream>, Error> {
    let addresses = resolve(url).await?;
    let mut result = Err(Error::Resolve {
        host: url.host_str().unwrap_or_default().into(),
        why: "the list of addresses is empty".into(),
    });
    for (index, &address) in addresses.iter().enumerate() {
        let connect = async {
            Async::<TcpStream>::connect(address)
                .await
                .map_err(|error| match error.kind() {
                    io::ErrorKind::ConnectionRefused => Error::Refused(address.to_string()),
                    _ => Error::Unreachable(format!("{address}: {error}")),
                })
        };
        result = if index + 1 == addresses.len() {
            connect.await
        } else {
            let next = async {
                Timer::after(NEXT_ADDRESS).await;
                Err(Error::Unreachable(format!("{address}: no answer")))
            };
            smol::future::or(connect, next).await
        };
        if let Ok(socket) = &result {
            // The request is one small write; nothing may hold it back.
            let _ = socket.get_ref().set_nodelay(true);
            break;
        }
    }
    result
}

/// The addresses of a host. Names are looked up in smol's pool of threads, because libc's resolver blocks.
async fn resolve(url: &Url) -> Result<Vec<SocketAddr>, Error> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let port = url.port_or_known_default().unwrap_or(80);
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    // Boxes often know one of the two only, and /etc/hosts does not say which one is listened on.
    if host.eq_ignore_ascii_case("localhost") {
        let both: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        return Ok(both.map(|address| SocketAddr::new(address, port)).to_vec());
    }
    let name = host.clone();
    smol::unblock(move || (name, port).to_socket_addrs().map(Vec::from_iter))
        .await
        .map_err(|error| Error::Resolve {
            host,
            why: error.to_string(),
        })
}
