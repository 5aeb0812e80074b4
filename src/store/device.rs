//! The file of the HDHomeRun device's id: clients know the device by it, also when the network card is another one.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::model::{DeviceId, NoDeviceId};
use crate::replace::replace;

/// The file's name in the state directory.
pub const FILE: &str = "device";

/// The id that was kept, or else a new one, which is kept from now on. What goes wrong is told in the log.
pub fn device_id(state: &Path, new: impl FnOnce() -> DeviceId) -> DeviceId {
    let path = state.join(FILE);
    match fs::read(&path).map(|content| check(&content)) {
        Ok(Ok(id)) => return id,
        Ok(Err(wrong)) => log::warn!("{}: must be {wrong}; made anew", path.display()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => log::warn!("{} cannot be read: {error}", path.display()),
    }
    let id = new();
    if let Err(error) = replace(&path, format!("{id}\n").as_bytes()) {
        log::warn!("{} cannot be written: {error}", path.display());
    }
    id
}

/// Reads the content of the file.
///
/// # Errors
/// What it should be.
pub fn check(content: &[u8]) -> Result<DeviceId, NoDeviceId> {
    let text = std::str::from_utf8(content).map_err(|_| NoDeviceId::Digits)?;
    text.trim().parse()
}
