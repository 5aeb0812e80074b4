//! What was asked of the routes: how often, with what outcome, and how long it took.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::error::CODES;
use super::router::Route;
use crate::metrics::{Collect, Counter, Gauge, Held, Histogram, Kind, Text};

/// What is asked of no row of the table, and with no method that is served.
const OTHER: &str = "other";

/// Upper bounds of the times, in milliseconds.
const BOUNDS: &[u32] = &[1, 5, 25, 100, 500, 2_500, 10_000];

/// The requests so far. Bounded: patterns of the table, methods that are served, statuses that we send; nothing of what a
/// client says is kept.
#[derive(Debug, Default)]
pub struct Seen {
    rows: RefCell<Vec<Row>>,
    connections: Rc<Gauge>,
}

/// The requests by one method to one pattern.
#[derive(Debug)]
struct Row {
    method: &'static str,
    route: &'static str,
    /// Statuses of the answers.
    codes: Vec<(u16, Counter)>,
    took: Histogram,
}

impl Row {
    fn new(method: &'static str, route: &'static str) -> Row {
        Row {
            method,
            route,
            codes: Vec::new(),
            took: Histogram::new(BOUNDS),
        }
    }

    fn code(&mut self, status: u16) -> &Counter {
        let found = self.codes.iter().position(|(code, _)| *code == status);
        let at = found.unwrap_or_else(|| {
            self.codes.push((status, Counter::default()));
            self.codes.len() - 1
        });
        &self.codes[at].1
    }
}

impl Seen {
    /// Shows these routes from now on: with 200, and what can go wrong under `other`.
    pub(super) fn expect(&self, routes: &[Route]) {
        let mut rows = self.rows.borrow_mut();
        for route in routes {
            row(&mut rows, route.method.as_str(), route.path).code(200);
        }
        let other = row(&mut rows, OTHER, OTHER);
        for status in CODES.iter().flat_map(|code| code.statuses) {
            other.code(*status);
        }
    }

    /// A request was answered; `route` is the pattern of the row it led to.
    pub(super) fn note(
        &self,
        method: &'static str,
        route: Option<&'static str>,
        status: u16,
        took: Duration,
    ) {
        let mut rows = self.rows.borrow_mut();
        let row = row(&mut rows, method, route.unwrap_or(OTHER));
        row.code(status).up();
        row.took.observe(took);
    }

    /// Something was refused before it was known what it asks.
    pub(super) fn refused(&self, status: u16) {
        row(&mut self.rows.borrow_mut(), OTHER, OTHER)
            .code(status)
            .up();
    }

    /// A connection is open as long as the answer is held.
    pub(super) fn connection(&self) -> Held {
        self.connections.hold()
    }
}

fn row<'r>(rows: &'r mut Vec<Row>, method: &'static str, route: &'static str) -> &'r mut Row {
    let is_it = |row: &Row| row.method == method && row.route == route;
    let at = rows.iter().position(is_it).unwrap_or_else(|| {
        rows.push(Row::new(method, route));
        rows.len() - 1
    });
    &mut rows[at]
}

impl Collect for Seen {
    fn collect(&self, out: &mut Text) {
        let rows = self.rows.borrow();
        out.family(
            Kind::Counter,
            "xg2g_api_requests_total",
            "Requests answered, by pattern of the address; other is what leads to none or cannot be read.",
        );
        for Row {
            method,
            route,
            codes,
            ..
        } in &*rows
        {
            for (code, count) in codes {
                let code = code.to_string();
                let labels = [("method", *method), ("route", *route), ("code", &code)];
                out.value(&labels, count.get());
            }
        }
        out.family(
            Kind::Histogram,
            "http_request_duration_seconds",
            "Time from a whole request to the head of its answer, which is all there is to time of a stream.",
        );
        for row in &*rows {
            out.histogram(&[("method", row.method), ("route", row.route)], &row.took);
        }
        out.single(
            Kind::Gauge,
            "xg2g_http_connections",
            "Connections that are open, idle ones included.",
            self.connections.get().into(),
        );
    }
}
