//! `/api/v1/log`: the last lines of the log.

use nanoserde::SerJson;

use crate::http::{ApiError, Params, Reply, Request};
use crate::log::{recent, Line};

#[derive(SerJson)]
struct LogJson {
    lines: Vec<LineJson>,
}

#[derive(SerJson)]
struct LineJson {
    time: String,
    level: String,
    target: String,
    text: String,
}

impl From<Line> for LineJson {
    fn from(line: Line) -> LineJson {
        LineJson {
            time: line.time().into(),
            level: line.level().as_str().to_ascii_lowercase(),
            target: line.target().into(),
            text: line.text().into(),
        }
    }
}

/// The lines that are kept, oldest first; `?lines=` the last so many of them.
pub(super) async fn get(request: Request, _: Params) -> Result<Reply, ApiError> {
    let most = match request.query("lines").map(str::parse::<usize>) {
        None => usize::MAX,
        Some(Ok(most)) => most,
        Some(Err(_)) => return Err(ApiError::bad("lines is a number")),
    };
    let lines = recent(most).into_iter().map(LineJson::from).collect();
    let json = LogJson { lines }.serialize_json();
    Ok(Reply::new(200, "application/json", json).with("cache-control", "no-store"))
}
