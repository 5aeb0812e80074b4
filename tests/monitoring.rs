//! Dashboards and alerts: they ask for what there is, and each alert is explained.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use nanoserde::DeJson;

const DASHBOARDS: [&str; 3] = ["xg2g-overview", "xg2g-api", "xg2g-jobs"];

#[derive(DeJson)]
struct Dashboard {
    uid: String,
    title: String,
    tags: Vec<String>,
    #[nserde(rename = "schemaVersion")]
    schema_version: u32,
    templating: Templating,
    panels: Vec<Panel>,
}

#[derive(DeJson)]
struct Templating {
    list: Vec<Variable>,
}

#[derive(DeJson)]
struct Variable {
    name: String,
    #[nserde(rename = "type")]
    kind: String,
}

#[derive(DeJson)]
struct Panel {
    id: u32,
    title: String,
    description: String,
    datasource: Source,
    targets: Vec<Target>,
}

#[derive(DeJson)]
struct Source {
    uid: String,
}

#[derive(DeJson)]
struct Target {
    expr: String,
}

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn dashboard(name: &str) -> Dashboard {
    DeJson::deserialize_json(&read(&format!("etc/grafana/{name}.json"))).unwrap()
}

/// The names of the page of metrics, and of the series of its histograms.
fn known() -> BTreeSet<String> {
    let page = read("docs/METRICS.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let mut names = BTreeSet::from(["up".to_owned()]);
    for row in rows {
        let (name, rest) = row.split_once("` | ").unwrap();
        if rest.starts_with("histogram") {
            names.extend(["bucket", "sum", "count"].map(|end| format!("{name}_{end}")));
        } else {
            names.insert(name.to_owned());
        }
    }
    assert!(names.len() > 40);
    names
}

/// The metrics a text names: words that begin as ours do.
fn metrics_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| {
            ["xg2g_", "process_", "http_request"]
                .iter()
                .any(|begin| word.starts_with(begin))
        })
}

/// The names of the alerts.
fn alerts() -> Vec<String> {
    let rules = read("etc/prometheus/alerts.yml");
    let names = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    names.map(str::to_owned).collect()
}

#[test]
fn dashboards_can_be_told_apart_and_are_for_any_source() {
    let mut uids = BTreeSet::new();
    for name in DASHBOARDS {
        let board = dashboard(name);
        assert_eq!(board.uid, name);
        assert!(uids.insert(board.uid) && board.title.starts_with("xg2g"));
        assert_eq!(board.tags, ["xg2g"]);
        assert!(board.schema_version >= 36);
        let variables = board.templating.list.iter();
        let variables: Vec<_> = variables.map(|it| (&*it.name, &*it.kind)).collect();
        let expected = [
            ("datasource", "datasource"),
            ("job", "query"),
            ("instance", "query"),
        ];
        assert_eq!(variables, expected);
        let mut ids = BTreeSet::new();
        for panel in &board.panels {
            assert!(ids.insert(panel.id), "{name}: {}", panel.title);
            assert!(panel.description.ends_with('.'), "{name}: {}", panel.title);
            assert_eq!(panel.datasource.uid, "${datasource}");
            assert!(!panel.targets.is_empty());
        }
    }
}

#[test]
fn dashboards_ask_only_for_metrics_of_the_page_and_of_whom_was_chosen() {
    let known = known();
    for name in DASHBOARDS {
        for Target { expr } in dashboard(name)
            .panels
            .iter()
            .flat_map(|panel| &panel.targets)
        {
            let mut count = expr.matches("up{").count() - expr.matches("_up{").count();
            for metric in metrics_in(expr) {
                assert!(known.contains(metric), "{name}: {metric}");
                count += 1;
            }
            assert!(count > 0, "{name}: {expr}");
            let chosen = expr
                .matches(r#"{job=~"$job", instance=~"$instance""#)
                .count();
            assert_eq!(chosen, count, "{name}: {expr}");
        }
    }
}

#[test]
fn alerts_ask_only_for_metrics_of_the_page() {
    let (known, rules) = (known(), read("etc/prometheus/alerts.yml"));
    let mut metrics = metrics_in(&rules).peekable();
    assert!(metrics.peek().is_some());
    for metric in metrics {
        assert!(known.contains(metric), "{metric}");
    }
}

#[test]
fn every_alert_stands_in_the_page_of_monitoring_and_no_other() {
    let page = read("docs/MONITORING.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `Xg2g"));
    let explained: Vec<String> = rows
        .map(|row| format!("Xg2g{}", row.split('`').next().unwrap()))
        .collect();
    let alerts = alerts();
    assert!(alerts.len() > 10);
    assert_eq!(explained, alerts);
}
