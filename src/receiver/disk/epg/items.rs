//! What the items of an extended text say: who made it, when and where. Each broadcaster labels them as it likes.

use crate::model::{clean_line, Credit, Details, Role};

/// An event does not have more people than this.
const MOST_CREDITS: usize = 64;
/// A longer one is a sentence.
const LONGEST_NAME: usize = 80;

/// What an item is about.
#[derive(Clone, Copy, Debug)]
enum About {
    Person(Role),
    Year,
    Country,
    /// "Germany 1994", in any order.
    Origin,
}

/// Labels in small letters, separated by `|`, and what they are about: English, German, French, Italian, Spanish,
/// Portuguese, Dutch, Polish, Czech, Slovak, Hungarian, Scandinavian, Finnish, Turkish, Greek, Russian.
const LABELS: [(About, &str); 10] = [
    (
        About::Person(Role::Director),
        "director|directors|directed by|regie|regisseur|regisseurin|regisseure|réalisateur|réalisatrice|réalisation|\
         réalisé par|regia|regista|dirección|realización|directora|realização|realizador|realizador(a)|direção|reżyseria|\
         reżyser|režie|režisér|réžia|rendezte|rendező|regi|regissör|regissør|instruktør|ohjaus|ohjaaja|yönetmen|σκηνοθεσία|\
         σκηνοθέτης|режиссер|режиссёр|режисьор",
    ),
    (
        About::Person(Role::Actor),
        "actor|actors|actress|actresses|cast|starring|stars|performer|performers|darsteller|darstellerin|darstellerinnen|\
         schauspieler|besetzung|mit|acteur|acteurs|interprète|interprètes|avec|distribution|attori|attore|interpreti|\
         con|actores|reparto|intérpretes|elenco|atores|com|met|rolverdeling|obsada|występują|w rolach głównych|\
         hrají|herci|účinkujú|szereplők|szereplő|főszereplők|skådespelare|skuespillere|medvirkende|i rollerne|roller|\
         näyttelijät|pääosissa|oyuncular|ηθοποιοί|ερμηνεία|πρωταγωνιστούν|актеры|актёры|в ролях|актьори",
    ),
    (
        About::Person(Role::Writer),
        "writer|writers|written by|screenplay|screenwriter|script|author|authors|autor|autorin|autoren|drehbuch|buch|\
         drehbuchautor|scénario|scénariste|auteur|auteurs|sceneggiatura|sceneggiatore|autore|guion|guión|guionista|roteiro|\
         argumento|scenario|schrijver|scenariusz|scenarzysta|scénář|scenár|forgatókönyv|forgatókönyvíró|író|manus|\
         manuskript|käsikirjoitus|senaryo|senarist|σενάριο|сценарий|сценарист",
    ),
    (
        About::Person(Role::Producer),
        "producer|producers|produced by|produzent|produzentin|produzenten|producteur|producteurs|productrice|produttore|\
         produzione|productor|productores|produtor|producent|producenci|producer|tuottaja|yapımcı|παραγωγή|продюсер",
    ),
    (
        About::Person(Role::Composer),
        "music|composer|music by|musik|komponist|komponistin|musique|compositeur|musica|musiche|compositore|música|\
         compositor|muziek|componist|muzyka|kompozytor|hudba|zene|zeneszerző|musikk|musiikki|säveltäjä|müzik|μουσική|\
         музыка|композитор",
    ),
    (
        About::Person(Role::Presenter),
        "presenter|presenters|presented by|host|hosts|hosted by|anchor|moderation|moderator|moderatorin|moderatoren|\
         präsentiert von|présentateur|présentatrice|présentation|présenté par|animateur|conduttore|conduttrice|conduce|\
         presentador|presentadora|presenta|apresentação|apresentador|presentator|presentatie|prowadzący|prowadzenie|\
         moderátor|műsorvezető|programledare|programleder|vært|juontaja|sunucu|παρουσίαση|παρουσιαστής|ведущий|ведущие|\
         водещ",
    ),
    (
        About::Person(Role::Guest),
        "guest|guests|guest star|guest stars|gast|gäste|invité|invités|ospite|ospiti|invitado|invitados|convidado|\
         convidados|gasten|goście|gość|hosté|vendég|vendégek|gäst|gjester|gæster|vieras|konuk|гости",
    ),
    (
        About::Year,
        "year|production year|year of production|productionyear|production date|jahr|produktionsjahr|herstellungsjahr|\
         année|année de production|anno|anno di produzione|año|año de producción|ano|ano de produção|jaar|productiejaar|\
         rok|rok produkcji|rok výroby|év|gyártási év|gyártás éve|år|produktionsår|produksjonsår|vuosi|valmistusvuosi|yıl|\
         yapım yılı|έτος|έτος παραγωγής|год|год выпуска|година",
    ),
    (
        About::Country,
        "country|countries|production country|country of production|country of origin|land|länder|produktionsland|\
         herstellungsland|pays|pays d'origine|pays de production|nationalité|paese|nazione|nazionalità|paese di produzione|\
         país|país de origen|nacionalidad|nacionalidade|país de origem|productieland|kraj|kraj produkcji|země|země původu|\
         krajina|ország|gyártó ország|produksjonsland|maa|valmistusmaa|ülke|yapım ülkesi|χώρα|страна",
    ),
    (
        About::Origin,
        "origin|land, jahr|land/jahr|jahr/land|produktion|produktionsland und -jahr|produktionsland/-jahr|production|\
         origine|produkcja|výroba|gyártás",
    ),
];

/// Takes from `items` (label, content) what `details` has a place for.
pub(super) fn read(items: &[(String, String)], details: &mut Details) {
    let mut at = 0;
    while let Some((label, content)) = items.get(at) {
        at += 1;
        let Some(about) = about(label) else {
            continue;
        };
        let mut content = content.clone();
        // Without a label it is the rest of the one before.
        while let Some((_, more)) = items.get(at).filter(|(label, _)| label.is_empty()) {
            content.push_str(more);
            at += 1;
        }
        match about {
            About::Person(role) => people(role, &content, &mut details.credits),
            About::Year => details.year = details.year.or(year(&content)),
            About::Country => countries(&content, details),
            About::Origin => {
                details.year = details.year.or(year(&content));
                countries(&content, details);
            }
        }
    }
}

fn about(label: &str) -> Option<About> {
    let label = label.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == ':');
    // Longer than any of them.
    if label.is_empty() || label.len() > 60 {
        return None;
    }
    let label = label.to_lowercase();
    let label = label.strip_suffix("(s)").unwrap_or(&label);
    LABELS
        .iter()
        .find(|(_, labels)| labels.split('|').any(|known| known == label))
        .map(|(about, _)| *about)
}

fn people(role: Role, content: &str, credits: &mut Vec<Credit>) {
    for name in parts(content, ",;/\n\r") {
        let credit = Credit { role, name };
        if credits.len() < MOST_CREDITS && !credits.contains(&credit) {
            credits.push(credit);
        }
    }
}

fn countries(content: &str, details: &mut Details) {
    for country in parts(content, ",;/|\n\r") {
        let country = country.trim_matches(|c: char| c.is_ascii_digit() || " -.".contains(c));
        let is_known = details.countries.iter().any(|known| known == country);
        if !country.is_empty() && !is_known && details.countries.len() < 16 {
            details.countries.push(country.to_owned());
        }
    }
}

/// The parts of a list, clean, without what stands in parentheses: the part an actor plays.
fn parts(content: &str, separators: &str) -> Vec<String> {
    let mut depth = 0usize;
    let plain: String = content
        .chars()
        .filter(|c| {
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => {
                    let is_end = depth > 0;
                    depth = depth.saturating_sub(1);
                    return !is_end;
                }
                _ => {}
            }
            depth == 0
        })
        .collect();
    plain
        .split(|c| separators.contains(c))
        .map(clean_line)
        .filter(|part| !part.is_empty() && part.len() <= LONGEST_NAME)
        .collect()
}

/// The first number of four digits that may be a year of film.
fn year(content: &str) -> Option<u16> {
    content
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| digits.len() == 4)
        .find_map(|digits| {
            digits
                .parse()
                .ok()
                .filter(|year| (1880..=2100).contains(year))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(items: &[(&str, &str)]) -> Details {
        let items: Vec<_> = items
            .iter()
            .map(|(label, content)| ((*label).to_owned(), (*content).to_owned()))
            .collect();
        let mut details = Details::default();
        read(&items, &mut details);
        details
    }

    #[test]
    fn people_year_and_country_in_many_languages() {
        for (director, actor, year, country) in [
            ("Director", "Cast", "Year", "Country"),
            ("Regie:", "DARSTELLER", "Produktionsjahr", "Land"),
            ("Réalisateur", "Acteurs", "Année", "Pays"),
            ("Regia", "Attori", "Anno", "Paese"),
            ("Dirección", "Intérpretes", "Año", "País"),
            ("Regisseur", "Met", "Jaar", "Productieland"),
            ("Reżyser", "Obsada", "Rok produkcji", "Kraj produkcji"),
            (
                "Director(s)",
                "Actor(s)",
                "Production year",
                "Country of origin",
            ),
            ("РЕЖИССЁР", "В ролях", "Год", "Страна"),
        ] {
            let details = of(&[
                (director, "Joel Coen, Ethan Coen"),
                (actor, "Jeff Bridges (The Dude, a man); John Goodman"),
                (year, "1998"),
                (country, "USA/GB"),
            ]);
            let credits: Vec<_> = details
                .credits
                .iter()
                .map(|credit| (credit.role, &*credit.name))
                .collect();
            assert_eq!(
                credits,
                [
                    (Role::Director, "Joel Coen"),
                    (Role::Director, "Ethan Coen"),
                    (Role::Actor, "Jeff Bridges"),
                    (Role::Actor, "John Goodman"),
                ],
                "{director}"
            );
            assert_eq!(details.year, Some(1998), "{year}");
            assert_eq!(details.countries, ["USA", "GB"], "{country}");
        }
    }

    #[test]
    fn an_item_without_a_label_goes_on() {
        let details = of(&[
            ("Cast", "Jeff Brid"),
            ("", "ges, John Goodman"),
            ("Rubbish", "x"),
            ("", "y"),
        ]);
        let names: Vec<_> = details.credits.iter().map(|credit| &*credit.name).collect();
        assert_eq!(names, ["Jeff Bridges", "John Goodman"]);
    }

    #[test]
    fn what_is_no_year_is_none() {
        assert_eq!(of(&[("Year", "12345 or 98")]).year, None);
        assert_eq!(of(&[("Jahr", "ca. 1994-1996")]).year, Some(1994));
        let both = of(&[("Produktion", "Deutschland 1994")]);
        assert_eq!(
            (both.year, both.countries),
            (Some(1994), vec!["Deutschland".to_owned()])
        );
        assert_eq!(of(&[("Episode Title", "1994")]), Details::default());
    }
}
