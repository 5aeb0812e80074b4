//! What is asked, with which login, and how often.

use std::time::Instant;

use super::*;

#[test]
fn a_request_says_what_it_must_and_no_more() {
    let server = Server::start(vec![ok("hello")]);
    let port = server.port;
    let (fetched, body) = get_with(settings(server.base())).unwrap();
    assert_eq!(body, b"hello");
    assert_eq!(
        (fetched.status, fetched.bytes, fetched.attempts),
        (200, 5, 1)
    );
    assert_eq!(fetched.content_type, "a/b");
    assert!(fetched.first_byte <= fetched.total);
    let mut request: Vec<String> = server.requests()[0]
        .lines()
        .map(str::to_lowercase)
        .collect();
    request.sort();
    assert_eq!(
        request,
        [
            "",
            "connection: close",
            "content-length: 0",
            "get /x http/1.1",
            &format!("host: 127.0.0.1:{port}"),
            "user-agent: xg2g/test",
        ]
    );
}

#[test]
fn a_path_goes_out_exactly_as_it_is_given() {
    let paths = [
        "/api/epgservice?sRef=1%3A0%3A1%3a%2541%22%27%252F:/@!$&()*+,;=~-._",
        "/api/x?a=http%253a//u%3ap%2540s@h%3a8443&b=[]|^`{}\\",
        "/picon/1_0_19%20.png",
        "//double//slash/?",
    ];
    for path in paths {
        for prefix in ["", "/box/one"] {
            let server = Server::start(vec![ok("")]);
            let client = Client::new(settings(format!("{}{prefix}/", server.base()))).unwrap();
            match smol::block_on(client.get(path, 10)) {
                Ok(_) => {
                    let line = server.requests()[0].lines().next().unwrap().to_owned();
                    assert_eq!(line, format!("GET {prefix}{path} HTTP/1.1"));
                }
                Err(error) => panic!("{path}: {error}"),
            }
        }
    }
}

#[test]
fn a_path_that_would_be_changed_is_refused() {
    let client = Client::new(settings("http://127.0.0.1:1/box".into())).unwrap();
    for path in [
        "",
        "x",
        "/a b",
        "/a?b=\"",
        "/a?b='",
        "/a/../b",
        "/a/%2e%2e/b",
        "/a\\b",
        "/a#b",
        "/ä",
        "/a\r\nX: y",
    ] {
        let result = smol::block_on(client.get(path, 10));
        assert_eq!(result, Err(Error::Path(path.into())));
    }
}

#[test]
fn transient_errors_are_tried_again_and_others_are_not() {
    let cut = || Whole("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello".into());
    let retries = 3;
    let server = Server::start(vec![
        status("500 Oops"),
        status("429 Slow"),
        cut(),
        ok("hello"),
    ]);
    let result = get_with(Settings {
        retries,
        ..settings(server.base())
    });
    assert_eq!(result.as_ref().map(|(fetched, _)| fetched.attempts), Ok(4));
    // The pieces of the third attempt are forgotten.
    assert_eq!(text(result), "hello");
    assert_eq!(server.requests().len(), 4);

    let server = Server::start((0..4).map(|_| status("503 Busy")).collect());
    let result = get_with(Settings {
        retries,
        ..settings(server.base())
    });
    assert!(matches!(result, Err(Error::Status { status: 503, .. })));
    assert_eq!(server.requests().len(), 4);

    for line in [
        "404 Not Found",
        "401 Unauthorized",
        "403 Forbidden",
        "304 Same",
        "302 No Location",
    ] {
        let server = Server::start(vec![status(line)]);
        // A second attempt would be refused, and so be another error.
        let result = get_with(Settings {
            retries,
            ..settings(server.base())
        });
        assert!(
            matches!(
                result,
                Err(Error::Status { .. } | Error::Unauthorized { .. })
            ),
            "{result:?}"
        );
    }
}

#[test]
fn a_pause_the_receiver_asks_for_is_kept_up_to_the_longest() {
    let busy = Whole("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n".into());
    let server = Server::start(vec![busy, ok("")]);
    let max_backoff = Duration::from_millis(50);
    let started = Instant::now();
    let result = get_with(Settings {
        retries: 1,
        max_backoff,
        ..settings(server.base())
    });
    assert_eq!(result.map(|(fetched, _)| fetched.attempts), Ok(2));
    assert!((50..5000).contains(&started.elapsed().as_millis()));
}

#[test]
fn retry_after_is_read_from_the_answer() {
    let answer = "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";
    let error = get(Whole(answer.into())).unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[test]
fn a_session_is_kept_and_renewed_when_it_has_ended() {
    let with_cookie = |line: &str, cookie: &str| {
        Whole(format!(
            "HTTP/1.1 {line}\r\nSet-Cookie: other=1\r\nSet-Cookie: TWISTED_SESSION={cookie}; Path=/\r\nContent-Length: 0\r\n\r\n"
        ))
    };
    let server = Server::start(vec![
        with_cookie("200 OK", "one"),
        status("200 OK"),
        with_cookie("401 Unauthorized", "useless"),
        with_cookie("200 OK", "two"),
        status("200 OK"),
        status("401 Unauthorized"),
        with_cookie("401 Unauthorized", "useless"),
        status("401 Unauthorized"),
    ]);
    let client = Client::new(Settings {
        user: "root".into(),
        password: "pä:ss".into(),
        ..settings(server.base())
    })
    .unwrap();
    let last = smol::block_on(async {
        for _ in 0..4 {
            assert_eq!(client.get("/x", 10).await.unwrap().0.attempts, 1);
        }
        client.get("/x", 10).await.unwrap_err();
        client.get("/x", 10).await.unwrap_err()
    });
    assert_eq!(
        last.to_string(),
        "the receiver refuses us (401): check user name and password"
    );
    let requests = server.requests();
    let cookies: Vec<Option<&str>> = requests
        .iter()
        .map(|request| {
            request
                .lines()
                .find_map(|line| line.strip_prefix("cookie: "))
        })
        .collect();
    let (one, two) = (Some("TWISTED_SESSION=one"), Some("TWISTED_SESSION=two"));
    assert_eq!(cookies, [None, one, one, None, two, two, None, None]);
    for request in requests {
        assert!(
            request.contains("authorization: Basic cm9vdDpww6Q6c3M=\r\n"),
            "{request}"
        );
    }
}

#[test]
fn a_login_may_stand_in_the_base() {
    for (user, password) in [("", ""), ("a b", "@")] {
        let server = Server::start(vec![ok("")]);
        let base = format!("http://a%20b:%40@127.0.0.1:{}", server.port);
        let (user, password) = (user.into(), password.into());
        get_with(Settings {
            user,
            password,
            ..settings(base)
        })
        .unwrap();
        let request = &server.requests()[0];
        assert!(
            request.contains("authorization: Basic YSBiOkA=\r\n"),
            "{request}"
        );
        assert!(request.contains("host: 127.0.0.1:"), "{request}");
    }
}

#[test]
fn a_refusal_says_what_to_do() {
    let error = get(status("401 Unauthorized")).unwrap_err().to_string();
    assert!(error.contains("set user name and password"), "{error}");
    let error = get(status("403 Forbidden")).unwrap_err().to_string();
    assert!(error.contains("turn on authentication there"), "{error}");
}

#[test]
fn redirects_are_followed_on_the_same_host_three_times() {
    let to = |place: &str| {
        Whole(format!(
            "HTTP/1.1 302 Go\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n"
        ))
    };
    let server = Server::start(vec![to("/a"), to("b?c=%3a"), to("/d"), ok("there")]);
    assert_eq!(text(get_with(settings(server.base()))), "there");
    let lines: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.lines().next().unwrap().to_owned())
        .collect();
    assert_eq!(
        lines,
        [
            "GET /x HTTP/1.1",
            "GET /a HTTP/1.1",
            "GET /b?c=%3a HTTP/1.1",
            "GET /d HTTP/1.1"
        ]
    );

    let server = Server::start((0..4).map(|_| to("/x")).collect());
    let result = get_with(settings(server.base()));
    assert!(matches!(result, Err(Error::Protocol(why)) if why.contains("more than 3 times")));
    server.requests();

    for place in [
        "http://192.0.2.1/",
        "http://localhost/",
        "ftp://127.0.0.1/",
        "http://",
    ] {
        assert!(matches!(get(to(place)), Err(Error::Protocol(_))), "{place}");
    }
    let error = get(to("https://127.0.0.1/x")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the receiver redirects to https (127.0.0.1), but this build has no TLS (cargo feature `tls`)"
    );
}

#[test]
fn settings_that_cannot_work_are_refused_without_showing_the_password() {
    let error = |settings| {
        Client::new(settings)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    for base in [
        "",
        "192.168.1.5",
        "localhost:80",
        "ftp://box",
        "http://",
        "http://b:99999",
        "http://box/?a",
        "http://u:secret@b x",
    ] {
        let text = error(settings(base.into()));
        assert!(
            text.contains("cannot use") && !text.contains("secret"),
            "{base}: {text}"
        );
    }
    assert!(error(settings("https://u:secret@box".into())).contains("`box` is an https address"));
    let base = || settings("http://box".into());
    assert!(error(Settings {
        user: "a:b".into(),
        ..base()
    })
    .contains("colon"));
    assert!(error(Settings {
        user_agent: "a\r\nb".into(),
        ..base()
    })
    .contains("ASCII"));
    assert_eq!(error(base()), "");
}
