//! Streams while they run, and those that do not.

use std::time::Duration;

use xg2g::receiver::demo::{Fault, STREAMS};

use super::*;
use crate::kit::{together, with};

const STREAM: &str = "/stream/1-0-19-2B01-3E9-1-C00000-0-0-0.ts";

#[test]
fn streams_are_counted_while_they_run() {
    with_channels(async |kit| {
        kit.pass().await;
        let mut first = kit.play(STREAM).await;
        let mut second = kit.play(STREAM).await;
        first.packets(200).await;
        second.packets(200).await;
        let metrics = kit.metrics().await;
        for (series, count) in [
            ("xg2g_streams_active", 1.0),
            ("xg2g_stream_readers", 2.0),
            ("xg2g_streams_opened_total{upstream=\"new\"}", 1.0),
            ("xg2g_streams_opened_total{upstream=\"shared\"}", 1.0),
            ("xg2g_stream_tunes_total", 1.0),
            ("xg2g_stream_breaks_total", 0.0),
            ("xg2g_tuners", 8.0),
            ("xg2g_tuners_free", 7.0),
        ] {
            assert_eq!(metrics.get(series), count, "{series}");
        }
        assert_eq!(metrics.sum("xg2g_stream_errors_total"), 0.0);
        let received = metrics.get("xg2g_stream_received_bytes_total");
        let sent = metrics.get("xg2g_stream_sent_bytes_total");
        assert!(
            received >= 200.0 * 188.0 && sent >= 400.0 * 188.0,
            "{received} {sent}"
        );
        // The time of a stream is the time to its head, so it is there before the stream ends.
        assert_eq!(requests(&metrics, "GET", "/stream/{channel}.ts", 200), 2.0);
        assert_eq!(durations(&metrics, "GET", "/stream/{channel}.ts"), 2.0);
        let later = kit.metrics().await.get("xg2g_stream_sent_bytes_total");
        assert!(later >= sent);
    });
}

#[test]
fn a_stream_that_cannot_be_had_is_counted_by_its_reason() {
    let impatient = |config: &mut Config| {
        config.guide.enabled = false;
        config.stream.tune_timeout = Duration::from_millis(300);
        config.stream.max_readers = 1;
    };
    with(Options::default(), impatient, async |kit| {
        kit.pass().await;
        for (fault, reason) in [
            (Fault::Error500, "tuners_in_use"),
            (Fault::Hang, "no_data"),
            (Fault::Reset, "tune_failed"),
        ] {
            kit.receiver().set_fault_on(STREAMS, fault, None);
            assert_eq!(kit.get(STREAM).await.status, 503);
            let metrics = kit.metrics().await;
            let series = format!("xg2g_stream_errors_total{{reason=\"{reason}\"}}");
            assert_eq!(metrics.get(&series), 1.0, "{reason}");
        }
        kit.receiver().set_fault(None);
        let mut play = kit.play(STREAM).await;
        play.packets(10).await;
        assert_eq!(kit.get(STREAM).await.status, 503);
        assert_eq!(kit.get("/stream/1-2-3.ts").await.status, 404);
        let metrics = kit.metrics().await;
        let busy = metrics.get("xg2g_stream_errors_total{reason=\"system_busy\"}");
        assert_eq!(busy, 1.0);
        assert_eq!(metrics.sum("xg2g_stream_errors_total"), 4.0);
        assert_eq!(requests(&metrics, "GET", "/stream/{channel}.ts", 503), 4.0);
        assert_eq!(requests(&metrics, "GET", "/stream/{channel}.ts", 404), 1.0);
    });
}

#[test]
fn a_stream_that_is_lost_is_counted_for_each_player() {
    let impatient = |config: &mut Config| {
        config.guide.enabled = false;
        config.stream.mend = Duration::from_millis(300);
    };
    with(Options::default(), impatient, async |kit| {
        kit.pass().await;
        let mut plays = together((0..3).map(|_| kit.play(STREAM))).await;
        for play in &mut plays {
            play.packets(10).await;
        }
        kit.receiver().set_fault_on(STREAMS, Fault::Refused, None);
        kit.receiver().cut_streams();
        for play in &mut plays {
            play.end().await;
        }
        let metrics = kit.metrics().await;
        assert_eq!(metrics.sum("xg2g_stream_errors_total"), 3.0);
        assert_eq!(metrics.get("xg2g_stream_breaks_total"), 1.0);
        assert!(metrics.get("xg2g_stream_tunes_total") >= 2.0);
    });
}
