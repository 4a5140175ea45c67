//! Each example is run as a user runs it, and driven from outside, by plain threads and sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The longest that anything is waited for.
const LIMIT: Duration = Duration::from_secs(60);

/// A program that runs; killed when it is dropped.
struct Program {
    child: Child,
    output: Option<BufReader<ChildStdout>>,
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail if it has ended.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Program {
    fn start(path: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(path)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        let output = child.stdout.take().map(BufReader::new);
        Self { child, output }
    }

    /// The next line, without its end.
    fn line(&mut self) -> String {
        let mut output = self.output.take().expect("nobody reads it");
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let read = output.read_line(&mut line);
            // The test may have given up.
            let _gone = sender.send((read.map(|_| line), output));
        });
        let (line, output) = receiver
            .recv_timeout(LIMIT)
            .expect("a line within the limit");
        self.output = Some(output);
        line.unwrap().trim_end().to_string()
    }

    /// The address that a server says.
    fn address(&mut self) -> SocketAddr {
        let line = self.line();
        let address = line
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("{line}"));
        address.parse().unwrap()
    }

    /// A connection to a server whose address is known.
    fn connect(address: SocketAddr) -> TcpStream {
        let connection = TcpStream::connect(address).unwrap();
        connection.set_read_timeout(Some(LIMIT)).unwrap();
        connection
    }

    /// All that is left of its output, after it has ended well.
    fn rest(&mut self) -> String {
        drop(self.child.stdin.take());
        let mut output = self.output.take().expect("nobody reads it");
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut text = String::new();
            let read = output.read_to_string(&mut text);
            let _gone = sender.send(read.map(|_| text));
        });
        let text = receiver
            .recv_timeout(LIMIT)
            .expect("an end within the limit");
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        text.unwrap()
    }
}

macro_rules! start {
    ($name:literal $(, $argument:expr)*) => {
        Program::start(env!(concat!("CARGO_BIN_EXE_", $name)), &[$($argument),*])
    };
}

/// What a program without arguments prints.
macro_rules! output {
    ($name:literal) => {
        start!($name).rest()
    };
}

/// A line from a connection.
fn line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    line.trim_end().to_string()
}

/// All that comes back for `request`, until the server closes.
fn answer(address: SocketAddr, request: &[u8]) -> String {
    let mut connection = Program::connect(address);
    connection.write_all(request).unwrap();
    connection.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn hello_greets() {
    assert_eq!(output!("hello"), "hello\nfrom the sea\n");
}

#[test]
fn echo_sends_back_what_it_receives() {
    let mut server = start!("echo");
    let address = server.address();
    assert_eq!(answer(address, b"from the sea"), "from the sea");
    assert!(server.line().ends_with("12 bytes"));
}

#[test]
fn chat_carries_lines_to_the_others() {
    let mut server = start!("chat");
    let address = server.address();
    let (mut one, two) = (Program::connect(address), Program::connect(address));
    let mut to_one = BufReader::new(one.try_clone().unwrap());
    let mut to_two = BufReader::new(two);
    assert_eq!(line(&mut to_one), "welcome");
    assert_eq!(line(&mut to_two), "welcome");
    one.write_all(b"ahoy\n").unwrap();
    let own = one.local_addr().unwrap();
    assert_eq!(line(&mut to_two), format!("{own}: ahoy"));
}

#[test]
fn proxy_goes_on_to_its_target_and_says_how_it_is_used() {
    let mut server = start!("echo");
    let target = server.address().to_string();
    let mut proxy = start!("proxy", &target);
    let address = proxy.address();
    assert_eq!(answer(address, b"through"), "through");
    assert!(proxy.line().ends_with("7 bytes there, 7 back"));

    let usage = Command::new(env!("CARGO_BIN_EXE_proxy")).output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&usage.stderr).starts_with("usage:"));
}

#[test]
fn datagrams_come_back() {
    assert!(output!("datagram_echo").ends_with("10 of 10 came back\n"));
}

#[test]
fn the_tiny_web_server_answers_and_refuses() {
    let mut server = start!("tiny_http");
    let address = server.address();
    let page = answer(address, b"GET /tide HTTP/1.1\r\nHost: sea\r\n\r\n");
    assert!(
        page.starts_with("HTTP/1.1 200 OK\r\n") && page.ends_with("this is /tide\n"),
        "{page}"
    );
    let refused = answer(address, b"POST / HTTP/1.1\r\n\r\n");
    assert!(refused.starts_with("HTTP/1.1 405 "), "{refused}");
    let nonsense = answer(address, b"ahoy\r\n\r\n");
    assert!(nonsense.starts_with("HTTP/1.1 400 "), "{nonsense}");
    let endless = answer(address, b"GET / HTTP/1.1\r\nHost: sea\r\n");
    assert!(endless.starts_with("HTTP/1.1 400 "), "{endless}");
}

#[test]
fn the_store_keeps_values_for_all_connections() {
    let mut server = start!("key_value_store");
    let address = server.address();
    assert_eq!(answer(address, b"SET coat well hidden\n"), "OK\n");
    assert_eq!(
        answer(address, b"GET coat\nGET boat\n"),
        "VALUE well hidden\nNONE\n"
    );
    assert_eq!(answer(address, b"DELETE coat\nGET coat\n"), "OK\nNONE\n");
    assert!(answer(address, b"SWIM\n").starts_with("ERROR "));
}

#[test]
fn framed_messages_have_a_longest_line() {
    let mut server = start!("framed_messages");
    let address = server.address();
    let longest = "a".repeat(80);
    let request = format!("sea\n{longest}\n{longest}b\n");
    let expected = format!("aes\n{longest}\nno more than 80 bytes per line\n");
    assert_eq!(answer(address, request.as_bytes()), expected);
}

#[cfg(unix)]
fn send_signal(program: &Program, signal: &str) {
    let id = program.child.id().to_string();
    let status = Command::new("kill").args([signal, &id]).status();
    assert!(status.unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_graceful_shutdown_finishes_what_has_begun() {
    let mut server = start!("graceful_shutdown");
    let address = server.address();
    let mut connection = Program::connect(address);
    connection.write_all(b"one\n").unwrap();
    // Answered once, so that the connection is known to be served; then a request is in flight.
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    assert_eq!(line(&mut reader), "done: one");
    connection.write_all(b"two\n").unwrap();
    send_signal(&server, "-TERM");
    assert_eq!(server.line(), "ending: 1 connections");
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    // It had begun, or it had not: in neither case half of an answer comes.
    assert!(matches!(&*rest, "done: two\n" | ""), "{rest}");
    assert_eq!(server.rest(), "all have ended\n");
    assert!(TcpStream::connect(address).is_err());
}

#[cfg(unix)]
#[test]
fn signals_reload_and_end() {
    let mut program = start!("signal_listener");
    assert_eq!(program.line(), format!("process {}", program.child.id()));
    send_signal(&program, "-HUP");
    assert_eq!(program.line(), "configuration 2");
    send_signal(&program, "-TERM");
    assert_eq!(program.rest(), "ending\n");
}

#[test]
fn a_foreign_executor_uses_sockets_and_timers() {
    assert_eq!(output!("executor_bridge"), "from a foreign executor\n");
}

#[test]
fn blocking_work_is_bounded_and_stops() {
    let text = output!("blocking_work");
    let mut lines: Vec<_> = text.lines().collect();
    let last = lines.pop().unwrap();
    assert!(last.starts_with("the last one: "), "{text}");
    lines.sort_unstable();
    let expected = [
        "1229 primes below 10000",
        "2262 primes below 20000",
        "3245 primes below 30000",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn structured_tasks_end_before_their_scope() {
    let expected = "second has ended\nfirst has ended\nOk(11)\n\
                    second has ended\nfirst has ended\nErr(\"second has failed\")\n";
    assert_eq!(output!("structured_tasks"), expected);
}

#[test]
fn a_retry_succeeds_at_the_second_attempt() {
    assert_eq!(output!("paused_clock"), "Ok(2)\n");
}

#[cfg(unix)]
#[test]
fn a_pipeline_sorts_and_counts() {
    let mut program = start!("process_pipeline");
    let mut input = program.child.stdin.take().unwrap();
    input.write_all(b"sea\nland\nsea\n").unwrap();
    drop(input);
    let text = program.rest();
    let counts: Vec<_> = text.split_whitespace().collect();
    assert_eq!(counts, ["1", "land", "2", "sea"]);
}

#[test]
fn blocks_are_written_and_read_at_their_offsets() {
    assert_eq!(
        output!("positional_file"),
        "block 2 holds 4096 bytes of value 2\n"
    );
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[test]
fn sockets_by_the_ring_echo_or_say_that_there_is_none() {
    let mut server = start!("ring_sockets");
    let said = server.line();
    if said.starts_with("this system has no ring") {
        return;
    }
    let address = said.strip_prefix("listening on ").unwrap().parse().unwrap();
    let mut connection = Program::connect(address);
    connection.write_all(b"by the ring").unwrap();
    let mut text = [0; 11];
    connection.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"by the ring");
}

#[cfg(target_os = "linux")]
#[test]
fn an_open_file_is_passed() {
    let expected = "a file and 1 descriptor\nonly for who has the descriptor\n";
    assert_eq!(output!("descriptor_passing"), expected);
}

#[cfg(target_os = "linux")]
#[test]
fn datagrams_arrive_in_batches() {
    assert!(output!("datagram_batches").ends_with("32 of 32 have arrived\n"));
}

#[test]
fn the_watchdog_reports_and_the_dump_shows_who_waits() {
    let text = output!("watchdog_report");
    assert!(
        text.starts_with("watchdog: ") && text.contains("watchdog_report.rs"),
        "{text}"
    );
    assert!(text.contains("wait_for_a_day"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_thread_per_core_serves_each_connection() {
    let mut server = start!("thread_per_core");
    let address = server.address();
    for _ in 0..8 {
        let answer = answer(address, b"who\n");
        assert!(
            answer.starts_with("connection ") && answer.ends_with(" of this thread\n"),
            "{answer}"
        );
    }
}
