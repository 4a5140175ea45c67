//! tokio-util and tokio-stream: codecs, framing, cancellation, delay queues, stream adaptors.

use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt, TryStreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, mpsc, watch};
use tokio_stream::wrappers::{BroadcastStream, IntervalStream, ReceiverStream, WatchStream};
use tokio_util::codec::{Framed, LengthDelimitedCodec, LinesCodec};
use tokio_util::io::{ReaderStream, StreamReader, SyncIoBridge};
use tokio_util::sync::{CancellationToken, PollSender};
use tokio_util::task::{LocalPoolHandle, TaskTracker};
use tokio_util::time::DelayQueue;

const MS: Duration = Duration::from_millis(1);

#[tokio::test]
async fn frames_cross_a_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (sink, stream) = Framed::new(stream, LengthDelimitedCodec::new()).split();
        stream
            .map_ok(|frame| frame.freeze())
            .forward(sink)
            .await
            .unwrap();
    });
    let mut framed = Framed::new(
        TcpStream::connect(at).await.unwrap(),
        LengthDelimitedCodec::new(),
    );
    for size in [0, 1, 8_192, 200_000] {
        framed.send(Bytes::from(vec![7; size])).await.unwrap();
        assert_eq!(framed.next().await.unwrap().unwrap().len(), size);
    }
    SinkExt::<Bytes>::close(&mut framed).await.unwrap();
    server.await.unwrap();

    let (left, right) = tokio::io::duplex(64);
    let (mut left, mut right) = (
        Framed::new(left, LinesCodec::new()),
        Framed::new(right, LinesCodec::new()),
    );
    left.send("one line").await.unwrap();
    assert_eq!(right.next().await.unwrap().unwrap(), "one line");
}

#[tokio::test]
async fn readers_and_streams_turn_into_each_other() {
    let text = b"a reader, a stream, a reader".to_vec();
    let stream = ReaderStream::with_capacity(std::io::Cursor::new(text.clone()), 5);
    let mut reader = StreamReader::new(stream);
    let mut copy = Vec::new();
    tokio::io::copy(&mut reader, &mut copy).await.unwrap();
    assert_eq!(copy, text);
    let bridge = SyncIoBridge::new(std::io::Cursor::new(text.clone()));
    let read = tokio::task::spawn_blocking(|| std::io::read_to_string(bridge).unwrap());
    assert_eq!(read.await.unwrap().into_bytes(), text);
}

#[tokio::test(start_paused = true)]
async fn a_delay_queue_keeps_time() {
    let start = tokio::time::Instant::now();
    let mut queue = DelayQueue::new();
    let late = queue.insert("late", 5_000 * MS);
    queue.insert("soon", 10 * MS);
    let moved = queue.insert("moved", 20 * MS);
    queue.reset(&moved, 300 * MS);
    queue.remove(&late);
    assert_eq!(queue.next().await.unwrap().into_inner(), "soon");
    assert_eq!(start.elapsed(), 10 * MS);
    assert_eq!(queue.next().await.unwrap().into_inner(), "moved");
    assert!(start.elapsed() >= 300 * MS && start.elapsed() < 310 * MS);
    assert!(queue.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_cancels_its_children() {
    let (token, mut tasks) = (CancellationToken::new(), tokio::task::JoinSet::new());
    for _ in 0..100 {
        let token = token.child_token();
        tasks.spawn(async move { token.cancelled().await });
    }
    token.cancel();
    while let Some(cancelled) = tasks.join_next().await {
        cancelled.unwrap();
    }
    let cut = CancellationToken::new();
    let guard = cut.clone().drop_guard();
    drop(guard);
    assert!(
        cut.run_until_cancelled(std::future::pending::<()>())
            .await
            .is_none()
    );
}

#[tokio::test(start_paused = true)]
async fn channels_and_ticks_are_streams() {
    let (sender, receiver) = mpsc::channel(2);
    let mut sender = PollSender::new(sender);
    tokio::spawn(async move {
        for number in 0..10 {
            sender.send(number).await.unwrap();
        }
    });
    assert_eq!(
        ReceiverStream::new(receiver).collect::<Vec<_>>().await,
        (0..10).collect::<Vec<_>>()
    );

    let (sender, receiver) = broadcast::channel(4);
    sender.send("a").unwrap();
    sender.send("b").unwrap();
    drop(sender);
    let heard: Vec<_> = BroadcastStream::new(receiver).try_collect().await.unwrap();
    assert_eq!(heard, ["a", "b"]);

    let (sender, receiver) = watch::channel(1);
    let mut values = WatchStream::new(receiver);
    assert_eq!(values.next().await, Some(1));
    sender.send(2).unwrap();
    assert_eq!(values.next().await, Some(2));

    let start = tokio::time::Instant::now();
    let ticks = IntervalStream::new(tokio::time::interval(10 * MS));
    assert_eq!(tokio_stream::StreamExt::take(ticks, 4).count().await, 4);
    assert_eq!(start.elapsed(), 30 * MS);
    let slow = tokio_stream::StreamExt::timeout(futures::stream::pending::<()>(), 5 * MS);
    let mut slow = std::pin::pin!(slow);
    assert!(slow.next().await.unwrap().is_err());
}

#[tokio::test]
async fn trackers_and_local_pools() {
    let tracker = TaskTracker::new();
    let token = CancellationToken::new();
    let tasks: Vec<_> = (0..4)
        .map(|n| {
            let token = token.clone();
            tracker.spawn(async move {
                token.cancelled().await;
                n
            })
        })
        .collect();
    tracker.close();
    token.cancel();
    tracker.wait().await;
    let mut sum = 0;
    for task in tasks {
        sum += task.await.unwrap();
    }
    assert_eq!(sum, 6);

    // Tasks that are not `Send`, on threads with a local runtime each.
    let pool = LocalPoolHandle::new(2);
    let words = pool.spawn_pinned(|| async {
        let word = std::rc::Rc::new("seal");
        let local = tokio::task::spawn_local({
            let word = word.clone();
            async move { word.len() }
        });
        local.await.unwrap() + word.len()
    });
    assert_eq!(words.await.unwrap(), 8);
}
