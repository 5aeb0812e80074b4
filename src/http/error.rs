//! What the room itself refuses, and the codes it does so with.

/// The codes of errors: `0xx` the client's, `1xx` the receiver's, `2xx` the configuration's, `3xx` outputs that are not
/// ready, `4xx` streams, `9xx` our own faults. `E001` is the rate limit.
pub mod code {
    /// 400, 411, 416, 417: the request cannot be understood.
    pub const BAD_REQUEST: &str = "E002";
    /// 404: nothing is at this path.
    pub const NOT_FOUND: &str = "E003";
    /// 405: the path exists, the method does not; see `Allow`.
    pub const METHOD_NOT_ALLOWED: &str = "E004";
    /// 413, 414, 431: body, request line or head are too long.
    pub const TOO_LARGE: &str = "E005";
    /// 408: the request did not arrive in time.
    pub const TIMEOUT: &str = "E006";
    /// 501, 505: a method, transfer coding or version that is not served.
    pub const NOT_IMPLEMENTED: &str = "E007";
    /// 503: too many connections are open.
    pub const BUSY: &str = "E008";
    /// 409: a refresh is running already.
    pub const BUSY_REFRESH: &str = "E009";
    /// 503: the receiver does not answer.
    pub const RECEIVER_AWAY: &str = "E101";
    /// 503: nothing to hand out yet.
    pub const NOT_READY: &str = "E301";
    /// 500: the fault is on this side.
    pub const INTERNAL: &str = "E901";
}

/// A request that is answered with an error and the end of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: &'static str,
}

impl Refusal {
    pub(super) const fn new(status: u16, message: &'static str) -> Self {
        Refusal { status, message }
    }

    pub(super) const fn bad(message: &'static str) -> Self {
        Refusal::new(400, message)
    }

    pub(super) fn code(self) -> &'static str {
        match self.status {
            408 => code::TIMEOUT,
            413 | 414 | 431 => code::TOO_LARGE,
            501 | 505 => code::NOT_IMPLEMENTED,
            503 => code::BUSY,
            _ => code::BAD_REQUEST,
        }
    }
}
