//! True errors: no 200 before there is a stream, and what is wrong in a header.

use std::time::Duration;

use super::{with_streams, FIRST};
use xg2g::config::Config;
use xg2g::receiver::demo::{Fault, STREAMS};

fn impatient(config: &mut Config) {
    config.stream.tune_timeout = Duration::from_millis(300);
}

#[test]
fn g5_a_receiver_that_cannot_is_503_with_the_reason_and_no_body() {
    with_streams(impatient, async |kit| {
        kit.pass().await;
        for (fault, reason) in [
            (Fault::Error500, "805 All Tuners In Use"),
            (Fault::Hang, "807 No Video Data"),
            (Fault::Reset, "806 Tune Failed"),
            (Fault::Unauthorized, "806 Tune Failed"),
        ] {
            kit.receiver().set_fault_on(STREAMS, fault, None);
            let answer = kit.get(FIRST).await;
            assert_eq!(answer.status, 503, "{fault}");
            assert_eq!(answer.head("x-hdhomerun-error"), reason, "{fault}");
            assert!(answer.body.is_empty());
            assert_eq!(answer.head("content-length"), "0");
        }
        kit.receiver().set_fault(None);
        assert_eq!(kit.play(FIRST).await.answer.status, 200, "nothing sticks");
    });
}

#[test]
fn as_many_readers_as_allowed_and_no_more() {
    let few = |config: &mut Config| {
        config.stream.max_readers = 3;
        config.stream.max_readers_per_client = 2;
    };
    with_streams(few, async |kit| {
        kit.pass().await;
        let mut plays = Vec::new();
        for _ in 0..2 {
            plays.push(kit.play(FIRST).await);
        }
        let answer = kit.get(FIRST).await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.head("x-hdhomerun-error"), "803 System Busy");
        plays.pop();
        // The program sees at its next packet that a player has gone.
        let free = async || loop {
            let play = kit.play(FIRST).await;
            if play.answer.status == 200 {
                return play;
            }
        };
        free().await;
    });
}
