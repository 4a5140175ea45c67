//! What a runtime does when the process gets a signal, whatever its workers are at.
//!
//! Idea        A thread waits for the signal with a small runtime of its own, so that it acts also while all workers of the
//!             other one are stuck.
//! States      waiting → acting → waiting …, until the other runtime shuts down

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use crate::context::{Handle, Inner, Resource};
use crate::runtime::{Builder, Runtime};
use crate::sync::oneshot;
use crate::threads::start_library_thread;

use super::unix::{Signal, SignalKind, signal};

/// Starts the thread, which is called `name` and calls `act` for the runtime of `handle`, for each signal of `kind`.
///
/// # Errors
/// As [`signal`], or if the system gives no thread.
pub(super) fn start_action<F, A>(
    handle: &Handle,
    kind: SignalKind,
    name: &str,
    act: F,
) -> io::Result<Resource>
where
    F: Fn(Handle) -> A + Send + 'static,
    A: Future<Output = ()>,
{
    let (end, ended) = oneshot::channel::<()>();
    let runtime = Builder::new_current_thread().enable_io().build_part()?;
    let runtime = BackgroundRuntime(Some(runtime));
    let signals = {
        let _entered = runtime.get().enter();
        signal(kind)?
    };
    let other = Arc::downgrade(&handle.inner);
    let work = move || wait(runtime.get(), signals, ended, &other, act);
    start_library_thread(name, Box::new(work))?;
    Ok(Box::new(end))
}

/// A runtime without tasks, which nobody waits for who drops it: that may be a task, if the thread cannot be started.
struct BackgroundRuntime(Option<Runtime>);

impl BackgroundRuntime {
    fn get(&self) -> &Runtime {
        self.0.as_ref().expect("taken by the drop alone")
    }
}

impl Drop for BackgroundRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The thread: acts for each of `signals`, until `other` has `ended`.
fn wait<A: Future<Output = ()>>(
    runtime: &Runtime,
    mut signals: Signal,
    ended: oneshot::Receiver<()>,
    other: &Weak<Inner>,
    act: impl Fn(Handle) -> A,
) {
    runtime.block_on(async move {
        let mut ended = pin!(ended);
        loop {
            let mut next = |cx: &mut Context<'_>| {
                if ended.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(None);
                }
                signals.poll_recv(cx)
            };
            if poll_fn(&mut next).await.is_none() {
                return;
            }
            let Some(inner) = other.upgrade() else {
                return;
            };
            act(Handle { inner }).await;
        }
    });
}
