use super::*;

fn entry(reference: &str, name: &str) -> Entry {
    Entry::new(reference, name).unwrap()
}

fn bouquet(stem: &str, media: Media, entries: Vec<Entry>) -> ListedBouquet {
    let number = if media == Media::Tv { 1 } else { 2 };
    let reference = format!(
        "1:7:{number}:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.{stem}.{}\" ORDER BY bouquet",
        media.as_str()
    );
    ListedBouquet {
        reference: reference.into(),
        name: stem.to_uppercase().into(),
        media,
        entries,
    }
}

fn tv(sid: u32, name: &str) -> Entry {
    entry(&format!("1:0:19:{sid:X}:3FB:1:C00000:0:0:0:"), name)
}

fn numbers(lineup: &Lineup) -> Vec<(u32, &str)> {
    lineup
        .channels
        .iter()
        .map(|channel| (channel.number, &*channel.name))
        .collect()
}

#[test]
fn numbers_are_those_of_the_screen() {
    let mut sub = entry(
        "1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.sub1.tv\" ORDER BY bouquet",
        "Sub",
    );
    sub.members = vec![
        tv(3, "in sub"),
        entry("1:64:1:0:0:0:0:0:0:0::t", "t"),
        tv(1, "A again"),
    ];
    let listing = Listing {
        bouquets: vec![
            bouquet(
                "fav",
                Media::Tv,
                vec![
                    entry("1:64:1:0:0:0:0:0:0:0::Title", "Title"),
                    tv(1, "A"),
                    entry("1:320:3:0:0:0:0:0:0:0::n", "n"),
                    entry("1:832:4:0:0:0:0:0:0:0::h", "h"),
                    entry("1:512:1:2F49:441:1:C00000:0:0:0:", "hidden"),
                    tv(2, "B"),
                    sub,
                    tv(4, "D"),
                ],
            ),
            bouquet("more", Media::Tv, vec![tv(2, "B again"), tv(5, "E")]),
            bouquet(
                "fav",
                Media::Radio,
                vec![entry("1:0:2:7000:445:1:C00000:0:0:0:", "R")],
            ),
        ],
    };
    let lineup = Lineup::resolve(&listing, &Selection::default());
    assert_eq!(
        numbers(&lineup),
        [
            (1, "A"),
            (5, "B"),
            (6, "in sub"),
            (8, "D"),
            (10, "E"),
            (11, "R")
        ]
    );
    let stems: Vec<&str> = lineup.bouquets.iter().map(|b| b.stem.as_str()).collect();
    assert_eq!(stems, ["fav", "sub1", "more", "fav.radio"]);
    assert_eq!(lineup.bouquets[0].hidden, 1);
    // A service in several bouquets is one channel in several groups.
    assert_eq!(lineup.channels[1].bouquets, [0, 2]);
    assert_eq!(lineup.channels[2].bouquets, [0, 1]);
    assert_eq!(lineup.bouquets[0].channels, [0, 1, 2, 3]);
    assert_eq!(lineup.bouquets[0].rows.len(), 3);
    assert_eq!(lineup.channels[5].media, Media::Radio);
    assert_eq!(
        lineup.find("1_0_19_2_3FB_1_C00000_0_0_0").map(|c| &*c.name),
        Some("B")
    );

    let only = Selection {
        bouquets: vec!["more".into(), "nope".into()],
        ..Selection::default()
    };
    let lineup = Lineup::resolve(&listing, &only);
    assert_eq!(numbers(&lineup), [(9, "B again"), (10, "E")]);
    assert_eq!(lineup.unknown, ["nope"]);
}

#[test]
fn a_group_of_alternatives_is_its_first_member_under_its_own_name() {
    let mut group = entry(
        "1:134:1:0:0:0:0:0:0:0:FROM BOUQUET \"alternatives.a.tv\" ORDER BY bouquet",
        "Group",
    );
    group.members = vec![tv(7, "member"), tv(8, "other")];
    let empty = entry(
        "1:134:1:0:0:0:0:0:0:0:FROM BOUQUET \"alternatives.b.tv\" ORDER BY bouquet",
        "Empty",
    );
    let listing = Listing {
        bouquets: vec![bouquet("fav", Media::Tv, vec![group, empty, tv(9, "last")])],
    };
    let lineup = Lineup::resolve(&listing, &Selection::default());
    assert_eq!(numbers(&lineup), [(1, "Group"), (3, "last")]);
    assert_eq!(&*lineup.channels[0].slug, "1-0-19-7-3FB-1-C00000-0-0-0");
    assert!(lineup.bouquets[0].rows[0].0.is_group());
}

#[test]
fn last_scanned_and_catalogues_are_left_out_unless_chosen() {
    let films = (0..1_001)
        .map(|n| {
            entry(
                &format!("4097:0:1:0:0:0:0:0:0:0:http%3a//h/{n}.mkv:F"),
                "Film",
            )
        })
        .collect();
    let listing = Listing {
        bouquets: vec![
            bouquet("LastScanned", Media::Tv, vec![tv(1, "A")]),
            bouquet("films", Media::Tv, films),
            bouquet("fav", Media::Tv, vec![tv(2, "B")]),
        ],
    };
    assert_eq!(
        numbers(&Lineup::resolve(&listing, &Selection::default())),
        [(1_003, "B")]
    );
    let chosen = Selection {
        bouquets: vec!["LASTSCANNED".into()],
        ..Selection::default()
    };
    assert_eq!(numbers(&Lineup::resolve(&listing, &chosen)), [(1, "A")]);
}

#[test]
fn the_shared_guide_slot_is_believed_only_if_one_service_has_it() {
    let url = |n: u32| entry(&format!("4097:0:1:0:0:0:0:0:0:0:http%3a//h/{n}.ts:U"), "U");
    let with = |entries| {
        Lineup::resolve(
            &Listing {
                bouquets: vec![bouquet("i", Media::Tv, entries)],
            },
            &Selection::default(),
        )
    };
    assert!(with(vec![url(1)]).channels[0].epg.is_some());
    assert!(with(vec![url(1), url(2)])
        .channels
        .iter()
        .all(|channel| channel.epg.is_none()));
}

#[test]
fn locked_services_are_left_out_and_counted_unless_wanted() {
    let locked = |mut entry: Entry| {
        entry.is_locked = true;
        entry
    };
    let group = |file: &str, members| {
        let mut group = entry(
            &format!("1:134:1:0:0:0:0:0:0:0:FROM BOUQUET \"{file}\" ORDER BY bouquet"),
            "Group",
        );
        group.members = members;
        group
    };
    let entries = vec![
        tv(1, "A"),
        locked(tv(2, "B")),
        group("a", vec![locked(tv(3, "first")), tv(4, "second")]),
        locked(group("b", vec![locked(tv(5, "only"))])),
        tv(6, "C"),
    ];
    let listing = Listing {
        bouquets: vec![bouquet("fav", Media::Tv, entries)],
    };
    let lineup = Lineup::resolve(&listing, &Selection::default());
    assert_eq!(numbers(&lineup), [(1, "A"), (3, "Group"), (5, "C")]);
    assert_eq!(lineup.bouquets[0].locked, 2);
    assert_eq!(&*lineup.channels[1].slug, "1-0-19-4-3FB-1-C00000-0-0-0");

    let all = Selection {
        shows_locked: true,
        ..Selection::default()
    };
    let lineup = Lineup::resolve(&listing, &all);
    assert_eq!(lineup.channels.len(), 5);
    assert_eq!(lineup.bouquets[0].locked, 0);
    assert_eq!(&*lineup.channels[2].slug, "1-0-19-3-3FB-1-C00000-0-0-0");
}

#[test]
fn hidden_bouquets_are_not_shown_but_take_their_numbers() {
    let mut hidden = bouquet("hidden", Media::Tv, vec![tv(1, "A"), tv(2, "B")]);
    hidden.reference = hidden.reference.replacen("1:7:", "1:519:", 1).into();
    let mut inner = entry(
        "1:519:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.in.tv\" ORDER BY bouquet",
        "In",
    );
    inner.members = vec![tv(3, "C")];
    let listing = Listing {
        bouquets: vec![hidden, bouquet("fav", Media::Tv, vec![inner, tv(4, "D")])],
    };
    let lineup = Lineup::resolve(&listing, &Selection::default());
    assert_eq!(numbers(&lineup), [(4, "D")]);
    assert_eq!(lineup.bouquets.len(), 1);
    let chosen = Selection {
        bouquets: vec!["hidden".into()],
        ..Selection::default()
    };
    assert_eq!(Lineup::resolve(&listing, &chosen).unknown, ["hidden"]);
}

#[test]
fn a_channel_knows_what_the_list_of_services_says_about_its_service() {
    let facts = std::sync::Arc::new(crate::model::Service {
        provider: "ARD".into(),
        ..Default::default()
    });
    let mut one = tv(1, "A");
    one.facts = Some(facts.clone());
    let listing = Listing {
        bouquets: vec![bouquet("fav", Media::Tv, vec![one, tv(2, "B")])],
    };
    let lineup = Lineup::resolve(&listing, &Selection::default());
    assert_eq!(lineup.channels[0].facts, Some(facts));
    assert_eq!(lineup.channels[1].facts, None);
}
