//! `POST /api/v1/refresh`, `POST /api/v1/config/reload`.

use std::rc::Rc;

use nanoserde::SerJson;

use super::settings::Shown;
use crate::config::{Change, Outcome, Reloads};
use crate::http::{code, ApiError, Params, Reply, Request};
use crate::refresh;

#[derive(Clone)]
pub(super) struct Control {
    pub(super) refresh: refresh::Handle,
    pub(super) reloads: Rc<Reloads>,
}

#[derive(SerJson)]
struct Taken {
    status: &'static str,
    changes: Vec<Changed>,
}

#[derive(SerJson)]
struct Changed {
    key: &'static str,
    value: Shown,
    was: Shown,
    needs_restart: bool,
}

impl From<Change> for Changed {
    fn from(change: Change) -> Changed {
        Changed {
            key: change.key,
            value: Shown(change.value),
            was: Shown(change.was),
            needs_restart: change.needs_restart,
        }
    }
}

impl Control {
    /// 202 when a pass will begin, 409 while one runs. `?believe=true` accepts bouquets that lost most of their services.
    pub(super) async fn refresh(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        let believe = match request.query("believe") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(ApiError::bad("believe is true or false")),
        };
        let wish = refresh::Wish {
            believe,
            only_channels: false,
            by: request.asker.to_string(),
            remote: Some(request.asker),
            request_id: request.id,
        };
        self.refresh.request(wish).map_err(|refresh::Busy| {
            ApiError::new(code::BUSY_REFRESH, "a refresh is running already")
        })?;
        let started = r#"{"status":"started"}"#.to_owned();
        Ok(Reply::new(202, "application/json", started))
    }

    /// 200 with the changes when the configuration was read again and is in force, 422 with all errors when it is wrong.
    pub(super) async fn reload(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        let by = request.asker.to_string();
        let outcome = self.reloads.ask(by, request.asker, request.id).await;
        match outcome {
            Some(Outcome::Taken(changes)) => {
                let taken = Taken {
                    status: "reloaded",
                    changes: changes.into_iter().map(Changed::from).collect(),
                };
                Ok(Reply::new(200, "application/json", taken.serialize_json()))
            }
            Some(Outcome::Refused(errors)) => {
                let message = "the configuration is wrong, the one in force stays";
                Err(ApiError::new(code::WRONG_CONFIGURATION, message)
                    .saying(format!("\"details\":{}", errors.serialize_json())))
            }
            None => Err(ApiError::new(code::STOPPING, "the program stops")),
        }
    }
}
