//! What stations send when: the shape of a television day by genre.

/// What a service mostly sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Genre {
    Mixed,
    News,
    Film,
    Series,
    Sport,
    Kids,
    Knowledge,
    Music,
    Talk,
    Concert,
}

/// What an event is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    News,
    Weather,
    Magazine,
    Talk,
    Film,
    Crime,
    Series,
    Comedy,
    Match,
    SportNews,
    Cartoon,
    Children,
    Documentary,
    Nature,
    Quiz,
    Cooking,
    Clips,
    Concert,
}

/// Minute of the day at which the evening's main programme starts: 20:00.
pub(super) const PRIME: i64 = 20 * 60;

/// What a service of this genre sends at this minute of the day, and for how many minutes.
pub(super) fn plan(genre: Genre, minute: i64, seed: u64) -> (Kind, i64) {
    use Kind::*;
    let hour = minute / 60;
    let choices: &[(Kind, i64)] = match (genre, hour) {
        (Genre::Mixed | Genre::Film | Genre::Series, 20) if minute == PRIME => &[(News, 15)],
        (Genre::Mixed, 5..=8) => &[(Magazine, 60), (Magazine, 90), (News, 30)],
        (Genre::Mixed, 9..=11) => &[(Cooking, 45), (Series, 50), (Documentary, 45)],
        (Genre::Mixed, 12..=16) => &[(Series, 50), (Quiz, 45), (Nature, 45), (Talk, 60)],
        (Genre::Mixed, 17..=19) => &[(Magazine, 30), (Quiz, 45), (Series, 50)],
        (Genre::Mixed, 20 | 21) => &[(Crime, 90), (Film, 105), (Documentary, 90), (Quiz, 105)],
        (Genre::Mixed, 22 | 23) => &[(Talk, 75), (News, 30), (Comedy, 30), (Documentary, 45)],
        (Genre::Mixed, _) => &[(Film, 100), (Crime, 90), (Series, 45)],
        (Genre::News, _) if minute % 60 == 0 => &[(News, 15), (News, 20)],
        (Genre::News, _) => &[(Magazine, 25), (Weather, 5), (Talk, 45), (Documentary, 45)],
        (Genre::Film, 7..=18) => &[(Film, 95), (Film, 110), (Comedy, 30), (Magazine, 25)],
        (Genre::Film, _) => &[(Film, 120), (Film, 105), (Crime, 95)],
        (Genre::Series, _) => &[(Series, 45), (Series, 50), (Crime, 45), (Comedy, 25)],
        (Genre::Sport, 13..=22) => &[(Match, 120), (Match, 105), (SportNews, 30)],
        (Genre::Sport, _) => &[(SportNews, 30), (Match, 90), (Documentary, 45)],
        (Genre::Kids, 6..=19) => &[(Cartoon, 15), (Cartoon, 25), (Children, 25), (Nature, 25)],
        (Genre::Kids, _) => &[(Children, 60), (Cartoon, 90)],
        (Genre::Knowledge, _) => &[(Documentary, 45), (Nature, 50), (Documentary, 60)],
        (Genre::Music, _) => &[(Clips, 60), (Clips, 30), (Concert, 90)],
        (Genre::Talk, _) if minute % 60 == 0 => &[(News, 5)],
        (Genre::Talk, _) => &[(Magazine, 55), (Talk, 55)],
        (Genre::Concert, _) => &[(Concert, 120), (Concert, 90), (Magazine, 60)],
    };
    let (kind, minutes) = choices[usize::try_from(seed % choices.len() as u64).unwrap_or(0)];
    if matches!(genre, Genre::News | Genre::Talk) {
        return (kind, minutes.min(60 - minute % 60));
    }
    (kind, minutes)
}
