//! Bugs that other runtimes have had in copies, on streams that answer by a script; the numbers are those of the project's list of known bugs.

use std::cell::RefCell;
use std::future::Future;
use std::io::{self};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use selkie::io::{
    self as ours, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
    BufWriter, ReadBuf,
};
use selkie::runtime::Builder;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

/// Polls once.
fn at_once<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn regression_62_a_copy_flushes_when_its_reader_waits() {
    block_on(async {
        for buffered in [false, true] {
            let (mut near, far) = ours::duplex(64);
            let (mut back, forth) = ours::duplex(64);
            let mut forth = BufWriter::new(forth);
            let mut far = BufReader::new(far);
            let mut copying: Pin<Box<dyn Future<Output = io::Result<u64>>>> = match buffered {
                true => Box::pin(ours::copy_buf(&mut far, &mut forth)),
                false => Box::pin(ours::copy(&mut far, &mut forth)),
            };
            near.write_all(b"question").await.unwrap();
            assert!(at_once(copying.as_mut()).is_pending());
            let mut answer = [0; 8];
            assert!(at_once(back.read_exact(&mut answer)).is_ready());
            assert_eq!(&answer, b"question");
        }
    });
}

/// What a scripted stream says to a call.
#[derive(Clone, Copy)]
enum ScriptStep {
    Bytes(usize),
    Waits,
    Fails,
}

/// Follows a script, and notes each call.
struct ScriptedStream {
    notes: Rc<RefCell<Vec<&'static str>>>,
    script: Vec<ScriptStep>,
    names: [&'static str; 3],
}

impl ScriptedStream {
    fn next(&mut self) -> Poll<io::Result<usize>> {
        let says = match self.script.is_empty() {
            true => ScriptStep::Bytes(0),
            false => self.script.remove(0),
        };
        let (note, outcome) = match says {
            ScriptStep::Bytes(n) => (0, Poll::Ready(Ok(n))),
            ScriptStep::Waits => (1, Poll::Pending),
            ScriptStep::Fails => (2, Poll::Ready(Err(io::Error::other(self.names[2])))),
        };
        self.notes.borrow_mut().push(self.names[note]);
        outcome
    }
}

impl AsyncRead for ScriptedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.next().map_ok(|n| buf.put_slice(&vec![7; n]))
    }
}

impl AsyncWrite for ScriptedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.next() {
            Poll::Ready(Ok(0)) => Poll::Ready(Ok(buf.len())), // The script is over.
            other => other,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.notes.borrow_mut().push("flush");
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.notes.borrow_mut().push("shutdown");
        Poll::Ready(Ok(()))
    }
}

/// The calls of a copy of `read` into `write`, and what it says.
fn calls(both: bool, read: &[ScriptStep], write: &[ScriptStep]) -> (String, Result<u64, String>) {
    let notes = Rc::default();
    let scripted = |script: &[ScriptStep], names| ScriptedStream {
        notes: Rc::clone(&notes),
        script: script.to_vec(),
        names,
    };
    let mut reader = scripted(read, ["read", "no-data", "read-fails"]);
    let mut writer = scripted(write, ["write", "no-room", "write-fails"]);
    let mut copying: Pin<Box<dyn Future<Output = io::Result<u64>>>> = if both {
        let mut a = ours::join(reader, ours::sink());
        let mut b = ours::join(ours::empty(), writer);
        Box::pin(async move { Ok(ours::copy_bidirectional(&mut a, &mut b).await?.0) })
    } else {
        Box::pin(async move { ours::copy(&mut reader, &mut writer).await })
    };
    let mut polls = 0;
    let outcome = loop {
        if let Poll::Ready(outcome) = at_once(copying.as_mut()) {
            break outcome;
        }
        polls += 1;
        assert!(polls < 100, "the copy does not end");
    };
    let notes = notes.borrow().join(" ");
    (notes, outcome.map_err(|error| error.to_string()))
}

#[test]
fn regression_65_bytes_that_were_read_are_written_before_a_copy_fails() {
    use ScriptStep::{Bytes, Fails, Waits};
    for both in [false, true] {
        // The reader fails while the writer has taken a part.
        let (notes, outcome) = calls(both, &[Bytes(9), Fails], &[Bytes(4), Waits, Bytes(2)]);
        assert_eq!(notes, "read write no-room read-fails write write");
        assert_eq!(outcome.unwrap_err(), "read-fails");
        // Of two failures the first is returned.
        let (_, outcome) = calls(both, &[Bytes(9), Fails], &[Waits, Fails]);
        assert_eq!(outcome.unwrap_err(), "read-fails");
        let (_, outcome) = calls(both, &[Bytes(9), Bytes(9)], &[Waits, Fails]);
        assert_eq!(outcome.unwrap_err(), "write-fails");
    }
}

#[test]
fn a_copy_writes_all_that_it_has_before_it_reads_more() {
    use ScriptStep::{Bytes, Waits};
    let end = "flush";
    // Partial writes come one after another.
    let (notes, outcome) = calls(false, &[Bytes(9), Bytes(5)], &[Bytes(4), Bytes(3)]);
    assert_eq!(
        notes,
        format!("read write write write read write read {end}")
    );
    assert_eq!(outcome, Ok(14));
    // While the writer waits, more is read behind what it has not taken.
    let (notes, outcome) = calls(false, &[Bytes(9), Bytes(5)], &[Bytes(4), Waits]);
    assert_eq!(notes, format!("read write no-room read read write {end}"));
    assert_eq!(outcome, Ok(14));
    // While the reader waits, what was written is flushed, once.
    let (notes, outcome) = calls(false, &[Bytes(9), Waits, Waits, Bytes(5)], &[]);
    assert_eq!(
        notes,
        format!("read write no-data flush no-data read write read {end}")
    );
    assert_eq!(outcome, Ok(14));
}

#[test]
fn a_partial_line_is_kept_when_its_source_fails() {
    use ScriptStep::{Bytes, Fails};
    block_on(async {
        let source = ScriptedStream {
            notes: Rc::default(),
            script: vec![Bytes(2), Fails, Bytes(3)],
            names: ["", "", "lost"],
        };
        let mut lines = BufReader::new(source).lines();
        assert_eq!(lines.next_line().await.unwrap_err().to_string(), "lost");
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "\u{7}".repeat(5));
        assert!(lines.next_line().await.unwrap().is_none());
    });
}
