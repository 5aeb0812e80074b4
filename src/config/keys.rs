//! The one table of keys.

use super::{Key, Kind};
use std::time::Duration;

/// Every setting, in the order they are shown; a section's keys stand together.
pub const KEYS: &[Key] = &[
    Key {
        path: "receiver.source",
        env: "XG2G_RECEIVER_SOURCE",
        kind: Kind::ReceiverSource(|c| &mut c.receiver.source),
        about: "Where channels and guide come from. disk: the receiver's own files, without a \
                request. openwebif: asked over HTTP. auto: the files if this machine is the \
                receiver and has them, otherwise OpenWebif.",
    },
    Key {
        path: "receiver.dir",
        env: "XG2G_RECEIVER_DIR",
        kind: Kind::Path(|c| &mut c.receiver.dir),
        about: "Directory of the receiver's own files: its settings, services and bouquets.",
    },
    Key {
        path: "receiver.url",
        env: "XG2G_OWI_BASE",
        kind: Kind::ReceiverUrl(|c| &mut c.receiver.url),
        about: "Address of the receiver's OpenWebif. A login in it (http://user:password@host) \
                counts as receiver.user and receiver.password.",
    },
    Key {
        path: "receiver.user",
        env: "XG2G_OWI_USER",
        kind: Kind::Text(|c| &mut c.receiver.user),
        about: "OpenWebif's user, if it asks for one.",
    },
    Key {
        path: "receiver.password",
        env: "XG2G_OWI_PASS",
        kind: Kind::Secret(|c| &mut c.receiver.password),
        about: "OpenWebif's password. It is never shown.",
    },
    Key {
        path: "receiver.timeout",
        env: "XG2G_OWI_TIMEOUT_MS",
        kind: Kind::Duration(
            |c| &mut c.receiver.timeout,
            Duration::from_millis(100),
            Duration::from_secs(600),
        ),
        about: "Longest time one request may take, the whole answer included.",
    },
    Key {
        path: "receiver.retries",
        env: "XG2G_OWI_RETRIES",
        kind: Kind::Number(|c| &mut c.receiver.retries, 0, 10),
        about: "How often a failed request is tried again.",
    },
    Key {
        path: "receiver.backoff",
        env: "XG2G_OWI_BACKOFF_MS",
        kind: Kind::Duration(
            |c| &mut c.receiver.backoff,
            Duration::from_millis(1),
            Duration::from_secs(3600),
        ),
        about: "Pause before the first new try; it doubles with each one.",
    },
    Key {
        path: "receiver.max_backoff",
        env: "XG2G_OWI_MAX_BACKOFF_MS",
        kind: Kind::Duration(
            |c| &mut c.receiver.max_backoff,
            Duration::from_millis(1),
            Duration::from_secs(3600),
        ),
        about: "Longest pause between two tries.",
    },
    Key {
        path: "receiver.max_block",
        env: "XG2G_RECEIVER_MAX_BLOCK",
        kind: Kind::Duration(
            |c| &mut c.receiver.max_block,
            Duration::from_millis(10),
            Duration::from_secs(60),
        ),
        about: "Longest time one answer may keep the receiver's main thread busy while \
                somebody may be watching; guide requests are cut to fit.",
    },
    Key {
        path: "receiver.max_block_standby",
        env: "XG2G_RECEIVER_MAX_BLOCK_STANDBY",
        kind: Kind::Duration(
            |c| &mut c.receiver.max_block_standby,
            Duration::from_millis(10),
            Duration::from_secs(60),
        ),
        about: "The same while the receiver is in standby.",
    },
    Key {
        path: "receiver.probe",
        env: "XG2G_RECEIVER_PROBE",
        kind: Kind::Duration(
            |c| &mut c.receiver.probe,
            Duration::from_millis(0),
            Duration::from_secs(3600),
        ),
        about: "How often to look whether the receiver can be reached, so that /metrics tells soon \
                when it cannot, and a refresh begins when it can again. A connection is opened to \
                its OpenWebif and closed, nothing is asked. 0ms: never.",
    },
    Key {
        path: "channels.bouquets",
        env: "XG2G_BOUQUET",
        kind: Kind::List(|c| &mut c.channels.bouquets),
        about: "Bouquets to offer, by name or by file stem (favourites of \
                userbouquet.favourites.tv). Empty: all but LastScanned and those with more \
                than 1000 URL services.",
    },
    Key {
        path: "channels.guard",
        env: "XG2G_CHANNELS_GUARD",
        kind: Kind::Number(|c| &mut c.channels.guard, 0, 100),
        about: "Largest share of a bouquet's services, in percent, that may vanish at once and \
                be believed. If more do, the old list stays and the log says so. 100 believes \
                every loss.",
    },
    Key {
        path: "channels.locked",
        env: "XG2G_CHANNELS_LOCKED",
        kind: Kind::Locked(|c| &mut c.channels.locked),
        about: "What becomes of services under the receiver's parental control: hide leaves them \
                out and counts them, show offers them. It is known only where the receiver's own \
                files are read.",
    },
    Key {
        path: "refresh.interval",
        env: "XG2G_REFRESH_INTERVAL",
        kind: Kind::Duration(
            |c| &mut c.refresh.interval,
            Duration::from_secs(60),
            Duration::from_secs(2592000),
        ),
        about: "Time from one pass to the next; a pass fetches only what is new or changed.",
    },
    Key {
        path: "refresh.full_interval",
        env: "XG2G_REFRESH_FULL_INTERVAL",
        kind: Kind::Duration(
            |c| &mut c.refresh.full_interval,
            Duration::from_secs(60),
            Duration::from_secs(2592000),
        ),
        about: "Time from one full pass to the next, which fetches everything.",
    },
    Key {
        path: "guide.enabled",
        env: "XG2G_EPG_ENABLED",
        kind: Kind::Flag(|c| &mut c.guide.enabled),
        about: "Whether the guide is fetched and served.",
    },
    Key {
        path: "guide.days",
        env: "XG2G_EPG_DAYS",
        kind: Kind::Number(|c| &mut c.guide.days, 1, 14),
        about: "How many days ahead the guide reaches.",
    },
    Key {
        path: "guide.languages",
        env: "XG2G_GUIDE_LANGUAGES",
        kind: Kind::Languages(|c| &mut c.guide.languages),
        about: "Languages of titles and texts, the preferred first, for events the receiver's \
                own files have in several. The others follow; players that know one language \
                show the first. Empty: in the order of the broadcast.",
    },
    Key {
        path: "guide.save_interval",
        env: "XG2G_GUIDE_SAVE_INTERVAL",
        kind: Kind::Duration(
            |c| &mut c.guide.save_interval,
            Duration::from_millis(0),
            Duration::from_secs(2592000),
        ),
        about: "How often at most the receiver is asked to write the guide it has gathered to its \
                file (epg.dat), which it does by itself only when it stops. 0ms: never.",
    },
    Key {
        path: "stream.mode",
        env: "XG2G_STREAM_MODE",
        kind: Kind::Mode(|c| &mut c.stream.mode),
        about: "proxy: streams come through this program, one from the receiver for all its \
                readers. redirect: the links point here and a request is sent on to the \
                receiver (302). direct: the links name the receiver's own stream port.",
    },
    Key {
        path: "stream.port",
        env: "XG2G_STREAM_PORT",
        kind: Kind::Port(|c| &mut c.stream.port),
        about: "The receiver's stream port.",
    },
    Key {
        path: "stream.relay_port",
        env: "XG2G_STREAM_RELAY_PORT",
        kind: Kind::Port(|c| &mut c.stream.relay_port),
        about: "The port of the receiver's stream relay, which a softcam opens for services in \
                whitelist_streamrelay.",
    },
    Key {
        path: "stream.linger",
        env: "XG2G_STREAM_LINGER",
        kind: Kind::Duration(
            |c| &mut c.stream.linger,
            Duration::from_millis(0),
            Duration::from_secs(600),
        ),
        about: "How long a stream is still received after its last reader left, so that a player \
                that opens it again need not wait. Ends at once when another one needs the tuner.",
    },
    Key {
        path: "stream.tune_timeout",
        env: "XG2G_STREAM_TUNE_TIMEOUT",
        kind: Kind::Duration(
            |c| &mut c.stream.tune_timeout,
            Duration::from_millis(100),
            Duration::from_secs(120),
        ),
        about:
            "How long a stream may take to begin before the player is told that it does not; 45s \
                for dishes with a rotor.",
    },
    Key {
        path: "stream.descramble_wait",
        env: "XG2G_STREAM_DESCRAMBLE_WAIT",
        kind: Kind::Duration(
            |c| &mut c.stream.descramble_wait,
            Duration::from_millis(100),
            Duration::from_secs(120),
        ),
        about: "How long packets may stay scrambled; after half of it the other port is tried.",
    },
    Key {
        path: "stream.stall",
        env: "XG2G_STREAM_STALL",
        kind: Kind::Duration(
            |c| &mut c.stream.stall,
            Duration::from_millis(100),
            Duration::from_secs(60),
        ),
        about: "After how long a silence a stream is tuned anew, while players get stuffing.",
    },
    Key {
        path: "stream.mend",
        env: "XG2G_STREAM_MEND",
        kind: Kind::Duration(
            |c| &mut c.stream.mend,
            Duration::from_millis(100),
            Duration::from_secs(600),
        ),
        about: "How long a broken stream is tried again before its players are closed.",
    },
    Key {
        path: "stream.buffer",
        env: "XG2G_STREAM_BUFFER",
        kind: Kind::Number(|c| &mut c.stream.buffer, 1024, 65536),
        about: "Memory for the last seconds of each stream, in kB: how far a slow player may lag \
                before it is dropped.",
    },
    Key {
        path: "stream.max_readers",
        env: "XG2G_STREAM_MAX_READERS",
        kind: Kind::Number(|c| &mut c.stream.max_readers, 1, 200),
        about: "Players at once, in all.",
    },
    Key {
        path: "stream.max_readers_per_client",
        env: "XG2G_STREAM_MAX_READERS_PER_CLIENT",
        kind: Kind::Number(|c| &mut c.stream.max_readers_per_client, 1, 200),
        about: "Streams at once to one address.",
    },
    Key {
        path: "stream.max_upstreams",
        env: "XG2G_STREAM_MAX_UPSTREAMS",
        kind: Kind::Number(|c| &mut c.stream.max_upstreams, 1, 100),
        about: "Streams received from the receiver at once.",
    },
    Key {
        path: "picons.dirs",
        env: "XG2G_PICONS_DIRS",
        kind: Kind::Directories(|c| &mut c.picons.dirs),
        about: "Directories on this machine to look for logos in, first to last, before the \
                receiver is asked.",
    },
    Key {
        path: "hdhomerun.enabled",
        env: "XG2G_HDHR_ENABLED",
        kind: Kind::Flag(|c| &mut c.hdhomerun.enabled),
        about: "Whether this program is an HDHomeRun tuner too: its addresses, and that it is found \
                on the network (ports 65001 and, for SSDP, 1900).",
    },
    Key {
        path: "hdhomerun.device_id",
        env: "XG2G_HDHR_DEVICE_ID",
        kind: Kind::DeviceId(|c| &mut c.hdhomerun.device_id),
        about: "Id of the device. Empty: one made from the network card and kept, so that clients \
                know it again.",
    },
    Key {
        path: "hdhomerun.name",
        env: "XG2G_HDHR_FRIENDLY_NAME",
        kind: Kind::Text(|c| &mut c.hdhomerun.name),
        about: "Name of the device. Empty: xg2g and the name of this machine.",
    },
    Key {
        path: "hdhomerun.tuners",
        env: "XG2G_HDHR_TUNER_COUNT",
        kind: Kind::Number(|c| &mut c.hdhomerun.tuners, 0, 32),
        about: "How many tuners the device says it has. 0: as many streams as can be had as things \
                are: one for each free tuner of the receiver, and the other channels of transponders \
                that are received already.",
    },
    Key {
        path: "hdhomerun.bouquets",
        env: "XG2G_HDHR_BOUQUETS",
        kind: Kind::List(|c| &mut c.hdhomerun.bouquets),
        about: "Bouquets in its lineup, by name or by file stem, out of those in channels.bouquets. \
                Empty: all of them. Radio is never in it.",
    },
    Key {
        path: "hdhomerun.max_channels",
        env: "XG2G_HDHR_MAX_CHANNELS",
        kind: Kind::Number(|c| &mut c.hdhomerun.max_channels, 1, 10_000),
        about: "Most channels in its lineup, the first ones by number. Plex and others take 480.",
    },
    Key {
        path: "server.listen",
        env: "XG2G_LISTEN",
        kind: Kind::Listen(|c| &mut c.server.listen),
        about: "Address and port to listen on. Without an address: all of them, IPv6 and IPv4. \
                Port 0 takes a free one.",
    },
    Key {
        path: "server.public_url",
        env: "XG2G_PUBLIC_URL",
        kind: Kind::PublicUrl(|c| &mut c.server.public_url),
        about: "Address to write into playlist and guide, for instance that of a reverse \
                proxy. Empty: the one the client used.",
    },
    Key {
        path: "server.max_connections",
        env: "XG2G_MAX_CONNECTIONS",
        // A process on a box may have 1024 files open, sockets included.
        kind: Kind::Number(|c| &mut c.server.max_connections, 16, 800),
        about:
            "Connections at once, in all. One more takes the place of one without a request, or \
                waits for a place.",
    },
    Key {
        path: "server.max_connections_per_client",
        env: "XG2G_MAX_CONNECTIONS_PER_CLIENT",
        kind: Kind::Number(|c| &mut c.server.max_connections_per_client, 4, 800),
        about: "Connections at once from one address (IPv6: one /64).",
    },
    Key {
        path: "server.hosts",
        env: "XG2G_HOSTS",
        kind: Kind::Hosts(|c| &mut c.server.hosts),
        about: "Names under which this program may be asked to change things, besides addresses, \
                the machine's own name, names without a dot and those that end in .local, .lan, \
                .fritz.box or .home.arpa: others could be the work of a hostile page.",
    },
    Key {
        path: "server.trusted_proxies",
        env: "XG2G_TRUSTED_PROXIES",
        kind: Kind::Networks(|c| &mut c.server.trusted_proxies),
        about: "Reverse proxies in front of this program: only they are believed whom they ask \
                for (X-Forwarded-For).",
    },
    Key {
        path: "auth.token",
        env: "XG2G_API_TOKEN",
        kind: Kind::Token(|c| &mut c.auth.token),
        about:
            "Token of who may change things, and ask from outside of the local networks. Empty: \
                the one that `xg2g token` made; without one only this machine may change things, \
                and nobody asks from outside.",
    },
    Key {
        path: "auth.everything",
        env: "XG2G_AUTH_EVERYTHING",
        kind: Kind::Flag(|c| &mut c.auth.everything),
        about: "Whether reading and streams need a key, too, which then is part of all addresses \
                in playlist and guide. `xg2g token` tells it.",
    },
    Key {
        path: "auth.stream_key",
        env: "XG2G_STREAM_KEY",
        kind: Kind::Key(|c| &mut c.auth.stream_key),
        about: "That key. Empty: one that is made once and kept.",
    },
    Key {
        path: "ratelimit.enabled",
        env: "XG2G_RATELIMIT_ENABLED",
        kind: Kind::Flag(|c| &mut c.ratelimit.enabled),
        about:
            "Whether requests are limited, for each client. This machine is not, nor are streams.",
    },
    Key {
        path: "ratelimit.rps",
        env: "XG2G_RATELIMIT_RPS",
        kind: Kind::Number(|c| &mut c.ratelimit.rps, 1, 10_000),
        about:
            "Requests a second in the long run. Ready-made outputs (playlist, guide, logos) have \
                a limit of their own of 200 a second and 1000 at once, a refresh one of 6 a minute \
                and 5 at once.",
    },
    Key {
        path: "ratelimit.burst",
        env: "XG2G_RATELIMIT_BURST",
        kind: Kind::Number(|c| &mut c.ratelimit.burst, 1, 100_000),
        about: "Requests at once.",
    },
    Key {
        path: "ratelimit.whitelist",
        env: "XG2G_RATELIMIT_WHITELIST",
        kind: Kind::Networks(|c| &mut c.ratelimit.whitelist),
        about: "Clients that are not limited.",
    },
    Key {
        path: "files.data",
        env: "XG2G_DATA",
        kind: Kind::Directory(|c| &mut c.files.data),
        about: "Directory for playlist and guide. Empty: /tmp/xg2g, which is RAM on a box.",
    },
    Key {
        path: "files.state",
        env: "XG2G_STATE",
        kind: Kind::Directory(|c| &mut c.files.state),
        about: "Directory for the small state that outlives a restart. Empty: beside the \
                configuration file; without one /etc/enigma2/xg2g on a box, elsewhere \
                files.data.",
    },
    Key {
        path: "log.level",
        env: "XG2G_LOG_LEVEL",
        kind: Kind::Level(|c| &mut c.log.level),
        about: "Least important messages to write.",
    },
    Key {
        path: "log.output",
        env: "XG2G_LOG_OUTPUT",
        kind: Kind::Output(|c| &mut c.log.output),
        about: "Where messages go: standard error, the system's log (logread on a box), or a file \
                of 256 kB at most, and as much again in FILE.1. Where that fails: standard error.",
    },
    Key {
        path: "audit.output",
        env: "XG2G_AUDIT_OUTPUT",
        kind: Kind::Audit(|c| &mut c.audit.output),
        about: "Where the audit goes. Empty: the file audit.log in files.data. log: the log, whose \
                level must then be info at least. off: nowhere. A file is of 256 kB at most, and as \
                much again in FILE.1.",
    },
];
