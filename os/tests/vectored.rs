//! Vectored reads and writes, and what `is_write_vectored` says of them.

mod fixture;

use std::io::{ErrorKind, IoSlice, IoSliceMut};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use selkie::io::{
    AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufStream, BufWriter, duplex, empty, join,
    simplex, sink, split, stderr, stdout,
};
use selkie::net::{TcpListener, TcpStream, UdpSocket};

use fixture::ringed;

async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// Reads `ahoy` and then the end, by `$reader`'s `read_vectored`; `$write` sends it and closes.
macro_rules! reads_into_several {
    ($reader:expr, $writer:ident) => {{
        let (mut one, mut two, mut three) = ([0; 1], [0; 0], [0; 9]);
        let mut bufs = [
            IoSliceMut::new(&mut one),
            IoSliceMut::new(&mut two),
            IoSliceMut::new(&mut three),
        ];
        let reader = &$reader;
        {
            // Nothing is there, and nothing is lost by giving up.
            let mut reading = pin!(reader.read_vectored(&mut bufs));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(reading.as_mut().poll(&mut cx).is_pending());
        }
        let (read, sent) =
            selkie::join!(reader.read_vectored(&mut bufs), $writer.write_all(b"ahoy"));
        sent.unwrap();
        assert_eq!(read.unwrap(), 4);
        drop($writer);
        assert_eq!(reader.read_vectored(&mut bufs).await.unwrap(), 0);
        assert_eq!((&one, &three[..3]), (b"a", &b"hoy"[..]));
    }};
}

#[test]
fn streams_and_their_halves_read_into_several_buffers() {
    for runtime in ringed() {
        runtime.block_on(async {
            let (reader, mut writer) = tcp_pair().await;
            reads_into_several!(reader, writer);
            let (mut stream, mut writer) = tcp_pair().await;
            let (half, _) = stream.split();
            reads_into_several!(half, writer);
            let (stream, mut writer) = tcp_pair().await;
            let (half, _write) = stream.into_split();
            reads_into_several!(half, writer);
        });
    }
}

#[cfg(unix)]
#[test]
fn unix_streams_and_pipes_read_into_several_buffers() {
    use selkie::net::{UnixStream, unix::pipe};
    for runtime in ringed() {
        runtime.block_on(async {
            let (reader, mut writer) = UnixStream::pair().unwrap();
            reads_into_several!(reader, writer);
            let (stream, mut writer) = UnixStream::pair().unwrap();
            let (half, _write) = stream.into_split();
            reads_into_several!(half, writer);
            let (mut writer, reader) = pipe::pipe().unwrap();
            reads_into_several!(reader, writer);
        });
    }
}

#[test]
fn a_datagram_is_gathered_and_scattered() {
    for runtime in ringed() {
        runtime.block_on(async {
            let one = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let two = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            one.connect(two.local_addr().unwrap()).await.unwrap();
            let parts = [
                IoSlice::new(b"pel"),
                IoSlice::new(b""),
                IoSlice::new(b"agic"),
            ];
            let (mut head, mut tail) = ([0; 2], [0; 8]);
            let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut tail)];
            let error = two.try_recv_vectored(&mut bufs).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            let (sent, received) =
                selkie::join!(one.send_vectored(&parts), two.recv_vectored(&mut bufs));
            assert_eq!((sent.unwrap(), received.unwrap()), (7, 7));
            assert_eq!(one.try_send_vectored(&parts[..1]).unwrap(), 3);
            assert_eq!((&head, &tail[..5]), (b"pe", &b"lagic"[..]));
            two.readable().await.unwrap();
            let mut bufs = [IoSliceMut::new(&mut head)];
            // What does not fit is cut, as with one buffer.
            #[cfg(unix)]
            assert_eq!(two.try_recv_vectored(&mut bufs).unwrap(), 2);
            #[cfg(not(unix))]
            let _ = &mut bufs;
        });
    }
}

/// Writes words of several lengths, all at once as often as it takes.
async fn write_words(mut writer: impl AsyncWrite + Unpin) -> Vec<u8> {
    let words: Vec<Vec<u8>> = (0..120_usize)
        .map(|i| vec![i as u8; [0, 1, 7, 300, 2][i % 5]])
        .collect();
    let mut slices: Vec<IoSlice<'_>> = words.iter().map(|word| IoSlice::new(word)).collect();
    let mut rest = &mut slices[..];
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        let n = writer.write_vectored(rest).await.unwrap();
        assert!(n > 0);
        IoSlice::advance_slices(&mut rest, n);
    }
    writer.flush().await.unwrap();
    words.concat()
}

async fn goes_through(
    writer: impl AsyncWrite + Unpin,
    mut reader: impl selkie::io::AsyncRead + Unpin,
) {
    assert!(writer.is_write_vectored());
    let (sent, received) = selkie::join!(write_words(writer), async {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).await.unwrap();
        all
    });
    assert!(sent == received);
}

#[test]
fn every_adaptor_passes_vectored_writes_on() {
    for runtime in ringed() {
        runtime.block_on(async {
            let (one, two) = duplex(64);
            goes_through(one, two).await;
            let (one, two) = duplex(1);
            goes_through(BufWriter::with_capacity(100, one), two).await;
            let (one, two) = duplex(64);
            goes_through(BufStream::new(one), two).await;
            let (one, two) = duplex(64);
            goes_through(BufReader::new(one), two).await;
            let (one, two) = duplex(64);
            goes_through(Box::pin(one), two).await;
            let (one, two) = duplex(64);
            goes_through(join(empty(), one), two).await;
            let (one, two) = duplex(64);
            let (read, write) = split(one);
            drop(read);
            goes_through(write, two).await;
            let (one, two) = tcp_pair().await;
            let (_read, write) = one.into_split();
            goes_through(write, two).await;
            let (one, mut two) = duplex(1 << 16);
            goes_through(BufWriter::new(BufWriter::new(one)), &mut two).await;
        });
    }
}

/// A writer that takes one buffer at a time and says so.
struct PlainWriter;

impl AsyncWrite for PlainWriter {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl selkie::io::AsyncRead for PlainWriter {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut selkie::io::ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn is_write_vectored_is_true_only_for_writers_that_take_several_buffers() {
    assert!(sink().is_write_vectored() && empty().is_write_vectored());
    assert!(stdout().is_write_vectored() && stderr().is_write_vectored());
    assert!(Vec::new().is_write_vectored());
    assert!(simplex(1).1.is_write_vectored());
    // A buffer gathers, whatever stands behind it.
    assert!(BufWriter::new(PlainWriter).is_write_vectored());
    assert!(BufStream::new(PlainWriter).is_write_vectored());
    // The others only pass on what stands behind them.
    assert!(!PlainWriter.is_write_vectored());
    assert!(!BufReader::new(PlainWriter).is_write_vectored());
    assert!(!split(PlainWriter).1.is_write_vectored());
    assert!(!join(empty(), PlainWriter).is_write_vectored());
    assert!(!Box::new(PlainWriter).is_write_vectored());
    for runtime in ringed() {
        runtime.block_on(async {
            let (stream, _peer) = tcp_pair().await;
            assert!(stream.is_write_vectored());
        });
    }
}
