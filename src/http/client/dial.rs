//! Opening a connection to a host by name or address.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use async_io::Async;
use smol::Timer;

use super::error::Error;

/// How long one of several addresses may take before the next one is tried.
const NEXT_ADDRESS: Duration = Duration::from_secs(2);

/// A connection to a host, at the first of its addresses that takes one. No time limit beyond [`NEXT_ADDRESS`].
///
/// # Errors
/// `Resolve`, `Refused` or `Unreachable` of the last address that was tried.
pub async fn dial(host: &str, port: u16) -> Result<Async<TcpStream>, Error> {
    let addresses = resolve(host, port).await?;
    let mut result = Err(Error::Resolve {
        host: host.into(),
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
async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    // Boxes often know one of the two only, and /etc/hosts does not say which one is listened on.
    if host.eq_ignore_ascii_case("localhost") {
        let both: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        return Ok(both.map(|address| SocketAddr::new(address, port)).to_vec());
    }
    let name = host.to_owned();
    smol::unblock(move || (name, port).to_socket_addrs().map(Vec::from_iter))
        .await
        .map_err(|error| Error::Resolve {
            host: host.into(),
            why: error.to_string(),
        })
}
