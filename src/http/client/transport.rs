//! The sockets under surf: one connection for one request, on smol, decoded by async-h1 behind a guard.

use http_client::{async_trait, HttpClient, Request, Response};
use surf::http::headers;

use super::dial::dial;
use super::guard::Guard;

/// surf's backend. It knows no time limits: the fetch around it has the deadline.
#[derive(Debug)]
pub(super) struct Transport {
    pub(super) user_agent: String,
}

#[async_trait]
impl HttpClient for Transport {
    async fn send(&self, mut request: Request) -> Result<Response, surf::Error> {
        // A connection for each request: on loopback it costs 0.1 ms, and none can go stale.
        request.insert_header(headers::CONNECTION, "close");
        request.insert_header(headers::USER_AGENT, self.user_agent.as_str());
        let url = request.url();
        let host = url.host_str().unwrap_or_default();
        let socket = dial(host, url.port_or_known_default().unwrap_or(80)).await?;
        let (mut guard, facts) = Guard::new(socket);
        // Not `async_h1::connect`, which is these two lines and a trace of all headers, the login included.
        smol::io::copy(async_h1::client::Encoder::new(request), &mut guard).await?;
        let mut response = async_h1::client::decode(guard).await?;
        if let Some(facts) = facts.get() {
            response.ext_mut().insert(*facts);
        }
        Ok(response)
    }
}
