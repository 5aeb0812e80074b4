//! The root device of UPnP, as `/device.xml` tells it.

use super::{Device, MODEL};
use crate::model::clean_line;
use crate::xml::{element, line, writer};

/// Bytes the document has with a name of usual length.
const USUAL: usize = 1 << 10;

/// Describes the device that is reached at `base` (`http://192.168.1.5:8080`).
pub fn description(device: &Device, base: &str) -> String {
    let mut xml = writer(USUAL);
    xml.write_declaration();
    xml.start_element("root");
    xml.write_attribute("xmlns", "urn:schemas-upnp-org:device-1-0");
    xml.start_element("specVersion");
    element(&mut xml, "major", "1");
    element(&mut xml, "minor", "0");
    xml.end_element();
    element(&mut xml, "URLBase", base);
    xml.start_element("device");
    let id = device.id.to_string();
    let udn = format!("uuid:{}", device.id.uuid());
    for (name, text) in [
        ("deviceType", "urn:schemas-upnp-org:device:MediaServer:1"),
        ("friendlyName", &clean_line(&device.name)),
        ("manufacturer", "Silicondust"),
        ("modelName", MODEL),
        ("modelNumber", MODEL),
        ("serialNumber", &id),
        ("UDN", &udn),
        ("presentationURL", "/"),
    ] {
        element(&mut xml, name, text);
    }
    line(xml)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_device_is_described() {
        let device = Device {
            id: "1075D4B1".parse().unwrap(),
            name: "Living <room> & \"kitchen\"\u{1}]]>".into(),
            tuners: 2,
        };
        let uuid = device.id.uuid();
        let expected = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\
             <root xmlns=\"urn:schemas-upnp-org:device-1-0\"><specVersion><major>1</major><minor>0</minor>\
             </specVersion><URLBase>http://192.168.1.5:8080</URLBase><device>\
             <deviceType>urn:schemas-upnp-org:device:MediaServer:1</deviceType>\
             <friendlyName>Living &lt;room&gt; &amp; \"kitchen\"]]&gt;</friendlyName>\
             <manufacturer>Silicondust</manufacturer><modelName>HDHR4-2DT</modelName>\
             <modelNumber>HDHR4-2DT</modelNumber><serialNumber>1075D4B1</serialNumber>\
             <UDN>uuid:{uuid}</UDN><presentationURL>/</presentationURL></device></root>\n"
        );
        assert_eq!(description(&device, "http://192.168.1.5:8080"), expected);
    }
}
