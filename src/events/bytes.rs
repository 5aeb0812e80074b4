//! Numbers and texts as bytes, and back: what does not fit is `None`, never a panic.

/// Seven bits a byte, low bits first, the high bit says that more follow.
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(super) fn take_number(rest: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for shift in (0..35).step_by(7) {
        let byte = take_byte(rest)?;
        number |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u32);
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = take_number(rest)? as usize;
    let (text, after) = (rest.get(..length)?, rest.get(length..)?);
    *rest = after;
    Some(std::str::from_utf8(text).ok()?.to_owned())
}

/// The count, then each item as `put` writes it.
pub(super) fn put_list<T>(out: &mut Vec<u8>, items: &[T], put: impl Fn(&mut Vec<u8>, &T)) {
    put_number(out, items.len() as u32);
    for item in items {
        put(out, item);
    }
}

/// No room is made for the count: it may be damage. The bytes that are there bound the list.
pub(super) fn take_list<T>(
    rest: &mut &[u8],
    take: impl Fn(&mut &[u8]) -> Option<T>,
) -> Option<Vec<T>> {
    (0..take_number(rest)?).map(|_| take(rest)).collect()
}

pub(super) fn take_byte(rest: &mut &[u8]) -> Option<u8> {
    let (byte, after) = rest.split_first()?;
    *rest = after;
    Some(*byte)
}
