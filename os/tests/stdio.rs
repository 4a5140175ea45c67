//! Standard output, as another process sees it.

use std::io::IoSlice;
use std::process::Command;

use selkie::io::{AsyncWriteExt, stdout};
use selkie::runtime::Builder;

/// Run in a process of its own by the test below; ends without a chance for std to flush.
#[test]
#[ignore = "run by `flushed_output_has_been_written`"]
fn writes_and_dies() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut output = stdout();
        let parts = [
            IoSlice::new(b"<one"),
            IoSlice::new(b""),
            IoSlice::new(b",two"),
        ];
        assert_eq!(output.write_vectored(&parts).await.unwrap(), 8);
        // Nothing to write leaves what was written to be flushed.
        assert_eq!(output.write(b"").await.unwrap(), 0);
        output.flush().await.unwrap();
    });
    std::process::abort();
}

#[test]
fn flushed_output_has_been_written() {
    let done = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writes_and_dies", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(text.contains("<one,two"), "{text}");
}

#[test]
fn a_write_after_the_shutdown_of_the_runtime_is_an_error() {
    use selkie::io::AsyncWriteExt;

    for builder in [
        selkie::runtime::Builder::new_current_thread,
        selkie::runtime::Builder::new_multi_thread,
    ] {
        let runtime = builder().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        runtime.shutdown_timeout(std::time::Duration::from_secs(60));
        let error = handle
            .block_on(async { selkie::io::stdout().write_all(b"x").await })
            .expect_err("nobody would write it");
        assert!(selkie::runtime::is_rt_shutdown_err(&error), "{error}");
    }
}

/// A write that was refused as it began was looked at within the budget: without any left the write said
/// that it waits, and one that had been taken would have been made again.
#[test]
fn a_write_that_finishes_at_once_is_ready_in_the_same_poll() {
    use std::future::poll_fn;
    use std::pin::Pin;
    use std::task::Poll;

    use selkie::io::AsyncWrite;
    use selkie::task::coop;

    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    runtime.shutdown_timeout(std::time::Duration::from_secs(60));
    let mut output = stdout();
    // All but one unit of the budget are gone, and the write takes the last.
    handle.block_on(poll_fn(|cx| {
        for _ in 0..127 {
            assert!(
                coop::poll_proceed(cx)
                    .map(|unit| unit.made_progress())
                    .is_ready()
            );
        }
        let written = Pin::new(&mut output).poll_write(cx, b"x");
        assert!(matches!(written, Poll::Ready(Err(_))), "{written:?}");
        Poll::Ready(())
    }));
}
