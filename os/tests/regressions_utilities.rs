//! Bugs that other runtimes have had in io utilities; the numbers are those of the project's list of known bugs.
//!
//! Length      one list: a test for each of its rows.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::str::Utf8Error;
use std::string::FromUtf8Error;
use std::task::{Context, Poll, Waker};

use selkie::io::{
    self as ours, AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeek, AsyncWrite,
    AsyncWriteExt, BufReader, BufStream, BufWriter, ReadBuf, SimplexStream,
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

/// Says `Interrupted` at every other call, and moves three bytes at the others.
struct Interrupted {
    calls: usize,
    data: &'static [u8],
    written: Vec<u8>,
}

impl Interrupted {
    fn new(data: &'static [u8]) -> Self {
        Self {
            calls: 0,
            data,
            written: Vec::new(),
        }
    }

    fn call(&mut self) -> io::Result<()> {
        self.calls += 1;
        match self.calls % 2 {
            1 => Err(io::ErrorKind::Interrupted.into()),
            _ => Ok(()),
        }
    }
}

impl AsyncRead for Interrupted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.call()?;
        let (now, later) = self
            .data
            .split_at(self.data.len().min(3).min(buf.remaining()));
        buf.put_slice(now);
        self.data = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncBufRead for Interrupted {
    fn poll_fill_buf(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let me = self.get_mut();
        me.call()?;
        Poll::Ready(Ok(&me.data[..me.data.len().min(3)]))
    }

    fn consume(mut self: Pin<&mut Self>, amt: usize) {
        self.data = &self.data[amt..];
    }
}

impl AsyncWrite for Interrupted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.call()?;
        let n = buf.len().min(3);
        self.written.extend_from_slice(&buf[..n]);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.call())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.call())
    }
}

const TEXT: &str = "alpha\nbeta\ngamma\n";

fn text() -> Interrupted {
    Interrupted::new(TEXT.as_bytes())
}

#[test]
fn regression_63_interrupted_reads_are_made_again() {
    block_on(async {
        let mut bytes = [0; 8];
        text().read_exact(&mut bytes).await.unwrap();
        assert_eq!(bytes, TEXT.as_bytes()[..8]);

        // With room, without, and with exactly enough.
        for capacity in [0, TEXT.len(), 64] {
            let mut bytes = Vec::with_capacity(capacity);
            assert_eq!(text().read_to_end(&mut bytes).await.unwrap(), TEXT.len());
            assert_eq!(bytes, TEXT.as_bytes());
        }
        let mut whole = String::new();
        text().read_to_string(&mut whole).await.unwrap();
        assert_eq!(whole, TEXT);

        assert_eq!(text().read_u8().await.unwrap(), b'a');
        assert_eq!(text().read_i8().await.unwrap(), b'a' as i8);
        let number = u64::from_be_bytes(*b"alpha\nbe");
        assert_eq!(text().read_u64().await.unwrap(), number);
        assert_eq!(text().read_f64().await.unwrap(), f64::from_bits(number));

        let mut part = Vec::new();
        assert_eq!(text().read_until(b'h', &mut part).await.unwrap(), 4);
        assert_eq!(part, b"alph");
        let mut line = String::new();
        assert_eq!(text().read_line(&mut line).await.unwrap(), 6);
        assert_eq!(line, "alpha\n");
        let (mut lines, mut parts) = (text().lines(), text().split(b'\n'));
        for expected in ["alpha", "beta", "gamma"] {
            assert_eq!(lines.next_line().await.unwrap().unwrap(), expected);
            let part = parts.next_segment().await.unwrap().unwrap();
            assert_eq!(part, expected.as_bytes());
        }
        assert!(lines.next_line().await.unwrap().is_none());
        assert!(parts.next_segment().await.unwrap().is_none());

        // Through what passes single reads on.
        let mut chained = AsyncReadExt::chain(BufReader::new(text()), text().take(5));
        let mut bytes = Vec::new();
        chained.read_to_end(&mut bytes).await.unwrap();
        assert_eq!(bytes, [TEXT.as_bytes(), b"alpha"].concat());
    });
}

#[test]
fn regression_63_interrupted_writes_are_made_again() {
    block_on(async {
        let mut writer = Interrupted::new(b"");
        writer.write_all(b"whole ").await.unwrap();
        writer.write_all_buf(&mut &b"buffer "[..]).await.unwrap();
        writer.write_u64(u64::MAX).await.unwrap();
        writer.write_u8(1).await.unwrap();
        writer.write_i8(-1).await.unwrap();
        let expected = [&b"whole buffer "[..], &[255; 8], &[1, 255]].concat();
        assert_eq!(writer.written, expected);

        let mut writer = BufWriter::with_capacity(4, Interrupted::new(b""));
        for part in ["g", "ath", "er", "ed, ", "and much at once"] {
            writer.write_all(part.as_bytes()).await.unwrap();
        }
        // A single flush of the writer behind it is a single call, as in std.
        let _ = writer.flush().await;
        assert_eq!(writer.get_ref().written, b"gathered, and much at once");
    });
}

#[test]
fn regression_63_interrupted_copies_go_on() {
    block_on(async {
        // In either order of interruptions on both sides.
        for first in 0..2 {
            let (mut reader, mut writer) = (text(), Interrupted::new(b""));
            writer.calls = first;
            let copied = ours::copy(&mut reader, &mut writer).await.unwrap();
            assert_eq!((copied, &*writer.written), (17, TEXT.as_bytes()));

            let (mut reader, mut writer) = (text(), Interrupted::new(b""));
            writer.calls = first;
            let copied = ours::copy_buf(&mut reader, &mut writer).await.unwrap();
            assert_eq!((copied, &*writer.written), (17, TEXT.as_bytes()));

            let (mut near, mut far) = (text(), Interrupted::new(b"far"));
            far.calls = first;
            let copied = ours::copy_bidirectional(&mut near, &mut far).await.unwrap();
            assert_eq!(copied, (17, 3));
            assert_eq!(
                (&*near.written, &*far.written),
                (&b"far"[..], TEXT.as_bytes())
            );
        }
    });
}

/// Says nothing but `Interrupted`.
struct InterruptedReader;

impl AsyncRead for InterruptedReader {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::Interrupted.into()))
    }
}

#[test]
fn regression_63_a_source_that_is_interrupted_for_ever_lets_others_run() {
    block_on(async {
        let mut deaf = InterruptedReader;
        let mut reading = pin!(deaf.read_u8());
        let mut others = pin!(async {
            for _ in 0..3 {
                selkie::task::yield_now().await;
            }
        });
        poll_fn(|cx| {
            assert!(reading.as_mut().poll(cx).is_pending());
            others.as_mut().poll(cx)
        })
        .await;
    });
}

thread_local! {
    static PANICKED_AT: RefCell<(String, String)> = RefCell::default();
}

/// The file and the message of the panic of `f`.
fn panic_of(f: impl FnOnce()) -> (String, String) {
    std::panic::set_hook(Box::new(|info| {
        let file = info.location().map(|at| at.file().to_owned());
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or(payload.downcast_ref::<String>().map(String::as_str));
        let message = text.unwrap_or_default().to_owned();
        PANICKED_AT.set((file.unwrap_or_default(), message));
    }));
    let outcome = catch_unwind(AssertUnwindSafe(f));
    drop(std::panic::take_hook());
    assert!(outcome.is_err(), "no panic");
    PANICKED_AT.take()
}

#[test]
fn regression_64_a_limit_of_zero_panics_where_it_was_given() {
    let text = || &b"text"[..];
    let cases: [(&str, &dyn Fn()); 5] = [
        ("capacity", &|| drop(BufReader::with_capacity(0, text()))),
        ("capacity", &|| {
            let stream = ours::join(text(), ours::sink());
            drop(BufStream::with_capacity(0, 1, stream));
        }),
        ("`max_buf_size`", &|| drop(ours::duplex(0))),
        ("`max_buf_size`", &|| drop(ours::simplex(0))),
        ("`max_buf_size`", &|| drop(SimplexStream::new_unsplit(0))),
    ];
    for (limit, case) in cases {
        let (file, message) = panic_of(case);
        assert!(file.ends_with("regressions_utilities.rs"), "{file}");
        assert!(message.starts_with(limit), "{message}");
        assert!(message.contains("must be greater than"), "{message}");
    }
    for (limit, sizes) in [("`a_to_b_buf_size`", (0, 1)), ("`b_to_a_buf_size`", (1, 0))] {
        let (_, message) = panic_of(|| {
            let ((mut a, _), (mut b, _)) = (ours::duplex(1), ours::duplex(1));
            let copy = ours::copy_bidirectional_with_sizes(&mut a, &mut b, sizes.0, sizes.1);
            let _ = at_once(copy);
        });
        assert!(message.starts_with(limit), "{message}");
    }
    // A writer without a buffer writes at once; so does std's.
    block_on(async {
        let mut writer = BufWriter::with_capacity(0, Vec::new());
        writer.write_all(b"at once").await.unwrap();
        assert_eq!(writer.get_ref(), b"at once");
    });
}

#[test]
fn operations_of_length_zero_move_nothing() {
    block_on(async {
        // On an empty pipe there is nothing to wait for, on a full one neither.
        let ((mut near, mut far), empties) = (ours::duplex(1), [IoSlice::new(b""); 2]);
        assert!(matches!(at_once(far.read(&mut [])), Poll::Ready(Ok(0))));
        near.write_all(b"x").await.unwrap();
        assert!(matches!(at_once(near.write(b"")), Poll::Ready(Ok(0))));
        assert!(matches!(
            at_once(near.write_vectored(&empties)),
            Poll::Ready(Ok(0))
        ));
        assert!(matches!(
            at_once(near.write_vectored(&[])),
            Poll::Ready(Ok(0))
        ));
        assert_eq!(far.read_u8().await.unwrap(), b'x');
        // Closed is closed.
        drop(far);
        let error = near.write(b"").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);

        let (mut reader, mut writer) = ours::simplex(1);
        assert!(matches!(at_once(reader.read(&mut [])), Poll::Ready(Ok(0))));
        writer.write_all(b"x").await.unwrap();
        assert!(matches!(at_once(writer.write(b"")), Poll::Ready(Ok(0))));

        // A read of nothing is not the end of the first of two.
        let mut chained = AsyncReadExt::chain(&b"first "[..], &b"second"[..]);
        assert_eq!(chained.read(&mut []).await.unwrap(), 0);
        let mut text = String::new();
        chained.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "first second");
        let mut part = AsyncReadExt::take(&b"abc"[..], 2);
        assert_eq!((part.read(&mut []).await.unwrap(), part.limit()), (0, 2));

        let mut empty = [0; 0];
        let mut room = &mut empty[..];
        assert_eq!((&b"x"[..]).read_buf(&mut room).await.unwrap(), 0);
        assert_eq!((&b"x"[..]).read_exact(&mut []).await.unwrap(), 0);
        assert_eq!(ours::repeat(1).read(&mut []).await.unwrap(), 0);
        assert_eq!(ours::sink().write_vectored(&[]).await.unwrap(), 0);
        let mut writer = BufWriter::with_capacity(4, Vec::new());
        writer.write_all(b"ab").await.unwrap();
        assert_eq!(writer.write(b"").await.unwrap(), 0);
        assert_eq!(writer.write_vectored(&empties).await.unwrap(), 0);
        assert_eq!(writer.buffer(), b"ab");
        assert_eq!(
            ours::copy(&mut ours::empty(), &mut writer).await.unwrap(),
            0
        );
        assert_eq!(writer.get_ref(), b"ab", "a copy flushes");
    });
}

#[test]
fn a_read_of_length_zero_wakes_no_writer() {
    block_on(async {
        let (mut near, mut far) = ours::duplex(1);
        near.write_all(b"x").await.unwrap();
        let woken = Rc::new(Cell::new(0));
        let mut writing = pin!(near.write(b"y"));
        let counted = Rc::clone(&woken);
        let mut writing = poll_fn(move |cx| {
            counted.set(counted.get() + 1);
            writing.as_mut().poll(cx)
        });
        assert!(at_once(&mut writing).is_pending());
        assert_eq!(far.read(&mut []).await.unwrap(), 0);
        assert!(at_once(&mut writing).is_pending());
        assert_eq!(far.read_u8().await.unwrap(), b'x');
        assert!(at_once(&mut writing).is_ready());
        assert_eq!(woken.get(), 3);
    });
}

#[test]
fn bytes_that_are_not_utf_8_are_an_error_and_come_back() {
    block_on(async {
        let mut line = "Foo".to_owned();
        let error = (&b"Hello Wor\xffld.\n"[..]).read_line(&mut line).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        let inside = error.into_inner().unwrap().downcast::<Utf8Error>().unwrap();
        assert_eq!(inside.valid_up_to(), 12);
        assert_eq!(line, "Foo");

        let mut text = "abc".to_owned();
        let error = (&b"\xff\xff"[..]).read_to_string(&mut text).await;
        let inside = error.unwrap_err().into_inner().unwrap();
        assert_eq!(inside.downcast::<Utf8Error>().unwrap().valid_up_to(), 3);
        assert_eq!(text, "abc");

        // Of lines, each is text or comes back, once.
        let mut lines = (&b"ok\n\xff\xfe\nnext\n\xff"[..]).lines();
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "ok");
        let error = lines.next_line().await.unwrap_err().into_inner().unwrap();
        let bytes = error.downcast::<FromUtf8Error>().unwrap().into_bytes();
        assert_eq!(bytes, b"\xff\xfe");
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "next");
        assert!(lines.next_line().await.is_err());
        assert!(lines.next_line().await.unwrap().is_none());
    });
}

/// A file whose operations take two polls, and which takes no seek meanwhile.
#[derive(Default)]
struct SlowFile {
    polls_left: usize,
    position: u64,
}

impl AsyncRead for SlowFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.polls_left = 2;
        buf.put_slice(b"");
        Poll::Pending
    }
}

impl AsyncSeek for SlowFile {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        assert_eq!(self.polls_left, 0, "another operation is under way");
        if let SeekFrom::Start(position) = position {
            self.position = position;
        }
        self.polls_left = 2;
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        if self.polls_left > 0 {
            self.polls_left -= 1;
            return Poll::Pending;
        }
        Poll::Ready(Ok(self.position))
    }
}

#[test]
fn a_buffered_reader_waits_for_a_dropped_operation_before_it_seeks() {
    for position in [SeekFrom::Start(7), SeekFrom::Current(0)] {
        let mut reader = BufReader::new(SlowFile::default());
        assert!(at_once(reader.read_u8()).is_pending());
        // As a wrapper does it, which does not know of the read.
        let mut reader = Pin::new(&mut reader);
        reader.as_mut().start_seek(position).unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let mut polls = 0;
        while reader.as_mut().poll_complete(&mut cx).is_pending() {
            polls += 1;
            assert!(polls < 10, "the seek does not end");
        }
        assert_eq!(polls, 4);
    }
}
