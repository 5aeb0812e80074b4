//! The table of routes and the search in it.

use std::borrow::Cow;
use std::future::Future;
use std::rc::Rc;
use std::time::Instant;

use smol::future::{BoxedLocal, FutureExt};

use super::error::{code, ApiError};
use super::reply::Reply;
use super::request::{Method, Request};
use super::seen::Seen;

/// What answers a route.
pub type Handler = Box<dyn Fn(Request, Params) -> BoxedLocal<Result<Reply, ApiError>>>;

/// What a handler may give: an answer, or also an error instead.
pub trait IntoAnswer {
    /// The answer or the error.
    fn into_answer(self) -> Result<Reply, ApiError>;
}

impl IntoAnswer for Reply {
    fn into_answer(self) -> Result<Reply, ApiError> {
        Ok(self)
    }
}

impl IntoAnswer for Result<Reply, ApiError> {
    fn into_answer(self) -> Result<Reply, ApiError> {
        self
    }
}

/// What a request needs to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It tells no more than that the program lives.
    Probe,
    /// It reads.
    Read,
    /// It reads for as long as it likes, perhaps by a WebSocket, which no browser keeps from pages of other sites.
    Follow,
    /// It has something looked at anew, which changes nothing of ours but is no matter of pages of other sites.
    Nudge,
    /// It gives away the token to who reads the television: to who is near, without any token.
    Pair,
    /// It changes something.
    Change,
}

/// What a request costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Nothing that could be counted: a stream has limits of its own.
    Free,
    /// Ready-made, and asked for by the hundred: one player loads all logos at once.
    Ready,
    /// The usual.
    Cheap,
    /// Work for the receiver.
    Dear,
}

/// Looks at each request before it is answered.
pub trait Gate {
    /// Whether the request to this row (`None`: to no row of the table) is answered, and the headers its answer has
    /// in any case. May correct the client's address in it.
    fn admit(
        &self,
        request: &mut Request,
        route: Option<&Route>,
    ) -> (Headers, Result<(), ApiError>);
}

/// Header lines: names in lower case, values.
pub type Headers = Vec<(&'static str, Cow<'static, str>)>;

/// A request body is at most this long (bytes) unless its row says otherwise.
const BODY: usize = 1024;

/// A row of the table.
pub struct Route {
    /// The method; a `GET` row answers `HEAD` too.
    pub method: Method,
    /// The pattern: literal segments and parameters such as `/playlist/{name}`. A parameter may have
    /// literal text around it (`/picon/{ref}.png`) and is never empty.
    pub path: &'static str,
    /// What is needed to be answered.
    pub access: Access,
    /// What it costs.
    pub cost: Cost,
    /// Errors have no body: it is for players that take any for a stream.
    pub is_for_players: bool,
    /// The longest request body it takes (bytes).
    pub body: usize,
    segments: Vec<Segment>,
    handler: Handler,
}

impl Route {
    /// A row of any method. `GET` reads, all others change; both are cheap.
    pub fn new<F, A>(method: Method, path: &'static str, handler: F) -> Self
    where
        F: Fn(Request, Params) -> A + 'static,
        A: Future<Output: IntoAnswer> + 'static,
    {
        Route {
            method,
            path,
            access: if method == Method::Get {
                Access::Read
            } else {
                Access::Change
            },
            cost: Cost::Cheap,
            is_for_players: false,
            body: BODY,
            segments: path.split('/').skip(1).map(Segment::new).collect(),
            handler: Box::new(move |request, params| {
                let answer = handler(request, params);
                async move { answer.await.into_answer() }.boxed_local()
            }),
        }
    }

    /// A row for `GET` and `HEAD`.
    pub fn get<F, A>(path: &'static str, handler: F) -> Self
    where
        F: Fn(Request, Params) -> A + 'static,
        A: Future<Output: IntoAnswer> + 'static,
    {
        Route::new(Method::Get, path, handler)
    }

    /// A row for `POST`.
    pub fn post<F, A>(path: &'static str, handler: F) -> Self
    where
        F: Fn(Request, Params) -> A + 'static,
        A: Future<Output: IntoAnswer> + 'static,
    {
        Route::new(Method::Post, path, handler)
    }

    /// The row with another need.
    #[must_use]
    pub fn needing(self, access: Access) -> Self {
        Route { access, ..self }
    }

    /// The row with another cost.
    #[must_use]
    pub fn costing(self, cost: Cost) -> Self {
        Route { cost, ..self }
    }

    /// The row with longer request bodies (bytes).
    #[must_use]
    pub fn taking(self, body: usize) -> Self {
        Route { body, ..self }
    }

    /// The row for players: no costs, no bodies of errors.
    #[must_use]
    pub fn for_players(self) -> Self {
        Route {
            cost: Cost::Free,
            is_for_players: true,
            ..self
        }
    }

    fn answers(&self, method: Method) -> bool {
        self.method == method || (self.method == Method::Get && method == Method::Head)
    }

    fn matches(&self, path: &[String]) -> Option<Params> {
        if self.segments.len() != path.len() {
            return None;
        }
        let mut params = Params::default();
        for (segment, text) in self.segments.iter().zip(path) {
            let value = segment.matches(text)?;
            if let Some(name) = segment.name {
                params.0.push((name, value.to_owned()));
            }
        }
        Some(params)
    }
}

/// One segment of a pattern: literal text, or a parameter between two literals.
struct Segment {
    before: &'static str,
    name: Option<&'static str>,
    after: &'static str,
}

impl Segment {
    fn new(text: &'static str) -> Self {
        let parameter = text.split_once('{').and_then(|(before, rest)| {
            let (name, after) = rest.split_once('}')?;
            Some((before, Some(name), after))
        });
        let (before, name, after) = parameter.unwrap_or((text, None, ""));
        Segment {
            before,
            name,
            after,
        }
    }

    fn matches<'t>(&self, text: &'t str) -> Option<&'t str> {
        let value = text.strip_prefix(self.before)?.strip_suffix(self.after)?;
        (value.is_empty() != self.name.is_some()).then_some(value)
    }
}

/// The decoded parameters of a path.
#[derive(Debug, Default)]
pub struct Params(Vec<(&'static str, String)>);

impl Params {
    /// The value of a parameter; empty if the pattern has no such name.
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| *key == name);
        found.map_or("", |(_, value)| value)
    }
}

/// The table. The first row that fits a path and method answers.
pub struct Router {
    routes: Vec<Route>,
    gate: Option<Rc<dyn Gate>>,
    seen: Rc<Seen>,
}

/// What a path and method lead to.
enum Found<'r> {
    Row(&'r Route, Params),
    /// A path with other methods, or the whole table.
    Methods(Vec<Method>),
    Nothing,
}

impl Router {
    /// A router over these rows.
    pub fn new(routes: Vec<Route>) -> Self {
        Router {
            routes,
            gate: None,
            seen: Rc::default(),
        }
    }

    /// The router that counts in `seen` what it is asked.
    #[must_use]
    pub fn counting(self, seen: Rc<Seen>) -> Self {
        seen.expect(&self.routes);
        Router { seen, ..self }
    }

    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// The router behind a gate.
    #[must_use]
    pub fn behind(self, gate: Rc<dyn Gate>) -> Self {
        Router {
            gate: Some(gate),
            ..self
        }
    }

    /// The rows in their order.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Answers a request: by its row, else 404, 405 with `Allow`, or 204 with `Allow` for `OPTIONS`. What is refused
    /// by the gate is not answered so.
    pub async fn answer(&self, mut request: Request) -> Reply {
        let (began, method) = (Instant::now(), request.method.as_str());
        let id = request.id.clone();
        let found = self.find(request.method, &request.segments);
        let row = match &found {
            Found::Row(row, _) => Some(*row),
            _ => None,
        };
        let (headers, admitted) = match &self.gate {
            Some(gate) => gate.admit(&mut request, row),
            None => (Headers::new(), Ok(())),
        };
        let answer = match (admitted, found) {
            (Err(refused), _) => Err(refused),
            (Ok(()), Found::Row(row, params)) => {
                request.route = Some(row.path);
                (row.handler)(request, params).await
            }
            (Ok(()), Found::Methods(methods)) if request.method == Method::Options => {
                Ok(Reply::empty(204).with("allow", allow(&methods)))
            }
            (Ok(()), Found::Methods(methods)) => {
                let error =
                    ApiError::new(code::METHOD_NOT_ALLOWED, "the method is not allowed here");
                Err(error.with("allow", allow(&methods)))
            }
            (Ok(()), Found::Nothing) => Err(ApiError::not_found("there is nothing here")),
        };
        let has_body = !row.is_some_and(|row| row.is_for_players);
        let mut reply = answer.unwrap_or_else(|error| error.reply(&id, has_body));
        reply.headers.extend(headers);
        let route = row.map(|row| row.path);
        self.seen.note(method, route, reply.status, began.elapsed());
        reply
    }

    /// The longest body (bytes) a request to this path may have.
    pub(super) fn longest_body(&self, method: Method, segments: &[String]) -> usize {
        match self.find(method, segments) {
            Found::Row(row, _) => row.body,
            Found::Methods(_) | Found::Nothing => BODY,
        }
    }

    /// No segments: the target `*`.
    fn find(&self, method: Method, segments: &[String]) -> Found<'_> {
        if segments.is_empty() {
            return Found::Methods(self.routes.iter().map(|route| route.method).collect());
        }
        let mut methods = Vec::new();
        for route in &self.routes {
            if let Some(params) = route.matches(segments) {
                if route.answers(method) {
                    return Found::Row(route, params);
                }
                methods.push(route.method);
            }
        }
        if methods.is_empty() {
            Found::Nothing
        } else {
            Found::Methods(methods)
        }
    }
}

/// The value of `Allow` for rows of these methods.
fn allow(methods: &[Method]) -> String {
    use Method::{Delete, Get, Head, Options, Post, Put};
    let allowed = |method: &Method| match method {
        Head => methods.contains(&Get) || methods.contains(&Head),
        Options => true,
        other => methods.contains(other),
    };
    let all = [Get, Head, Post, Put, Delete, Options];
    let names: Vec<_> = all
        .iter()
        .filter(|m| allowed(m))
        .map(Method::to_string)
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::request::tests::request;
    use super::*;

    fn router() -> Router {
        let named = |name: &'static str| {
            move |request: Request, params: Params| {
                let seen = format!("{name} {} {:?}", params.get("x"), request.route);
                async move { Reply::empty(200).with("seen", seen) }
            }
        };
        Router::new(vec![
            Route::get("/", named("root")),
            Route::get("/list/all", named("all")),
            Route::get("/list/{x}", named("list")),
            Route::post("/list/{x}", named("post")),
            Route::new(Method::Delete, "/list/{x}/item", named("item")),
            Route::get("/picon/{x}.png", named("picon")),
            Route::get("/auto/v{x}", named("auto")),
        ])
    }

    fn answer(line: &str) -> (u16, String) {
        let reply = smol::block_on(router().answer(request(line, "")));
        let header = reply
            .headers
            .into_iter()
            .find(|(name, _)| *name != "content-type");
        (
            reply.status,
            header.map_or(String::new(), |(_, value)| value.into_owned()),
        )
    }

    fn seen(line: &str) -> String {
        answer(line).1
    }

    #[test]
    fn the_first_row_that_fits_answers() {
        assert_eq!(seen("GET /"), "root  Some(\"/\")");
        assert_eq!(seen("GET /list/all"), "all  Some(\"/list/all\")");
        assert_eq!(seen("GET /list/a%20b"), "list a b Some(\"/list/{x}\")");
        assert_eq!(seen("HEAD /list/b"), "list b Some(\"/list/{x}\")");
        assert_eq!(seen("POST /list/all"), "post all Some(\"/list/{x}\")");
    }

    #[test]
    fn a_parameter_is_one_segment_between_its_literals() {
        assert_eq!(
            seen("GET /picon/1.png.png"),
            "picon 1.png Some(\"/picon/{x}.png\")"
        );
        assert_eq!(
            seen("GET /picon/a%2Fb.png"),
            "picon a/b Some(\"/picon/{x}.png\")"
        );
        assert_eq!(seen("GET /auto/v5"), "auto 5 Some(\"/auto/v{x}\")");
        for path in [
            "/picon/.png",
            "/picon/a.jpg",
            "/picon/a/b.png",
            "/auto/v",
            "/auto/5",
        ] {
            assert_eq!(answer(&format!("GET {path}")).0, 404, "{path}");
        }
    }

    #[test]
    fn no_other_spelling_of_a_path_matches() {
        for path in [
            "//",
            "/list",
            "/list/",
            "//list/all",
            "/list//all",
            "/LIST/all",
            "/list/all/",
        ] {
            assert_eq!(answer(&format!("GET {path}")).0, 404, "{path}");
        }
    }

    #[test]
    fn another_method_is_405_with_what_is_allowed() {
        let allowed = "GET, HEAD, POST, OPTIONS".to_owned();
        assert_eq!(answer("DELETE /list/x"), (405, allowed.clone()));
        assert_eq!(answer("OPTIONS /list/x"), (204, allowed));
        let item = (405, "DELETE, OPTIONS".to_owned());
        assert_eq!(answer("HEAD /list/x/item"), item);
        assert_eq!(answer("OPTIONS /none").0, 404);
        let all = (204, "GET, HEAD, POST, DELETE, OPTIONS".to_owned());
        assert_eq!(answer("OPTIONS *"), all);
    }

    #[test]
    fn the_table_can_be_listed() {
        let rows = router();
        let rows: Vec<_> = rows
            .routes()
            .iter()
            .map(|row| (row.method, row.path))
            .collect();
        assert_eq!(rows[3], (Method::Post, "/list/{x}"));
        assert_eq!(rows.len(), 7);
    }
}
