//! For whom a playlist is written.

/// For whom a playlist is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// Kodi's IPTV Simple client; also for programs we do not know, since everybody else ignores its extra lines.
    Kodi,
    /// Jellyfin and Emby.
    Jellyfin,
    /// Plex, through a tuner emulator.
    Plex,
    /// Tvheadend's automatic IPTV network.
    Tvheadend,
    /// Threadfin, xTeVe and kin.
    Threadfin,
    /// Nothing but the attributes everybody reads.
    Plain,
}

impl Client {
    /// All of them.
    pub const ALL: [Client; 6] = [
        Client::Kodi,
        Client::Jellyfin,
        Client::Plex,
        Client::Tvheadend,
        Client::Threadfin,
        Client::Plain,
    ];

    /// By the name used in `?client=`.
    pub fn named(name: &str) -> Option<Client> {
        Client::ALL.into_iter().find(|client| client.name() == name)
    }

    /// By the `User-Agent` header.
    pub fn of_agent(agent: &str) -> Client {
        let agent = agent.to_ascii_lowercase();
        let has = |word: &str| agent.contains(word);
        if has("kodi") {
            Client::Kodi
        } else if has("jellyfin") || has("emby") {
            Client::Jellyfin
        } else if has("plex") {
            Client::Plex
        } else if has("tvheadend") {
            Client::Tvheadend
        } else if has("threadfin") || has("xteve") {
            Client::Threadfin
        } else {
            Client::Kodi
        }
    }

    /// The name used in `?client=`.
    pub fn name(self) -> &'static str {
        match self {
            Client::Kodi => "kodi",
            Client::Jellyfin => "jellyfin",
            Client::Plex => "plex",
            Client::Tvheadend => "tvheadend",
            Client::Threadfin => "threadfin",
            Client::Plain => "plain",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_known_by_their_agent() {
        assert_eq!(
            Client::of_agent("KodifromDebian/20.1 (X11; Linux x86_64)"),
            Client::Kodi
        );
        assert_eq!(Client::of_agent("Jellyfin-Server/10.9"), Client::Jellyfin);
        assert_eq!(Client::of_agent("TVHeadend/4.3"), Client::Tvheadend);
        assert_eq!(Client::of_agent("curl/8"), Client::Kodi);
        for name in [
            "kodi",
            "jellyfin",
            "plex",
            "tvheadend",
            "threadfin",
            "plain",
        ] {
            assert_eq!(Client::named(name).map(Client::name), Some(name));
        }
    }
}
