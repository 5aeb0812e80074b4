//! The directories this machine and the configuration mean.

use crate::config::Loaded;
use std::path::{Path, PathBuf};

/// Where files go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The small state that outlives a restart.
    pub state: PathBuf,
    /// Outputs and events.
    pub data: PathBuf,
}

impl Places {
    /// As configured, else as it suits this machine; a demo leaves nothing behind. The state is where the settings
    /// changed over HTTP are: what those say does not move them.
    pub fn of(demo: bool, loaded: &Loaded) -> Places {
        let files = &loaded.config.files;
        let data = match (&files.data, demo) {
            (None, true) => Places::of_demo(),
            _ => files.data_dir(),
        };
        let beside = loaded.settings.as_deref().and_then(Path::parent);
        let state = match (beside, &files.state, demo) {
            (Some(beside), ..) => beside.to_owned(),
            (None, None, true) => data.clone(),
            _ => {
                let settings = Path::new("/etc/enigma2");
                let is_box = |name: &&str| settings.join(name).exists();
                let on_box = ["lamedb", "lamedb5"].iter().any(is_box);
                files.state_dir(loaded.file.as_deref(), on_box)
            }
        };
        Places { state, data }
    }

    /// A directory of our own for a demo.
    pub fn of_demo() -> PathBuf {
        PathBuf::from(format!("/tmp/xg2g-demo-{}", std::process::id()))
    }
}
