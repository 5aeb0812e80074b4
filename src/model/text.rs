//! Cleaning of broadcast text, and names that every player reads whole.

/// One line: controls (C0, C1 with the DVB emphasis marks U+0086/U+0087) dropped, blanks and line breaks collapsed,
/// trimmed. Rule G14.
pub fn clean_line(text: &str) -> String {
    if is_clean(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match visible(c) {
            Some(c) if c.is_whitespace() && out.is_empty() => {}
            Some(' ' | '\n') if out.ends_with(' ') => {}
            Some('\n') => out.push(' '),
            Some(c) => out.push(c),
            None => {}
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Text of several lines: controls dropped, U+008A (the DVB line break) and CR LF become line breaks, tabs a blank,
/// no blank at the end of a line, no empty lines at either end.
pub fn clean_text(text: &str) -> String {
    if is_clean(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match visible(c) {
            Some(c) if c.is_whitespace() && out.is_empty() => {}
            Some('\n') => {
                out.truncate(out.trim_end_matches(' ').len());
                out.push('\n');
            }
            Some(' ') if out.ends_with('\n') => {}
            Some(c) => out.push(c),
            None => {}
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// A quick look that finds most texts clean: single blanks within, no controls, and no character whose first byte of
/// UTF-8 is that of one which is dropped, replaced or blank (U+0080, U+1680, U+2028, U+3000, U+E080, U+FEFF).
fn is_clean(text: &str) -> bool {
    let mut before = b' ';
    for byte in text.bytes() {
        match byte {
            b' ' if before == b' ' => return false,
            0..=0x1f | 0x7f | 0xc2 | 0xe1..=0xe3 | 0xee | 0xef => return false,
            _ => before = byte,
        }
    }
    before != b' '
}

/// What is left of a character: itself, a blank for a tab, a line break for U+008A, nothing for a control, for the
/// characters XML 1.0 does not know and for invisible direction marks at random places.
fn visible(c: char) -> Option<char> {
    match c {
        '\n' | '\u{8a}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\t' => Some(' '),
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => None,
        // Broadcast private use area: emphasis marks of some encoders (U+E086/U+E087), line break U+E08A.
        '\u{e08a}' => Some('\n'),
        '\u{e080}'..='\u{e09f}' => None,
        c => Some(c),
    }
}

/// A channel name that every player reads whole (rule G16): typographic signs stand for those that cut it, and a
/// no-break space follows a leading number, which Jellyfin takes for the channel's number otherwise.
pub fn player_name(name: &str) -> String {
    let name = player_text(name);
    match name.split_once(' ') {
        Some((first, rest))
            if first
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.') =>
        {
            format!("{first}\u{a0}{rest}")
        }
        _ => name,
    }
}

/// Text for an attribute: no `"`, `'`, comma, no separators of groups, nothing that looks like another attribute.
pub fn player_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_lost_on_kodi(*c)) {
        out.push(match c {
            '"' => '\u{201d}',
            '\'' => '\u{2019}',
            // `;` separates groups.
            ',' | ';' => '\u{201a}',
            // So does `|` for Tvheadend.
            '|' => '/',
            // IPTV Simple looks for `media=` and others anywhere in the line (rule G17).
            '=' => '\u{ff1d}',
            c if c.is_control() => ' ',
            c => c,
        });
    }
    // What stood beside a lost sign, or would have become a blank.
    match out.trim() {
        // A name of nothing but lost signs still needs a name.
        "" => "\u{2013}".into(),
        all if all.len() == out.len() => out,
        inner => inner.into(),
    }
}

/// Kodi 20 takes a text with a character of four UTF-8 bytes whose third is below 0x90 (🌍, 🎬, 🏀, flags) for Latin-1 and
/// garbles all of it; 📺 or 😀 are fine. Seen in Kodi 20.1, in names of channels and groups.
fn is_lost_on_kodi(c: char) -> bool {
    c > '\u{ffff}' && (c as u32 >> 6) & 0x3f < 0x10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g14_a_name_is_one_line_without_controls() {
        assert_eq!(
            clean_line("  \u{86}Das\u{87} Erste\r\n\tHD\u{1} "),
            "Das Erste HD"
        );
        assert_eq!(clean_line("\u{feff}Первый   канал"), "Первый канал");
        assert_eq!(clean_line("\u{1}\u{2}"), "");
        assert_eq!(clean_line("\u{3000}\u{a0} S03\u{a0}"), "S03");
    }

    #[test]
    fn signs_that_garble_names_on_kodi_are_left_out() {
        assert_eq!(player_text("International 🌍"), "International");
        assert_eq!(player_text("IPTV 📺 Ünï 😀"), "IPTV 📺 Ünï 😀");
        assert_eq!(player_text("🎬"), "\u{2013}");
        assert_eq!(player_text("🎬 News\u{a0}🌍"), "News");
        assert_eq!(player_name("🎬 24 News"), "24\u{a0}News");
    }

    #[test]
    fn a_quick_look_finds_clean_only_what_stays_as_it_is() {
        // Those behind U+FFFF are all the same to both.
        for code in 0..=0x1_0000 {
            let Some(c) = char::from_u32(code) else {
                continue;
            };
            for text in [format!("a{c}b"), format!("a{c}"), format!("{c}b")] {
                let careful = [
                    clean_line(&format!("{text}\n")),
                    clean_text(&format!("{text}\n")),
                ];
                assert!(
                    !is_clean(&text) || careful == [text.as_str(), &text],
                    "{code:x}"
                );
            }
        }
        assert!(is_clean("Die Größe von 100 Änderungen"));
        assert!(!is_clean("a  b") && !is_clean(" a") && !is_clean("a "));
    }

    #[test]
    fn a_description_keeps_its_lines() {
        assert_eq!(
            clean_text("\n Erste \r\nZweite\u{8a}Dritte\tTab \u{86}x\u{87} \n\n"),
            "Erste\nZweite\nDritte Tab x"
        );
        assert_eq!(clean_text("a\n\nb"), "a\n\nb");
        assert_eq!(clean_text("\u{a0}\n a \u{a0}\n"), "a");
    }
}
