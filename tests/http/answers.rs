//! What good requests get.

use super::*;

#[test]
fn an_answer_has_length_date_and_request_id() {
    with_server(patient(), |server| async move {
        let (head, body) = ask(&server, "GET /hello", "X-Request-ID: mine\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        for line in [
            "content-length: 5",
            "x-request-id: mine",
            "connection: close",
        ] {
            assert!(head.contains(line), "{head}");
        }
        assert!(
            head.contains("\r\ndate: ") && head.contains(" GMT\r\n"),
            "{head}"
        );
        assert_eq!(body, "hello");
        let (one, _) = ask(&server, "GET /hello", "").await;
        let (two, _) = ask(&server, "GET /hello", "").await;
        let id = |head: &str| {
            head.split("x-request-id: ")
                .nth(1)
                .map(str::to_owned)
                .unwrap()
        };
        assert_ne!(id(&one), id(&two));
    });
}

#[test]
fn pipelined_requests_are_all_answered_in_order() {
    with_server(patient(), |server| async move {
        let mut requests = String::new();
        for number in 0..50 {
            requests += &format!("GET /name/{number} HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        requests += "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
        requests += "GET /name/last HTTP/1.1\r\nHost: a\r\nConnection: TE, close\r\n\r\n";
        let answers = send(&server, requests).await;
        assert_eq!(statuses(&answers), ["200"; 52]);
        let mut at = 0;
        for number in 0..50 {
            at += answers[at..].find(&format!("<{number}>")).unwrap();
        }
        assert!(answers.ends_with("<last>"));
        assert!(answers[at..].contains("\r\n\r\nabcHTTP/1.1"));
    });
}

#[test]
fn a_thousand_pipelined_requests_are_answered_to_a_client_that_closed_its_side() {
    with_server(patient(), |server| async move {
        let one = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
        let mut stream = connect(&server).await;
        stream.write_all(one.repeat(1000).as_bytes()).await.unwrap();
        let done = stream.get_ref().shutdown(std::net::Shutdown::Write);
        done.unwrap();
        assert_eq!(statuses(&rest(&mut stream).await), ["200"; 1000]);
    });
}

#[test]
fn a_request_in_single_bytes_is_answered() {
    with_server(patient(), |server| async move {
        let mut stream = connect(&server).await;
        let request =
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
        for byte in request.bytes() {
            stream.write_all(&[byte]).await.unwrap();
            smol::future::yield_now().await;
        }
        assert!(rest(&mut stream).await.ends_with("ok"));
    });
}

#[test]
fn a_body_of_64_kib_comes_through_whole() {
    with_server(patient(), |server| async move {
        let body = "b".repeat(64 * 1024);
        let head =
            "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 65536\r\n\r\n";
        let answer = send(&server, format!("{head}{body}")).await;
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")));
    });
}

#[test]
fn http_1_0_is_served_with_and_without_host_and_closed() {
    with_server(patient(), |server| async move {
        let answer = send(&server, "GET /about HTTP/1.0\r\n\r\n").await;
        let expected = format!("{} 127.0.0.1 true", server.local_addr());
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with(&expected), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        let asked = "GET /about HTTP/1.0\r\nHost: me:1\r\nConnection: keep-alive\r\n\r\n";
        assert!(send(&server, asked).await.ends_with("me:1 127.0.0.1 true"));
        let stream = send(&server, "GET /stream HTTP/1.0\r\n\r\n").await;
        let (head, body) = stream.split_once("\r\n\r\n").unwrap();
        assert!(lacks(head, "transfer-encoding") && lacks(head, "content-length"));
        assert_eq!(body, "3 2 1 ");
    });
}

#[test]
fn absolute_targets_are_served_for_their_own_host() {
    with_server(patient(), |server| async move {
        let (_, body) = ask(&server, "GET http://BOX/about", "").await;
        assert_eq!(body, "box 127.0.0.1 false");
        let (head, _) = ask(&server, "GET http://other/about", "").await;
        assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
        let answer = send(&server, "GET http://other:81/about HTTP/1.0\r\n\r\n").await;
        assert!(answer.ends_with("other:81 127.0.0.1 true"), "{answer}");
    });
}

#[test]
fn head_has_the_true_headers_and_no_body() {
    with_server(patient(), |server| async move {
        for (path, framing) in [
            ("/hello", "content-length: 5\r\n"),
            ("/big", &*format!("content-length: {BIG}\r\n")),
            ("/parts", "content-length: 9\r\n"),
            ("/entity", "content-length: 10\r\n"),
            ("/stream", "transfer-encoding: chunked\r\n"),
        ] {
            let (head, body) = ask(&server, &format!("HEAD {path}"), "").await;
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
            assert!(head.contains(framing), "{head}");
            assert_eq!(body, "", "{path}");
        }
        let (head, body) = ask(&server, "HEAD /none", "").await;
        assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
        assert_eq!(body, "");
    });
}

#[test]
fn a_known_version_is_304_without_a_length_and_the_connection_goes_on() {
    with_server(patient(), |server| async move {
        let request = "GET /entity HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"v1\"\r\n\r\n\
                       GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let answers = send(&server, request).await;
        assert_eq!(statuses(&answers), ["304", "200"]);
        let (head, rest) = answers.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 304 Not Modified\r\n"), "{head}");
        assert!(
            lacks(head, "content-length") && lacks(head, "transfer-encoding"),
            "{head}"
        );
        assert!(
            head.contains("last-modified: Sun, 06 Nov 1994 08:49:37 GMT"),
            "{head}"
        );
        assert!(rest.starts_with("HTTP/1.1 200 OK"), "{rest}");
    });
}

#[test]
fn a_range_of_a_file_is_206_and_one_outside_416() {
    with_server(patient(), |server| async move {
        let (head, body) = ask(&server, "GET /entity", "Range: bytes=3-5\r\n").await;
        assert!(
            head.starts_with("HTTP/1.1 206 Partial Content\r\n"),
            "{head}"
        );
        assert!(head.contains("content-range: bytes 3-5/10\r\n"), "{head}");
        assert_eq!(body, "345");
        let (head, body) = ask(&server, "GET /entity", "Range: bytes=10-\r\n").await;
        assert!(head.starts_with("HTTP/1.1 416 "), "{head}");
        assert!(head.contains("content-range: bytes */10\r\n"), "{head}");
        assert!(body.contains("\"E002\""), "{body}");
    });
}

#[test]
fn memory_and_files_are_sent_one_after_the_other() {
    with_server(patient(), |server| async move {
        let (head, body) = ask(&server, "GET /parts", "").await;
        assert!(head.contains("content-length: 9\r\n"), "{head}");
        assert_eq!(body, "<<23456>>");
        let (_, big) = ask(&server, "GET /big", "").await;
        assert_eq!(big.len(), BIG);
    });
}

#[test]
fn a_file_shorter_than_promised_ends_the_connection() {
    with_server(patient(), |server| async move {
        let two = "GET /short HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
        let mut stream = connect(&server).await;
        stream.write_all(two.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        // The end may come as a reset, since the second request was never read.
        let _ = stream.read_to_end(&mut bytes).await;
        let answer = String::from_utf8(bytes).unwrap();
        assert_eq!(statuses(&answer), ["200"]);
        assert!(answer.ends_with("\r\n\r\n0123"), "{answer}");
    });
}

#[test]
fn a_stream_is_chunked_and_a_cut_one_has_no_end() {
    with_server(patient(), |server| async move {
        let (head, body) = ask(&server, "GET /stream", "").await;
        assert!(head.contains("transfer-encoding: chunked"), "{head}");
        assert_eq!(body, "2\r\n3 \r\n2\r\n2 \r\n2\r\n1 \r\n0\r\n\r\n");
        let (_, body) = ask(&server, "GET /cut", "").await;
        assert_eq!(body, "2\r\n3 \r\n2\r\n2 \r\n");
        let (head, body) = ask(&server, "GET /broken", "").await;
        assert!(head.starts_with("HTTP/1.1 500 "), "{head}");
        assert!(body.contains("\"E901\""), "{body}");
    });
}

#[test]
fn expect_is_answered_before_the_body_in_any_case_of_letters() {
    with_server(patient(), |server| async move {
        let mut stream = connect(&server).await;
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\
                    Connection: close\r\nContent-Length: 4\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut go = [0; 25];
        stream.read_exact(&mut go).await.unwrap();
        assert_eq!(&go, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(b"body").await.unwrap();
        assert!(rest(&mut stream).await.ends_with("\r\n\r\nbody"));
        // Nobody waits when the body is already there.
        let answer = send(&server, format!("{head}body")).await;
        assert_eq!(statuses(&answer), ["200"]);
    });
}

#[test]
fn a_file_the_kernel_cannot_send_is_copied() {
    with_server(patient(), |server| async move {
        let (_, body) = ask(&server, "GET /cmdline", "").await;
        let expected = std::fs::read("/proc/self/cmdline").unwrap();
        assert_eq!(body.as_bytes(), &expected[1..]);
    });
}
