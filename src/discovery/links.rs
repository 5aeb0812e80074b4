//! Our addresses on the networks this machine is on, and the news that they changed, from the kernel (rtnetlink(7)).

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;

use async_io::Async;
use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{self, AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// What the kernel tells of to whoever listens: network cards, IPv4 addresses (`RTMGRP_LINK`, `RTMGRP_IPV4_IFADDR`).
const GROUPS: u32 = 0x1 | 0x10;
/// `RTM_GETADDR`, and the answer to it.
const GET: u16 = 22;
const ADDRESS: u16 = 20;
/// `NLM_F_REQUEST | NLM_F_DUMP`: all there are.
const ALL: u16 = 0x1 | 0x300;
/// `NLMSG_ERROR`, `NLMSG_DONE`: nothing follows.
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// `IFA_ADDRESS`, which is the other end's on a line between two, and `IFA_LOCAL`.
const PEER: u16 = 1;
const OWN: u16 = 2;
/// Bytes: the kernel's pieces have at most 8 KiB unless one has read larger ones before.
const PIECE: usize = 16 << 10;
/// Lengths of a message's head and of what follows it before the attributes.
const HEAD: usize = 16;
const FIXED: usize = 8;

/// An address of ours on a network card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// The kernel's number of the card. One that is plugged in again has another.
    pub(super) card: u32,
    pub(super) address: Ipv4Addr,
}

/// Our addresses but those of this machine alone.
///
/// # Errors
/// When the kernel does not tell.
pub(super) fn list() -> io::Result<Vec<Link>> {
    let socket = socket()?;
    net::send(&socket, &request(), SendFlags::empty())?;
    let (mut links, mut piece) = (Vec::new(), vec![0; PIECE]);
    loop {
        // Each piece is there when the one before is read: the kernel makes it then.
        let (_, len) = net::recv(&socket, &mut piece[..], RecvFlags::DONTWAIT)?;
        if !read(piece.get(..len).unwrap_or_default(), &mut links)? {
            return Ok(links);
        }
    }
}

/// News of cards and addresses.
#[derive(Debug)]
pub(super) struct News(Async<OwnedFd>);

impl News {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub(super) fn open() -> io::Result<News> {
        let socket = socket()?;
        net::bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
        Ok(News(Async::new(socket)?))
    }

    /// Waits for some. What they are is seen in the list.
    ///
    /// # Errors
    /// When the kernel cannot be heard, which does not end by itself.
    pub(super) async fn heard(&self) -> io::Result<()> {
        let mut some = [0; HEAD];
        let take = |socket: &OwnedFd| match net::recv(socket, &mut some[..], RecvFlags::empty()) {
            // There was more than the kernel kept for us.
            Ok(_) | Err(Errno::NOBUFS) => Ok(()),
            Err(error) => Err(error.into()),
        };
        self.0.read_with(take).await
    }
}

fn socket() -> io::Result<OwnedFd> {
    // Without a number it is the protocol of routes, addresses and cards.
    let socket = net::socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        None,
    )?;
    Ok(socket)
}

/// Asks for all addresses of IPv4.
fn request() -> Vec<u8> {
    let len = (HEAD + FIXED) as u32;
    let mut bytes = len.to_ne_bytes().to_vec();
    bytes.extend([GET.to_ne_bytes(), ALL.to_ne_bytes()].concat());
    // Number of the request and of the sender, which a single one does without.
    bytes.extend([0; 8]);
    bytes.push(AddressFamily::INET.as_raw() as u8);
    bytes.resize(HEAD + FIXED, 0);
    bytes
}

/// Reads a piece of the answer; `false` if it was the last.
fn read(mut piece: &[u8], links: &mut Vec<Link>) -> io::Result<bool> {
    while let Some((len, kind)) = number(piece, 0).zip(short(piece, 4)) {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        match kind {
            DONE => return Ok(false),
            ERROR => return Err(io::Error::other("the kernel does not tell our addresses")),
            ADDRESS => links.extend(piece.get(HEAD..len).and_then(link)),
            _ => {}
        }
        match piece.get(aligned(len).max(HEAD)..) {
            Some(rest) => piece = rest,
            None => break,
        }
    }
    Ok(true)
}

/// An address: family, length of the prefix, flags, scope, card, then attributes.
fn link(message: &[u8]) -> Option<Link> {
    let card = number(message, 4)?;
    let mut attributes = message.get(FIXED..)?;
    let (mut own, mut peer) = (None, None);
    while let Some((len, kind)) = short(attributes, 0).zip(short(attributes, 2)) {
        let len = usize::from(len).max(4);
        let value = attributes.get(4..len);
        let address = || <[u8; 4]>::try_from(value?).ok().map(Ipv4Addr::from);
        match kind {
            OWN => own = address(),
            PEER => peer = address(),
            _ => {}
        }
        attributes = attributes.get(aligned(len)..).unwrap_or_default();
    }
    let address = own.or(peer)?;
    let is_for_others = !address.is_loopback() && !address.is_unspecified();
    is_for_others.then_some(Link { card, address })
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*bytes))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_ne_bytes(*bytes))
}

/// All begins at multiples of four.
fn aligned(len: usize) -> usize {
    len.saturating_add(3) & !3
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message of the kernel.
    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let mut bytes = ((HEAD + body.len()) as u32).to_ne_bytes().to_vec();
        bytes.extend([kind.to_ne_bytes(), 2_u16.to_ne_bytes()].concat());
        bytes.extend([0; 8]);
        bytes.extend(body);
        bytes.resize(aligned(bytes.len()), 0);
        bytes
    }

    fn address(card: u32, attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = vec![2, 24, 0x80, 0];
        body.extend(card.to_ne_bytes());
        for (kind, value) in attributes {
            body.extend((4 + value.len() as u16).to_ne_bytes());
            body.extend(kind.to_ne_bytes());
            body.extend(*value);
            body.resize(aligned(body.len()), 0);
        }
        message(ADDRESS, &body)
    }

    fn all(piece: &[u8]) -> (Option<bool>, Vec<Link>) {
        let mut links = Vec::new();
        (read(piece, &mut links).ok(), links)
    }

    #[test]
    fn addresses_are_read_until_the_kernel_says_that_was_all() {
        let first = [
            address(1, &[(PEER, &[127, 0, 0, 1]), (OWN, &[127, 0, 0, 1])]),
            address(
                2,
                &[
                    (PEER, &[192, 168, 1, 5]),
                    (OWN, &[192, 168, 1, 5]),
                    (3, b"eth0:1\0"),
                ],
            ),
        ]
        .concat();
        let lan = Link {
            card: 2,
            address: [192, 168, 1, 5].into(),
        };
        assert_eq!(all(&first), (Some(true), vec![lan]));
        // A line between two has the address of the other end as well.
        let line = address(7, &[(PEER, &[10, 8, 0, 1]), (OWN, &[10, 8, 0, 2])]);
        let last = [
            line,
            message(DONE, &[0; 4]),
            address(9, &[(OWN, &[10, 0, 0, 9])]),
        ]
        .concat();
        let vpn = Link {
            card: 7,
            address: [10, 8, 0, 2].into(),
        };
        assert_eq!(all(&last), (Some(false), vec![vpn]));
        assert_eq!(all(&message(ERROR, &[0xff; 20])), (None, vec![]));
    }

    #[test]
    fn what_is_cut_or_lies_about_its_length_ends() {
        let whole = address(2, &[(OWN, &[192, 168, 1, 5]), (3, b"eth0\0")]);
        for cut in 0..whole.len() {
            assert!(all(&whole[..cut]).1.len() <= 1);
        }
        for at in 0..whole.len() {
            for lie in [0, 1, 3, 0x7f, 0xff] {
                let mut broken = whole.clone();
                broken[at] = lie;
                assert!(all(&broken).1.len() <= 1);
            }
        }
    }

    #[test]
    fn the_kernel_tells_our_addresses() {
        // Which, the machine knows; that each can be bound is what they are for.
        for link in list().unwrap() {
            assert!(!link.address.is_loopback());
            assert!(
                std::net::UdpSocket::bind((link.address, 0)).is_ok(),
                "{link:?}"
            );
        }
        News::open().unwrap();
    }
}
