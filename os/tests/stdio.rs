//! Standard output, as another process sees it.

use std::io::IoSlice;
use std::process::Command;

use selkie::io::{AsyncWriteExt, stdout};
use selkie::runtime::Builder;

/// Run in a process of its own by the test below; ends without a chance for std to flush.
#[test]
#[ignore = "run by `what_was_flushed_is_out`"]
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
fn what_was_flushed_is_out() {
    let done = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writes_and_dies", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(text.contains("<one,two"), "{text}");
}
