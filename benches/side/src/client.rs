//! The other end of a server that is measured: a process of its own, without a runtime.
//!
//! `side client ADDRESS CONNECTIONS DEPTH REQUESTS KIND`: each connection keeps `DEPTH` requests in
//! flight until all together have been answered `REQUESTS` times. `KIND` is `echo`, `http`, or `churn`,
//! which makes one connection for each request.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};

/// Bytes of a request to echo.
pub const ECHO_BYTES: usize = 64;

pub const HTTP_REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: sea\r\n\r\n";

/// What a client does.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub connections: usize,
    pub depth: usize,
    pub requests: usize,
    pub kind: &'static str,
}

/// Starts this program as a client of the server at `address`.
pub fn start(address: SocketAddr, load: Load) -> Child {
    let program = std::env::current_exe().expect("this program's path");
    Command::new(program)
        .arg("client")
        .arg(address.to_string())
        .args([load.connections, load.depth, load.requests].map(|number| number.to_string()))
        .arg(load.kind)
        .stdin(Stdio::null())
        .spawn()
        .expect("this program starts again")
}

/// Lets `wrk` measure the HTTP server at `address` over as many connections, and says how many requests
/// were answered in two seconds; `None` if there is no wrk.
pub fn wrk(address: SocketAddr, connections: usize) -> Option<u64> {
    let wrk = Command::new("wrk")
        .args(["-t1", "-d2s", &format!("-c{connections}")])
        .arg(format!("http://{address}/"))
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&wrk.stdout);
    assert!(!text.contains("Socket errors"), "wrk: {text}");
    let before = text.split(" requests in").next()?;
    before.split_whitespace().last()?.parse().ok()
}

/// The client's process.
pub fn run(words: &[&str]) -> Option<()> {
    let [address, connections, depth, requests, kind] = words else {
        return None;
    };
    let address: SocketAddr = address.parse().ok()?;
    let (connections, depth) = (connections.parse().ok()?, depth.parse().ok()?);
    let requests = requests.parse().ok()?;
    match *kind {
        "churn" => churn(address, requests),
        "echo" => flood(
            address,
            connections,
            depth,
            requests,
            &[7; ECHO_BYTES],
            ECHO_BYTES,
        ),
        "http" => {
            let answer = answer_bytes(address);
            flood(address, connections, depth, requests, HTTP_REQUEST, answer);
        }
        _ => return None,
    }
    Some(())
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a server");
    stream.set_nodelay(true).expect("a socket option");
    stream
}

fn churn(address: SocketAddr, requests: usize) {
    let mut answer = [0; ECHO_BYTES];
    for _ in 0..requests {
        let mut stream = connect(address);
        stream.write_all(&[7; ECHO_BYTES]).expect("a server");
        stream.read_exact(&mut answer).expect("an answer");
    }
}

/// The length of the server's answer, which is always the same.
pub fn answer_bytes(address: SocketAddr) -> usize {
    let mut stream = connect(address);
    stream.write_all(HTTP_REQUEST).expect("a server");
    let mut answer = [0; 4096];
    let mut length = 0;
    loop {
        length += stream.read(&mut answer[length..]).expect("an answer");
        let text = String::from_utf8_lossy(&answer[..length]).into_owned();
        if let Some(end) = text.find("\r\n\r\n") {
            let body = text.to_lowercase();
            let body = body.split("content-length: ").nth(1).expect("a length");
            let body: usize = body
                .split("\r\n")
                .next()
                .and_then(|word| word.parse().ok())
                .expect("a number");
            if length >= end + 4 + body {
                return end + 4 + body;
            }
        }
    }
}

/// Keeps every connection's requests in flight, by epoll.
fn flood(
    address: SocketAddr,
    connections: usize,
    depth: usize,
    requests: usize,
    request: &[u8],
    answer: usize,
) {
    // SAFETY: no pointers.
    let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
    assert!(epoll >= 0, "no epoll");
    let batch: Vec<u8> = request.repeat(depth);
    let mut streams: Vec<(TcpStream, usize)> =
        (0..connections).map(|_| (connect(address), 0)).collect();
    for (index, (stream, _)) in streams.iter_mut().enumerate() {
        let mut event = libc::epoll_event {
            events: libc::EPOLLIN as u32,
            u64: index as u64,
        };
        // SAFETY: the event is alive during the call.
        let status =
            unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, stream.as_raw_fd(), &mut event) };
        assert_eq!(status, 0, "no registration");
        stream.write_all(&batch).expect("a server");
    }
    let mut events: Vec<libc::epoll_event> = vec![libc::epoll_event { events: 0, u64: 0 }; 256];
    let mut buffer = vec![0; 64 * 1024];
    let mut answered = 0;
    while answered < requests {
        // SAFETY: the events are alive during the call, and as many as said.
        let ready = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), 256, -1) };
        for event in &events[..usize::try_from(ready).expect("epoll")] {
            let (stream, received) = &mut streams[event.u64 as usize];
            *received += stream.read(&mut buffer).expect("an answer");
            if *received == answer * depth {
                *received = 0;
                answered += depth;
                stream.write_all(&batch).expect("a server");
            }
        }
    }
}
