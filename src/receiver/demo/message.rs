//! Texts on the screen.

use super::answers::Answer;
use super::query::Query;
use super::state::State;
use super::{Line, Receiver};

/// How many the receiver remembers.
const KEPT: usize = 16;

/// A text that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The text.
    pub text: String,
    /// What it is: 0 a question for yes or no, 1 an information, 2 a warning, 3 an error.
    pub kind: i64,
    /// Seconds until it goes away; -1: when somebody sends it away.
    pub timeout: i64,
}

impl Message {
    /// What a call asks for, or why it is refused. Both lines know no other kinds than four, and take any for an
    /// information; a timeout that is no number is none.
    pub(super) fn of(query: &Query, line: Line) -> Result<Message, Answer> {
        let (text, kind) = (query.once("text")?, query.once("type")?);
        let Ok(kind) = kind.trim().parse() else {
            let kind = match line {
                // Bytes, as Python prints them.
                Line::V2 => format!("b'{kind}'"),
                Line::V1 => kind,
            };
            let why = format!("type {kind} is not a number");
            return Err(Answer::failure(&why));
        };
        Ok(Message {
            text,
            kind: if (0..=3).contains(&kind) { kind } else { 1 },
            timeout: query.number("timeout", -1),
        })
    }
}

/// `/api/message`, which says yes in standby too.
pub(super) fn answer(query: &Query, line: Line) -> Result<Answer, Answer> {
    Message::of(query, line)?;
    Ok(Answer::json(|json| {
        json.flag("result", true);
        json.text("message", "Message sent successfully!");
    }))
}

impl State {
    /// Puts it on the screen: who tries the program without a receiver reads it in the log.
    pub(super) fn show(&self, message: Message) {
        log::info!("the simulated television shows: {}", message.text);
        let mut messages = self.messages.borrow_mut();
        if messages.len() == KEPT {
            messages.pop_front();
        }
        messages.push_back(message);
    }
}

impl Receiver {
    /// The texts that were shown, the last one at the end.
    pub fn messages(&self) -> Vec<Message> {
        self.state().messages.borrow().iter().cloned().collect()
    }
}
