//! The softcam's stream relay, as far as the receiver's settings name it.

use super::json::Value;
use super::{fields, Error, OpenWebif};
use crate::model::{Relay, ServiceRef};

impl OpenWebif {
    /// What comes from the stream relay: OpenWebif 2.x tells, 1.x knows none. The settings of a real receiver are some 20 kB: ask rarely.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn relay(&self) -> Result<Relay, Error> {
        let path = "/api/settings";
        let shell = self.list(path, |_| Ok(())).await?;
        let mut rows = None;
        fields(&shell, |key, value| {
            if let ("settings", Value::List(list)) = (key, value) {
                rows = Some(list);
            }
        })?;
        match rows {
            Some(rows) => Ok(read(rows)),
            None => Err(Error::malformed(path, "there is no list of settings")),
        }
    }
}

/// Pairs of key and value; values that are no texts are left out.
fn read(rows: Vec<Vec<String>>) -> Relay {
    let mut relay = Relay::default();
    for row in rows {
        let [key, value] = &row[..] else { continue };
        match key.as_str() {
            "whitelist_streamrelay" => {
                let listed = value.split(',').map(str::trim);
                relay.services = listed.filter_map(ServiceRef::parse).collect();
            }
            "config.misc.softcam_streamrelay_port" => {
                relay.port = value.parse().ok().filter(|port| *port > 0);
            }
            _ => {}
        }
    }
    relay
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_and_the_port_are_found_among_the_settings() {
        let row = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect();
        let (one, two) = (
            "1:0:19:600:41F:1:C00000:0:0:0:",
            "1:0:19:601:41F:1:C00000:0:0:0:",
        );
        let found = read(vec![
            row(&["config.OpenWebif.port", "80"]),
            row(&["recording.margin_before"]),
            row(&["config.misc.softcam_streamrelay_port", "17998"]),
            row(&["whitelist_streamrelay", &format!("{one},{two}")]),
        ]);
        let services: Vec<String> = found.services.iter().map(ServiceRef::to_string).collect();
        assert_eq!(
            (services, found.port),
            (vec![one.into(), two.into()], Some(17998))
        );
        let nothing = read(vec![row(&["whitelist_streamrelay", ""])]);
        assert_eq!(nothing, Relay::default());
    }
}
