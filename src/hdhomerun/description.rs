//! The device's description for UPnP.

use super::Device;

/// The document.
pub fn description(device: &Device, base: &str) -> String {
    format!("{} {base}", device.id.uuid())
}
