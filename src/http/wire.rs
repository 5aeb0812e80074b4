//! A client's socket with a deadline on everything it does.

use std::cell::RefCell;
use std::fs::File;
use std::future::{poll_fn, Future};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::FileExt;
use std::pin::{pin, Pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

use rustix::fs::sendfile;
use rustix::io::Errno;
use smol::future::yield_now;
use smol::{Async, Timer};

/// Bytes of a file given to the kernel at a time; other connections get their turn in between.
const FILE_STEP: u64 = 256 * 1024;
/// Bytes copied at a time where the file system knows no sendfile.
const COPY_STEP: usize = 64 * 1024;
/// Bytes a second at which a client that reads slowly gets back the time it made us wait.
const PACE: u64 = 4 * 1024;
/// The most that is read from a client after the last answer.
const LINGER_BYTES: usize = 1024 * 1024;

/// A client's socket.
pub(super) struct Wire {
    stream: Rc<Async<TcpStream>>,
    alarm: Alarm,
    patience: Patience,
    /// Bytes written so far.
    pub(super) sent: u64,
}

impl Wire {
    /// `patience` is how long writes may wait for a client that reads slower than [`PACE`].
    pub(super) fn new(stream: Rc<Async<TcpStream>>, patience: Duration) -> Self {
        Wire {
            stream,
            alarm: Alarm::default(),
            patience: Patience::new(patience),
            sent: 0,
        }
    }

    /// Forgets how long the client made us wait: what comes next may take its time.
    pub(super) fn be_patient(&mut self) {
        self.patience = Patience::new(self.patience.whole);
    }

    /// The socket itself.
    pub(super) fn stream(&self) -> Rc<Async<TcpStream>> {
        self.stream.clone()
    }

    /// Appends what has arrived to `buffer` and tells how much; 0 is the end. All connections share
    /// `scratch`, so a waiting one holds no buffer.
    pub(super) async fn read(
        &mut self,
        buffer: &mut Vec<u8>,
        scratch: &RefCell<Vec<u8>>,
        until: Instant,
    ) -> io::Result<usize> {
        let read = self.stream.read_with(|mut socket: &TcpStream| {
            let mut scratch = scratch.borrow_mut();
            let count = socket.read(&mut scratch)?;
            buffer.extend_from_slice(scratch.get(..count).unwrap_or_default());
            Ok(count)
        });
        self.alarm.within(until, read).await
    }

    /// Writes all of `slices`, none of them empty, in as few calls as the kernel takes.
    pub(super) async fn write(&mut self, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        while !slices.is_empty() {
            let began = Instant::now();
            let write = self
                .stream
                .write_with(|mut socket: &TcpStream| socket.write_vectored(slices));
            let count = self.alarm.within(began + self.patience.left, write).await?;
            if count == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
            self.patience.wrote(count, began.elapsed());
            self.sent += count as u64;
            IoSlice::advance_slices(&mut slices, count);
        }
        Ok(())
    }

    /// Writes `len` bytes of `file` from `offset`. A file that is too short is an error: the length is
    /// promised by then, so only closing the connection tells the client.
    pub(super) async fn write_file(
        &mut self,
        file: &File,
        mut offset: u64,
        mut len: u64,
    ) -> io::Result<()> {
        while len > 0 {
            let step = len.min(FILE_STEP) as usize;
            let send = self.stream.write_with(|socket| {
                let sent = sendfile(socket, file, Some(&mut offset), step);
                sent.map_err(io::Error::from)
            });
            let began = Instant::now();
            let until = began + self.patience.left;
            let count = match self.alarm.within(until, send).await {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    self.patience.wrote(count, began.elapsed());
                    self.sent += count as u64;
                    count
                }
                Err(error) if lacks_sendfile(&error) => {
                    let mut copy = vec![0; step.min(COPY_STEP)];
                    file.read_exact_at(&mut copy, offset)?;
                    self.write(&mut [IoSlice::new(&copy)]).await?;
                    offset += copy.len() as u64;
                    copy.len()
                }
                Err(error) => return Err(error),
            };
            len -= count as u64;
            yield_now().await;
        }
        Ok(())
    }

    /// Says that nothing more comes and waits a little for the client to stop. Closing at once while its
    /// bytes are still unread would reset the connection and could take the last answer with it.
    pub(super) async fn linger(&mut self, scratch: &RefCell<Vec<u8>>, time: Duration) {
        let until = Instant::now() + time;
        let mut left = LINGER_BYTES;
        if self.stream.get_ref().shutdown(Shutdown::Write).is_err() {
            return;
        }
        let mut ignored = Vec::new();
        while let Ok(count @ 1..) = self.read(&mut ignored, scratch, until).await {
            ignored.clear();
            left = left.saturating_sub(count);
            if left == 0 {
                return;
            }
        }
    }
}

fn lacks_sendfile(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::INVAL | Errno::NOSYS)
    )
}

/// How long a client may still make us wait. Without it, one that reads a byte now and then would keep its connection
/// for ever.
struct Patience {
    whole: Duration,
    left: Duration,
}

impl Patience {
    fn new(whole: Duration) -> Self {
        Patience { whole, left: whole }
    }

    /// `bytes` took `waited`.
    fn wrote(&mut self, bytes: usize, waited: Duration) {
        let earned = Duration::from_millis(bytes as u64 * 1000 / PACE);
        self.left = (self.left.saturating_sub(waited) + earned).min(self.whole);
    }
}

/// A deadline that costs nothing while it is not reached: the timer stays armed from one wait to the
/// next and is only moved when it fires or must fire earlier.
#[derive(Default)]
struct Alarm {
    armed: Option<(Instant, Timer)>,
}

impl Alarm {
    /// Does `work`, or fails with `TimedOut` once it is later than `until`.
    async fn within<T>(
        &mut self,
        until: Instant,
        work: impl Future<Output = io::Result<T>>,
    ) -> io::Result<T> {
        let mut work = pin!(work);
        poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            loop {
                let (at, timer) = match &mut self.armed {
                    Some(armed) if armed.0 <= until => armed,
                    late => late.insert((until, Timer::at(until))),
                };
                if Pin::new(timer).poll(context).is_pending() {
                    return Poll::Pending;
                }
                if *at >= until {
                    self.armed = None;
                    return Poll::Ready(Err(ErrorKind::TimedOut.into()));
                }
                self.armed = None;
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[test]
    fn patience_ends_with_a_client_that_reads_slower_than_the_pace() {
        let whole = Duration::from_secs(30);
        let second = Duration::from_secs(1);
        let reads = |bytes: usize, wait: Duration| {
            let mut patience = Patience::new(whole);
            let mut total = Duration::ZERO;
            // An hour is for ever.
            while patience.left >= wait && total < Duration::from_secs(3600) {
                patience.wrote(bytes, wait);
                total += wait;
            }
            total.as_secs()
        };
        assert_eq!(reads(1, second), 30);
        assert_eq!(reads(1, whole), 30);
        assert_eq!(reads(2048, second), 59);
        assert_eq!(reads(4096, second), 3600);
        // A whole day's worth of bytes does not buy more than was there at first.
        let mut patience = Patience::new(whole);
        patience.wrote(1 << 30, Duration::ZERO);
        assert_eq!(patience.left, whole);
    }

    #[test]
    fn an_alarm_set_for_later_still_rings_at_the_earlier_time() {
        smol::block_on(async {
            let mut alarm = Alarm::default();
            let start = Instant::now();
            let never = || pending::<io::Result<()>>();
            let long = start + Duration::from_secs(3600);
            let short = start + Duration::from_millis(5);
            // Arms the timer for an hour, then gives up waiting.
            let wait = alarm.within(long, never());
            assert!(smol::future::poll_once(wait).await.is_none());
            let rung = alarm.within(short, never()).await.unwrap_err();
            assert_eq!(rung.kind(), ErrorKind::TimedOut);
            assert!(start.elapsed() < Duration::from_secs(60));
        });
    }

    #[test]
    fn an_alarm_set_for_sooner_does_not_ring_too_early() {
        smol::block_on(async {
            let mut alarm = Alarm::default();
            let start = Instant::now();
            let wait = alarm.within(
                start + Duration::from_millis(5),
                pending::<io::Result<()>>(),
            );
            assert!(smol::future::poll_once(wait).await.is_none());
            let later = start + Duration::from_millis(30);
            assert!(alarm
                .within(later, pending::<io::Result<()>>())
                .await
                .is_err());
            assert!(Instant::now() >= later);
            assert_eq!(alarm.within(later, ready(Ok(7))).await.unwrap(), 7);
        });
    }
}
