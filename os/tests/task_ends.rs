//! Tasks of all shapes, on runtimes of all flavors: each future and each output is dropped once, whatever panics.
//!
//! Nothing here waits for I/O or for real time, so that Miri can run it.

use std::future::{Future, pending, poll_fn, ready};
use std::marker::PhantomPinned;
use std::panic::catch_unwind;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use selkie::runtime::{Builder, Handle, LocalRuntime};
use selkie::task::{self, JoinHandle};

/// Runs `work` on a runtime of each flavor.
fn on_each<F: Future<Output = ()> + Send + 'static>(work: impl Fn() -> F) {
    let current_thread = Builder::new_current_thread().build().unwrap();
    current_thread.block_on(work());
    LocalRuntime::new().unwrap().block_on(work());
    let workers = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    workers.block_on(async { task::spawn(work()).await.unwrap() });
}

#[repr(align(64))]
struct WideValue(u8);

/// Says where it is, and stays there.
struct StaysInPlace(usize, PhantomPinned);

impl Future for StaysInPlace {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let here = std::ptr::from_ref(&*self).addr();
        if self.0 == here {
            return Poll::Ready(());
        }
        assert_eq!(self.0, 0, "it was moved");
        // SAFETY: nothing is moved out.
        #[allow(unsafe_code)]
        let this = unsafe { self.get_unchecked_mut() };
        this.0 = here;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[test]
fn futures_and_outputs_of_all_shapes() {
    on_each(|| async {
        task::spawn(ready(())).await.unwrap();
        task::spawn(StaysInPlace(0, PhantomPinned)).await.unwrap();
        let wide = WideValue(1);
        let first = async move {
            task::yield_now().await;
            (std::ptr::from_ref(&wide).addr() % 64, wide.0)
        };
        assert_eq!(task::spawn(first).await.unwrap(), (0, 1));
        assert_eq!(task::spawn(async { WideValue(2) }).await.unwrap().0, 2);
        let large = [3; 9000];
        let last = async move {
            task::yield_now().await;
            large[8999]
        };
        assert_eq!(task::spawn(last).await.unwrap(), 3);
        let large = task::spawn(async { [4; 9000] }).await.unwrap();
        assert_eq!(large, [4; 9000]);
    });
}

/// Panics when it is dropped, if so asked, after the `Arc` in it.
struct DropCase {
    _counted: Arc<()>,
    panics: bool,
}

impl Drop for DropCase {
    fn drop(&mut self) {
        assert!(!self.panics, "dropped");
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Poller {
    Waits,
    Panics,
    Returns,
    WakesItself,
}

struct PolledCase {
    poller: Poller,
    held: DropCase,
    output: Option<DropCase>,
}

impl Future for PolledCase {
    type Output = Option<DropCase>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<DropCase>> {
        match self.poller {
            Poller::Waits => Poll::Pending,
            Poller::Panics => panic!("polled, with {}", self.held.panics),
            Poller::Returns => Poll::Ready(self.output.take()),
            Poller::WakesItself => {
                self.poller = Poller::Returns;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

async fn settle() {
    for _ in 0..4 {
        task::yield_now().await;
    }
}

/// Drops what a task has left, and its panic.
fn drop_caught<T>(value: T) {
    drop(catch_unwind(std::panic::AssertUnwindSafe(|| drop(value))));
}

/// Begins to join `task`, so that it has a waker.
fn poll_once<T>(task: &mut JoinHandle<T>) {
    let mut cx = Context::from_waker(Waker::noop());
    drop_caught(Pin::new(task).poll(&mut cx));
}

async fn end_each_way(poller: Poller, future_panics: bool, output_panics: bool) {
    let counted = Arc::new(());
    for way in 0..4 {
        let dropped = |panics| DropCase {
            _counted: Arc::clone(&counted),
            panics,
        };
        // What was not returned is dropped after the rest, in one drop of which one part may panic.
        let is_returned = way != 3 && matches!(poller, Poller::Returns | Poller::WakesItself);
        let case = PolledCase {
            poller,
            held: dropped(future_panics),
            output: Some(dropped(output_panics && (is_returned || !future_panics))),
        };
        let mut handle = task::spawn(case);
        match way {
            0 => {
                settle().await;
                handle.abort();
                drop_caught(handle.await);
            }
            1 => {
                poll_once(&mut handle);
                let stop = handle.abort_handle();
                drop_caught(handle);
                settle().await;
                stop.abort();
            }
            2 => {
                settle().await;
                let stop = handle.abort_handle();
                drop_caught(handle);
                stop.abort();
            }
            _ => {
                handle.abort();
                drop_caught(handle.await);
            }
        }
        while Arc::strong_count(&counted) > 1 {
            task::yield_now().await;
        }
    }
}

#[test]
fn what_panics_is_dropped_once() {
    std::panic::set_hook(Box::new(|_| ()));
    let pollers = [
        Poller::Waits,
        Poller::Panics,
        Poller::Returns,
        Poller::WakesItself,
    ];
    for poller in pollers {
        for (future_panics, output_panics) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            on_each(move || end_each_way(poller, future_panics, output_panics));
        }
    }
}

/// Spawns when it is dropped.
struct SpawnsAtDrop(Handle, Arc<()>);

impl Drop for SpawnsAtDrop {
    fn drop(&mut self) {
        let counted = Arc::clone(&self.1);
        drop(self.0.spawn(async move {
            let _counted = counted;
            pending::<()>().await;
        }));
    }
}

#[test]
fn a_task_that_is_spawned_when_its_runtime_ends_or_has_ended_is_dropped() {
    let counted = Arc::new(());
    let theirs = Arc::clone(&counted);
    on_each(move || {
        let theirs = Arc::clone(&theirs);
        async move {
            let spawns = SpawnsAtDrop(Handle::current(), Arc::clone(&theirs));
            drop(task::spawn(async move {
                let _spawns = spawns;
                pending::<()>().await;
            }));
            task::yield_now().await;
        }
    });
    assert_eq!(Arc::strong_count(&counted), 1);
    let ended = Builder::new_current_thread().build().unwrap();
    let handle = ended.handle().clone();
    drop(ended);
    let spawns = SpawnsAtDrop(handle.clone(), Arc::clone(&counted));
    let task = handle.spawn(async move {
        let _spawns = spawns;
    });
    assert!(task.is_finished() && Arc::strong_count(&counted) == 1);
}

#[test]
fn stale_wakers_wake_nothing_of_a_runtime_of_another_flavor() {
    let stale: Arc<Mutex<Vec<Waker>>> = Arc::default();
    let keep = Arc::clone(&stale);
    let kept = move || {
        let keep = Arc::clone(&keep);
        poll_fn(move |cx| {
            keep.lock().unwrap().push(cx.waker().clone());
            Poll::Ready(7)
        })
    };
    for _ in 0..2 {
        let kept = kept.clone();
        let wakers = Arc::clone(&stale);
        on_each(move || {
            let (kept, wakers) = (kept(), Arc::clone(&wakers));
            async move {
                let task = task::spawn(kept);
                for waker in &*wakers.lock().unwrap() {
                    waker.wake_by_ref();
                }
                assert_eq!(task.await.unwrap(), 7);
            }
        });
        let local = LocalRuntime::new().unwrap();
        let word = Rc::new(5);
        let task = local.spawn_local(async move {
            task::yield_now().await;
            *word
        });
        for waker in &*stale.lock().unwrap() {
            waker.wake_by_ref();
        }
        assert_eq!(local.block_on(task).unwrap(), 5);
    }
}
