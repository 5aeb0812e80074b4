//! The playlist: lineup in, M3U out. Pure.
//!
//! The rules (G1 ...) are those of the clients' reference page; each has a test of its name below.

mod client;

use std::io::{self, Write};

pub use client::Client;

use crate::model::{
    player_name, player_text, stream_source, Base, Bouquet, Channel, Label, Lineup, Media,
    Programs, UrlKind,
};

/// What a playlist is made from.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'a> {
    /// The channels.
    pub lineup: &'a Lineup,
    /// Those of them that HDHomeRun clients are offered.
    pub programs: &'a Programs,
    /// The bouquet whose channels are to be listed; `None` for all.
    pub bouquet: Option<&'a Bouquet>,
}

impl<'a> Contents<'a> {
    /// The channels for a client, in order, and what they are called. Plex gets what it gets as an HDHomeRun client.
    fn channels(&self, client: Client) -> Box<dyn Iterator<Item = (&'a Channel, Label)> + 'a> {
        let Contents {
            lineup,
            programs,
            bouquet,
        } = *self;
        let find = |at: u32| lineup.channels.get(at as usize);
        let usual = |channel: &'a Channel| (channel, Label::of(channel));
        match (client, bouquet) {
            (Client::Plex, _) => Box::new(programs.of_bouquet(bouquet).filter_map(move |one| {
                let channel = find(one.channel)?;
                Some((channel, Label::numbered(channel, one.number)))
            })),
            (_, Some(bouquet)) => {
                let mut channels = bouquet.channels.clone();
                channels.sort_unstable();
                Box::new(channels.into_iter().filter_map(find).map(usual))
            }
            (_, None) => Box::new(lineup.channels.iter().map(usual)),
        }
    }
}

/// Where the addresses in a playlist lead.
#[derive(Clone, Debug)]
pub struct Links<'a> {
    /// This program.
    pub base: &'a Base,
    /// The receiver's stream port, `http://host:8001`, when players are to go there directly.
    pub direct: Option<&'a str>,
}

/// Writes the playlist for a client.
///
/// # Errors
/// Those of `out`.
pub fn write(
    out: &mut impl Write,
    contents: &Contents<'_>,
    links: &Links<'_>,
    client: Client,
) -> io::Result<()> {
    let guide = match client {
        Client::Plex => links.base.numbered_guide(),
        _ => links.base.guide(),
    };
    writeln!(out, "#EXTM3U url-tvg=\"{guide}\" x-tvg-url=\"{guide}\"")?;
    let bouquets = contents.lineup.bouquets.iter();
    let names: Vec<String> = bouquets.map(|bouquet| player_text(&bouquet.name)).collect();
    let only = contents.bouquet.map(|bouquet| player_text(&bouquet.name));
    for (channel, label) in contents.channels(client) {
        let mut groups: Vec<&String> = Vec::with_capacity(channel.bouquets.len());
        let own = channel.bouquets.iter();
        let own = own.filter_map(|at| names.get(usize::from(*at)));
        match &only {
            Some(name) => groups.push(name),
            None => own.for_each(|name| {
                if !groups.contains(&name) {
                    groups.push(name);
                }
            }),
        }
        write_channel(out, channel, &label, &groups, links, client)?;
    }
    Ok(())
}

fn write_channel(
    out: &mut impl Write,
    channel: &Channel,
    label: &Label,
    groups: &[impl AsRef<str>],
    links: &Links<'_>,
    client: Client,
) -> io::Result<()> {
    let (base, slug) = (links.base, &channel.slug);
    let Label { id, number, .. } = label;
    let name = player_name(&channel.name);
    write!(
        out,
        "#EXTINF:-1 tvg-id=\"{id}\" tvg-chno=\"{number}\" tvg-name=\"{name}\""
    )?;
    write!(out, " tvg-logo=\"{}\" group-title=\"", base.logo(slug))?;
    join(out, groups, ";")?;
    out.write_all(b"\"")?;
    if channel.media == Media::Radio {
        out.write_all(b" radio=\"true\"")?;
    }
    if client == Client::Tvheadend {
        // Tvheadend takes a group-title with `;` for one tag.
        write!(out, " tvh-chnum=\"{number}\" tvh-tags=\"")?;
        join(out, groups, "|")?;
        out.write_all(b"\"")?;
    }
    writeln!(out, ",{name}")?;
    let kind = channel.service.url_kind();
    if client == Client::Kodi && kind != Some(UrlKind::Other) {
        out.write_all(b"#KODIPROP:mimetype=video/mp2t\n")?;
    }
    match links.direct {
        None => writeln!(out, "{}", base.stream(slug)),
        Some(port) => writeln!(out, "{}", stream_source(&channel.service, port)),
    }
}

fn join(out: &mut impl Write, parts: &[impl AsRef<str>], separator: &str) -> io::Result<()> {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.write_all(separator.as_bytes())?;
        }
        out.write_all(part.as_ref().as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::model::{Entry, ListedBouquet, Listing, Numbers, Offer, Selection};

    static BASE: LazyLock<Base> = LazyLock::new(|| Base {
        address: "http://box:8080".into(),
        key: String::new(),
    });

    fn links(direct: Option<&'static str>) -> Links<'static> {
        let base = &*BASE;
        Links { base, direct }
    }

    fn lineup(tv: &[(&str, &str)], radio: &[(&str, &str)]) -> Lineup {
        let bouquet = |file: &str, name: &str, media, entries: &[(&str, &str)]| ListedBouquet {
            reference: format!(
                "1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.{file}\" ORDER BY bouquet"
            )
            .into(),
            name: name.into(),
            media,
            entries: entries
                .iter()
                .map(|(r, n)| Entry::new(r, n).unwrap())
                .collect(),
        };
        let listing = Listing {
            bouquets: vec![
                bouquet("fav.tv", "Sport; \"Film\", <1>", Media::Tv, tv),
                bouquet("two.tv", "Two", Media::Tv, &tv[..1]),
                bouquet("fav.radio", "Radio", Media::Radio, radio),
            ],
        };
        Lineup::resolve(&listing, &Selection::default())
    }

    const TV: [(&str, &str); 4] = [
        ("1:0:19:283D:3FB:1:C00000:0:0:0:", "Das Erste HD"),
        ("1:0:1:2F3B:441:1:C00000:0:0:0:", "KiKA, <HD> 'Test' \"x\""),
        ("1:0:1:2F3C:441:1:C00000:0:0:0:", "5 USA"),
        (
            "4097:0:1:1:0:0:0:0:0:0:http%3a//u%3ap@h%3a80/live.m3u8:HLS",
            "HLS media=\"1\"",
        ),
    ];
    const RADIO: [(&str, &str); 1] = [("1:0:2:7000:445:1:C00000:0:0:0:", "Bayern 1")];

    fn text(client: Client, links: &Links<'_>) -> String {
        text_of(&lineup(&TV, &RADIO), None, client, links)
    }

    /// The channels of the lineup that HDHomeRun clients are offered have numbers from 701 on.
    fn text_of(lineup: &Lineup, stem: Option<&str>, client: Client, links: &Links<'_>) -> String {
        let offer = Offer {
            bouquets: vec![],
            most: 480,
        };
        let mut programs = Programs::of(lineup, &offer, &mut Numbers::default());
        programs.list.iter_mut().for_each(|one| one.number += 700);
        let contents = Contents {
            lineup,
            programs: &programs,
            bouquet: stem.map(|stem| lineup.bouquet(stem).unwrap()),
        };
        let mut out = Vec::new();
        write(&mut out, &contents, links, client).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn lines_of(text: &str, name: &str) -> Vec<String> {
        let lines: Vec<&str> = text.lines().collect();
        let at = lines
            .iter()
            .position(|line| line.starts_with("#EXTINF") && line.contains(name))
            .unwrap();
        let end = lines[at + 1..]
            .iter()
            .position(|line| !line.starts_with('#'))
            .unwrap();
        lines[at..=at + 1 + end]
            .iter()
            .map(|line| (*line).to_owned())
            .collect()
    }

    #[test]
    fn g1_stream_addresses_come_from_the_service_reference_alone() {
        let all = text(Client::Kodi, &links(None));
        assert!(all.contains("\nhttp://box:8080/stream/1-0-19-283D-3FB-1-C00000-0-0-0.ts\n"));
        let mut moved = TV;
        moved.reverse();
        let moved = lineup(&moved, &RADIO);
        let moved = text_of(&moved, None, Client::Kodi, &links(None));
        let urls = |text: &str| {
            let mut urls: Vec<String> = text
                .lines()
                .filter(|line| line.starts_with("http"))
                .map(str::to_owned)
                .collect();
            urls.sort();
            urls
        };
        assert_eq!(urls(&all), urls(&moved));
    }

    #[test]
    fn g2_stream_paths_end_in_ts() {
        for line in text(Client::Plain, &links(None))
            .lines()
            .filter(|line| line.starts_with("http"))
        {
            assert!(line.ends_with(".ts"), "{line}");
        }
    }

    #[test]
    fn g3_kodi_is_told_the_type_of_transport_streams_only() {
        let all = text(Client::Kodi, &links(None));
        assert_eq!(
            lines_of(&all, "Das Erste")[1],
            "#KODIPROP:mimetype=video/mp2t"
        );
        assert_eq!(lines_of(&all, "HLS").len(), 2);
        assert!(!text(Client::Jellyfin, &links(None)).contains("KODIPROP"));
    }

    #[test]
    fn g15_ids_are_valid_and_stable() {
        let all = text(Client::Kodi, &links(None));
        assert!(
            lines_of(&all, "Das Erste")[0].contains("tvg-id=\"1-0-19-283D-3FB-1-C00000-0-0-0.e2\"")
        );
    }

    #[test]
    fn g16_names_survive_every_parser() {
        let all = text(Client::Jellyfin, &links(None));
        for line in all.lines().filter(|line| line.starts_with("#EXTINF")) {
            let (attributes, name) = line.rsplit_once(',').unwrap();
            assert!(!name.contains(['"', '\'']) && !name.is_empty());
            assert_eq!(attributes.matches('"').count() % 2, 0);
            assert!(!attributes.contains('\''));
        }
        assert!(all.contains(",KiKA\u{201a} <HD> \u{2019}Test\u{2019} \u{201d}x\u{201d}\n"));
        assert!(all.contains(",5\u{a0}USA\n"));
    }

    #[test]
    fn g17_nothing_looks_like_a_recording() {
        let all = text(Client::Kodi, &links(None));
        for word in ["media=", "media-dir=", "media-size="] {
            assert!(!all.contains(word));
        }
    }

    #[test]
    fn g18_every_channel_has_an_absolute_logo_with_an_ascii_name() {
        let all = text(Client::Kodi, &links(None));
        for line in all.lines().filter(|line| line.starts_with("#EXTINF")) {
            let logo = line
                .split("tvg-logo=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap();
            assert!(
                logo.starts_with("http://box:8080/picon/")
                    && logo.ends_with(".png")
                    && logo.is_ascii()
            );
        }
    }

    #[test]
    fn g19_numbers_are_unique_and_never_0() {
        let all = text(Client::Kodi, &links(None));
        let mut numbers: Vec<u32> = all
            .lines()
            .filter_map(|line| {
                line.split("tvg-chno=\"")
                    .nth(1)?
                    .split('"')
                    .next()?
                    .parse()
                    .ok()
            })
            .collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5]);
        numbers.dedup();
        assert_eq!(numbers.len(), all.matches("#EXTINF").count());
    }

    #[test]
    fn g30_the_playlist_begins_with_extm3u_and_has_no_cr() {
        let all = text(Client::Kodi, &links(None));
        assert!(all.starts_with("#EXTM3U ") && !all.contains('\r'));
        assert!(all.contains("url-tvg=\"http://box:8080/xmltv.xml\""));
    }

    #[test]
    fn groups_are_the_bouquets_and_radio_is_marked() {
        let all = text(Client::Kodi, &links(None));
        let first = &lines_of(&all, "Das Erste")[0];
        assert!(
            first.contains("group-title=\"Sport\u{201a} \u{201d}Film\u{201d}\u{201a} <1>;Two\""),
            "{first}"
        );
        assert!(!first.contains("radio"));
        let radio = &lines_of(&all, "Bayern")[0];
        assert!(radio.contains("group-title=\"Radio\" radio=\"true\""));
        assert!(
            lines_of(&text(Client::Tvheadend, &links(None)), "Das Erste")[0].contains("<1>|Two\"")
        );
    }

    #[test]
    fn a_bouquet_has_a_playlist_of_its_own() {
        let lineup = lineup(&TV, &RADIO);
        let text = text_of(&lineup, Some("two"), Client::Kodi, &links(None));
        assert_eq!(text.matches("#EXTINF").count(), 1);
        assert!(text.contains("group-title=\"Two\""));
    }

    #[test]
    fn plex_gets_the_channels_of_hdhomerun_clients_by_their_numbers() {
        let lineup = lineup(&TV, &RADIO);
        let text = text_of(&lineup, None, Client::Plex, &links(None));
        assert!(text.starts_with("#EXTM3U url-tvg=\"http://box:8080/xmltv.xml?client=plex\" "));
        let first = &lines_of(&text, "Das Erste");
        assert!(first[0].starts_with("#EXTINF:-1 tvg-id=\"701\" tvg-chno=\"701\" tvg-name="));
        assert_eq!(
            first[1],
            "http://box:8080/stream/1-0-19-283D-3FB-1-C00000-0-0-0.ts"
        );
        // Neither radio nor what is no transport stream.
        assert_eq!(text.matches("#EXTINF").count(), 3);
        let two = text_of(&lineup, Some("two"), Client::Plex, &links(None));
        assert!(two.contains("tvg-id=\"701\"") && two.contains("group-title=\"Two\""));
        assert_eq!(two.matches("#EXTINF").count(), 1);
    }

    #[test]
    fn direct_addresses_lead_to_the_receiver_or_to_the_url() {
        let all = text(Client::Kodi, &links(Some("http://box:8001")));
        assert!(all.contains("\nhttp://box:8001/1:0:19:283D:3FB:1:C00000:0:0:0:\n"));
        assert!(all.contains("\nhttp://u:p@h:80/live.m3u8\n"));
        assert!(
            !text(Client::Kodi, &links(None)).contains("u:p"),
            "no password in a playlist unless direct"
        );
    }
}
