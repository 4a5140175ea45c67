//! Whose turn it is: the one door through which threads enter the simulated kernel.

use std::any::Any;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::invariants::broken_invariant;
use super::local::{InsideGuard, current, set_current};
use super::report;
use super::state::State;
use super::step::Step;
use super::threads::Phase;
use crate::ids::{HostId, ThreadId};
use crate::sys::WaitWord;

/// The world of this process. Only the thread that has the turn locks it, so nobody ever waits for it.
static WORLD: Mutex<Option<State>> = Mutex::new(None);

/// Says to who began the simulation that it is over.
static OVER: Mutex<Option<Outcome>> = Mutex::new(None);
static OVER_WORD: WaitWord = WaitWord::new();

/// How a simulation has ended.
pub(crate) type Outcome = Result<Box<dyn Any + Send>, String>;

struct Guard(MutexGuard<'static, Option<State>>);

impl Guard {
    fn lock() -> Self {
        Self(WORLD.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn state(&mut self) -> &mut State {
        self.0.as_mut().expect("the simulation has begun")
    }
}

/// Makes a call of the running thread: tries until it is done, and lets others run meanwhile.
pub(crate) fn call<T>(attempt: impl FnMut(&mut State) -> Step<T>) -> T {
    let value = make(attempt);
    if let Some(why) = broken_invariant() {
        finish(Err(format!("an invariant does not hold: {why}")));
    }
    value
}

fn make<T>(mut attempt: impl FnMut(&mut State) -> Step<T>) -> T {
    let me = current().expect("a simulated thread");
    let _inside = InsideGuard::enter();
    let mut guard = Guard::lock();
    if guard.state().begin_call() {
        guard = give_turn(guard, me);
    }
    loop {
        match attempt(guard.state()) {
            Step::Done(value) => return value,
            Step::Wait { channels, until } => {
                guard.state().wait(channels, until);
                guard = give_turn(guard, me);
            }
        }
    }
}

/// Looks at something that changes by itself, such as a clock. A thread that does nothing but look waits for others, in its own
/// way: now and then they get the turn.
pub(crate) fn look<T>(at: impl FnOnce(&mut State) -> T) -> T {
    let me = current().expect("a simulated thread");
    let _inside = InsideGuard::enter();
    let mut guard = Guard::lock();
    if guard.state().has_looked_enough() {
        guard = give_turn(guard, me);
    }
    at(guard.state())
}

/// Looks at the world, or changes it, without giving the turn away.
///
/// A thread that ends its own host does not come back.
pub(crate) fn read<T>(look: impl FnOnce(&mut State) -> T) -> T {
    let _inside = InsideGuard::enter();
    let mut guard = Guard::lock();
    let value = look(guard.state());
    if let Some(me) = current().filter(|&me| guard.state().is_frozen(me)) {
        drop(give_turn(guard, me));
    }
    value
}

/// Gives the turn to whoever is next, and comes back with it.
fn give_turn(mut guard: Guard, me: ThreadId) -> Guard {
    let state = guard.state();
    let own = state.threads[me.0 as usize].word.clone();
    let next = state.next_turn();
    if next == Some(me) {
        return guard;
    }
    pass_on(guard, next);
    own.wait();
    Guard::lock()
}

/// Lets `next` go on; if that is nobody, nothing can happen any more.
fn pass_on(mut guard: Guard, next: Option<ThreadId>) {
    let state = guard.state();
    let Some(next) = next else {
        let why = report::stuck(state);
        drop(guard);
        end_with(Err(why));
        return;
    };
    let word = state.threads[next.0 as usize].word.clone();
    drop(guard);
    word.set();
}

fn end_with(ending: Outcome) {
    let mut over = OVER.lock().unwrap_or_else(PoisonError::into_inner);
    if over.is_none() {
        *over = Some(ending);
    }
    drop(over);
    OVER_WORD.set();
}

/// Ends the simulation; the thread that says so stands still, as all others do.
pub(crate) fn finish(ending: Outcome) -> ! {
    let _inside = InsideGuard::enter();
    end_with(ending);
    let never = WaitWord::new();
    loop {
        never.wait();
    }
}

/// A new thread waits for its first turn, and is that thread from then on.
pub(crate) fn begin_thread(thread: ThreadId, word: &WaitWord) {
    word.wait();
    set_current(Some(thread));
}

/// The running thread has ended: the turn goes on, and its real thread is none of the simulation's.
pub(crate) fn end_thread() {
    let Some(_) = current() else { return };
    let _inside = InsideGuard::enter();
    let mut guard = Guard::lock();
    let state = guard.state();
    state.end_thread();
    let next = state.next_turn();
    pass_on(guard, next);
    set_current(None);
}

/// Begins the simulation with the thread that `start` makes, and waits for its end.
pub(crate) fn run_world(state: State, start: impl FnOnce()) -> (Outcome, State) {
    *WORLD.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
    start();
    let mut guard = Guard::lock();
    let first = guard.state().next_turn();
    pass_on(guard, first);
    OVER_WORD.wait();
    let ending = OVER.lock().unwrap_or_else(PoisonError::into_inner).take();
    let state = WORLD.lock().unwrap_or_else(PoisonError::into_inner).take();
    (ending.expect("it is over"), state.expect("it was there"))
}

/// Adds a thread to `host`, from outside the simulation or from within.
pub(crate) fn add_thread(host: HostId) -> (ThreadId, std::sync::Arc<WaitWord>) {
    read(|state| {
        let thread = state.add_thread(host);
        (thread, state.threads[thread.0 as usize].word.clone())
    })
}

/// Whether a thread has ended.
pub(crate) fn has_ended(state: &State, thread: ThreadId) -> bool {
    state.threads[thread.0 as usize].phase == Phase::Ended
}
