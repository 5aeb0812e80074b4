//! What HDHomeRun clients are offered, and whether they find it.

use std::collections::HashSet;

use super::{Finding, OURS};
use crate::model::{authority, without_port, Programs};

const CHECK: &str = "hdhomerun";
/// What libhdhomerun keeps of an address (rule G24).
const LONGEST_BASE: usize = 28;
/// What Plex and its kin take (rule G28).
const MOST: usize = 480;

/// The lineup, and our address in it, which is `server.public_url` if `is_set`.
pub fn lineup(programs: &Programs, base: &str, is_set: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let count = programs.list.len();
    findings.push(if count == 0 {
        let text = "no channel is offered to HDHomeRun clients: look at hdhomerun.bouquets; radio and URLs that are no transport stream are never";
        Finding::warning(CHECK, text)
    } else if programs.left_out > 0 || count > MOST {
        let left_out = programs.left_out;
        Finding::warning(CHECK, format!("{count} channels are offered and {left_out} left out, since Plex takes {MOST} at most: choose in hdhomerun.bouquets what it needs (G28)"))
    } else {
        Finding::ok(CHECK, format!("{count} channels are offered, of {MOST} that Plex takes (G28)"))
    });
    let mut seen = HashSet::new();
    let is_own = programs
        .list
        .iter()
        .all(|one| one.number > 0 && seen.insert(one.number));
    findings.push(if is_own {
        Finding::ok(CHECK, "each has a number of its own, which stays (G19)")
    } else {
        let text = format!(
            "two channels have the same number, or one has 0, so Plex finds one only; {OURS} (G19)"
        );
        Finding::problem(CHECK, text)
    });
    for name in &programs.unknown {
        let text = format!("there is no bouquet `{name}`: correct hdhomerun.bouquets");
        findings.push(Finding::warning(CHECK, text));
    }
    let host = authority(base).map_or("", without_port);
    let is_short = base.len() <= LONGEST_BASE && !base.ends_with('/');
    let is_numeric = host.parse::<std::net::Ipv4Addr>().is_ok();
    findings.push(match (is_short && is_numeric, is_set) {
        (true, _) => {
            let text = format!("its address has {} characters, of {LONGEST_BASE} that are read (G24)", base.len());
            Finding::ok(CHECK, text)
        }
        (false, false) => Finding::ok(CHECK, "who looks for tuners is told the numeric address of this machine, which is short enough (G24)"),
        (false, true) => {
            let text = format!("server.public_url is a name or has more than {LONGEST_BASE} characters; who looks for tuners is told the numeric address of this machine instead, so it must be reachable by that (G24)");
            Finding::warning(CHECK, text)
        }
    });
    findings
}

/// Whether HDHomeRun clients find the device by themselves, as the status tells it.
pub fn found(discovery: &str, warnings: &[String]) -> Finding {
    const CHECK: &str = "discovery";
    const BY_HAND: &str =
        "type the address of this page into the player where it asks for a tuner's";
    match (discovery, warnings) {
        ("on", []) => Finding::ok(
            CHECK,
            "players find this tuner in the network by themselves",
        ),
        ("on", warnings) => {
            let text = format!(
                "players may not find this tuner by themselves, {}; {BY_HAND}",
                warnings.join(", ")
            );
            Finding::warning(CHECK, text)
        }
        (why, _) if why.starts_with("hdhomerun.enabled") => {
            Finding::ok(CHECK, format!("there is no tuner to find: {why}"))
        }
        (why, _) => Finding::warning(
            CHECK,
            format!("players do not find this tuner by themselves: {why}; {BY_HAND}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;
    use crate::model::Program;

    fn programs(numbers: &[u32]) -> Programs {
        let program = |number: &u32| Program {
            number: *number,
            channel: 0,
            is_favourite: false,
        };
        Programs {
            list: numbers.iter().map(program).collect(),
            ..Programs::default()
        }
    }

    /// How serious what is found by this rule is.
    fn status(findings: &[Finding], rule: &str) -> Status {
        let mut found = findings.iter();
        let found = found.find(|finding| finding.message.ends_with(&format!("({rule})")));
        found.unwrap_or_else(|| panic!("{findings:?}")).status
    }

    const BASE: &str = "http://192.168.178.100:65535";

    #[test]
    fn a_lineup_that_plex_takes_is_fine() {
        let findings = lineup(&programs(&[1, 2]), BASE, false);
        assert!(
            findings.iter().all(|finding| finding.status == Status::Ok),
            "{findings:?}"
        );
        assert!(findings[0].message.starts_with("2 channels are offered"));
    }

    #[test]
    fn g28_more_channels_than_plex_takes_are_told() {
        let mut many = programs(&[1]);
        many.left_out = 5;
        assert_eq!(status(&lineup(&many, BASE, false), "G28"), Status::Warning);
        let many: Vec<u32> = (1..=481).collect();
        assert_eq!(
            status(&lineup(&programs(&many), BASE, false), "G28"),
            Status::Warning
        );
        let none = lineup(&programs(&[]), BASE, false);
        assert_eq!(none[0].status, Status::Warning);
        let mut unknown = programs(&[1]);
        unknown.unknown = vec!["Nope".into()];
        let findings = lineup(&unknown, BASE, false);
        assert!(findings
            .iter()
            .any(|one| one.status == Status::Warning && one.message.contains("`Nope`")));
    }

    #[test]
    fn g19_numbers_that_are_not_unique_are_a_problem() {
        for numbers in [[7, 7], [0, 1]] {
            let findings = lineup(&programs(&numbers), BASE, false);
            assert_eq!(status(&findings, "G19"), Status::Problem);
        }
    }

    #[test]
    fn g24_an_address_that_is_not_read_whole_is_told_if_it_was_set() {
        let one = programs(&[1]);
        for base in [
            "http://192.168.178.100:655351",
            "http://box:8080",
            "http://10.0.0.1/",
        ] {
            assert_eq!(
                status(&lineup(&one, base, true), "G24"),
                Status::Warning,
                "{base}"
            );
            assert_eq!(
                status(&lineup(&one, base, false), "G24"),
                Status::Ok,
                "{base}"
            );
        }
    }

    #[test]
    fn a_tuner_that_is_not_found_is_told_with_what_to_do() {
        assert_eq!(found("on", &[]).status, Status::Ok);
        assert_eq!(found("hdhomerun.enabled is false", &[]).status, Status::Ok);
        let hindered = found("on", &["SSDP: the port is taken".into()]);
        assert_eq!(hindered.status, Status::Warning);
        assert!(hindered.message.contains("the port is taken; type"));
        assert_eq!(found("another one answers", &[]).status, Status::Warning);
    }
}
