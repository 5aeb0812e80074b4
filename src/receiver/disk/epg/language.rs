//! Codes of languages.

/// Three lower-case letters of ISO 639-2 as broadcast, or what stood in their place.
pub(super) type Language = [u8; 3];

/// The code at the begin of `bytes`, and what follows.
pub(super) fn split(bytes: &[u8]) -> Option<(Language, &[u8])> {
    let (code, rest) = bytes.split_first_chunk::<3>()?;
    Some((code.map(|byte| byte.to_ascii_lowercase()), rest))
}

/// The language as text; empty for what is none ("undetermined" included).
pub(super) fn name(language: Language) -> String {
    if language == *b"und" || !language.iter().all(u8::is_ascii_lowercase) {
        return String::new();
    }
    language.iter().copied().map(char::from).collect()
}

/// One code for each language: some have a bibliographic and a terminological one, and broadcasters use some of their
/// own.
pub(super) fn canonical(language: Language) -> Language {
    let code = match &language {
        b"ger" => b"deu",
        b"fre" => b"fra",
        b"dut" => b"nld",
        b"cze" => b"ces",
        b"slo" => b"slk",
        b"gre" => b"ell",
        b"rum" => b"ron",
        b"alb" => b"sqi",
        b"arm" => b"hye",
        b"baq" => b"eus",
        b"chi" => b"zho",
        b"geo" => b"kat",
        b"ice" => b"isl",
        b"mac" => b"mkd",
        b"may" => b"msa",
        b"per" => b"fas",
        b"wel" => b"cym",
        b"scr" => b"hrv",
        b"scc" => b"srp",
        b"esl" => b"spa",
        other => other,
    };
    *code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_codes_of_a_language_are_one() {
        assert_eq!(canonical(*b"ger"), canonical(*b"deu"));
        assert_eq!(canonical(*b"eng"), *b"eng");
        assert_eq!(split(b"DEUx"), Some((*b"deu", &b"x"[..])));
        assert_eq!(name(*b"und"), "");
        assert_eq!(name([0, 0, 0]), "");
        assert_eq!(name(*b"fra"), "fra");
    }
}
