//! `/healthz` and `/readyz`.

use std::time::Instant;

use nanoserde::SerJson;

use crate::health::{overall, Board, Check, Status};
use crate::http::{code, ApiError, Params, Reply, Request};

#[derive(Clone)]
pub(super) struct Health {
    pub(super) board: Board,
}

#[derive(SerJson)]
struct CheckJson {
    status: String,
    message: String,
}

#[derive(SerJson)]
struct NotReady {
    error: String,
    code: String,
    request_id: String,
}

impl Health {
    /// Whoever reads this is being answered.
    pub(super) async fn alive(self, request: Request, _: Params) -> Reply {
        let mut body = r#"{"status":"healthy"}"#.to_owned();
        if is_verbose(&request) {
            add_checks(&mut body, &self.board.checks(Instant::now()));
        }
        Reply::new(200, "application/json", body).with("cache-control", "no-store")
    }

    /// 200 while there is something whole to hand out. What there is of it is served before that.
    pub(super) async fn ready(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        let checks = self.board.checks(Instant::now());
        let (status, verbose) = (overall(&checks), is_verbose(&request));
        let missing = checks
            .iter()
            .find(|check| check.status == Status::Unhealthy);
        let Some(missing) = missing else {
            let mut body = format!("{{\"status\":\"{}\"}}", status.as_str());
            if verbose {
                add_checks(&mut body, &checks);
            }
            let reply = Reply::new(200, "application/json", body);
            return Ok(reply.with("cache-control", "no-store"));
        };
        if !verbose {
            let error = ApiError::not_ready(missing.message.clone());
            return Err(error.with("cache-control", "no-store"));
        }
        // The shape of every error, and more.
        let error = NotReady {
            error: missing.message.clone(),
            code: code::NOT_READY.name.into(),
            request_id: request.id,
        };
        let mut body = error.serialize_json();
        body.truncate(body.len() - 1);
        body += &format!(",\"status\":\"{}\"}}", status.as_str());
        add_checks(&mut body, &checks);
        let reply = Reply::new(503, "application/json", body);
        Ok(reply
            .with("cache-control", "no-store")
            .with("retry-after", "5"))
    }
}

fn is_verbose(request: &Request) -> bool {
    matches!(request.query("verbose"), Some("true" | "1" | ""))
}

/// Adds the components to a JSON object.
fn add_checks(object: &mut String, checks: &[Check]) {
    let row = |check: &Check| {
        let json = CheckJson {
            status: check.status.as_str().into(),
            message: check.message.clone(),
        };
        format!("\"{}\":{}", check.name, json.serialize_json())
    };
    let rows: Vec<String> = checks.iter().map(row).collect();
    object.truncate(object.len() - 1);
    *object += &format!(",\"checks\":{{{}}}}}", rows.join(","));
}
