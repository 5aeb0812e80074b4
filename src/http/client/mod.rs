//! The client that asks the receiver: one GET at a time, bounded in time and size.
//!
//! ```text
//! fetch (deadline, retries, size) -> surf -> redirect -> session -> login -> transport -> guard -> socket
//! ```
//!
//! Nothing here runs two requests at once by itself, and nothing keeps a body in memory: pieces go to a
//! [`Sink`] as they arrive. Dropping the future of a fetch closes its socket.

mod error;
mod framing;
mod guard;
mod head;
mod middleware;
#[cfg(test)]
mod tests;
mod text;
mod transport;

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use smol::io::AsyncBufReadExt;
use smol::Timer;
use surf::http::{headers, Body, Method, Url};

pub use error::Error;
pub use text::quote;

use guard::Facts;

/// Longer times mean a mistake, and must not overflow a clock.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How much of an error page is read.
const ERROR_PAGE: usize = 4096;

/// How to reach one receiver. No `Debug`: it holds the password.
#[derive(Clone)]
pub struct Settings {
    /// `http://host[:port][/prefix]`; `user:password@` before the host counts if `user` is empty.
    pub base: String,
    /// Login name; empty for none.
    pub user: String,
    /// Password of `user`.
    pub password: String,
    /// Limit of one attempt, from connecting to the last byte of the body.
    pub timeout: Duration,
    /// How many times to try again after a transient error.
    pub retries: u32,
    /// About how long to wait before the first retry; twice as long before each further one.
    pub backoff: Duration,
    /// The longest wait before a retry, also if the receiver asks for a longer one.
    pub max_backoff: Duration,
    /// What we call ourselves.
    pub user_agent: String,
}

/// The head of an answer whose body is about to arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// A status of 200 to 299.
    pub status: u16,
    /// The Content-Type as sent; empty if there is none.
    pub content_type: String,
    /// Bytes of body, if the receiver says so beforehand.
    pub length: Option<u64>,
}

/// A complete answer. The times are those of the attempt that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// A status of 200 to 299.
    pub status: u16,
    /// The Content-Type as sent; empty if there is none.
    pub content_type: String,
    /// Bytes of body.
    pub bytes: u64,
    /// From the request sent to the head read: about as long as the receiver's main thread was busy with it.
    pub first_byte: Duration,
    /// From before connecting to after the last byte.
    pub total: Duration,
    /// 1 if the first attempt succeeded.
    pub attempts: u32,
}

/// Where the body of an answer goes.
pub trait Sink {
    /// A body begins. After a broken attempt it begins anew: forget what came before.
    fn start(&mut self, head: &Head);

    /// The next bytes of the body.
    ///
    /// # Errors
    /// A text ends the fetch with [`Error::Sink`], without another attempt.
    fn piece(&mut self, bytes: &[u8]) -> Result<(), String>;
}

/// A whole body, for answers known to be small.
impl Sink for Vec<u8> {
    fn start(&mut self, _: &Head) {
        self.clear();
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

/// A client of one receiver.
pub struct Client {
    http: surf::Client,
    /// `http://host[:port][/prefix]`, without a slash at the end.
    base: String,
    /// The length of `http://host[:port]` in `base`.
    origin: usize,
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
        // What is before an @ may be a password.
        let shown = settings.base.rsplit('@').next().unwrap_or_default();
        let wrong = |why: &str| {
            Error::Settings(format!(
                "cannot use {shown:?} as the receiver's address: {why}"
            ))
        };
        let url = Url::parse(&settings.base).map_err(|error| wrong(&error.to_string()))?;
        match url.scheme() {
            "http" => {}
            "https" => return Err(Error::NeedsTls(format!("{shown:?} is an https address"))),
            _ => return Err(wrong("it must begin with http://")),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it must not contain ? or #"));
        }
        let mut base = format!("http://{}", url.host_str().unwrap_or_default());
        if let Some(port) = url.port() {
            base.push_str(&format!(":{port}"));
        }
        let origin = base.len();
        base.push_str(url.path().trim_end_matches('/'));

        let (user, password) = match settings.user.is_empty() {
            false => (settings.user, settings.password),
            true => (
                text::unquote(url.username()),
                text::unquote(url.password().unwrap_or_default()),
            ),
        };
        if user.contains(':') {
            return Err(Error::Settings(
                "the receiver's user name must not contain a colon".into(),
            ));
        }
        let header_safe = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if !settings.user_agent.bytes().all(header_safe) {
            return Err(Error::Settings("the user agent must be plain ASCII".into()));
        }

        let transport = transport::Transport {
            user_agent: settings.user_agent,
        };
        let mut http = surf::Client::with_http_client(transport)
            .with(middleware::Redirect)
            .with(middleware::Session::default());
        let logged_in = !user.is_empty();
        if logged_in {
            http = http.with(middleware::Login::new(&user, &password));
        }
        Ok(Client {
            http,
            base,
            origin,
            logged_in,
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
    /// The error of the last attempt; also if the path is not percent-encoded (see [`quote`]).
    pub async fn fetch(
        &self,
        path_and_query: &str,
        limit: u64,
        sink: &mut dyn Sink,
    ) -> Result<Fetched, Error> {
        let url = self.url(path_and_query)?;
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
                "{path_and_query}: {error}; attempt {} in {pause:?}",
                attempts + 1
            );
            Timer::after(pause).await;
            attempts += 1;
        }
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

    /// The URL of a path, if it would go out as it is: `url` escapes quotes, resolves dots and the like.
    fn url(&self, path_and_query: &str) -> Result<Url, Error> {
        let wrong = || Error::Path(path_and_query.into());
        if !path_and_query.starts_with('/') {
            return Err(wrong());
        }
        let text = format!("{}{path_and_query}", self.base);
        let url = Url::parse(&text).map_err(|_| wrong())?;
        match url.fragment().is_none()
            && url[surf::http::url::Position::BeforePath..] == text[self.origin..]
        {
            true => Ok(url),
            false => Err(wrong()),
        }
    }

    /// One attempt: connect, ask, read to the end.
    async fn attempt(&self, url: &Url, limit: u64, sink: &mut dyn Sink) -> Result<Fetched, Error> {
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

        if !(200..300).contains(&head.status) {
            let mut page = Vec::new();
            let read = async {
                while let Some(piece) = next_piece(&mut body).await? {
                    page.extend_from_slice(&piece[..piece.len().min(ERROR_PAGE - page.len())]);
                    let count = piece.len();
                    body.consume(count);
                    if page.len() == ERROR_PAGE {
                        break;
                    }
                }
                Ok(())
            };
            // The status is the news. Whatever happens to the page, it is not worth another error.
            let _ = self.within(deadline, read).await;
            return Err(self.refusal(head.status, &page, retry_after.map(Duration::from_secs)));
        }
        if !encoding.eq_ignore_ascii_case("identity") {
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
            403 => "OpenWebif does not allow access from this address: allow it in its settings, or turn authentication on there and log in",
            _ => {
                let text = text::excerpt(page);
                return Error::Status { status, text, retry_after };
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
