//! The ring alone, with sockets, whose reads wait as long as a test likes.
#![allow(unsafe_code)]

pub(crate) mod stub;

use std::any::Any;
use std::future::Future;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use io_uring::{opcode, types};

use super::super::error::is_shutdown_error;
use super::super::reactors::Reactors;
use super::operation_buffer::OperationBuffer;
use super::operations::{AfterUnlock, MAX_FILES, OperationKind, OperationStatus};
use super::payload::Payload;
use super::ring::Ring;
use super::rings::Rings;

/// What a read owns: the socket, the memory, and a witness of both.
struct Read {
    bytes: Box<[u8; 8]>,
    _source: UnixStream,
    _witness: Arc<()>,
}

impl Payload for Read {
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// Longer than anything takes that happens at all.
const LONG: Duration = Duration::from_secs(30);

type ReadOutcome = Result<(i32, Box<dyn Payload>), Box<dyn Payload>>;

type ReadFuture = Pin<Box<dyn Future<Output = ReadOutcome>>>;

struct SevenPayload(u8);

impl Payload for SevenPayload {
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// A ring, unless the system has none for us.
fn ring() -> Option<Arc<Ring>> {
    let ring = Ring::new();
    if let Err(error) = &ring {
        println!("skipped: no ring: {error}");
    }
    ring.ok()
}

/// A read that has been begun, and the end to write to.
fn begin(ring: &Arc<Ring>, witness: &Arc<()>) -> (ReadFuture, UnixStream) {
    let (reader, writer) = UnixStream::pair().unwrap();
    let fd = types::Fd(reader.as_raw_fd());
    let mut bytes = Box::new([0; 8]);
    let entry = opcode::Read::new(fd, bytes.as_mut_ptr(), 8).build();
    let payload = Box::new(Read {
        bytes,
        _source: reader,
        _witness: Arc::clone(witness),
    });
    // SAFETY: memory and socket belong to the payload, and the bytes lie in a box of their own.
    let mut reading: ReadFuture = Box::pin(unsafe { Arc::clone(ring).run(entry, payload) });
    assert!(poll(&mut reading).is_pending());
    (reading, writer)
}

fn poll(reading: &mut ReadFuture) -> Poll<ReadOutcome> {
    reading
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

/// Reaps until `is_done`; a completion needs no more of this thread than that it enters the system.
fn reap_until(ring: &Ring, mut is_done: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !is_done() {
        assert!(begun.elapsed().as_secs() < 20, "no completion comes");
        std::thread::yield_now();
        ring.submit_and_reap();
    }
}

fn read_of(payload: Box<dyn Payload>) -> Read {
    *payload.into_any().downcast::<Read>().unwrap()
}

#[test]
fn an_outcome_comes_with_what_was_lent() {
    let Some(ring) = ring() else { return };
    let witness = Arc::new(());
    let (mut reading, mut writer) = begin(&ring, &witness);
    writer.write_all(b"tide").unwrap();
    let mut done = None;
    reap_until(&ring, || {
        if let Poll::Ready(outcome) = poll(&mut reading) {
            done = outcome.ok();
        }
        done.is_some()
    });
    let (outcome, payload) = done.unwrap();
    assert_eq!(outcome, 4);
    assert!(read_of(payload).bytes.starts_with(b"tide"));
}

#[test]
fn regression_24_a_dropped_future_leaves_its_memory_until_the_completion() {
    let Some(ring) = ring() else { return };
    let witness = Arc::new(());
    let (reading, mut writer) = begin(&ring, &witness);
    drop(reading);
    ring.submit_and_reap();
    assert_eq!(
        Arc::strong_count(&witness),
        2,
        "the system may still write to it"
    );
    writer.write_all(b"late").unwrap();
    reap_until(&ring, || Arc::strong_count(&witness) == 1);
}

#[test]
fn regression_24_a_future_dropped_as_its_completion_arrives_leaks_nothing() {
    let Some(ring) = ring() else { return };
    let witness = Arc::new(());
    for _ in 0..1_000 {
        let (reading, mut writer) = begin(&ring, &witness);
        writer.write_all(b"now").unwrap();
        drop(reading);
    }
    reap_until(&ring, || Arc::strong_count(&witness) == 1);
}

#[test]
fn a_full_ring_gives_back_what_it_cannot_take() {
    let Some(ring) = ring() else { return };
    let witness = Arc::new(());
    let begun: Vec<_> = (0..MAX_FILES).map(|_| begin(&ring, &witness)).collect();
    let nop = opcode::Nop::new().build();
    let payload = Box::new(SevenPayload(7));
    // SAFETY: the entry points to nothing.
    let mut refused: ReadFuture = Box::pin(unsafe { Arc::clone(&ring).run(nop, payload) });
    let Poll::Ready(Err(payload)) = poll(&mut refused) else {
        panic!("one more than {MAX_FILES} was taken");
    };
    assert_eq!(payload.into_any().downcast::<SevenPayload>().unwrap().0, 7);
    drop(begun);
    ring.begin_close();
    ring.wait_for_in_flight(None);
    assert_eq!(Arc::strong_count(&witness), 1);
}

#[test]
fn a_closed_ring_has_ended_all_its_operations() {
    let Some(ring) = ring() else { return };
    let witness = Arc::new(());
    let (mut waiting, _writer) = begin(&ring, &witness);
    let (abandoned, _other) = begin(&ring, &witness);
    drop(abandoned);
    ring.begin_close();
    ring.wait_for_in_flight(None);
    let Poll::Ready(Ok((outcome, payload))) = poll(&mut waiting) else {
        panic!("an operation was not ended");
    };
    assert_eq!(outcome, -libc::ECANCELED);
    drop(payload);
    assert_eq!(Arc::strong_count(&witness), 1);
}

#[test]
fn a_ring_that_is_dropped_has_ended_all_its_operations() {
    let Some(ring) = ring() else { return };
    let witness = Arc::new(());
    let (reading, _writer) = begin(&ring, &witness);
    drop(reading);
    drop(ring);
    assert_eq!(Arc::strong_count(&witness), 1);
}

#[test]
fn an_operation_outlives_the_thread_that_submitted_it_or_says_so() {
    let Some(ring) = ring() else { return };
    let (reader, mut writer) = UnixStream::pair().unwrap();
    let (theirs, fd) = (Arc::clone(&ring), reader.as_raw_fd());
    let slot = std::thread::spawn(move || {
        let mut bytes = Box::new([0; 8]);
        let entry = opcode::Read::new(types::Fd(fd), bytes.as_mut_ptr(), 8).build();
        let witness = Arc::new(());
        let payload = Read {
            bytes,
            _source: reader,
            _witness: witness,
        };
        // SAFETY: memory and socket belong to the payload.
        unsafe { theirs.submit(entry, Box::new(payload)) }
            .ok()
            .unwrap()
    });
    let slot = slot.join().unwrap();
    // The reader may be gone with a cancelled read.
    let _ = writer.write_all(b"x");
    let mut done = None;
    reap_until(&ring, || {
        done = ring.outcome(slot, Waker::noop());
        done.is_some()
    });
    let outcome = done.unwrap().0.result;
    assert!(
        [1, -libc::ECANCELED, -libc::EINTR].contains(&outcome),
        "{outcome}"
    );
}

/// A loss as the system would count it: the system's own ring tells when all that was in flight has ended.
#[test]
fn a_drain_waits_for_what_is_under_way_and_for_nothing_else() {
    let Some(ring) = ring() else { return };
    let witness = Arc::new(());
    let (mut reading, mut writer) = begin(&ring, &witness);
    ring.lock().lose(1, &mut AfterUnlock::default());
    assert!(ring.reap() || poll(&mut reading).is_pending());
    let is_draining = || {
        let state = ring.lock();
        state.losses.over != state.losses.begun
    };
    assert!(is_draining(), "the read is in flight");
    writer.write_all(b"tide").unwrap();
    let mut done = None;
    reap_until(&ring, || {
        if let Poll::Ready(outcome) = poll(&mut reading) {
            done = outcome.ok();
        }
        done.is_some()
    });
    assert_eq!(done.unwrap().0, 4, "it was not lost");
    reap_until(&ring, || !is_draining());
    let next = queue_nop(&ring);
    reap_until(&ring, || ring.outcome(next, Waker::noop()).is_some());
}

/// The rings of two workers and of other threads, and the poller that watches them; none if the system
/// has none for us.
fn rings() -> Option<(Rings, Reactors)> {
    ring()?;
    Some((Rings::new(true, 2), Reactors::new(1).unwrap()))
}

fn queue_nop(ring: &Ring) -> usize {
    let nop = opcode::Nop::new().build();
    // SAFETY: the entry points to nothing.
    unsafe { ring.queue(nop, Box::new(SevenPayload(7)), OperationKind::Socket) }
        .ok()
        .unwrap()
}

#[test]
fn a_worker_submits_and_reaps_for_its_own_ring_alone() {
    let Some((rings, poll)) = rings() else { return };
    let first = rings.get(Some(0), &poll).unwrap();
    let second = rings.get(Some(1), &poll).unwrap();
    assert!(!Arc::ptr_eq(first, second));
    let (by_first, by_second) = (queue_nop(first), queue_nop(second));
    rings.submit_and_reap(0);
    assert!(first.outcome(by_first, Waker::noop()).is_some());
    rings.reap_of_reactor(0);
    assert!(second.outcome(by_second, Waker::noop()).is_none());
    assert!(rings.submit_and_reap(1), "somebody waits");
    assert!(second.outcome(by_second, Waker::noop()).is_some());
    assert!(!rings.submit_and_reap(1), "there is nothing more");
}

#[test]
fn what_is_handed_over_is_submitted_by_any_thread() {
    let Some((rings, poll)) = rings() else { return };
    let ring = rings.get(None, &poll).unwrap();
    let slot = queue_nop(ring);
    std::thread::scope(|scope| scope.spawn(|| ring.submit_now()).join().unwrap());
    assert!(ring.outcome(slot, Waker::noop()).is_some());
}

/// Regression 87: an operation that cannot be cancelled was waited for, under the state's lock.
#[test]
fn regression_87_a_close_waits_no_longer_than_it_may() {
    let Some((rings, poll)) = rings() else { return };
    let rings = Arc::new(rings);
    let ring = Arc::clone(rings.get(Some(0), &poll).unwrap());
    let witness = Arc::new(());
    let held = Box::new(OperationBuffer::new([0_u8; 8], Arc::clone(&witness)));
    // As the ring sees it: in flight, and no cancelling ends it.
    ring.lock().operations.start(OperationKind::File, held);
    let limit = Duration::from_millis(300);
    let begun = Instant::now();
    rings.set_shutdown_deadline(begun + limit);
    let closing = {
        let rings = Arc::clone(&rings);
        std::thread::spawn(move || rings.close())
    };
    // Meanwhile the lock is free.
    while !closing.is_finished() {
        let asked = Instant::now();
        assert!(!ring.reap());
        let took = asked.elapsed();
        assert!(took < limit / 2, "the lock was held for {took:?}");
        std::thread::yield_now();
        assert!(begun.elapsed() < LONG, "the close does not end");
    }
    closing.join().unwrap();
    assert!(begun.elapsed() >= limit);
    // What the system may still touch stays when all is gone.
    drop((ring, rings));
    assert_eq!(Arc::strong_count(&witness), 2);
}

#[test]
fn a_close_waits_for_what_ends() {
    let Some((rings, poller)) = rings() else {
        return;
    };
    let ring = Arc::clone(rings.get(Some(0), &poller).unwrap());
    let witness = Arc::new(());
    let (mut reading, _writer) = begin(&ring, &witness);
    rings.close();
    assert!(self::poll(&mut reading).is_ready(), "it was cancelled");
    drop((reading, ring, rings));
    assert_eq!(Arc::strong_count(&witness), 1);
}

#[test]
fn after_the_close_no_ring_is_made() {
    let Some((rings, poll)) = rings() else { return };
    let first = rings.get(Some(0), &poll).unwrap();
    rings.close();
    assert!(rings.is_closed());
    let instead = rings.get(Some(1), &poll).unwrap();
    assert!(Arc::ptr_eq(first, instead), "a ring that nobody will close");
    assert!(rings.existing(Some(1)).is_none());
    let nop = opcode::Nop::new().build();
    // SAFETY: the entry points to nothing.
    let refused = unsafe { instead.queue(nop, Box::new(SevenPayload(7)), OperationKind::Socket) };
    assert!(refused.is_err());
    assert!(is_shutdown_error(&instead.refusal()));
}

#[test]
fn a_stopped_operation_is_told_so_once() {
    let Some(ring) = ring() else { return };
    let (reader, _writer) = UnixStream::pair().unwrap();
    let fd = types::Fd(reader.as_raw_fd());
    let mut bytes = Box::new([0; 8]);
    let entry = opcode::Read::new(fd, bytes.as_mut_ptr(), 8).build();
    let payload = Read {
        bytes,
        _source: reader,
        _witness: Arc::new(()),
    };
    // SAFETY: memory and socket belong to the payload.
    let slot = unsafe { ring.queue(entry, Box::new(payload), OperationKind::Socket) }
        .ok()
        .unwrap();
    ring.submit_and_reap();
    ring.cancel(slot);
    ring.cancel(slot);
    let mut told = None;
    reap_until(&ring, || {
        if let OperationStatus::Completion(completion) = ring.next(slot, Waker::noop()) {
            told = Some(completion);
        }
        told.is_some()
    });
    assert_eq!(told.unwrap().result, -libc::ECANCELED);
    ring.cancel(slot);
    let after = ring.next(slot, Waker::noop());
    assert!(matches!(after, OperationStatus::Finished(_)), "it is over");
}
