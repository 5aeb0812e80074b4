//! The scripts of the page as one, linked while the program is built: less to fetch, and less in the program.
//!
//! Each file is a module as it stands. Linked they share one scope: `import` lines and the word `export` go, and so do
//! comments and what only makes them readable. So a name is given once in all of them, and an `import` is one line.

/// The length of these texts, linked (bytes).
pub(super) const fn length(texts: &[&str], is_linked: bool) -> usize {
    run::<0>(texts, is_linked).1
}

/// These texts, one after the other: without comments that have lines of their own, blanks at the beginning of lines
/// and empty lines; `is_linked`: as one script.
pub(super) const fn link<const LENGTH: usize>(texts: &[&str], is_linked: bool) -> [u8; LENGTH] {
    run::<LENGTH>(texts, is_linked).0
}

/// What there is room for, and the length of all of it.
const fn run<const ROOM: usize>(texts: &[&str], is_linked: bool) -> ([u8; ROOM], usize) {
    let mut out = [0; ROOM];
    let mut length = 0;
    let mut text = 0;
    while text < texts.len() {
        let bytes = texts[text].as_bytes();
        let mut is_comment = false;
        let mut at = 0;
        while at < bytes.len() {
            let mut end = at;
            while end < bytes.len() && bytes[end] != b'\n' {
                end += 1;
            }
            while at < end && bytes[at] == b' ' {
                at += 1;
            }
            is_comment |= begins(bytes, at, b"/*");
            let mut is_kept = at < end && !is_comment && !begins(bytes, at, b"//");
            if end >= at + 2 && begins(bytes, end - 2, b"*/") {
                is_comment = false;
            }
            if is_linked {
                is_kept &= !begins(bytes, at, b"import ");
                if begins(bytes, at, b"export default ") {
                    at += b"export default ".len();
                } else if begins(bytes, at, b"export ") {
                    at += b"export ".len();
                }
            }
            while is_kept && at <= end {
                if length < ROOM {
                    out[length] = if at == end { b'\n' } else { bytes[at] };
                }
                length += 1;
                at += 1;
            }
            at = end + 1;
        }
        text += 1;
    }
    (out, length)
}

const fn begins(bytes: &[u8], at: usize, with: &[u8]) -> bool {
    let mut checked = 0;
    while checked < with.len() {
        if at + checked >= bytes.len() || bytes[at + checked] != with[checked] {
            return false;
        }
        checked += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(texts: &[&str], is_linked: bool) -> String {
        let out = run::<1024>(texts, is_linked);
        assert_eq!(out.1, length(texts, is_linked));
        String::from_utf8(out.0[..out.1].to_vec()).unwrap()
    }

    #[test]
    fn modules_become_one_script() {
        let first = "// A.\n\nimport { b } from \"./b.js\";\n\n/** Ü. */\nexport const a = () => {\n  b(\"// ü\");\n};\n";
        let second = "/**\n * B.\n */\nexport default async function b() {} // x\n/* c */\nlast();";
        assert_eq!(
            linked(&[first, second], true),
            "const a = () => {\nb(\"// ü\");\n};\nasync function b() {} // x\nlast();\n"
        );
    }

    #[test]
    fn other_texts_lose_only_what_makes_them_readable() {
        let style = "/* A\n   b. */\n* { c: d; }\n\n.e {\n  f: g;\n}\n";
        assert_eq!(linked(&[style], false), "* { c: d; }\n.e {\nf: g;\n}\n");
        let texts = "// A.\nexport default {\n  \"a\": \"b\",\n};\n";
        assert_eq!(
            linked(&[texts], false),
            "export default {\n\"a\": \"b\",\n};\n"
        );
        assert_eq!(linked(&["", "\n"], true), "");
    }
}
