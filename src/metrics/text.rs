//! The text format of Prometheus, version 0.0.4.

use std::fmt::{Display, Write};

use super::Histogram;

/// Names and values of a series' labels.
pub type Labels<'a> = &'a [(&'a str, &'a str)];

/// What the numbers of a family mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// They only grow.
    Counter,
    /// They are as things are now.
    Gauge,
    /// They are counted in buckets.
    Histogram,
}

/// The text as far as it is written.
#[derive(Debug, Default)]
pub struct Text {
    out: String,
    /// The family that is being written.
    name: &'static str,
}

impl Text {
    /// Begins a family: its series follow. `help` is one line without a backslash.
    pub fn family(&mut self, kind: Kind, name: &'static str, help: &'static str) {
        self.name = name;
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        for part in [
            "# HELP ",
            name,
            " ",
            help,
            "\n# TYPE ",
            name,
            " ",
            kind,
            "\n",
        ] {
            self.out.push_str(part);
        }
    }

    /// A series of the family.
    pub fn value(&mut self, labels: Labels<'_>, value: u64) {
        self.line("", labels, &value);
    }

    /// A series that is told in seconds, of microseconds.
    pub fn seconds(&mut self, labels: Labels<'_>, micros: u64) {
        self.line("", labels, &Seconds(micros));
    }

    /// The series of a histogram.
    pub fn histogram(&mut self, labels: Labels<'_>, histogram: &Histogram) {
        let mut count = 0;
        for (at, own) in histogram.counts.iter().enumerate() {
            count += own.get();
            let bound = histogram.bounds.get(at);
            let bound = bound.map_or("+Inf".to_owned(), |bound| decimal(*bound));
            let with_bound = [labels, &[("le", &*bound)]].concat();
            self.line("_bucket", &with_bound, &count);
        }
        self.line("_sum", labels, &Seconds(histogram.sum.get()));
        self.line("_count", labels, &count);
    }

    /// A family of one series without labels.
    pub fn single(&mut self, kind: Kind, name: &'static str, help: &'static str, value: u64) {
        self.family(kind, name, help);
        self.value(&[], value);
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn line(&mut self, suffix: &str, labels: Labels<'_>, value: &dyn Display) {
        self.out.push_str(self.name);
        self.out.push_str(suffix);
        let mut before = '{';
        for (name, value) in labels {
            self.out.push(before);
            self.out.push_str(name);
            self.out.push_str("=\"");
            self.escape(value);
            self.out.push('"');
            before = ',';
        }
        if before == ',' {
            self.out.push('}');
        }
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, " {value}");
    }

    fn escape(&mut self, value: &str) {
        for c in value.chars() {
            match c {
                '\\' => self.out.push_str("\\\\"),
                '"' => self.out.push_str("\\\""),
                '\n' => self.out.push_str("\\n"),
                c => self.out.push(c),
            }
        }
    }
}

/// Microseconds as seconds.
struct Seconds(u64);

impl Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// Milliseconds as seconds, without zeros that say nothing.
fn decimal(millis: u32) -> String {
    let text = format!("{}.{:03}", millis / 1_000, millis % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_told_once_and_its_labels_are_escaped() {
        let mut out = Text::default();
        out.family(Kind::Counter, "x_total", "What it is.");
        out.value(&[("a", "1\\2\"3\n4"), ("b", "ü")], 7);
        out.seconds(&[("a", "")], 12_000_034);
        out.single(Kind::Gauge, "y", "Another.", u64::MAX);
        let expected = "# HELP x_total What it is.\n\
             # TYPE x_total counter\n\
             x_total{a=\"1\\\\2\\\"3\\n4\",b=\"ü\"} 7\n\
             x_total{a=\"\"} 12.000034\n\
             # HELP y Another.\n\
             # TYPE y gauge\n\
             y 18446744073709551615\n";
        assert_eq!(out.finish(), expected);
    }

    #[test]
    fn bounds_are_written_as_short_as_can_be() {
        let texts = [1, 5, 100, 2_500, 10_000, 600_000].map(decimal);
        assert_eq!(texts, ["0.001", "0.005", "0.1", "2.5", "10", "600"]);
    }
}
