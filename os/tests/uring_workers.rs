//! Sockets by the rings of several workers: whose ring is used, and which thread is woken when its worker is busy.
//!
//! Length      one arrangement of workers, which all tests share.
#![cfg(io_uring)]
#![allow(unsafe_code)]

mod fixture;

use std::io::{Read, Write};
use std::pin::pin;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use fixture::{
    PART, TempDir, alone, buffers, can_trace, is_part, open_descriptors, pair, poll_once,
};
use selkie::fs::File;
use selkie::runtime::{Builder, Runtime, worker_index};
use selkie::uring::Buffers;

const WORKERS: usize = 2;
/// Longer than anything takes that happens at all.
const LONG: Duration = Duration::from_secs(20);

/// A runtime with two workers, and buffers; none if the system has no ring for us.
fn runtime() -> Option<(Runtime, Buffers)> {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(WORKERS).enable_all().build();
    let runtime = runtime.unwrap();
    let buffers = buffers(&runtime, 16, 64)?;
    Some((runtime, buffers))
}

fn rings() -> usize {
    std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter(|target| target.to_string_lossy().contains("io_uring"))
        .count()
}

/// Runs `f` on each worker, all at the same time.
fn on_each_worker<R: Send + 'static>(
    runtime: &Runtime,
    f: impl Fn() -> R + Send + Sync + 'static,
) -> Vec<R> {
    let (f, together) = (Arc::new(f), Arc::new(Barrier::new(WORKERS)));
    let tasks: Vec<_> = (0..WORKERS)
        .map(|_| {
            let (f, together) = (Arc::clone(&f), Arc::clone(&together));
            runtime.spawn(async move {
                together.wait();
                let done = f();
                together.wait();
                done
            })
        })
        .collect();
    let done = async {
        let mut all = Vec::new();
        for task in tasks {
            all.push(task.await.unwrap());
        }
        all
    };
    runtime.block_on(done)
}

#[test]
fn each_worker_has_a_ring_and_other_threads_share_one() {
    let _alone = alone();
    let Some((runtime, buffers)) = runtime() else {
        return;
    };
    // Made by the thread in `block_on`, which is no worker.
    assert_eq!(rings(), 1);
    let theirs = buffers.clone();
    let held = on_each_worker(&runtime, move || {
        let (socket, theirs_end) = pair();
        let mut received = socket.receive(&theirs);
        assert!(poll_once(&mut pin!(received.next())).is_pending());
        (received, theirs_end)
    });
    assert_eq!(rings(), WORKERS + 1);
    for _ in 0..8 {
        let (handle, buffers) = (runtime.handle().clone(), buffers.clone());
        let other = std::thread::spawn(move || {
            let _context = handle.enter();
            let (socket, _theirs) = pair();
            let mut received = socket.receive(&buffers);
            assert!(poll_once(&mut pin!(received.next())).is_pending());
        });
        other.join().unwrap();
    }
    assert_eq!(
        rings(),
        WORKERS + 1,
        "more rings than one a worker, and one"
    );
    drop((held, buffers, runtime));
    assert_eq!(rings(), 0);
}

#[test]
fn both_workers_receive_into_the_same_buffers_and_send() {
    const TURNS: usize = 400;
    let _alone = alone();
    let Some((runtime, buffers)) = runtime() else {
        return;
    };
    let ends = on_each_worker(&runtime, move || {
        let mut ends = Vec::new();
        for _ in 0..8 {
            let (socket, theirs) = pair();
            let mut received = socket.receive(&buffers);
            selkie::spawn(async move {
                while let Some(bytes) = received.next().await {
                    let (sent, _) = socket.send_all(bytes.unwrap()).await;
                    sent.unwrap();
                }
            });
            ends.push(theirs);
        }
        ends
    });
    let clients = ends.into_iter().flatten().map(|mut theirs| {
        std::thread::spawn(move || {
            for turn in 0..TURNS {
                let bytes = (turn as u64).to_le_bytes();
                theirs.write_all(&bytes).unwrap();
                let mut back = [0; 8];
                theirs.read_exact(&mut back).unwrap();
                assert_eq!(back, bytes);
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.join().unwrap();
    }
}

/// Begins to receive on one worker, which runs `keeps_busy` from then on until its flag is set; another worker
/// goes on.
fn goes_on_elsewhere(keeps_busy: fn(&AtomicBool)) {
    let _alone = alone();
    let Some((runtime, buffers)) = runtime() else {
        return;
    };
    let is_done = Arc::new(AtomicBool::new(false));
    let (send, receive) = mpsc::channel();
    let theirs = Arc::clone(&is_done);
    let busy = runtime.spawn(async move {
        let (socket, mut theirs_end) = pair();
        let mut received = socket.receive(&buffers);
        // A received message shows that the operation has been submitted.
        theirs_end.write_all(b"first").unwrap();
        assert_eq!(&*received.next().await.unwrap().unwrap(), b"first");
        send.send((worker_index(), socket, received, theirs_end))
            .unwrap();
        keeps_busy(&theirs);
    });
    let (first, socket, mut received, mut theirs_end) = receive.recv_timeout(LONG).unwrap();
    let other = runtime.spawn(async move {
        assert_ne!(worker_index(), first, "the first worker is busy");
        // So often that the operation follows.
        for turn in 0..100_u64 {
            let bytes = turn.to_le_bytes();
            theirs_end.write_all(&bytes).unwrap();
            let next = received.next().await.unwrap().unwrap();
            assert_eq!(*next, bytes);
            let (sent, _) = socket.send_all(next).await;
            sent.unwrap();
            let mut back = [0; 8];
            theirs_end.read_exact(&mut back).unwrap();
            assert_eq!(back, bytes);
        }
    });
    let ended = runtime.block_on(async { selkie::time::timeout(LONG, other).await });
    is_done.store(true, Ordering::Release);
    ended
        .expect("the completion waits for the busy worker")
        .unwrap();
    runtime.block_on(busy).unwrap();
}

#[test]
fn regression_32_a_completion_is_delivered_by_another_worker_while_its_own_computes() {
    goes_on_elsewhere(|is_done| {
        while !is_done.load(Ordering::Acquire) {
            std::hint::spin_loop();
        }
    });
}

#[test]
fn regression_32_a_completion_is_delivered_by_another_worker_while_its_own_blocks() {
    goes_on_elsewhere(|is_done| {
        while !is_done.load(Ordering::Acquire) {
            std::thread::park_timeout(Duration::from_millis(50));
        }
    });
}

#[test]
fn regression_32_operations_of_a_worker_that_got_stuck_are_submitted() {
    let _alone = alone();
    let Some((runtime, _buffers)) = runtime() else {
        return;
    };
    let (socket, mut theirs) = runtime.block_on(async { pair() });
    let is_done = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&is_done);
    let stuck = runtime.spawn(async move {
        let mut sending = Box::pin(socket.send("asked"));
        assert!(poll_once(&mut sending).is_pending());
        while !until.load(Ordering::Acquire) {
            std::hint::spin_loop();
        }
        let (sent, _) = sending.await;
        assert_eq!(sent.unwrap(), 5);
    });
    let mut arrived = [0; 5];
    let outcome = theirs.read_exact(&mut arrived);
    is_done.store(true, Ordering::Release);
    outcome.expect("the send waits for the stuck worker");
    assert_eq!(&arrived, b"asked");
    runtime.block_on(stuck).unwrap();
}

#[test]
fn regression_24_a_runtime_that_ends_ends_operations_in_flight_on_each_ring() {
    let _alone = alone();
    let before = open_descriptors();
    let Some((runtime, buffers)) = runtime() else {
        return;
    };
    let begin_here = move || {
        let (socket, theirs) = pair();
        let mut received = socket.receive(&buffers);
        assert!(poll_once(&mut pin!(received.next())).is_pending());
        let abandoned = socket.receive(&buffers);
        (received, abandoned, socket, theirs)
    };
    let mut held = vec![{
        let _context = runtime.enter();
        begin_here()
    }];
    held.extend(on_each_worker(&runtime, begin_here));
    assert_eq!(rings(), WORKERS + 1);
    drop(runtime);
    for (received, abandoned, socket, _) in &mut held {
        for received in [received, abandoned] {
            let next = received.poll_next(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(next, Poll::Ready(Some(Err(_)))), "{next:?}");
        }
        let Poll::Ready((sent, _)) = poll_once(&mut Box::pin(socket.send("late"))) else {
            panic!("a send that waits for nobody");
        };
        sent.unwrap_err();
    }
    drop(held);
    assert_eq!(open_descriptors(), before);
}

#[test]
fn files_are_written_by_both_workers() {
    let _alone = alone();
    let Some((runtime, _buffers)) = runtime() else {
        return;
    };
    let directory = TempDir::new("ring-workers");
    let path = directory.file("file", b"");
    let file = Arc::new(runtime.block_on(async {
        let mut options = File::options();
        options.read(true).write(true).open(&path).await.unwrap()
    }));
    let tasks = on_each_worker(&runtime, {
        let file = Arc::clone(&file);
        move || {
            let index = worker_index().unwrap() as u64;
            let file = Arc::clone(&file);
            selkie::spawn(async move {
                for n in 0..200 {
                    let place = (n * WORKERS as u64 + index) * 8;
                    let (written, _) = file.write_all_at(place.to_le_bytes(), place).await;
                    written.unwrap();
                }
            })
        }
    });
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    let bytes = std::fs::read(&path).unwrap();
    let places = (0..200 * WORKERS as u64).map(|n| n * 8);
    let expected: Vec<u8> = places.flat_map(u64::to_le_bytes).collect();
    assert!(bytes == expected, "other bytes than were written");
}

/// As many descriptors as this process has open, and no more, until dropped.
struct NoDescriptors(libc::rlimit);

fn limit(resource: &libc::rlimit) {
    // SAFETY: the system reads the limit, which is alive.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, resource) }, 0);
}

impl NoDescriptors {
    fn begin() -> Self {
        let mut before = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        // SAFETY: the system writes the limit, which is alive.
        let outcome = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut before) };
        assert_eq!(outcome, 0);
        limit(&libc::rlimit {
            rlim_cur: 0,
            ..before
        });
        Self(before)
    }
}

impl Drop for NoDescriptors {
    fn drop(&mut self) {
        limit(&self.0);
    }
}

#[test]
fn regression_31_a_worker_without_a_ring_uses_the_ring_of_another() {
    let _alone = alone();
    let Some((runtime, buffers)) = runtime() else {
        return;
    };
    let pairs: Vec<_> = runtime.block_on(async { (0..WORKERS).map(|_| pair()).collect() });
    let pairs = Arc::new(Mutex::new(pairs));
    let no_more = NoDescriptors::begin();
    let tasks = on_each_worker(&runtime, move || {
        let (socket, mut theirs) = pairs.lock().unwrap().pop().unwrap();
        let mut received = socket.receive(&buffers);
        assert!(poll_once(&mut pin!(received.next())).is_pending());
        theirs.write_all(b"by another's").unwrap();
        selkie::spawn(async move {
            let next = received.next().await.unwrap().unwrap();
            assert_eq!(&*next, b"by another's");
            let (sent, _) = socket.send_all(next).await;
            sent.unwrap();
            theirs.read_exact(&mut [0; 12]).unwrap();
        })
    });
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    drop(no_more);
    assert_eq!(rings(), 1);
}

/// Regression 90: that there was no descriptor for the first ring was remembered for the runtime's life.
#[test]
fn regression_90_a_ring_is_made_once_there_are_descriptors() {
    let _alone = alone();
    if runtime().is_none() {
        return;
    }
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().build().unwrap();
    runtime.block_on(async {
        let path = std::env::temp_dir().join(format!("selkie-no-more-{}", std::process::id()));
        let file = selkie::fs::File::create(&path).await.unwrap();
        let no_more = NoDescriptors::begin();
        let error = Buffers::new(4, 64).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
        // A file does without.
        assert_eq!(file.write_at(b"tide", 0).await.0.unwrap(), 4);
        drop(no_more);
        let buffers = Buffers::new(4, 64).unwrap();
        let (socket, mut theirs) = pair();
        let mut received = socket.receive(&buffers);
        theirs.write_all(b"after all").unwrap();
        let next = selkie::time::timeout(LONG, received.next()).await.unwrap();
        assert_eq!(&*next.unwrap().unwrap(), b"after all");
        assert_eq!(rings(), 1);
        std::fs::remove_file(path).unwrap();
    });
}

#[test]
fn regression_31_the_error_of_rings_that_the_system_no_longer_enters_says_why() {
    let name = "regression_31_the_error_of_rings_that_the_system_no_longer_enters_says_why";
    if is_part() {
        let before = open_descriptors();
        let Some((runtime, buffers)) = runtime() else {
            panic!("rings are made as ever");
        };
        let tasks = on_each_worker(&runtime, move || {
            let (socket, _theirs) = pair();
            let mut received = socket.receive(&buffers);
            selkie::spawn(async move {
                let received = received.next().await.unwrap().unwrap_err();
                let (sent, back) = socket.send("kept").await;
                assert_eq!(back, "kept");
                (received.to_string(), sent.unwrap_err().to_string())
            })
        });
        for task in tasks {
            let ended = async { selkie::time::timeout(LONG, task).await };
            let ended = runtime.block_on(ended).expect("nobody is told").unwrap();
            for told in [ended.0, ended.1] {
                assert!(told.contains("takes nothing more"), "{told}");
            }
        }
        drop(runtime);
        assert_eq!(open_descriptors(), before);
        return;
    }
    let _alone = alone();
    if runtime().is_none() || !can_trace() {
        return;
    }
    let output = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null"])
        .args(["-e", "trace=io_uring_enter"])
        .args(["-e", "inject=io_uring_enter:error=EBADFD"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(PART, "yes")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
}
