//! What bad requests get.

use super::*;

#[test]
fn what_cannot_be_served_is_answered_and_closed() {
    with_server(patient(), |server| async move {
        let bad: [(&[u8], &str); 18] = [
            (b"GET /hello HTTP/1.1\r\nHost: a\r\nX-A: \xc3\xa9\r\n\r\n", "400"),
            (b"GET /hello HTTP/1.1\r\n\r\n", "400"),
            (b"GET /hello HTTP/1.1\r\nHost:\r\n\r\n", "400"),
            (b"GET /url HTTP/1.1\r\nHost: a/hello?\r\n\r\n", "400"),
            (b"GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n", "400"),
            (b"GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
            (b"GET /%2e%2e/hello HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
            (b"GET /hello HTTP/1.1\nHost: a\n\n", "400"),
            (b"GET /hello\r\n", "400"),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400"),
            (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"),
            (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde", "400"),
            (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n", "413"),
            (b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "411"),
            (b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501"),
            (b"BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
            (b"GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", "505"),
            (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
        ];
        for (request, status) in bad {
            let shown = String::from_utf8_lossy(request).into_owned();
            let mut stream = connect(&server).await;
            // A request behind it must not be answered.
            let more = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
            stream.write_all(&[request, more].concat()).await.unwrap();
            stream
                .get_ref()
                .shutdown(std::net::Shutdown::Write)
                .unwrap();
            let answer = rest(&mut stream).await;
            assert_eq!(statuses(&answer), [status], "{shown}");
            assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
            assert!(
                answer.contains("\r\ncontent-type: application/json\r\n"),
                "{answer}"
            );
            let id = answer.split("x-request-id: ").nth(1).unwrap();
            let id = id.split("\r\n").next().unwrap();
            assert!(
                answer.ends_with(&format!("\"request_id\":\"{id}\"}}")),
                "{answer}"
            );
        }
    });
}

#[test]
fn a_line_of_200_kb_is_refused_and_the_client_still_sees_the_answer() {
    with_server(patient(), |server| async move {
        let mut stream = connect(&server).await;
        stream.write_all(&vec![b'A'; 200_000]).await.unwrap();
        stream
            .get_ref()
            .shutdown(std::net::Shutdown::Write)
            .unwrap();
        assert_eq!(statuses(&rest(&mut stream).await), ["414"]);
    });
}

#[test]
fn an_unknown_path_is_404_and_another_method_405() {
    with_server(patient(), |server| async move {
        for path in ["/none", "//hello", "/hello/", "/hello%2F"] {
            let (head, body) = ask(&server, &format!("GET {path}"), "").await;
            assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
            assert!(body.contains("\"code\":\"E003\""), "{body}");
        }
        let (head, body) = ask(&server, "PUT /hello", "").await;
        assert!(head.starts_with("HTTP/1.1 405 "), "{head}");
        assert!(
            head.contains("allow: GET, HEAD, DELETE, OPTIONS\r\n"),
            "{head}"
        );
        assert!(body.contains("\"code\":\"E004\""), "{body}");
        let (head, _) = ask(&server, "OPTIONS *", "").await;
        assert!(head.starts_with("HTTP/1.1 204 No Content\r\n"), "{head}");
        assert!(
            head.contains("allow: GET, HEAD, POST, DELETE, OPTIONS\r\n"),
            "{head}"
        );
        assert!(lacks(&head, "content-length"), "{head}");
    });
}

#[test]
fn a_header_a_client_could_break_is_not_sent() {
    with_server(patient(), |server| async move {
        let (head, _) = ask(&server, "GET /line/a", "X-Lines: a|X-Evil: 1\r\n").await;
        assert!(head.starts_with("HTTP/1.1 204 "), "{head}");
        assert!(lacks(&head, "x-value") && lacks(&head, "X-Evil"), "{head}");
        let (head, _) = ask(&server, "GET /line/%C3%A9", "").await;
        assert!(lacks(&head, "x-value"), "{head}");
        let (head, _) = ask(&server, "GET /reflect?v=a%0d%0aX-Evil:1", "").await;
        assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    });
}

#[test]
fn a_body_is_as_long_as_its_row_takes_and_what_is_longer_is_not_read() {
    with_server(patient(), |server| async move {
        for (line, most) in [
            ("POST /echo", 64 * 1024),
            ("DELETE /hello", 1024),
            ("GET /hello", 1024),
            ("POST /none", 1024),
        ] {
            let head = |length: usize| {
                format!("{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n")
            };
            let taken = send(&server, head(most) + &"b".repeat(most)).await;
            assert_ne!(statuses(&taken), ["413"], "{line}");
            // Refused before any of it has come.
            let refused = send(&server, head(most + 1)).await;
            assert_eq!(statuses(&refused), ["413"], "{line}");
            assert!(refused.contains("\"code\":\"E005\""), "{refused}");
        }
    });
}
