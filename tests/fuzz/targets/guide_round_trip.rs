//! Guides of any events, read back by a reader of XML that is not ours.
#![no_main]

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use roxmltree::{Document, Node, ParsingOptions};
use xg2g::guide::{channel, placeholders, programme, HEAD, TAIL};
use xg2g::model::{
    parse_rfc3339, player_name, Aspect, Base, Channel, Credit, Details, Event, Label, Media,
    Quality, Role, ServiceRef, Sound, Translation,
};

fuzz_target!(|data: &[u8]| {
    let _ = run(&mut Unstructured::new(data));
});

fn run(from: &mut Unstructured<'_>) -> Result<()> {
    let base = Base {
        address: format!("http://{}", xg2g_fuzz::line(from)?),
        key: String::new(),
    };
    let service = ServiceRef::parse(&xg2g_fuzz::address(from)?).expect("a reference");
    let shown = Channel {
        slug: service.slug().into(),
        name: format!("N{}", xg2g_fuzz::line(from)?).into(),
        number: from.int_in_range(1..=99_999)?,
        media: Media::Tv,
        epg: None,
        facts: None,
        bouquets: Vec::new(),
        service,
    };
    let mut events = Vec::new();
    for _ in 0..from.int_in_range(0..=5)? {
        events.push(event(from)?);
    }
    let label = match from.ratio(1, 3)? {
        true => Label::numbered(&shown, from.int_in_range(1..=99_999)?),
        false => Label::of(&shown),
    };
    let mut text = format!("{HEAD}{}", channel(&shown, &label, &base));
    for event in &events {
        text.push_str(&programme(&label, event));
    }
    // What a channel gets that has no events is read as well as they are.
    text.push_str(&placeholders(&shown, &label, 0, 1));
    text.push_str(TAIL);

    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(&text, options);
    let document = document.unwrap_or_else(|error| panic!("{error} in {text}"));
    let root = document.root_element();
    assert!(root.has_tag_name("tv"));
    let rows: Vec<Node<'_, '_>> = root.children().filter(Node::is_element).collect();
    assert_eq!(rows.len(), 2 + events.len(), "{text}");
    assert_eq!(rows[0].attribute("id"), Some(&*label.id));
    assert_eq!(
        texts(rows[0], "display-name"),
        [player_name(&shown.name), label.number.to_string()]
    );
    let icon = rows[0].children().find(|node| node.has_tag_name("icon"));
    let address = icon.and_then(|icon| icon.attribute("src"));
    assert_eq!(address, Some(&*base.logo(&shown.slug)));
    for (row, event) in rows[1..].iter().zip(&events) {
        assert_eq!(row.attribute("channel"), Some(&*label.id));
        assert_eq!(time(row.attribute("start")), Some(event.start));
        assert_eq!(time(row.attribute("stop")), Some(event.stop()));
        same(*row, event);
    }
    let last = rows[rows.len() - 1];
    assert_eq!(texts(last, "title"), [player_name(&shown.name)]);
    Ok(())
}

fn same(row: Node<'_, '_>, event: &Event) {
    assert!(row.has_tag_name("programme"));
    // Every text is in an element of its own.
    assert!(row.children().all(|node| node.is_element()));
    let titles = texts(row, "title");
    assert_eq!(titles.first(), Some(&event.title));
    let all = [texts(row, "sub-title"), texts(row, "desc")].concat();
    for said in [&event.summary, &event.description] {
        let is_there = all.iter().any(|text| text.contains(&**said));
        assert!(
            said.is_empty() || *said == event.title || is_there,
            "{said:?}"
        );
    }
    let Some(details) = &event.details else {
        return assert_eq!((titles.len(), all.len() <= 2), (1, true));
    };
    let credits = row.children().find(|node| node.has_tag_name("credits"));
    let credits = credits
        .into_iter()
        .flat_map(|node| node.children().filter(Node::is_element));
    let mut told: Vec<(String, String)> = credits
        .map(|node| (node.tag_name().name().to_owned(), content(node)))
        .collect();
    let mut known: Vec<(String, String)> = details
        .credits
        .iter()
        .map(|credit| (credit.role.as_str().to_owned(), credit.name.clone()))
        .collect();
    told.sort();
    known.sort();
    assert_eq!(told, known);
    assert_eq!(texts(row, "country"), details.countries);
    let numbers = texts(row, "episode-num");
    for crid in [&details.programme_crid, &details.series_crid] {
        assert!(crid.is_empty() || numbers.contains(crid), "{crid:?}");
    }
    let year = details.year.map(|year| format!("{year:04}"));
    assert_eq!(texts(row, "date").first(), year.as_ref());
}

/// The texts of all elements of a name.
fn texts(node: Node<'_, '_>, name: &str) -> Vec<String> {
    let named = node.children().filter(|child| child.has_tag_name(name));
    named.map(content).collect()
}

/// The text of an element that holds nothing else.
fn content(node: Node<'_, '_>) -> String {
    assert!(node.children().all(|child| child.is_text()));
    node.text().unwrap_or_default().to_owned()
}

/// `20261122195500 +0000` as seconds since 1970.
fn time(text: Option<&str>) -> Option<u32> {
    let digits = text?
        .strip_suffix(" +0000")
        .filter(|digits| digits.len() == 14)?;
    let [year, month, day, hour, minute, second] =
        [0..4, 4..6, 6..8, 8..10, 10..12, 12..14].map(|range| &digits[range]);
    parse_rfc3339(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

fn event(from: &mut Unstructured<'_>) -> Result<Event> {
    Ok(Event {
        id: from.arbitrary()?,
        start: from.arbitrary()?,
        duration: from.arbitrary::<u32>()? % 700_000,
        title: format!("T{}", xg2g_fuzz::line(from)?),
        summary: xg2g_fuzz::line(from)?,
        description: xg2g_fuzz::lines(from)?,
        genre: from.arbitrary()?,
        details: match from.ratio(1, 2)? {
            true => Some(Box::new(details(from)?)),
            false => None,
        },
    })
}

fn details(from: &mut Unstructured<'_>) -> Result<Details> {
    let language = |from: &mut Unstructured<'_>| -> Result<String> {
        Ok(match from.choose(&["deu", "fra", "gsw", "qaa", ""])? {
            &"" => xg2g_fuzz::line(from)?,
            known => (*known).into(),
        })
    };
    let mut told = Details {
        language: language(from)?,
        year: from.arbitrary()?,
        age: from.arbitrary()?,
        aspect: from.choose(&[None, Some(Aspect::Wide)]).copied()?,
        quality: from.choose(&[None, Some(Quality::Hd)]).copied()?,
        sound: from.choose(&[None, Some(Sound::Surround)]).copied()?,
        has_subtitles: from.arbitrary()?,
        programme_crid: xg2g_fuzz::line(from)?,
        series_crid: xg2g_fuzz::line(from)?,
        ..Details::default()
    };
    for _ in 0..from.int_in_range(0..=3)? {
        told.credits.push(Credit {
            role: *from.choose(&[Role::Actor, Role::Director, Role::Guest, Role::Presenter])?,
            name: xg2g_fuzz::line(from)?,
        });
        told.countries.push(xg2g_fuzz::line(from)?);
        told.translations.push(Translation {
            language: language(from)?,
            title: xg2g_fuzz::line(from)?,
            summary: xg2g_fuzz::line(from)?,
            description: xg2g_fuzz::lines(from)?,
        });
    }
    Ok(told)
}
