//! Binding the address that clients connect to.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};

use rustix::io::Errno;
use rustix::net::{self, sockopt, AddressFamily, SocketFlags, SocketType};
use smol::Async;

/// Connections the kernel keeps until they are accepted.
const BACKLOG: i32 = 512;

/// Listens on `host:port`, or on every address for `:port` (IPv6 and IPv4 on one socket; IPv4 alone where
/// the kernel has no IPv6). The error names the address and, if the port is taken, who has it.
/// Looks the name up in place, so this is for the start of the program.
pub fn listen(address: &str) -> io::Result<Async<TcpListener>> {
    let explain = |error: io::Error| {
        let text = format!("cannot listen on {address}: {error}");
        io::Error::new(error.kind(), text)
    };
    let everywhere = address.strip_prefix(':').map(str::parse::<u16>);
    let addresses: Vec<SocketAddr> = match everywhere {
        Some(Ok(port)) => vec![
            (Ipv6Addr::UNSPECIFIED, port).into(),
            (Ipv4Addr::UNSPECIFIED, port).into(),
        ],
        Some(Err(_)) => return Err(explain(io::Error::other("the port is not a number"))),
        None => address.to_socket_addrs().map_err(explain)?.collect(),
    };
    let mut last = io::Error::other("the name has no address");
    for address in addresses {
        match bind(address) {
            Ok(listener) => return Async::new(listener),
            Err(Errno::ADDRINUSE) => {
                let owner =
                    owner(address.port()).map_or(String::new(), |owner| format!(" by {owner}"));
                let text = format!("the port is already used{owner}");
                return Err(explain(io::Error::new(io::ErrorKind::AddrInUse, text)));
            }
            Err(error) => last = error.into(),
        }
    }
    Err(explain(last))
}

fn bind(address: SocketAddr) -> rustix::io::Result<TcpListener> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let socket = net::socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    // A restart must not wait for the old connections to time out.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if address.is_ipv6() {
        // The default is a system setting; `::` shall always mean everything.
        sockopt::set_ipv6_v6only(&socket, !address.ip().is_unspecified())?;
    }
    net::bind(&socket, &address)?;
    net::listen(&socket, BACKLOG)?;
    Ok(socket.into())
}

/// Who listens on a port, e.g. `enigma2 (pid 423)`, if /proc tells.
fn owner(port: u16) -> Option<String> {
    let sockets: Vec<String> = ["/proc/net/tcp6", "/proc/net/tcp"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listeners(&table, port))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    for process in fs::read_dir("/proc").ok()?.flatten() {
        // Not "self", which is us under another name.
        let Some(pid) = process
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok())
        else {
            continue;
        };
        // Other users' processes do not show their files, and the rest may end while we look.
        let Ok(files) = fs::read_dir(process.path().join("fd")) else {
            continue;
        };
        let mut links = files
            .flatten()
            .filter_map(|file| fs::read_link(file.path()).ok());
        if links.any(|link| sockets.iter().any(|socket| link.as_os_str() == &**socket)) {
            let name = fs::read_to_string(process.path().join("comm")).ok()?;
            return Some(format!("{} (pid {pid})", name.trim()));
        }
    }
    None
}

/// The inodes of the sockets that listen on `port`, from the text of /proc/net/tcp: the second column ends
/// in the port in hex, the fourth is 0A for a listener, the tenth is the inode.
fn listeners(table: &str, port: u16) -> Vec<String> {
    let port = format!(":{port:04X}");
    let rows = table
        .lines()
        .map(|row| row.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.len() > 9 && row[1].ends_with(&port) && row[3] == "0A")
        .map(|row| row[9].to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_reported_with_its_owner() {
        let first = listen("127.0.0.1:0").unwrap();
        let address = first.get_ref().local_addr().unwrap().to_string();
        let error = listen(&address).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        let text = error.to_string();
        let pid = format!("(pid {})", std::process::id());
        assert!(
            text.starts_with(&format!("cannot listen on {address}: ")),
            "{text}"
        );
        assert!(text.ends_with(&pid), "{text}");
    }

    #[test]
    fn an_address_without_host_is_reached_over_ipv4() {
        let listener = listen(":0").unwrap();
        let port = listener.get_ref().local_addr().unwrap().port();
        assert!(std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
    }

    #[test]
    fn what_is_no_address_is_reported() {
        for address in ["", ":", ":http", ":65536", "127.0.0.1", "127.0.0.1:x"] {
            let text = listen(address).unwrap_err().to_string();
            assert!(text.starts_with("cannot listen on "), "{text}");
        }
    }

    #[test]
    fn only_listeners_on_the_port_are_picked_from_the_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 111 1\n\
             1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000 0 0 222 1\n\
             2: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 333 1\n";
        assert_eq!(listeners(table, 8080), ["111"]);
    }
}
