//! What a service manager hears of a program: the test is the manager, and the program is this one, started again.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use selkie_inspect::systemd;

/// The longest that a message is waited for.
const LIMIT: Duration = Duration::from_secs(60);
/// Within what time the program has to say that it lives.
const PERIOD: Duration = Duration::from_millis(100);

/// A manager's socket, and the program that knows it by its environment.
struct Service {
    socket: UnixDatagram,
    path: PathBuf,
    program: Child,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ended = self.program.kill();
        let _status = self.program.wait();
        let _gone = std::fs::remove_file(&self.path);
    }
}

impl Service {
    /// Starts the test `program` below, with a watchdog of `period`.
    fn start(program: &str, period: Option<Duration>) -> Self {
        let name = format!("selkie-notify-{program}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(LIMIT)).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--ignored", "--exact", &format!("systemd::{program}")])
            .env("NOTIFY_SOCKET", &path)
            .env_remove("WATCHDOG_PID")
            .env_remove("WATCHDOG_USEC");
        if let Some(period) = period {
            command.env("WATCHDOG_USEC", period.as_micros().to_string());
        }
        let program = command.spawn().unwrap();
        Self {
            socket,
            path,
            program,
        }
    }

    fn message(&self) -> io::Result<String> {
        let mut message = [0; 256];
        let count = self.socket.recv(&mut message)?;
        Ok(String::from_utf8_lossy(&message[..count])
            .trim_end()
            .to_string())
    }

    /// The next message that is no sign of life, and how many of those came before.
    fn next(&self) -> (String, usize) {
        let mut lives = 0;
        loop {
            match self.message().unwrap() {
                message if message == "WATCHDOG=1" => lives += 1,
                message => return (message, lives),
            }
        }
    }
}

#[test]
#[ignore = "a part of a_program_is_ready_lives_and_stops"]
fn program() {
    let runtime = selkie::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        systemd::ready().unwrap();
        systemd::status("at work").unwrap();
        selkie::time::sleep(5 * PERIOD).await;
        systemd::stopping().unwrap();
    });
}

#[test]
#[ignore = "a part of a_program_that_is_stuck_says_nothing_more"]
fn stuck_program() {
    let runtime = selkie::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        systemd::ready().unwrap();
        systemd::status("stuck").unwrap();
        // All that the runtime has: no task runs any more.
        std::thread::sleep(LIMIT);
    });
}

#[test]
fn a_program_is_ready_lives_and_stops() {
    let service = Service::start("program", Some(PERIOD));
    assert_eq!(service.next().0, "READY=1");
    assert_eq!(service.next().0, "STATUS=at work");
    let (last, lives) = service.next();
    assert_eq!(last, "STOPPING=1");
    assert!(lives >= 3, "{lives} signs of life in five periods");
}

#[test]
fn a_program_without_a_watchdog_sends_no_signs_of_life() {
    let service = Service::start("program", None);
    let messages = ["READY=1", "STATUS=at work", "STOPPING=1"];
    for expected in messages {
        assert_eq!(service.next(), (expected.to_string(), 0));
    }
}

#[test]
fn a_program_that_is_stuck_says_nothing_more() {
    let service = Service::start("stuck_program", Some(PERIOD));
    assert_eq!(service.next().0, "READY=1");
    assert_eq!(service.next().0, "STATUS=stuck");
    let limit = Some(5 * PERIOD);
    service.socket.set_read_timeout(limit).unwrap();
    let silence = service.message().unwrap_err();
    assert!(
        matches!(
            silence.kind(),
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
        ),
        "{silence}"
    );
}
