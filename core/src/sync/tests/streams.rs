//! Channels as streams and sinks of the `futures` crates.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_util::{FutureExt, Sink, SinkExt, StreamExt, stream};

use super::super::fixed::{FixedChannel, FixedWatch};
use super::harness::TestTask;

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

#[test]
fn a_channel_in_place_is_a_stream_that_keeps_the_order_of_receivers() {
    let channel = Arc::new(FixedChannel::<u32, 2>::new());
    let receive = |channel: Arc<FixedChannel<u32, 2>>| {
        TestTask::new(async move {
            let values = channel.stream().take(2);
            values.collect::<Vec<_>>().await
        })
    };
    let (mut first, mut second) = (receive(channel.clone()), receive(channel.clone()));
    assert_eq!(
        (first.poll(), second.poll()),
        (Poll::Pending, Poll::Pending)
    );
    channel.try_send(1).unwrap();
    channel.try_send(2).unwrap();
    assert!(first.is_woken() && second.is_woken());
    // Both wait again, in the order in which they looked.
    assert_eq!(
        (first.poll(), second.poll()),
        (Poll::Pending, Poll::Pending)
    );
    channel.try_send(3).unwrap();
    channel.try_send(4).unwrap();
    assert_eq!(first.poll(), Poll::Ready(vec![1, 3]));
    assert_eq!(second.poll(), Poll::Ready(vec![2, 4]));
}

#[test]
fn a_stream_that_is_dropped_passes_its_value_on() {
    let channel = FixedChannel::<u32, 2>::new();
    {
        let mut stream = pin!(channel.stream());
        assert!(stream.poll_next_unpin(&mut cx()).is_pending());
        channel.try_send(1).unwrap();
        assert_eq!(channel.try_recv(), None, "it was promised");
    }
    assert_eq!(channel.try_recv(), Some(1));
}

#[test]
fn a_channel_in_place_is_a_sink_that_reserves_room() {
    let channel = FixedChannel::<u32, 2>::new();
    let mut sink = pin!(channel.sink());
    assert!(sink.as_mut().poll_ready(&mut cx()).is_ready());
    // Ready once more: the same room.
    assert!(sink.as_mut().poll_ready(&mut cx()).is_ready());
    channel.try_send(1).unwrap();
    assert!(channel.try_send(2).is_err(), "one place is reserved");
    sink.as_mut().start_send(3).unwrap();
    assert_eq!((channel.try_recv(), channel.try_recv()), (Some(1), Some(3)));
}

#[test]
fn a_sink_that_is_dropped_or_closed_gives_its_room_back() {
    let channel = Arc::new(FixedChannel::<u32, 1>::new());
    for closes in [false, true] {
        let mut sink = Box::pin(channel.sink());
        assert!(sink.as_mut().poll_ready(&mut cx()).is_ready());
        let other = channel.clone();
        let mut waits = TestTask::new(async move { other.send(7).await });
        assert!(waits.poll().is_pending());
        if closes {
            assert_eq!(sink.close().now_or_never(), Some(Ok(())));
        } else {
            drop(sink);
        }
        assert_eq!((waits.is_woken(), waits.poll()), (true, Poll::Ready(())));
        assert_eq!(channel.try_recv(), Some(7));
    }
    // One that waits leaves the queue.
    channel.try_send(1).unwrap();
    let mut sink = Box::pin(channel.sink());
    assert!(sink.as_mut().poll_ready(&mut cx()).is_pending());
    drop(sink);
    assert_eq!(channel.try_recv(), Some(1));
    channel.try_send(2).unwrap();
}

#[test]
fn a_sink_that_is_closed_while_it_waits_leaves_the_queue() {
    // Before and after it was given room.
    for was_given in [false, true] {
        let channel = Arc::new(FixedChannel::<u32, 1>::new());
        channel.try_send(1).unwrap();
        let mut sink = Box::pin(channel.sink());
        assert!(sink.as_mut().poll_ready(&mut cx()).is_pending());
        let other = channel.clone();
        let mut waits = TestTask::new(async move { other.send(2).await });
        assert!(waits.poll().is_pending());
        if was_given {
            assert_eq!(channel.try_recv(), Some(1));
        }
        assert_eq!(sink.close().now_or_never(), Some(Ok(())));
        if !was_given {
            assert_eq!(channel.try_recv(), Some(1));
        }
        assert_eq!((waits.is_woken(), waits.poll()), (true, Poll::Ready(())));
        // It may be used again.
        assert!(sink.as_mut().poll_ready(&mut cx()).is_pending());
        assert_eq!(channel.try_recv(), Some(2));
        assert!(sink.as_mut().poll_ready(&mut cx()).is_ready());
        sink.as_mut().start_send(3).unwrap();
        assert_eq!(channel.try_recv(), Some(3));
    }
}

#[test]
fn a_sink_waits_for_room_and_forwards_in_order() {
    let channel = Arc::new(FixedChannel::<u32, 2>::new());
    let from = channel.clone();
    let mut forward =
        TestTask::new(async move { stream::iter(0..6).map(Ok).forward(from.sink()).await });
    let mut received = Vec::new();
    while forward.poll().is_pending() {
        received.extend(channel.try_recv());
    }
    while let Some(value) = channel.try_recv() {
        received.push(value);
    }
    assert_eq!(received, [0, 1, 2, 3, 4, 5]);
}

#[test]
#[should_panic(expected = "start_send without poll_ready")]
fn a_value_without_room_is_a_mistake_of_the_caller() {
    let channel = FixedChannel::<u32, 1>::new();
    let _never = pin!(channel.sink()).start_send(1);
}

#[test]
fn a_watch_in_place_is_a_stream_of_its_latest_values() {
    let watch: &'static FixedWatch<u32> = Box::leak(Box::new(FixedWatch::new(1)));
    let mut seen = watch.subscribe();
    let mut stream = pin!(watch.subscribe().into_stream());
    assert!(stream.poll_next_unpin(&mut cx()).is_pending());
    watch.send(2);
    watch.send(3);
    assert_eq!(stream.next().now_or_never(), Some(Some(3)));
    assert!(stream.poll_next_unpin(&mut cx()).is_pending());
    // The present value, for one that asks for it.
    seen.mark_changed();
    let mut first = pin!(seen.into_stream());
    assert_eq!(first.next().now_or_never(), Some(Some(3)));
    assert_eq!(first.next().now_or_never(), None);
    // One that waits is woken, and one that is dropped leaves the queue.
    let mut waits = TestTask::new(async move {
        let mut stream = pin!(watch.subscribe().into_stream());
        (stream.next().await, stream.next().await)
    });
    let mut dropped =
        TestTask::new(async move { pin!(watch.subscribe().into_stream()).next().await });
    assert!(waits.poll().is_pending() && dropped.poll().is_pending());
    drop(dropped);
    watch.send(4);
    assert!(waits.is_woken());
    assert!(waits.poll().is_pending());
    watch.send(5);
    assert_eq!(waits.poll(), Poll::Ready((Some(4), Some(5))));
}

#[cfg(feature = "alloc")]
mod broadcast_and_watch {
    use std::pin::pin;

    use super::super::super::broadcast::{self, error::RecvError};
    use super::super::super::watch;
    use super::{FutureExt, Poll, StreamExt, TestTask, cx};

    #[test]
    fn a_broadcast_is_a_stream_that_says_what_it_missed() {
        let (tx, rx) = broadcast::channel(2);
        let other = tx.subscribe();
        let mut stream = pin!(rx.into_stream());
        assert!(stream.poll_next_unpin(&mut cx()).is_pending());
        // It is dropped while it waits, and its receiver with it.
        {
            let mut other = pin!(other.into_stream());
            assert!(other.poll_next_unpin(&mut cx()).is_pending());
            assert_eq!(tx.receiver_count(), 2);
        }
        assert_eq!(tx.receiver_count(), 1);
        for value in 0..3 {
            tx.send(value).unwrap();
        }
        assert_eq!(
            stream.next().now_or_never(),
            Some(Some(Err(RecvError::Lagged(1))))
        );
        assert_eq!(stream.next().now_or_never(), Some(Some(Ok(1))));
        assert_eq!(stream.next().now_or_never(), Some(Some(Ok(2))));
        assert_eq!(stream.next().now_or_never(), None);
        drop(tx);
        assert_eq!(stream.next().now_or_never(), Some(None));
        assert_eq!(stream.next().now_or_never(), Some(None), "ended is ended");
    }

    #[test]
    fn a_waiting_stream_of_either_is_woken_by_each_value_and_by_the_end() {
        let (values, rx) = broadcast::channel(4);
        let (latest, watch) = watch::channel(0);
        let mut all = TestTask::new(rx.into_stream().collect::<Vec<_>>());
        let mut last = TestTask::new(watch.into_stream().collect::<Vec<_>>());
        for value in 1..4 {
            assert!(all.poll().is_pending() && last.poll().is_pending());
            values.send(value).unwrap();
            latest.send(value).unwrap();
            assert!(all.is_woken() && last.is_woken());
        }
        assert!(all.poll().is_pending() && last.poll().is_pending());
        latest.send(4).unwrap();
        latest.send(5).unwrap();
        drop((values, latest));
        assert_eq!(all.poll(), Poll::Ready(vec![Ok(1), Ok(2), Ok(3)]));
        assert_eq!(last.poll(), Poll::Ready(vec![1, 2, 3, 5]));
    }

    #[test]
    fn a_watch_counts_its_stream_as_a_receiver_and_lets_it_go() {
        let (tx, mut rx) = watch::channel('a');
        let second = rx.clone();
        rx.mark_changed();
        {
            let mut stream = pin!(rx.into_stream());
            assert_eq!(stream.next().now_or_never(), Some(Some('a')));
            assert!(stream.poll_next_unpin(&mut cx()).is_pending());
            assert_eq!(tx.receiver_count(), 2);
        }
        assert_eq!(tx.receiver_count(), 1);
        tx.send('b').unwrap();
        let mut stream = pin!(second.into_stream());
        drop(tx);
        assert_eq!(
            stream.next().now_or_never(),
            Some(Some('b')),
            "the last is not lost"
        );
        assert_eq!(stream.next().now_or_never(), Some(None));
        assert_eq!(stream.next().now_or_never(), Some(None), "ended is ended");
    }
}

#[cfg(feature = "alloc")]
mod mpsc {
    use super::super::super::mpsc::{self, error::SendError};
    use super::{FutureExt, Poll, Sink, SinkExt, StreamExt, TestTask, cx, stream};

    #[test]
    fn receivers_are_streams_until_the_channel_is_closed() {
        let (tx, rx) = mpsc::channel(2);
        tx.try_send(1).unwrap();
        tx.try_send(2).unwrap();
        drop(tx);
        assert_eq!(rx.collect::<Vec<_>>().now_or_never(), Some(vec![1, 2]));
        let (tx, mut rx) = mpsc::unbounded_channel();
        assert_eq!(rx.next().now_or_never(), None);
        let mut sink = tx;
        assert_eq!(SinkExt::send(&mut sink, 3).now_or_never(), Some(Ok(())));
        assert_eq!(rx.next().now_or_never(), Some(Some(3)));
        drop(rx);
        assert_eq!(
            SinkExt::send(&mut sink, 4).now_or_never(),
            Some(Err(SendError(4)))
        );
    }

    #[test]
    fn a_sender_is_a_sink_that_waits_for_room() {
        let (tx, mut rx) = mpsc::channel(1);
        let mut all = TestTask::new(stream::iter(0..4).map(Ok).forward(tx.into_sink()));
        let mut received = Vec::new();
        while all.poll().is_pending() {
            received.extend(rx.try_recv());
        }
        while let Ok(value) = rx.try_recv() {
            received.push(value);
        }
        assert_eq!(received, [0, 1, 2, 3]);
        // The sink is gone, and with it the last sender.
        assert_eq!(rx.next().now_or_never(), Some(None));
    }

    #[test]
    fn a_cancelled_send_keeps_the_room_and_a_dropped_sink_gives_it_back() {
        let (tx, mut rx) = mpsc::channel(1);
        let mut sink = tx.clone().into_sink();
        tx.try_send(1).unwrap();
        // Cancelled while it waits: its position is kept.
        assert_eq!(sink.send(2).now_or_never(), None);
        assert_eq!(rx.try_recv(), Ok(1));
        assert!(tx.try_send(3).is_err(), "the room is the sink's");
        assert_eq!(sink.send(4).now_or_never(), Some(Ok(())));
        assert_eq!(rx.try_recv(), Ok(4));
        assert_eq!(sink.poll_ready_unpin(&mut cx()), Poll::Ready(Ok(())));
        assert_eq!(tx.capacity(), 0);
        drop(sink);
        assert_eq!(tx.capacity(), 1);
    }

    #[test]
    fn a_sink_of_a_closed_channel_gives_the_value_back() {
        let (tx, rx) = mpsc::channel(1);
        let mut sink = tx.into_sink();
        assert_eq!(sink.poll_ready_unpin(&mut cx()), Poll::Ready(Ok(())));
        drop(rx);
        // The room was reserved before.
        assert_eq!(sink.start_send_unpin(1), Ok(()));
        assert_eq!(sink.send(2).now_or_never(), Some(Err(SendError(None))));
        assert_eq!(sink.start_send_unpin(3), Err(SendError(Some(3))));
    }

    #[test]
    fn a_waiting_sink_learns_that_the_channel_closes() {
        let (tx, mut rx) = mpsc::channel(1);
        tx.try_send(1).unwrap();
        let mut sink = tx.into_sink();
        let mut sends = TestTask::new(async move { sink.send(2).await });
        assert!(sends.poll().is_pending());
        rx.close();
        assert_eq!(sends.poll(), Poll::Ready(Err(SendError(None))));
        assert!(sends.is_woken());
    }

    #[cfg(feature = "std")]
    #[test]
    fn a_sink_takes_units_of_the_budget() {
        use crate::coop::raw::{Budget, with_budget};

        let (tx, _rx) = mpsc::channel::<u32>(1_000);
        let capacity = tx.clone();
        let mut sink = Box::pin(tx.into_sink());
        let mut all = TestTask::new(std::future::poll_fn(move |cx| {
            loop {
                std::task::ready!(sink.as_mut().poll_ready(cx)).unwrap();
                sink.as_mut().start_send(1).unwrap();
            }
        }));
        // The budget is used up before the channel is full.
        let polled: Poll<()> = with_budget(Budget::initial(), || all.poll());
        assert!(polled.is_pending() && all.is_woken());
        assert!(capacity.capacity() > 0);
    }
}
