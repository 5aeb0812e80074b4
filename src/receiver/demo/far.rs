//! The far ends of the services behind a URL, on the stream port as well. `/live/NAME.ts` sends as port 8001 does,
//! `/chunked/NAME.ts` in the chunks of HTTP/1.1, `/moved/NAME.ts` says that it is at `/live/`, and
//! `/live/NAME.m3u8` is an HLS list.

use super::sender::Feed;
use super::state::State;

pub(super) const CHUNKED_HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";

/// What a far end answers.
pub(super) enum Far {
    /// A whole answer.
    Text(String),
    Stream(Feed),
    Chunks(Feed),
}

/// The far end of a path without its first slash.
pub(super) fn find(state: &State, path: &str) -> Option<Far> {
    let (folder, name) = path.split_once('/')?;
    let feed = || Feed {
        program: 1,
        name: name.to_owned(),
        radio: name.starts_with("radio"),
    };
    match folder {
        "live" => Some(camera_list(path).map_or_else(|| Far::Stream(feed()), Far::Text)),
        "chunked" => Some(Far::Chunks(feed())),
        "moved" => {
            let port = state.stream_port;
            Some(Far::Text(format!(
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{port}/live/{name}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )))
        }
        _ => None,
    }
}

/// `duration=SECONDS` in pictures; parameters are separated by `?` or `&`.
pub(super) fn duration(parameters: &str) -> Option<u32> {
    let seconds = parameters
        .split(['?', '&'])
        .find_map(|part| part.strip_prefix("duration="))?;
    Some(seconds.parse::<u32>().ok()?.saturating_mul(25))
}

/// The HLS list behind the camera service: pieces of six seconds from this same port.
fn camera_list(path: &str) -> Option<String> {
    let name = path.strip_suffix(".m3u8")?;
    let piece = format!("#EXT-X-DISCONTINUITY\n#EXTINF:6.0,\n/{name}.ts?duration=6\n");
    let list = format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n{}#EXT-X-ENDLIST\n",
        piece.repeat(100)
    );
    let length = list.len();
    Some(format!("HTTP/1.0 200 OK\r\nConnection: Close\r\nContent-Type: application/vnd.apple.mpegurl\r\nContent-Length: {length}\r\n\r\n{list}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn durations_stand_between_question_marks_too() {
        assert_eq!(duration("bitrate=1?duration=6"), Some(150));
        assert_eq!(duration("duration=x"), None);
    }

    #[test]
    fn the_camera_is_a_list_of_pieces() {
        let list = camera_list("live/berg.m3u8").unwrap();
        assert!(
            list.contains("\n/live/berg.ts?duration=6\n") && list.ends_with("#EXT-X-ENDLIST\n")
        );
        assert!(camera_list("live/berg.ts").is_none());
    }
}
