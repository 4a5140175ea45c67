//! Byte streams of embedded-io-async, and channels as streams and sinks of the `futures` crates.

use core::future::ready;

use embedded_io_async::{BufRead, Read, Write};
use futures_util::StreamExt;
use selkie_core::sync::{FixedChannel, FixedPipe};
use selkie_core::{join, spawn};

use crate::outcome::{Outcome, check};

/// Copies lines, as a driver does that knows the traits alone.
async fn copy_line(mut from: impl BufRead, mut to: impl Write) -> Option<usize> {
    let mut copied = 0;
    loop {
        let bytes = from.fill_buf().await.ok()?;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let count = end.map_or(bytes.len(), |end| end + 1);
        to.write_all(&bytes[..count]).await.ok()?;
        from.consume(count);
        copied += count;
        if end.is_some() {
            return Some(copied);
        }
    }
}

pub(crate) async fn pipe() -> Outcome {
    static ECHO: FixedPipe<3> = FixedPipe::new();
    let mut source = FixedPipe::<4>::new();
    let (reader, writer) = source.split();
    let mut line = [0; 9];
    let mut echo = &ECHO;
    let (copied, (), read) = join!(
        copy_line(reader, &ECHO),
        writer.write_all(b"21.5 deg\n"),
        echo.read_exact(&mut line)
    );
    check(copied == Some(9), "a whole line is copied")?;
    check(read.is_ok() && &line == b"21.5 deg\n", "in order")?;
    check(ECHO.is_empty(), "nothing is left")
}

pub(crate) async fn sink() -> Outcome {
    static NUMBERS: FixedChannel<u32, 2> = FixedChannel::new();
    static EVEN: FixedChannel<u32, 2> = FixedChannel::new();
    let filter = async {
        let even = NUMBERS.stream().take(10);
        let even = even.filter(|number| ready(number % 2 == 0)).map(Ok);
        let Ok(()) = even.forward(EVEN.sink()).await;
    };
    check(spawn(filter).is_ok(), "a task finds room")?;
    let send = async {
        for number in 0..10 {
            NUMBERS.send(number).await;
        }
    };
    let receive = EVEN
        .stream()
        .take(5)
        .fold(0, |sum, number| ready(sum + number));
    let ((), sum) = join!(send, receive);
    check(sum == 20, "the even ones arrive")
}
