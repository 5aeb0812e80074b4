//! The invented phrases the guide is put together from; alternatives are separated by bars.

use super::plan::Kind;
use super::titles::Language;

/// The titles of a kind of event, separated by bars.
pub(super) fn titles(kind: Kind, language: Language) -> &'static str {
    let [german, english, french] = match kind {
        Kind::News => [
            "Nachrichten|Die Welt um acht|Journal am Tag|Kurz & aktuell|Nachtausgabe",
            "The News Hour|Headlines|World Report|News & Views",
            "Le journal|L'info du jour|Le monde ce soir",
        ],
        Kind::Weather => [
            "Das Wetter|Wetter für morgen|Alpenwetter",
            "Weather|The Week's Weather",
            "La météo|Météo & marine",
        ],
        Kind::Magazine => [
            "Guten Morgen!|Hallo Nachmittag|Markt & Leute|Landschau|Technik heute|Servicezeit <extra>|Stadtgespräch",
            "Good Morning Live|Market Watch|The Magazine|Tech & You|Out of Town",
            "Bonjour chez vous|Matin d'ici|Le mag|Échappées",
        ],
        Kind::Talk => [
            "Zu Tisch mit Gästen|Offene Runde|Nachtgespräch|Streit & Kultur|Auf ein Wort",
            "The Late Chair|Question Round|Who's \"Who\" & Friends",
            "Les invités du soir|C'est à débattre|Paroles",
        ],
        Kind::Film => [
            "Der letzte Leuchtturm|Sommer in Seeland|Das Haus am Kanal|Drei Tage Regen|Die Uhrmacherin|Nordwärts|Ein Koffer voller Sterne|Zwölf Stufen|Der Brückenbauer|Schnee über Triest",
            "The Last Ferry|Paper Harbour|Nine Miles to Dawn|The Cartographer|A Quiet Orchard|Tin Roof Rain",
            "Le dernier phare|L'été des cerisiers|Un pont trop loin de toi|La boîte à musique|Rue des Lilas",
        ],
        Kind::Crime => [
            "Kommissarin Voss|Mord im Marschland|Revier am Deich|Der Fall Lindner|Tod & Tide",
            "Inspector Hale|Cold Harbour|The Fen Murders|Badge 41",
            "Commissaire Roux|Meurtres à la criée|L'ombre du canal",
        ],
        Kind::Series => [
            "Waldklinik|Die Kaffeerösterei|Rosenhof|Unter einem Dach|Sternwarte Süd|Familie Ehrlich",
            "Harbour Lane|The Lighthouse Keepers|Orbit Nine|Mill Street",
            "Le domaine|Les voisins d'en face|Port-Blanc",
        ],
        Kind::Comedy => [
            "Büro 404|Schwiegereltern auf Zeit|Voll daneben!|WG mit Aussicht",
            "Desk Job|Meet the Neighbours|Two & a Half Minutes",
            "Tout va bien !|Chez Marcel|Colocs",
        ],
        Kind::SportNews | Kind::Match => [
            "Sport heute|Anstoß & Abpfiff|Die Sportreporter",
            "Sports Desk|Match Review",
            "Tous en jeu|L'heure du sport",
        ],
        Kind::Cartoon => [
            "Käpt'n Krümel|Die Wolkenbande|Rudi Rakete|Fritz & Frieda|Drache Olli",
            "Captain Crumb|The Cloud Crew|Pip & Pebble",
            "Les p'tits nuages|Léo le dragon",
        ],
        Kind::Children => [
            "Frag Frieda|Werkstatt der Ideen|Gute-Nacht-Geschichte|Wumms! Wissen für Kinder",
            "Ask Away|Story Corner|Make It!",
            "Dis, pourquoi ?|L'heure du conte",
        ],
        Kind::Documentary => [
            "Brücken der Welt|Geheime Keller|Die Erfinder|100 Jahre Radio|Grenzgänger|Stahl, Dampf, Schiene",
            "Engines of Change|Lost Cities|How It Was Built|The Signal",
            "Des trains & des hommes|Mémoires|Le monde d'en bas",
        ],
        Kind::Nature => [
            "Wildes Moor|Im Reich der Alpen|Unter dem Eis|Vögel über dem Watt",
            "Wild Shores|Under the Ice|Planet Garden",
            "Forêts secrètes|Sous la glace",
        ],
        Kind::Quiz => [
            "Wer hat's gewusst?|Das große Rätselrennen|Eins zu Hundert|Allein gegen alle Neune",
            "Beat the Clock|One in a Hundred",
            "Questions en or|Le mot juste",
        ],
        Kind::Cooking => [
            "Kochen & Backen|Omas Küche|Einfach lecker|Topfgucker <vegan>",
            "Kitchen Table|Salt & Smoke",
            "À table !|La cuisine d'à côté",
        ],
        Kind::Clips => [
            "Clip-Strecke|Neue Töne|Die 90er-Nacht|Charts & Co",
            "Top 40 Live|Fresh Tracks|Rock & Soul Hour",
            "Le top|Nouvelle scène",
        ],
        Kind::Concert => [
            "Konzert am Abend|Klassik um vier|Aus der Philharmonie|Jazz im Keller",
            "Evening Concert|Chamber Hour|Live at the Mill",
            "Concert du soir|Opéra & vous",
        ],
    };
    match language {
        Language::German => german,
        Language::English => english,
        Language::French => french,
    }
}

pub(super) const SPORTS: [&str; 3] = [
    "Fußball|Handball|Eishockey|Tennis",
    "Football|Rugby|Cricket|Ice Hockey",
    "Football|Rugby|Cyclisme|Handball",
];

pub(super) const TEAMS: &str =
    "Seestadt|Nordhafen|Bergheim 04|Union Süd|Rot-Weiß Tal|Port-Blanc|FC Millbrook|Sankt Ölmar";

pub(super) const SUBJECTS: [&str; 3] = [
    "Der Fund|Alte Rechnungen|Ein neuer Anfang|Was bleibt|Am Ende der Straße|Gäste & Gastgeber|Zwischen den Jahren",
    "The Find|Old Debts|A New Start|What Remains|Guests & Hosts|End of the Line",
    "La découverte|Vieilles dettes|Un nouveau départ|Ce qui reste|L'hôte & l'invité",
];

pub(super) const SENTENCES: [&str; 3] = [
    "Als das Wasser steigt, muss das Dorf zusammenhalten.|Niemand ahnt, dass der Brief seit zwanzig Jahren im Keller liegt.|Die Reise führt über Pässe, Fähren & Nebenstraßen bis ans Meer.|Ein Fremder bringt die Ordnung im Haus durcheinander.|\"Das kann nicht sein\", sagt sie – und macht sich auf den Weg.|Fachleute erklären, was hinter den Zahlen steckt.|Dazu: Tipps für den Alltag, Musik und Gäste im Studio.|Zum ersten Mal spricht er über die Nacht, in der alles anders wurde.|Mit Bildern, die lange niemand gesehen hat.",
    "When the water rises, the village has to stand together.|Nobody knows that the letter has been in the cellar for twenty years.|A journey over passes, ferries & back roads down to the sea.|A stranger upsets the order of the house.|\"That can't be\", she says, and sets out at once.|Experts explain what is behind the figures.|With pictures that nobody has seen for a long time.",
    "Quand l'eau monte, tout le village doit se serrer les coudes.|Personne ne sait que la lettre dort à la cave depuis vingt ans.|Un voyage par les cols, les bacs & les petites routes jusqu'à la mer.|Un inconnu bouleverse l'ordre de la maison.|« C'est impossible », dit-elle, avant de se mettre en route.|Des spécialistes expliquent ce que cachent les chiffres.",
];

pub(super) const NAMES: &str = "Anna Lindqvist|Jürgen Öhler|Marie Dubreuil|Tom Ashdown|Ilse Brandtner|Paul O'Hearn|Chloé Vasseur|Karl-Heinz Moos";
