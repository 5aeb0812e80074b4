//! Environment variables that other versions read and this one does not.

/// A variable of other versions, and what to tell who still sets it.
struct Other {
    /// Its name; a `*` at the end stands for any ending.
    name: &'static str,
    /// What to do instead.
    advice: &'static str,
}

const TRANSCODING: &str = "is not read: streams are passed on as they are";
const POOL: &str = "is not read: there is nothing to tune";
const TELEMETRY: &str = "is not read: there is no tracing";

/// Names of the earlier Go program. The first that fits counts; a name that is in use is not looked for.
const OTHERS: &[Other] = &[
    other("XG2G_HDHR_BASE_URL", "is not read: set XG2G_PUBLIC_URL (server.public_url)"),
    other("XG2G_HDHR_*", "is not read: it is fixed"),
    other("XG2G_METRICS_LISTEN", "is not read: one port serves everything, see XG2G_LISTEN (server.listen)"),
    other("XG2G_XMLTV", "is not read: the guide is always /xmltv.xml; XG2G_DATA (files.data) is its directory"),
    other("XG2G_PLAYLIST_FILENAME", "is not read: the playlist is always /playlist.m3u"),
    other("XG2G_X_TVG_URL", "is not read: the playlist names its guide by itself, see XG2G_PUBLIC_URL (server.public_url)"),
    other("XG2G_PICON_BASE", "is not read: logos are served under /picon/, see XG2G_PICONS_DIRS (picons.dirs)"),
    other("XG2G_ENABLE_STREAM_PROXY", "is not read: see XG2G_STREAM_MODE (stream.mode)"),
    other("XG2G_PROXY_LISTEN", "is not read: one port serves everything, see XG2G_LISTEN (server.listen)"),
    other("XG2G_PROXY_PORT", "is not read: one port serves everything, see XG2G_LISTEN (server.listen)"),
    other("XG2G_PROXY_TARGET", "is not read: streams come from XG2G_OWI_BASE (receiver.url) and XG2G_STREAM_PORT (stream.port)"),
    other("XG2G_STREAM_BASE", "is not read: set XG2G_PUBLIC_URL (server.public_url), see XG2G_STREAM_MODE (stream.mode)"),
    other("XG2G_SMART_STREAM_DETECTION", "is not read: see XG2G_STREAM_MODE (stream.mode)"),
    other("XG2G_USE_WEBIF_STREAMS", "is not read: see XG2G_STREAM_MODE (stream.mode)"),
    other("XG2G_ALLOWED_ORIGINS", "is not read: pages of this server need no leave, see XG2G_PUBLIC_URL (server.public_url)"),
    other("XG2G_INITIAL_REFRESH", "is not read: the receiver is always asked at start"),
    other("XG2G_EPG_MAX_CONCURRENCY", "is not read: one request at a time is made, see XG2G_RECEIVER_MAX_BLOCK (receiver.max_block)"),
    other("XG2G_EPG_TIMEOUT_MS", "is not read: set XG2G_OWI_TIMEOUT_MS (receiver.timeout)"),
    other("XG2G_EPG_RETRIES", "is not read: set XG2G_OWI_RETRIES (receiver.retries)"),
    other("XG2G_FUZZY_MAX", "is not read: channels are matched by reference, not by name"),
    other("XG2G_FEATURE_API_V2", "is not read: there is one API, /api/v1"),
    other("XG2G_VERSION", "is not read: `xg2g version` prints the version"),
    other("XG2G_SERVER_*", POOL),
    other("XG2G_HTTP_*", POOL),
    other("XG2G_ENABLE_AUDIO_TRANSCODING", TRANSCODING),
    other("XG2G_AUDIO_*", TRANSCODING),
    other("XG2G_FFMPEG_PATH", TRANSCODING),
    other("XG2G_GPU_*", TRANSCODING),
    other("XG2G_TRANSCODER_URL", TRANSCODING),
    other("XG2G_USE_RUST_REMUXER", TRANSCODING),
    other("XG2G_ENABLE_GPU_TRANSCODING", TRANSCODING),
    other("XG2G_VAAPI_DEVICE", TRANSCODING),
    other("XG2G_TELEMETRY_*", TELEMETRY),
    other("XG2G_OTLP_ENDPOINT", TELEMETRY),
    other("XG2G_SAMPLING_RATE", TELEMETRY),
    other("XG2G_SERVICE_NAME", TELEMETRY),
    other("XG2G_ENVIRONMENT", TELEMETRY),
    other("LOG_LEVEL", "is not read: set XG2G_LOG_LEVEL (log.level)"),
];

const fn other(name: &'static str, advice: &'static str) -> Other {
    Other { name, advice }
}

/// What to tell who sets this variable, if another version reads it.
pub(super) fn advice(name: &str) -> Option<&'static str> {
    let fits = |other: &&Other| match other.name.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == other.name,
    };
    OTHERS.iter().find(fits).map(|other| other.advice)
}

#[cfg(test)]
mod tests {
    use super::super::{Key, KEYS};
    use super::*;

    #[test]
    fn advice_names_only_what_exists() {
        for other in OTHERS {
            let words = || {
                other
                    .advice
                    .split(|c: char| !(c.is_ascii_alphanumeric() || "_.".contains(c)))
            };
            for env in words().filter(|word| word.starts_with("XG2G_")) {
                let key = KEYS.iter().find(|key| key.env == env).unwrap();
                assert!(words().any(|word| word == key.path), "{}", other.name);
            }
            assert!(Key::find(other.name).is_none());
        }
    }

    #[test]
    fn no_name_in_use_is_called_retired() {
        for key in KEYS {
            assert_eq!(advice(key.env), None, "{}", key.env);
        }
    }

    #[test]
    fn one_name_of_a_family_may_have_its_own_advice() {
        assert!(
            advice("XG2G_HDHR_BASE_URL").is_some_and(|advice| advice.contains("XG2G_PUBLIC_URL"))
        );
        assert_eq!(advice("XG2G_HDHR_MODEL"), Some("is not read: it is fixed"));
        assert_eq!(advice("XG2G_BOUQUETS"), None);
    }
}
