//! Arguments, environment and file, as they come together.

use super::*;

fn run(args: &[&str], env: &[(&str, &str)], file: Option<&str>) -> Result<Command, Failure> {
    let env = env.iter().map(|(name, value)| (name.into(), value.into()));
    let read = |path: &Path| match file {
        Some(text) if !path.ends_with("settings.toml") => Ok(text.as_bytes().to_vec()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    parse(
        args.iter().map(OsString::from).collect(),
        env.collect(),
        None,
        &read,
    )
}

fn served(args: &[&str], env: &[(&str, &str)], file: Option<&str>) -> (bool, Loaded) {
    match run(args, env, file) {
        Ok(Command::Run { demo, loaded }) => (demo, loaded),
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_arguments_it_serves_with_the_defaults() {
    let (demo, loaded) = served(&[], &[], None);
    assert!(!demo);
    assert_eq!(loaded.config, config::Config::default());
    assert_eq!(loaded.file, None);
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file_also_in_the_demo() {
    let file = "[server]\nlisten = ':1'\n[guide]\ndays = 1\n[log]\nlevel = 'warn'";
    let env = [("XG2G_LISTEN", ":2"), ("XG2G_EPG_DAYS", "2")];
    let (demo, loaded) = served(&["--demo", "--listen=:3"], &env, Some(file));
    assert!(demo);
    assert_eq!(loaded.config.server.listen.port, 3);
    assert_eq!(loaded.config.guide.days, 2);
    assert_eq!(loaded.config.log.level, log::LevelFilter::Warn);
    assert_eq!(
        loaded.file.as_deref(),
        Some(Path::new("/etc/enigma2/xg2g/xg2g.toml"))
    );
}

/// Serves with these texts in `b/my.toml` and in the file of settings that is beside it.
fn settled(args: &[&str], file: &str, settings: &[u8]) -> (Loaded, Places) {
    let read = |path: &Path| match path.to_str() {
        Some("b/my.toml") => Ok(file.as_bytes().to_vec()),
        Some("b/settings.toml" | "/s/settings.toml") => Ok(settings.to_vec()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    let args = ["--config", "b/my.toml"].iter().chain(args);
    let args = args.map(OsString::from).collect();
    match parse(args, vec![], None, &read) {
        Ok(Command::Run { demo, loaded }) => {
            let places = Places::of(demo, &loaded);
            (loaded, places)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn settings_lie_with_the_state_and_stand_between_file_and_flags() {
    let settings = b"[guide]\ndays = 2\n[stream]\nport = 2\n[files]\nstate = '/x'\ndata = '/d'";
    let file = "[guide]\ndays = 1\n[channels]\nguard = 1";
    let (loaded, places) = settled(&["--set", "stream.port=3"], file, settings);
    assert_eq!(loaded.config.guide.days, 2);
    assert_eq!(loaded.config.stream.port, 3);
    assert_eq!(loaded.config.channels.guard, 1);
    // They do not move themselves, nor what is beside them.
    assert_eq!((places.state, places.data), ("b".into(), "/d".into()));
    assert_eq!(
        loaded.warnings,
        ["b/settings.toml:6: files.state: says where this file is; passed over"]
    );
    let file = "[files]\nstate = '/s'";
    let (loaded, places) = settled(&["--demo"], file, settings);
    assert_eq!(loaded.config.guide.days, 2);
    assert_eq!(loaded.settings, Some("/s/settings.toml".into()));
    assert_eq!(places.state, Path::new("/s"));
}

#[test]
fn settings_that_are_wrong_are_passed_over_but_not_two_that_contradict_each_other() {
    let settings = b"[guide]\ndays = 99\nnights = 1\nenabled = false\n[[";
    let (loaded, _) = settled(&[], "", settings);
    assert!(!loaded.config.guide.enabled);
    assert_eq!(loaded.config.guide.days, 7);
    let starts = [
        "b/settings.toml:2: guide.days = 99: ",
        "b/settings.toml:3: guide.nights: ",
        "b/settings.toml:5: ",
    ];
    assert_eq!(loaded.warnings.len(), starts.len());
    for (warning, start) in loaded.warnings.iter().zip(starts) {
        assert!(
            warning.starts_with(start) && warning.ends_with("; passed over"),
            "{warning}"
        );
    }
    let (loaded, _) = settled(&[], "[guide]\ndays = 3", b"[guide]\ndays = 2 # \xff");
    assert_eq!(loaded.config.guide.days, 3);
    assert!(
        loaded.warnings[0].contains("settings.toml:2: is not UTF-8"),
        "{:?}",
        loaded.warnings
    );
    let read = |path: &Path| match path.ends_with("settings.toml") {
        true => Ok(b"[refresh]\ninterval = '2d'".to_vec()),
        false => Ok(Vec::new()),
    };
    let failure = parse(vec![], vec![], None, &read).unwrap_err().to_string();
    assert!(
        failure.contains("/settings.toml:2: refresh.interval = \"2d\": must not be longer"),
        "{failure}"
    );
}

#[test]
fn a_file_of_that_name_is_the_configuration_and_has_no_settings_beside_it() {
    let read = |_: &Path| Ok(b"[guide]\ndays = 3".to_vec());
    let args = ["--config", "b/settings.toml"].map(OsString::from).to_vec();
    let Ok(Command::Run { loaded, .. }) = parse(args, vec![], None, &read) else {
        panic!();
    };
    assert_eq!((loaded.config.guide.days, loaded.settings), (3, None));
}

#[test]
fn any_key_can_be_set_and_the_last_one_counts() {
    let args = [
        "--set",
        "guide.days=3",
        "--set=guide.days=4",
        "--set",
        "receiver.user=a=b",
    ];
    let (_, loaded) = served(&args, &[], None);
    assert_eq!(loaded.config.guide.days, 4);
    assert_eq!(loaded.config.receiver.user, "a=b");
}

#[test]
fn commands_are_known_by_name_before_or_behind_the_options() {
    assert!(matches!(run(&["version"], &[], None), Ok(Command::Version)));
    assert!(matches!(run(&["-V"], &[], None), Ok(Command::Version)));
    assert!(matches!(run(&["--help"], &[], None), Ok(Command::Help)));
    for args in [["config", "--listen", ":1"], ["--listen", ":1", "config"]] {
        let command = run(&args, &[], None);
        assert!(
            matches!(&command, Ok(Command::Config { loaded }) if loaded.config.server.listen.port == 1)
        );
    }
}

#[test]
fn check_is_told_of_a_broken_configuration() {
    let command = run(&["check", "--json"], &[], Some("[guide]\ndays = 99"));
    assert!(
        matches!(&command, Ok(Command::Check { json: true, demo: false, loaded: Err(errors) }) if errors.len() == 1)
    );
    let command = run(&["--demo", "check"], &[], None);
    assert!(matches!(
        &command,
        Ok(Command::Check {
            json: false,
            demo: true,
            loaded: Ok(_)
        })
    ));
}

#[test]
fn a_backup_takes_a_file_and_is_restored_whatever_the_configuration_is() {
    for args in [["backup", "a", "--keep=3"], ["--keep=3", "backup", "a"]] {
        let command = run(&args, &[], Some(""));
        assert!(
            matches!(&command, Ok(Command::Backup { file, keep, .. }) if file == Path::new("a") && keep.get() == 3)
        );
    }
    let failure = run(&["backup", "a"], &[], Some("[")).unwrap_err();
    assert_eq!(failure.status(), 78);
    let args = ["restore", "a", "--dry-run", "--config", "b.toml"];
    for (file, is_right) in [
        (Some("[guide]\ndays = 2"), true),
        (Some("["), false),
        (None, false),
    ] {
        let command = run(&args, &[], file);
        let Ok(Command::Restore {
            file,
            dry_run: true,
            place,
            loaded,
        }) = command
        else {
            panic!("{command:?}");
        };
        assert_eq!((file, place), ("a".into(), "b.toml".into()));
        assert_eq!(loaded.is_ok(), is_right);
    }
}

#[test]
fn version_and_help_work_with_a_broken_configuration() {
    for args in ["version", "--version", "help", "--help"] {
        assert!(run(&[args], &[("XG2G_EPG_DAYS", "x")], Some("[")).is_ok());
    }
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    for (args, says) in [
        (&["--confg", "x"][..], "is --config meant?"),
        (&["serve"], "no command serve"),
        (&["config", "extra"], "unexpected extra"),
        (&["--set", "days"], "section.key=value"),
        (&["--config"], "--config"),
        (&["--config", "a", "--config", "b"], "not twice"),
        (&["config", "--json"], "`config` takes none"),
        (&["--json"], "--json and --ready belong to `check`"),
        (&["--ready"], "--json and --ready belong to `check`"),
        (&["token", "--ready"], "`token` takes none"),
        (&["check", "--ready", "--json"], "goes with neither"),
        (&["check", "--ready", "--demo"], "goes with neither"),
        (&["--keep", "2"], "--keep to `backup`"),
        (&["refresh", "--demo"], "`refresh` takes none"),
        (&["backup"], "a FILE is missing"),
        (&["backup", "a", "b"], "unexpected b"),
        (&["backup", "--kep", "a"], "is --keep meant?"),
        (&["backup", "a", "--keep", "0"], "--keep is a whole number"),
        (&["backup", "a", "--dry-run"], "`backup` takes none"),
        (&["backup", "a", "--demo"], "`backup` takes none"),
        (&["restore", "a", "--keep=2"], "`restore` takes none"),
        (&["receiver", "--listen", ":1"], "`receiver` takes none"),
        (&["--port", "1"], "does not belong here"),
        (&["receiver", "--port", "70000"], "--port: "),
        (&["receiver", "--line", "3"], "--line is 1 or 2"),
    ] {
        let failure = run(args, &[], Some("")).unwrap_err();
        assert_eq!(failure.status(), 2, "{args:?}");
        assert!(failure.to_string().contains(says), "{args:?}: {failure}");
    }
}

#[test]
fn a_wrong_configuration_ends_with_78_and_a_line_for_each_error() {
    let failure = run(
        &["--set", "a.b=1"],
        &[("XG2G_EPG_DAYS", "0")],
        Some("x = 1"),
    )
    .unwrap_err();
    assert_eq!(failure.status(), 78);
    assert_eq!(failure.to_string().lines().count(), 3, "{failure}");
    assert_eq!(
        run(&["--config", "gone"], &[], None).unwrap_err().status(),
        78
    );
}

#[test]
fn an_environment_that_is_no_text_is_refused_only_where_it_is_ours() {
    use std::os::unix::ffi::OsStringExt;
    let odd = || OsString::from_vec(vec![0xff]);
    let with = |name: &str| parse(vec![], vec![(name.into(), odd())], None, &|_| Ok(vec![]));
    assert!(with("HOME").is_ok());
    assert!(with("XG2G_DATA")
        .unwrap_err()
        .to_string()
        .contains("XG2G_DATA: is not UTF-8"));
}

#[test]
fn the_configuration_is_shown_with_whatever_options_the_program_runs_with() {
    let shown = run(&["config", "--demo", "--listen", ":1"], &[], None);
    assert!(matches!(shown, Ok(Command::Config { .. })));
}

#[test]
fn the_simulated_receiver_takes_its_options() {
    let args = "receiver --port 81 --stream-port 82 --services 9 --events 2 --line 1 --user u --password p --delay 5 --fault hang --tuners 2 --rate 8 --stream-fault cut=50";
    let args: Vec<&str> = args.split(' ').collect();
    let Ok(Command::Receiver(receiver)) = run(&args, &[("XG2G_EPG_DAYS", "x")], None) else {
        panic!("no receiver");
    };
    let expected = DemoReceiver {
        port: 81,
        stream_port: 82,
        services: Some(9),
        bouquets: None,
        events: Some(2),
        line: 1,
        user: "u".into(),
        password: "p".into(),
        delay: std::time::Duration::from_millis(5),
        fault: Some("hang".into()),
        tuners: 2,
        rate: 8,
        stream_fault: Some("cut=50".into()),
    };
    assert_eq!(receiver, expected);
}

#[test]
fn help_names_every_option() {
    let help = help();
    for option in OPTIONS {
        assert!(help.contains(option), "{option}");
    }
}
