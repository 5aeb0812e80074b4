use std::time::SystemTime;

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

fn ready() -> Outputs {
    Outputs {
        channels: Some(7),
        guide: Guide::Whole(9),
    }
}

/// The component as it is so long from now.
#[track_caller]
fn later(board: &Board, name: &str, after: Duration) -> (Status, String) {
    let checks = board.checks(Instant::now() + after);
    let check = checks.into_iter().find(|check| check.name == name).unwrap();
    (check.status, check.message)
}

fn now(board: &Board, name: &str) -> (Status, String) {
    later(board, name, Duration::ZERO)
}

fn status(board: &Board) -> Status {
    overall(&board.checks(Instant::now()))
}

#[test]
fn only_missing_outputs_make_it_unready() {
    let board = Board::default();
    board.begin(Outputs::default(), None);
    assert_eq!(status(&board), Status::Unhealthy);
    assert_eq!(now(&board, "playlist").0, Status::Unhealthy);
    assert_eq!(now(&board, "xmltv").0, Status::Unhealthy);
    board.publish(Outputs {
        guide: Guide::Incomplete,
        ..ready()
    });
    assert_eq!(status(&board), Status::Unhealthy);
    board.publish(ready());
    board.ran(None);
    assert_eq!(status(&board), Status::Healthy);
    // All that can go wrong at once.
    board.ran(Some(&"why"));
    board.receiver_failed(true, &"why");
    board.stream_failed("a", &"why");
    board.stream_failed("b", &"why");
    board.wrote(Writing::Outputs, Some(&"why"));
    board.wrote(Writing::State, Some(&"why"));
    assert_eq!(status(&board), Status::Degraded);
}

#[test]
fn without_a_guide_there_is_no_component_of_it() {
    let board = Board::default();
    let guide = Guide::Unwanted;
    board.begin(Outputs { guide, ..ready() }, None);
    let names: Vec<&str> = board
        .checks(Instant::now())
        .iter()
        .map(|c| c.name)
        .collect();
    assert_eq!(names.len(), COMPONENTS.len() - 1);
    assert!(!names.contains(&"xmltv"));
    board.publish(ready());
    let names: Vec<&str> = board
        .checks(Instant::now())
        .iter()
        .map(|c| c.name)
        .collect();
    assert_eq!(names, COMPONENTS);
}

#[test]
fn a_good_pass_counts_for_a_day() {
    let board = Board::default();
    board.begin(ready(), None);
    board.ran(None);
    let run = |after| later(&board, "last_job_run", after);
    assert_eq!(run(24 * HOUR - Duration::from_secs(9)).0, Status::Healthy);
    let (status, message) = run(25 * HOUR);
    assert_eq!(status, Status::Degraded);
    assert_eq!(message, "it ended well 25 hours ago, and none since");
    board.ran(Some(&"no answer"));
    let (status, message) = now(&board, "last_job_run");
    assert_eq!(status, Status::Degraded);
    assert_eq!(
        message,
        "it failed 0 seconds ago: no answer; the last good one ended 0 seconds ago"
    );
    board.ran(None);
    assert_eq!(now(&board, "last_job_run").0, Status::Healthy);
}

#[test]
fn saved_outputs_count_for_a_day_too() {
    let run = |guide: Option<SystemTime>, after| {
        let board = Board::default();
        board.begin(ready(), Some(Saved { guide }));
        later(&board, "last_job_run", after)
    };
    let at = SystemTime::now();
    let (status, message) = run(Some(at), Duration::ZERO);
    assert_eq!(status, Status::Healthy);
    assert!(message.contains("none has ended since the start"));
    assert!(message.contains(&crate::model::rfc3339(crate::model::unix_seconds(at))));
    assert_eq!(run(Some(at), 25 * HOUR).0, Status::Degraded);
    assert_eq!(
        run(Some(at - 25 * HOUR), Duration::ZERO).0,
        Status::Degraded
    );
    assert_eq!(run(None, Duration::ZERO).0, Status::Healthy);
    assert_eq!(run(None, 25 * HOUR).0, Status::Degraded);
}

#[test]
fn a_poller_that_waits_says_what_for() {
    let board = Board::default();
    board.begin(ready(), Some(Saved { guide: None }));
    board.wait(Some("the clock is not set yet"));
    let (status, message) = now(&board, "last_job_run");
    assert_eq!(status, Status::Degraded);
    assert!(message.contains("the clock is not set yet"), "{message}");
    board.wait(None);
    assert_eq!(now(&board, "last_job_run").0, Status::Healthy);
}

#[test]
fn a_new_poller_keeps_what_is_known_and_one_for_something_else_does_not() {
    let board = Board::default();
    board.begin(Outputs::default(), None);
    board.ran(None);
    board.begin(ready(), Some(Saved { guide: None }));
    assert!(now(&board, "last_job_run").1.starts_with("it ended well"));
    board.begin(Outputs::default(), None);
    assert_eq!(
        now(&board, "last_job_run"),
        (Status::Degraded, "none has ended since the start".into())
    );
}

#[test]
fn a_receiver_is_away_since_its_first_silence() {
    let board = Board::default();
    assert_eq!(now(&board, "receiver").0, Status::Healthy);
    board.receiver_failed(true, &"first");
    board.receiver_failed(true, &"second");
    let (status, message) = later(&board, "receiver", 2 * HOUR);
    assert_eq!(status, Status::Degraded);
    assert_eq!(message, "it does not answer, for 2 hours now: second");
    board.receiver_failed(false, &"a login");
    assert!(now(&board, "receiver").1.contains("but not us"));
    board.receiver_answered();
    board.set_standby(Some(true));
    let asleep = (Status::Healthy, "it answers, in standby".into());
    assert_eq!(now(&board, "receiver"), asleep);
    board.meet_receiver();
    assert_ne!(now(&board, "receiver"), asleep);
}

#[test]
fn one_channel_that_does_not_come_is_no_fault_and_two_in_a_row_are() {
    let board = Board::default();
    let streams = || now(&board, "streams").0;
    board.stream_failed("a", &"no data came");
    board.stream_failed("a", &"no data came");
    assert_eq!(streams(), Status::Healthy);
    board.stream_failed("b", &"no data came");
    assert_eq!(streams(), Status::Degraded);
    board.stream_failed("b", &"no data came");
    assert_eq!(streams(), Status::Degraded);
    board.stream_came();
    assert_eq!(streams(), Status::Healthy);
    board.stream_failed("b", &"no data came");
    assert_eq!(streams(), Status::Healthy);
}

#[test]
fn a_disk_is_at_fault_until_the_same_can_be_written() {
    let board = Board::default();
    board.wrote(Writing::State, Some(&"full"));
    board.wrote(Writing::Outputs, None);
    let (status, message) = now(&board, "disk");
    assert_eq!(status, Status::Degraded);
    assert_eq!(
        message,
        "the saved channels cannot be written, for 0 seconds now: full"
    );
    board.wrote(Writing::Outputs, Some(&"full"));
    assert!(now(&board, "disk").1.contains("; the saved channels"));
    board.wrote(Writing::State, None);
    assert_eq!(now(&board, "disk").0, Status::Degraded);
    board.wrote(Writing::Outputs, None);
    assert_eq!(now(&board, "disk").0, Status::Healthy);
}

#[test]
fn ages_are_read_easily() {
    for (seconds, text) in [
        (0, "0 seconds"),
        (1, "1 second"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7_199, "119 minutes"),
        (7_200, "2 hours"),
        (172_800, "2 days"),
    ] {
        assert_eq!(ago(Duration::from_secs(seconds)), text);
    }
}
