//! Service references: printed and read again they are the same, in the form for addresses too.
#![no_main]

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use libfuzzer_sys::fuzz_target;
use xg2g::model::{picon_names, stream_source, Entry, ServiceRef, Transponder};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (one, two) = text.split_once('\n').unwrap_or((&text, ""));
    let one = ServiceRef::parse(one);
    for service in one.iter() {
        check(service);
    }
    if let (Some(one), Some(two)) = (one, ServiceRef::parse(two)) {
        if one == two {
            let hash = |service: &ServiceRef| {
                let mut hasher = DefaultHasher::new();
                service.hash(&mut hasher);
                hasher.finish()
            };
            assert_eq!(hash(&one), hash(&two));
            assert_eq!(
                (one.triple(), one.namespace()),
                (two.triple(), two.namespace())
            );
        }
        // A service is addressed by its slug: nothing else may be behind it.
        let is_plain = |service: &ServiceRef| service.path().is_empty();
        if is_plain(&one) && is_plain(&two) {
            assert_eq!(one == two, one.slug() == two.slug());
        }
    }
});

fn check(service: &ServiceRef) {
    let printed = service.to_string();
    let again = ServiceRef::parse(&printed).expect("what is printed can be read");
    assert_eq!(*service, again, "{printed}");
    assert_eq!(flags(service), flags(&again), "{printed}");
    // A provider behind the name is split off when it is read.
    let name = service.name().split('\u{2022}').next().unwrap_or_default();
    assert_eq!(name, again.name(), "{printed}");
    assert!(!printed.contains(['\n', '\r', '\0']), "{printed:?}");

    let slug = service.slug();
    assert!(
        slug.bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-'),
        "{slug}"
    );
    assert!(slug.len() <= 110 && slug.bytes().filter(|byte| *byte == b'-').count() <= 10);
    assert_eq!(slug, again.slug());
    if service.path().is_empty() {
        let back = ServiceRef::parse(&slug.replace('-', ":")).expect("a slug is a reference");
        assert_eq!(back, *service);
    }

    let nameless = ServiceRef::parse(&service.address()).expect("an address can be read");
    assert_eq!(nameless, *service);
    let path = service.stream_path();
    assert!(path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic() && b != b'?'));
    let source = stream_source(service, "http://box:8001");
    assert!(
        source.bytes().all(|byte| byte.is_ascii_graphic()),
        "{source}"
    );
    for name in picon_names(service, "Name") {
        assert!(!name.contains(['/', '\0']), "{name}");
    }
    let _ = (
        Transponder::of(service),
        service.url_kind(),
        service.bouquet_file(),
    );
    let entry = Entry::new(&printed, "").expect("an entry");
    assert!(!entry.name.contains(char::is_control));
}

fn flags(service: &ServiceRef) -> [bool; 5] {
    [
        service.is_marker(),
        service.is_numbered_marker(),
        service.is_bouquet(),
        service.is_group(),
        service.is_invisible(),
    ]
}
