//! What the simulated receiver saw of its clients.

use std::collections::BTreeMap;

/// Numbers since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Requests on the web interface, refused ones included.
    pub calls: u64,
    /// The same by path; all picons count as `/picon`.
    pub calls_by_path: BTreeMap<String, u64>,
    /// Bytes of answers' bodies.
    pub bytes: u64,
    /// Microseconds the main thread of a receiver would have been blocked by the dearest answer: computed, not measured.
    pub longest_block: u64,
    /// The same, summed over all answers.
    pub total_block: u64,
    /// Requests that came while another one was being answered; a polite client has none.
    pub overlapping: u64,
    /// Requests on the stream port.
    pub streams: u64,
}

impl Stats {
    pub(super) fn count_call(&mut self, path: &str) {
        let path = if path.starts_with("/picon/") {
            "/picon"
        } else {
            path
        };
        self.calls += 1;
        *self.calls_by_path.entry(path.to_owned()).or_default() += 1;
    }

    pub(super) fn count_answer(&mut self, bytes: usize) {
        let bytes = bytes as u64;
        let block = block(bytes);
        self.bytes += bytes;
        self.longest_block = self.longest_block.max(block);
        self.total_block += block;
    }
}

/// Microseconds an answer of this size blocks a receiver: 0.11 ms per kB, as measured for OpenWebif's JSON on a PC.
fn block(bytes: u64) -> u64 {
    bytes * 110 / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_megabyte_blocks_for_110_ms() {
        let mut stats = Stats::default();
        stats.count_answer(1_000_000);
        stats.count_answer(1_000);
        assert_eq!((stats.longest_block, stats.total_block), (110_000, 110_110));
    }

    #[test]
    fn picons_count_as_one_path() {
        let mut stats = Stats::default();
        stats.count_call("/picon/a.png");
        stats.count_call("/picon/b.png");
        assert_eq!(
            stats.calls_by_path,
            BTreeMap::from([("/picon".to_owned(), 2)])
        );
    }
}
