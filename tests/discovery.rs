//! The HDHomeRun device is found: its packets and UPnP's searches, over sockets of this machine.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};

use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::Async;

use crate::kit::{with, with_channels, Kit};
use xg2g::config::Config;
use xg2g::discovery::Ports;
use xg2g::model::DeviceId;
use xg2g::receiver::demo::Options;

/// libhdhomerun, Tvheadend and Kodi look for any tuner.
const SEARCH: &[u8] = b"\0\x02\0\x0c\x01\x04\0\0\0\x01\x02\x04\xff\xff\xff\xff\x4e\x50\x7f\x35";

/// The ports, once they are open.
async fn ports(kit: &Kit) -> Ports {
    loop {
        let ports = kit.discovery().ports;
        if ports.hdhomerun != 0 && ports.ssdp != 0 {
            return ports;
        }
        // The program's turn.
        kit.status().await;
    }
}

async fn udp() -> Async<UdpSocket> {
    Async::<UdpSocket>::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// Asks a port of this machine and waits for the answer.
async fn ask(port: u16, packet: &[u8]) -> Vec<u8> {
    let socket = udp().await;
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    socket.send_to(packet, to).await.unwrap();
    let mut answer = vec![0; 2048];
    let (count, _) = socket.recv_from(&mut answer).await.unwrap();
    answer.truncate(count);
    answer
}

/// A request for a variable.
fn get(name: &str) -> Vec<u8> {
    let mut frame = vec![0, 4, 0, name.len() as u8 + 3, 3, name.len() as u8 + 1];
    frame.extend_from_slice(name.as_bytes());
    frame.push(0);
    let check = crc32fast::hash(&frame);
    frame.extend_from_slice(&check.to_le_bytes());
    frame
}

/// The value of a variable, as the answer has it.
async fn value(port: u16, name: &str) -> String {
    let mut stream = Async::<TcpStream>::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .unwrap();
    stream.write_all(&get(name)).await.unwrap();
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(head[..2], [0, 5]);
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let mut rest = vec![0; length + 4];
    stream.read_exact(&mut rest).await.unwrap();
    String::from_utf8_lossy(&rest[..length]).into_owned()
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    let needle = needle.as_bytes();
    haystack.windows(needle.len()).any(|part| part == needle)
}

#[test]
fn a_search_is_answered_with_id_and_address() {
    with_channels(async |kit| {
        let ports = ports(kit).await;
        let answer = ask(ports.hdhomerun, SEARCH).await;
        let status = kit.status().await.hdhomerun.unwrap();
        assert_eq!(status.discovery, "on");
        let id: DeviceId = status.device_id.parse().unwrap();
        assert_eq!(answer[..2], [0, 3]);
        assert_eq!(
            answer[4..16],
            [&[1, 4, 0, 0, 0, 1, 2, 4][..], &id.number().to_be_bytes()].concat()
        );
        let base = format!("http://127.0.0.1:{}", kit.address().port());
        assert!(holds(&answer, &base));
        assert!(holds(&answer, &format!("{base}/lineup.json")));
    });
}

#[test]
fn variables_are_told_and_unknown_ones_are_errors() {
    with_channels(async |kit| {
        let port = ports(kit).await.hdhomerun;
        assert!(value(port, "/sys/model").await.contains("hdhomerun4_dvbt"));
        assert!(value(port, "/tuner0/status")
            .await
            .contains("ch=none lock=none"));
        assert!(value(port, "/sys/restart").await.contains("ERROR: "));
        kit.pass().await;
        let mut play = kit.play("/auto/v1").await;
        play.packets(10).await;
        let vstatus = value(port, "/tuner0/vstatus").await;
        assert!(
            vstatus.contains("vch=1 name=Erste\u{a0}Welle\u{a0}HD "),
            "{vstatus}"
        );
    });
}

#[test]
fn upnp_finds_the_description() {
    with_channels(async |kit| {
        let port = ports(kit).await.ssdp;
        let search = "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n\
                      ST: upnp:rootdevice\r\n\r\n";
        let answer = String::from_utf8(ask(port, search.as_bytes()).await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        let location = answer
            .lines()
            .find_map(|line| line.strip_prefix("LOCATION: "));
        let location = location.unwrap_or_else(|| panic!("{answer}"));
        let here = format!("http://{}", kit.address());
        let path = location.strip_prefix(&here).unwrap();
        let id: DeviceId = kit
            .status()
            .await
            .hdhomerun
            .unwrap()
            .device_id
            .parse()
            .unwrap();
        let usn = format!("USN: uuid:{}::upnp:rootdevice\r\n", id.uuid());
        assert!(answer.contains(&usn), "{answer}");
        assert!(kit.get(path).await.text().contains(&id.uuid()));
        let metrics = kit.get("/metrics").await;
        let count = "xg2g_discovery_requests_total{way=\"ssdp\",result=\"answered\"} 1\n";
        assert!(metrics.text().contains(count));
    });
}

#[test]
fn a_rival_on_this_machine_silences_it_and_status_says_why() {
    with_channels(async |kit| {
        kit.stop().await;
        let rival = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = rival.local_addr().unwrap().port();
        let rival = Async::new(rival).unwrap();
        let answers = kit.executor().spawn(async move {
            loop {
                let (mut stream, _) = rival.accept().await.unwrap();
                let _ = stream.read(&mut [0; 1024]).await;
                // As HRTunerProxy does.
                let body = "{\"DeviceID\": \"ZXCVBNMA\", \"TunerCount\": 2}";
                let head = "HTTP/1.0 200 OK\r\nContent-type: application/javascript\r\n\r\n";
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
        });
        kit.rivals(vec![port]);
        kit.start();
        let why = loop {
            let found = kit.status().await.hdhomerun.unwrap().discovery;
            if found.contains("HRTunerProxy") {
                break found;
            }
        };
        assert!(why.contains(&format!("port {port}")), "{why}");
        assert_eq!(kit.discovery().ports.hdhomerun, 0);
        // What is asked for by address is there all the same.
        assert_eq!(kit.get("/discover.json").await.status, 200);
        answers.cancel().await;
    });
}

#[test]
fn a_taken_port_is_a_warning_and_the_program_goes_on() {
    with_channels(async |kit| {
        let first = ports(kit).await;
        kit.stop().await;
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first.hdhomerun)).unwrap();
        kit.listen_for_clients(first);
        kit.start();
        let warnings = loop {
            let status = kit.status().await.hdhomerun.unwrap();
            if !status.warnings.is_empty() {
                break status.warnings;
            }
        };
        assert!(warnings[0].starts_with("HDHomeRun: "), "{warnings:?}");
        // By UDP there is nobody either: Tvheadend dies of a device that answers there alone.
        drop(UdpSocket::bind((Ipv4Addr::LOCALHOST, first.hdhomerun)).unwrap());
        drop(taken);
    });
}

/// Has the configuration read again; the ports, once they are others. What was sent to the old ones might be lost.
async fn reloaded(kit: &Kit, before: Ports) -> Ports {
    reload(kit).await;
    loop {
        let now = ports(kit).await;
        if now.hdhomerun != before.hdhomerun {
            return now;
        }
        kit.status().await;
    }
}

async fn reload(kit: &Kit) {
    let request = "POST /api/v1/config/reload HTTP/1.1\r\nHost: box\r\n\r\n";
    assert_eq!(kit.request(request).await.status, 200);
}

#[test]
fn another_configuration_is_found_at_once_and_none_where_there_is_none() {
    with_channels(async |kit| {
        let before = ports(kit).await;
        kit.configure(|config| config.hdhomerun.device_id = "1075D4B1".parse().ok());
        let now = reloaded(kit, before).await;
        let answer = ask(now.hdhomerun, SEARCH).await;
        assert_eq!(answer[10..16], [2, 4, 0x10, 0x75, 0xd4, 0xb1]);
        // A tuner more or less is not seen over HTTP alone.
        kit.configure(|config| config.hdhomerun.tuners = 3);
        let now = reloaded(kit, now).await;
        let answer = ask(now.hdhomerun, SEARCH).await;
        assert_eq!(answer[16..19], [0x10, 1, 3]);
        kit.configure(|config| config.hdhomerun.enabled = false);
        reload(kit).await;
        while kit.discovery().ports.hdhomerun != 0 {
            kit.get("/healthz").await;
        }
        assert_eq!(kit.discovery().discovery, "hdhomerun.enabled is false");
    });
}

#[test]
fn where_reading_needs_a_key_nothing_is_given_away() {
    let change = |config: &mut Config| {
        config.guide.enabled = false;
        config.auth.everything = true;
    };
    with(Options::default(), change, async |kit| {
        while !kit.discovery().discovery.contains("auth.everything") {
            kit.get("/healthz").await;
        }
        assert_eq!(kit.discovery().ports.hdhomerun, 0);
    });
}
