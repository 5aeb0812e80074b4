//! Tuners: who has one, who loses it, and what the receiver says about it.

use super::client::{get, quote, rest, still, watch, with, FIRST, NOW};
use smol::io::AsyncReadExt;
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};
use xg2g::receiver::demo::{Clock, Line, Options, Receiver, Use};

/// On the transponder of the first service.
const SAME: &str = "1:0:19:2B02:3E9:1:C00000:0:0:0:";
/// On others.
const OTHER: &str = "1:0:19:2B0B:3EA:1:C00000:0:0:0:";
const THIRD: &str = "1:0:19:2B1F:3EC:1:C00000:0:0:0:";

fn tuners(tuners: usize) -> Options {
    Options { tuners, ..still() }
}

fn uses(receiver: &Receiver) -> Vec<Vec<(Use, String)>> {
    receiver.tuners()
}

fn one(purpose: Use, sref: &str) -> Vec<(Use, String)> {
    vec![(purpose, sref.to_owned())]
}

async fn refused(receiver: &Receiver, sref: &str) -> bool {
    rest(watch(receiver.stream_port(), sref).await).await == b"HTTP/1.0 400 Bad Request\r\n\r\n"
}

#[test]
fn a_stream_needs_a_tuner_unless_its_transponder_is_tuned() {
    with(tuners(2), |receiver| async move {
        assert_eq!(uses(&receiver), [one(Use::Television, FIRST), vec![]]);
        let same = watch(receiver.stream_port(), SAME).await;
        let other = watch(receiver.stream_port(), OTHER).await;
        assert!(refused(&receiver, THIRD).await);
        assert_eq!(uses(&receiver)[0].len(), 2);
        assert_eq!(uses(&receiver)[1], one(Use::Stream, OTHER));
        // A service behind a URL needs none.
        let urls = receiver.services("userbouquet.iptv.tv");
        drop(watch(receiver.stream_port(), &quote(&urls[0].0)).await);
        drop(same);
        drop(other);
        while uses(&receiver).concat().len() > 1 {
            smol::future::yield_now().await;
        }
        drop(watch(receiver.stream_port(), THIRD).await);
        let counts = receiver.stream_connections();
        assert_eq!((counts[THIRD].opened, counts[SAME].opened), (2, 1));
        assert_eq!((counts[SAME].open, counts[OTHER].open), (0, 0));
    });
}

#[test]
fn the_television_takes_the_tuner_of_a_stream() {
    with(tuners(2), |receiver| async move {
        let mut socket = watch(receiver.stream_port(), OTHER).await;
        socket.read_exact(&mut [0; 188]).await.unwrap();
        assert!(receiver.zap_tv(SAME), "the same transponder");
        assert_eq!(uses(&receiver)[1], one(Use::Stream, OTHER));
        assert!(receiver.start_recording(FIRST));
        assert!(receiver.zap_tv(THIRD));
        rest(socket).await;
        assert_eq!(uses(&receiver)[1], one(Use::Television, THIRD));
        assert!(receiver.start_recording(THIRD));
        // Two recordings on two tuners: neither picture nor stream of another transponder.
        assert!(!receiver.zap_tv(OTHER) && refused(&receiver, OTHER).await);
        let current = get(&receiver, "/api/statusinfo").await;
        assert_eq!(
            current.count(&format!("\"currservice_serviceref\": \"{THIRD}\"")),
            1
        );
        assert!(receiver.stop_recording(FIRST) && !receiver.stop_recording(FIRST));
        assert!(receiver.zap_tv(OTHER));
    });
}

#[test]
fn a_television_in_standby_has_no_tuner() {
    with(tuners(1), |receiver| async move {
        assert!(refused(&receiver, OTHER).await);
        get(&receiver, "/api/powerstate?newstate=5").await;
        assert_eq!(uses(&receiver), [vec![]]);
        let socket = watch(receiver.stream_port(), OTHER).await;
        receiver.set_standby(false);
        rest(socket).await;
        assert_eq!(uses(&receiver), [one(Use::Television, FIRST)]);
        get(&receiver, &format!("/api/zap?sRef={}", quote(OTHER))).await;
        assert_eq!(uses(&receiver), [one(Use::Television, OTHER)]);
    });
}

#[test]
fn timers_begin_and_end_with_the_clock() {
    let now = Rc::new(Cell::new(NOW));
    let moved = Rc::clone(&now);
    let options = Options {
        clock: Clock::new(move || UNIX_EPOCH + Duration::from_secs(moved.get())),
        tuners: 2,
        ..Options::default()
    };
    with(options, |receiver| async move {
        let socket = watch(receiver.stream_port(), OTHER).await;
        let begin = receiver.now() + 60;
        assert!(receiver.add_timer(THIRD, begin, begin + 600));
        assert!(!receiver.add_timer("1:0:19:1:1:1:C00000:0:0:0:", begin, begin));
        let list = get(&receiver, "/api/timerlist").await;
        assert_eq!(list.count(&format!("\"begin\": {begin}")), 1);
        assert_eq!(list.count("\"state\": 0"), 1);
        now.set(NOW + 60);
        rest(socket).await;
        let list = get(&receiver, "/api/timerlist").await;
        assert_eq!(list.count("\"state\": 2"), 1);
        assert_eq!(uses(&receiver)[1], one(Use::Recording, THIRD));
        now.set(NOW + 660);
        let list = get(&receiver, "/api/timerlist").await;
        assert_eq!(list.count("\"state\": 3"), 1);
        assert!(uses(&receiver)[1].is_empty());
    });
}

#[test]
fn the_web_interface_tells_who_has_which_tuner() {
    for line in [Line::V1, Line::V2] {
        with(Options { line, ..tuners(3) }, |receiver| async move {
            let _socket = watch(receiver.stream_port(), OTHER).await;
            assert!(receiver.start_recording(SAME) && receiver.start_recording(FIRST));
            let about = get(&receiver, "/api/about").await;
            assert_eq!(about.count("\"name\": \"Tuner "), 3);
            let place = "19.2\\u00b0 E / ";
            let live = format!("\"live\": \"{place}Erste Welle HD\"");
            let recorded = format!("\"rec\": \"{place}Zweite Welle HD, Erste Welle HD\"");
            let streamed = format!("\"stream\": \"{place}News 24/7\"");
            let v2 = usize::from(line == Line::V2);
            assert_eq!((about.count(&live), about.count(&recorded)), (1, 1));
            assert_eq!(about.count(&streamed), v2);
            assert_eq!(about.count("\"tuner_number\": 1"), v2);
            let status = get(&receiver, "/api/statusinfo").await;
            assert_eq!(status.count("\"isRecording\": \"true\""), 1);
            assert_eq!(
                status.count("\"Recording_list\": \"\\nZweite Welle HD: "),
                1
            );
            assert_eq!(status.count("\"isStreaming\": \"true\""), 1);
        });
    }
}
