//! The receiver: whether it answers, and what it has.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use smol::future::or;
use smol::Timer;

use super::{Finding, Needs, Tell};
use crate::http::client::{self, dial};
use crate::model::{EntryKind, Lineup, ListedBouquet, Listing, Media, Relay, ServiceRef};
use crate::receiver::openwebif::{Named, OpenWebif, Piece};
use crate::receiver::Error;

/// Lists that are asked for: each is a question to the receiver.
const MOST_LISTS: usize = 20;
/// Bouquets whose guide is looked at, each a question too, and a longer answer.
const MOST_GUIDES: usize = 8;
/// What two events of a service may take in an answer (bytes).
const TWO_EVENTS: usize = 900;
/// Names in a finding.
const MOST_NAMES: usize = 12;
/// A stream port answers at once.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether it answers, and as what. Returns whether it makes sense to go on.
pub(super) async fn answers(needs: &Needs, web: &OpenWebif, tell: Tell<'_>) -> bool {
    let receiver = &needs.loaded.config.receiver;
    let url = &receiver.url;
    let standby = web.standby().await;
    let is_refused = matches!(
        standby,
        Err(Error::Http(client::Error::Unauthorized { .. }))
    );
    match &standby {
        Err(error) if !is_refused => {
            let advice = advice(error);
            tell(Finding::problem(
                "receiver",
                format!("{url}: {error}; {advice}"),
            ));
            return false;
        }
        _ => tell(Finding::ok("receiver", format!("{url} answers"))),
    }
    tell(match &standby {
        Err(error) => Finding::problem(
            "login",
            format!("{error} (receiver.user, receiver.password)"),
        ),
        Ok(_) if receiver.user.is_empty() => Finding::ok("login", "none is asked for"),
        Ok(_) => Finding::ok("login", format!("`{}` is let in", receiver.user)),
    });
    let Ok(is_asleep) = standby else {
        return false;
    };
    tell(match web.about().await {
        Ok(about) => {
            let version = about.webif.trim_start_matches("OWIF").trim_start();
            let text = format!("OpenWebif {version}, {}, {}", about.model, about.image);
            if version.starts_with("1.") || version.starts_with("2.") {
                Finding::ok("openwebif", text)
            } else {
                let text = format!("{text}: only the lines 1.x and 2.x are known to work");
                Finding::warning("openwebif", text)
            }
        }
        Err(error) => Finding::warning("openwebif", format!("its version is not told: {error}")),
    });
    tell(Finding::ok(
        "standby",
        if is_asleep {
            "the receiver is in standby; it is not woken"
        } else {
            "the receiver is on"
        },
    ));
    true
}

fn advice(error: &Error) -> &'static str {
    use client::Error::{Refused, Resolve, Status, Timeout, Unreachable};
    match error {
        Error::Http(Refused(_)) => {
            "is enigma2 running, the plugin OpenWebif installed and switched on, and the port in receiver.url its port?"
        }
        Error::Http(Resolve { .. }) => "write its IP address into receiver.url",
        Error::Http(Unreachable(_)) => {
            "is the receiver switched on, in this network, and receiver.url its address?"
        }
        Error::Http(Timeout(_)) => {
            "the receiver is busy, hangs, or something between drops what is sent: does its web page open in a browser?"
        }
        Error::Http(Status { status: 404, .. }) | Error::Malformed(..) | Error::Refused(..) => {
            "that is not how OpenWebif answers: does receiver.url name the receiver, and the port of OpenWebif?"
        }
        Error::Http(Status { .. }) => "restart the receiver's user interface, or update OpenWebif",
        _ => "does its web page open in a browser?",
    }
}

/// The channels it has, of those that are wanted.
pub(super) async fn channels(needs: &Needs, web: &OpenWebif, tell: Tell<'_>) -> Lineup {
    const CHECK: &str = "bouquets";
    let mut listing = Listing::default();
    let mut asked = 0;
    for media in [Media::Tv, Media::Radio] {
        let named = match web.bouquets(media).await {
            Ok(named) => named,
            Err(error) if media == Media::Tv => {
                tell(Finding::problem(CHECK, error.to_string()));
                return Lineup::default();
            }
            Err(error) => {
                tell(Finding::warning(
                    CHECK,
                    format!("there is no radio: {error}"),
                ));
                continue;
            }
        };
        for Named { reference, name } in named {
            let mut entries = Vec::new();
            if asked < MOST_LISTS {
                asked += 1;
                match web.services(&reference, true).await {
                    Ok(services) => entries = services.to_vec(),
                    Err(error) => tell(Finding::warning(CHECK, format!("`{name}`: {error}"))),
                }
            }
            listing.bouquets.push(ListedBouquet {
                reference: reference.into(),
                name: name.into(),
                media,
                entries,
            });
        }
    }
    let lineup = Lineup::resolve(&listing, &needs.selection());
    for name in &lineup.unknown {
        tell(Finding::warning(
            CHECK,
            format!("the receiver has no bouquet `{name}`: correct channels.bouquets"),
        ));
    }
    tell(count(&listing, &lineup));
    lineup
}

pub(super) fn count(listing: &Listing, lineup: &Lineup) -> Finding {
    const CHECK: &str = "bouquets";
    let of = |media| {
        let all = listing.bouquets.iter();
        all.filter(|bouquet| bouquet.media == media && !bouquet.is_hidden())
            .count()
    };
    let (tv, radio, channels) = (of(Media::Tv), of(Media::Radio), lineup.channels.len());
    if tv + radio == 0 {
        return Finding::problem(
            CHECK,
            "the receiver has none: make one on the receiver (channel list, menu, add bouquet) or with an editor such as dreamboxEDIT",
        );
    }
    let text =
        format!("{tv} of TV, {radio} of radio, {channels} channels in those that are offered");
    if channels == 0 {
        return Finding::problem(
            CHECK,
            format!("{text}: fill a bouquet on the receiver, or look at channels.bouquets"),
        );
    }
    let is_nested = |bouquet: &ListedBouquet| {
        let mut entries = bouquet.entries.iter();
        entries.any(|entry| entry.kind() == EntryKind::Bouquet && entry.members.is_empty())
    };
    let more = if tv + radio > MOST_LISTS {
        format!(" (counted in the first {MOST_LISTS} bouquets)")
    } else if listing.bouquets.iter().any(is_nested) {
        " (those of sub-bouquets not counted)".into()
    } else {
        String::new()
    };
    Finding::ok(CHECK, text + &more)
}

/// Whether the receiver knows what is on, channel by channel.
pub(super) async fn guide(needs: &Needs, web: &OpenWebif, lineup: &Lineup) -> Finding {
    const CHECK: &str = "guide";
    if !needs.loaded.config.guide.enabled {
        return Finding::ok(CHECK, "switched off (guide.enabled)");
    }
    let mut known = HashSet::new();
    let (mut asked, mut questions) = (Vec::new(), 0);
    for bouquet in &lineup.bouquets {
        let is_new = bouquet.rows.iter().any(|(_, at)| !asked.contains(at));
        // What was asked is asked of many services at once, which a receiver must be able to afford.
        if !is_new || !web.affords(bouquet.rows.len() * TWO_EVENTS) {
            continue;
        }
        if questions == MOST_GUIDES {
            break;
        }
        questions += 1;
        let rows: HashMap<&ServiceRef, u32> =
            bouquet.rows.iter().map(|(row, at)| (row, *at)).collect();
        let mut found = HashSet::new();
        let mut each = |piece: Piece<'_>| {
            match piece {
                Piece::Begin => found.clear(),
                Piece::Events { service, .. } => {
                    let service = ServiceRef::parse(service);
                    found.extend(service.and_then(|service| rows.get(&service).copied()));
                }
            }
            Ok(())
        };
        if let Err(error) = web.now_next(&bouquet.reference, &mut each).await {
            return Finding::problem(CHECK, error.to_string());
        }
        known.extend(found);
        for (_, at) in &bouquet.rows {
            if !asked.contains(at) {
                asked.push(*at);
            }
        }
    }
    if asked.is_empty() {
        let text = "no channel is one the receiver would know a guide of";
        return Finding::ok(CHECK, text);
    }
    let without = asked.iter().filter(|at| !known.contains(*at));
    let without = without.filter_map(|at| lineup.channels.get(*at as usize));
    let names: Vec<&str> = without.map(|channel| &*channel.name).collect();
    let (with, all) = (asked.len() - names.len(), asked.len());
    let mut text = format!("the receiver knows what is on for {with} of {all} channels");
    if all < lineup.channels.len() {
        text += &format!(" that were looked at, of {}", lineup.channels.len());
    }
    text += &lacking(&names);
    let advice = "a receiver learns it when it tunes a channel; plugins such as EPGRefresh, EPGImport and CrossEPG fetch it";
    if with * 2 >= all {
        Finding::ok(CHECK, text)
    } else {
        Finding::warning(CHECK, format!("{text}; {advice}"))
    }
}

/// Names those that lack something, as far as they fit in a line.
pub(super) fn lacking(names: &[&str]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let named: Vec<String> = names
        .iter()
        .take(MOST_NAMES)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = match names.len().saturating_sub(MOST_NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("; not for {}{more}", named.join(", "))
}

/// Whether the stream port is open.
pub(super) async fn streams(host: &str, port: u16) -> Finding {
    const CHECK: &str = "streams";
    match connect(host, port).await {
        Ok(()) => Finding::ok(CHECK, format!("port {port} of the receiver is open")),
        Err(error) => Finding::problem(
            CHECK,
            format!("port {port} of {host} is not open ({error}), so nothing can be played: is enigma2 running, and stream.port its stream port?"),
        ),
    }
}

/// Whether the port of the stream relay is open, where channels come from it.
pub(super) async fn relay(host: &str, port: u16, relay: &Relay) -> Option<Finding> {
    const CHECK: &str = "relay";
    let count = relay.services.len();
    if count == 0 {
        return None;
    }
    Some(match connect(host, port).await {
        Ok(()) => Finding::ok(CHECK, format!("port {port} of the stream relay is open, for {count} channels")),
        Err(error) => Finding::warning(
            CHECK,
            format!("port {port} of {host} is not open ({error}): {count} channels of the stream relay come scrambled; is the softcam running, and stream.relay_port its port?"),
        ),
    })
}

async fn connect(host: &str, port: u16) -> Result<(), client::Error> {
    let connected = async { dial(host, port).await.map(drop) };
    let late = async {
        Timer::after(PATIENCE).await;
        Err(client::Error::Timeout(PATIENCE))
    };
    or(connected, late).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_names_as_fit_in_a_line_are_told() {
        assert_eq!(lacking(&[]), "");
        assert_eq!(lacking(&["A", "B"]), "; not for `A`, `B`");
        let many = ["X"; MOST_NAMES + 3];
        assert!(lacking(&many).ends_with("`X` and 3 more"));
    }
}
