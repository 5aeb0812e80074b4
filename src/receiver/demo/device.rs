//! The receiver's answers about its hardware.

use super::answers::{Answer, View};
use super::json::Json;
use super::status::{current_service, running_title};
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
        for (sref, ip) in view.viewers {
            json.row(|json| {
                let name = view
                    .world
                    .service(sref)
                    .map_or("", |entry| entry.name.as_str());
                json.text("ref", sref);
                json.text("name", name);
                json.text("eventname", &running_title(view, sref));
                json.text("ip", ip);
                json.text("type", "S");
            });
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

/// Three tuners; the first one holds what is on the television.
fn tuners(view: &View, json: &mut Json) {
    let live = view
        .world
        .current()
        .map_or(String::new(), |e| format!("19.2° E / {}", e.name));
    let models = [
        "Broadcom FBC (DVB-S2)",
        "Broadcom FBC (DVB-S2)",
        "Si2166 (DVB-C)",
    ]
    .into_iter()
    .zip('A'..);
    for (index, (model, letter)) in models.enumerate() {
        json.row(|json| {
            json.text("name", &format!("Tuner {letter}"));
            json.text("type", model);
            json.text("rec", "");
            json.text("live", if index == 0 { &live } else { "" });
            if view.line == Line::V2 {
                let viewer = view.viewers.get(index.wrapping_sub(1));
                let entry = viewer.and_then(|(sref, _)| view.world.service(sref));
                json.text(
                    "stream",
                    &entry.map_or(String::new(), |e| format!("19.2° E / {}", e.name)),
                );
            }
        });
    }
}

fn uptime(view: &View) -> String {
    let minutes = view.uptime / 60;
    match view.line {
        Line::V2 => format!("{:02}:{:02}", minutes / 60, minutes % 60),
        Line::V1 => format!("{}:{:02}", minutes / 60, minutes % 60),
    }
}
