//! Playlists of any bouquets, read back by a reader that is not ours to the letter.
#![no_main]

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use xg2g::model::{
    Base, Channel, Entry, Label, Lineup, ListedBouquet, Listing, Media, Numbers, Offer, Programs,
    Selection, ServiceRef,
};
use xg2g::playlist::{write, Client, Contents, Links};
use xg2g_fuzz::m3u::{self, Item};

const BASE: &str = "http://box:8080";
const PORT: &str = "http://box:8001";

fuzz_target!(|data: &[u8]| {
    let _ = run(&mut Unstructured::new(data));
});

fn run(from: &mut Unstructured<'_>) -> Result<()> {
    let client = *from.choose(&Client::ALL)?;
    let base = Base {
        address: BASE.into(),
        key: String::new(),
    };
    let links = Links {
        base: &base,
        direct: from.ratio(1, 3)?.then_some(PORT),
    };
    let lineup = Lineup::resolve(&listing(from)?, &Selection::default());
    let mut numbers: Vec<u32> = lineup
        .channels
        .iter()
        .map(|channel| channel.number)
        .collect();
    numbers.dedup();
    assert!(numbers.len() == lineup.channels.len() && !numbers.contains(&0));
    let offer = Offer {
        bouquets: Vec::new(),
        most: from.int_in_range(0..=8)?,
    };
    let mut programs = Programs::of(&lineup, &offer, &mut Numbers::default());
    for program in &mut programs.list {
        program.number += 7;
    }
    for bouquet in [None].into_iter().chain(lineup.bouquets.iter().map(Some)) {
        let contents = Contents {
            lineup: &lineup,
            programs: &programs,
            bouquet,
        };
        compare(&contents, &links, client);
    }
    Ok(())
}

/// The channels that must be listed, with their ids and numbers.
fn expected<'a>(contents: &Contents<'a>, client: Client) -> Vec<(&'a Channel, Label)> {
    let lineup = contents.lineup;
    let mut places: Vec<u32> = match contents.bouquet {
        Some(bouquet) => bouquet.channels.clone(),
        None => (0..lineup.channels.len() as u32).collect(),
    };
    places.sort_unstable();
    let mut all = Vec::new();
    for at in places {
        let channel = &lineup.channels[at as usize];
        if client == Client::Plex {
            let program = contents.programs.of_channel(at);
            all.extend(program.map(|one| (channel, Label::numbered(channel, one.number))));
        } else {
            all.push((channel, Label::of(channel)));
        }
    }
    all.sort_by_key(|(_, label)| label.number);
    all
}

fn listing(from: &mut Unstructured<'_>) -> Result<Listing> {
    let mut bouquets = Vec::new();
    for media in [Media::Tv, Media::Radio] {
        for number in 0..from.int_in_range(0..=3)? {
            let mut entries = Vec::new();
            for _ in 0..from.int_in_range(0..=6)? {
                let (reference, name) = (xg2g_fuzz::address(from)?, xg2g_fuzz::line(from)?);
                entries.extend(Entry::new(&reference, &name));
            }
            let file = format!("userbouquet.{number}.{}", media.as_str());
            bouquets.push(ListedBouquet {
                reference: format!("1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"{file}\" ORDER BY bouquet")
                    .into(),
                name: xg2g_fuzz::line(from)?.into(),
                media,
                entries,
            });
        }
    }
    Ok(Listing { bouquets })
}

fn compare(contents: &Contents<'_>, links: &Links<'_>, client: Client) {
    let Contents {
        lineup, bouquet, ..
    } = *contents;
    let channels = expected(contents, client);
    let mut out = Vec::new();
    write(&mut out, contents, links, client).expect("a Vec takes all");
    let text = String::from_utf8(out).expect("text");
    let items = m3u::read(&text).unwrap_or_else(|line| panic!("{line} in {text}"));
    assert_eq!(items.len(), channels.len(), "{text}");
    for (item, (channel, label)) in items.iter().zip(channels) {
        same(item, channel, &label, links);
        let groups: Vec<&str> = item
            .get("group-title")
            .expect("groups")
            .split(';')
            .collect();
        let mut names: Vec<&str> = match bouquet {
            Some(bouquet) => vec![&bouquet.name],
            None => {
                let of = |at: &u16| &*lineup.bouquets[usize::from(*at)].name;
                channel.bouquets.iter().map(of).collect()
            }
        };
        // Two that are written alike are one group.
        names.retain(|name| groups.iter().any(|group| letters(group) == letters(name)));
        assert!(groups.len() <= names.len(), "{groups:?} {names:?}");
        for group in groups {
            is_name(group);
        }
    }
}

fn same(item: &Item, channel: &Channel, label: &Label, links: &Links<'_>) {
    let slug = &*channel.slug;
    let get = |key: &str| item.get(key).unwrap_or_else(|| panic!("{key} of {item:?}"));
    assert_eq!(get("tvg-id"), label.id);
    assert_eq!(get("tvg-chno"), label.number.to_string());
    assert_eq!(get("tvg-logo"), format!("{BASE}/picon/{slug}.png"));
    assert_eq!(
        item.get("radio"),
        (channel.media == Media::Radio).then_some("true")
    );
    assert_eq!(get("tvg-name"), item.name);
    assert_eq!(letters(&item.name), letters(&channel.name));
    is_name(&item.name);
    match links.direct {
        None => assert_eq!(item.address, format!("{BASE}/stream/{slug}.ts")),
        Some(port) => {
            let address = &item.address;
            assert!(
                address.bytes().all(|byte| byte.is_ascii_graphic()),
                "{address}"
            );
            assert!(address.starts_with("http"), "{address}");
            if let (Some(path), None) = (address.strip_prefix(port), channel.service.url()) {
                let service = ServiceRef::parse(path.trim_start_matches('/'));
                assert_eq!(service.as_ref(), Some(&channel.service));
            }
        }
    }
}

/// What of a name no cleaning may touch.
fn letters(name: &str) -> String {
    let is_kept = |c: &char| c.is_alphanumeric() && *c <= '\u{ffff}';
    name.chars().filter(is_kept).collect()
}

/// What every reader takes for a name, and shows as it is.
fn is_name(name: &str) {
    assert!(!name.is_empty() && name.trim() == name, "{name:?}");
    assert!(!name.contains(['"', '\'', ',', ';', '|', '=']), "{name:?}");
    assert!(!name.contains(char::is_control), "{name:?}");
}
