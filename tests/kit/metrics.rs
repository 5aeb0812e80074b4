//! Reads `/metrics` as strictly as the format is defined (Prometheus, text format 0.0.4).

use std::collections::{BTreeMap, BTreeSet};

use super::Kit;

/// A family of series.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) help: String,
    /// Labels but the bounds of buckets, with their values, in the order they are told.
    pub(crate) labels: Vec<(String, Vec<String>)>,
}

/// What `/metrics` said.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) families: Vec<Family>,
    /// By the series as it is written: name and labels.
    series: BTreeMap<String, f64>,
}

impl Kit {
    /// What `/metrics` says now.
    pub(crate) async fn metrics(&self) -> Metrics {
        let answer = self.get("/metrics").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        Metrics::parse(answer.text())
    }
}

impl Metrics {
    pub(crate) fn parse(text: &str) -> Metrics {
        assert!(text.ends_with('\n') && !text.contains("\n\n"));
        let mut metrics = Metrics {
            families: Vec::new(),
            series: BTreeMap::new(),
        };
        let mut names = BTreeSet::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let (name, help) = line
                .strip_prefix("# HELP ")
                .unwrap()
                .split_once(' ')
                .unwrap();
            let kind = lines.next().unwrap().strip_prefix("# TYPE ").unwrap();
            let (same, kind) = kind.split_once(' ').unwrap();
            assert_eq!(same, name);
            assert!(names.insert(name), "{name} twice");
            assert!(
                is_name(name) && help.ends_with('.') && !help.contains('\\'),
                "{line}"
            );
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{kind}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            let mut family = Family {
                name: name.into(),
                kind: kind.into(),
                help: help.into(),
                labels: Vec::new(),
            };
            let mut rows = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
                rows.push(metrics.series(&mut family, line));
            }
            assert!(!rows.is_empty(), "{name} has no series");
            if kind == "histogram" {
                check_histogram(&rows);
            }
            metrics.families.push(family);
        }
        metrics
    }

    /// The value of a series, as it is written.
    pub(crate) fn get(&self, series: &str) -> f64 {
        let found = self.series.get(series);
        *found.unwrap_or_else(|| panic!("no {series} in {:#?}", self.series))
    }

    /// All series that begin so.
    pub(crate) fn all<'a>(&'a self, begin: &'a str) -> impl Iterator<Item = (&'a str, f64)> + 'a {
        let all = self.series.iter();
        all.filter(move |(series, _)| series.starts_with(begin))
            .map(|(series, value)| (series.as_str(), *value))
    }

    pub(crate) fn sum(&self, begin: &str) -> f64 {
        self.all(begin).map(|(_, value)| value).sum()
    }

    /// How many series there are.
    pub(crate) fn count(&self) -> usize {
        self.series.len()
    }

    /// Takes in one line; gives the suffix of its name, its labels and its value.
    fn series(&mut self, family: &mut Family, line: &str) -> Row {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let number: f64 = value.parse().unwrap();
        assert!(number.is_finite() && number >= 0.0, "{line}");
        assert!(
            self.series.insert(series.into(), number).is_none(),
            "{series} twice"
        );
        let (name, labels) = match series.split_once('{') {
            Some((name, rest)) => (name, labels(rest.strip_suffix('}').unwrap())),
            None => (series, Vec::new()),
        };
        let suffix = name.strip_prefix(&*family.name).unwrap();
        let suffixes: &[&str] = match &*family.kind {
            "histogram" => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        assert!(suffixes.contains(&suffix), "{line}");
        let (bounds, labels): (Vec<_>, Vec<_>) =
            labels.into_iter().partition(|(name, _)| name == "le");
        assert_eq!(bounds.len(), usize::from(suffix == "_bucket"), "{line}");
        if family.labels.is_empty() {
            family.labels = labels
                .iter()
                .map(|(name, _)| (name.clone(), Vec::new()))
                .collect();
        }
        assert_eq!(labels.len(), family.labels.len(), "{line}");
        for ((name, value), (known, values)) in labels.iter().zip(&mut family.labels) {
            assert_eq!(name, known, "{line}");
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        Row {
            suffix: suffix.into(),
            labels,
            bound: bounds.into_iter().next().map(|(_, bound)| bound),
            value: number,
        }
    }
}

#[derive(Debug)]
struct Row {
    suffix: String,
    labels: Vec<(String, String)>,
    bound: Option<String>,
    value: f64,
}

/// Buckets are in their order and cumulative, the last one has all; sum and count follow.
fn check_histogram(rows: &[Row]) {
    for of_one in rows.chunk_by(|a, b| a.labels == b.labels) {
        let (buckets, rest) = of_one.split_at(of_one.len() - 2);
        assert_eq!((&*rest[0].suffix, &*rest[1].suffix), ("_sum", "_count"));
        let bound = |row: &Row| match row.bound.as_deref().unwrap() {
            "+Inf" => f64::INFINITY,
            bound => bound.parse().unwrap(),
        };
        let bounds: Vec<f64> = buckets.iter().map(bound).collect();
        assert!(bounds.windows(2).all(|two| two[0] < two[1]), "{bounds:?}");
        let counts: Vec<f64> = buckets.iter().map(|row| row.value).collect();
        assert!(counts.is_sorted(), "{of_one:?}");
        assert_eq!(bounds.last(), Some(&f64::INFINITY));
        assert_eq!(counts.last(), Some(&rest[1].value));
        assert!(rest[0].value == 0.0 || rest[1].value > 0.0);
    }
}

/// `[a-zA-Z_:][a-zA-Z0-9_:]*`
fn is_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    name.starts_with(is_letter) && name.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}

fn labels(mut rest: &str) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> = Vec::new();
    loop {
        let (name, begin) = rest.split_once("=\"").unwrap();
        assert!(is_name(name) && !name.contains(':') && !name.starts_with("__"));
        assert!(
            labels.iter().all(|(known, _)| known != name),
            "{name} twice"
        );
        let mut value = String::new();
        let mut chars = begin.char_indices();
        let end = loop {
            match chars.next().unwrap() {
                (_, '\\') => value.push(match chars.next().unwrap().1 {
                    'n' => '\n',
                    c @ ('\\' | '"') => c,
                    c => panic!("\\{c}"),
                }),
                (at, '"') => break at + 1,
                (_, c) => value.push(c),
            }
        };
        labels.push((name.into(), value));
        match begin[end..].strip_prefix(',') {
            Some(more) => rest = more,
            None => {
                assert_eq!(&begin[end..], "");
                return labels;
            }
        }
    }
}
