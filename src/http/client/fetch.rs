//! One fetch: attempts, each with a deadline around connecting, head and body.

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use smol::io::AsyncBufReadExt;
use smol::Timer;
use surf::http::{headers, Body, Method, Url};

use super::dial::dial;
use super::error::Error;
use super::guard::Facts;
use super::middleware::{Login, Redirect, Session};
use super::settings::{Base, Settings};
use super::text::excerpt;
use super::transport::Transport;
use super::{Fetched, Head, Sink};

/// Longer times mean a mistake, and must not overflow a clock.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How much of an error page is read.
const ERROR_PAGE: usize = 4096;

/// A client of one receiver.
pub struct Client {
    http: surf::Client,
    base: Base,
    logged_in: bool,
    timeout: Duration,
    retries: u32,
    backoff: Duration,
    max_backoff: Duration,
}

impl Client {
    /// A client for these settings. It connects only when asked to fetch.
    ///
    /// # Errors
    /// [`Error::Settings`] if the base is no `http` URL or a text cannot stand in a header,
    /// [`Error::NeedsTls`] if the base is an `https` URL.
    pub fn new(settings: Settings) -> Result<Client, Error> {
        let (base, login) = settings.check()?;
        let user_agent = settings.user_agent;
        let mut http = surf::Client::with_http_client(Transport { user_agent })
            .with(Redirect)
            .with(Session::default());
        if let Some((user, password)) = &login {
            http = http.with(Login::new(user, password));
        }
        Ok(Client {
            http,
            base,
            logged_in: login.is_some(),
            timeout: settings.timeout.min(DAY),
            retries: settings.retries,
            backoff: settings.backoff.min(DAY),
            max_backoff: settings.max_backoff.min(DAY),
        })
    }

    /// Gets `path_and_query`, sent exactly as given, and passes its body to `sink` as it arrives.
    ///
    /// `sink` sees bodies of 2xx answers only: `start` once for each attempt that gets that far, then pieces.
    /// `limit` is the most bytes of body to take. Transient errors are retried as the settings say.
    ///
    /// # Errors
    /// The error of the last attempt; also if the path is not percent-encoded (see [`quote`](super::quote)).
    pub async fn fetch(
        &self,
        path_and_query: &str,
        limit: u64,
        sink: &mut dyn Sink,
    ) -> Result<Fetched, Error> {
        let url = self.base.join(path_and_query)?;
        let mut attempts = 1;
        loop {
            let error = match self.attempt(&url, limit, sink).await {
                Ok(fetched) => {
                    return Ok(Fetched {
                        attempts,
                        ..fetched
                    })
                }
                Err(error) => error,
            };
            if attempts > self.retries || !error.is_transient() {
                return Err(error);
            }
            // A fresh hasher is the one source of randomness in std.
            let random = RandomState::new().hash_one(attempts);
            let pause = pause(
                self.backoff,
                self.max_backoff,
                attempts,
                error.retry_after(),
                random,
            );
            log::debug!(
                "{path_and_query}: {error}; attempt {} in {} ms",
                attempts + 1,
                pause.as_millis()
            );
            Timer::after(pause).await;
            attempts += 1;
        }
    }

    /// As [`Client::fetch`], but tries once only, for what must not be done twice.
    ///
    /// # Errors
    /// Those of [`Client::fetch`].
    pub async fn fetch_once(
        &self,
        path_and_query: &str,
        limit: u64,
        sink: &mut dyn Sink,
    ) -> Result<Fetched, Error> {
        let url = self.base.join(path_and_query)?;
        self.attempt(&url, limit, sink).await
    }

    /// Gets `path_and_query` into memory; as [`Client::fetch`] otherwise.
    ///
    /// # Errors
    /// Those of [`Client::fetch`].
    pub async fn get(&self, path_and_query: &str, limit: u64) -> Result<(Fetched, Vec<u8>), Error> {
        let mut body = Vec::new();
        let fetched = self.fetch(path_and_query, limit, &mut body).await?;
        Ok((fetched, body))
    }

    /// Connects, says nothing and closes, within `limit`: tells whether somebody listens, at next to no cost for them.
    ///
    /// # Errors
    /// `Resolve`, `Refused`, `Unreachable` or `Timeout`.
    pub async fn knock(&self, limit: Duration) -> Result<(), Error> {
        let url = self.base.join("/")?;
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(80);
        let late = async {
            Timer::after(limit).await;
            Err(Error::Timeout(limit))
        };
        smol::future::or(dial(host, port), late).await.map(drop)
    }

    /// One attempt: connect, ask, read to the end.
    async fn attempt(&self, url: &Url, limit: u64, sink: &mut dyn Sink) -> Result<Fetched, Error> {
        // async-h1 counts bodies in `usize`: one that it would cut must be too large first.
        let limit = limit.min(usize::MAX as u64 - 1);
        let started = Instant::now();
        let deadline = started + self.timeout;
        let request = surf::Request::new(Method::Get, url.clone());
        let send = async { self.http.send(request).await.map_err(Error::from) };
        let mut response = self.within(deadline, send).await?;

        let Some(facts) = response.ext::<Facts>().copied() else {
            return Err(Error::Protocol("it has no head".into()));
        };
        let header =
            |name: headers::HeaderName| response.header(name).map(|value| value.last().as_str());
        let head = Head {
            status: facts.status,
            content_type: header(headers::CONTENT_TYPE).unwrap_or_default().to_owned(),
            length: facts.length,
        };
        let retry_after = header(headers::RETRY_AFTER).and_then(|value| value.trim().parse().ok());
        let encoding = header(headers::CONTENT_ENCODING)
            .unwrap_or("identity")
            .to_owned();
        let mut body = response.take_body();

        let compressed = !encoding.eq_ignore_ascii_case("identity");
        if !(200..300).contains(&head.status) {
            let mut page = Vec::new();
            if !compressed {
                // The status is the news. Whatever happens to the page, it is not worth another error.
                let _ = self.within(deadline, read_page(&mut body, &mut page)).await;
            }
            return Err(self.refusal(head.status, &page, retry_after.map(Duration::from_secs)));
        }
        if compressed {
            return Err(Error::Protocol(format!(
                "it is compressed ({encoding}), which nobody asked for"
            )));
        }
        if head.length.is_some_and(|length| length > limit) {
            return Err(Error::TooLarge(limit));
        }

        sink.start(&head);
        let bytes = self.within(deadline, pour(&mut body, limit, sink)).await?;
        Ok(Fetched {
            status: head.status,
            content_type: head.content_type,
            bytes,
            first_byte: facts.first_byte,
            total: started.elapsed(),
            attempts: 1,
        })
    }

    /// `future`, or [`Error::Timeout`] at the deadline.
    async fn within<T>(
        &self,
        deadline: Instant,
        future: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let late = async {
            Timer::at(deadline).await;
            Err(Error::Timeout(self.timeout))
        };
        smol::future::or(future, late).await
    }

    /// The error for an answer that is not 2xx.
    fn refusal(&self, status: u16, page: &[u8], retry_after: Option<Duration>) -> Error {
        let advice = match status {
            401 if self.logged_in => "check user name and password",
            401 => "it wants a login: set user name and password",
            // OpenWebif with authentication off answers so outside of its own networks.
            403 => {
                "OpenWebif keeps this address out: allow VPN access or turn on authentication there"
            }
            _ => {
                let text = excerpt(page);
                return Error::Status {
                    status,
                    text,
                    retry_after,
                };
            }
        };
        Error::Unauthorized { status, advice }
    }
}

/// The next bytes of a body, `None` at its end.
async fn next_piece(body: &mut Body) -> Result<Option<&[u8]>, Error> {
    let piece = body.fill_buf().await?;
    Ok((!piece.is_empty()).then_some(piece))
}

/// Reads the start of an error page.
async fn read_page(body: &mut Body, page: &mut Vec<u8>) -> Result<(), Error> {
    while page.len() < ERROR_PAGE {
        let Some(piece) = next_piece(body).await? else {
            break;
        };
        let count = piece.len();
        page.extend_from_slice(&piece[..count.min(ERROR_PAGE - page.len())]);
        body.consume(count);
    }
    Ok(())
}

/// Passes a body on to `sink`: how many bytes.
async fn pour(body: &mut Body, limit: u64, sink: &mut dyn Sink) -> Result<u64, Error> {
    let mut bytes = 0;
    while let Some(piece) = next_piece(body).await? {
        let count = piece.len();
        bytes += count as u64;
        if bytes > limit {
            return Err(Error::TooLarge(limit));
        }
        sink.piece(piece).map_err(Error::Sink)?;
        body.consume(count);
        // A fast receiver always has the next piece ready: let others, and the deadline, have their turn.
        smol::future::yield_now().await;
    }
    Ok(bytes)
}

/// How long to wait after attempt number `attempt`: between half and all of a time that doubles up to `max`;
/// at least as long as the receiver asks for, but never longer than `max`.
fn pause(
    backoff: Duration,
    max: Duration,
    attempt: u32,
    retry_after: Option<Duration>,
    random: u64,
) -> Duration {
    let doubled = 1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX);
    let half = backoff.saturating_mul(doubled).min(max) / 2;
    let jittered = half + half * (random % 1001) as u32 / 1000;
    jittered.max(retry_after.unwrap_or_default()).min(max)
}

#[cfg(test)]
mod tests {
    use smol::io::BufReader;

    use super::*;

    #[test]
    fn a_body_that_is_always_ready_lets_the_deadline_have_its_turn() {
        struct Nowhere;
        impl Sink for Nowhere {
            fn start(&mut self, _: &Head) {}
            fn piece(&mut self, _: &[u8]) -> Result<(), String> {
                Ok(())
            }
        }
        let endless = BufReader::new(smol::io::repeat(b'x'));
        let mut body = Body::from_reader(endless, None);
        let mut sink = Nowhere;
        let pour = pour(&mut body, 1 << 20, &mut sink);
        let late = async { Err(Error::Timeout(Duration::ZERO)) };
        let result = smol::block_on(smol::future::or(pour, late));
        assert_eq!(result, Err(Error::Timeout(Duration::ZERO)));
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_heed_the_receiver() {
        let ms = Duration::from_millis;
        let pause = |attempt, retry_after, random| {
            super::pause(ms(100), ms(1000), attempt, retry_after, random)
        };
        assert_eq!((pause(1, None, 0), pause(1, None, 1000)), (ms(50), ms(100)));
        assert_eq!(
            (pause(3, None, 0), pause(3, None, 1000)),
            (ms(200), ms(400))
        );
        assert_eq!(
            (pause(9, None, 0), pause(9, None, 1000)),
            (ms(500), ms(1000))
        );
        assert_eq!(pause(u32::MAX, None, 1000), ms(1000));
        assert_eq!(pause(1, Some(ms(700)), 0), ms(700));
        assert_eq!(pause(1, Some(ms(7000)), 0), ms(1000));
        for random in 0..5000 {
            assert!((ms(50)..=ms(100)).contains(&pause(1, None, random)));
        }
    }
}
