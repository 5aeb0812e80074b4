//! Elements, escaped. `xmlwriter` escapes `<` in text and the quote in attributes only, so the rest is escaped here
//! first.

use std::borrow::Cow;

use xmlwriter::{Indent, Options, XmlWriter};

pub(super) fn writer(capacity: usize) -> XmlWriter {
    let options = Options {
        use_single_quote: false,
        indent: Indent::None,
        attributes_indent: Indent::None,
    };
    XmlWriter::with_capacity(capacity, options)
}

/// The document of one element as a line.
pub(super) fn line(xml: XmlWriter) -> String {
    let mut text = xml.end_document();
    text.push('\n');
    text
}

pub(super) fn element(xml: &mut XmlWriter, name: &str, text: &str) {
    xml.start_element(name);
    xml.write_text(&escape(text));
    xml.end_element();
}

/// An element with an attribute, if that has a value.
pub(super) fn element_with(
    xml: &mut XmlWriter,
    name: &str,
    attribute: (&str, Option<&str>),
    text: &str,
) {
    xml.start_element(name);
    if let (key, Some(value)) = attribute {
        xml.write_attribute(key, value);
    }
    xml.write_text(&escape(text));
    xml.end_element();
}

/// Escapes what `xmlwriter` leaves in text; characters that XML 1.0 has no place for were dropped by the model.
fn escape(text: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'&', b'>', text.as_bytes()).is_none() {
        return text.into();
    }
    text.replace('&', "&amp;").replace('>', "&gt;").into()
}

/// The same for an attribute.
pub(super) fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
