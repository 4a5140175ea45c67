//! The pool's threads: how a job gets to a thread, and what each thread does.

use std::cell::Cell;
use std::io;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use selkie_core::raw::platform::contain_panic;
use selkie_core::raw::task::{Notified, OwnedTasks};

use super::closure::{Job, QueuedClosure};
use super::pool::{BlockingPool, State};
use super::pool_thread::{PoolThread, take_out};
use crate::config::call;
use crate::threads::start_thread;

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
        let mut state = self.lock();
        state.kept += 1;
        let is_needed = state.idle.is_empty();
        let (mut state, name) = self.name_if(is_needed, state);
        let thread = match state.idle.pop() {
            Some(thread) => Ok(thread),
            None => self.start_thread(&mut state, name),
        };
        if thread.is_err() {
            state.kept -= 1;
        }
        drop(state);
        thread?.give(Job::Thread(work));
        Ok(())
    }

    /// Queues `closure`, and wakes or starts a thread, unless one was woken or started that has not arrived yet. If the
    /// pool is closed, cancels it; then `refused` are the tasks that it was spawned with.
    pub(super) fn give(
        self: &Arc<Self>,
        state: MutexGuard<'_, State>,
        refused: Option<OwnedTasks<Self>>,
        closure: QueuedClosure,
    ) -> io::Result<()> {
        let is_needed = refused.is_none() && !state.arriving && self.needs_thread(&state);
        let (mut state, name) = self.name_if(is_needed, state);
        if !self.is_open() {
            // It may have been closed while the thread was named.
            drop(state);
            closure.task.cancel();
            match refused {
                Some(tasks) => tasks.close().finish_soon(),
                None => self.lock().finish_tasks(false),
            }
            return Ok(());
        }
        state.queue.push_back(closure);
        if state.arriving {
            return Ok(());
        }
        self.send_thread(state, name)
    }

    /// Whether a job needs a new thread, and may have one.
    fn needs_thread(&self, state: &State) -> bool {
        state.idle.is_empty() && state.for_closures() < self.config.max_blocking_threads
    }

    /// A name for a thread, if one `is_needed`: made outside the lock, for it is foreign code. Where that
    /// panics, the thread has the name that threads have by default.
    fn name_if<'a>(
        &'a self,
        is_needed: bool,
        state: MutexGuard<'a, State>,
    ) -> (MutexGuard<'a, State>, Option<String>) {
        if !is_needed {
            return (state, None);
        }
        drop(state);
        let name = contain_panic(|| (self.config.thread_name)());
        (self.lock(), name)
    }

    /// Hands the first of the queue to an idle thread, else to a new one, unless there may be no more.
    ///
    /// # Errors
    /// If the system has no thread for us and the pool has none; the closure is cancelled.
    fn send_thread(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        name: Option<String>,
    ) -> io::Result<()> {
        if state.queue.is_empty() || state.idle.is_empty() && !self.needs_thread(&state) {
            return Ok(());
        }
        let thread = match state.idle.pop() {
            Some(thread) => Ok(thread),
            None => self.start_thread(&mut state, name),
        };
        // If there are threads, they will come to the closure.
        if thread.is_err() && state.for_closures() > 0 {
            return Ok(());
        }
        state.arriving = thread.is_ok();
        // What the thread begins with is this very closure, so that a shutdown right after finds it begun. Where there is
        // no thread, nobody else comes to it.
        let first = state.queue.pop_front();
        drop(state);
        let Some(first) = first else { return Ok(()) };
        match thread {
            Ok(thread) => thread.give(Job::Closure(first)),
            Err(error) => {
                first.task.cancel();
                return Err(error);
            }
        }
        Ok(())
    }

    /// A thread has left after jobs were queued that it was counted for (I2): another comes to them. Where the system has
    /// no thread for us and the pool has none, they are cancelled.
    fn send_for_left_jobs(self: &Arc<Self>, state: MutexGuard<'_, State>, name: Option<String>) {
        if state.queue.is_empty() || state.arriving {
            return;
        }
        let mut sent = self.send_thread(state, name);
        while sent.is_err() {
            sent = self.send_thread(self.lock(), None);
        }
    }

    /// The thread that was woken or started last has arrived. If more jobs are queued, it first wakes or starts
    /// one more thread for them, since its own job may wait for one of them (I2).
    fn arrive(self: &Arc<Self>) {
        let state = self.lock();
        let is_needed = !state.queue.is_empty() && self.needs_thread(&state);
        let (mut state, name) = self.name_if(is_needed, state);
        state.arriving = false;
        let sent = self.send_thread(state, name);
        debug_assert!(sent.is_ok(), "this thread is one that comes to the job");
    }

    /// Starts a thread, which waits for the job that the caller gives it, and then stays.
    ///
    /// # Errors
    /// If the system has no thread for us.
    fn start_thread(
        self: &Arc<Self>,
        state: &mut State,
        name: Option<String>,
    ) -> io::Result<Arc<PoolThread>> {
        let name = name.unwrap_or_else(|| String::from(THREAD_NAME));
        let (pool, thread) = (Arc::clone(self), PoolThread::new());
        let own = Arc::clone(&thread);
        let work = Box::new(move || pool.thread_main(&own));
        let handle = start_thread(name, self.config.thread_stack_size, work)?;
        thread.keep_handle(handle);
        state.threads += 1;
        state.known.push(Arc::clone(&thread));
        Ok(thread)
    }

    /// Whether the calling thread is one of the pool's: it must not wait for itself.
    pub(crate) fn is_here(&self) -> bool {
        std::ptr::eq(POOL.get(), self)
    }

    fn thread_main(self: Arc<Self>, thread: &Arc<PoolThread>) {
        let _gone = ThreadCountGuard(&self, thread);
        POOL.set(Arc::as_ptr(&self));
        // Before the hook, which is foreign code.
        let mut first = self.wait_given(thread, Duration::MAX);
        (self.scope)(&mut || {
            call(self.config.after_start.as_ref());
            self.run_jobs(thread, first.take());
            call(self.config.before_stop.as_ref());
        });
    }

    /// Waits for a job that somebody gives the thread.
    fn wait_given(self: &Arc<Self>, thread: &PoolThread, limit: Duration) -> Option<Job> {
        let job = thread.wait(limit);
        if let Some(Job::Closure(_)) = job {
            self.arrive();
        }
        job
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

    fn run_jobs(self: &Arc<Self>, thread: &Arc<PoolThread>, first: Option<Job>) {
        let mut next = first;
        while let Some(job) = next {
            match job {
                Job::Closure(QueuedClosure { task, kind, hold }) => {
                    let record = &thread.record;
                    record.begin(kind, task.location());
                    self.run_closure(task);
                    record.end();
                    drop(hold);
                }
                Job::Thread(work) => {
                    let _kept = ClosureThreadGuard(self);
                    work();
                }
                Job::Leave => {}
            }
            next = self.next_job(thread);
        }
    }

    /// What the thread does next: the first of the queue, or what it is given while it is idle; `None`: it leaves.
    fn next_job(self: &Arc<Self>, thread: &Arc<PoolThread>) -> Option<Job> {
        let mut state = self.lock();
        if let Some(closure) = state.queue.pop_front() {
            return Some(Job::Closure(closure));
        }
        if !self.is_open() || state.ending {
            return None;
        }
        if let Some(tasks) = state.tasks.as_ref().filter(|tasks| tasks.has_surplus()) {
            // What a burst of closures took.
            tasks.trim(TRIMMED_BLOCKS);
        }
        state.idle.push(Arc::clone(thread));
        drop(state);
        let given = self.wait_given(thread, self.config.thread_keep_alive);
        if given.is_some() || take_out(&mut self.lock().idle, thread) {
            return given;
        }
        // Popped just now: whoever did so gives it a job.
        self.wait_given(thread, Duration::MAX)
    }
}

/// Counts a thread among those for closures again when its work ends, also by a panic.
struct ClosureThreadGuard<'a>(&'a BlockingPool);

impl Drop for ClosureThreadGuard<'_> {
    fn drop(&mut self) {
        self.0.lock().kept -= 1;
    }
}

/// Takes a thread off the count when it ends.
struct ThreadCountGuard<'a>(&'a Arc<BlockingPool>, &'a Arc<PoolThread>);

impl Drop for ThreadCountGuard<'_> {
    fn drop(&mut self) {
        let Self(pool, thread) = *self;
        let state = pool.lock();
        let has_left_jobs = !state.queue.is_empty();
        let (mut state, name) = pool.name_if(has_left_jobs, state);
        state.threads -= 1;
        let mut before = None;
        if pool.is_open() && !state.ending {
            // Whoever leaves next waits for this thread, so that there is one to wait for at the end.
            take_out(&mut state.known, thread);
            before = state.left.replace(Arc::clone(thread));
        }
        pool.send_for_left_jobs(state, name);
        let mut state = pool.lock();
        state.finish_tasks(pool.is_open());
        if state.threads == 0 {
            pool.emptied.notify_all();
        }
        drop(state);
        if let Some(before) = before {
            before.join(None);
        }
    }
}
