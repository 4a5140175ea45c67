//! Every kind of wait that stores a waker; those that the runtime itself wakes are made in `driven_waits`.
#![allow(unsafe_code)]

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Waker};

use selkie::io::{AsyncReadExt, AsyncWriteExt, duplex, simplex};
use selkie::sync::{
    Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, SetOnce, broadcast, mpsc, oneshot, watch,
};
use selkie::task::StopToken;
use selkie_core::sync::{FixedChannel, FixedWatch, Signal};

use crate::driven_waits;
use crate::wait::{PendingWait, Wait, ignore, made, now, waits};

fn notify_waiters(count: usize) -> PendingWait {
    let notify = Arc::new(Notify::new());
    let theirs = Arc::clone(&notify);
    let waits = waits(count, || {
        let notify = Arc::clone(&theirs);
        async move { notify.notified().await }
    });
    made(waits, move || notify.notify_waiters())
}

fn notify_one(count: usize) -> PendingWait {
    let notify = Arc::new(Notify::new());
    let theirs = Arc::clone(&notify);
    let waits = waits(count, || {
        let notify = Arc::clone(&theirs);
        async move { notify.notified().await }
    });
    // A notice that the first does not take goes on to the second, also when the first is dropped.
    made(waits, move || notify.notify_one())
}

fn semaphore(count: usize) -> PendingWait {
    let semaphore = Arc::new(Semaphore::new(0));
    let theirs = Arc::clone(&semaphore);
    let waits = waits(count, || {
        let semaphore = Arc::clone(&theirs);
        async move { ignore(semaphore.acquire().await) }
    });
    made(waits, move || semaphore.add_permits(2))
}

fn semaphore_close(count: usize) -> PendingWait {
    let semaphore = Arc::new(Semaphore::new(0));
    let theirs = Arc::clone(&semaphore);
    let waits = waits(count, || {
        let semaphore = Arc::clone(&theirs);
        async move { ignore(semaphore.acquire().await) }
    });
    made(waits, move || semaphore.close())
}

fn mutex(count: usize) -> PendingWait {
    let mutex = Arc::new(Mutex::new(()));
    let guard = Arc::clone(&mutex).try_lock_owned().unwrap();
    let waits = waits(count, || {
        let mutex = Arc::clone(&mutex);
        async move { ignore(mutex.lock().await) }
    });
    made(waits, move || ignore(guard))
}

fn rwlock_read(count: usize) -> PendingWait {
    let lock = Arc::new(RwLock::new(()));
    let guard = Arc::clone(&lock).try_write_owned().unwrap();
    let waits = waits(count, || {
        let lock = Arc::clone(&lock);
        async move { ignore(lock.read().await) }
    });
    made(waits, move || ignore(guard))
}

fn rwlock_write(count: usize) -> PendingWait {
    let lock = Arc::new(RwLock::new(()));
    let guard = Arc::clone(&lock).try_read_owned().unwrap();
    let waits = waits(count, || {
        let lock = Arc::clone(&lock);
        async move { ignore(lock.write().await) }
    });
    made(waits, move || ignore(guard))
}

fn mpsc_receive(_count: usize) -> PendingWait {
    let (sender, mut receiver) = mpsc::channel(1);
    let wait = Box::pin(async move { ignore(receiver.recv().await) });
    made(vec![wait], move || ignore(sender.try_send(1)))
}

fn mpsc_send(count: usize) -> PendingWait {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.try_send(0).unwrap();
    let waits = waits(count, || {
        let sender = sender.clone();
        async move { ignore(sender.send(1).await) }
    });
    made(waits, move || {
        // One after the other, each in place of the one before.
        ignore(receiver.try_recv());
        ignore(receiver);
    })
}

fn mpsc_closed(count: usize) -> PendingWait {
    let (sender, receiver) = mpsc::channel::<u8>(1);
    let waits = waits(count, || {
        let sender = sender.clone();
        async move { sender.closed().await }
    });
    made(waits, move || ignore(receiver))
}

fn unbounded_receive(_count: usize) -> PendingWait {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let wait = Box::pin(async move { ignore(receiver.recv().await) });
    made(vec![wait], move || ignore(sender.send(1)))
}

fn unbounded_last_sender(_count: usize) -> PendingWait {
    let (sender, mut receiver) = mpsc::unbounded_channel::<u8>();
    let wait = Box::pin(async move { ignore(receiver.recv().await) });
    made(vec![wait], move || ignore(sender))
}

fn oneshot_receive(_count: usize) -> PendingWait {
    let (sender, receiver) = oneshot::channel();
    let wait = Box::pin(async move { ignore(receiver.await) });
    made(vec![wait], move || ignore(sender.send(1)))
}

fn oneshot_closed(_count: usize) -> PendingWait {
    let (mut sender, receiver) = oneshot::channel::<u8>();
    let wait = Box::pin(async move { sender.closed().await });
    made(vec![wait], move || ignore(receiver))
}

fn watch_changed(count: usize) -> PendingWait {
    let (sender, receiver) = watch::channel(0);
    let waits = waits(count, || {
        let mut receiver = receiver.clone();
        async move { ignore(receiver.changed().await) }
    });
    made(waits, move || ignore(sender.send(1)))
}

fn watch_closed(count: usize) -> PendingWait {
    let (sender, receiver) = watch::channel(0);
    let sender = Arc::new(sender);
    let waits = waits(count, || {
        let sender = Arc::clone(&sender);
        async move { sender.closed().await }
    });
    made(waits, move || ignore(receiver))
}

fn broadcast_receive(count: usize) -> PendingWait {
    let (sender, _) = broadcast::channel(4);
    let waits = waits(count, || {
        let mut receiver = sender.subscribe();
        async move { ignore(receiver.recv().await) }
    });
    made(waits, move || ignore(sender.send(1)))
}

fn barrier(count: usize) -> PendingWait {
    let barrier = Arc::new(Barrier::new(count + 1));
    let theirs = Arc::clone(&barrier);
    let waits = waits(count, || {
        let barrier = Arc::clone(&theirs);
        async move { ignore(barrier.wait().await) }
    });
    made(waits, move || {
        // Those who gave up are counted no more.
        for _ in 0..=count {
            let barrier = Arc::clone(&barrier);
            let mut wait = Box::pin(async move { ignore(barrier.wait().await) });
            let polled = wait.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            if polled.is_ready() {
                return;
            }
            std::mem::forget(wait);
        }
    })
}

fn once_cell(count: usize) -> PendingWait {
    let cell = Arc::new(OnceCell::new());
    let (begin, begun) = oneshot::channel::<()>();
    let theirs = Arc::clone(&cell);
    let mut first = Box::pin(async move {
        theirs
            .get_or_init(|| async {
                let _begun = begun.await;
                1
            })
            .await;
    });
    let polled = first.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    let waits = waits(count, || {
        let cell = Arc::clone(&cell);
        async move {
            cell.get_or_init(|| async { 2 }).await;
        }
    });
    made(waits, move || {
        let _sent = begin.send(());
        now(first);
    })
}

fn set_once(count: usize) -> PendingWait {
    let cell = Arc::new(SetOnce::new());
    let theirs = Arc::clone(&cell);
    let waits = waits(count, || {
        let cell = Arc::clone(&theirs);
        async move {
            cell.wait().await;
        }
    });
    made(waits, move || ignore(cell.set(1)))
}

/// What stands in statics on chips.
fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn fixed_receive(count: usize) -> PendingWait {
    let channel = leaked(FixedChannel::<u8, 2>::new());
    let waits = waits(count, || async { ignore(channel.recv().await) });
    made(waits, || {
        for _ in 0..2 {
            ignore(channel.try_send(1));
        }
    })
}

fn fixed_send(count: usize) -> PendingWait {
    let channel = leaked(FixedChannel::<u8, 1>::new());
    ignore(channel.try_send(0));
    let waits = waits(count, || async { channel.send(1).await });
    made(waits, || {
        for _ in 0..3 {
            ignore(channel.try_recv());
        }
    })
}

fn fixed_watch(count: usize) -> PendingWait {
    let watch = leaked(FixedWatch::new(0));
    let waits = waits(count, || {
        let mut receiver = watch.subscribe();
        async move { receiver.changed().await }
    });
    made(waits, || watch.send_modify(|value| *value += 1))
}

fn signal_of_chips(_count: usize) -> PendingWait {
    let signal = leaked(Signal::<u8>::new());
    let wait = Box::pin(async { ignore(signal.wait().await) });
    made(vec![wait], || ignore(signal.signal(1)))
}

fn stop_token(count: usize) -> PendingWait {
    let token = StopToken::new();
    let theirs = token.clone();
    let waits = waits(count, || {
        let token = theirs.clone();
        async move { token.stopped().await }
    });
    made(waits, move || token.stop())
}

fn duplex_read(_count: usize) -> PendingWait {
    let (mut one, mut other) = duplex(4);
    let wait = Box::pin(async move { ignore(one.read_u8().await) });
    made(vec![wait], move || now(other.write_u8(1)))
}

fn duplex_write(_count: usize) -> PendingWait {
    let (mut one, mut other) = duplex(1);
    now(one.write_u8(1));
    let wait = Box::pin(async move { ignore(one.write_u8(2).await) });
    made(vec![wait], move || now(other.read_u8()))
}

fn simplex_read(_count: usize) -> PendingWait {
    let (mut reader, mut writer) = simplex(4);
    let wait = Box::pin(async move { ignore(reader.read_u8().await) });
    made(vec![wait], move || now(writer.write_u8(1)))
}

const fn by_caller(name: &'static str, many: bool, make: fn(usize) -> PendingWait) -> Wait {
    Wait {
        name,
        driven: false,
        many,
        keeps: false,
        tries_again: false,
        make,
    }
}

const fn driven(name: &'static str, many: bool, make: fn(usize) -> PendingWait) -> Wait {
    Wait {
        name,
        driven: true,
        many,
        keeps: false,
        tries_again: false,
        make,
    }
}

pub(crate) static WAITS: &[Wait] = &[
    by_caller("notify_waiters", true, notify_waiters),
    by_caller("notify_one", false, notify_one),
    by_caller("semaphore", true, semaphore),
    by_caller("semaphore_close", true, semaphore_close),
    by_caller("mutex", true, mutex),
    by_caller("rwlock_read", true, rwlock_read),
    by_caller("rwlock_write", true, rwlock_write),
    by_caller("mpsc_receive", false, mpsc_receive),
    by_caller("mpsc_send", true, mpsc_send),
    by_caller("mpsc_closed", true, mpsc_closed),
    by_caller("unbounded_receive", false, unbounded_receive),
    by_caller("unbounded_last_sender", false, unbounded_last_sender),
    by_caller("oneshot_receive", false, oneshot_receive),
    by_caller("oneshot_closed", false, oneshot_closed),
    by_caller("watch_changed", true, watch_changed),
    by_caller("watch_closed", true, watch_closed),
    by_caller("broadcast_receive", true, broadcast_receive),
    by_caller("barrier", true, barrier),
    by_caller("once_cell", true, once_cell),
    by_caller("set_once", true, set_once),
    by_caller("fixed_receive", true, fixed_receive),
    by_caller("fixed_send", true, fixed_send),
    by_caller("fixed_watch", true, fixed_watch),
    Wait {
        keeps: true,
        ..by_caller("signal_of_chips", false, signal_of_chips)
    },
    by_caller("stop_token", true, stop_token),
    Wait {
        keeps: true,
        ..by_caller("duplex_read", false, duplex_read)
    },
    Wait {
        keeps: true,
        ..by_caller("duplex_write", false, duplex_write)
    },
    Wait {
        keeps: true,
        ..by_caller("simplex_read", false, simplex_read)
    },
    driven("sleep", true, driven_waits::sleeps),
    driven("interval", true, driven_waits::ticks),
    driven("timeout", true, driven_waits::timeouts),
    driven("readable", true, driven_waits::readable),
    driven("poll_readable", false, driven_waits::poll_readable),
    driven("join_handle", false, driven_waits::join_handle),
    driven("aborted_handle", false, driven_waits::aborted_handle),
    driven("join_set", false, driven_waits::join_set),
    driven("scope", false, driven_waits::scope),
    driven("blocking_handle", false, driven_waits::blocking_handle),
    driven("signal", true, driven_waits::signals),
    driven("child", false, driven_waits::children),
    driven("file", false, driven_waits::file_read),
    Wait {
        tries_again: true,
        ..driven("file_lock", true, driven_waits::file_lock)
    },
    driven("ring_read", false, driven_waits::ring_read),
];
