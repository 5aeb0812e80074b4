//! Time-outs, and the end.

use super::*;

#[test]
fn a_slow_head_and_a_slow_body_are_408_and_silence_is_just_closed() {
    let limits = Limits {
        head: SHORT,
        body: SHORT,
        idle: SHORT,
        ..patient()
    };
    with_server(limits, |server| async move {
        for start in [
            "GET /hello HTTP/1.1\r\nHos",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
        ] {
            let mut stream = connect(&server).await;
            stream.write_all(start.as_bytes()).await.unwrap();
            let mut answer = vec![0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer, b"HTTP/1.1 408");
        }
        let mut silent = connect(&server).await;
        assert_eq!(rest(&mut silent).await, "");
        // Also after an answer.
        assert_eq!(
            statuses(&send(&server, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").await),
            ["200"]
        );
    });
}

#[test]
fn a_client_that_drips_its_head_is_cut_at_the_total_time() {
    let limits = Limits {
        head: SHORT,
        linger: Duration::ZERO,
        ..patient()
    };
    with_server(limits, |server| async move {
        let mut drip = connect(&server).await;
        // Other answers set the pace: a byte comes far more often than every 50 ms, and the head stays
        // far below its size limit.
        for _ in 0..4_000 {
            if drip.write_all(b"X").await.is_err() {
                return;
            }
            ask(&server, "GET /hello", "").await;
        }
        panic!("never cut");
    });
}

#[test]
fn a_client_that_never_reads_is_cut() {
    let limits = Limits {
        write: SHORT,
        ..patient()
    };
    with_server(limits, |server| async move {
        let mut stream = connect(&server).await;
        let request = "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.read_exact(&mut [0; 12]).await.unwrap();
        // The server's end is gone when a stop with an endless grace returns.
        server.stop(PATIENT).await;
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        assert!(bytes.len() < BIG);
    });
}

#[test]
fn a_client_that_asks_on_and_on_and_never_reads_is_cut() {
    let limits = Limits {
        write: SHORT,
        ..patient()
    };
    with_server(limits, |server| async move {
        let mut stream = connect(&server).await;
        let requests = "GET /big HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000);
        // The server stops taking them, so that this never ends before it does.
        let _ = stream.write_all(requests.repeat(1000).as_bytes()).await;
        server.stop(PATIENT).await;
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        assert!(bytes.len() < BIG);
    });
}

#[test]
fn a_client_that_reads_a_byte_now_and_then_is_cut() {
    let limits = Limits {
        write: SHORT,
        ..patient()
    };
    with_server(limits, |server| async move {
        let mut drip = connect(&server).await;
        let request = "GET /big HTTP/1.1\r\nHost: a\r\n\r\n";
        drip.write_all(request.as_bytes()).await.unwrap();
        let mut count = 0;
        let reads = async {
            while matches!(drip.read(&mut [0]).await, Ok(1)) {
                count += 1;
                smol::future::yield_now().await;
            }
        };
        // What the kernel holds could be read for a while after the cut.
        let stopped = async {
            server.stop(PATIENT).await;
        };
        stopped.or(reads).await;
        let mut bytes = Vec::new();
        let _ = drip.read_to_end(&mut bytes).await;
        assert!(count + bytes.len() < BIG / 2);
    });
}

#[test]
fn stopping_closes_idle_connections_and_lets_running_answers_end() {
    with_server(patient(), |server| async move {
        let address: SocketAddr = server.local_addr();
        let mut idle = connect(&server).await;
        idle.write_all(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        idle.read_exact(&mut [0; 12]).await.unwrap();
        let mut running = connect(&server).await;
        running
            .write_all(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        running.read_exact(&mut [0; 12]).await.unwrap();
        let client = async {
            rest(&mut idle).await;
            assert!(rest(&mut running).await.len() > BIG);
        };
        smol::future::zip(server.stop(PATIENT), client).await;
        assert!(Async::<TcpStream>::connect(address).await.is_err());
    });
}

#[test]
fn stopping_cuts_what_does_not_end_in_time() {
    with_server(patient(), |server| async move {
        let mut stuck = connect(&server).await;
        stuck
            .write_all(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        stuck.read_exact(&mut [0; 12]).await.unwrap();
        server.stop(SHORT).await;
        let mut bytes = Vec::new();
        let _ = stuck.read_to_end(&mut bytes).await;
        assert!(bytes.len() < BIG);
    });
}
