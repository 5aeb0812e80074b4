//! What stays of the known when an answer tells less: the details of the events it tells again.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::model::Event;

/// The events as they are to be filed: what the answer says, and for events it gives no details of those of the same
/// event among the known (sorted by start). Whoever knows that an event has none says so with empty ones.
pub(super) fn keep_details<'a>(events: &'a [Event], known: &[Event]) -> Cow<'a, [Event]> {
    let with_details = || known.iter().filter(|event| event.details.is_some());
    let by_start: HashMap<u32, &Event> = with_details().map(|event| (event.start, event)).collect();
    let by_id: HashMap<u32, &Event> = with_details().map(|event| (event.id, event)).collect();
    let mut kept = Cow::Borrowed(events);
    for (at, event) in events.iter().enumerate() {
        if event.details.is_some() {
            continue;
        }
        let candidates = [by_start.get(&event.start), by_id.get(&event.id)];
        let same = candidates.into_iter().flatten();
        if let Some(known) = same.copied().find(|known| is_same(known, event)) {
            kept.to_mut()[at] = merged(known, event);
        }
    }
    kept
}

/// Two of three agree: start, id, title in whatever language. One alone says little: ids are used again, places in the
/// schedule are filled anew, titles repeat.
fn is_same(known: &Event, event: &Event) -> bool {
    let agree = [
        known.start == event.start,
        known.id == event.id,
        known.title == event.title || translation(known, event).is_some(),
    ];
    agree.into_iter().filter(|agrees| *agrees).count() >= 2
}

/// Which translation the event is told in, if not in the language that comes first.
fn translation(known: &Event, event: &Event) -> Option<usize> {
    let mut translations = known.details.iter().flat_map(|all| &all.translations);
    translations.position(|texts| texts.title == event.title && known.title != event.title)
}

/// The event with the details of the known one. The receiver chooses a language of its own: what it tells in another
/// than the first goes to the translations, so that the order of languages stays.
fn merged(known: &Event, event: &Event) -> Event {
    let mut merged = Event {
        details: known.details.clone(),
        ..event.clone()
    };
    let place = translation(known, event);
    let translations = merged.details.as_mut().map(|all| &mut all.translations);
    let told_in = place.zip(translations);
    if let Some(texts) = told_in.and_then(|(place, all)| all.get_mut(place)) {
        texts.summary = std::mem::replace(&mut merged.summary, known.summary.clone());
        texts.description = std::mem::replace(&mut merged.description, known.description.clone());
        merged.title.clone_from(&known.title);
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::details::tests::full;

    fn event(id: u32, start: u32, title: &str) -> Event {
        Event {
            id,
            start,
            duration: 600,
            title: title.into(),
            ..Event::default()
        }
    }

    fn detailed(id: u32, start: u32, title: &str) -> Event {
        Event {
            details: Some(Box::new(full())),
            summary: "Kurz".into(),
            ..event(id, start, title)
        }
    }

    fn has_kept(event: Event) -> bool {
        let known = [detailed(7, 1000, "Die letzte Metro")];
        let events = [event];
        let kept = keep_details(&events, &known);
        kept[0].details.is_some()
    }

    #[test]
    fn an_event_is_the_same_when_two_of_start_id_and_title_agree() {
        assert!(has_kept(event(7, 1000, "Die letzte Metro")));
        assert!(has_kept(event(7, 1300, "Die letzte Metro")), "moved");
        assert!(has_kept(event(9, 1000, "Die letzte Metro")), "a new id");
        assert!(
            has_kept(event(7, 1000, "Die letzte Metro (Film)")),
            "retitled"
        );
        assert!(!has_kept(event(7, 1300, "Brennpunkt")), "an id used again");
        assert!(
            !has_kept(event(9, 1000, "Brennpunkt")),
            "a place filled anew"
        );
        assert!(!has_kept(event(9, 1300, "Die letzte Metro")), "a repeat");
    }

    #[test]
    fn the_newer_texts_win_and_the_newer_details_too() {
        let known = [detailed(7, 1000, "Die letzte Metro")];
        let newer = Event {
            summary: "Länger".into(),
            duration: 700,
            genre: 0x10,
            ..event(7, 1000, "Die letzte Metro")
        };
        let with_none = Event {
            details: Some(Box::default()),
            ..newer.clone()
        };
        let expected = Event {
            details: Some(Box::new(full())),
            ..newer.clone()
        };
        assert_eq!(*keep_details(&[newer], &known), [expected]);
        let told = [with_none];
        assert_eq!(*keep_details(&told, &known), told);
    }

    #[test]
    fn an_answer_in_another_language_renews_the_translation() {
        let known = [detailed(7, 1000, "Die letzte Metro")];
        let told = Event {
            summary: "Film de 1980".into(),
            ..event(7, 1000, "Le dernier métro")
        };
        let mut expected = known[0].clone();
        let translation = &mut expected.details.as_mut().unwrap().translations[0];
        translation.summary = "Film de 1980".into();
        translation.description = String::new();
        assert_eq!(*keep_details(&[told], &known), [expected]);
    }

    #[test]
    fn nothing_is_copied_when_nothing_is_kept() {
        let known = [event(7, 1000, "a")];
        let events = [event(7, 1000, "a"), event(8, 1600, "b")];
        assert!(matches!(keep_details(&events, &known), Cow::Borrowed(_)));
    }
}
