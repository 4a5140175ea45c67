//! Runtimes that shut down while operations hang on a file whose server does not answer: nothing can cancel those.
#![cfg(io_uring)]

mod fixture;
mod fuse_server;

use std::future::{Future, poll_fn};
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use fixture::{TempDir, alone, ringed};
use fuse_server::{FuseMount, Kind, Plan, ROOT, ServerMode};
use selkie::fs::File;
use selkie::runtime::Builder;

/// What each runtime is given to end.
const LIMIT: Duration = Duration::from_secs(1);
/// Longer than it may take with a machine that has other work.
const LATE: Duration = Duration::from_secs(8);
const LONG: Duration = Duration::from_secs(20);

/// Nothing is answered any more.
const SILENT: Plan = Plan::Keep {
    nth: 1,
    for_good: true,
};

type BoxedFuture = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;
type StartFunction = fn(File) -> BoxedFuture;

const OPERATIONS: [(&str, StartFunction); 3] = [
    ("a read", |file| {
        Box::pin(async move {
            let (read, back) = file.read_at(vec![0; 8], 0).await;
            assert_eq!(back.len(), 8);
            read.map(drop)
        })
    }),
    ("a write", |file| {
        Box::pin(async move {
            let (written, back) = file.write_at(vec![0; 8], 0).await;
            assert_eq!(back.len(), 8);
            written.map(drop)
        })
    }),
    ("a sync", |file| {
        Box::pin(async move { file.sync_all().await })
    }),
];

/// The file, of which it is known where it lies; its runtime has a ring.
async fn open(path: PathBuf) -> File {
    let mut options = File::options();
    let file = options.read(true).write(true).open(path).await.unwrap();
    for _ in 0..2 {
        file.read_at(vec![0; 8], 0).await.0.unwrap();
        file.write_at(vec![0; 8], 0).await.0.unwrap();
    }
    file
}

/// Regression 87: an end took until the server answered.
#[test]
fn regression_87_a_shutdown_keeps_its_time_limit_and_the_outcome_comes_later() {
    let _alone = alone();
    for (what, begin) in OPERATIONS {
        for (kind, runtime) in ringed().into_iter().enumerate() {
            let directory = TempDir::new("unanswered");
            let served = match FuseMount::at(directory.path(), ServerMode::Direct) {
                Ok(served) => served,
                Err(error) => return println!("skipped: no file server: {error}"),
            };
            served.put(ROOT, "file", Kind::File(&[7; 8]));
            let file = runtime.block_on(open(directory.path().join("file")));
            served.gate.arm(SILENT, None);
            let mut waiting = begin(file);
            let (gives, given) = mpsc::channel();
            runtime.block_on(async {
                let task = selkie::spawn(async move {
                    poll_fn(|cx| {
                        let polled = waiting.as_mut().poll(cx);
                        assert!(polled.is_pending(), "{polled:?}");
                        Poll::Ready(())
                    })
                    .await;
                    gives.send(waiting).unwrap();
                });
                task.await.unwrap();
            });
            let waiting = given.recv_timeout(LONG).unwrap();
            served.gate.kept(LONG).expect(what);
            let (told, outcome) = mpsc::channel();
            thread::spawn(move || {
                let elsewhere = Builder::new_current_thread().enable_all().build().unwrap();
                told.send(elsewhere.block_on(waiting)).unwrap();
            });
            let begun = Instant::now();
            runtime.shutdown_timeout(LIMIT);
            let took = begun.elapsed();
            assert!(took < LATE, "{what}, runtime {kind}: {took:?}");
            served.abort();
            let outcome = outcome.recv_timeout(LONG);
            let outcome = outcome.unwrap_or_else(|_| panic!("{what}, runtime {kind}: not told"));
            assert!(outcome.is_err(), "{what}, runtime {kind}");
        }
    }
}
