//! `/status.json` and `/tuners.html`: what the tuners of the HDHomeRun device are used for.

use std::fmt::Write;

use nanoserde::SerJson;

use super::hdhomerun::{fresh, Hdhomerun, JSON};
use crate::hdhomerun::Tuner;
use crate::http::{Params, Reply, Request};
use crate::xml;

const HTML: &str = "text/html; charset=utf-8";

#[derive(SerJson)]
#[allow(non_snake_case)]
struct Resource {
    Resource: String,
    VctNumber: Option<String>,
    VctName: Option<String>,
    /// What for; not on real devices, which do nothing but stream.
    Purpose: Option<&'static str>,
    TargetIP: Option<String>,
    NetworkRate: Option<u32>,
}

impl Hdhomerun {
    pub(super) async fn resources(self, _: Request, _: Params) -> Reply {
        let tuners = self.emulated.tuners();
        let resources: Vec<Resource> = tuners.into_iter().zip(0..).map(Resource::from).collect();
        fresh(JSON, resources.serialize_json())
    }

    /// The same for people.
    pub(super) async fn tuners(self, _: Request, _: Params) -> Reply {
        let name = xml::text(&self.emulated.name);
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{name}</title>\n\
             <h1>Tuners of {name}</h1>\n<table>\n\
             <tr><th>Tuner<th>Channel<th>Name<th>Used for<th>By<th>kbit/s\n"
        );
        for (tuner, place) in self.emulated.tuners().into_iter().zip(0u32..) {
            let Resource {
                Resource: tuner,
                VctNumber: number,
                VctName: name,
                Purpose: purpose,
                TargetIP: client,
                NetworkRate: rate,
            } = (tuner, place).into();
            let rate = rate.map(|rate| (rate / 1_000).to_string());
            let purpose = purpose.unwrap_or("free").to_owned();
            let cells = [Some(tuner), number, name, Some(purpose), client, rate];
            page.push_str("<tr>");
            for cell in cells {
                // Writing into memory cannot fail.
                let _ = write!(page, "<td>{}", xml::text(&cell.unwrap_or_default()));
            }
            page.push('\n');
        }
        page.push_str("</table>\n</html>\n");
        fresh(HTML, page)
    }
}

impl From<(Tuner, u32)> for Resource {
    fn from((tuner, place): (Tuner, u32)) -> Resource {
        let tuned = tuner.program.as_ref();
        Resource {
            Resource: format!("tuner{place}"),
            VctNumber: tuned.and_then(|tuned| Some(tuned.number?.to_string())),
            VctName: tuned.map(|tuned| tuned.name.clone()),
            Purpose: tuned.map(|tuned| tuned.purpose),
            TargetIP: tuned.and_then(|tuned| Some(tuned.client?.to_string())),
            NetworkRate: tuned.map(|tuned| tuned.rate).filter(|rate| *rate > 0),
        }
    }
}
