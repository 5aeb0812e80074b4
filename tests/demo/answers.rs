//! What the answers say.

use super::client::{ask, bouquet, exchange, get, quote, still, with, Reply, FAVOURITES, NOW};
use xg2g::receiver::demo::{Line, Options};

#[test]
fn answers_come_as_twisted_sends_them() {
    with(still(), |receiver| async move {
        let reply = get(&receiver, "/api/currenttime").await;
        assert!(reply.head.contains("\r\nServer: TwistedWeb/24.3.0\r\n"));
        assert!(reply
            .head
            .contains("\r\nContent-Type: application/json; charset=utf-8\r\n"));
        assert!(reply.head.contains("\r\nContent-Length: 40\r\n"));
        assert!(reply.head.contains("\r\nSet-Cookie: TWISTED_SESSION="));
        assert_eq!(
            reply.body,
            "{\n \"status\": true,\n \"time\": \"20:04:40\"\n}"
        );
        let missing = get(&receiver, "/api/nothing").await;
        assert_eq!(missing.status(), "404");
        assert!(missing.body.contains("<h1>Error 404: Not found</h1>"));
        let garbage = get(&receiver, "/api/getservices?sRef=garbage").await;
        assert_eq!(garbage.status(), "500");
        assert!(garbage.body.contains("<b>Processing Failed</b>"));
    });
}

#[test]
fn a_connection_carries_many_requests_and_its_cookie() {
    with(still(), |receiver| async move {
        let first = get(&receiver, "/api/currenttime").await;
        let cookie = first
            .head
            .split("Set-Cookie: ")
            .nth(1)
            .and_then(|rest| rest.split(';').next())
            .unwrap();
        let one = format!("GET /api/currenttime HTTP/1.1\r\nCookie: {cookie}\r\n\r\n");
        let last =
            format!("HEAD /api/about HTTP/1.1\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
        let bytes = exchange(&receiver, &format!("{one}{one}{last}"))
            .await
            .unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3);
        assert_eq!(text.matches("\"status\": true").count(), 2);
        assert!(!text.contains("Set-Cookie") && text.ends_with("\r\n\r\n"));
    });
}

#[test]
fn hidden_services_show_on_request_only_and_keep_the_numbers() {
    with(still(), |receiver| async move {
        let path = format!("/api/getservices?sRef={}", bouquet(FAVOURITES));
        let plain = get(&receiver, &path).await;
        let hidden = get(&receiver, &format!("{path}&hidden=1")).await;
        assert_eq!((plain.count("1:512:"), plain.count("1:832:")), (0, 0));
        assert_eq!((hidden.count("1:512:"), hidden.count("1:832:")), (1, 1));
        // Two numbered markers stand between these: the numbers 11 and 12 are theirs.
        let numbers: Vec<&str> = plain
            .body
            .lines()
            .filter_map(|l| l.trim().strip_prefix("\"pos\": "))
            .collect();
        assert_eq!(
            numbers[numbers.len() - 5..],
            ["10,", "0,", "13,", "14,", "15,"]
        );
    });
}

#[test]
fn windows_of_the_guide_are_in_minutes() {
    with(still(), |receiver| async move {
        let begins = |reply: &Reply| -> Vec<u64> {
            let lines = reply
                .body
                .lines()
                .filter_map(|l| l.trim().strip_prefix("\"begin_timestamp\": "));
            lines
                .map(|number| number.trim_end_matches(',').parse().unwrap())
                .collect()
        };
        let start = NOW + 86_400;
        let path = format!(
            "/api/epgmulti?bRef={}&time={start}&endTime=180",
            bouquet(FAVOURITES)
        );
        let window = begins(&get(&receiver, &path).await);
        assert!(window.iter().all(|begin| *begin < start + 180 * 60));
        assert!(
            window.iter().any(|begin| *begin < start) && window.iter().any(|begin| *begin > start)
        );
        let everything = format!(
            "/api/epgmulti?bRef={}&endTime=1999999999",
            bouquet(FAVOURITES)
        );
        assert!(begins(&get(&receiver, &everything).await).len() > 20 * window.len());
    });
}

#[test]
fn the_lines_differ_in_what_epgbouquet_means() {
    for (line, all) in [(Line::V1, true), (Line::V2, false)] {
        with(Options { line, ..still() }, |receiver| async move {
            let reply = get(
                &receiver,
                &format!("/api/epgbouquet?bRef={}", bouquet(FAVOURITES)),
            )
            .await;
            assert_eq!(reply.count("\"id\"") > 100, all, "{line:?}");
        });
    }
}

#[test]
fn url_services_come_back_decoded_twice_from_epgservice() {
    with(still(), |receiver| async move {
        let services = receiver.services("userbouquet.iptv.tv");
        let (sref, _) = services
            .iter()
            .find(|(_, name)| name == "Garten & Heim")
            .unwrap();
        assert!(sref.contains("http%3a//127.0.0.1%3a") && sref.contains("%2541"));
        let reply = get(
            &receiver,
            &format!("/api/epgservice?sRef={}&endTime=60", quote(sref)),
        )
        .await;
        let port = receiver.stream_port();
        let printed =
            format!(":http%3a//127.0.0.1:{port}/live/garten.ts?profile=pass&x=%41:Garten & Heim\"");
        assert!(reply.body.contains(&printed), "{}", reply.body);
    });
}

#[test]
fn one_login_makes_the_cookie_enough() {
    let login = Some(("root".to_owned(), "dream".to_owned()));
    with(Options { login, ..still() }, |receiver| async move {
        let refused = get(&receiver, "/api/about").await;
        assert_eq!(refused.status(), "401");
        assert!(refused
            .head
            .contains("WWW-Authenticate: Basic realm=\"OpenWebif\""));
        assert!(refused.body.contains("<p>401 Authentication required</p>"));
        let basic = "Authorization: Basic cm9vdDpkcmVhbQ==\r\n";
        let reply = ask(&receiver, "/api/about", basic).await.unwrap();
        assert_eq!(reply.status(), "200");
        let cookie = reply
            .head
            .split("Set-Cookie: ")
            .nth(1)
            .and_then(|rest| rest.split(';').next())
            .unwrap();
        let reply = ask(&receiver, "/api/about", &format!("Cookie: {cookie}\r\n"))
            .await
            .unwrap();
        assert_eq!(reply.status(), "200");
    });
}

#[test]
fn picons_lie_under_reference_or_name_or_nowhere() {
    with(still(), |receiver| async move {
        let path = format!("/api/getservices?sRef={}&picon=1", bouquet(FAVOURITES));
        let list = get(&receiver, &path).await;
        let mut drawn = 0;
        for line in list
            .body
            .lines()
            .filter(|line| line.contains("\"picon\": \"/picon/"))
        {
            let reply = get(&receiver, line.split('"').nth(3).unwrap()).await;
            assert!(
                reply.head.contains("Content-Type: image/png") && reply.body.contains("PNG"),
                "{line}"
            );
            drawn += 1;
        }
        assert!(
            drawn > 8 && list.count("/picon/5plus.png") == 1 && list.count("default_picon") > 3
        );
        assert_eq!(get(&receiver, "/picon/nope.png").await.status(), "404");
    });
}

#[test]
fn texts_are_shown_as_both_lines_say_they_are() {
    for (line, kind) in [(Line::V2, "b'x'"), (Line::V1, "x")] {
        let options = Options { line, ..still() };
        with(options, |receiver| async move {
            for (query, answer) in [
                ("", "Missing mandatory parameter 'text'"),
                ("?text=Hi", "Missing mandatory parameter 'type'"),
                ("?text=&type=1", "The parameter 'text' can't be empty"),
                ("?text=Hi&type=x", &*format!("type {kind} is not a number")),
            ] {
                let reply = get(&receiver, &format!("/api/message{query}")).await;
                assert_eq!(reply.status(), "200");
                assert_eq!(
                    (reply.count("\"result\": false"), reply.count(answer)),
                    (1, 1)
                );
            }
            assert_eq!(receiver.messages(), []);
            // Nobody sees it, and it says yes all the same.
            receiver.set_standby(true);
            for path in [
                "/api/message?text=Gr%C3%BC%C3%9Fe+1%202&type=2&timeout=30",
                "/api/message?text=b&type=9&timeout=soon",
            ] {
                let reply = get(&receiver, path).await;
                assert_eq!(reply.count("\"result\": true"), 1);
                assert_eq!(reply.count("Message sent successfully!"), 1);
            }
            let shown = receiver.messages();
            let shown: Vec<_> = shown
                .iter()
                .map(|m| (&*m.text, m.kind, m.timeout))
                .collect();
            assert_eq!(shown, [("Grüße 1 2", 2, 30), ("b", 1, -1)]);
        });
    }
}
