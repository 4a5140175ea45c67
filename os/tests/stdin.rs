//! Standard input beside std's own reader of it. Each part runs in a process of its own.
//!
//! Length      one child process with many parts, and the tests that start it.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

mod fixture;

use std::future::Future;
use std::io::{BufRead, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use selkie::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use selkie::runtime::{Builder, Runtime};
use selkie::time::{sleep, timeout};

use fixture::{PART, TempDir, is_part, ringed};

/// Longer than anything takes that ends at all.
const LONG: Duration = Duration::from_secs(30);
/// Short beside `LONG`, and what a busy machine may take for a tick.
const LATE: Duration = Duration::from_secs(2);

/// A part of a test, and both ends of its standard streams. It ends by itself if it hangs.
fn part(name: &str) -> std::process::Child {
    part_of(Stdio::piped(), name)
}

/// The same, whose input is `input`.
fn part_of(input: impl Into<Stdio>, name: &str) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", name])
        .env(PART, "x")
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Ends this process if `LONG` is over before it.
fn limit() {
    std::thread::spawn(|| {
        std::thread::sleep(LONG);
        eprintln!("hangs");
        std::process::abort();
    });
}

/// Waits until the part has said `word`.
fn until_said(output: &mut impl Read, word: &str) {
    let mut said = String::new();
    let mut byte = [0];
    while !said.contains(word) {
        let read = output.read(&mut byte).unwrap();
        assert!(read > 0, "it ended, having said {said}");
        said.push(char::from(byte[0]));
    }
}

fn ends_well(child: std::process::Child) -> String {
    let done = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{errors}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// A thread holds std's lock until it is asked to read a line. Returns the sender to ask by, and the receiver
/// of the line.
fn locked_by_std() -> (mpsc::Sender<()>, mpsc::Receiver<String>) {
    let (line, lines) = mpsc::channel();
    let (read, may_read) = mpsc::channel();
    let (begun, has_begun) = mpsc::channel();
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        begun.send(()).unwrap();
        may_read.recv().unwrap();
        let mut text = String::new();
        input.read_line(&mut text).unwrap();
        line.send(text).unwrap();
    });
    has_begun.recv().unwrap();
    (read, lines)
}

/// Waits until a read of the input would not.
fn until_input() {
    let mut asked = libc::pollfd {
        fd: 0,
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: the system reads and writes one `pollfd`.
    assert_eq!(unsafe { libc::poll(&raw mut asked, 1, 30_000) }, 1);
}

#[test]
fn regression_56_no_task_waits_for_a_thread_that_holds_the_lock_of_stds_stdin() {
    for kind in ["0", "1", "2"] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "reads_beside_std"])
            .env(PART, kind)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = child.stdout.take().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"one\ntwo\n").unwrap();
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        assert!(child.wait().unwrap().success(), "{kind}: {rest}");
        assert!(rest.contains("<one><two>"), "{kind}: {rest}");
    }
}

#[test]
#[ignore = "a part of regression_56_no_task_waits_for_a_thread_that_holds_the_lock_of_stds_stdin"]
fn reads_beside_std() {
    let Some(kind) = std::env::var_os(PART) else {
        return;
    };
    limit();
    let runtime: Runtime = match kind.to_str().unwrap() {
        "0" => Builder::new_current_thread().enable_all().build().unwrap(),
        "1" => Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap(),
        _ => Builder::new_current_thread().enable_time().build().unwrap(),
    };
    let (read, by_std) = locked_by_std();
    until_input();
    runtime.block_on(async {
        let reading = selkie::spawn(async {
            let mut line = String::new();
            let mut input = BufReader::new(selkie::io::stdin());
            input.read_line(&mut line).await.unwrap();
            line
        });
        // The task has looked, and the runtime goes on.
        for _ in 0..20 {
            let begun = Instant::now();
            sleep(Duration::from_millis(5)).await;
            assert!(begun.elapsed() < LATE, "a worker waits");
        }
        // One line for each, of which std has read both.
        read.send(()).unwrap();
        let first = by_std.recv_timeout(LONG).unwrap();
        let second = timeout(LONG, reading).await.unwrap().unwrap();
        println!("<{}><{}>", first.trim(), second.trim());
    });
    // Nobody has the rest: the end of the process.
    std::process::exit(0);
}

#[test]
fn regression_57_bytes_that_std_has_read_ahead_come_first_and_at_once() {
    let mut child = part("reads_what_std_left");
    let mut output = child.stdout.take().unwrap();
    let mut input = child.stdin.take().unwrap();
    for _ in 0..3 {
        input.write_all(b"first\nsecond\nthird\n").unwrap();
        // Nothing more comes before the answer.
        until_said(&mut output, "<first|second\nthird\n>");
        input.write_all(b"fourth").unwrap();
        until_said(&mut output, "<fourth>");
    }
    drop(input);
    ends_well(child);
}

#[test]
#[ignore = "a part of regression_57_bytes_that_std_has_read_ahead_come_first_and_at_once"]
fn reads_what_std_left() {
    if !is_part() {
        return;
    }
    limit();
    let [alone, workers] = ringed();
    let mut input = selkie::io::stdin();
    for runtime in [&alone, &workers, &alone] {
        let mut first = String::new();
        std::io::stdin().read_line(&mut first).unwrap();
        runtime.block_on(async {
            let mut bytes = [0; 100];
            let read = timeout(LONG, input.read(&mut bytes))
                .await
                .unwrap()
                .unwrap();
            let rest = String::from_utf8_lossy(&bytes[..read]);
            println!("<{}|{rest}>", first.trim());
            let read = timeout(LONG, input.read(&mut bytes))
                .await
                .unwrap()
                .unwrap();
            println!("<{}>", String::from_utf8_lossy(&bytes[..read]));
        });
        // Each runtime registers the input for itself.
        input = selkie::io::stdin();
    }
    assert_eq!(alone.block_on(input.read(&mut [0])).unwrap(), 0);
}

#[test]
fn a_dropped_read_takes_no_bytes_and_leaves_the_descriptors_alone() {
    let mut child = part("gives_up");
    let mut output = child.stdout.take().unwrap();
    let mut input = child.stdin.take().unwrap();
    until_said(&mut output, "<given up>");
    input.write_all(b"kept").unwrap();
    drop(input);
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("<kept>"), "{rest}");
    ends_well(child);
}

#[test]
#[ignore = "a part of a_dropped_read_takes_no_bytes_and_leaves_the_descriptors_alone"]
fn gives_up() {
    if !is_part() {
        return;
    }
    limit();
    let [runtime, _] = ringed();
    let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    runtime.block_on(async {
        let mut input = selkie::io::stdin();
        let short = Duration::from_millis(20);
        for _ in 0..5 {
            let read = timeout(short, input.read(&mut [0; 9])).await;
            assert!(read.is_err(), "nothing was there");
        }
        // A thread that looked into std's buffer keeps nobody's descriptor.
        drop(ours);
        assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
        println!("<given up>");
        let mut text = String::new();
        input.read_to_string(&mut text).await.unwrap();
        println!("<{text}>");
    });
}

#[test]
fn output_that_a_busy_pool_has_taken_is_written_at_the_end() {
    for errors in [false, true] {
        let child = part(if errors {
            "leaves_errors"
        } else {
            "leaves_output"
        });
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success(), "{done:?}");
        let text = String::from_utf8_lossy(if errors { &done.stderr } else { &done.stdout });
        assert!(text.contains("<one><two>"), "{text}");
    }
}

/// Writes while the only thread of the pool is kept, and ends the runtime.
fn leaves(mut one: impl selkie::io::AsyncWrite + Unpin, two: impl selkie::io::AsyncWrite + Unpin) {
    if !is_part() {
        return;
    }
    limit();
    let mut builder = Builder::new_current_thread();
    let runtime = builder
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (release, released) = mpsc::channel::<()>();
    let mut two = two;
    runtime.block_on(async {
        selkie::task::spawn_blocking(move || released.recv());
        one.write_all(b"<one>").await.unwrap();
        two.write_all(b"<two>\n").await.unwrap();
    });
    let ending = std::thread::spawn(move || drop(runtime));
    drop(release);
    ending.join().unwrap();
}

#[test]
#[ignore = "a part of output_that_a_busy_pool_has_taken_is_written_at_the_end"]
fn leaves_output() {
    leaves(selkie::io::stdout(), selkie::io::stdout());
}

#[test]
#[ignore = "a part of output_that_a_busy_pool_has_taken_is_written_at_the_end"]
fn leaves_errors() {
    leaves(selkie::io::stderr(), selkie::io::stderr());
}

#[test]
fn the_next_reader_gets_the_bytes_that_one_reader_left() {
    let mut child = part("reads_by_turns");
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"abcdef").unwrap();
    drop(input);
    ends_well(child);
}

#[test]
#[ignore = "run by `the_next_reader_gets_the_bytes_that_one_reader_left`"]
fn reads_by_turns() {
    if !is_part() {
        return;
    }
    limit();
    for (turn, runtime) in ringed().into_iter().enumerate() {
        runtime.block_on(async {
            for byte in &b"abcdef"[3 * turn..3 * turn + 3] {
                let read = selkie::io::stdin().read_u8().await;
                assert_eq!(read.unwrap(), *byte);
            }
        });
    }
    let end = ringed()[0].block_on(selkie::io::stdin().read(&mut [0]));
    assert_eq!(end.unwrap(), 0);
}

#[test]
fn the_next_reader_gets_what_was_read_for_one_that_was_dropped() {
    let mut child = part("drops_while_it_reads");
    let mut input = child.stdin.take().unwrap();
    input.write_all(&[7; 400]).unwrap();
    input.write_all(b"end").unwrap();
    drop(input);
    ends_well(child);
}

#[test]
#[ignore = "run by `the_next_reader_gets_what_was_read_for_one_that_was_dropped`"]
fn drops_while_it_reads() {
    if !is_part() {
        return;
    }
    limit();
    let mut bytes = Vec::new();
    for runtime in ringed() {
        runtime.block_on(async {
            for turn in 0..200 {
                // Dropped before the thread reads, while it does, or when it has.
                let nap = Duration::from_micros(turn % 50);
                let mut read = [0; 3];
                if let Poll::Ready(n) = poll_once(selkie::io::stdin().read(&mut read), nap) {
                    bytes.extend_from_slice(&read[..n.unwrap()]);
                }
            }
        });
    }
    let read = ringed()[0].block_on(selkie::io::stdin().read_to_end(&mut bytes));
    read.unwrap();
    assert_eq!(bytes, [&[7; 400][..], b"end"].concat());
}

/// Polls `future` once, and drops it after `nap`.
fn poll_once<F: Future>(future: F, nap: Duration) -> Poll<F::Output> {
    let mut future = std::pin::pin!(future);
    let polled = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    std::thread::sleep(nap);
    polled
}

/// Whether a thread may have a table of descriptors of its own by the call that closes all others.
fn closes_ranges() -> bool {
    // SAFETY: the call takes numbers, and no descriptor has this one.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, u32::MAX, u32::MAX, 0) };
    closed == 0
}

/// Reads three bytes by ours, three by std's, and so on; two runtimes, and readers that drop or stay.
#[test]
fn std_and_selkie_read_standard_input_by_turns() {
    for stays in [false, true] {
        let mut child = part(if stays {
            "turns_of_one_reader"
        } else {
            "turns"
        });
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"abcdefghijklmnopqrstuvwx").unwrap();
        // Kept open: each turn finds what is there, and waits for no end.
        ends_well(child);
        drop(input);
    }
}

fn take_turns(stays: bool) {
    if !is_part() {
        return;
    }
    limit();
    let runtimes = ringed();
    let mut letters = b'a'..;
    let mut ours = selkie::io::stdin();
    for turn in 0..4 {
        if !stays {
            ours = selkie::io::stdin();
        }
        // One that stays watches for one runtime.
        let runtime = &runtimes[if stays { 0 } else { turn % 2 }];
        let mut three = [0; 3];
        let read = runtime.block_on(async { timeout(LONG, ours.read_exact(&mut three)).await });
        read.unwrap().unwrap();
        assert!(three.into_iter().eq(letters.by_ref().take(3)), "{three:?}");
        std::io::stdin().read_exact(&mut three).unwrap();
        assert!(three.into_iter().eq(letters.by_ref().take(3)), "{three:?}");
    }
}

#[test]
#[ignore = "a part of std_and_selkie_read_standard_input_by_turns"]
fn turns() {
    take_turns(false);
}

#[test]
#[ignore = "a part of std_and_selkie_read_standard_input_by_turns"]
fn turns_of_one_reader() {
    take_turns(true);
}

#[test]
fn a_child_continues_to_read_where_its_parent_stopped() {
    if !closes_ranges() {
        return println!("skipped: the system has no close_range");
    }
    let directory = TempDir::new("stdin");
    let path = directory.file("input", b"headrest");
    let mut from_pipe = part("leaves_the_rest_to_a_child");
    let mut input = from_pipe.stdin.take().unwrap();
    input.write_all(b"headrest").unwrap();
    drop(input);
    ends_well(from_pipe);
    let mut from_file = part_of(
        std::fs::File::open(path).unwrap(),
        "leaves_the_rest_to_a_child",
    );
    drop(from_file.stdin.take());
    ends_well(from_file);
}

#[test]
#[ignore = "a part of a_child_continues_to_read_where_its_parent_stopped"]
fn leaves_the_rest_to_a_child() {
    if !is_part() {
        return;
    }
    limit();
    let [runtime, _] = ringed();
    let mut head = [0; 4];
    let read = runtime.block_on(async { selkie::io::stdin().read_exact(&mut head).await });
    assert_eq!((read.unwrap(), &head), (4, b"head"));
    let cat = Command::new("cat")
        .stdin(Stdio::inherit())
        .output()
        .unwrap();
    assert_eq!(cat.stdout, b"rest");
}
