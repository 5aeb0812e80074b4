//! Where the receiver is and how it is asked.

use std::time::Duration;

use surf::http::url::Position;
use surf::http::Url;

use super::error::Error;
use super::text::unquote;

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

impl Settings {
    /// To ask once, without a login; `timeout` is for the whole answer.
    pub fn once(base: String, timeout: Duration, user_agent: &str) -> Settings {
        Settings {
            base,
            user: String::new(),
            password: String::new(),
            timeout,
            retries: 0,
            backoff: timeout,
            max_backoff: timeout,
            user_agent: user_agent.into(),
        }
    }

    /// The base and the login in their final form.
    pub(super) fn check(&self) -> Result<(Base, Option<(String, String)>), Error> {
        // What is before an @ may be a password.
        let shown = self.base.rsplit('@').next().unwrap_or_default();
        let wrong = |why: &str| {
            Error::Settings(format!(
                "cannot use `{shown}` as the receiver's address: {why}"
            ))
        };
        let url = Url::parse(&self.base).map_err(|error| wrong(&error.to_string()))?;
        match url.scheme() {
            "http" => {}
            "https" => return Err(Error::NeedsTls(format!("`{shown}` is an https address"))),
            _ => return Err(wrong("it must begin with http://")),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it must not contain ? or #"));
        }
        let (user, password) = if self.user.is_empty() {
            let password = url.password().unwrap_or_default();
            (unquote(url.username()), unquote(password))
        } else {
            (self.user.clone(), self.password.clone())
        };
        if user.contains(':') {
            return Err(Error::Settings(
                "the receiver's user name must not contain a colon".into(),
            ));
        }
        let header_safe = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if !self.user_agent.bytes().all(header_safe) {
            return Err(Error::Settings("the user agent must be plain ASCII".into()));
        }
        let login = (!user.is_empty()).then_some((user, password));
        Ok((Base::new(&url), login))
    }
}

/// What all URLs of the receiver begin with.
pub(super) struct Base {
    /// `http://host[:port][/prefix]`, without a slash at the end.
    text: String,
    /// The length of `http://host[:port]` in `text`.
    origin: usize,
}

impl Base {
    fn new(url: &Url) -> Base {
        let host = &url[Position::BeforeHost..Position::AfterPort];
        let mut text = format!("http://{host}");
        let origin = text.len();
        text.push_str(url.path().trim_end_matches('/'));
        Base { text, origin }
    }

    /// The URL of a path, if it would go out as it is: `url` escapes quotes, resolves dots and the like.
    pub(super) fn join(&self, path_and_query: &str) -> Result<Url, Error> {
        let text = format!("{}{path_and_query}", self.text);
        match Url::parse(&text) {
            Ok(url)
                if path_and_query.starts_with('/')
                    && url.fragment().is_none()
                    && url[Position::BeforePath..] == text[self.origin..] =>
            {
                Ok(url)
            }
            _ => Err(Error::Path(path_and_query.into())),
        }
    }
}
