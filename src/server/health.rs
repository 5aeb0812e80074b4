//! `/healthz` and `/readyz`.

use std::time::Instant;

use nanoserde::SerJson;

use crate::health::{overall, Board, Check, Status};
use crate::http::{ApiError, Params, Reply, Request};

#[derive(Clone)]
pub(super) struct Health {
    pub(super) board: Board,
}

#[derive(SerJson)]
struct CheckJson {
    status: String,
    message: String,
}

impl Health {
    /// Whoever reads this is being answered.
    pub(super) async fn alive(self, request: Request, _: Params) -> Reply {
        let checks = is_verbose(&request).then(|| self.board.checks(Instant::now()));
        let body = members("healthy", checks.as_deref());
        Reply::new(200, "application/json", format!("{{{body}}}")).with("cache-control", "no-store")
    }

    /// 200 while there is something whole to hand out. What there is of it is served before that.
    pub(super) async fn ready(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        let checks = self.board.checks(Instant::now());
        let verbose = is_verbose(&request);
        let body = members(
            overall(&checks).as_str(),
            Some(&*checks).filter(|_| verbose),
        );
        let is_missing = |check: &&Check| check.status == Status::Unhealthy;
        let Some(missing) = checks.iter().find(is_missing) else {
            let reply = Reply::new(200, "application/json", format!("{{{body}}}"));
            return Ok(reply.with("cache-control", "no-store"));
        };
        let mut error = ApiError::not_ready(missing.message.clone());
        if verbose {
            error = error.saying(body);
        }
        Err(error.with("cache-control", "no-store"))
    }
}

fn is_verbose(request: &Request) -> bool {
    matches!(request.query("verbose"), Some("true" | "1" | ""))
}

/// The members of an answer's object: the status, and the components if they are wanted.
fn members(status: &str, checks: Option<&[Check]>) -> String {
    let row = |check: &Check| {
        let json = CheckJson {
            status: check.status.as_str().into(),
            message: check.message.clone(),
        };
        format!("\"{}\":{}", check.name, json.serialize_json())
    };
    let mut members = format!("\"status\":\"{status}\"");
    if let Some(checks) = checks {
        let rows: Vec<String> = checks.iter().map(row).collect();
        members += &format!(",\"checks\":{{{}}}", rows.join(","));
    }
    members
}
