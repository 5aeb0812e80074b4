//! Pages of other sites, and names of other machines.

use super::*;

fn ours(config: &mut Config) {
    config.auth.token = TOKEN.into();
    config.server.public_url = Some("https://tv.example/x".into());
    config.server.hosts = vec!["Gate.Example".into()];
}

#[test]
fn a_page_of_another_site_changes_nothing() {
    behind_a_proxy(ours, async |kit| {
        kit.pass().await;
        let token = bearer(TOKEN);
        for foreign in [
            "Origin: http://evil.example",
            "Origin: http://box",
            "Origin: http://box:80",
            "Origin: http://box:8080.evil.example",
            "Origin: null",
            "Origin: ",
            "Referer: http://evil.example/?http://box:8080/",
            "Referer: http://evil.example/\r\nSec-Fetch-Site: same-origin",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Site: same-site",
        ] {
            let headers = format!("{token}{foreign}\r\n");
            is_error(&post(kit, &headers).await, 403, "E013");
        }
        for own in [
            "Accept: */*",
            "Origin: http://box:8080",
            "Origin: https://BOX:8080",
            "Origin: https://tv.example",
            "Origin: https://tv.example:443",
            "Referer: http://box:8080/page?x=y",
            "Referer: https://tv.example",
            "Sec-Fetch-Site: same-origin",
            "Sec-Fetch-Site: none",
        ] {
            is_let_in(&post(kit, &format!("{token}{own}\r\n")).await);
        }
        // It may be shown to whoever can read it anyway, and a browser keeps it from the page.
        let read = kit
            .get_with("/api/v1/status", "Origin: http://evil.example\r\n")
            .await;
        assert_eq!(read.status, 200);
        assert_eq!(read.header("access-control-allow-origin"), None);
    });
}

#[test]
fn changes_need_a_name_of_ours() {
    behind_a_proxy(ours, async |kit| {
        kit.pass().await;
        let token = bearer(TOKEN);
        for host in [
            "evil.example",
            "box.evil.example:8080",
            "192.168.1.1.evil.example",
        ] {
            is_error(
                &post(kit, &format!("Host: {host}\r\n{token}")).await,
                403,
                "E014",
            );
            let read = format!("GET /api/v1/status HTTP/1.1\r\nHost: {host}\r\n\r\n");
            assert_eq!(kit.request(&read).await.status, 200);
        }
        for host in [
            "192.168.1.1",
            "10.0.0.1:8080",
            "[fd00::1]:80",
            "vuduo2",
            "vuduo2.local",
            "vuduo2.fritz.box:8080",
            "tv.example",
            "gate.example:1",
            "GATE.EXAMPLE",
        ] {
            is_let_in(&post(kit, &format!("Host: {host}\r\n{token}")).await);
        }
        is_error(
            &post(kit, &format!("Host: b@x\r\n{token}")).await,
            400,
            "E002",
        );
    });
}

#[test]
fn browsers_are_told_to_be_careful_with_all_but_streams() {
    behind_a_proxy(
        |_| (),
        async |kit| {
            kit.pass().await;
            for path in ["/playlist.m3u", "/api/v1/status", "/nothing"] {
                let answer = kit.get(path).await;
                assert_eq!(answer.head("x-content-type-options"), "nosniff");
                assert_eq!(answer.head("x-frame-options"), "DENY");
                assert_eq!(answer.head("referrer-policy"), "no-referrer");
            }
            let stream = kit.get("/playlist.m3u").await.playlist()[0].url.clone();
            let head = kit
                .head(stream.strip_prefix("http://box:8080").unwrap())
                .await;
            assert_eq!((head.status, head.header("x-frame-options")), (200, None));
        },
    );
}

#[test]
fn what_methods_there_are_is_told_to_who_may_read() {
    behind_a_proxy(ours, async |kit| {
        let options = "OPTIONS /api/v1/refresh HTTP/1.1\r\nHost: box:8080\r\n";
        let answer = kit.request(&format!("{options}\r\n")).await;
        assert_eq!(
            (answer.status, answer.head("allow")),
            (204, "POST, OPTIONS")
        );
        let outside = format!("{options}{}\r\n", from(OUTSIDE));
        is_error(&kit.request(&outside).await, 403, "E012");
        let put = "PUT /api/v1/refresh HTTP/1.1\r\nHost: box:8080\r\n\r\n";
        is_error(&kit.request(put).await, 405, "E004");
    });
}
