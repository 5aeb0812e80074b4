//! What the receiver does for itself: `statusinfo` and `timerlist`.

use super::json::read_fields;
use super::{check, fields, obeyed, Error, OpenWebif};
use crate::model::{Planned, ServiceRef, Situation};

/// Enigma2's timer states (`timer.py`): it waits, has tuned twenty seconds ahead, runs.
const WAITING: i64 = 0;
const PREPARED: i64 = 1;
const RUNNING: i64 = 2;

impl OpenWebif {
    /// What the receiver shows, records and will record. Two questions, cheap for it but for very many timers.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn situation(&self) -> Result<Situation, Error> {
        let (television, is_streaming) = self.uses().await?;
        let mut situation = Situation {
            television,
            is_streaming,
            ..Situation::default()
        };
        let path = "/api/timerlist";
        let shell = self
            .list(path, |object| {
                match read_timer(object)? {
                    Some((WAITING, planned)) => situation.timers.push(planned),
                    Some((PREPARED | RUNNING, planned)) if !planned.is_zap => {
                        situation.recordings.push(planned.service);
                    }
                    _ => {}
                }
                Ok(())
            })
            .await?;
        check(path, &shell, "timers")?;
        Ok(situation)
    }

    /// Has the receiver write all it knows of the guide into its file, which keeps it for as long as that takes: ask in
    /// standby only. The file is whole when it answers.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn save_guide(&self) -> Result<(), Error> {
        let path = "/api/saveepg";
        let shell = self.list(path, |_| Ok(())).await?;
        obeyed(path, &shell)
    }

    /// What is on the screen, and whether anything is streamed. The key of the former is missing in standby; an old value
    /// of it would mean nothing there.
    async fn uses(&self) -> Result<(Option<ServiceRef>, bool), Error> {
        let path = "/api/statusinfo";
        let shell = self.list(path, |_| Ok(())).await?;
        let (mut standby, mut service) = (None, None);
        let mut is_streaming = false;
        fields(&shell, |key, value| match key {
            "inStandby" => standby = value.flag(),
            "currservice_serviceref" => service = ServiceRef::parse(&value.text()),
            "isStreaming" => is_streaming = value.flag() == Some(true),
            _ => {}
        })?;
        match standby {
            Some(false) => Ok((service, is_streaming)),
            Some(true) => Ok((None, is_streaming)),
            None => Err(Error::malformed(path, "inStandby is missing")),
        }
    }
}

/// A timer with its state; `None` for one that is switched off or cannot be read.
fn read_timer(object: &str) -> Result<Option<(i64, Planned)>, String> {
    let (mut state, mut service) = (None, None);
    let (mut begin, mut end) = (None, None);
    let (mut is_off, mut is_zap) = (false, false);
    read_fields(object, |key, value| match key {
        "serviceref" => service = ServiceRef::parse(&value.text()),
        "begin" => begin = value.number(),
        "end" => end = value.number(),
        "state" => state = value.number(),
        "disabled" | "cancelled" => is_off |= value.flag() == Some(true),
        "justplay" => is_zap = value.flag() == Some(true),
        _ => {}
    })?;
    let seconds = |time: Option<i64>| u64::try_from(time?).ok();
    let (Some(service), Some(begin), Some(end), false) =
        (service, seconds(begin), seconds(end), is_off)
    else {
        return Ok(None);
    };
    let planned = Planned {
        service,
        begin,
        end,
        is_zap,
    };
    Ok(Some((state.unwrap_or(WAITING), planned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_are_read_as_both_lines_send_them() {
        let timer = |more: &str| {
            let reference = "1:0:19:283D:3FB:1:C00000:0:0:0:";
            let begin = r#""begin":1795376220,"end":1795377000,"startprepare":1795376200"#;
            let text = format!(r#"{{"serviceref":"{reference}",{begin},{more},"asrefs":""}}"#);
            read_timer(&text).unwrap()
        };
        let (state, planned) =
            timer(r#""disabled":0,"cancelled":false,"justplay":0,"state":2"#).unwrap();
        assert_eq!(
            (state, planned.begin, planned.end),
            (RUNNING, 1795376220, 1795377000)
        );
        assert!(!planned.is_zap);
        assert!(timer(r#""justplay":1,"state":0"#).unwrap().1.is_zap);
        assert_eq!(timer(r#""disabled":1,"state":0"#), None);
        assert_eq!(timer(r#""cancelled":true,"state":0"#), None);
        assert_eq!(
            read_timer(r#"{"serviceref":"x","begin":1,"end":2}"#),
            Ok(None)
        );
    }
}
