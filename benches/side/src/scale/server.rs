//! Servers with any number of workers: one runtime that steals work, one current-thread runtime per thread, and plain
//! epoll.

use std::net::{SocketAddr, TcpListener as StdListener};

use socket2::{Domain, Socket, Type};

use super::benchmark::Figures;
use crate::load;
use crate::measurement::processor_nanos;

/// Connections of a benchmark.
fn connections(benchmark: &str) -> usize {
    benchmark
        .rsplit('_')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("a benchmark of this file ends in a number")
}

/// What is served.
fn kind(benchmark: &str) -> &'static str {
    if benchmark.starts_with("http") {
        "http"
    } else {
        "echo"
    }
}

/// The figures of a server at `address` with so many workers.
fn figures(address: SocketAddr, workers: usize, benchmark: &str) -> Option<Figures> {
    let before = processor_nanos();
    let told = load::put(address, connections(benchmark), workers, kind(benchmark))?;
    let used = (processor_nanos() - before) as f64;
    let [p50, p99, p999] = told.quantiles;
    Some(vec![
        ("requests/s", told.requests as f64 / told.seconds),
        // Those of the warm-up are served too.
        ("processor ns", used / told.requests.max(1) as f64),
        ("p50 us", p50),
        ("p99 us", p99),
        ("p99.9 us", p999),
    ])
}

/// A listener to whose address others may listen too.
fn shared_listener(address: SocketAddr) -> StdListener {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_reuse_port(true).expect("a socket option");
    socket.bind(&address.into()).expect("a port");
    socket.listen(4_096).expect("a listener");
    socket.into()
}

/// As many listeners to one address as there are workers.
fn listeners(workers: usize) -> Vec<StdListener> {
    let first = shared_listener(SocketAddr::from(([127, 0, 0, 1], 0)));
    let address = first.local_addr().expect("bound");
    let others = (1..workers).map(|_| shared_listener(address));
    std::iter::once(first).chain(others).collect()
}

macro_rules! servers {
    ($name:ident) => {
        mod $name {
            use ::$name as rt;
            use rt::net::TcpListener;

            use super::{Figures, figures, kind, listeners};
            use crate::benchmarks::{echo, http};

            async fn serve(listener: TcpListener, kind: &str) {
                match kind {
                    "http" => http::$name::serve(listener).await,
                    _ => echo::$name::serve(listener).await,
                }
            }

            /// One runtime, one listener.
            pub(super) fn stealing(workers: usize, benchmark: &str) -> Option<Figures> {
                on($crate::build!(rt, Some(workers)), workers, benchmark)
            }

            pub(super) fn on(
                runtime: rt::runtime::Runtime,
                workers: usize,
                benchmark: &str,
            ) -> Option<Figures> {
                let listener = runtime
                    .block_on(TcpListener::bind("127.0.0.1:0"))
                    .expect("a port");
                let address = listener.local_addr().expect("bound");
                runtime.spawn(serve(listener, kind(benchmark)));
                figures(address, workers, benchmark)
            }

            /// A runtime and a listener on each thread.
            pub(super) fn each(workers: usize, benchmark: &str) -> Option<Figures> {
                let listeners = listeners(workers);
                let address = listeners[0].local_addr().expect("bound");
                for listener in listeners {
                    let kind = kind(benchmark);
                    std::thread::spawn(move || {
                        let runtime = $crate::build!(rt, None::<usize>);
                        runtime.block_on(async {
                            listener.set_nonblocking(true).expect("a socket option");
                            let listener = TcpListener::from_std(listener).expect("a listener");
                            serve(listener, kind).await;
                        });
                    });
                }
                figures(address, workers, benchmark)
            }
        }
    };
}

servers!(selkie);
servers!(tokio);

/// Selkie with one reactor for all workers, or one for each, whatever is the default.
fn with_reactors(own: bool, workers: usize, benchmark: &str) -> Option<Figures> {
    let mut builder = ::selkie::runtime::Builder::new_multi_thread();
    builder.worker_threads(workers).reactor_per_worker(own);
    let runtime = builder.enable_all().build().expect("a runtime");
    selkie::on(runtime, workers, benchmark)
}

/// Echo by epoll alone, on a thread for each worker.
fn epoll(workers: usize, benchmark: &str) -> Option<Figures> {
    if kind(benchmark) != "echo" {
        return None;
    }
    let listeners = listeners(workers);
    let address = listeners[0].local_addr().expect("bound");
    for listener in listeners {
        std::thread::spawn(move || echo_by_epoll(&listener));
    }
    figures(address, workers, benchmark)
}

fn echo_by_epoll(listener: &StdListener) {
    use std::collections::HashMap;
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::os::fd::{AsRawFd, RawFd};

    listener.set_nonblocking(true).expect("a socket option");
    // SAFETY: no pointers.
    let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
    let watch = |fd: RawFd| {
        let mut event = libc::epoll_event {
            events: (libc::EPOLLIN | libc::EPOLLET) as u32,
            u64: fd as u64,
        };
        // SAFETY: the event is alive during the call.
        let status = unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &mut event) };
        assert_eq!(status, 0, "no registration");
    };
    watch(listener.as_raw_fd());
    let mut streams: HashMap<RawFd, TcpStream> = HashMap::new();
    let mut events: Vec<libc::epoll_event> = vec![libc::epoll_event { events: 0, u64: 0 }; 1_024];
    let mut buffer = [0; 4_096];
    loop {
        // SAFETY: the events are alive during the call, and as many as said.
        let ready = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), 1_024, -1) };
        for event in &events[..usize::try_from(ready).unwrap_or(0)] {
            let fd = event.u64 as RawFd;
            if fd == listener.as_raw_fd() {
                while let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(true).expect("a socket option");
                    stream.set_nodelay(true).expect("a socket option");
                    watch(stream.as_raw_fd());
                    streams.insert(stream.as_raw_fd(), stream);
                }
                continue;
            }
            let Some(stream) = streams.get_mut(&fd) else {
                continue;
            };
            while let Ok(length) = stream.read(&mut buffer) {
                if length == 0 || stream.write_all(&buffer[..length]).is_err() {
                    streams.remove(&fd);
                    break;
                }
                if length < buffer.len() {
                    break; // The next read reports it.
                }
            }
        }
    }
}

/// Who serves; `side scale-one` also knows `selkie-one-reactor` and `selkie-own-reactors`.
pub const RUNTIMES: &[&str] = &["selkie", "tokio", "selkie-each", "tokio-each", "epoll"];

pub fn measure(runtime: &str, workers: usize, benchmark: &str) -> Option<Figures> {
    let server: fn(usize, &str) -> Option<Figures> = match runtime {
        "selkie" => selkie::stealing,
        "tokio" => tokio::stealing,
        "selkie-each" => selkie::each,
        "tokio-each" => tokio::each,
        "epoll" => epoll,
        "selkie-one-reactor" => |workers, benchmark| with_reactors(false, workers, benchmark),
        "selkie-own-reactors" => |workers, benchmark| with_reactors(true, workers, benchmark),
        _ => return None,
    };
    server(workers, benchmark)
}
