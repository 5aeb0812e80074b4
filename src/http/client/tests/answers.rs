//! What becomes of an answer, good or bad.

use super::*;

#[test]
fn bodies_of_every_framing_arrive_byte_by_byte() {
    let old = "HTTP/1.0 200 OK\r\nX-A: é\r\n\r\nhello";
    let chunked =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                   4;x=y\r\nhell\r\n1\r\no\r\n0\r\nT: é\r\n\r\n";
    for answer in [
        old,
        chunked,
        "HTTP/1.1 299 Fine\r\nContent-Length: 5\r\n\r\nhello",
    ] {
        assert_eq!(text(get(Bytewise(answer))), "hello", "{answer}");
    }
}

#[test]
fn the_end_of_a_body_is_known_without_the_end_of_the_connection() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ] {
        assert_eq!(text(get(Hang(answer))), "hello");
    }
    assert_eq!(text(get(Hang("HTTP/1.1 204 None\r\n\r\n"))), "");
}

#[test]
fn a_cut_body_is_an_error() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "",
    ] {
        let result = get(Whole(answer.into()));
        assert!(
            matches!(result, Err(Error::Closed(_))),
            "{answer:?}: {result:?}"
        );
    }
}

#[test]
fn silence_and_slow_drips_end_at_the_deadline() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n";
    for answer in [
        Hang(""),
        Hang("HTTP/1.1 200 OK\r\nContent-Le"),
        Hang("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"),
        Drip("HTTP/1.1 200 OK\r\nX: "),
        Drip("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
        Drip("HTTP/1.1 200 OK\r\n\r\n"),
        Drip(chunked),
    ] {
        let result = get_within(100, answer);
        assert_eq!(result, Err(Error::Timeout(Duration::from_millis(100))));
    }
}

#[test]
fn a_dropped_fetch_closes_its_socket() {
    let server = Server::start(vec![Hang(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
    )]);
    let client = Client::new(settings(server.base())).unwrap();
    smol::block_on(async {
        let asked = async {
            server.requests.recv().await.unwrap();
        };
        let fetch = async {
            let result = client.get("/x", 10).await;
            panic!("{result:?}");
        };
        smol::future::or(asked, fetch).await;
    });
    // The server's thread ends when it sees the socket closed.
    server.requests();
}

#[test]
fn nobody_there_is_refused_and_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let result = get_with(Settings {
        retries: 2,
        ..settings(format!("http://{address}"))
    });
    assert_eq!(result, Err(Error::Refused(address)));
}

#[test]
fn localhost_is_tried_in_both_families() {
    let server = Server::start(vec![ok("four")]);
    assert_eq!(
        text(get_with(settings(format!(
            "http://localhost:{}",
            server.port
        )))),
        "four"
    );
    // Not every machine has IPv6.
    if let Ok(listener) = TcpListener::bind("[::1]:0") {
        for host in ["localhost", "[::1]"] {
            let base = format!("http://{host}:{}", listener.local_addr().unwrap().port());
            let listener = listener.try_clone().unwrap();
            let thread = std::thread::spawn(move || {
                let (mut socket, _) = listener.accept().unwrap();
                let head = read_head(&mut socket);
                serve(&mut socket, ok("six"));
                head
            });
            assert_eq!(text(get_with(settings(base.clone()))), "six");
            let host = format!("host: {}\r\n", &base[7..]);
            assert!(thread.join().unwrap().contains(&host), "{host}");
        }
    }
}

#[test]
fn a_name_nobody_knows_is_a_resolve_error() {
    let result = get_with(settings("http://receiver.invalid".into()));
    assert!(matches!(result, Err(Error::Resolve { host, .. }) if host == "receiver.invalid"));
}

#[test]
fn a_body_over_the_limit_is_too_large_however_it_is_framed() {
    let long = "x".repeat(1001);
    for head in [
        "Content-Length: 1001\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3e9\r\n",
        "\r\n",
    ] {
        let result = get(Whole(format!(
            "HTTP/1.1 200 OK\r\n{head}{long}\r\n0\r\n\r\n"
        )));
        assert_eq!(result, Err(Error::TooLarge(1000)), "{head}");
    }
    // An announced length is enough to know.
    let result = get_within(
        2000,
        Hang("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"),
    );
    assert_eq!(result, Err(Error::TooLarge(1000)));
    assert_eq!(text(get(ok(&long[1..]))).len(), 1000);
}

#[test]
fn what_is_not_http_is_a_protocol_error_at_once() {
    let huge = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(100_000));
    for answer in [
        "garbage",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "<html>",
        huge.as_str(),
    ] {
        let result = get(Whole(answer.into()));
        assert!(
            matches!(result, Err(Error::Protocol(_) | Error::Closed(_))),
            "{answer:.20}: {result:?}"
        );
    }
    assert!(matches!(get(Hang("garbage")), Err(Error::Protocol(_))));
    assert!(matches!(
        get(Hang("\x15\x03\x01\x00\x02\x02\x46")),
        Err(Error::NeedsTls(_))
    ));
}

#[test]
fn an_answer_compressed_unasked_is_a_protocol_error() {
    let result = get(Whole(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f".into(),
    ));
    assert!(matches!(result, Err(Error::Protocol(why)) if why.contains("gzip")));
}

#[test]
fn an_error_page_is_shown_cleaned_and_never_reaches_the_sink() {
    struct Never;
    impl Sink for Never {
        fn start(&mut self, head: &Head) {
            panic!("{head:?}");
        }
        fn piece(&mut self, bytes: &[u8]) -> std::result::Result<(), String> {
            panic!("{bytes:?}");
        }
    }
    let page = "HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\n\r\n<b>Processing\r\nFailed</b>";
    let server = Server::start(vec![Whole(page.into())]);
    let client = Client::new(settings(server.base())).unwrap();
    let error = smol::block_on(client.fetch("/x", 1000, &mut Never)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the receiver answers 500: Processing Failed"
    );
    // An endless page is news as well.
    let result = get(Whole(format!(
        "HTTP/1.1 404 None\r\n\r\n{}",
        "ab ".repeat(10_000)
    )));
    assert!(matches!(result, Err(Error::Status { status: 404, text, .. }) if text.len() == 200));
    let result = get_within(
        100,
        Hang("HTTP/1.1 404 None\r\nContent-Length: 50\r\n\r\ngone"),
    );
    assert!(matches!(result, Err(Error::Status { status: 404, text, .. }) if text == "gone"));
}

#[test]
fn a_sink_may_refuse_a_body() {
    struct Picky(Vec<Head>);
    impl Sink for Picky {
        fn start(&mut self, head: &Head) {
            self.0.push(head.clone());
        }
        fn piece(&mut self, _: &[u8]) -> std::result::Result<(), String> {
            Err("this is no JSON".into())
        }
    }
    let server = Server::start(vec![ok("<html>")]);
    let client = Client::new(Settings {
        retries: 3,
        ..settings(server.base())
    })
    .unwrap();
    let mut sink = Picky(Vec::new());
    let result = smol::block_on(client.fetch("/x", 1000, &mut sink));
    assert_eq!(result, Err(Error::Sink("this is no JSON".into())));
    assert_eq!(
        sink.0,
        [Head {
            status: 200,
            content_type: "a/b".into(),
            length: Some(6)
        }]
    );
}
