//! How often a client may ask.

use std::net::TcpStream;
use std::time::Instant;

use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::Async;

use super::*;
use crate::kit::together;

fn slow(config: &mut Config) {
    config.ratelimit.rps = 1;
    config.ratelimit.burst = 5;
    config.auth.token = TOKEN.into();
}

/// The statuses of many requests in one connection, which takes no time, and their heads.
async fn volley(kit: &Kit, count: usize, path: &str, headers: &str) -> Vec<(u16, String)> {
    let mut stream = Async::<TcpStream>::connect(kit.address()).await.unwrap();
    let one = format!("HEAD {path} HTTP/1.1\r\nHost: box:8080\r\n{headers}\r\n");
    let last = format!("HEAD / HTTP/1.1\r\nHost: box:8080\r\nConnection: close\r\n{headers}\r\n");
    let all = one.repeat(count) + &last;
    stream.write_all(all.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let mut heads: Vec<(u16, String)> = text
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|head| (head[..3].parse().unwrap(), head.to_owned()))
        .collect();
    assert_eq!(heads.len(), count + 1);
    heads.truncate(count);
    heads
}

fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let line = head.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.strip_prefix(": "))
}

#[test]
fn what_is_too_much_is_refused_and_told_when_to_come_again() {
    behind_a_proxy(slow, async |kit| {
        kit.pass().await;
        let began = Instant::now();
        let heads = volley(kit, 40, "/api/v1/status", &from(LAN)).await;
        let passed = heads.iter().filter(|(status, _)| *status == 200).count();
        let most = 6 + began.elapsed().as_secs() as usize;
        assert!((5..=most).contains(&passed), "{passed} of {most}");
        assert!(heads[..5].iter().all(|(status, _)| *status == 200));
        for (at, (status, head)) in heads.iter().enumerate() {
            assert_eq!(value(head, "x-ratelimit-limit"), Some("5"));
            let remaining: u32 = value(head, "x-ratelimit-remaining")
                .unwrap()
                .parse()
                .unwrap();
            let reset: i64 = value(head, "x-ratelimit-reset").unwrap().parse().unwrap();
            let ahead = reset - i64::from(xg2g::model::unix_now());
            assert!((0..=6).contains(&ahead), "{ahead}");
            if *status == 200 {
                assert!(remaining <= 4 - at.min(4) as u32 || at > 4);
                assert_eq!(value(head, "retry-after"), None);
            } else {
                assert_eq!((*status, remaining), (429, 0));
                assert_eq!(value(head, "retry-after"), Some("1"));
            }
        }
        let refused = kit.get_with("/api/v1/status", &from(LAN)).await;
        if refused.status == 429 {
            is_error(&refused, 429, "E001");
            assert!(refused
                .text()
                .starts_with("{\"error\":\"rate limit exceeded\","));
        }
        // Nobody else is held back, nor the others of this client's buckets.
        let other = kit.get_with("/api/v1/status", &from("192.168.7.8")).await;
        assert_eq!(
            (other.status, other.head("x-ratelimit-remaining")),
            (200, "4")
        );
        assert_eq!(kit.get_with("/playlist.m3u", &from(LAN)).await.status, 200);
        assert!(kit.status().await.refused.limited >= 30);
    });
}

#[test]
fn one_ipv6_network_is_one_client() {
    behind_a_proxy(slow, async |kit| {
        let token = bearer(TOKEN);
        let six = |address: &str| format!("{}{token}", from(address));
        volley(kit, 20, "/healthz", &six("2001:db8:1:2::1")).await;
        let near = kit.get_with("/healthz", &six("2001:db8:1:2:ffff::9")).await;
        let far = kit.get_with("/healthz", &six("2001:db8:1:3::1")).await;
        assert_eq!((near.status, far.status), (429, 200));
    });
}

#[test]
fn this_machine_streams_and_the_whitelist_have_no_limit() {
    let listed = |config: &mut Config| {
        slow(config);
        config.ratelimit.whitelist = vec!["192.168.9.0/24".parse().unwrap()];
    };
    behind_a_proxy(listed, async |kit| {
        kit.pass().await;
        let stream = kit.get("/playlist.m3u").await.playlist()[0].url.clone();
        let stream = stream.strip_prefix("http://box:8080").unwrap();
        for (path, headers) in [
            ("/healthz", String::new()),
            ("/healthz", from("127.0.0.1")),
            ("/healthz", from("192.168.9.200")),
        ] {
            for (status, head) in volley(kit, 50, path, &headers).await {
                assert_eq!(status, 200, "{path} {headers}");
                assert_eq!(value(&head, "x-ratelimit-limit"), None);
            }
        }
        let head = format!(
            "HEAD {stream} HTTP/1.1\r\nHost: box:8080\r\n{}\r\n",
            from(LAN)
        );
        for _ in 0..20 {
            let answer = kit.request(&head).await;
            assert_eq!(
                (answer.status, answer.header("x-ratelimit-limit")),
                (200, None)
            );
        }
    });
}

#[test]
fn off_means_off() {
    let off = |config: &mut Config| {
        slow(config);
        config.ratelimit.enabled = false;
    };
    behind_a_proxy(off, async |kit| {
        kit.pass().await;
        for (status, head) in volley(kit, 300, "/healthz", &from(LAN)).await {
            assert_eq!((status, value(&head, "x-ratelimit-limit")), (200, None));
        }
        let headers = format!("{}{}", from(LAN), bearer(TOKEN));
        for _ in 0..8 {
            is_let_in(&post(kit, &headers).await);
        }
    });
}

#[test]
fn all_logos_at_once_pass_and_passes_of_the_receiver_do_not() {
    behind_a_proxy(slow, async |kit| {
        kit.pass().await;
        let logo = kit.get("/playlist.m3u").await.playlist()[0].logo.clone();
        let logo = logo.strip_prefix("http://box:8080").unwrap();
        for (status, head) in volley(kit, 500, logo, &from(LAN)).await {
            assert_eq!(
                (status, value(&head, "x-ratelimit-limit")),
                (200, Some("1000"))
            );
        }
        let headers = format!("{}{}", from(LAN), bearer(TOKEN));
        let answers = together((0..7).map(|_| post(kit, &headers))).await;
        let refused: Vec<&Answer> = answers
            .iter()
            .filter(|answer| answer.status == 429)
            .collect();
        assert_eq!(refused.len(), 2);
        for answer in refused {
            is_error(answer, 429, "E001");
            assert_eq!(answer.head("x-ratelimit-limit"), "5");
            let wait: u32 = answer.head("retry-after").parse().unwrap();
            assert!((1..=10).contains(&wait), "{wait}");
        }
    });
}

#[test]
fn guessing_a_token_is_limited() {
    behind_a_proxy(slow, async |kit| {
        let wrong = format!("{}{}", from(LAN), bearer("wrong"));
        let heads = volley(kit, 20, "/api/v1/config", &wrong).await;
        assert!(heads[..5].iter().all(|(status, _)| *status == 403));
        assert!(heads.iter().filter(|(status, _)| *status == 429).count() > 10);
    });
}
