//! The handler of console events, and the listeners.
//!
//! Idea        One handler per process, installed by the first listener. The system calls it on a thread of its
//!             own, so that it may take locks; it marks the event as pending for its listeners.
//! States      of a listener: idle ─event→ pending ─poll→ idle; events before a poll count as one
//! Invariants  I1 wakers are woken and dropped while no lock is held.
//!             I2 a listener is in the list of its event as long as it lives.
//! Rejected    A watch channel: its receivers wait by futures, and these are polled directly.
#![allow(unsafe_code)]

use std::io;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use selkie_core::raw::coop;
use selkie_core::raw::platform::Lock;
use windows_sys::Win32::System::Console::{
    CTRL_BREAK_EVENT, CTRL_C_EVENT, CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT,
    SetConsoleCtrlHandler,
};

/// The kinds of event, in the order of `LISTENERS`.
const KINDS: [u32; 5] = [
    CTRL_C_EVENT,
    CTRL_BREAK_EVENT,
    CTRL_CLOSE_EVENT,
    CTRL_LOGOFF_EVENT,
    CTRL_SHUTDOWN_EVENT,
];

static LISTENERS: [Lock<Vec<Arc<EventListener>>>; 5] = [const { Lock::new(Vec::new()) }; 5];

/// Whether the handler is installed.
static INSTALLED: Lock<bool> = Lock::new(false);

#[derive(Debug, Default)]
struct EventListener {
    state: Lock<State>,
}

#[derive(Debug, Default)]
struct State {
    pending: bool,
    waker: Option<Waker>,
}

fn listeners(kind: u32) -> Option<&'static Lock<Vec<Arc<EventListener>>>> {
    let index = KINDS.iter().position(|&known| known == kind)?;
    Some(&LISTENERS[index])
}

/// Marks `kind` as pending for its listeners, and wakes them; returns whether there are any.
fn notify(kind: u32) -> bool {
    let Some(listeners) = listeners(kind) else {
        return false;
    };
    let all = listeners.lock().clone();
    for listener in &all {
        let waker = {
            let mut state = listener.state.lock();
            state.pending = true;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake(); // I1
        }
    }
    !all.is_empty()
}

/// Called by the system, on a thread of its own.
unsafe extern "system" fn on_event(kind: u32) -> windows_sys::core::BOOL {
    if !notify(kind) {
        return 0;
    }
    if matches!(
        kind,
        CTRL_CLOSE_EVENT | CTRL_LOGOFF_EVENT | CTRL_SHUTDOWN_EVENT
    ) {
        // The process ends when this returns; until then it may end itself in order.
        loop {
            std::thread::park();
        }
    }
    1
}

fn install() -> io::Result<()> {
    let mut installed = INSTALLED.lock();
    if !*installed {
        // SAFETY: the handler is a function of this program, which is never unloaded.
        if unsafe { SetConsoleCtrlHandler(Some(on_event), 1) } == 0 {
            return Err(io::Error::last_os_error());
        }
        *installed = true;
    }
    Ok(())
}

/// Listens to one kind of event.
#[derive(Debug)]
pub(super) struct Listener {
    kind: u32,
    shared: Arc<EventListener>,
}

impl Listener {
    /// Listens to `kind` from now on.
    pub(super) fn new(kind: u32) -> io::Result<Self> {
        install()?;
        let shared = Arc::new(EventListener::default());
        let listeners = listeners(kind).ok_or(io::ErrorKind::InvalidInput)?;
        listeners.lock().push(Arc::clone(&shared));
        Ok(Self { kind, shared })
    }

    /// Waits for the next event.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(coop::poll_leaf(cx));
        let mine = cx.waker().clone();
        let mut state = self.shared.state.lock();
        if mem::take(&mut state.pending) {
            drop(state);
            return Poll::Ready(());
        }
        let before = state.waker.replace(mine);
        drop(state);
        drop(before); // I1
        Poll::Pending
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(listeners) = listeners(self.kind) {
            let mut listeners = listeners.lock();
            let index = listeners
                .iter()
                .position(|other| Arc::ptr_eq(other, &self.shared));
            let gone = index.map(|index| listeners.swap_remove(index)); // I2
            drop(listeners);
            drop(gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::{Context, Wake, Waker};

    use super::{CTRL_BREAK_EVENT, Listener, notify};

    #[derive(Default)]
    struct Wakes(AtomicU32);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn an_event_goes_to_its_listeners_or_to_the_system_if_there_are_none() {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let mut cx = Context::from_waker(&waker);
        assert!(!notify(CTRL_BREAK_EVENT), "nobody listened");
        let one = Listener::new(CTRL_BREAK_EVENT).expect("a listener");
        let other = Listener::new(CTRL_BREAK_EVENT).expect("a listener");
        assert!(one.poll(&mut cx).is_pending());
        assert!(notify(CTRL_BREAK_EVENT));
        assert!(notify(CTRL_BREAK_EVENT));
        assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
        assert!(one.poll(&mut cx).is_ready());
        assert!(one.poll(&mut cx).is_pending(), "two events count as one");
        assert!(other.poll(&mut cx).is_ready());
        drop((one, other));
        assert!(!notify(CTRL_BREAK_EVENT), "a listener outlived its drop");
        assert!(!notify(77), "there is no such event");
    }
}
