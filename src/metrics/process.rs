//! What the kernel counts of this program.

use std::fs;

use super::{Collect, Kind, Text};

/// Microseconds in a tick of `/proc`: 100 a second on every processor we are built for.
const TICK: u64 = 10_000;

/// Tells what `/proc` says; what it does not say is 0.
#[derive(Clone, Copy, Debug)]
pub struct Process;

impl Collect for Process {
    fn collect(&self, out: &mut Text) {
        let status = read("/proc/self/status");
        let kilobytes = |name| 1024 * number_after(&status, name);
        for (name, help, value) in [
            (
                "process_resident_memory_bytes",
                "Memory the program has in RAM, in bytes.",
                kilobytes("VmRSS:"),
            ),
            (
                "process_virtual_memory_bytes",
                "Memory the program has addresses for, in bytes.",
                kilobytes("VmSize:"),
            ),
            (
                "process_open_fds",
                "Files and sockets the program has open.",
                open_files(),
            ),
            (
                "process_max_fds",
                "Files and sockets the program may have open.",
                number_after(&read("/proc/self/limits"), "Max open files"),
            ),
        ] {
            out.single(Kind::Gauge, name, help, value);
        }
        let ticks = Ticks::of(&read("/proc/self/stat"));
        out.family(
            Kind::Counter,
            "process_cpu_seconds_total",
            "Seconds of processor time the program has used.",
        );
        out.seconds(&[], ticks.used * TICK);
        out.family(
            Kind::Gauge,
            "process_start_time_seconds",
            "When the program was started, in seconds since 1970.",
        );
        let booted = number_after(&read("/proc/stat"), "btime ") * 1_000_000;
        out.seconds(&[], booted + ticks.started * TICK);
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The number behind the word that begins a line.
fn number_after(text: &str, word: &str) -> u64 {
    let rest = text.lines().find_map(|line| line.strip_prefix(word));
    let number = rest.and_then(|rest| rest.split_whitespace().next());
    number.map_or(0, |number| number.parse().unwrap_or(0))
}

fn open_files() -> u64 {
    // The directory itself is open while it is read.
    fs::read_dir("/proc/self/fd").map_or(0, |files| (files.count() as u64).saturating_sub(1))
}

/// Of a `stat` line (proc(5)), in ticks.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ticks {
    /// Processor time, for itself and in the kernel.
    used: u64,
    /// The start, since the machine's.
    started: u64,
}

impl Ticks {
    fn of(stat: &str) -> Ticks {
        // The program's name, in brackets, may hold anything. Behind it stands field 3.
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let mut fields = rest
            .split_whitespace()
            .map(|field| field.parse().unwrap_or(0));
        let mut field = |skip| fields.nth(skip).unwrap_or(0);
        let (user, kernel) = (field(11), field(0));
        Ticks {
            used: user + kernel,
            started: field(6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_is_no_field() {
        let line = "71 (a b) 9) S 1 71 71 0 -1 4194304 9 0 0 0 250 51 0 0 20 0 2 0 8123 9 9";
        let expected = Ticks {
            used: 301,
            started: 8123,
        };
        assert_eq!(Ticks::of(line), expected);
        assert_eq!(Ticks::of(""), Ticks::default());
    }

    #[test]
    fn this_program_has_memory_files_and_a_start() {
        assert!(number_after(&read("/proc/self/status"), "VmRSS:") > 100);
        assert!(number_after(&read("/proc/self/limits"), "Max open files") > 3);
        assert!(number_after(&read("/proc/stat"), "btime ") > 1_000_000_000);
        assert!(open_files() >= 3);
        assert!(Ticks::of(&read("/proc/self/stat")).started > 0);
    }
}
