//! The process's handler of console events, and who listens.
//!
//! Idea        One handler for the process, installed at the first listener. The system calls it in a
//!             thread of its own, so that it may take locks; it marks the listeners of the event.
//! States      of a listener: quiet ─event→ heard ─poll→ quiet; events before a poll count as one
//! Invariants  I1 wakers are woken and dropped with no lock held.
//!             I2 a listener is in the list of its event as long as it lives.
//! Rejected    A channel that watches: its receivers wait by futures, and these are polled by hand.
#![allow(unsafe_code)]

use std::io;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

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

static LISTENERS: [Lock<Vec<Arc<Ear>>>; 5] = [const { Lock::new(Vec::new()) }; 5];

/// Whether the handler is installed.
static INSTALLED: Lock<bool> = Lock::new(false);

#[derive(Debug, Default)]
struct Ear {
    state: Lock<State>,
}

#[derive(Debug, Default)]
struct State {
    heard: bool,
    waker: Option<Waker>,
}

fn listeners(kind: u32) -> Option<&'static Lock<Vec<Arc<Ear>>>> {
    let index = KINDS.iter().position(|&known| known == kind)?;
    Some(&LISTENERS[index])
}

/// Marks who listens to `kind`; whether anybody does.
fn tell(kind: u32) -> bool {
    let Some(listeners) = listeners(kind) else {
        return false;
    };
    let ears = listeners.lock().clone();
    for ear in &ears {
        let waker = {
            let mut state = ear.state.lock();
            state.heard = true;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake(); // I1
        }
    }
    !ears.is_empty()
}

/// What the system calls, in a thread of its own.
unsafe extern "system" fn on_event(kind: u32) -> windows_sys::core::BOOL {
    if !tell(kind) {
        return 0;
    }
    if matches!(
        kind,
        CTRL_CLOSE_EVENT | CTRL_LOGOFF_EVENT | CTRL_SHUTDOWN_EVENT
    ) {
        // The process ends when this returns; meanwhile it may do so by itself.
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
    ear: Arc<Ear>,
}

impl Listener {
    /// Listens to `kind` from now on.
    pub(super) fn new(kind: u32) -> io::Result<Self> {
        install()?;
        let ear = Arc::new(Ear::default());
        let listeners = listeners(kind).ok_or(io::ErrorKind::InvalidInput)?;
        listeners.lock().push(Arc::clone(&ear));
        Ok(Self { kind, ear })
    }

    /// Waits for the next event.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mine = cx.waker().clone();
        let mut state = self.ear.state.lock();
        if mem::take(&mut state.heard) {
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
            let place = listeners.iter().position(|ear| Arc::ptr_eq(ear, &self.ear));
            let gone = place.map(|place| listeners.swap_remove(place)); // I2
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

    use super::{CTRL_BREAK_EVENT, Listener, tell};

    #[derive(Default)]
    struct Wakes(AtomicU32);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn an_event_goes_to_its_listeners_and_else_to_the_system() {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let mut cx = Context::from_waker(&waker);
        assert!(!tell(CTRL_BREAK_EVENT), "nobody listened");
        let one = Listener::new(CTRL_BREAK_EVENT).expect("a listener");
        let other = Listener::new(CTRL_BREAK_EVENT).expect("a listener");
        assert!(one.poll(&mut cx).is_pending());
        assert!(tell(CTRL_BREAK_EVENT));
        assert!(tell(CTRL_BREAK_EVENT));
        assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
        assert!(one.poll(&mut cx).is_ready());
        assert!(one.poll(&mut cx).is_pending(), "two events count as one");
        assert!(other.poll(&mut cx).is_ready());
        drop((one, other));
        assert!(!tell(CTRL_BREAK_EVENT), "a listener outlived its drop");
        assert!(!tell(77), "there is no such event");
    }
}
