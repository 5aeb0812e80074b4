//! Whether the receiver is there, without a question.

use std::time::Duration;

use super::{Error, OpenWebif};

/// How long the receiver may take to open: a lost packet is sent again after one second, and after three.
const PATIENCE: Duration = Duration::from_secs(4);

impl OpenWebif {
    /// Connects to the web interface, says nothing and goes.
    ///
    /// The receiver's kernel takes the connection, also while enigma2's main thread is busy or the receiver in standby;
    /// enigma2 sees it end, makes no session and does nothing. So this tells whether enigma2 runs, not whether it
    /// answers: one that hangs is still found by the questions.
    ///
    /// # Errors
    /// [`Error`]; nobody listens, or the machine is not there.
    pub async fn knock(&self) -> Result<(), Error> {
        let knocked = self.client.knock(PATIENCE).await;
        self.metrics.note_knock(knocked.is_ok());
        Ok(knocked?)
    }
}
