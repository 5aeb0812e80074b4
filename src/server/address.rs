//! Under which address the client knows us, and where streams are.

use crate::config::Mode;
use crate::http::{ApiError, Request};
use crate::model::{without_port, Base};

/// Where clients and streams are sent.
#[derive(Clone)]
pub struct Addresses {
    /// `server.public_url`, empty if not set.
    pub public_url: String,
    /// The stream key, where addresses need one; else empty.
    pub key: String,
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
    pub fn base(&self, request: &Request) -> Base {
        let address = if self.public_url.is_empty() {
            format!("http://{}", request.host)
        } else {
            self.public_url.clone()
        };
        let key = self.key.clone();
        Base { address, key }
    }

    /// The receiver's stream port for this client, `http://host:8001`.
    pub fn streams(&self, request: &Request) -> String {
        let host = self
            .receiver
            .as_deref()
            .unwrap_or_else(|| without_port(&request.host));
        format!("http://{host}:{}", self.port)
    }

    /// The mode: `?mode=proxy|redirect|direct`, else as configured.
    ///
    /// # Errors
    /// For a word that is none of them.
    pub fn mode(&self, request: &Request) -> Result<Mode, ApiError> {
        match request.query("mode") {
            None => Ok(self.mode),
            Some(mode) => mode
                .parse()
                .map_err(|()| ApiError::bad("mode is proxy, redirect or direct")),
        }
    }
}
