//! Readers and writers are compared with std's, over streams that read and write a few bytes at a time.

use std::io::{self, BufRead, Cursor, IoSlice, Read, Seek, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use fastrand::Rng;
use selkie::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite, AsyncWriteExt,
    BufReader, BufStream, BufWriter, ReadBuf,
};
use selkie::runtime::Builder;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

/// A source and target that moves up to seven bytes at once, and is not ready each third time.
struct SlowStream {
    inner: Cursor<Vec<u8>>,
    random: Rng,
}

impl SlowStream {
    fn new(bytes: &[u8], seed: u64) -> Self {
        Self {
            inner: Cursor::new(bytes.to_vec()),
            random: Rng::with_seed(seed),
        }
    }

    fn poll_chunk(&mut self, cx: &Context<'_>) -> Poll<usize> {
        if self.random.usize(..3) == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(1 + self.random.usize(..7))
    }
}

impl AsyncRead for SlowStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Poll::Ready(chunk) = self.poll_chunk(cx) else {
            return Poll::Pending;
        };
        let mut bytes = vec![0; chunk.min(buf.remaining())];
        let n = Read::read(&mut self.inner, &mut bytes)?;
        buf.put_slice(&bytes[..n]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SlowStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(chunk) = self.poll_chunk(cx) else {
            return Poll::Pending;
        };
        Poll::Ready(io::Write::write(
            &mut self.inner,
            &buf[..chunk.min(buf.len())],
        ))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for SlowStream {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Seek::seek(&mut self.inner, position).map(drop)
    }

    fn poll_complete(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(self.inner.position()))
    }
}

fn sample(len: usize) -> Vec<u8> {
    let mut random = Rng::with_seed(7);
    (0..len).map(|_| b"abc\n\r "[random.usize(..6)]).collect()
}

#[test]
fn a_buffered_reader_reads_and_seeks_as_stds() {
    let bytes = sample(1000);
    for seed in 0..40 {
        println!("seed {seed}");
        let mut random = Rng::with_seed(seed);
        let capacity = 1 + random.usize(..64);
        let mut ours = BufReader::with_capacity(capacity, SlowStream::new(&bytes, seed));
        let mut stds = io::BufReader::with_capacity(capacity, Cursor::new(&bytes[..]));
        block_on(async {
            for _ in 0..200 {
                match random.usize(..4) {
                    0 => {
                        let position = match random.usize(..3) {
                            0 => SeekFrom::Start(random.usize(..1200) as u64),
                            1 => SeekFrom::End(random.usize(..1200) as i64 - 1100),
                            _ => SeekFrom::Current(random.usize(..400) as i64 - 200),
                        };
                        let (one, two) = (ours.seek(position).await, stds.seek(position));
                        assert_eq!(one.ok(), two.ok(), "{position:?}");
                    }
                    1 => {
                        let (mut one, mut two) = (Vec::new(), Vec::new());
                        let n = ours.read_until(b'\n', &mut one).await.unwrap();
                        assert_eq!(n, stds.read_until(b'\n', &mut two).unwrap());
                        assert_eq!(one, two);
                    }
                    _ => {
                        let len = random.usize(..20);
                        let (mut one, mut two) = (vec![0; len], vec![0; len]);
                        let ended = ours.read_exact(&mut one).await.is_err();
                        assert_eq!(ended, stds.read_exact(&mut two).is_err());
                        if ended {
                            break;
                        }
                        assert_eq!(one, two);
                    }
                }
            }
        });
    }
}

#[test]
fn vectored_writes_arrive_in_order() {
    for seed in 0..40 {
        println!("seed {seed}");
        let mut random = Rng::with_seed(seed);
        let capacity = 1 + random.usize(..32);
        let mut writer = BufWriter::with_capacity(capacity, SlowStream::new(&[], seed));
        let mut expected = Vec::new();
        block_on(async {
            for byte in 0..200 {
                let (one, two) = (
                    vec![byte; random.usize(..40)],
                    vec![!byte; random.usize(..8)],
                );
                if random.usize(..2) == 0 {
                    writer.write_all(&one).await.unwrap();
                    expected.extend_from_slice(&one);
                } else {
                    let bufs = [IoSlice::new(&one), IoSlice::new(&two)];
                    let n = writer.write_vectored(&bufs).await.unwrap();
                    expected.extend(one.iter().chain(&two).take(n));
                }
                assert!(writer.buffer().len() <= capacity);
            }
            writer.flush().await.unwrap();
        });
        assert_eq!(writer.into_inner().inner.into_inner(), expected);
    }
}

#[test]
fn lines_and_segments_are_the_same_as_stds() {
    let bytes = sample(600);
    let text = String::from_utf8(bytes.clone()).unwrap();
    for seed in 0..20 {
        println!("seed {seed}");
        block_on(async {
            let mut lines = BufReader::with_capacity(5, SlowStream::new(&bytes, seed)).lines();
            for line in BufRead::lines(Cursor::new(&text)) {
                assert_eq!(lines.next_line().await.unwrap(), Some(line.unwrap()));
            }
            assert_eq!(lines.next_line().await.unwrap(), None);
            let mut segments =
                BufReader::with_capacity(5, SlowStream::new(&bytes, seed)).split(b'a');
            for segment in BufRead::split(Cursor::new(&bytes), b'a') {
                assert_eq!(
                    segments.next_segment().await.unwrap(),
                    Some(segment.unwrap())
                );
            }
            assert_eq!(segments.next_segment().await.unwrap(), None);
        });
    }
}

#[test]
fn everything_is_read_to_the_end() {
    for len in [0, 1, 31, 32, 33, 1000, 10_000] {
        let bytes = sample(len);
        for room in [0, len, len + 1, len + 40] {
            block_on(async {
                let mut read = Vec::with_capacity(room);
                let exact = room == len && len > 0;
                let n = SlowStream::new(&bytes, len as u64)
                    .read_to_end(&mut read)
                    .await
                    .unwrap();
                assert_eq!((n, &read), (len, &bytes));
                assert!(!exact || read.capacity() == room, "grown for nothing");
                let mut text = "before ".to_owned();
                SlowStream::new(&bytes, 3)
                    .read_to_string(&mut text)
                    .await
                    .unwrap();
                assert_eq!(text.as_bytes()[7..], bytes);
            });
        }
    }
    block_on(async {
        let mut text = "before".to_owned();
        let error = SlowStream::new(b"\xff\xfe", 1)
            .read_to_string(&mut text)
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), &text[..]),
            (io::ErrorKind::InvalidData, "before")
        );
    });
}

#[test]
fn numbers_that_were_written_are_read_back() {
    macro_rules! come_back {
        ($($write:ident, $read:ident, $number:expr, $bytes:expr;)*) => {$(
            let mut target = SlowStream::new(&[], 5);
            target.$write($number).await.unwrap();
            let bytes = target.inner.into_inner();
            assert_eq!(bytes, $bytes, stringify!($write));
            assert_eq!(SlowStream::new(&bytes, 9).$read().await.unwrap(), $number);
            let error = SlowStream::new(&bytes[1..], 9).$read().await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        )*};
    }
    block_on(async {
        come_back! {
            write_u8, read_u8, 0x12, 0x12_u8.to_be_bytes();
            write_i8, read_i8, -3, (-3_i8).to_be_bytes();
            write_u16, read_u16, 0x1234, 0x1234_u16.to_be_bytes();
            write_i16_le, read_i16_le, -300, (-300_i16).to_le_bytes();
            write_u32_le, read_u32_le, 0x1234_5678, 0x1234_5678_u32.to_le_bytes();
            write_i32, read_i32, i32::MIN, i32::MIN.to_be_bytes();
            write_u64, read_u64, u64::MAX - 1, (u64::MAX - 1).to_be_bytes();
            write_i64_le, read_i64_le, -5, (-5_i64).to_le_bytes();
            write_u128_le, read_u128_le, 1 << 100, (1_u128 << 100).to_le_bytes();
            write_i128, read_i128, -1 << 100, (-1_i128 << 100).to_be_bytes();
            write_f32, read_f32, 1.5, 1.5_f32.to_be_bytes();
            write_f64_le, read_f64_le, -0.25, (-0.25_f64).to_le_bytes();
        }
    });
}

#[test]
fn a_bidirectional_copy_ends_when_both_sides_have_ended() {
    block_on(async {
        let (mut client, mut near) = selkie::io::duplex(16);
        let (mut far, mut server) = selkie::io::duplex(16);
        let relay = selkie::spawn(async move {
            selkie::io::copy_bidirectional(&mut near, &mut far)
                .await
                .unwrap()
        });
        let answer = selkie::spawn(async move {
            let mut question = String::new();
            server.read_to_string(&mut question).await.unwrap();
            server
                .write_all(&vec![b'!'; question.len() * 2])
                .await
                .unwrap();
        });
        client.write_all(&[b'?'; 1000]).await.unwrap();
        client.shutdown().await.unwrap();
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, vec![b'!'; 2000]);
        assert_eq!(relay.await.unwrap(), (1000, 2000));
        answer.await.unwrap();
    });
}

#[test]
fn a_split_stream_is_reunited_with_its_buffers() {
    let nested = BufWriter::new(BufReader::new(SlowStream::new(b"abc", 1)));
    let stream = BufStream::from(nested);
    let (read, write) = selkie::io::split(stream);
    assert!(read.is_pair_of(&write));
    let mut stream = read.unsplit(write);
    block_on(async {
        assert_eq!(stream.read_u8().await.unwrap(), b'a');
        assert_eq!(stream.fill_buf().await.unwrap().first(), Some(&b'b'));
    });
}

/// Uses the other end of the connection when it is woken.
struct ReentrantWaker(std::sync::Mutex<selkie::io::DuplexStream>);

impl std::task::Wake for ReentrantWaker {
    fn wake(self: std::sync::Arc<Self>) {
        let mut end = self.0.lock().unwrap();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut bytes = [0; 4];
        let mut buf = ReadBuf::new(&mut bytes);
        assert!(Pin::new(&mut *end).poll_read(&mut cx, &mut buf).is_ready());
        assert!(Pin::new(&mut *end).poll_write(&mut cx, b"!").is_ready());
    }
}

#[test]
fn regression_19_a_waker_may_use_the_connection_that_wakes_it() {
    let (mut near, far) = selkie::io::duplex(1);
    let nosy = std::sync::Arc::new(ReentrantWaker(std::sync::Mutex::new(far)));
    let waker = std::task::Waker::from(std::sync::Arc::clone(&nosy));
    // The far end waits to read, and is woken by a write and by the end.
    let mut bytes = [0; 4];
    let mut wait = || {
        let mut far = nosy.0.lock().unwrap();
        let mut cx = Context::from_waker(&waker);
        let mut buf = ReadBuf::new(&mut bytes);
        assert!(
            Pin::new(&mut *far)
                .poll_read(&mut cx, &mut buf)
                .is_pending()
        );
    };
    let mut cx = Context::from_waker(std::task::Waker::noop());
    wait();
    assert!(Pin::new(&mut near).poll_write(&mut cx, b"?").is_ready());
    let mut answer = [0; 1];
    let mut buf = ReadBuf::new(&mut answer);
    assert!(Pin::new(&mut near).poll_read(&mut cx, &mut buf).is_ready());
    assert_eq!(buf.filled(), b"!");
    wait();
    drop(near);
}
