//! Who may ask, and how often: the gate in front of the table of routes.
//!
//! In this order, so that guessing is limited too: who asks (`asker`), how often (`limit`), from where (`links`) and with
//! which token (`keys`), and, for what changes something, under which name and from which page (`origin`). Who has no token
//! gets it by `pairing`.

mod asker;
mod keys;
mod limit;
mod links;
mod origin;
mod pairing;
mod refused;

use std::borrow::Cow;
use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use subtle::ConstantTimeEq;

use crate::cache::Cache;
use crate::config::Config;
use crate::http::{code, Access, ApiError, Cost, Gate, Headers, Method, Request, Route};
use crate::log::audit::{Audit, Event, Kind};
use crate::model::{authority, client_of, is_private, unix_now, Network, Secret};

use asker::Asker;
use limit::{Limit, Rate, Taken};
use links::Links;
use origin::Names;

pub use keys::{Keys, FILE as KEYS_FILE};
pub use origin::machine as machine_name;
pub use pairing::{Code, NoCode, Pairing, Tried, LASTS as PAIRING_LASTS, TRIES as PAIRING_TRIES};
pub use refused::Refused;

/// Ready-made outputs: one player asks for all logos at once.
const READY: Rate = Rate {
    every: Duration::from_millis(5),
    burst: 1_000,
};
/// Work for the receiver.
const DEAR: Rate = Rate {
    every: Duration::from_secs(10),
    burst: 5,
};

/// Clients and kinds of events that are remembered, so that the audit is not told again.
const TOLD: usize = 64;
/// How long.
const AGAIN: Duration = Duration::from_secs(60);

/// What every answer but a stream says to browsers: take it for what it says it is, show it in no frame of others, tell
/// nobody its address, which may hold a key.
const FOR_BROWSERS: [(&str, &str); 3] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
];

/// The gate.
pub struct Guard {
    /// `None`: there is no limit.
    limit: Option<RefCell<Limit<3>>>,
    whitelist: Vec<Network>,
    trusted: Vec<Network>,
    links: Links,
    names: Names,
    /// Empty: there is none.
    token: Secret,
    /// What reading needs; empty: nothing.
    stream_key: Secret,
    refused: Rc<Refused>,
    audit: Audit,
    /// What was told of clients that only read, a little while ago.
    told: RefCell<Cache<()>>,
}

/// What a request shows of itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Nothing,
    Token,
    StreamKey,
    Wrong,
}

impl Guard {
    /// The gate for a configuration; `keys` take the place of empty ones in it. What it refuses is counted in `refused`.
    pub fn new(config: &Config, keys: &Keys, audit: Audit, refused: Rc<Refused>) -> Guard {
        let (auth, rate, server) = (&config.auth, &config.ratelimit, &config.server);
        let usual = Rate {
            every: Duration::from_secs(1) / rate.rps.max(1),
            burst: rate.burst,
        };
        let mut own = server.hosts.clone();
        own.extend(origin::machine());
        Guard {
            limit: rate
                .enabled
                .then(|| RefCell::new(Limit::new([usual, READY, DEAR], Instant::now()))),
            whitelist: rate.whitelist.clone(),
            trusted: server.trusted_proxies.clone(),
            links: Links::default(),
            names: Names {
                own: own.iter().map(|name| name.to_ascii_lowercase()).collect(),
                public: server
                    .public_url
                    .as_deref()
                    .and_then(authority)
                    .map(str::to_owned),
            },
            token: auth.token.or(&keys.token).clone(),
            stream_key: if auth.everything {
                auth.stream_key.or(&keys.stream).clone()
            } else {
                Secret::default()
            },
            refused,
            audit,
            told: RefCell::new(Cache::new(TOLD, usize::MAX)),
        }
    }

    /// The stream key, if reading needs one.
    pub fn stream_key(&self) -> &Secret {
        &self.stream_key
    }

    /// Takes a token out of the asker's bucket; `None`: it has no limit.
    fn take(&self, asker: Asker, cost: Cost, now: Instant) -> Option<Taken> {
        let kind = match cost {
            Cost::Free => return None,
            Cost::Cheap => 0,
            Cost::Ready => 1,
            Cost::Dear => 2,
        };
        let is_exempt =
            asker.is_here() || self.whitelist.iter().any(|one| one.contains(asker.address));
        let limit = self.limit.as_ref().filter(|_| !is_exempt)?;
        let key = self.bucket(asker.address, now);
        Some(limit.borrow_mut().take(key, kind, now))
    }

    /// Who shares a bucket: a provider gives away whole networks of IPv6, so only on the networks that this machine is on
    /// each address has its own.
    fn bucket(&self, address: IpAddr, now: Instant) -> IpAddr {
        match address {
            IpAddr::V6(six) if six.is_unicast_link_local() || self.links.hold(address, now) => {
                address
            }
            _ => client_of(address),
        }
    }

    /// What a request shows of itself.
    fn shown(&self, request: &Request) -> Shown {
        let bearer = request.header("authorization").and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let token = bearer.or_else(|| request.header("x-api-token"));
        // Where none is set there is nothing to show.
        if let Some(token) = token.filter(|_| !self.token.is_empty()) {
            return if is_same(token, &self.token) {
                Shown::Token
            } else {
                Shown::Wrong
            };
        }
        match request.query("key").filter(|_| !self.stream_key.is_empty()) {
            None => Shown::Nothing,
            Some(key) if is_same(key, &self.stream_key) => Shown::StreamKey,
            Some(_) => Shown::Wrong,
        }
    }

    /// Whether an asker without a token is served at all.
    fn is_near(&self, asker: Asker, now: Instant) -> bool {
        asker.is_certain && self.serves(asker.address, now)
    }

    /// Whether an address is served without a token: it is this machine's, or one of a local network.
    pub fn serves(&self, address: IpAddr, now: Instant) -> bool {
        address.is_loopback() || is_private(address) || self.links.hold(address, now)
    }

    /// Tells the audit. Of what only reads it hears once in a while for each client and kind, or the logos of one player
    /// would push all else out.
    fn tell(&self, kind: Kind, request: &Request, access: Access, why: &str, now: Instant) {
        let actor = request.asker.to_string();
        let is_told_always = matches!(access, Access::Change | Access::Pair);
        if !is_told_always || kind == Kind::ApiRateLimit {
            let key = format!("{} {actor}", kind.as_str());
            let mut told = self.told.borrow_mut();
            if told.get(&key, now).is_some() {
                return;
            }
            told.put(&key, (), 0, AGAIN, now);
        }
        let reason = [("reason", why.to_owned())];
        self.audit.record(Event {
            actor: &actor,
            action: &request.method.to_string(),
            resource: &request.raw_path,
            remote: Some(request.asker),
            request_id: &request.id,
            details: if why.is_empty() { &[] } else { &reason },
            ..Event::of(kind)
        });
    }

    /// Whether the request may do what its row needs.
    fn check(
        &self,
        request: &Request,
        asker: Asker,
        access: Access,
        shown: Shown,
        now: Instant,
    ) -> Result<(), ApiError> {
        if shown == Shown::Wrong {
            return Err(ApiError::new(
                code::WRONG_TOKEN,
                "the token or key is wrong",
            ));
        }
        let missing = || {
            ApiError::new(code::NO_TOKEN, "a token is needed")
                .with("www-authenticate", "Bearer realm=\"xg2g\"")
        };
        let has_token = shown == Shown::Token;
        let has_key = has_token || (shown == Shown::StreamKey && access != Access::Change);
        if !has_key && !self.is_near(asker, now) {
            return Err(ApiError::new(code::OUTSIDE, outside(asker)));
        }
        match access {
            Access::Probe => Ok(()),
            Access::Read | Access::Follow | Access::Nudge
                if !has_key && !self.stream_key.is_empty() =>
            {
                Err(missing())
            }
            Access::Read => Ok(()),
            Access::Follow | Access::Nudge => self.no_other_site(request),
            Access::Change if !has_token && !self.token.is_empty() => Err(missing()),
            Access::Change if !has_token && !asker.is_here() => {
                let message =
                    "no token is set (pair in the page, or xg2g token): only this machine may change things";
                Err(ApiError::new(code::ONLY_HERE, message))
            }
            Access::Change | Access::Pair if !self.names.have(&request.host) => {
                let message = "this name is not known to be this machine's: see server.hosts";
                Err(ApiError::new(code::FOREIGN_HOST, message))
            }
            Access::Change | Access::Pair => self.no_other_site(request),
        }
    }

    fn no_other_site(&self, request: &Request) -> Result<(), ApiError> {
        if self.names.are_foreign_to(request) {
            let message = "a page of another site asked for this";
            return Err(ApiError::new(code::FOREIGN_ORIGIN, message));
        }
        Ok(())
    }
}

impl Gate for Guard {
    fn admit(
        &self,
        request: &mut Request,
        route: Option<&Route>,
    ) -> (Headers, Result<(), ApiError>) {
        let now = Instant::now();
        let asker = Asker::of(request, &self.trusted);
        request.asker = asker.address;
        let (access, cost) = match route {
            Some(route) => (route.access, route.cost),
            // Whether there is anything is not for everybody to know.
            None => (Access::Read, Cost::Cheap),
        };
        let mut headers = Headers::new();
        if !route.is_some_and(|route| route.is_for_players) {
            headers.extend(FOR_BROWSERS.map(|(name, value)| (name, Cow::Borrowed(value))));
        }
        if let Some(taken) = self.take(asker, cost, now) {
            headers.extend(limits(taken));
            if let Some(wait) = taken.wait {
                self.refused.limited.up();
                let seconds = up(wait).to_string();
                self.tell(Kind::ApiRateLimit, request, access, "", now);
                let error = ApiError::new(code::RATE_LIMIT, "rate limit exceeded");
                return (headers, Err(error.with("retry-after", seconds)));
            }
        }
        // What methods there are is no secret, and nothing is done.
        let access = if request.method == Method::Options {
            Access::Probe
        } else {
            access
        };
        let shown = match access {
            // A browser may still have a token of old times.
            Access::Pair => Shown::Nothing,
            _ => self.shown(request),
        };
        let checked = self.check(request, asker, access, shown, now);
        request.may_change = self
            .check(request, asker, Access::Change, shown, now)
            .is_ok();
        match &checked {
            Ok(()) => {
                if matches!(shown, Shown::Token | Shown::StreamKey) {
                    self.tell(Kind::AuthSuccess, request, access, "", now);
                }
                if matches!(access, Access::Change | Access::Pair) {
                    self.tell(Kind::ApiAccess, request, access, "", now);
                }
            }
            Err(error) => {
                self.refused.deny(error.code());
                let kind = match error.code() {
                    code if code == code::WRONG_TOKEN => Kind::AuthFailure,
                    code if code == code::NO_TOKEN => Kind::AuthMissing,
                    _ => Kind::ApiForbidden,
                };
                self.tell(kind, request, access, error.message(), now);
            }
        }
        (headers, checked)
    }
}

fn outside(asker: Asker) -> &'static str {
    if asker.is_certain {
        "without a token only local networks are served"
    } else {
        "a proxy sent this that is not in server.trusted_proxies, or does not say for whom (X-Forwarded-For)"
    }
}

/// Compares in a time that does not depend on where they differ.
fn is_same(shown: &str, secret: &Secret) -> bool {
    shown.as_bytes().ct_eq(secret.reveal().as_bytes()).into()
}

/// The headers that tell of a limit: how much of it is left, and when (seconds since 1970) all of it will be back.
fn limits(taken: Taken) -> [(&'static str, Cow<'static, str>); 3] {
    let reset = u64::from(unix_now()) + up(taken.full_in);
    [
        ("x-ratelimit-limit", taken.limit.to_string().into()),
        ("x-ratelimit-remaining", taken.remaining.to_string().into()),
        ("x-ratelimit-reset", reset.to_string().into()),
    ]
}

/// Whole seconds, one more where it is not exact.
fn up(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
