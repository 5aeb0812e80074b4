//! `xg2g check`.

use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;

use smol::LocalExecutor;

use crate::app;
use crate::cli::Places;
use crate::config::{self, Loaded};
use crate::doctor::{self, Finding, Needs, Status};
use crate::http::client::Settings;
use crate::receiver::demo;
use crate::receiver::openwebif::OpenWebif;

/// Who asks waits: no longer than this for one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks at everything and prints what was found, line by line as it is found or as JSON. Returns whether there is no
/// problem.
///
/// # Errors
/// When the simulated receiver of a demo cannot start.
pub fn check(
    demo: bool,
    json: bool,
    loaded: Result<Loaded, Vec<config::Error>>,
) -> Result<bool, app::Error> {
    let mut findings = Vec::new();
    let mut tell = |finding: Finding| {
        if !json {
            print(&finding.to_string());
        }
        findings.push(finding);
    };
    match loaded {
        Ok(loaded) => examine(demo, loaded, &mut tell)?,
        Err(errors) => doctor::misconfigured(&errors).into_iter().for_each(tell),
    }
    if json {
        print(&doctor::json(&findings));
    }
    Ok(findings
        .iter()
        .all(|finding| finding.status < Status::Problem))
}

fn examine(
    demo: bool,
    mut loaded: Loaded,
    tell: &mut dyn FnMut(Finding),
) -> Result<(), app::Error> {
    let executor = Rc::new(LocalExecutor::new());
    let Places { state, data } = Places::of(demo, &loaded);
    let _simulated = match demo {
        true => {
            let options = demo::Options::default();
            let started = app::Simulated::start(&executor, options).map_err(app::Error::Demo)?;
            started.replace(&mut loaded.config);
            Some(started)
        }
        false => None,
    };
    let config = &loaded.config;
    let disk = app::disk(config, demo);
    // What may pass is told, not waited for.
    let settings = Settings {
        timeout: config.receiver.timeout.min(PATIENCE),
        retries: 0,
        ..app::settings(config)
    };
    let web = OpenWebif::new(settings, config.receiver.max_block).map_err(app::Error::Receiver)?;
    let web = Rc::new(web);
    let streams = app::trial(&executor, config, web.clone(), PATIENCE);
    let host = app::host_of(&config.receiver.url).unwrap_or_else(|| "127.0.0.1".into());
    let needs = Needs {
        loaded: Rc::new(loaded),
        state,
        data,
        host,
        disk,
        is_demo: demo,
        own: None,
    };
    smol::block_on(executor.run(async {
        doctor::check(&needs, &web, &streams, tell).await;
        streams.stop().await;
    }));
    Ok(())
}

/// Whoever closed standard output does not want to read.
fn print(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
