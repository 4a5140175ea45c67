//! The pipe against a sequential model, with waits and cancellations on both sides, and its ends.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use proptest::{collection, prop_assert, prop_assert_eq, proptest};

use super::super::fixed::FixedPipe;
use super::harness::TestTask;

const ROOM: usize = 7;

type Pipe = Arc<FixedPipe<ROOM>>;

/// What is in the pipe, and who waits: readers only while it is empty, writers only while it is full.
#[derive(Default)]
struct Model {
    pipe: Pipe,
    bytes: VecDeque<u8>,
    next: u8,
    writing: Vec<(Vec<u8>, TestTask<usize>)>,
    reading: Vec<TestTask<Vec<u8>>>,
}

impl Model {
    fn fresh(&mut self, count: usize) -> Vec<u8> {
        let fresh = (0..count).map(|_| {
            self.next = self.next.wrapping_add(1);
            self.next
        });
        fresh.collect()
    }

    fn wrote(&mut self, bytes: &[u8], count: usize) {
        assert_eq!(count, bytes.len().min(ROOM - self.bytes.len()));
        self.bytes.extend(&bytes[..count]);
    }

    fn took(&mut self, bytes: &[u8]) {
        let expected: Vec<u8> = self.bytes.drain(..bytes.len()).collect();
        assert_eq!(bytes, expected);
    }

    /// Lets everyone go on who was woken, until nobody gets anywhere.
    fn settle(&mut self) {
        let mut has_moved = true;
        while std::mem::take(&mut has_moved) {
            for at in (0..self.writing.len()).rev() {
                if !self.writing[at].1.is_woken() {
                    continue;
                }
                if let Poll::Ready(count) = self.writing[at].1.poll() {
                    let (bytes, _) = self.writing.swap_remove(at);
                    self.wrote(&bytes, count);
                    has_moved = true;
                }
            }
            for at in (0..self.reading.len()).rev() {
                if !self.reading[at].is_woken() {
                    continue;
                }
                if let Poll::Ready(bytes) = self.reading[at].poll() {
                    self.reading.swap_remove(at);
                    self.took(&bytes);
                    has_moved = true;
                }
            }
        }
    }

    fn step(&mut self, step: u8, count: usize) {
        match step {
            0 => {
                let bytes = self.fresh(count);
                let written = self.pipe.try_write(&bytes);
                self.wrote(&bytes, written);
            }
            1 => {
                let mut buffer = vec![0; count];
                let read = self.pipe.try_read(&mut buffer);
                assert_eq!(read, count.min(self.bytes.len()));
                self.took(&buffer[..read]);
            }
            2 => {
                let (bytes, pipe) = (self.fresh(count), self.pipe.clone());
                let sent = bytes.clone();
                let mut task = TestTask::new(async move { pipe.write(&sent).await });
                match task.poll() {
                    Poll::Ready(written) => self.wrote(&bytes, written),
                    Poll::Pending => self.writing.push((bytes, task)),
                }
            }
            3 => {
                let pipe = self.pipe.clone();
                let mut task = TestTask::new(async move {
                    let mut buffer = vec![0; count];
                    let read = pipe.read(&mut buffer).await;
                    buffer.truncate(read);
                    buffer
                });
                match task.poll() {
                    Poll::Ready(bytes) => self.took(&bytes),
                    Poll::Pending => self.reading.push(task),
                }
            }
            // A wait is given up, perhaps after it was woken: somebody else is woken instead.
            4 => drop(self.writing.pop()),
            _ => drop(self.reading.pop()),
        }
    }
}

proptest! {
    #[test]
    fn a_pipe_is_a_queue_of_bytes(steps in collection::vec((0_u8..6, 0_usize..10, 0_u8..2), 1..60)) {
        let mut model = Model::default();
        for (step, count, settles) in steps {
            model.step(step, count);
            if settles == 0 {
                continue;
            }
            model.settle();
            prop_assert_eq!(model.pipe.len(), model.bytes.len());
            prop_assert!(model.reading.is_empty() || model.bytes.is_empty(), "a reader was forgotten");
            prop_assert!(model.writing.is_empty() || model.bytes.len() == ROOM, "a writer was forgotten");
        }
    }
}

#[test]
fn what_is_longer_than_a_section_goes_through_in_order() {
    let pipe = FixedPipe::<200>::new();
    let bytes: Vec<u8> = (0..=255).collect();
    assert_eq!(pipe.try_write(&bytes), 200);
    let mut first = [0; 100];
    assert_eq!(pipe.try_read(&mut first), 100);
    // Past the end of the ring.
    assert_eq!(pipe.try_write(&bytes[200..]), 56);
    let mut rest = [0; 300];
    assert_eq!(pipe.try_read(&mut rest), 156);
    assert_eq!([&first[..], &rest[..156]].concat(), bytes);
    assert_eq!(format!("{pipe:?}"), "FixedPipe { len: 0, capacity: 200 }");
}

#[test]
fn bytes_are_looked_at_where_they_lie() {
    let mut pipe = FixedPipe::<4>::new();
    assert_eq!(pipe.try_write(b"abc"), 3);
    let (mut reader, writer) = pipe.split();
    let mut cx = Context::from_waker(Waker::noop());
    {
        let looked = pin!(async {
            let bytes = reader.fill_buf().await;
            assert_eq!(bytes, b"abc");
            // A writer goes on meanwhile, beside the bytes.
            assert_eq!(writer.try_write(b"de"), 1);
            assert_eq!(bytes, b"abc");
            reader.consume(3);
        });
        assert!(looked.poll(&mut cx).is_ready());
    }
    assert_eq!(writer.try_write(b"fgh"), 3);
    // In two rows: to the end of the ring, and from its start.
    let mut two = [0; 2];
    assert_eq!(reader.try_read(&mut two), 2);
    assert_eq!(&two, b"df");
    assert!(reader.is_filled() && writer.has_room());
}

#[test]
fn a_reader_waits_for_bytes_to_look_at() {
    let pipe: &'static mut FixedPipe<4> = Box::leak(Box::new(FixedPipe::new()));
    let (mut reader, writer) = pipe.split();
    let mut task = TestTask::new(async move {
        let first = reader.fill_buf().await[0];
        // More than there is: all.
        reader.consume(9);
        (first, reader.is_filled())
    });
    assert_eq!(task.poll(), Poll::Pending);
    assert_eq!(writer.try_write(b"xy"), 2);
    assert!(task.is_woken());
    assert_eq!(task.poll(), Poll::Ready((b'x', false)));
}

#[cfg(feature = "embedded-io")]
#[test]
fn drivers_of_embedded_io_read_and_write_it() {
    use embedded_io_async::{BufRead, Read, ReadReady, Write, WriteReady};

    /// A driver that knows the traits alone: answers a line in capitals.
    async fn answer(mut input: impl BufRead, mut output: impl Write) {
        loop {
            let bytes = input.fill_buf().await.expect("it reads");
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let count = end.map_or(bytes.len(), |end| end + 1);
            let mut answer = bytes[..count].to_vec();
            input.consume(count);
            answer.make_ascii_uppercase();
            output.write_all(&answer).await.expect("it writes");
            output.flush().await.expect("it flushes");
            if end.is_some() {
                return;
            }
        }
    }

    let questions: &'static mut FixedPipe<4> = Box::leak(Box::new(FixedPipe::new()));
    let answers: &'static FixedPipe<4> = Box::leak(Box::new(FixedPipe::new()));
    let (reader, mut writer) = questions.split();
    let mut driver = TestTask::new(answer(reader, answers));
    let mut asks = TestTask::new(async move {
        assert_eq!(writer.write_ready(), Ok(true));
        writer.write_all(b"what is it?\n").await
    });
    let mut reads = TestTask::new(async move {
        let mut reader = answers;
        let mut line = [0; 12];
        reader.read_exact(&mut line).await.map(|()| line)
    });
    assert_eq!((&*answers).read_ready(), Ok(false));
    let mut asked = asks.poll();
    for _ in 0..100 {
        let answered = driver.poll();
        if let Poll::Ready(line) = reads.poll() {
            assert_eq!(line.as_ref(), Ok(b"WHAT IS IT?\n"));
            assert_eq!((asked, answered), (Poll::Ready(()), Poll::Ready(())));
            return;
        }
        if asked.is_pending() {
            asked = asks.poll();
        }
    }
    panic!("no answer came");
}

#[cfg(feature = "std")]
#[test]
fn reads_and_writes_take_units_of_the_budget() {
    use crate::coop::raw::{Budget, with_budget};

    let pipe: &'static FixedPipe<2> = Box::leak(Box::new(FixedPipe::new()));
    let mut task = TestTask::new(async move {
        loop {
            assert_eq!(pipe.write(b"x").await, 1);
            assert_eq!(pipe.read(&mut [0; 2]).await, 1);
        }
    });
    // Neither ever waits: it is the budget that ends the poll.
    let polled: Poll<()> = with_budget(Budget::initial(), || task.poll());
    assert!(polled.is_pending() && task.is_woken());

    let pipe: &'static mut FixedPipe<2> = Box::leak(Box::new(FixedPipe::new()));
    let (mut reader, writer) = pipe.split();
    let mut looks = TestTask::new(async move {
        for _ in 0..1_000 {
            assert_eq!(writer.try_write(b"x"), 1);
            assert_eq!(reader.fill_buf().await, b"x");
            reader.consume(1);
        }
    });
    let polled: Poll<()> = with_budget(Budget::initial(), || looks.poll());
    assert!(polled.is_pending() && looks.is_woken());
}

#[cfg(feature = "std")]
#[test]
fn a_reader_that_is_dropped_at_the_end_of_its_budget_keeps_no_notice() {
    use crate::coop::poll_proceed;
    use crate::coop::raw::{Budget, with_budget};

    for units_used in 120..130 {
        let pipe = Arc::new(FixedPipe::<4>::new());
        let read = |pipe: &Arc<FixedPipe<4>>| {
            let pipe = pipe.clone();
            TestTask::new(async move { pipe.read(&mut [0; 4]).await })
        };
        let (mut first, mut second) = (read(&pipe), read(&pipe));
        assert!(first.poll().is_pending() && second.poll().is_pending());
        assert_eq!(pipe.try_write(b"x"), 1);
        assert!(first.is_woken());
        let polled = with_budget(Budget::initial(), || {
            for _ in 0..units_used {
                if let Poll::Ready(unit) = poll_proceed(&mut Context::from_waker(Waker::noop())) {
                    unit.made_progress();
                }
            }
            first.poll()
        });
        // It took the byte, or passes the notice on.
        drop(first);
        if polled.is_pending() {
            assert!(second.is_woken(), "after {units_used} units");
            assert_eq!(second.poll(), Poll::Ready(1));
        }
    }
}
