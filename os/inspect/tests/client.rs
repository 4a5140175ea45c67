//! A client that sends exactly what a test gives it, and the runtimes that it asks about.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use selkie::runtime::{Builder, Runtime};
use selkie_inspect::{Address, Inspector};

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Self {
            status: status.unwrap_or_else(|| panic!("no status: {text:?}")),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.status, 200, "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }
}

pub(crate) fn connect(at: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(at).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

/// Sends `request` as it stands, and reads until the server closes.
pub(crate) fn send(at: SocketAddr, request: &str) -> Response {
    let mut stream = connect(at);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    Response::parse(&answer)
}

/// `GET path`, with more headers.
pub(crate) fn get_with(at: SocketAddr, path: &str, headers: &str) -> Response {
    send(
        at,
        &format!("GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n{headers}\r\n"),
    )
}

pub(crate) fn get(at: SocketAddr, path: &str) -> Response {
    get_with(at, path, "")
}

pub(crate) fn port(inspector: &Inspector) -> SocketAddr {
    match inspector.address() {
        Some(Address::Tcp(address)) => *address,
        other => panic!("{other:?} is no port"),
    }
}

/// A runtime of two workers, with histograms.
pub(crate) fn runtime(name: &str) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .name(name)
        .enable_metrics_poll_time_histogram()
        .enable_metrics_schedule_latency_histogram()
        .build()
        .unwrap()
}

/// A runtime, and an inspector of it on a free port.
pub(crate) fn inspected() -> (Runtime, Inspector, SocketAddr) {
    let runtime = runtime("sea");
    let builder = Inspector::builder().attach(runtime.handle());
    let inspector = builder.serve("127.0.0.1:0").unwrap();
    let at = port(&inspector);
    (runtime, inspector, at)
}
