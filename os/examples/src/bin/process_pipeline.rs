//! Two programs in a pipeline, as `sort | uniq -c` in a shell: the first one's output is the second one's input, and this
//! program is at both ends.
//!
//! ```sh
//! printf 'sea\nland\nsea\n' | cargo run -p selkie-examples --bin process_pipeline
//! ```

use std::io;
use std::process::Stdio;

use selkie::io::{AsyncReadExt, copy, stdin};
use selkie::process::Command;

#[selkie::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut sort = Command::new("sort")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let sorted: Stdio = sort.stdout.take().expect("it is piped").try_into()?;
    let mut count = Command::new("uniq")
        .arg("-c")
        .stdin(sorted)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;

    let mut input = sort.stdin.take().expect("it is piped");
    let mut output = count.stdout.take().expect("it is piped");
    let mut text = String::new();
    // Both at once: else a pipe may be full, and everybody waits for everybody.
    let fed = async move {
        copy(&mut stdin(), &mut input).await
        // `input` is dropped here: that is the end for `sort`.
    };
    let (fed, read) = selkie::join!(fed, output.read_to_string(&mut text));
    fed?;
    read?;
    let (sort, count) = selkie::try_join!(sort.wait(), count.wait())?;
    if !(sort.success() && count.success()) {
        return Err(io::Error::other(format!("sort: {sort}, uniq: {count}")));
    }
    print!("{text}");
    Ok(())
}
