//! Lists as JSON, made on the way, so that a slow processor serves others in between.

use std::io;

use nanoserde::{SerJson, SerJsonState};

use crate::http::{Body, Chunks, Method, Reply, Request};

const PIECE: usize = 32 * 1024;

/// Adds an item, with its comma.
pub(super) fn item(out: &mut String, value: &impl SerJson) {
    out.push_str(&value.serialize_json());
    out.push(',');
}

/// A member that is always there: `null` where a plain `Option` would be left out.
pub(super) struct OrNull<T>(pub(super) Option<T>);

impl<T: SerJson> SerJson for OrNull<T> {
    fn ser_json(&self, depth: usize, state: &mut SerJsonState) {
        self.0.ser_json(depth, state);
    }
}

/// A list made on the way: `head`, the items, `]}`.
pub(super) fn listed(request: &Request, head: String, chosen: Vec<u32>, each: Each) -> Reply {
    let mut reply = Reply::empty(200)
        .with("content-type", "application/json")
        .with("cache-control", "no-cache");
    if request.method != Method::Head {
        let list = List {
            text: head,
            chosen: chosen.into_iter(),
            each,
        };
        reply.body = Body::Stream(Box::new(list));
    }
    reply
}

/// Writes the items at an index, each with a comma behind it.
pub(super) type Each = Box<dyn FnMut(u32, &mut String) -> io::Result<()>>;

struct List {
    text: String,
    chosen: std::vec::IntoIter<u32>,
    each: Each,
}

impl Chunks for List {
    fn next(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        while self.text.len() < PIECE {
            let Some(at) = self.chosen.next() else {
                if self.text.ends_with(',') {
                    self.text.pop();
                }
                self.text.push_str("]}");
                out.append(&mut std::mem::take(&mut self.text).into_bytes());
                return Ok(false);
            };
            (self.each)(at, &mut self.text)?;
        }
        // The last comma may have to go: it stays for the next piece.
        let comma = self.text.pop();
        out.append(&mut std::mem::take(&mut self.text).into_bytes());
        self.text.extend(comma);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_valid_however_it_is_cut() {
        for count in [0, 1, 2_000] {
            let each = |at: u32, out: &mut String| {
                item(out, &format!("item {at} {}", "x".repeat(40)));
                Ok(())
            };
            let chosen: Vec<u32> = (0..count).collect();
            let mut list = List {
                text: "{\"items\":[".into(),
                chosen: chosen.into_iter(),
                each: Box::new(each),
            };
            let mut whole = Vec::new();
            loop {
                let mut out = Vec::new();
                let more = list.next(&mut out).unwrap();
                whole.extend(out);
                if !more {
                    break;
                }
            }
            let text = String::from_utf8(whole).unwrap();
            assert_eq!(text.matches("item ").count(), count as usize);
            assert!(
                text.ends_with("]}")
                    && !text.contains(",]")
                    && !text.contains(",,")
                    && !text.contains("\"\"")
            );
        }
    }
}
