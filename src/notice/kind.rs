//! The kinds of notices, as JSON.

use nanoserde::SerJson;

/// Channels named in one notice. A slug has about 35 bytes.
const CHUNK: usize = 100;
/// When more channels than this changed, they are not named: what holds a few notices must hold those of a first pass.
const NAMED: usize = 1_000;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A pass begins.
    RefreshStarted {
        /// Who wished it: `start`, `schedule`, `files`, or a client's address.
        by: String,
        /// What it looks at.
        what: String,
    },
    /// A pass goes on.
    RefreshProgress {
        /// As in the status.
        phase: &'static str,
        /// Steps of the phase that are done.
        done: u32,
        /// Steps of the phase.
        total: u32,
    },
    /// A pass ended.
    RefreshFinished {
        /// Who wished it, as when it began.
        by: String,
        /// What it looked at.
        what: String,
        /// Why it failed; `None` if it did not.
        error: Option<String>,
        /// How long it took (milliseconds).
        duration_ms: u64,
        /// The number of what is served now; it is a higher one whenever channels or guide changed.
        generation: u32,
        /// Channels that are known.
        channels: u32,
        /// Bouquets that are known.
        bouquets: u32,
    },
    /// The guide that is served has news.
    GuideChanged {
        /// The slugs of the channels.
        channels: Vec<String>,
        /// They are too many to name them all.
        all: bool,
    },
    /// A stream comes from the receiver.
    StreamStarted {
        /// The channel's slug.
        channel: String,
        /// Its name.
        name: String,
        /// Where it comes from, as in the list of streams.
        source: &'static str,
    },
    /// It ended.
    StreamEnded {
        /// The channel's slug.
        channel: String,
        /// Its name.
        name: String,
        /// Why it broke; `None` if nobody read it any more or the program stops.
        error: Option<String>,
        /// How long it was (seconds).
        seconds: u64,
        /// Bytes received.
        received: u64,
    },
    /// The configuration was read again.
    ConfigReloaded {
        /// Whether it is in force. If not, the log says why.
        success: bool,
        /// The keys that changed, without their values.
        changes: Vec<String>,
    },
}

/// The notices that tell of changed channels: of each its slug.
pub fn channels_changed(slugs: Vec<String>) -> Vec<Notice> {
    let notice = |channels: &[String], all| Notice::GuideChanged {
        channels: channels.to_vec(),
        all,
    };
    if slugs.len() > NAMED {
        return vec![notice(&[], true)];
    }
    slugs
        .chunks(CHUNK)
        .map(|chunk| notice(chunk, false))
        .collect()
}

/// What every notice begins with.
pub(super) fn head(kind: &str, id: u64, time: &str) -> String {
    format!("\"id\":{id},\"type\":\"{kind}\",\"time\":\"{time}\"")
}

impl Notice {
    /// The word for its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Notice::RefreshStarted { .. } => "refresh.started",
            Notice::RefreshProgress { .. } => "refresh.progress",
            Notice::RefreshFinished { .. } => "refresh.finished",
            Notice::GuideChanged { .. } => "guide.changed",
            Notice::StreamStarted { .. } => "stream.started",
            Notice::StreamEnded { .. } => "stream.ended",
            Notice::ConfigReloaded { .. } => "config.reloaded",
        }
    }

    /// In one line.
    pub(super) fn json(&self, id: u64, time: &str) -> String {
        let mut out = format!("{{{}", head(self.kind(), id, time));
        let mut field = |name: &str, value: String| {
            out += &format!(",\"{name}\":{value}");
        };
        match self {
            Notice::RefreshStarted { by, what } => {
                field("by", by.serialize_json());
                field("what", what.serialize_json());
            }
            Notice::RefreshProgress { phase, done, total } => {
                field("phase", phase.to_string().serialize_json());
                field("done", done.to_string());
                field("total", total.to_string());
            }
            Notice::RefreshFinished {
                by,
                what,
                error,
                duration_ms,
                generation,
                channels,
                bouquets,
            } => {
                field("by", by.serialize_json());
                field("what", what.serialize_json());
                field("result", result(error.is_none()));
                field("error", error.serialize_json());
                field("duration_ms", duration_ms.to_string());
                field("generation", generation.to_string());
                field("channels", channels.to_string());
                field("bouquets", bouquets.to_string());
            }
            Notice::GuideChanged { channels, all } => {
                field("channels", channels.serialize_json());
                field("all", all.to_string());
            }
            Notice::StreamStarted {
                channel,
                name,
                source,
            } => {
                field("channel", channel.serialize_json());
                field("name", name.serialize_json());
                field("source", source.to_string().serialize_json());
            }
            Notice::StreamEnded {
                channel,
                name,
                error,
                seconds,
                received,
            } => {
                field("channel", channel.serialize_json());
                field("name", name.serialize_json());
                field("result", result(error.is_none()));
                field("error", error.serialize_json());
                field("seconds", seconds.to_string());
                field("received", received.to_string());
            }
            Notice::ConfigReloaded { success, changes } => {
                field("result", result(*success));
                field("changes", changes.serialize_json());
            }
        }
        out + "}"
    }
}

fn result(is_success: bool) -> String {
    let word = if is_success { "success" } else { "failure" };
    format!("\"{word}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_one_line_of_json_whatever_is_in_it() {
        let notice = Notice::StreamEnded {
            channel: "1-0".into(),
            name: "a\"\n\u{1}\u{2028}ä".into(),
            error: None,
            seconds: 3,
            received: u64::MAX,
        };
        let expected = concat!(
            r#"{"id":7,"type":"stream.ended","time":"t","channel":"1-0","#,
            r#""name":"a\"\n\u0001"#,
            "\u{2028}ä",
            r#"","result":"success","error":null,"seconds":3,"received":18446744073709551615}"#
        );
        assert_eq!(notice.json(7, "t"), expected);
        let reloaded = Notice::ConfigReloaded {
            success: false,
            changes: vec!["log.level".into()],
        };
        let expected = r#"{"id":1,"type":"config.reloaded","time":"t","result":"failure","changes":["log.level"]}"#;
        assert_eq!(reloaded.json(1, "t"), expected);
    }

    #[test]
    fn a_first_pass_over_the_guide_is_few_notices() {
        let slugs = |count: usize| (0..count).map(|at| at.to_string()).collect();
        let sizes = |count| -> Vec<(usize, bool)> {
            let notices = channels_changed(slugs(count)).into_iter();
            let size = |notice| match notice {
                Notice::GuideChanged { channels, all } => (channels.len(), all),
                other => panic!("{other:?}"),
            };
            notices.map(size).collect()
        };
        assert_eq!(sizes(0), []);
        assert_eq!(sizes(201), [(100, false), (100, false), (1, false)]);
        assert_eq!(sizes(1_000).len(), 10);
        assert_eq!(sizes(1_001), [(0, true)]);
    }
}
