//! A signal has a dump written to standard error, in a process of its own: this one's is the test's.

use std::process::{Command, Stdio};
use std::time::Duration;

use selkie::runtime::Builder;
use selkie::signal::unix::SignalKind;

const CHILD: &str = "SELKIE_DUMPED_CHILD";
const LONG: Duration = Duration::from_secs(60);

/// In the child: a runtime with a task that waits and one that blocks its worker; it sends itself the signal.
#[test]
#[ignore = "the other tests run it in a process of its own"]
fn child() {
    let Ok(workers) = std::env::var(CHILD) else {
        return;
    };
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers.parse().unwrap())
        .name("dumped")
        .enable_all()
        .dump_on_signal(SignalKind::user_defined1())
        .build()
        .unwrap();
    let waits = selkie::task::Builder::new().name("waits");
    let pending = async { selkie::time::sleep(LONG).await };
    waits.spawn_on(pending, runtime.handle()).unwrap();
    let (started, starts) = std::sync::mpsc::channel();
    let (_release, released) = std::sync::mpsc::channel::<()>();
    let blocks = selkie::task::Builder::new().name("blocks");
    let blocking = async move {
        started.send(()).unwrap();
        let _released = released.recv_timeout(LONG);
    };
    blocks.spawn_on(blocking, runtime.handle()).unwrap();
    starts.recv_timeout(LONG).unwrap();
    for _ in 0..2 {
        let this = std::process::id().to_string();
        let sent = Command::new("kill").args(["-USR1", &this]).status();
        assert!(sent.unwrap().success());
        // There is nobody to ask when the dump has been written but who reads it.
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).unwrap();
    }
    runtime.shutdown_background();
    println!("the runtime went on");
}

/// In the child: two runtimes with the same signal, and a listener for it, which the runtimes outlive or not.
#[test]
#[ignore = "the other tests run it in a process of its own"]
fn child_with_two_runtimes() {
    if std::env::var(CHILD).is_err() {
        return;
    }
    let named = |name: &str| {
        let mut builder = Builder::new_multi_thread();
        let builder = builder.worker_threads(1).name(name).enable_all();
        let builder = builder.dump_on_signal(SignalKind::user_defined1());
        builder.build().unwrap()
    };
    let listens = Builder::new_current_thread().enable_all().build().unwrap();
    listens.block_on(async {
        let mut signals = selkie::signal::unix::signal(SignalKind::user_defined1()).unwrap();
        let mut send_and_receive = async || {
            let this = std::process::id().to_string();
            let sent = Command::new("kill").args(["-USR1", &this]).status();
            assert!(sent.unwrap().success());
            signals.recv().await.unwrap();
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).unwrap();
        };
        let (first, second) = (named("first"), named("second"));
        send_and_receive().await;
        first.shutdown_background();
        send_and_receive().await;
        // Nobody may wait for a runtime here.
        let ending = std::thread::spawn(|| second.shutdown_timeout(LONG));
        ending.join().unwrap();
        // Nobody writes a dump any more, and the process goes on.
        send_and_receive().await;
    });
    println!("all have ended");
}

#[test]
fn runtimes_share_a_signal_with_each_other_and_with_listeners() {
    use std::io::{BufRead, BufReader, Write};
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "dump_on_signal::child_with_two_runtimes",
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD, "2")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    for mut expected in [vec!["first", "second"], vec!["second"]] {
        while !expected.is_empty() {
            let line = lines.next().expect("it ended without a dump").unwrap();
            if line.contains("0 tasks") {
                expected.retain(|name| !line.contains(&format!("({name})")));
            }
        }
        writeln!(to).unwrap();
    }
    writeln!(to).unwrap();
    let rest: Vec<_> = lines.map(Result::unwrap).collect();
    assert!(rest.iter().all(|line| !line.contains("tasks")), "{rest:?}");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("all have ended"));
}

/// Two dumps of a child with so many workers.
fn dumps(workers: &str) -> Vec<String> {
    use std::io::{BufRead, BufReader, Write};
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "dump_on_signal::child",
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD, workers)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut dumps = Vec::new();
    for _ in 0..2 {
        let mut dump = String::new();
        // The task that blocks is the last in the order of ids.
        while !dump.contains("in a poll") {
            let line = lines.next().expect("it ended without a dump").unwrap();
            dump += &(line + "\n");
        }
        dumps.push(dump);
        writeln!(to).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("the runtime went on"));
    dumps
}

fn check(dump: &str) {
    assert!(dump.contains("(dumped): 2 tasks"), "{dump}");
    assert!(dump.contains("(waits), spawned at"), "{dump}");
    assert!(dump.contains("(blocks), spawned at"), "{dump}");
}

#[test]
fn a_signal_has_a_dump_written_and_the_runtime_goes_on() {
    for dump in dumps("2") {
        check(&dump);
        assert!(!dump.contains("not traced"), "{dump}");
        assert!(
            !super::dump_operations::has_names() || dump.contains("time/sleep.rs"),
            "{dump}"
        );
    }
}

#[test]
fn a_dump_is_written_also_if_every_worker_is_in_a_long_poll() {
    for dump in dumps("1") {
        check(&dump);
        assert!(dump.contains("not traced"), "{dump}");
    }
}

#[test]
fn a_signal_that_cannot_be_handled_is_refused_by_build() {
    let mut builder = Builder::new_current_thread();
    let kill = SignalKind::from_raw(9);
    assert!(builder.dump_on_signal(kill).build().is_err());
}

#[test]
fn a_runtime_that_cannot_be_built_inside_another_says_why() {
    let outer = Builder::new_current_thread().build().unwrap();
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        builder.dump_on_signal(SignalKind::from_raw(9));
        let built = outer.block_on(async { builder.build().map(drop) });
        let error = built.unwrap_err();
        assert!(
            error.to_string().contains("cannot be listened to"),
            "{error}"
        );
    }
}
