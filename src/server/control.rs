//! `POST /api/v1/refresh`, `POST /api/v1/config/reload`.

use std::rc::Rc;

use super::settings::told;
use crate::config::Reloads;
use crate::http::{code, ApiError, Params, Reply, Request};
use crate::refresh;

#[derive(Clone)]
pub(super) struct Control {
    pub(super) refresh: refresh::Handle,
    pub(super) reloads: Rc<Reloads>,
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
        let outcome = self.reloads.ask(request.asker, request.id, None).await;
        told("reloaded", outcome)
    }
}
