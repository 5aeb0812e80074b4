//! Answers of the receiver's web interface: however they are cut into pieces they say the same.
//!
//! The first byte says how large the pieces are, the second which question is answered. `*` makes an answer of the rest
//! as OpenWebif would, and compares what is read with what was written.
#![no_main]

use std::rc::Rc;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use serde_json::{json, Value};
use smol::future::block_on;
use xg2g::http::client::Settings;
use xg2g::model::{Entry, Event, Media, ServiceRef};
use xg2g::receiver::openwebif::{fuzz::lay_out, OpenWebif, Piece, Query};
use xg2g::receiver::Error;

const BOUQUET: &str = "1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.a.tv\" ORDER BY bouquet";

fuzz_target!(|data: &[u8]| {
    let Some((size, [question, answer @ ..])) = xg2g_fuzz::sized(data) else {
        return;
    };
    if *question == b'*' {
        let _ = written(size, &mut Unstructured::new(answer));
        return;
    }
    let in_pieces = ask(*question, answer.chunks(size));
    let whole = ask(*question, std::iter::once(answer));
    match (&in_pieces, &whole) {
        (Ok(one), Ok(two)) => assert_eq!(one, two),
        (Err(_), Err(_)) => {}
        other => panic!("pieces of {size} make a difference: {other:?}"),
    }
    if let Err(Error::Malformed(_, what)) = &whole {
        let is_json = serde_json::from_slice::<Value>(answer).is_ok_and(|value| value.is_object());
        assert!(!is_json || !what.starts_with("broken JSON"), "{what}");
    }
});

thread_local! {
    static RECEIVER: Rc<OpenWebif> = Rc::new(receiver());
}

fn receiver() -> OpenWebif {
    let settings = Settings {
        base: "http://127.0.0.1:1".into(),
        user: String::new(),
        password: String::new(),
        timeout: Duration::from_secs(1),
        retries: 0,
        backoff: Duration::ZERO,
        max_backoff: Duration::ZERO,
        user_agent: String::new(),
    };
    OpenWebif::new(settings, Duration::from_secs(1)).expect("an address")
}

/// All that is made of an answer, as text.
fn ask<'a>(
    question: u8,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> std::result::Result<String, Error> {
    lay_out(pieces.map(<[u8]>::to_vec).collect());
    let receiver = RECEIVER.with(Rc::clone);
    block_on(async {
        Ok(match question % 10 {
            0 => format!("{:?}", receiver.about().await?),
            1 => format!("{:?}", receiver.standby().await?),
            2 => format!("{:?}", receiver.bouquets(Media::Tv).await?),
            3 => format!("{:?}", receiver.services(BOUQUET, true).await?),
            4 => format!("{:?}", receiver.all_services(Media::Radio).await?),
            5 => format!("{:?}", receiver.situation().await?),
            6 => format!("{:?}", receiver.relay().await?),
            7 => format!("{:?}", receiver.save_guide().await?),
            _ => format!("{:?}", guide(&receiver).await?),
        })
    })
}

/// The guide as it is filed: service by service.
async fn guide(receiver: &OpenWebif) -> std::result::Result<Vec<(String, Vec<Event>)>, Error> {
    let query = Query::Bouquet {
        reference: BOUQUET,
        services: 1,
    };
    let mut filed: Vec<(String, Vec<Event>)> = Vec::new();
    let mut each = |piece: Piece<'_>| {
        match piece {
            Piece::Begin => filed.clear(),
            Piece::Events { service, events } => filed.push((service.into(), events.to_vec())),
        }
        Ok(())
    };
    receiver.guide(query, 0, 60, &mut each).await?;
    for (_, events) in &filed {
        assert!(!events.is_empty());
        assert!(events.windows(2).all(|two| two[0].start <= two[1].start));
        for event in events {
            assert!(!event.title.is_empty() && event.duration > 0);
            assert!(event.start >= Event::EARLIEST);
            assert!(!event.title.contains(char::is_control));
        }
    }
    Ok(filed)
}

/// OpenWebif's own escaping of texts in the guide.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            c => out.push(c),
        }
    }
    out
}

/// Writes services and events as JSON, has them read, and compares.
fn written(size: usize, from: &mut Unstructured<'_>) -> Result<()> {
    let (mut entries, mut events) = (Vec::new(), Vec::new());
    let (mut rows, mut programmes) = (Vec::new(), Vec::new());
    for _ in 0..from.int_in_range(0..=6)? {
        let (reference, name) = (xg2g_fuzz::address(from)?, xg2g_fuzz::line(from)?);
        rows.push(
            json!({"servicereference": reference, "servicename": name, "pos": [1, {"a": "}"}]}),
        );
        entries.extend(Entry::new(&reference, &name));
        let event = Event {
            id: from.int_in_range(0..=65_535)?,
            start: from.int_in_range(Event::EARLIEST..=u32::MAX)?,
            duration: from.int_in_range(1..=604_800)?,
            title: format!("T{}", xg2g_fuzz::line(from)?),
            summary: xg2g_fuzz::line(from)?,
            description: xg2g_fuzz::lines(from)?,
            genre: from.arbitrary()?,
            details: None,
        };
        programmes.push(json!({
            "id": event.id,
            "begin_timestamp": event.start,
            "duration_sec": event.duration.to_string(),
            "title": escaped(&event.title),
            "shortdesc": escaped(&event.summary),
            "longdesc": escaped(&event.description),
            "sref": format!("1:0:1:{:X}:1:1:1:0:0:0:", events.len()),
            "genreid": event.genre,
            "now_timestamp": null,
        }));
        events.push(event);
    }
    let reference = ServiceRef::parse(BOUQUET).expect("a reference").to_string();
    let lay = |answer: &Value| {
        let text = answer.to_string().into_bytes();
        lay_out(text.chunks(size).map(<[u8]>::to_vec).collect());
    };
    let receiver = RECEIVER.with(Rc::clone);
    lay(&json!({"services": rows, "processed": true}));
    let read = block_on(receiver.services(&reference, true)).expect("services");
    assert_eq!(*read, entries);
    lay(&json!({"result": true, "events": programmes}));
    let read = block_on(guide(&receiver)).expect("events");
    let read: Vec<Event> = read.into_iter().flat_map(|(_, events)| events).collect();
    assert_eq!(read, events);
    Ok(())
}
