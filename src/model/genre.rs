//! Names for the content nibbles of DVB events (EN 300 468, table 29).

/// The English name of a genre as the standard words it; `None` for 0 and for user defined values.
pub fn category(genre: u8) -> Option<&'static str> {
    let names: &[&str] = match genre >> 4 {
        1 => &[
            "Movie / Drama",
            "Detective / Thriller",
            "Adventure / Western / War",
            "Science fiction / Fantasy / Horror",
            "Comedy",
            "Soap / Melodrama / Folkloric",
            "Romance",
            "Serious / Classical / Religious / Historical movie / Drama",
            "Adult movie / Drama",
        ],
        2 => &[
            "News / Current affairs",
            "News / Weather report",
            "News magazine",
            "Documentary",
            "Discussion / Interview / Debate",
        ],
        3 => &[
            "Show / Game show",
            "Game show / Quiz / Contest",
            "Variety show",
            "Talk show",
        ],
        4 => &[
            "Sports",
            "Special events",
            "Sports magazines",
            "Football / Soccer",
            "Tennis / Squash",
            "Team sports",
            "Athletics",
            "Motor sport",
            "Water sport",
            "Winter sports",
            "Equestrian",
            "Martial sports",
        ],
        5 => &[
            "Children's / Youth programs",
            "Pre-school children's programs",
            "Entertainment programs for 6 to 14",
            "Entertainment programs for 10 to 16",
            "Informational / Educational / School programs",
            "Cartoons / Puppets",
        ],
        6 => &[
            "Music / Ballet / Dance",
            "Rock / Pop",
            "Serious music / Classical music",
            "Folk / Traditional music",
            "Jazz",
            "Musical / Opera",
            "Ballet",
        ],
        7 => &[
            "Arts / Culture (without music)",
            "Performing arts",
            "Fine arts",
            "Religion",
            "Popular culture / Traditional arts",
            "Literature",
            "Film / Cinema",
            "Experimental film / Video",
            "Broadcasting / Press",
            "New media",
            "Arts magazines / Culture magazines",
            "Fashion",
        ],
        8 => &[
            "Social / Political issues / Economics",
            "Magazines / Reports / Documentary",
            "Economics / Social advisory",
            "Remarkable people",
        ],
        9 => &[
            "Education / Science / Factual topics",
            "Nature / Animals / Environment",
            "Technology / Natural sciences",
            "Medicine / Physiology / Psychology",
            "Foreign countries / Expeditions",
            "Social / Spiritual sciences",
            "Further education",
            "Languages",
        ],
        10 => &[
            "Leisure hobbies",
            "Tourism / Travel",
            "Handicraft",
            "Motoring",
            "Fitness and health",
            "Cooking",
            "Advertisement / Shopping",
            "Gardening",
        ],
        _ => return None,
    };
    // A level 2 value the table does not name is the general one.
    names
        .get(usize::from(genre & 15))
        .or(names.first())
        .copied()
}

/// The English marker that Jellyfin and Plex look for beside the genre (rule G13).
pub fn marker(genre: u8) -> Option<&'static str> {
    match (genre >> 4, genre & 15) {
        // A soap is a series, not a film.
        (1, 5) => None,
        (1, _) => Some("Movie"),
        (2, _) => Some("News"),
        (4, _) => Some("Sports"),
        (5, _) => Some("Kids"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nibbles_have_the_names_of_the_standard() {
        assert_eq!(category(0x11), Some("Detective / Thriller"));
        assert_eq!(category(0x43), Some("Football / Soccer"));
        assert_eq!(category(0x1f), Some("Movie / Drama"));
        assert_eq!(category(0), None);
        assert_eq!(category(0xf1), None);
        assert_eq!(marker(0x43), Some("Sports"));
        assert_eq!(marker(0x15), None);
    }
}
