//! Texts on the television.

use std::time::Duration;

use super::json::Splitter;
use super::{client, obeyed, quote, Error, Objects, OpenWebif};

/// How errors call it: what is shown may be a secret.
const PATH: &str = "/api/message";
/// The answer is two fields.
const LARGEST: u64 = 16 * 1024;

impl OpenWebif {
    /// Shows a text on the screen, which goes away after `time` or at a press of OK. Tried once only, or it might be shown
    /// twice. In standby the receiver takes it too, and shows it to nobody.
    ///
    /// # Errors
    /// [`Error`]; none tells of the text.
    pub async fn show(&self, text: &str, time: Duration) -> Result<(), Error> {
        // 1 is a plain information (`MessageBox.TYPE_INFO`); `text` and `type` must be there.
        let query = format!("text={}&type=1&timeout={}", quote(text), time.as_secs());
        let request = format!("{PATH}?{query}");
        let mut objects = Objects {
            splitter: Splitter::default(),
            each: |_: &str| Ok(()),
            restarted: || (),
        };
        let asked = self.client.fetch_once(&request, LARGEST, &mut objects);
        self.ask(PATH, asked).await.map_err(without_page)?;
        let shell = objects.splitter.finish();
        let shell = shell.map_err(|text| Error::Malformed(PATH.into(), text))?;
        obeyed(PATH, &shell)
    }
}

/// Pages about a failure (Twisted's, with tracebacks switched on) show what was asked for.
fn without_page(error: Error) -> Error {
    match error {
        Error::Http(client::Error::Status {
            status,
            retry_after,
            ..
        }) => Error::Http(client::Error::Status {
            status,
            text: String::new(),
            retry_after,
        }),
        other => other,
    }
}
