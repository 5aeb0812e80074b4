//! Languages as broadcasts write them and as the web does.

/// The two letters of ISO 639-1 for the three of ISO 639-2, of which some languages have a pair: `ger` and `deu` are
/// both `de`. `None` for languages that have none, and for what is no language (`und`, `mul`, `qaa` for the original).
pub fn two_letters(three: &str) -> Option<&'static str> {
    let found = LANGUAGES.binary_search_by_key(&three, |(code, _)| code);
    found.ok().and_then(|at| LANGUAGES.get(at)).map(|row| row.1)
}

/// Those of Europe and its neighbours, and the largest of the world.
const LANGUAGES: [(&str, &str); 81] = [
    ("afr", "af"),
    ("alb", "sq"),
    ("ara", "ar"),
    ("arm", "hy"),
    ("aze", "az"),
    ("baq", "eu"),
    ("bel", "be"),
    ("ben", "bn"),
    ("bos", "bs"),
    ("bre", "br"),
    ("bul", "bg"),
    ("cat", "ca"),
    ("ces", "cs"),
    ("chi", "zh"),
    ("cos", "co"),
    ("cym", "cy"),
    ("cze", "cs"),
    ("dan", "da"),
    ("deu", "de"),
    ("dut", "nl"),
    ("ell", "el"),
    ("eng", "en"),
    ("est", "et"),
    ("eus", "eu"),
    ("fao", "fo"),
    ("fas", "fa"),
    ("fin", "fi"),
    ("fra", "fr"),
    ("fre", "fr"),
    ("fry", "fy"),
    ("geo", "ka"),
    ("ger", "de"),
    ("gla", "gd"),
    ("gle", "ga"),
    ("glg", "gl"),
    ("gre", "el"),
    ("heb", "he"),
    ("hin", "hi"),
    ("hrv", "hr"),
    ("hun", "hu"),
    ("hye", "hy"),
    ("ice", "is"),
    ("isl", "is"),
    ("ita", "it"),
    ("jpn", "ja"),
    ("kat", "ka"),
    ("kor", "ko"),
    ("kur", "ku"),
    ("lav", "lv"),
    ("lit", "lt"),
    ("ltz", "lb"),
    ("mac", "mk"),
    ("mkd", "mk"),
    ("mlt", "mt"),
    ("nld", "nl"),
    ("nor", "no"),
    ("per", "fa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("roh", "rm"),
    ("ron", "ro"),
    ("rum", "ro"),
    ("rus", "ru"),
    ("scc", "sr"),
    ("scr", "hr"),
    ("slk", "sk"),
    ("slo", "sk"),
    ("slv", "sl"),
    ("spa", "es"),
    ("sqi", "sq"),
    ("srd", "sc"),
    ("srp", "sr"),
    ("swe", "sv"),
    ("tur", "tr"),
    ("ukr", "uk"),
    ("urd", "ur"),
    ("vie", "vi"),
    ("wel", "cy"),
    ("wln", "wa"),
    ("yid", "yi"),
    ("zho", "zh"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_and_both_spellings_are_one_language() {
        for (three, two) in LANGUAGES {
            assert_eq!(two_letters(three), Some(two));
        }
        assert_eq!(two_letters("ger"), two_letters("deu"));
        for none in ["", "und", "qaa", "mul", "DEU", "de"] {
            assert_eq!(two_letters(none), None, "{none}");
        }
    }
}
