//! Where the body of an answer ends: by length, by chunks or by the end of the connection (RFC 9112 section 6.3).
//!
//! A pure state machine over bytes, so that it behaves the same however the network cuts them.

/// The most bytes taken for one chunk's size line with extensions, or for all trailers.
const LINE_LIMIT: u32 = 8 * 1024;

/// What is still to come of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Everything until the connection ends.
    Close,
    /// This many bytes.
    Length(u64),
    /// Chunks.
    Chunked(Chunk),
}

/// Where in the chunks we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunk {
    /// In the digits of a size.
    Size { value: u64, digits: u8 },
    /// Behind the digits: extensions and the end of the line.
    Extension { size: u64, seen: u32 },
    /// In the bytes of a chunk.
    Data { left: u64 },
    /// Behind the bytes of a chunk: its line end.
    DataEnd { cr: bool },
    /// In the trailers, which nobody reads. `line` counts the bytes of the current line but its CR.
    Trailers { line: u32, seen: u32 },
    /// The last line end was seen.
    Done,
}

/// What to do with the front of the input: leave out `skip` bytes, then take `data` bytes of body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) skip: usize,
    pub(super) data: usize,
}

impl Framing {
    /// The framing of a chunked body.
    pub(super) fn chunked() -> Self {
        Framing::Chunked(Chunk::Size {
            value: 0,
            digits: 0,
        })
    }

    /// Whether the body is complete without anything more from the connection.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self, Framing::Length(0) | Framing::Chunked(Chunk::Done))
    }

    /// Whether the body may end here because the connection does; else how it was cut.
    pub(super) fn at_end(&self) -> Result<(), String> {
        match self {
            Framing::Close | Framing::Length(0) | Framing::Chunked(Chunk::Done) => Ok(()),
            Framing::Length(left) => Err(format!("{left} bytes of the body are missing")),
            Framing::Chunked(_) => Err("the last chunk is missing".into()),
        }
    }

    /// Consumes the front of `input`: at most `room` bytes of body at a time.
    pub(super) fn step(&mut self, input: &[u8], room: usize) -> Result<Step, String> {
        match self {
            Framing::Close => Ok(Step {
                skip: 0,
                data: input.len().min(room),
            }),
            Framing::Length(left) => Ok(Step {
                skip: 0,
                data: take(left, input.len().min(room)),
            }),
            Framing::Chunked(chunk) => {
                let mut step = Step::default();
                while let Some(&byte) = input.get(step.skip) {
                    match chunk {
                        Chunk::Data { left } => {
                            step.data = take(left, (input.len() - step.skip).min(room));
                            if *left == 0 {
                                *chunk = Chunk::DataEnd { cr: false };
                            }
                            break;
                        }
                        Chunk::Done => break,
                        _ => *chunk = chunk.next(byte)?,
                    }
                    step.skip += 1;
                }
                Ok(step)
            }
        }
    }
}

/// Takes up to `wanted` off `left`. The result fits: it is no more than `wanted`.
fn take(left: &mut u64, wanted: usize) -> usize {
    let taken = usize::try_from(*left).map_or(wanted, |left| left.min(wanted));
    *left -= taken as u64;
    taken
}

impl Chunk {
    /// The state behind one byte that is not body.
    fn next(&self, byte: u8) -> Result<Chunk, String> {
        let bad = |what: &str| {
            Err(format!(
                "{what} `{}` in a chunked body",
                byte.escape_ascii()
            ))
        };
        match *self {
            Chunk::Size { value, digits } => match (char::from(byte).to_digit(16), byte) {
                (Some(_), _) if digits == 16 => {
                    Err("a chunk's size has more than 16 digits".into())
                }
                (Some(digit), _) => Ok(Chunk::Size {
                    value: value << 4 | u64::from(digit),
                    digits: digits + 1,
                }),
                (None, b';' | b' ' | b'\t' | b'\r') if digits > 0 => Ok(Chunk::Extension {
                    size: value,
                    seen: 0,
                }),
                (None, b'\n') if digits > 0 => Ok(Chunk::behind_size(value)),
                _ => bad("unexpected size"),
            },
            Chunk::Extension { size, .. } if byte == b'\n' => Ok(Chunk::behind_size(size)),
            Chunk::Extension { seen, .. } if seen == LINE_LIMIT => {
                Err("a chunk's extensions are too long".into())
            }
            Chunk::Extension { size, seen } => Ok(Chunk::Extension {
                size,
                seen: seen + 1,
            }),
            Chunk::DataEnd { cr: false } if byte == b'\r' => Ok(Chunk::DataEnd { cr: true }),
            Chunk::DataEnd { .. } if byte == b'\n' => Ok(Chunk::Size {
                value: 0,
                digits: 0,
            }),
            Chunk::DataEnd { .. } => bad("unexpected end of chunk"),
            Chunk::Trailers { line: 0, .. } if byte == b'\n' => Ok(Chunk::Done),
            Chunk::Trailers { seen, .. } if seen == LINE_LIMIT => {
                Err("the trailers are too long".into())
            }
            Chunk::Trailers { line, seen } => Ok(Chunk::Trailers {
                line: match byte {
                    b'\n' => 0,
                    b'\r' => line,
                    _ => line + 1,
                },
                seen: seen + 1,
            }),
            // `step` handles these itself.
            Chunk::Data { .. } | Chunk::Done => Ok(*self),
        }
    }

    fn behind_size(size: u64) -> Chunk {
        match size {
            0 => Chunk::Trailers { line: 0, seen: 0 },
            left => Chunk::Data { left },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body of `input` fed in pieces, or why it is none.
    fn decode(mut framing: Framing, pieces: &[&[u8]], room: usize) -> Result<Vec<u8>, String> {
        let mut body = Vec::new();
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() && !framing.is_complete() {
                let step = framing.step(rest, room)?;
                assert!(step.data <= room, "more than there is room for");
                assert!(step.skip + step.data > 0, "no progress at {rest:?}");
                body.extend_from_slice(&rest[step.skip..][..step.data]);
                rest = &rest[step.skip + step.data..];
            }
        }
        framing.at_end().map(|()| body)
    }

    const CHUNKED: &[u8] =
        b"5\r\nhello\r\n6;name=\"x\"\r\n world\r\n00\r\nX-Sum: 1\r\nY: 2\r\n\r\n";

    #[test]
    fn a_chunked_body_is_the_same_however_it_is_cut() {
        for at in 0..=CHUNKED.len() {
            let (head, tail) = CHUNKED.split_at(at);
            for room in [1, 3, 100] {
                let body = decode(Framing::chunked(), &[head, tail], room);
                assert_eq!(body.as_deref(), Ok(&b"hello world"[..]), "cut at {at}");
            }
        }
    }

    #[test]
    fn a_chunked_body_cut_short_anywhere_is_an_error() {
        for at in 0..CHUNKED.len() {
            assert!(
                decode(Framing::chunked(), &[&CHUNKED[..at]], 100).is_err(),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn bare_line_feeds_end_lines_too() {
        let body = decode(Framing::chunked(), &[b"2\nhi\n0\n\n"], 100);
        assert_eq!(body.as_deref(), Ok(&b"hi"[..]));
    }

    #[test]
    fn a_chunk_size_that_is_none_is_an_error() {
        for bad in [
            "\r\n",
            ";x\r\n",
            "-1\r\n",
            "0x5\r\n",
            "g\r\n",
            "10000000000000000\r\n",
            "5\r\nhelloX",
        ] {
            assert!(
                decode(Framing::chunked(), &[bad.as_bytes()], 100).is_err(),
                "{bad:?}"
            );
        }
        assert!(Framing::chunked().step(b"ffffffffffffffff\r\nx", 1).is_ok());
    }

    #[test]
    fn endless_extensions_and_trailers_are_an_error() {
        for start in ["1;", "0\r\n"] {
            let mut text = start.as_bytes().to_vec();
            text.resize(LINE_LIMIT as usize + 100, b'x');
            let why = decode(Framing::chunked(), &[&text], 100).unwrap_err();
            assert!(why.contains("too long"), "{why}");
        }
    }

    #[test]
    fn a_length_takes_no_byte_more_and_misses_none() {
        assert_eq!(
            decode(Framing::Length(3), &[b"ab", b"cd"], 100).as_deref(),
            Ok(&b"abc"[..])
        );
        for at in 0..3 {
            assert!(
                decode(Framing::Length(3), &[&b"abc"[..at]], 100).is_err(),
                "cut at {at}"
            );
        }
    }
}
