//! Login and session cookies, as Twisted keeps them.

use super::programme::mix;
use std::collections::VecDeque;

/// Sessions kept; a real receiver forgets them after 15 minutes.
const KEPT: usize = 64;

/// The sessions and the login, if one is needed.
pub(super) struct Sessions {
    /// The value of a good Authorization header.
    wanted: Option<String>,
    known: VecDeque<Session>,
    made: u64,
}

struct Session {
    id: String,
    logged_in: bool,
}

/// What the receiver thinks of a request.
pub(super) struct Admission {
    pub(super) granted: bool,
    /// The id for a `Set-Cookie` header, if the client sent no valid one.
    pub(super) new_session: Option<String>,
}

impl Sessions {
    pub(super) fn new(login: Option<&(String, String)>) -> Sessions {
        let wanted = login.map(|(user, password)| {
            format!("Basic {}", base64(format!("{user}:{password}").as_bytes()))
        });
        Sessions {
            wanted,
            known: VecDeque::new(),
            made: 0,
        }
    }

    /// Whether a login is good for the stream port; without one of our own any will do, but there must be one.
    pub(super) fn accepts(&self, authorization: Option<&str>) -> bool {
        match &self.wanted {
            Some(wanted) => authorization == Some(wanted),
            None => authorization.is_some(),
        }
    }

    /// Judges a request by its Authorization header and cookie. After one good login the cookie alone suffices.
    pub(super) fn admit(&mut self, authorization: Option<&str>, cookie: Option<&str>) -> Admission {
        let good = self
            .wanted
            .as_deref()
            .is_none_or(|wanted| authorization == Some(wanted));
        let found = self
            .known
            .iter_mut()
            .find(|session| Some(session.id.as_str()) == cookie);
        if let Some(session) = found {
            session.logged_in |= good;
            return Admission {
                granted: session.logged_in,
                new_session: None,
            };
        }
        self.made += 1;
        let id: String = (0..4)
            .map(|part| format!("{:016x}", mix(self.made * 4 + part)))
            .collect();
        self.known.push_back(Session {
            id: id.clone(),
            logged_in: good,
        });
        if self.known.len() > KEPT {
            self.known.pop_front();
        }
        Admission {
            granted: good,
            new_session: Some(id),
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| usize::from(chunk.get(index).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            match digit <= chunk.len() {
                true => text.push(char::from(DIGITS[group >> (18 - 6 * digit) & 63])),
                false => text.push('='),
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_like_everybody_else() {
        assert_eq!(base64(b"root:dream"), "cm9vdDpkcmVhbQ==");
        assert_eq!(base64(b"a:bc"), "YTpiYw==");
        assert_eq!(base64(b"a:b"), "YTpi");
    }

    #[test]
    fn a_cookie_suffices_after_one_login() {
        let mut sessions = Sessions::new(Some(&("root".to_owned(), "dream".to_owned())));
        let first = sessions.admit(None, None);
        assert!(!first.granted);
        let cookie = first.new_session.unwrap_or_default();
        assert!(!sessions.admit(Some("Basic x"), Some(&cookie)).granted);
        assert!(
            sessions
                .admit(Some("Basic cm9vdDpkcmVhbQ=="), Some(&cookie))
                .granted
        );
        let again = sessions.admit(None, Some(&cookie));
        assert!(again.granted && again.new_session.is_none());
    }

    #[test]
    fn without_a_login_everybody_may_come() {
        let sessions = &mut Sessions::new(None);
        assert!(sessions.admit(None, Some("unknown")).granted);
        assert!(sessions.accepts(Some("Basic YTpi")) && !sessions.accepts(None));
    }
}
