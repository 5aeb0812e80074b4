//! From a request to its answer: the table of paths, and the pages of refusal.

use super::json::Json;
use super::query::{unquote, Query};
use super::timers::{self, Timer};
use super::tuners::Tuners;
use super::world::World;
use super::{device, events, lists, message, picon, status, Line};

const JSON: &str = "application/json; charset=utf-8";

/// What an answer is made from.
pub(super) struct View<'a> {
    pub(super) line: Line,
    pub(super) world: &'a World,
    /// Seconds since 1970.
    pub(super) now: i64,
    /// Seconds since the receiver was started.
    pub(super) uptime: i64,
    pub(super) stream_port: u16,
    pub(super) relay_port: u16,
    /// Whether port 8001 asks for the login.
    pub(super) stream_authentication: bool,
    /// The services for the stream relay.
    pub(super) whitelist: &'a [String],
    pub(super) tuners: &'a Tuners,
    pub(super) timers: &'a [Timer],
    pub(super) viewers: &'a [Viewer<'a>],
}

/// Somebody to whom a service is streamed.
pub(super) struct Viewer<'a> {
    pub(super) sref: &'a str,
    pub(super) ip: &'a str,
    pub(super) tuner: Option<usize>,
}

/// An answer before it is put on the wire.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    /// Further header lines, each with its line end.
    pub(super) headers: String,
    /// Sent in chunks instead of with its length, as templates are.
    pub(super) chunked: bool,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn new(status: u16, content_type: &'static str, body: Vec<u8>) -> Answer {
        Answer {
            status,
            content_type,
            headers: String::new(),
            chunked: false,
            body,
        }
    }

    pub(super) fn json(fill: impl FnOnce(&mut Json)) -> Answer {
        Answer::new(200, JSON, Json::document(fill))
    }

    /// A failure as OpenWebif reports it: 200 and `"result": false`.
    pub(super) fn failure(message: &str) -> Answer {
        Answer::json(|json| {
            json.flag("result", false);
            json.text("message", message);
        })
    }

    pub(super) fn not_found() -> Answer {
        let page = "<html><head><title>OpenWebif</title></head><body><h1>Error 404: Not found</h1><br>The requested page doesn't exist.</body></html>";
        Answer {
            chunked: true,
            ..Answer::new(404, "text/html", page.into())
        }
    }

    /// What Twisted makes of an exception in OpenWebif's code.
    pub(super) fn processing_failed() -> Answer {
        let page = "<html><head><title>Processing Failed</title></head><body><b>Processing Failed</b></body></html>";
        Answer::new(500, "text/html", page.into())
    }

    pub(super) fn unauthorized() -> Answer {
        let page = twisted_page(
            "401 - Unauthorized",
            "Unauthorized",
            "401 Authentication required",
        );
        let headers = "WWW-Authenticate: Basic realm=\"OpenWebif\"\r\n".to_owned();
        Answer {
            headers,
            ..Answer::new(401, "text/html; charset=utf-8", page.into_bytes())
        }
    }

    /// The page of something that is not OpenWebif, as captive portals and routers send it.
    pub(super) fn login_page() -> Answer {
        let page = "<!DOCTYPE html>\n<html><head><title>Login</title></head><body><form action=\"/login\"><input name=\"user\"><input name=\"password\" type=\"password\"></form></body></html>\n";
        Answer::new(200, "text/html; charset=utf-8", page.into())
    }

    fn no_such_file() -> Answer {
        let page = twisted_page(
            "404 - No Such Resource",
            "No Such Resource",
            "File not found.",
        );
        Answer::new(404, "text/html; charset=utf-8", page.into_bytes())
    }

    fn m3u(view: &View, text: String) -> Answer {
        let content_type = match view.line {
            Line::V2 => "application/vnd.apple.mpegurl",
            Line::V1 => "application/x-mpegurl",
        };
        Answer {
            chunked: true,
            ..Answer::new(200, content_type, text.into_bytes())
        }
    }
}

/// The answer to a request, before any fault.
pub(super) fn answer(view: &View, query: &Query, host: &str) -> Answer {
    match query.path.strip_prefix("/api/") {
        Some(call) => {
            let mut answer = api(view, call, query, host).unwrap_or_else(|refusal| refusal);
            allow_origin(view, &mut answer);
            answer
        }
        None => page(view, query, host),
    }
}

fn api(view: &View, call: &str, query: &Query, host: &str) -> Result<Answer, Answer> {
    Ok(match call {
        "about" => device::about(view),
        "deviceinfo" => device::device(view),
        "statusinfo" => status::status(view),
        "currenttime" => status::time(view),
        "powerstate" => status::power(view, query),
        "signal" | "tunersignal" => status::signal(view),
        "settings" => status::settings(view),
        "message" => message::answer(query, view.line)?,
        "timerlist" => timers::list(view),
        "zap" => status::zap(view, &query.once("sRef")?),
        "bouquets" => lists::bouquets(view, query),
        "getservices" => lists::services(view, query),
        "getallservices" => lists::all_services(view, query),
        "epgservice" => events::of_service(view, query, &query.twice("sRef")?),
        "epgmulti" => events::of_bouquet(view, query, &query.twice("bRef")?),
        "epgbouquet" => events::of_bouquet_by_line(view, query, &query.twice("bRef")?),
        "epgnow" => events::now(view, query, &query.twice("bRef")?),
        "epgnext" => events::next(view, query, &query.twice("bRef")?),
        "epgnownext" => events::now_next(view, query, &query.twice("bRef")?),
        "getpicon" => logo(view, query, query.get("sRef").unwrap_or("")),
        "stream.m3u" => stream_list(view, query, host),
        _ => Answer::not_found(),
    })
}

fn page(view: &View, query: &Query, host: &str) -> Answer {
    match query.path.as_str() {
        "/web/stream.m3u" => {
            let mut answer = stream_list(view, query, host);
            allow_origin(view, &mut answer);
            answer
        }
        "/images/default_picon.png" => Answer::new(200, "image/png", picon::draw("?")),
        path => match path.strip_prefix("/picon/") {
            Some(file) => match named_logo(view, file) {
                Some(body) => Answer::new(200, "image/png", body),
                None => Answer::no_such_file(),
            },
            None => Answer::not_found(),
        },
    }
}

fn named_logo(view: &View, file: &str) -> Option<Vec<u8>> {
    let entry = view
        .world
        .entries()
        .find(|entry| entry.logo_file().as_deref() == Some(file))?;
    Some(picon::draw(&entry.name))
}

fn logo(view: &View, query: &Query, sref: &str) -> Answer {
    let entry = view.world.service(sref);
    let file = entry.and_then(|entry| Some((entry, entry.logo_file()?)));
    match (file, query.get("json")) {
        (None, Some("true")) => Answer::json(|json| json.flag("result", false)),
        (None, _) => Answer::not_found(),
        (Some((_, file)), Some("true")) => Answer::json(|json| {
            json.flag("result", true);
            json.text("path", &format!("/media/hdd/picon/{file}"));
            json.text("link", &format!("/picon/{file}"));
        }),
        (Some((entry, file)), _) => {
            let headers = format!("Content-Disposition: filename=\"{file}\"\r\n");
            let body = picon::draw(&entry.name);
            Answer {
                headers,
                chunked: true,
                ..Answer::new(200, "image/png", body)
            }
        }
    }
}

/// The list for one stream; OpenWebif decodes the reference three times here.
fn stream_list(view: &View, query: &Query, host: &str) -> Answer {
    let sref = unquote(&unquote(query.get("ref").unwrap_or("")));
    let group = view
        .world
        .bouquet(&sref)
        .and_then(|members| members.entries.first());
    let sref = group.map_or(sref, |first| first.sref.clone());
    let mut text = "#EXTM3U \n#EXTVLCOPT:http-reconnect=true \n".to_owned();
    if let Some(name) = query.get("name") {
        text.push_str(&format!("#EXTINF:-1,{name}\n"));
    }
    if let Some(entry) = view.world.service(&sref) {
        text.push_str(&format!("#EXTVLCOPT:program={}\n", entry.sid()));
    }
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
    match sref.find("://") {
        // The name stays glued to the URL, as it does on a real receiver.
        Some(_) => {
            let url: Vec<&str> = sref.splitn(11, ':').collect();
            text.push_str(url.last().unwrap_or(&""));
            text.push('\n');
        }
        None => text.push_str(&format!("http://{host}:{}/{sref}\n", view.stream_port)),
    }
    Answer::m3u(view, text)
}

fn allow_origin(view: &View, answer: &mut Answer) {
    if view.line == Line::V2 {
        answer
            .headers
            .push_str("Access-Control-Allow-Origin: *\r\n");
    }
}

fn twisted_page(title: &str, heading: &str, text: &str) -> String {
    format!("\n<html>\n  <head><title>{title}</title></head>\n  <body>\n    <h1>{heading}</h1>\n    <p>{text}</p>\n  </body>\n</html>\n")
}
