//! The receiver's answers about its hardware.

use super::answers::{Answer, View, Viewer};
use super::json::Json;
use super::status::{current_service, running_title};
use super::tuners::{Transponder, Use, User};
use super::Line;

/// `/api/about`.
pub(super) fn about(view: &View) -> Answer {
    Answer::json(|json| {
        json.object("info", |json| device_fields(view, json));
        json.object("service", |json| current_service(view, json));
    })
}

/// `/api/deviceinfo`.
pub(super) fn device(view: &View) -> Answer {
    Answer::json(|json| device_fields(view, json))
}

fn device_fields(view: &View, json: &mut Json) {
    let v2 = view.line == Line::V2;
    json.text("brand", "xg2g");
    json.text("model", "Demo 4K");
    json.text("boxtype", "demo4k");
    json.text("machinebuild", "demo4k");
    json.int("lcd", 0);
    json.int("grabpip", i64::from(v2));
    json.text("chipset", "unknown");
    json.text("mem1", "249284 kB");
    json.text("mem2", "121968 kB");
    json.text("mem3", "121968 kB free / 249284 kB total");
    json.text("uptime", &uptime(view));
    json.text("webifver", if v2 { "OWIF 2.4.0" } else { "OWIF 1.5.2" });
    json.text("imagedistro", "openatv");
    json.text(
        "friendlyimagedistro",
        if v2 { "openATV" } else { "OpenATV" },
    );
    json.text(
        "oever",
        if v2 {
            "OE-Alliance 5.5"
        } else {
            "OE-Alliance 4.4"
        },
    );
    json.text("imagever", if v2 { "7.5.20260801" } else { "6.5.20210101" });
    json.text("enigmaver", "2026-08-08");
    json.text("driverdate", if v2 { "20260701" } else { "20210101" });
    json.text("kernelver", "5.15.0");
    json.null("fp_version");
    json.text("friendlychipsetdescription", "Chipset");
    json.text("friendlychipsettext", "unknown");
    json.list("tuners", |json| tuners(view, json));
    json.list("ifaces", |json| {
        json.row(|json| {
            json.text("name", "eth0");
            json.text("friendlynic", "Broadcom Gigabit Ethernet");
            json.text("linkspeed", "1000 MBit/s");
            json.text("mac", "00:1d:ec:0d:e3:00");
            json.flag("dhcp", true);
            json.text("ipv4method", "static");
            json.text("ip", "127.0.0.1");
            json.text("mask", "255.0.0.0");
            json.int("v4prefix", 8);
            json.text("gw", "127.0.0.1");
            json.text("ipv6", "::1/128");
            json.text("ipmethod", "SLAAC");
            json.null("firstpublic");
        });
    });
    json.list("hdd", |json| {
        json.row(|json| {
            json.text("model", "ATA(DEMO DISK 1TB)");
            json.text("capacity", "931.5 GB");
            json.text("labelled_capacity", "1.0 TB");
            json.text("free", "411.8 GB");
            json.text("mount", "/media/hdd");
            json.text(
                "friendlycapacity",
                "411.8 GB free / 931.5 GB (1.0 TB) total",
            );
        });
    });
    json.list("shares", |_| {});
    json.flag("transcoding", false);
    json.text("EX", "");
    json.list("streams", |json| {
        for viewer in view.viewers {
            json.row(|json| stream(view, viewer, json));
        }
    });
    json.flag("timerpipzap", true);
    if v2 {
        json.flag("allow_duplicate", false);
        json.flag("timermargins", false);
    } else {
        json.flag("timerautoadjust", false);
    }
    json.flag("textinputsupport", false);
    if v2 {
        json.flag("live555Hls", false);
        json.flag("live555Rtsp", false);
    }
}

/// A stream. Line 2.x says which tuner it has, where enigma2 tells (`getConnectedClientDetails`).
fn stream(view: &View, viewer: &Viewer, json: &mut Json) {
    json.text("ref", viewer.sref);
    json.text("name", service_name(view, viewer.sref));
    json.text("eventname", &running_title(view, viewer.sref));
    json.text("ip", viewer.ip);
    json.text("type", "S");
    let transponder = Transponder::of(viewer.sref);
    if let (Line::V2, Some(tuner), Some(transponder)) = (view.line, viewer.tuner, transponder) {
        json.int("tuner_number", tuner as i64);
        json.object("transponder", |json| match transponder.orbit() {
            Some(orbit) => {
                json.text("tuner_type", "DVB-S");
                json.int("orbital_position", orbit.into());
            }
            None => json.text("tuner_type", &transponder.place()),
        });
    }
}

/// Each tuner with where it is turned to and for what, as `getInfo` of OpenWebif prints it: all services that are
/// recorded, but of the streams only the last one.
fn tuners(view: &View, json: &mut Json) {
    for (tuner, letter) in (0..view.tuners.count()).zip('A'..) {
        let used = |purpose: Use| view.tuners.on(tuner).filter(move |u| u.purpose == purpose);
        let place = view.tuners.on(tuner).next();
        let place = place.and_then(|user| Transponder::of(&user.sref));
        let place = place.map_or(String::new(), |transponder| transponder.place());
        let print = |names: String| match names.is_empty() {
            true => names,
            false => format!("{place} / {names}"),
        };
        let name = |user: &User| service_name(view, &user.sref).to_owned();
        json.row(|json| {
            json.text("name", &format!("Tuner {letter}"));
            json.text("type", "Broadcom FBC (DVB-S2)");
            let recordings: Vec<String> = used(Use::Recording).map(name).collect();
            json.text("rec", &print(recordings.join(", ")));
            json.text("live", &print(used(Use::Television).map(name).collect()));
            if view.line == Line::V2 {
                let last = used(Use::Stream).next_back();
                json.text("stream", &print(last.map(name).unwrap_or_default()));
            }
        });
    }
}

fn service_name<'a>(view: &View<'a>, sref: &str) -> &'a str {
    let entry = view.world.service(sref);
    entry.map_or("", |entry| entry.name.as_str())
}

fn uptime(view: &View) -> String {
    let minutes = view.uptime / 60;
    match view.line {
        Line::V2 => format!("{:02}:{:02}", minutes / 60, minutes % 60),
        Line::V1 => format!("{}:{:02}", minutes / 60, minutes % 60),
    }
}
