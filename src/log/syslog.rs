//! The system's log: datagrams `<PRI>xg2g[pid]: text`, as BusyBox' syslogd and all others read them. It adds the time.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use log::Level;

/// Where syslogd listens.
pub(super) const SOCKET: &str = "/dev/log";
/// RFC 3164: the facility of daemons, times 8.
const DAEMON: u8 = 3 << 3;
/// BusyBox' syslogd reads 256 bytes of a datagram; text beyond (bytes) goes on in another one.
const LONGEST: usize = 220;

/// Sends a line to the syslogd that listens at `socket` now. Not connected: one that is started anew is found by itself.
///
/// # Errors
/// When nobody listens, or the listener does not keep up.
pub(super) fn send(socket: &Path, level: Level, text: &str) -> io::Result<()> {
    let sender = UnixDatagram::unbound()?;
    // A syslogd that hangs must not take us along.
    sender.set_nonblocking(true)?;
    let priority = DAEMON + severity(level);
    let pid = std::process::id();
    for part in parts(text) {
        let line = format!("<{priority}>xg2g[{pid}]: {part}");
        sender.send_to(line.as_bytes(), socket)?;
    }
    Ok(())
}

fn severity(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// The text in pieces that are not cut.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    let mut first = true;
    std::iter::from_fn(move || {
        if rest.is_empty() && !first {
            return None;
        }
        first = false;
        let mut end = rest.len().min(LONGEST);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (part, behind) = rest.split_at(end);
        rest = behind;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_datagram_and_a_syslogd_started_anew_is_found() {
        let name = format!("xg2g-syslog-{}", std::process::id());
        let socket = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&socket);
        assert!(send(&socket, Level::Info, "nobody is there").is_err());
        for run in 0..2 {
            let syslogd = UnixDatagram::bind(&socket).unwrap();
            send(&socket, Level::Warn, &format!("run {run}: Ö")).unwrap();
            let mut bytes = [0; 300];
            let length = syslogd.recv(&mut bytes).unwrap();
            let expected = format!("<28>xg2g[{}]: run {run}: Ö", std::process::id());
            assert_eq!(std::str::from_utf8(&bytes[..length]), Ok(&*expected));
            drop(syslogd);
            assert!(send(&socket, Level::Error, "in between").is_err());
            std::fs::remove_file(&socket).unwrap();
        }
    }

    #[test]
    fn long_text_goes_on_in_another_datagram() {
        let text = "ö".repeat(250);
        let pieces: Vec<&str> = parts(&text).collect();
        assert_eq!(pieces.concat(), text);
        assert_eq!(pieces.len(), 3);
        assert!(pieces.iter().all(|piece| piece.len() <= LONGEST));
        assert_eq!(parts("").collect::<Vec<_>>(), [""]);
    }
}
