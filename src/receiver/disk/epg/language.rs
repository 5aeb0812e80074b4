//! Codes of languages.

use crate::model::two_letters;

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

/// One code for each language, for comparing only: some have a bibliographic and a terminological one.
pub(super) fn canonical(language: Language) -> Language {
    let three = std::str::from_utf8(&language).unwrap_or_default();
    match two_letters(three).map(str::as_bytes) {
        Some(&[first, second]) => [first, second, 0],
        _ => language,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_codes_of_a_language_are_one() {
        assert_eq!(canonical(*b"ger"), canonical(*b"deu"));
        assert_ne!(canonical(*b"eng"), canonical(*b"deu"));
        assert_ne!(canonical(*b"qaa"), canonical(*b"mul"));
        assert_eq!(split(b"DEUx"), Some((*b"deu", &b"x"[..])));
        assert_eq!(name(*b"und"), "");
        assert_eq!(name([0, 0, 0]), "");
        assert_eq!(name(*b"fra"), "fra");
    }
}
