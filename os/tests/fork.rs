//! Forks and execs: which signals and descriptors a child process has.
#![cfg(unix)]
#![allow(unsafe_code)]

mod fixture;

use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use selkie::fs::File;
use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::{TcpListener, TcpStream};
use selkie::process::Command;
use selkie::runtime::{Builder, Runtime};
use selkie::signal::unix::{Signal, SignalKind, signal};

/// Longer than anything takes that happens at all.
const LONG: Duration = Duration::from_secs(20);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn raise(kind: SignalKind) {
    // SAFETY: the signal is handled by whoever raises it here.
    assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0);
}

/// Whether a runtime that came along in the fork says so, of the line that waits, and can be dropped.
fn says_that_it_is_the_parents(came_along: Runtime) -> bool {
    static TOLD_HERE: AtomicUsize = AtomicUsize::new(0);
    std::panic::set_hook(Box::new(|panic| {
        let is_here = panic.location().is_some_and(|at| at.file() == file!());
        TOLD_HERE.fetch_add(usize::from(is_here), Ordering::Relaxed);
    }));
    let before = TOLD_HERE.load(Ordering::Relaxed);
    let waits: [&dyn Fn(); 2] = [&|| came_along.block_on(async {}), &|| {
        came_along.handle().block_on(async {});
    }];
    let all_told = waits.iter().all(|wait| {
        let told = catch_unwind(AssertUnwindSafe(wait)).unwrap_err();
        let text = told.downcast_ref::<&str>();
        text.is_some_and(|text| text.contains("forked from"))
    });
    drop(came_along);
    all_told && TOLD_HERE.load(Ordering::Relaxed) == before + 2
}

/// Does all that a runtime does, on one of the child's own.
fn works(runtime: &Runtime, directory: &Path) -> io::Result<()> {
    runtime.block_on(async {
        selkie::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(selkie::spawn(async { 7 }).await?, 7);
        assert_eq!(selkie::task::spawn_blocking(|| 8).await?, 8);
        // More than is read in place, and a sync: by the child's own ring, if it has one.
        let mut options = File::options();
        let file = options.read(true).write(true).create(true);
        let file = file.open(directory.join("childs")).await?;
        file.write_all_at(vec![9; 300_000], 0).await.0?;
        file.sync_all().await?;
        let (read, bytes) = file.read_at(vec![0; 300_000], 0).await;
        assert!(
            bytes[..read?] == [9; 300_000],
            "other bytes than were written"
        );
        // A child of the child, its pipes, its end.
        let output = Command::new("echo").arg("ahoy").output().await?;
        assert_eq!(output.stdout, b"ahoy\n");
        let mut killed = Command::new("sleep").arg("1000").spawn()?;
        killed.kill().await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (accepted, connected) = selkie::join!(listener.accept(), TcpStream::connect(address));
        let (mut stream, mut ours) = (accepted?.0, connected?);
        ours.write_all(b"!").await?;
        stream.read_u8().await.map(drop)
    })
}

/// What the child does with its parent's runtimes; its result is its exit status.
fn in_the_child(parents: [Runtime; 2], directory: &Path) -> i32 {
    if !parents.into_iter().all(says_that_it_is_the_parents) {
        return 2;
    }
    let mut workers = Builder::new_multi_thread();
    let workers = workers.worker_threads(2).enable_all().build().unwrap();
    for own in [runtime(), workers] {
        if let Err(error) = works(&own, directory) {
            eprintln!("in the child: {error}");
            return 3;
        }
        let is_heard = own.block_on(async {
            let mut own = signal(SignalKind::user_defined2()).unwrap();
            // Handled, since the parent handles it; the parent must not hear of it.
            raise(SignalKind::user_defined1());
            raise(SignalKind::user_defined2());
            selkie::time::timeout(LONG, own.recv()).await.is_ok()
        });
        if !is_heard {
            return 4;
        }
    }
    0
}

/// Waits for a byte of the parent's, then says whether `heard` has heard of a signal since.
fn hears_when_told(told: &mut impl Read, heard: &mut Signal) -> i32 {
    let runtime = runtime();
    // The runtime listens from here on, to the child's own signals.
    let _own = runtime.block_on(async { signal(SignalKind::user_defined1()) });
    if told.read_exact(&mut [0]).is_err() {
        return 5;
    }
    runtime.block_on(async { selkie::time::sleep(Duration::from_millis(5)).await });
    let mut cx = Context::from_waker(Waker::noop());
    i32::from(heard.poll_recv(&mut cx).is_ready())
}

/// What a child does that was forked amid a task of its parent's.
async fn amid_a_task(directory: PathBuf) -> i32 {
    // A thread of the child's own may have a runtime.
    let own = std::thread::spawn(move || works(&runtime(), &directory)).join();
    if !matches!(own, Ok(Ok(()))) {
        eprintln!("in the child: {own:?}");
        return 7;
    }
    // The task is its parent's, and so is the reactor that this would wait on.
    selkie::time::sleep(Duration::from_millis(1)).await;
    8
}

/// Forks amid a task; the child says, as its exit status, whether the wait there failed as it must.
fn fork_in_a_task(parent: &Runtime, directory: &Path) -> libc::pid_t {
    let here = std::process::id();
    let forked = catch_unwind(AssertUnwindSafe(|| {
        parent.block_on(async {
            // SAFETY: as in `fork`.
            let pid = unsafe { libc::fork() };
            assert!(pid >= 0, "{}", io::Error::last_os_error());
            if pid == 0 {
                std::panic::set_hook(Box::new(|_| ()));
                return Err(amid_a_task(directory.to_owned()).await);
            }
            Ok(pid)
        })
    }));
    if std::process::id() == here {
        return forked.unwrap().expect("the parent is not the child");
    }
    let status = match forked {
        Ok(outcome) => outcome.unwrap_err(),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>();
            i32::from(!text.is_some_and(|text| text.contains("forked from")))
        }
    };
    // SAFETY: as in `fork`.
    unsafe { libc::_exit(status) }
}

/// Forks, and ends the child with what `child` returns.
fn fork(child: impl FnOnce() -> i32) -> libc::pid_t {
    // SAFETY: this test is the only one of its process, and nothing of the runtimes' threads goes on
    // at this moment, so the child's memory is whole.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "{}", io::Error::last_os_error());
    if pid == 0 {
        let status = catch_unwind(AssertUnwindSafe(child)).unwrap_or(6);
        // SAFETY: it ends the child without what the parent registered for its own end.
        unsafe { libc::_exit(status) };
    }
    pid
}

/// Waits for the end of a child; it must say that all was well.
fn ends_well(child: libc::pid_t) {
    let mut status = -1;
    // SAFETY: `child` is a child of this process, and `status` lives.
    let waited = unsafe { libc::waitpid(child, &mut status, 0) };
    assert_eq!((waited, status), (child, 0));
}

#[test]
fn regression_26_a_forked_childs_runtime_gets_its_own_signals() {
    let directory = fixture::TempDir::new("fork");
    let parent = runtime();
    let (mut heard, file) = parent.block_on(async {
        let heard = signal(SignalKind::user_defined1()).unwrap();
        // The parent has a ring, if the system has one, when it forks.
        let file = File::create(directory.0.join("parents")).await.unwrap();
        file.write_at(vec![1; 10], 0).await.0.unwrap();
        file.sync_all().await.unwrap();
        (heard, file)
    });
    let mut builder = Builder::new_multi_thread();
    let others = [
        runtime(),
        builder.worker_threads(2).enable_all().build().unwrap(),
    ];
    let child = fork(|| {
        // SAFETY: the child's own copies, which the parent does not see change.
        let others = unsafe { std::ptr::read(&others) };
        in_the_child(others, directory.path())
    });
    ends_well(child);
    for other in others {
        assert_eq!(other.block_on(other.spawn(async { 7 })).unwrap(), 7);
    }
    parent.block_on(async {
        selkie::task::yield_now().await;
        let mut cx = Context::from_waker(Waker::noop());
        assert!(
            heard.poll_recv(&mut cx).is_pending(),
            "heard a signal of the child"
        );
        raise(SignalKind::user_defined1());
        heard.recv().await.unwrap();
        // Its ring is as it was.
        file.write_at(vec![2; 10], 10).await.0.unwrap();
        file.sync_all().await.unwrap();
        assert_eq!(
            std::fs::read(directory.0.join("parents")).unwrap().len(),
            20
        );
    });
    ends_well(fork_in_a_task(&parent, directory.path()));
    parent.block_on(async { selkie::time::sleep(Duration::from_millis(1)).await });
    // A child that listens to the same signal hears none of its parent's.
    let (mut told, mut tell) = io::pipe().unwrap();
    let child = fork(|| hears_when_told(&mut told, &mut heard));
    raise(SignalKind::user_defined1());
    parent.block_on(heard.recv()).unwrap();
    tell.write_all(b"!").unwrap();
    ends_well(child);
}
