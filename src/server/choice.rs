//! Which channels a list is about: `?bouquet=`, `?media=`, `?offset=`, `?limit=`.

use crate::http::{ApiError, Request};
use crate::model::{Lineup, Media};

/// Channels in an answer; ask for more by `offset`.
const MOST: usize = 5_000;

/// The channels of a list.
pub(super) struct Choice {
    /// How many there are of this bouquet and kind, on all pages.
    pub(super) total: usize,
    /// Those of this page: indices into [`Lineup::channels`].
    pub(super) rows: Vec<u32>,
}

/// What the query chooses: of a bouquet in its order, else all by their numbers.
///
/// # Errors
/// For a bouquet that there is not, and a value that is none.
pub(super) fn choose(request: &Request, lineup: &Lineup) -> Result<Choice, ApiError> {
    let mut rows: Vec<u32> = match request.query("bouquet").map(|name| lineup.bouquet(name)) {
        None => (0..lineup.channels.len() as u32).collect(),
        Some(Some(bouquet)) => bouquet.channels.clone(),
        Some(None) => return Err(ApiError::not_found("there is no such bouquet")),
    };
    let wanted = match request.query("media") {
        None => None,
        Some("tv") => Some(Media::Tv),
        Some("radio") => Some(Media::Radio),
        Some(_) => return Err(ApiError::bad("media is tv or radio")),
    };
    if let Some(wanted) = wanted {
        let channel = |at: u32| lineup.channels.get(at as usize);
        rows.retain(|at| channel(*at).is_some_and(|channel| channel.media == wanted));
    }
    let offset = match request.query("offset").map(str::parse::<usize>) {
        None => 0,
        Some(Ok(offset)) => offset,
        Some(Err(_)) => return Err(ApiError::bad("offset is a number")),
    };
    let limit = match request.query("limit").map(str::parse::<usize>) {
        None => MOST,
        Some(Ok(limit @ 1..=MOST)) => limit,
        Some(_) => return Err(ApiError::bad("limit is a number from 1 to 5000")),
    };
    let total = rows.len();
    rows = rows.into_iter().skip(offset).take(limit).collect();
    Ok(Choice { total, rows })
}
