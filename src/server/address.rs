//! Under which address the client knows us, and where streams are.

use crate::config::Mode;
use crate::http::Request;
use crate::model::without_port;

/// Where clients and streams are sent.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// `server.public_url`, empty if not set.
    pub public_url: String,
    /// How players get to streams.
    pub mode: Mode,
    /// The receiver's host as players can reach it; `None` when it is this machine, whose name they know.
    pub receiver: Option<String>,
    /// The receiver's stream port.
    pub port: u16,
}

impl Addresses {
    /// Our address for this client, `http://host:port`: as configured, else as the client wrote it (checked by the
    /// http room).
    pub fn base(&self, request: &Request) -> String {
        if self.public_url.is_empty() {
            format!("http://{}", request.host)
        } else {
            self.public_url.clone()
        }
    }

    /// The receiver's stream port for this client, `http://host:8001`.
    pub fn streams(&self, request: &Request) -> String {
        let host = self
            .receiver
            .as_deref()
            .unwrap_or_else(|| without_port(&request.host));
        format!("http://{host}:{}", self.port)
    }

    /// The mode: `?mode=proxy|redirect|direct`, else as configured. `Err` for a word that is neither.
    pub fn mode(&self, request: &Request) -> Result<Mode, &'static str> {
        match request.query("mode") {
            None => Ok(self.mode),
            Some(mode) => mode
                .parse()
                .map_err(|()| "mode is proxy, redirect or direct"),
        }
    }
}
