//! Tokens, the stream key, and where requests come from.

use super::*;

#[test]
fn without_a_token_only_this_machine_changes_things_and_only_local_networks_read() {
    behind_a_proxy(
        |_| (),
        async |kit| {
            kit.pass().await;
            is_let_in(&post(kit, "").await);
            is_error(&post(kit, &from(LAN)).await, 403, "E015");
            is_error(&post(kit, &from(OUTSIDE)).await, 403, "E012");
            for near in [
                "",
                "10.1.2.3",
                "172.16.9.9",
                LAN,
                "169.254.3.3",
                "fd12::5",
                "[fe80::7]:4711",
                "127.0.0.1",
            ] {
                let headers = if near.is_empty() {
                    String::new()
                } else {
                    from(near)
                };
                for path in ["/playlist.m3u", "/api/v1/status", "/healthz"] {
                    assert_eq!(
                        kit.get_with(path, &headers).await.status,
                        200,
                        "{near} {path}"
                    );
                }
            }
            for far in [
                OUTSIDE,
                "203.0.113.9:4711",
                "2001:db8::1",
                "::ffff:203.0.113.9",
                "garbage",
                "10.1.2.3, unknown",
            ] {
                for path in ["/playlist.m3u", "/api/v1/status", "/healthz", "/nothing"] {
                    is_error(&kit.get_with(path, &from(far)).await, 403, "E012");
                }
            }
            let stream = kit.get("/playlist.m3u").await.playlist()[0].url.clone();
            let path = stream.strip_prefix("http://box:8080").unwrap();
            let refused = kit.get_with(path, &from(OUTSIDE)).await;
            assert_eq!((refused.status, refused.body.len()), (403, 0));
            assert_eq!(refused.head("x-error-code"), "E012");
            let counts = kit.status().await.refused;
            assert!(counts.denied > 20 && counts.limited == 0, "{counts:?}");
        },
    );
}

#[test]
fn the_last_address_that_is_no_trusted_proxy_counts() {
    let two = |config: &mut Config| {
        config
            .server
            .trusted_proxies
            .push("10.9.0.0/16".parse().unwrap())
    };
    behind_a_proxy(two, async |kit| {
        kit.pass().await;
        for (chain, status) in [
            // Whoever asks may write what he likes before that.
            ("127.0.0.1, 203.0.113.9", 403),
            ("203.0.113.9, 192.168.1.1", 200),
            ("203.0.113.9, 10.9.1.1, 10.9.1.2", 403),
            ("192.168.1.1, 10.9.1.1", 200),
            ("10.9.1.1", 200),
        ] {
            assert_eq!(
                kit.get_with("/healthz", &from(chain)).await.status,
                status,
                "{chain}"
            );
        }
        let lines = "X-Forwarded-For: 192.168.1.1\r\nX-Forwarded-For: 203.0.113.9\r\n";
        assert_eq!(kit.get_with("/healthz", lines).await.status, 403);
    });
}

#[test]
fn a_proxy_nobody_told_us_of_makes_nobody_a_program_on_this_machine() {
    with_nobody_trusted(async |kit| {
        kit.pass().await;
        for headers in [
            "X-Forwarded-For: 127.0.0.1\r\n",
            "X-Real-IP: 10.0.0.1\r\n",
            "Forwarded: for=10.0.0.1\r\n",
        ] {
            is_error(&post(kit, headers).await, 403, "E012");
            let answer = kit.get_with("/playlist.m3u", headers).await;
            is_error(&answer, 403, "E012");
            assert!(answer.text().contains("server.trusted_proxies"));
        }
        is_let_in(&post(kit, "").await);
    });
}

fn with_nobody_trusted<F: AsyncFnOnce(&Kit)>(test: F) {
    with(
        Options::default(),
        |config| config.guide.enabled = false,
        test,
    );
}

#[test]
fn a_token_opens_what_is_closed_and_a_wrong_one_nothing() {
    let with_token = |config: &mut Config| {
        config.auth.token = TOKEN.into();
        config.ratelimit.enabled = false;
    };
    behind_a_proxy(with_token, async |kit| {
        kit.pass().await;
        for place in ["127.0.0.1", LAN, OUTSIDE] {
            let place = from(place);
            is_let_in(&post(kit, &format!("{place}{}", bearer(TOKEN))).await);
            is_let_in(&post(kit, &format!("{place}X-API-Token: {TOKEN}\r\n")).await);
            is_let_in(&post(kit, &format!("{place}authorization: bearer  {TOKEN}\r\n")).await);
            let read = kit
                .get_with("/playlist.m3u", &format!("{place}{}", bearer(TOKEN)))
                .await;
            assert_eq!(read.status, 200);
            for wrong in [
                "x",
                "token-0123456789-geheiM",
                "token-0123456789-geheimer",
                "\"\"",
            ] {
                let headers = format!("{place}{}", bearer(wrong));
                is_error(&post(kit, &headers).await, 403, "E011");
                // Whoever shows a wrong one means something by it.
                is_error(&kit.get_with("/playlist.m3u", &headers).await, 403, "E011");
            }
        }
        // Also for this machine, once there is one.
        for headers in [
            String::new(),
            from(LAN),
            "Authorization: Basic eDp5\r\n".into(),
        ] {
            let missing = post(kit, &headers).await;
            is_error(&missing, 401, "E010");
            assert_eq!(missing.head("www-authenticate"), "Bearer realm=\"xg2g\"");
        }
        is_error(&post(kit, &from(OUTSIDE)).await, 403, "E012");
        let key = format!("POST /api/v1/refresh?key={TOKEN} HTTP/1.1\r\nHost: box\r\n\r\n");
        is_error(&kit.request(&key).await, 401, "E010");
    });
}

#[test]
fn with_everything_closed_addresses_carry_the_key_and_open_with_it() {
    let all = |config: &mut Config| {
        config.guide.enabled = true;
        config.auth.everything = true;
        config.auth.token = TOKEN.into();
    };
    behind_a_proxy(all, async |kit| {
        kit.pass().await;
        for path in [
            "/playlist.m3u",
            "/xmltv.xml",
            "/api/v1/now",
            "/api/v1/config",
            "/nothing",
        ] {
            is_error(&kit.get(path).await, 401, "E010");
            is_error(
                &kit.get(&format!("{path}?key=0123456789abcdef")).await,
                403,
                "E011",
            );
            is_error(&kit.get_with(path, &from(OUTSIDE)).await, 403, "E012");
        }
        // Who watches whether it lives needs no key.
        assert_eq!(kit.get("/healthz").await.status, 200);
        let playlist = kit.get_with("/playlist.m3u", &bearer(TOKEN)).await;
        let items = playlist.playlist();
        let (_, key) = items[0].url.split_once("?key=").unwrap();
        assert!(key.len() == 32 && key != TOKEN, "{key}");
        let guide = format!("/xmltv.xml?key={key}");
        assert!(playlist
            .text()
            .starts_with(&format!("#EXTM3U url-tvg=\"http://box:8080{guide}\"")));
        for item in &items {
            assert!(
                item.url.ends_with(&format!(".ts?key={key}")),
                "{}",
                item.url
            );
            assert!(
                item.logo.ends_with(&format!(".png?key={key}")),
                "{}",
                item.logo
            );
        }
        let outside = from(OUTSIDE);
        let document = kit.get_with(&guide, &outside).await;
        assert_eq!(document.status, 200);
        let icon = format!("<icon src=\"{}\"", items[0].logo);
        assert!(document.text().contains(&icon), "{icon}");
        let part = kit.get_with(&format!("{guide}&days=1"), &outside).await;
        assert!(part.text().contains(&icon));
        let path = |url: &str| url.strip_prefix("http://box:8080").unwrap().to_owned();
        assert_eq!(
            kit.get_with(&path(&items[0].logo), &outside).await.status,
            200
        );
        let head = format!(
            "HEAD {} HTTP/1.1\r\nHost: box:8080\r\n{outside}\r\n",
            path(&items[0].url)
        );
        assert_eq!(kit.request(&head).await.status, 200);
        let (closed, _) = items[0].url.split_once('?').unwrap();
        let refused = kit.get(&path(closed)).await;
        assert_eq!((refused.status, refused.body.len()), (401, 0));
        // It reads, it does not change.
        let change = format!("POST /api/v1/refresh?key={key} HTTP/1.1\r\nHost: box:8080\r\n\r\n");
        is_error(&kit.request(&change).await, 401, "E010");
        // The same after a restart, or every player would have to be told.
        kit.stop().await;
        kit.start();
        let again = kit.get_with("/playlist.m3u", &bearer(TOKEN)).await;
        assert_eq!(again.playlist()[0].url, items[0].url);
    });
}
