//! `POST /api/v1/refresh`.

use crate::http::{code, Params, Reply, Request};
use crate::refresh;

#[derive(Clone)]
pub(super) struct Control {
    pub(super) refresh: refresh::Handle,
}

impl Control {
    /// 202 when a pass will begin, 409 while one runs. `?believe=true` accepts bouquets that lost most of their services.
    pub(super) async fn refresh(self, request: Request, _: Params) -> Reply {
        let believe = match request.query("believe") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                return Reply::error(
                    &request.id,
                    400,
                    code::BAD_REQUEST,
                    "believe is true or false",
                )
            }
        };
        let address = request.peer.ip();
        let wish = refresh::Wish {
            believe,
            by: address.to_string(),
            remote: Some(address),
            request_id: request.id.clone(),
        };
        match self.refresh.request(wish) {
            Ok(()) => Reply::new(
                202,
                "application/json",
                r#"{"status":"started"}"#.to_owned(),
            ),
            Err(refresh::Busy) => Reply::error(
                &request.id,
                409,
                code::BUSY_REFRESH,
                "a refresh is running already",
            ),
        }
    }
}
