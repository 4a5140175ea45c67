//! Load for the servers of `scale`: a process of its own, with threads, that measures rate and latency.
//!
//! `side load ADDRESS CONNECTIONS THREADS KIND`: each connection has one request in flight, for some seconds.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::{ECHO_BYTES, HTTP_REQUEST, answer_bytes};

/// For how long requests are counted, and for how long before that they are not.
const COUNTED: Duration = Duration::from_millis(1_500);
const WARM_UP: Duration = Duration::from_millis(300);

/// The result of a load: requests per second, and how long requests took, by quantile, in microseconds.
pub struct Report {
    pub requests: u64,
    pub seconds: f64,
    pub quantiles: [f64; 3],
}

/// Loads the server at `address` from another process, and returns its report.
pub fn put(address: SocketAddr, connections: usize, threads: usize, kind: &str) -> Option<Report> {
    let program = std::env::current_exe().expect("this program's path");
    let output = Command::new(program)
        .args(["load", &address.to_string()])
        .args([connections, threads].map(|number| number.to_string()))
        .arg(kind)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Option<Vec<f64>> = text
        .split_whitespace()
        .map(|word| word.parse().ok())
        .collect();
    match numbers?.as_slice() {
        [requests, seconds, quantiles @ ..] => Some(Report {
            requests: *requests as u64,
            seconds: *seconds,
            quantiles: quantiles.try_into().ok()?,
        }),
        _ => None,
    }
}

/// The process of the load.
pub fn run(words: &[&str]) -> Option<()> {
    let [address, connections, threads, kind] = words else {
        return None;
    };
    let address: SocketAddr = address.parse().ok()?;
    let (connections, threads): (usize, usize) = (connections.parse().ok()?, threads.parse().ok()?);
    let (request, answer) = match *kind {
        "echo" => (&[7; ECHO_BYTES][..], ECHO_BYTES),
        "http" => (HTTP_REQUEST, answer_bytes(address)),
        _ => return None,
    };
    let loaders: Vec<_> = (0..threads)
        .map(|index| {
            let share = connections / threads + usize::from(index < connections % threads);
            std::thread::spawn(move || flood(address, share, request, answer))
        })
        .collect();
    let mut all: Vec<u32> = Vec::new();
    for loader in loaders {
        all.append(&mut loader.join().expect("a loader"));
    }
    all.sort_unstable();
    let at = |part: f64| {
        let index = (all.len().saturating_sub(1) as f64 * part).round() as usize;
        all.get(index)
            .map_or(0.0, |nanos| f64::from(*nanos) / 1_000.0)
    };
    let (seconds, quantiles) = (COUNTED.as_secs_f64(), [0.5, 0.99, 0.999].map(at));
    println!(
        "{} {seconds} {} {} {}",
        all.len(),
        quantiles[0],
        quantiles[1],
        quantiles[2]
    );
    Some(())
}

/// Keeps `connections` connections busy, by epoll; how many nanoseconds each request took.
fn flood(address: SocketAddr, connections: usize, request: &[u8], answer: usize) -> Vec<u32> {
    // SAFETY: no pointers.
    let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
    assert!(epoll >= 0, "no epoll");
    let mut streams: Vec<(TcpStream, usize, Instant)> = (0..connections)
        .map(|_| (crate::client::connect(address), 0, Instant::now()))
        .collect();
    for (index, (stream, _, sent)) in streams.iter_mut().enumerate() {
        let mut event = libc::epoll_event {
            events: libc::EPOLLIN as u32,
            u64: index as u64,
        };
        // SAFETY: the event is alive during the call.
        let status =
            unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, stream.as_raw_fd(), &mut event) };
        assert_eq!(status, 0, "no registration");
        *sent = Instant::now();
        stream.write_all(request).expect("a server");
    }
    let mut events: Vec<libc::epoll_event> = vec![libc::epoll_event { events: 0, u64: 0 }; 256];
    let mut buffer = vec![0; 64 * 1024];
    let mut took = Vec::with_capacity(1 << 20);
    let begun = Instant::now();
    while begun.elapsed() < WARM_UP + COUNTED {
        // SAFETY: the events are alive during the call, and as many as said.
        let ready = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), 256, 100) };
        for event in &events[..usize::try_from(ready).unwrap_or(0)] {
            let (stream, received, sent) = &mut streams[event.u64 as usize];
            *received += stream.read(&mut buffer).expect("an answer");
            if *received < answer {
                continue;
            }
            let now = Instant::now();
            if begun.elapsed() > WARM_UP {
                took.push(u32::try_from((now - *sent).as_nanos()).unwrap_or(u32::MAX));
            }
            (*received, *sent) = (0, now);
            stream.write_all(request).expect("a server");
        }
    }
    took
}
