//! Between two passes nobody asks the receiver anything, for half an hour or longer. So that a receiver that goes away
//! is seen soon, and one that comes back asked at once, its door is knocked at.

use smol::Timer;

use super::Poller;

impl Poller {
    /// Knocks every `receiver.probe`; calls `then` when the receiver is back. Never ends.
    pub(super) async fn knock(&self, then: impl Fn()) {
        let pause = self.settings.receiver.probe;
        if pause.is_zero() {
            return std::future::pending().await;
        }
        let mut is_there = true;
        loop {
            Timer::after(pause).await;
            let knocked = self.web.knock().await;
            if knocked.is_ok() == is_there {
                continue;
            }
            is_there = !is_there;
            let before = self.status.borrow_mut().reachable.replace(is_there);
            match knocked {
                Ok(()) => {
                    log::info!("the receiver is back");
                    then();
                }
                // A pass that failed has said so.
                Err(_) if before == Some(false) => {}
                Err(error) => {
                    self.health.receiver_failed(true, &error);
                    log::warn!("the receiver is away: {error}");
                }
            }
        }
    }
}
