//! A stream, received for a moment: of a channel that takes a tuner from nobody, or none.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant, SystemTime};

use super::Finding;
use crate::model::{unix_seconds, Channel, Lineup, Media, Situation, Transponder};
use crate::receiver::openwebif::OpenWebif;
use crate::stream::{Refusal, Streams, Who};

const CHECK: &str = "stream";
/// A timer that begins within this time (seconds) finds its tuner free.
const AHEAD: u64 = 300;

/// Receives a channel until it can be seen, if one can be had that costs nobody a tuner.
pub(super) async fn stream(web: &OpenWebif, streams: &Streams, lineup: &Lineup) -> Finding {
    let situation = match web.situation().await {
        Ok(situation) => situation,
        Err(error) => {
            let text = format!("none was tried: what the receiver does is not told ({error})");
            return Finding::warning(CHECK, text);
        }
    };
    let channel = match harmless(&situation, lineup, unix_seconds(SystemTime::now())) {
        Ok(channel) => channel,
        Err(why) => return Finding::ok(CHECK, format!("none was tried: {why}")),
    };
    let who = Who {
        client: Ipv4Addr::LOCALHOST.into(),
        agent: "xg2g-check".into(),
    };
    let began = Instant::now();
    let opened = streams.open(&channel.service, &channel.name, who).await;
    let took = began.elapsed();
    judge(&channel.name, opened.map(drop), took)
}

fn judge(name: &str, opened: Result<(), Refusal>, took: Duration) -> Finding {
    let seconds = format!("{}.{} s", took.as_secs(), took.subsec_millis() / 100);
    match opened {
        Ok(()) => Finding::ok(CHECK, format!("`{name}` could be seen after {seconds}")),
        Err(why @ Refusal::TuneFailed(_)) => Finding::problem(
            CHECK,
            format!("`{name}`: {why}; does the receiver itself play it, and does its stream port ask for a login (receiver.user)?"),
        ),
        Err(why @ Refusal::NoData) => Finding::warning(
            CHECK,
            format!("`{name}`: {why} within {seconds}; does the receiver itself play it? Then give it more time (stream.tune_timeout)"),
        ),
        Err(why @ Refusal::Scrambled) => Finding::warning(
            CHECK,
            format!("`{name}`: {why}; players cannot show what the receiver does not unscramble: its card or softcam has to"),
        ),
        Err(why) => Finding::warning(CHECK, format!("`{name}`: {why}")),
    }
}

/// A channel whose tuner is tuned to it already, or any if nobody has a tuner and nobody is about to; else why not.
fn harmless<'a>(
    situation: &Situation,
    lineup: &'a Lineup,
    now: u64,
) -> Result<&'a Channel, &'static str> {
    let own = situation.television.iter().chain(&situation.recordings);
    let held: Vec<Transponder> = own.filter_map(Transponder::of).collect();
    let mut channels = lineup.channels.iter();
    let mut find = |is_meant: &dyn Fn(Transponder) -> bool| {
        channels.find(|channel| {
            channel.media == Media::Tv && Transponder::of(&channel.service).is_some_and(is_meant)
        })
    };
    if !held.is_empty() {
        return find(&|one| held.contains(&one))
            .ok_or("it would take another tuner than those the receiver uses");
    }
    if situation.is_streaming {
        return Err("the receiver is streaming to somebody, so it can");
    }
    let mut timers = situation.timers.iter();
    if timers.any(|timer| timer.begin < now + AHEAD) {
        return Err("a timer is about to need a tuner");
    }
    find(&|_| true).ok_or("no channel needs a tuner")
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;
    use crate::model::{Entry, ListedBouquet, Listing, Planned, Selection, ServiceRef};

    const NOW: u64 = 1_800_000_000;
    /// Two of one transponder, one of another.
    const SERVICES: [&str; 3] = [
        "1:0:19:1:3E9:1:C00000:0:0:0:",
        "1:0:19:2:3E9:1:C00000:0:0:0:",
        "1:0:19:3:3EA:1:C00000:0:0:0:",
    ];

    fn service(at: usize) -> ServiceRef {
        ServiceRef::parse(SERVICES[at]).unwrap()
    }

    fn lineup(offered: &[usize]) -> Lineup {
        let entries = offered
            .iter()
            .map(|at| Entry::new(SERVICES[*at], "A").unwrap());
        let bouquet = ListedBouquet {
            reference: "1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.a.tv\" ORDER BY bouquet"
                .into(),
            name: "A".into(),
            media: Media::Tv,
            entries: entries.collect(),
        };
        let bouquets = vec![bouquet];
        Lineup::resolve(&Listing { bouquets }, &Selection::default())
    }

    fn chosen(situation: &Situation, offered: &[usize]) -> Result<ServiceRef, &'static str> {
        let lineup = lineup(offered);
        harmless(situation, &lineup, NOW).map(|channel| channel.service.clone())
    }

    #[test]
    fn what_is_tuned_already_is_shared() {
        let television = Situation {
            television: Some(service(2)),
            is_streaming: true,
            ..Situation::default()
        };
        assert_eq!(chosen(&television, &[0, 1, 2]), Ok(service(2)));
        assert!(chosen(&television, &[0, 1]).is_err());
        let recording = Situation {
            recordings: vec![service(0)],
            ..Situation::default()
        };
        assert_eq!(chosen(&recording, &[2, 1]), Ok(service(1)));
    }

    #[test]
    fn a_tuner_is_taken_only_when_nobody_has_or_needs_one() {
        let mut situation = Situation::default();
        assert_eq!(chosen(&situation, &[1, 0]), Ok(service(1)));
        assert!(chosen(&situation, &[]).is_err());
        let timer = |begin| Planned {
            service: service(2),
            begin,
            end: begin + 60,
            is_zap: false,
        };
        situation.timers = vec![timer(NOW + AHEAD)];
        assert!(chosen(&situation, &[0]).is_ok());
        situation.timers = vec![timer(NOW + AHEAD - 1)];
        assert!(chosen(&situation, &[0]).is_err());
        situation.timers.clear();
        situation.is_streaming = true;
        assert!(chosen(&situation, &[0]).is_err());
    }

    #[test]
    fn only_a_stream_that_is_refused_is_a_problem() {
        let status = |opened| judge("A", opened, Duration::from_millis(1_250)).status;
        assert_eq!(status(Ok(())), Status::Ok);
        let refused = Refusal::TuneFailed("401".into());
        assert_eq!(status(Err(refused)), Status::Problem);
        for why in [Refusal::NoData, Refusal::Scrambled, Refusal::TunersInUse] {
            assert_eq!(status(Err(why)), Status::Warning);
        }
        let text = judge("A", Ok(()), Duration::from_millis(1_250)).message;
        assert_eq!(text, "`A` could be seen after 1.2 s");
    }
}
