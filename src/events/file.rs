//! The file of blocks: a mark, then records of a fixed head and a packed block, appended.
//!
//! The head (32 bytes, little endian): key (3 x u32), from, to, length, checksum of the block, checksum of the head. A head that does not check ends the file: appends are in order, so what follows is a torn write.
//!
//! The highest bit of the length says that the events have details. Files from before there were any are read as they
//! are; a program of that time takes such a block for the torn end and begins anew from there.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use flate2::Crc;

use super::block::Packed;
use crate::model::EpgKey;

const MARK: &[u8; 16] = b"xg2g events 2\r\n\0";
const HEAD: usize = 32;
/// In the length of a block: its events have details.
const HAS_DETAILS: u32 = 1 << 31;
/// Appends are gathered up to this size: a write for each block would be a system call for each channel.
const BUFFER: usize = 64 * 1024;

/// Where a block is, and its checksum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    at: u32,
    length: u32,
    check: u32,
    has_details: bool,
}

impl Block {
    /// Bytes the block takes in the file, head included.
    pub(super) fn bytes(self) -> u64 {
        HEAD as u64 + u64::from(self.length)
    }

    /// Whether any of its events has details.
    pub(super) fn has_details(self) -> bool {
        self.has_details
    }
}

#[derive(Debug)]
pub(super) struct BlockFile {
    path: PathBuf,
    file: File,
    /// Bytes in the file; the buffer follows them.
    written: u64,
    buffer: Vec<u8>,
    scratch: Vec<u8>,
    /// The name while the file is a draft, not yet the store's.
    draft: bool,
}

impl BlockFile {
    /// Opens or begins the file and tells of each block in it.
    pub(super) fn open(
        path: &Path,
        mut each: impl FnMut(EpgKey, u32, u32, Block),
    ) -> io::Result<BlockFile> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        // Best effort: a rewrite that was killed left it, the next one begins it anew.
        let _ = std::fs::remove_file(path.with_extension("new"));
        let mut reader = BufReader::with_capacity(4096, &file);
        let mut mark = [0; MARK.len()];
        let mut end = 0;
        if reader.read_exact(&mut mark).is_ok() && mark == *MARK {
            let size = file.metadata()?.len();
            end = MARK.len() as u64;
            let mut head = [0; HEAD];
            while end + HEAD as u64 <= size && reader.read_exact(&mut head).is_ok() {
                let word = |n: usize| {
                    u32::from_le_bytes([
                        head[n * 4],
                        head[n * 4 + 1],
                        head[n * 4 + 2],
                        head[n * 4 + 3],
                    ])
                };
                let length = word(5) & !HAS_DETAILS;
                let next = end + HEAD as u64 + u64::from(length);
                if word(7) != checksum(&head[..28]) || next > size || next > u64::from(u32::MAX) {
                    break;
                }
                let block = Block {
                    at: end as u32 + HEAD as u32,
                    length,
                    check: word(6),
                    has_details: word(5) & HAS_DETAILS != 0,
                };
                each(EpgKey([word(0), word(1), word(2)]), word(3), word(4), block);
                reader.seek_relative(length.into())?;
                end = next;
            }
        }
        drop(reader);
        let mut opened = BlockFile {
            path: path.into(),
            file,
            written: end,
            buffer: Vec::new(),
            scratch: Vec::new(),
            draft: false,
        };
        // A whole file stays as it is: even its time of change is a write to the flash.
        if opened.file.metadata()?.len() != end {
            opened.file.set_len(end)?;
        }
        if end == 0 {
            opened.buffer.extend_from_slice(MARK);
        }
        Ok(opened)
    }

    /// Begins an empty file beside this one.
    pub(super) fn draft(&self) -> io::Result<BlockFile> {
        let path = self.path.with_extension("new");
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)?;
        Ok(BlockFile {
            path: self.path.clone(),
            file,
            written: 0,
            buffer: MARK.to_vec(),
            scratch: Vec::new(),
            draft: true,
        })
    }

    /// Puts a draft in the place of the store's file.
    pub(super) fn publish(&mut self) -> io::Result<()> {
        self.flush()?;
        self.file.sync_data()?;
        std::fs::rename(self.path.with_extension("new"), &self.path)?;
        self.draft = false;
        if let Some(directory) = self.path.parent() {
            // Best effort: the file it would otherwise be after a power cut says the same.
            let _ = File::open(directory).and_then(|directory| directory.sync_all());
        }
        Ok(())
    }

    pub(super) fn len(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    pub(super) fn append(
        &mut self,
        key: EpgKey,
        from: u32,
        to: u32,
        packed: Packed<'_>,
    ) -> io::Result<Block> {
        let Packed { bytes, has_details } = packed;
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush()?;
        }
        let at = self.len() + HEAD as u64;
        if at + bytes.len() as u64 > u64::from(u32::MAX) || bytes.len() >= HAS_DETAILS as usize {
            return Err(io::Error::other("the event store is full"));
        }
        let block = Block {
            at: at as u32,
            length: bytes.len() as u32,
            check: checksum(bytes),
            has_details,
        };
        let begin = self.buffer.len();
        for word in [
            key.0[0],
            key.0[1],
            key.0[2],
            from,
            to,
            block.length | if has_details { HAS_DETAILS } else { 0 },
            block.check,
        ] {
            self.buffer.extend_from_slice(&word.to_le_bytes());
        }
        let check = checksum(&self.buffer[begin..]);
        self.buffer.extend_from_slice(&check.to_le_bytes());
        self.buffer.extend_from_slice(bytes);
        Ok(block)
    }

    /// Empties the file.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.written = 0;
        self.buffer.clear();
        self.buffer.extend_from_slice(MARK);
        Ok(())
    }

    /// Forgets everything behind `length`.
    pub(super) fn truncate(&mut self, length: u64) {
        if length >= self.written {
            self.buffer.truncate((length - self.written) as usize);
        } else {
            self.buffer.clear();
            self.written = length;
            // If this fails the bytes behind stay until they are written over: they are whole blocks, but of an answer
            // that was taken back, and can come to light only if the program ends before.
            let _ = self.file.set_len(length);
        }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.file.write_all_at(&self.buffer, self.written)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Gives the memory of its buffers back; what was written or read last stays.
    pub(super) fn release(&mut self) {
        self.buffer.shrink_to_fit();
        self.scratch = Vec::new();
    }

    /// The packed block; `None` if its checksum does not hold.
    pub(super) fn read(&mut self, block: Block) -> io::Result<Option<Packed<'_>>> {
        if u64::from(block.at) >= self.written {
            self.flush()?;
        }
        self.scratch.resize(block.length as usize, 0);
        match self
            .file
            .read_exact_at(&mut self.scratch, u64::from(block.at))
        {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let packed = Packed {
            bytes: &self.scratch,
            has_details: block.has_details,
        };
        Ok((checksum(packed.bytes) == block.check).then_some(packed))
    }
}

impl Drop for BlockFile {
    fn drop(&mut self) {
        if self.draft {
            // Best effort: the next rewrite begins it anew.
            let _ = std::fs::remove_file(self.path.with_extension("new"));
        }
    }
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}
