//! Pairing: who reads a code off the television may have the token.
//!
//! One code is in force at a time, for a while and for a few tries. The clock is an argument.

use std::cell::{Cell, RefCell};
use std::io;
use std::time::{Duration, Instant};

use subtle::ConstantTimeEq;

/// How long a code is in force.
pub const LASTS: Duration = Duration::from_secs(120);
/// How often it may be tried wrongly.
pub const TRIES: u32 = 5;
/// The pause from one code to the next, in the middle of somebody's film; as long again for each wrong try.
const PAUSE: Duration = Duration::from_secs(10);
const DIGITS: usize = 6;
/// How many codes there are.
const CODES: u32 = 10_u32.pow(DIGITS as u32);

/// A code. It has no `Debug`, lest it gets into a log.
pub struct Code([u8; DIGITS]);

impl Code {
    /// The code in what somebody typed, with blanks wherever they like; `None` if it is none.
    pub fn parse(typed: &str) -> Option<Code> {
        let digits = typed.chars().filter(|c| !c.is_whitespace());
        let digits: String = digits.collect();
        let code: [u8; DIGITS] = digits.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_digit).then_some(Code(code))
    }

    /// As it is read best: `123 456`.
    pub fn spaced(&self) -> String {
        let (first, last) = self.0.split_at(DIGITS / 2);
        let half = |digits: &[u8]| digits.iter().map(|digit| char::from(*digit)).collect();
        let halves: [String; 2] = [half(first), half(last)];
        halves.join(" ")
    }

    /// Each of them is as likely as any other.
    fn random() -> io::Result<Code> {
        // The numbers above the last multiple would make the low codes likelier.
        let fair = u32::MAX - u32::MAX % CODES;
        loop {
            let mut bytes = [0; 4];
            getrandom::fill(&mut bytes)?;
            let mut number = u32::from_ne_bytes(bytes);
            if number >= fair {
                continue;
            }
            let mut code = [b'0'; DIGITS];
            for digit in code.iter_mut().rev() {
                *digit += (number % 10) as u8;
                number /= 10;
            }
            return Ok(Code(code));
        }
    }

    /// Compares in a time that does not depend on where they differ.
    fn is(&self, other: &Code) -> bool {
        self.0[..].ct_eq(&other.0[..]).into()
    }
}

/// Why there is no new code.
#[derive(Debug)]
pub enum NoCode {
    /// One was asked for a moment ago; there is another after this time.
    TooSoon(Duration),
    /// The kernel gives no random numbers.
    Unmade(io::Error),
}

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It was the code, which is no longer in force.
    Right,
    /// It was not. So many tries are left.
    Wrong(u32),
    /// No code is in force: none was asked for, it was shown too long ago, or tried too often.
    Nothing,
}

/// The code in force.
#[derive(Default)]
pub struct Pairing {
    /// When another may be asked for.
    next: Cell<Option<Instant>>,
    shown: RefCell<Option<Shown>>,
}

struct Shown {
    code: Code,
    until: Instant,
    tries: u32,
}

impl Pairing {
    /// A new code, which is in force once it is [shown](Pairing::shown).
    ///
    /// # Errors
    /// [`NoCode`].
    pub fn ask(&self, now: Instant) -> Result<Code, NoCode> {
        if let Some(next) = self.next.get().filter(|next| *next > now) {
            return Err(NoCode::TooSoon(next.saturating_duration_since(now)));
        }
        let code = Code::random().map_err(NoCode::Unmade)?;
        self.next.set(Some(now + PAUSE));
        Ok(code)
    }

    /// The code is on the screen: from now on it is the one in force.
    pub fn shown(&self, code: Code, now: Instant) {
        self.shown.replace(Some(Shown {
            code,
            until: now + LASTS,
            tries: TRIES,
        }));
    }

    /// The code could not be shown; another may be asked for at once.
    pub fn failed(&self) {
        self.next.set(None);
    }

    /// Tries what somebody typed.
    pub fn check(&self, typed: &Code, now: Instant) -> Tried {
        let mut shown = self.shown.borrow_mut();
        let Some(in_force) = shown.as_mut().filter(|shown| now < shown.until) else {
            return Tried::Nothing;
        };
        if in_force.code.is(typed) {
            *shown = None;
            // The next one may want to pair, too.
            self.next.set(None);
            return Tried::Right;
        }
        in_force.tries -= 1;
        // Or who asks for one code after the other could try for ever.
        self.next.set(self.next.get().map(|next| next + PAUSE));
        let left = in_force.tries;
        if left == 0 {
            *shown = None;
        }
        Tried::Wrong(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Code {
        Code::parse(text).unwrap()
    }

    /// A pairing whose code is 123456 since `now`.
    fn shown(now: Instant) -> Pairing {
        let pairing = Pairing::default();
        assert!(pairing.ask(now).is_ok());
        pairing.shown(code("123456"), now);
        pairing
    }

    #[test]
    fn codes_are_read_with_blanks_anywhere_and_shown_with_one() {
        for typed in ["012345", "012 345", " 0 1 2345\n", "012\u{a0}345"] {
            assert_eq!(code(typed).spaced(), "012 345");
        }
        for typed in ["", "12345", "1234567", "12345a", "１２３４５６", "-12345"] {
            assert!(Code::parse(typed).is_none(), "{typed}");
        }
    }

    #[test]
    fn made_codes_use_all_digits_in_all_places() {
        let mut seen = [[false; 10]; DIGITS];
        for _ in 0..1_000 {
            let code = Code::random().unwrap();
            assert!(Code::parse(&code.spaced()).unwrap().is(&code));
            for (digit, seen) in code.0.iter().zip(&mut seen) {
                seen[usize::from(digit - b'0')] = true;
            }
        }
        // That one is missing by chance happens once in 10^44 times.
        assert_eq!(seen, [[true; 10]; DIGITS]);
    }

    #[test]
    fn the_right_code_counts_once() {
        let now = Instant::now();
        let pairing = shown(now);
        assert_eq!(pairing.check(&code("123 456"), now), Tried::Right);
        assert_eq!(pairing.check(&code("123 456"), now), Tried::Nothing);
        // Who is next need not wait.
        assert!(pairing.ask(now).is_ok());
    }

    #[test]
    fn five_wrong_tries_end_it() {
        let now = Instant::now();
        let pairing = shown(now);
        for left in (0..TRIES).rev() {
            assert_eq!(pairing.check(&code("123457"), now), Tried::Wrong(left));
        }
        assert_eq!(pairing.check(&code("123456"), now), Tried::Nothing);
        let minute = now + PAUSE * (1 + TRIES);
        assert!(pairing.ask(minute - Duration::from_millis(1)).is_err());
        assert!(pairing.ask(minute).is_ok());
    }

    #[test]
    fn after_two_minutes_it_is_too_late() {
        let now = Instant::now();
        let almost = now + LASTS - Duration::from_millis(1);
        assert_eq!(shown(now).check(&code("123456"), almost), Tried::Right);
        let pairing = shown(now);
        assert_eq!(pairing.check(&code("123456"), now + LASTS), Tried::Nothing);
    }

    #[test]
    fn a_new_code_ends_the_old_one_and_its_tries_once_it_is_shown() {
        let now = Instant::now();
        let pairing = shown(now);
        assert_eq!(pairing.check(&code("000000"), now), Tried::Wrong(4));
        let later = now + PAUSE * 2;
        assert!(pairing.ask(later).is_ok());
        assert_eq!(pairing.check(&code("000000"), later), Tried::Wrong(3));
        pairing.shown(code("654321"), later);
        assert_eq!(pairing.check(&code("123456"), later), Tried::Wrong(4));
        assert_eq!(pairing.check(&code("654321"), later), Tried::Right);
    }

    #[test]
    fn codes_come_ten_seconds_apart_unless_one_could_not_be_shown() {
        let now = Instant::now();
        let pairing = shown(now);
        let Err(NoCode::TooSoon(wait)) = pairing.ask(now + Duration::from_secs(9)) else {
            panic!("there was one");
        };
        assert_eq!(wait, Duration::from_secs(1));
        assert!(pairing.ask(now + PAUSE).is_ok());
        assert!(pairing.ask(now + PAUSE).is_err());
        pairing.failed();
        assert!(pairing.ask(now + PAUSE).is_ok());
    }

    #[test]
    fn without_a_code_nothing_is_right() {
        let pairing = Pairing::default();
        assert_eq!(
            pairing.check(&code("000000"), Instant::now()),
            Tried::Nothing
        );
    }
}
