//! Scenarios: what happens to one open file, step by step.

use std::io::{self, SeekFrom};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use selkie::fs::File;
use selkie::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::fuse_server::{Gate, Plan};
use crate::operations::BoxedOperation;
use crate::report::PartReport;
use crate::stage::{LONG, OperationOutcome, Stage, StartedOperation};

/// Something that is done to an open file.
pub(crate) type FileOperation = (&'static str, fn(File) -> BoxedOperation);

/// What is done to an open file that stands at its byte 1 and holds `small`.
pub(crate) const HANDLED: &[FileOperation] = &[
    ("read", |mut file| {
        Box::pin(async move {
            // Who else reads is first.
            let mut rest = String::new();
            file.read_to_string(&mut rest).await?;
            assert!("mall".ends_with(&rest), "{rest}");
            Ok(())
        })
    }),
    ("seek", |mut file| {
        Box::pin(async move {
            assert_eq!(file.seek(SeekFrom::Start(2)).await?, 2);
            Ok(())
        })
    }),
    ("seek to the end", |mut file| {
        Box::pin(async move {
            assert_eq!(file.seek(SeekFrom::End(-1)).await?, 4);
            Ok(())
        })
    }),
    ("stream_position", |mut file| {
        Box::pin(async move { file.stream_position().await.map(drop) })
    }),
    ("write", |mut file| {
        Box::pin(async move {
            file.write_all(b"!").await?;
            file.flush().await
        })
    }),
    ("set_len", |file| {
        Box::pin(async move { file.set_len(5).await })
    }),
    ("metadata", |file| {
        Box::pin(async move {
            assert!(file.metadata().await?.len() >= 5);
            Ok(())
        })
    }),
    ("sync_all", |file| {
        Box::pin(async move { file.sync_all().await })
    }),
    ("read_at", |file| {
        Box::pin(async move {
            let (read, bytes) = file.read_at(vec![0; 2], 1).await;
            assert_eq!((read?, &bytes[..1]), (2, &b"m"[..]));
            Ok(())
        })
    }),
    ("write_at", |file| {
        Box::pin(async move { file.write_at(b"s", 0).await.0.map(drop) })
    }),
    ("try_clone", |file| {
        Box::pin(async move { file.try_clone().await.map(drop) })
    }),
    ("into_std", |file| {
        Box::pin(async move {
            drop(file.into_std().await);
            Ok(())
        })
    }),
];

/// Does `make` on the stage with nothing in its way; what it returns.
pub(crate) fn fetch<T: Send + 'static>(
    stage: &Stage,
    make: impl Future<Output = io::Result<T>> + Send + 'static,
) -> io::Result<T> {
    let (tells, told) = channel();
    let begun = stage.begin(move || {
        Box::pin(async move {
            tells.send(make.await?).expect("somebody waits for it");
            Ok(())
        })
    });
    match begun.told(LONG) {
        Some(OperationOutcome::Done(Ok(()))) => Ok(told.recv().expect("it was sent")),
        Some(OperationOutcome::Done(Err(error))) => Err(error),
        other => panic!("{other:?}"),
    }
}

/// An open file that stands at its byte 1.
pub(crate) async fn open(path: std::path::PathBuf) -> io::Result<File> {
    let mut options = File::options();
    let mut file = options.read(true).write(true).open(path).await?;
    assert_eq!(file.read_u8().await?, b's');
    Ok(file)
}

/// Begins an operation whose first request is kept, and has everything else go on meanwhile.
pub(crate) fn hang(
    report: &mut PartReport,
    stage: &Stage,
    gate: &Gate,
    make: impl FnOnce() -> BoxedOperation + Send + 'static,
) -> StartedOperation {
    gate.arm(
        Plan::Keep {
            nth: 1,
            for_good: false,
        },
        None,
    );
    let begun = stage.begin(make);
    match gate.kept(LONG) {
        Some(request) => {
            let is_worker = stage.workers.contains(&request.thread);
            report.expect(!is_worker, "a worker waits for an answer");
        }
        None => report.wrong("nothing is asked"),
    }
    report.expect(stage.pulse().is_some(), "a worker stands");
    begun
}

/// The operation must come to its end, and well.
pub(crate) fn ends_well(report: &mut PartReport, begun: &StartedOperation) {
    match begun.told(LONG) {
        Some(OperationOutcome::Done(Ok(()))) => {}
        other => report.wrong(format!("{other:?}")),
    }
}

/// Waits until `is_so`; whether it was in time.
pub(crate) fn until(mut is_so: impl FnMut() -> bool) -> bool {
    let since = Instant::now();
    while !is_so() {
        if since.elapsed() > LONG {
            return false;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    true
}
