//! surf middleware: what is done to every request and to the head of its answer.
//!
//! A middleware sees heads only; deadlines, bodies and retries are around the whole fetch.

use std::sync::{Mutex, PoisonError};

use http_client::async_trait;
use surf::http::auth::BasicAuth;
use surf::http::headers::{HeaderValue, AUTHORIZATION, COOKIE, LOCATION, SET_COOKIE};
use surf::http::Method;
use surf::middleware::{Middleware, Next};
use surf::{Client, Request, Response, Result, StatusCode};

use super::error::Error;

/// The most redirects followed for one request.
const REDIRECTS: usize = 3;

/// Follows redirects on the same host.
pub(super) struct Redirect;

#[async_trait]
impl Middleware for Redirect {
    async fn handle(
        &self,
        mut request: Request,
        client: Client,
        next: Next<'_>,
    ) -> Result<Response> {
        for _ in 0..=REDIRECTS {
            let url = request.url().clone();
            let response = next.run(request, client.clone()).await?;
            let location = match response.status() {
                StatusCode::MovedPermanently
                | StatusCode::Found
                | StatusCode::TemporaryRedirect => response.header(LOCATION),
                _ => None,
            };
            let Some(location) = location else {
                return Ok(response);
            };
            let target = url
                .join(location.last().as_str())
                .map_err(|error| Error::Protocol(format!("it redirects to nowhere: {error}")))?;
            match target.scheme() {
                "http" if target.host() == url.host() => {}
                "https" => {
                    let why = format!(
                        "the receiver redirects to https ({})",
                        target.host_str().unwrap_or_default()
                    );
                    return Err(Error::NeedsTls(why).into());
                }
                _ => {
                    let why = format!("it redirects to another place, {target}");
                    return Err(Error::Protocol(why).into());
                }
            }
            request = Request::new(Method::Get, target);
        }
        Err(Error::Protocol(format!("it redirects more than {REDIRECTS} times")).into())
    }
}

/// Keeps OpenWebif's session cookie: without one, every request makes a new session object on the receiver
/// and has the password checked again.
#[derive(Default)]
pub(super) struct Session {
    /// `name=value`. A mutex only because surf wants middleware to be `Sync`.
    cookie: Mutex<Option<String>>,
}

impl Session {
    fn cookie(&self) -> Option<String> {
        self.cookie
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set_cookie(&self, cookie: Option<String>) {
        *self.cookie.lock().unwrap_or_else(PoisonError::into_inner) = cookie;
    }

    /// Remembers the session an answer came with. That of a 401 is not logged in: it would be of no use.
    fn remember(&self, response: &Response) {
        let Some(values) = response.header(SET_COOKIE) else {
            return;
        };
        for value in values {
            let pair = value.as_str().split(';').next().unwrap_or_default().trim();
            if pair.starts_with("TWISTED_SESSION") && response.status() != StatusCode::Unauthorized
            {
                self.set_cookie(Some(pair.to_owned()));
            }
        }
    }
}

#[async_trait]
impl Middleware for Session {
    async fn handle(&self, request: Request, client: Client, next: Next<'_>) -> Result<Response> {
        let cookie = self.cookie();
        let fresh = request.clone();
        let mut response = match &cookie {
            None => next.run(request, client).await?,
            Some(cookie) => {
                let mut request = request;
                request.insert_header(COOKIE, cookie.as_str());
                let response = next.run(request, client.clone()).await?;
                if response.status() != StatusCode::Unauthorized {
                    response
                } else {
                    // The session may have ended (15 minutes, a restart): log in again, once.
                    self.set_cookie(None);
                    next.run(fresh, client).await?
                }
            }
        };
        self.remember(&response);
        response.remove_header(SET_COOKIE);
        Ok(response)
    }
}

/// The value of an `Authorization` header for a login by HTTP Basic.
pub fn basic(user: &str, password: &str) -> String {
    BasicAuth::new(user, password).value().as_str().to_owned()
}

/// Logs in by HTTP Basic.
pub(super) struct Login {
    authorization: HeaderValue,
}

impl Login {
    pub(super) fn new(user: &str, password: &str) -> Self {
        Login {
            authorization: BasicAuth::new(user, password).value(),
        }
    }
}

#[async_trait]
impl Middleware for Login {
    async fn handle(
        &self,
        mut request: Request,
        client: Client,
        next: Next<'_>,
    ) -> Result<Response> {
        request.insert_header(AUTHORIZATION, self.authorization.as_str());
        next.run(request, client).await
    }
}
