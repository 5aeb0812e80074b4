//! How often a client may ask: token buckets in a table of fixed size.
//!
//! A bucket is kept as the one moment at which it will be full again; each request moves that moment by the time a
//! token takes to come. The clock is an argument.

use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Clients remembered at once; the one that has been quiet for longest makes room.
const CLIENTS: usize = 512;
/// How often clients whose buckets are full again are forgotten.
const SWEEP: Duration = Duration::from_secs(60);

/// A client's allowance of one kind of requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// The time a token takes to come.
    pub(super) every: Duration,
    /// Tokens in a full bucket.
    pub(super) burst: u32,
}

/// What a request finds in its bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// Tokens of a full bucket.
    pub(super) limit: u32,
    /// Tokens left.
    pub(super) remaining: u32,
    /// Until the bucket is full again.
    pub(super) full_in: Duration,
    /// The request is one too many; there is a token again after this time.
    pub(super) wait: Option<Duration>,
}

/// The buckets of all clients, `N` for each.
pub(super) struct Limit<const N: usize> {
    rates: [Rate; N],
    clients: Vec<Client<N>>,
    swept: Instant,
}

struct Client<const N: usize> {
    key: IpAddr,
    /// When each bucket is full; in the past for one that is.
    full: [Instant; N],
    asked: Instant,
}

impl<const N: usize> Limit<N> {
    pub(super) fn new(rates: [Rate; N], now: Instant) -> Self {
        Limit {
            rates,
            clients: Vec::new(),
            swept: now,
        }
    }

    /// Takes a token out of the client's bucket of this kind, if there is one.
    pub(super) fn take(&mut self, key: IpAddr, kind: usize, now: Instant) -> Taken {
        self.sweep(now);
        let at = self.place(key, now);
        let (rate, client) = (self.rates[kind], &mut self.clients[at]);
        client.asked = now;
        let whole = rate.every * rate.burst;
        let full = &mut client.full[kind];
        let missing = full.saturating_duration_since(now);
        let (missing, wait) = if missing + rate.every <= whole {
            *full = now + missing + rate.every;
            (missing + rate.every, None)
        } else {
            (missing, Some(missing + rate.every - whole))
        };
        let left = (whole - missing).as_nanos() / rate.every.as_nanos().max(1);
        Taken {
            limit: rate.burst,
            remaining: left as u32,
            full_in: missing,
            wait,
        }
    }

    /// Forgets whoever has been quiet for so long that all is as at the beginning.
    fn sweep(&mut self, now: Instant) {
        if now.saturating_duration_since(self.swept) < SWEEP {
            return;
        }
        self.swept = now;
        self.clients
            .retain(|client| client.full.iter().any(|full| *full > now));
        self.clients.shrink_to(CLIENTS / 16);
    }

    /// The index of a client, which is new perhaps.
    fn place(&mut self, key: IpAddr, now: Instant) -> usize {
        if let Some(at) = self.clients.iter().position(|client| client.key == key) {
            return at;
        }
        let new = Client {
            key,
            full: [now; N],
            asked: now,
        };
        if self.clients.len() < CLIENTS {
            self.clients.push(new);
            return self.clients.len() - 1;
        }
        let quiet = |at: &usize| self.clients[*at].asked;
        let at = (0..self.clients.len()).min_by_key(quiet).unwrap_or(0);
        self.clients[at] = new;
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Rate = Rate {
        every: Duration::from_millis(100),
        burst: 3,
    };
    const ONE: Rate = Rate {
        every: Duration::from_secs(1),
        burst: 1,
    };

    fn client(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from(number).into()
    }

    fn after(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn a_burst_passes_and_then_as_many_as_come_back() {
        let start = Instant::now();
        let mut limit = Limit::new([TEN, ONE], start);
        let mut take = |ms| limit.take(client(1), 0, after(start, ms));
        assert_eq!(
            [take(0), take(0), take(0)].map(|taken| taken.remaining),
            [2, 1, 0]
        );
        let refused = take(0);
        assert_eq!((refused.limit, refused.remaining), (3, 0));
        assert_eq!(refused.wait, Some(Duration::from_millis(100)));
        assert_eq!(refused.full_in, Duration::from_millis(300));
        assert_eq!(take(40).wait, Some(Duration::from_millis(60)));
        // Whoever asks too often loses nothing by it.
        assert_eq!(take(100).wait, None);
        assert_eq!(take(100).wait, Some(Duration::from_millis(100)));
        let rested = take(10_000);
        assert_eq!((rested.remaining, rested.wait), (2, None));
    }

    #[test]
    fn in_the_long_run_as_many_pass_as_the_rate_says() {
        let start = Instant::now();
        let mut limit = Limit::new([TEN], start);
        let passed =
            (0..60_000).filter(|ms| limit.take(client(1), 0, after(start, *ms)).wait.is_none());
        assert_eq!(passed.count(), 602);
    }

    #[test]
    fn clients_and_kinds_do_not_share() {
        let start = Instant::now();
        let mut limit = Limit::new([TEN, ONE], start);
        assert_eq!(limit.take(client(1), 1, start).wait, None);
        assert!(limit.take(client(1), 1, start).wait.is_some());
        assert_eq!(limit.take(client(1), 0, start).remaining, 2);
        assert_eq!(limit.take(client(2), 1, start).wait, None);
    }

    #[test]
    fn the_table_is_bounded_and_the_quietest_goes() {
        let start = Instant::now();
        let mut limit = Limit::new([ONE], start);
        for number in 0..10_000_u32 {
            let now = start + Duration::from_micros(number.into());
            assert_eq!(limit.take(client(number), 0, now).wait, None);
            assert!(limit.clients.len() <= CLIENTS);
            // It keeps asking, so it stays, and stays refused.
            assert!(limit.take(client(0), 0, now).wait.is_some());
        }
        let now = start + Duration::from_micros(10_000);
        assert_eq!(limit.take(client(1), 0, now).wait, None, "it was forgotten");
    }

    #[test]
    fn who_was_quiet_is_swept_away() {
        let start = Instant::now();
        let mut limit = Limit::new([ONE], start);
        (0..100).for_each(|number| {
            limit.take(client(number), 0, start);
        });
        limit.take(client(7), 0, start + SWEEP);
        assert_eq!(limit.clients.len(), 1);
    }
}
