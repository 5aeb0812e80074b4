//! Texts and references as they come from a receiver.

use arbitrary::{Result, Unstructured};
use xg2g::model::{clean_line, clean_text};

/// Signs that some reader of some output takes for something else.
const SIGNS: &str =
    "\"',;|=<>&#%:/?\\ \t\r\n\0\u{85}\u{86}\u{a0}\u{2028}\u{2022}\u{feff}\u{ffff}🌍📺]]-";

/// A text of any signs, with those above more often than by chance.
fn text(from: &mut Unstructured<'_>, longest: usize) -> Result<String> {
    let count = from.int_in_range(0..=longest)?;
    let mut text = String::new();
    for _ in 0..count {
        if from.is_empty() {
            break;
        }
        let byte: u8 = from.arbitrary()?;
        match byte {
            0..=0x7f => text.push(char::from(byte)),
            0x80..=0xef => {
                let at = usize::from(byte) % SIGNS.chars().count();
                text.extend(SIGNS.chars().nth(at));
            }
            _ => text.push(from.arbitrary()?),
        }
    }
    Ok(text)
}

/// A name, as the readers of answers and files clean it.
pub fn line(from: &mut Unstructured<'_>) -> Result<String> {
    Ok(clean_line(&text(from, 24)?))
}

/// A description, cleaned in the same way.
pub fn lines(from: &mut Unstructured<'_>) -> Result<String> {
    Ok(clean_text(&text(from, 160)?))
}

/// A service reference: broadcast or an address, with flags.
pub fn address(from: &mut Unstructured<'_>) -> Result<String> {
    let kind = from.choose(&["1", "4097", "5002"])?;
    let flags = from.choose(&["0", "0", "0", "64", "832", "512"])?;
    let mut reference = format!("{kind}:{flags}");
    for word in from.arbitrary::<[u16; 5]>()? {
        reference.push_str(&format!(":{:X}", word & 0xff));
    }
    reference.push_str(":0:0:0:");
    if from.ratio(1, 3)? {
        let scheme = from.choose(&["http", "https", "rtsp", "#http"])?;
        let host = from.choose(&["h", "127.0.0.1:17999", "u:p@localhost", "[::1]"])?;
        let address = format!("{scheme}://{host}/{}", text(from, 16)?);
        let address = address.replace('%', "%25").replace(':', "%3a");
        reference.push_str(&address);
    }
    Ok(reference)
}
