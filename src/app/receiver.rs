//! Where the receiver is, by the configuration.

use std::io;
use std::net::{IpAddr, UdpSocket};
use std::rc::Rc;
use std::time::Duration;

use smol::LocalExecutor;

use crate::config::{Config, ReceiverSource};
use crate::health::Board;
use crate::http::client::Settings;
use crate::model::{authority, is_loopback, without_port};
use crate::notice::Notices;
use crate::receiver::demo;
use crate::receiver::disk::Disk;
use crate::receiver::openwebif::OpenWebif;
use crate::refresh;
use crate::server::{NotShown, Show};
use crate::stream::{Ask, Ports, Streams, Watch};

/// A simulated receiver that takes the place of the configured one.
pub(crate) struct Simulated {
    pub(crate) receiver: demo::Receiver,
    login: (String, String),
}

impl Simulated {
    /// Starts it.
    ///
    /// # Errors
    /// When no port can be opened.
    pub(crate) fn start(
        executor: &Rc<LocalExecutor<'static>>,
        wanted: demo::Options,
    ) -> io::Result<Simulated> {
        let receiver = demo::start(executor, wanted.clone())?;
        let login = wanted.login.unwrap_or_default();
        Ok(Simulated { receiver, login })
    }

    /// Puts it in the place of the configured one.
    pub(crate) fn replace(&self, config: &mut Config) {
        let (user, password) = &self.login;
        config.receiver.url = self.receiver.url();
        config.receiver.user.clone_from(user);
        config.receiver.password = password.as_str().into();
        config.stream.port = self.receiver.stream_port();
        config.stream.relay_port = self.receiver.relay_port();
    }
}

pub(crate) fn settings(config: &Config) -> Settings {
    let receiver = &config.receiver;
    Settings {
        base: receiver.url.clone(),
        user: receiver.user.clone(),
        password: receiver.password.reveal().to_owned(),
        timeout: receiver.timeout,
        retries: receiver.retries,
        backoff: receiver.backoff,
        max_backoff: receiver.max_backoff,
        user_agent: concat!("xg2g/", env!("CARGO_PKG_VERSION")).into(),
    }
}

/// Asks the receiver what it does for itself.
pub(super) fn ask(web: Rc<OpenWebif>) -> Ask {
    Box::new(move || {
        let web = web.clone();
        Box::pin(async move {
            let situation = web.situation().await;
            situation.inspect_err(|error| log::debug!("{error}")).ok()
        })
    })
}

/// Shows texts on the receiver's screen, if it is on.
pub(super) fn show(web: Rc<OpenWebif>) -> Show {
    Rc::new(move |text, time| {
        let web = web.clone();
        Box::pin(async move {
            let away = |error: crate::receiver::Error| NotShown::Away(error.to_string());
            // What the last pass saw may be hours old.
            if web.standby().await.map_err(away)? {
                return Err(NotShown::Standby);
            }
            web.show(&text, time).await.map_err(away)
        })
    })
}

/// Streams to try one of, which nobody watches; `patience` is the longest it may take to tune.
pub(crate) fn trial(
    executor: &Rc<LocalExecutor<'static>>,
    config: &Config,
    web: Rc<OpenWebif>,
    patience: Duration,
) -> Streams {
    let mut settings = config.stream.clone();
    settings.tune_timeout = settings.tune_timeout.min(patience);
    let streams = Streams::new(
        executor,
        Watch::default(),
        Board::default(),
        Notices::new(super::stamp),
    );
    streams.set(settings);
    streams.set_receiver(ports(config), ask(web));
    streams
}

/// Hands the receiver's facts to the streams.
pub(super) fn tell(streams: Streams) -> refresh::Tell {
    Box::new(move |facts| {
        streams.set_tuners(facts.tuners);
        streams.set_relayed(facts.relay.services.iter().cloned());
        streams.set_relay_port(facts.relay.port);
    })
}

/// Where streams come from.
pub(super) fn ports(config: &Config) -> Ports {
    let host = authority(&config.receiver.url).map_or("", without_port);
    let receiver = &config.receiver;
    let login = (receiver.user.clone(), receiver.password.reveal().to_owned());
    Ports {
        host: host.trim_matches(['[', ']']).to_owned(),
        stream: config.stream.port,
        relay: config.stream.relay_port,
        login: Some(login).filter(|_| !receiver.user.is_empty()),
    }
}

/// The host of the receiver as other machines know it; `None` if it is this one.
pub(crate) fn host_of(url: &str) -> Option<String> {
    let host = without_port(authority(url)?);
    (!is_loopback(host)).then(|| host.to_owned())
}

/// The receiver's own files, where channels and guide come from them; else why they do not.
pub(crate) fn disk(config: &Config, is_demo: bool) -> Result<Disk, &'static str> {
    let disk = Disk::new(&config.receiver.dir);
    match config.receiver.source {
        ReceiverSource::Disk => Ok(disk),
        ReceiverSource::OpenWebif => Err("receiver.source says so"),
        ReceiverSource::Auto if is_demo => Err("the receiver is a simulated one"),
        ReceiverSource::Auto if !is_here(&config.receiver.url) => {
            Err("receiver.url is another machine")
        }
        ReceiverSource::Auto if !disk.is_there() => {
            Err("receiver.dir holds no lamedb with bouquets.tv")
        }
        ReceiverSource::Auto => Ok(disk),
    }
}

/// Whether a URL means this machine: a name or an address of loopback, or one that can be listened on.
pub(super) fn is_here(url: &str) -> bool {
    let Some(host) = host_of(url) else {
        return true;
    };
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    address.is_ok_and(|address| UdpSocket::bind((address, 0)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_at_an_address_of_ours_is_here() {
        assert!(is_here("http://127.0.0.1:81"));
        assert!(is_here("http://localhost"));
        // 192.0.2.0/24 is nobody's (RFC 5737).
        assert!(!is_here("http://192.0.2.1"));
        assert!(!is_here("http://vuduo2"));
    }

    #[test]
    fn a_receiver_on_this_machine_has_no_name_for_others() {
        assert_eq!(host_of("http://127.0.0.1"), None);
        assert_eq!(host_of("http://localhost:80/x"), None);
        assert_eq!(host_of("http://[::1]:80"), None);
        assert_eq!(
            host_of("http://192.168.1.5:81").as_deref(),
            Some("192.168.1.5")
        );
        assert_eq!(host_of("http://[fd00::5]/").as_deref(), Some("[fd00::5]"));
        assert_eq!(host_of("http://vuduo2").as_deref(), Some("vuduo2"));
    }
}
