//! What the server takes, at its limits and past them.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

use crate::client::{Response, connect, get, inspected, send};

/// A request whose head has `length` bytes.
fn of_length(at: SocketAddr, length: usize) -> String {
    let start = format!("GET /metrics HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\nx: ");
    let filler = "a".repeat(length - start.len() - 4);
    format!("{start}{filler}\r\n\r\n")
}

#[test]
fn a_head_has_16_kib_and_64_headers() {
    let (_runtime, _inspector, at) = inspected();
    assert_eq!(send(at, &of_length(at, 16 * 1024)).status, 200);
    assert_eq!(send(at, &of_length(at, 16 * 1024 + 1)).status, 431);
    assert_eq!(send(at, &of_length(at, 200 * 1024)).status, 431);
    let with = |headers: usize| {
        let more = "x: y\r\n".repeat(headers - 2);
        let request = format!("GET / HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n{more}\r\n");
        send(at, &request).status
    };
    assert_eq!(with(64), 200);
    assert_eq!(with(65), 431);
}

#[test]
fn nonsense_is_refused_and_the_connection_closed() {
    let (_runtime, _inspector, at) = inspected();
    for (request, status) in [
        ("\r\n\r\nhello\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/3.7\r\nhost: localhost\r\n\r\n", 505),
        (
            "GET / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        ("OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n", 400),
        (
            "CONNECT localhost:1 HTTP/1.1\r\nhost: localhost\r\n\r\n",
            400,
        ),
    ] {
        let answer = send(at, request);
        assert_eq!(answer.status, status, "{request:?}");
        assert!(answer.head.contains("connection: close"), "{}", answer.head);
    }
    // A client that leaves amid its request disturbs nobody.
    let mut client = connect(at);
    client.write_all(b"GET / HT").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut rest = String::new();
    client.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn several_requests_share_a_connection() {
    let (_runtime, _inspector, at) = inspected();
    let one = format!("GET /api/stats HTTP/1.1\r\nhost: {at}\r\n\r\n");
    let last = format!("HEAD / HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n");
    let mut client = connect(at);
    // Also when they come in pieces, and before the answers.
    let all = format!("{one}{one}{last}");
    for piece in all.as_bytes().chunks(7) {
        client.write_all(piece).unwrap();
    }
    let mut answers = String::new();
    client.read_to_string(&mut answers).unwrap();
    assert_eq!(
        answers.matches("HTTP/1.1 200 OK\r\n").count(),
        3,
        "{answers}"
    );
    let old = send(at, "GET /metrics HTTP/1.0\r\nhost: localhost\r\n\r\n");
    assert_eq!(old.status, 200);
}

#[test]
fn a_65th_connection_is_refused() {
    let (_runtime, _inspector, at) = inspected();
    let request = format!("GET /api/stats HTTP/1.1\r\nhost: {at}\r\n\r\n");
    let mut clients: Vec<_> = (0..64).map(|_| connect(at)).collect();
    for client in &mut clients {
        client.write_all(request.as_bytes()).unwrap();
        let mut start = [0; 15];
        client.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 200 OK");
    }
    let mut refused = String::new();
    connect(at).read_to_string(&mut refused).unwrap();
    let refused = Response::parse(&refused);
    assert_eq!(
        (refused.status, &*refused.body),
        (503, "64 connections are open already\n")
    );
    drop(clients);
    let deadline = Instant::now() + Duration::from_secs(10);
    while get(at, "/metrics").status != 200 {
        assert!(
            Instant::now() < deadline,
            "closed connections are still counted"
        );
    }
}

#[test]
fn a_head_that_does_not_come_is_given_up() {
    let (_runtime, _inspector, at) = inspected();
    let mut client = connect(at);
    client
        .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n")
        .unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    let answer = Response::parse(&answer);
    assert_eq!(answer.status, 408);
    assert!(answer.body.contains("within 10 s"), "{}", answer.body);
}

#[test]
fn a_client_that_goes_takes_its_recording_along() {
    let (runtime, _inspector, at) = inspected();
    let mut client = connect(at);
    let request = format!("GET /trace?seconds=60 HTTP/1.1\r\nhost: {at}\r\n\r\n");
    client.write_all(request.as_bytes()).unwrap();
    let is_recorded = || {
        let recording = runtime.handle().recording();
        recording.is_some_and(|recording| recording.is_running())
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_recorded() {
        assert!(Instant::now() < deadline, "no recording has begun");
        std::thread::yield_now();
    }
    drop(client);
    while is_recorded() {
        assert!(Instant::now() < deadline, "the recording goes on");
        std::thread::yield_now();
    }
    // Who says no more, and stays, gets the answer.
    let mut client = connect(at);
    let request = format!("GET /tasks HTTP/1.1\r\nhost: {at}\r\n\r\n");
    client.write_all(request.as_bytes()).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(Response::parse(&answer).status, 200);
}
