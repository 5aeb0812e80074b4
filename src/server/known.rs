//! What is known, if anything is.

use std::rc::Rc;

use crate::http::ApiError;
use crate::store::{Snapshot, Store};

/// The snapshot, once the receiver has told its channels.
///
/// # Errors
/// Before that.
pub(super) fn known(store: &Store) -> Result<Rc<Snapshot>, ApiError> {
    let snapshot = store.current();
    if snapshot.generation == 0 {
        return Err(ApiError::not_ready(
            "the receiver has not told its channels yet",
        ));
    }
    Ok(snapshot)
}
