//! Elements, escaped. `xmlwriter` escapes `<` in text and the quote in attributes only, so the rest is escaped here
//! first.

use std::borrow::Cow;

use xmlwriter::{Indent, Options, XmlWriter};

/// A writer of one element without blanks between; `capacity` in bytes.
pub fn writer(capacity: usize) -> XmlWriter {
    let options = Options {
        use_single_quote: false,
        indent: Indent::None,
        attributes_indent: Indent::None,
    };
    XmlWriter::with_capacity(capacity, options)
}

/// The document of one element as a line.
pub fn line(xml: XmlWriter) -> String {
    let mut text = xml.end_document();
    text.push('\n');
    text
}

/// An element with text.
pub fn element(xml: &mut XmlWriter, name: &str, text: &str) {
    xml.start_element(name);
    xml.write_text(&escape_text(text));
    xml.end_element();
}

/// An element with an attribute, if that has a value.
pub fn element_with(xml: &mut XmlWriter, name: &str, attribute: (&str, Option<&str>), text: &str) {
    xml.start_element(name);
    if let (key, Some(value)) = attribute {
        xml.write_attribute(key, value);
    }
    xml.write_text(&escape_text(text));
    xml.end_element();
}

/// Escapes what `xmlwriter` leaves in text; characters that XML 1.0 has no place for were dropped by the model.
fn escape_text(text: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'&', b'>', text.as_bytes()).is_none() {
        return text.into();
    }
    text.replace('&', "&amp;").replace('>', "&gt;").into()
}

/// A text as the value of an attribute.
pub fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// A text as it stands in a document that is written by hand.
pub fn text(text: &str) -> String {
    attribute(text).replace('>', "&gt;").replace('"', "&quot;")
}
