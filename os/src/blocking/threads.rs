//! The pool's threads: how a job gets to a thread, and what each thread does.

use std::cell::Cell;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use selkie_core::raw::platform::contain_panic;
use selkie_core::raw::task::Notified;

use super::closure::Job;
use super::mailbox::Mailbox;
use super::pool::{BlockingPool, SpawnError, State};
use crate::config::call;

/// What a thread is called whose name could not be made.
const THREAD_NAME: &str = "tokio-rt-worker";

/// Blocks of slots whose memory a thread gives back before it waits for work.
const TRIMMED_BLOCKS: usize = 4;

thread_local! {
    /// The pool that this thread belongs to, or null.
    static POOL: Cell<*const BlockingPool> = const { Cell::new(std::ptr::null()) };
}

impl BlockingPool {
    /// Runs `work` on a thread of its own, also when the limit is reached.
    pub(crate) fn spawn_thread(self: &Arc<Self>, work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
        let kept = ClosureThreadGuard(Arc::clone(self));
        let work: Box<dyn FnOnce() + Send> = Box::new(move || {
            let _kept = kept;
            work();
        });
        let mut state = self.lock();
        state.kept += 1;
        let (mut state, name) = self.name_for(state, |state| state.idle.is_empty());
        if let Some(mailbox) = state.idle.pop() {
            drop(state);
            mailbox.put(Job::Thread(work));
            return Ok(());
        }
        self.start_thread(&mut state, name, Job::Thread(work))
            .map_err(|(error, work)| {
                drop(state); // `Kept` takes the lock.
                drop(work);
                error
            })
    }

    /// Queues `job`, and wakes or starts a thread, unless one was woken or started that has not arrived yet.
    pub(super) fn give(
        self: &Arc<Self>,
        state: MutexGuard<'_, State>,
        job: Job,
    ) -> Result<(), SpawnError> {
        let (mut state, name) =
            self.name_for(state, |state| !state.arriving && self.needs_thread(state));
        if !self.is_open() {
            // It was closed while the thread was named.
            drop(state);
            job.cancel();
            self.lock().finish_tasks(false);
            return Err(SpawnError::Closed);
        }
        state.queue.push_back(job);
        if state.arriving {
            return Ok(());
        }
        let Err((error, mut state)) = self.send_thread(state, name) else {
            return Ok(());
        };
        // No thread of the pool is there, so nothing else was queued.
        let job = state.queue.pop_front();
        drop(state);
        if let Some(job) = job {
            job.cancel();
        }
        Err(SpawnError::NoThread(error))
    }

    /// Whether a job needs a new thread, and may have one.
    fn needs_thread(&self, state: &State) -> bool {
        state.idle.is_empty() && state.for_closures() < self.config.max_blocking_threads
    }

    /// A name for a thread, if one `is_needed`: made outside the lock, for it is foreign code. Where that
    /// panics, the thread has the name that threads have by default.
    fn name_for<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        is_needed: impl FnOnce(&State) -> bool,
    ) -> (MutexGuard<'a, State>, Option<String>) {
        if !is_needed(&state) {
            return (state, None);
        }
        drop(state);
        let name = contain_panic(|| (self.config.thread_name)());
        (self.lock(), name)
    }

    /// Hands the first of the queue to an idle thread, else to a new one, unless there may be no more.
    ///
    /// # Errors
    /// If the system has no thread for us and the pool has none; the job is still queued.
    fn send_thread<'a>(
        self: &Arc<Self>,
        mut state: MutexGuard<'a, State>,
        name: Option<String>,
    ) -> Result<(), (io::Error, MutexGuard<'a, State>)> {
        if state.idle.is_empty() && !self.needs_thread(&state) {
            return Ok(());
        }
        let Some(job) = state.queue.pop_front() else {
            return Ok(());
        };
        // What the thread begins with is this very job, so that a shutdown right after finds it begun.
        if let Some(mailbox) = state.idle.pop() {
            state.arriving = true;
            drop(state);
            mailbox.put(job);
            return Ok(());
        }
        match self.start_thread(&mut state, name, job) {
            Ok(()) => state.arriving = true,
            Err((error, job)) => {
                state.queue.push_front(job);
                // If there are threads, they will come to the job.
                if state.for_closures() == 0 {
                    return Err((error, state));
                }
            }
        }
        Ok(())
    }

    /// The thread that was woken or started last has arrived. If more jobs are queued, it first wakes or starts
    /// one more thread for them, since its own job may wait for one of them (I2).
    fn arrive(self: &Arc<Self>) {
        let (mut state, name) = self.name_for(self.lock(), |state| {
            !state.queue.is_empty() && self.needs_thread(state)
        });
        state.arriving = false;
        let sent = self.send_thread(state, name);
        debug_assert!(sent.is_ok(), "this thread is one that comes to the job");
    }

    /// Starts a thread that runs `first` and then stays.
    ///
    /// # Errors
    /// If the system has no thread for us; the job comes back.
    fn start_thread(
        self: &Arc<Self>,
        state: &mut State,
        name: Option<String>,
        first: Job,
    ) -> Result<(), (io::Error, Job)> {
        let name = name.unwrap_or_else(|| String::from(THREAD_NAME));
        let mut builder = thread::Builder::new().name(name);
        if let Some(bytes) = self.config.thread_stack_size {
            builder = builder.stack_size(bytes);
        }
        let pool = Arc::clone(self);
        let first = Arc::new(Mutex::new(Some(first)));
        let theirs = Arc::clone(&first);
        let take = |first: &Mutex<Option<Job>>| {
            first.lock().unwrap_or_else(PoisonError::into_inner).take()
        };
        // In a box, as in `start_library_thread`: what std compiles for a thread is there once.
        let work: Box<dyn FnOnce() + Send> = Box::new(move || pool.thread_main(take(&theirs)));
        match builder.spawn(work) {
            Ok(handle) => {
                state.threads += 1;
                state.handles.push(handle);
                Ok(())
            }
            Err(error) => {
                let job = take(&first).expect("no thread has taken it");
                Err((error, job))
            }
        }
    }

    /// Whether the calling thread is one of the pool's: it must not wait for itself.
    pub(crate) fn is_here(&self) -> bool {
        std::ptr::eq(POOL.get(), self)
    }

    fn thread_main(self: Arc<Self>, first: Option<Job>) {
        let _gone = ThreadCountGuard(&self);
        POOL.set(Arc::as_ptr(&self));
        // Before the hook, which is foreign code.
        if let Some(Job::Closure(..)) = first {
            self.arrive();
        }
        let mut first = first;
        let mut work = || {
            call(self.config.after_start.as_ref());
            self.run_jobs(first.take());
            call(self.config.before_stop.as_ref());
        };
        match self.scope.get() {
            Some(scope) => scope(&mut work),
            None => work(),
        }
    }

    /// Runs a closure, which the probes see begin and end, if there are any.
    #[inline]
    fn run_closure(&self, task: Notified) {
        let Some(probes) = self.probes.get() else {
            return task.run();
        };
        let (id, location) = (task.id(), task.location());
        probes.blocking(true, id, location);
        task.run();
        probes.blocking(false, id, location);
    }

    fn run_jobs(self: &Arc<Self>, first: Option<Job>) {
        let mut next = first;
        let mailbox = Arc::new(Mailbox::new());
        let record = self.records.add();
        loop {
            if let Some(job) = next.take() {
                match job {
                    Job::Closure(task, kind, hold) => {
                        record.begin(kind, task.location());
                        self.run_closure(task);
                        record.end();
                        drop(hold);
                    }
                    Job::Thread(work) => work(),
                }
            }
            let mut state = self.lock();
            if let Some(job) = state.queue.pop_front() {
                next = Some(job);
                continue;
            }
            if !self.is_open() || state.ending {
                return;
            }
            if let Some(tasks) = state.tasks.as_ref().filter(|tasks| tasks.has_surplus()) {
                // What a burst of closures took.
                tasks.trim(TRIMMED_BLOCKS);
            }
            state.idle.push(Arc::clone(&mailbox));
            drop(state);
            next = mailbox.take(self.config.thread_keep_alive);
            if next.is_none() {
                if self.left_the_idle(&mailbox) {
                    return;
                }
                // Popped just now: whoever did so puts a job in.
                next = mailbox.take(Duration::MAX);
            }
            if let Some(Job::Closure(..)) = next {
                self.arrive();
            }
        }
    }

    /// Takes the thread of `mailbox` off the idle stack; `false`: it was popped before (I1).
    fn left_the_idle(&self, mailbox: &Arc<Mailbox<Job>>) -> bool {
        let mut state = self.lock();
        let place = state
            .idle
            .iter()
            .position(|idle| Arc::ptr_eq(idle, mailbox));
        if let Some(place) = place {
            state.idle.remove(place);
        }
        place.is_some()
    }
}

/// Counts a thread among those for closures again when its work ends, also by a panic.
struct ClosureThreadGuard(Arc<BlockingPool>);

impl Drop for ClosureThreadGuard {
    fn drop(&mut self) {
        self.0.lock().kept -= 1;
    }
}

/// Takes a thread off the count when it ends.
struct ThreadCountGuard<'a>(&'a BlockingPool);

impl Drop for ThreadCountGuard<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.threads -= 1;
        let is_open = self.0.is_open();
        let mut before = None;
        if is_open && !state.ending {
            // Whoever leaves next waits for this thread, so that there is one to wait for at the end.
            let here = thread::current().id();
            let own = state
                .handles
                .iter()
                .position(|handle| handle.thread().id() == here);
            if let Some(own) = own {
                let own = state.handles.swap_remove(own);
                before = state.left.replace(own);
            }
        }
        state.finish_tasks(is_open);
        if state.threads == 0 {
            self.0.emptied.notify_all();
        }
        drop(state);
        if let Some(before) = before {
            let _panicked = before.join();
        }
    }
}
