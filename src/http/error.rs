//! What the room itself refuses, and the codes it does so with.

/// The codes of errors a client causes (`0xx`) and of our own faults (`9xx`).
/// `E001` is the rate limit; `1xx` to `4xx` belong to the rooms above.
pub mod code {
    /// 400, 416, 417: the request cannot be understood.
    pub const BAD_REQUEST: &str = "E002";
    /// 404: nothing is at this path.
    pub const NOT_FOUND: &str = "E003";
    /// 405: the path exists, the method does not; see `Allow`.
    pub const METHOD_NOT_ALLOWED: &str = "E004";
    /// 413, 431: body or head are too long.
    pub const TOO_LARGE: &str = "E005";
    /// 408: the request did not arrive in time.
    pub const TIMEOUT: &str = "E006";
    /// 501, 505: a method, transfer coding or version that is not served.
    pub const NOT_IMPLEMENTED: &str = "E007";
    /// 503: too many connections are open.
    pub const BUSY: &str = "E008";
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
            413 | 431 => code::TOO_LARGE,
            501 | 505 => code::NOT_IMPLEMENTED,
            503 => code::BUSY,
            _ => code::BAD_REQUEST,
        }
    }
}
