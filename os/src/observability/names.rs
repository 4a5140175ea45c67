//! The names of the tasks that have one, whatever their runtime.
//!
//! Idea        A named task brings a guard along, which takes the name back when the future is dropped. A task without a
//!             name pays a word, and only where one could be given: of a builder, or of a `LocalSet`. The hook for the end of a task comes after that, so the thread remembers the name that
//!             it took back last.
//! Invariants  I1 a name is in the table from before its task is spawned until its future is dropped.
//! Rejected    A name in each task's header: a word for every task, for the few that have one.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::{self, Write};
use std::future::Future;
use std::hash::BuildHasherDefault;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use selkie_core::task::Id;

use super::number_hasher::NumberHasher;

type Table = HashMap<Id, Arc<str>, BuildHasherDefault<NumberHasher>>;

static NAMES: Mutex<Table> = Mutex::new(HashMap::with_hasher(BuildHasherDefault::new()));

/// How many names there have been so far: while there was none, nobody looks.
static GIVEN: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The name that this thread took back last.
    static LAST: RefCell<Option<(Id, Arc<str>)>> = const { RefCell::new(None) };
}

#[inline]
fn names() -> MutexGuard<'static, Table> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of the task `id`, if it has one; also right after its end, on the thread on which it ended.
#[inline]
pub(crate) fn name_of(id: Id) -> Option<Arc<str>> {
    // Relaxed: whoever has the id of a named task has it from where the name was given.
    if GIVEN.load(Ordering::Relaxed) == 0 {
        return None;
    }
    if let Some(name) = names().get(&id) {
        return Some(Arc::clone(name));
    }
    let last = |last: &RefCell<Option<(Id, Arc<str>)>>| {
        let last = last.try_borrow().ok()?;
        let (of, name) = last.as_ref()?;
        (*of == id).then(|| Arc::clone(name))
    };
    LAST.try_with(last).ok().flatten()
}

/// A name as it is printed: what would move a terminal's cursor, or begin a line, is a `?`.
#[derive(Debug, Clone, Copy)]
pub(super) struct PrintedName<'a>(pub(super) &'a str);

impl fmt::Display for PrintedName<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut letters = self.0.chars();
        letters.try_for_each(|letter| f.write_char(if letter.is_control() { '?' } else { letter }))
    }
}

/// The names of all tasks that have one.
#[inline]
pub(crate) fn all_names() -> Vec<(Id, Arc<str>)> {
    let names = names();
    let mut all = Vec::with_capacity(names.len());
    for (id, name) in names.iter() {
        all.push((*id, Arc::clone(name)));
    }
    all
}

/// Takes the name out of the table when it drops (I1).
struct NameGuard(Id);

impl Drop for NameGuard {
    #[inline]
    fn drop(&mut self) {
        let name = names().remove(&self.0);
        let remember = |last: &RefCell<_>| last.replace(name.map(|name| (self.0, name)));
        // A thread that ends remembers nothing.
        let _before = LAST.try_with(remember);
    }
}

pin_project! {
    /// The future of a task that may have a name.
    pub(crate) struct NamedFuture<F> {
        #[pin]
        future: F,
        name: Option<NameGuard>,
    }
}

/// Gives the task `id`, whose future this is, a name until the future is dropped.
#[inline]
pub(crate) fn named<F: Future>(future: F, id: Id, name: Option<&str>) -> NamedFuture<F> {
    let name = name.map(|name| {
        let name = Arc::from(name);
        names().insert(id, name);
        // Relaxed: as in `name_of`.
        GIVEN.fetch_add(1, Ordering::Relaxed);
        NameGuard(id)
    });
    NamedFuture { future, name }
}

impl<F: Future> Future for NamedFuture<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::PrintedName;

    #[test]
    fn printed_names_stay_on_their_line() {
        let printed = PrintedName("sea\u{1b}[2J\n\u{9b}1mü <b>").to_string();
        assert_eq!(printed, "sea?[2J??1mü <b>");
    }
}
