//! A stream: whatever is received, whole packets are passed on, the same however they arrive, and little is kept.
//!
//! The first byte says how large the pieces are, the second after which of them the stream is tuned anew.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xg2g::stream::fuzz::receive;

const PACKET: usize = 188;
/// Packets of both tables: one for each byte of the longest sections, where a packet carries no more.
const MOST: usize = 2 * 1_040;

fuzz_target!(|data: &[u8]| {
    let Some((size, [joint, bytes @ ..])) = xg2g_fuzz::sized(data) else {
        return;
    };
    let in_pieces = receive(bytes.chunks(size), None);
    assert_eq!(in_pieces, receive(std::iter::once(bytes), None));
    let joined = receive(bytes.chunks(size), Some(usize::from(*joint)));
    for seen in [in_pieces, joined] {
        let packets = |bytes: &[u8]| {
            assert_eq!(bytes.len() % PACKET, 0);
            bytes.chunks(PACKET).all(|packet| packet[0] == 0x47)
        };
        assert!(packets(&seen.passed) && packets(&seen.tables));
        assert!(seen.tables.len() <= MOST * PACKET);
        assert!(seen.passed.len() <= bytes.len() + PACKET * 8192);
    }
});
