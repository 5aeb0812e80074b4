//! Who may ask.

use super::{Finding, Needs, Tell};
use crate::access::Keys;
use crate::model::Network;

const CHECK: &str = "access";

pub(super) fn access(needs: &Needs, tell: Tell<'_>) {
    let config = &needs.loaded.config;
    let has_token = match Keys::load(&needs.state) {
        Ok(keys) => !config.auth.token.or(&keys.token).is_empty(),
        Err(error) => {
            let text = format!("{error}: delete that file, and `xg2g token` makes another");
            return tell(Finding::problem(CHECK, text));
        }
    };
    let reading = match (config.auth.everything, has_token) {
        (true, true) => "reading needs the stream key (xg2g token --stream) or the token",
        (true, false) => "reading needs the stream key (xg2g token --stream)",
        (false, true) => "local networks read; from outside it needs the token",
        (false, false) => "local networks read, nobody from outside",
    };
    let changing = if has_token {
        "changes need the token"
    } else {
        "only this machine changes things; others pair in the page, or xg2g token makes their token"
    };
    tell(Finding::ok(CHECK, format!("{reading}; {changing}")));
    if config
        .server
        .trusted_proxies
        .iter()
        .any(Network::is_everything)
    {
        let text = "server.trusted_proxies trusts everybody, so everybody can say to be on this machine: name the \
                    addresses of your proxies";
        tell(Finding::problem(CHECK, text));
    }
}
