//! What each back-end of [`platform`](crate::raw::platform) exports.
//!
//! | name | what |
//! |---|---|
//! | `AtomicBool`, `AtomicU8`, `AtomicU32`, `AtomicU64`, `AtomicUsize`, `AtomicPtr` | `load`, `store`, `swap`, `compare_exchange(_weak)`, `fetch_*` of std's atomics; read-modify-write works on every target, if need be in a critical section |
//! | `PlainU64` | an `AtomicU64` that no model watches, for counters that are no protocol |
//! | `fence`, `Ordering` | as in `core::sync::atomic` |
//! | `UnsafeCell<T>` | `new`, `with(\|*const T\|)`, `with_mut(\|*mut T\|)`, so that a model sees each access |
//! | `Lock<T>` | `new`, `with(\|&mut T\|)`: held for a few instructions only, never across a poll or a wake; a mutex where there are threads, a critical section where there are interrupts |
//! | `LockGuard<'_, T>` | what `Lock::lock` and `try_lock` return; without threads they are private to this crate, whose guards stay in their context and are dropped in the reverse order of their making |
//! | `without_interrupts(f)` | `f`'s result; where there are interrupt handlers, none of them comes between the steps of `f` |
//! | `in_section(f)`, `InSection` | as `without_interrupts`, with a proof for `f` that it is in the section |
//! | `Flags` | a byte: `new`, `load`, `update(&InSection, f)`, `replace_if(&InSection, now, next)`, one atomic step |
//! | `LeafLock` | a lock for this crate's own few steps, taken in a section: `with(&InSection, f)`; without threads it is not looked at whether it is held |
//! | `WithThreads` | a trait that every type has where there are threads, and none where there are not: what one context would have to wait for is `Send` for such types only |
//! | `locks_held()` | how many `Lock`s the calling thread holds: counted where `std` is, in debug builds, else zero; for tests, whose wakers ask |
//! | `PanicPayload`, `wake_caught(waker)`, `resume_panic(payload)` | a waker's panic, caught where `std` is, to go on later |
//! | `wake_to_caller(waker)` | wakes; a waker's panic goes to the caller, unless the thread panics already |
//! | `tell(text)` | a line for the user on the standard error output, where there is one |
//! | `random_seed()` | where random numbers start that need no secrecy |
//! | `SLOT_CHUNK_BYTES` | how much memory a pool of task slots takes at a time; a power of two |
//! | `SLOT_EXTENT_BLOCKS` | how many of them are allocated at once |
//! | `CACHE_LINE_BYTES` | how far apart things lie that different contexts write |
//! | `KEPT_BLOCKS`, `POOLED_BLOCKS` | how many vacant blocks of slots a slab keeps, and the pool |
//! | `release_pages(start, bytes)` | gives memory of the allocator's back to the system, which may zero it; `false` where it cannot |
//! | `RING_SLOTS` | how many tasks a worker's ring holds; a power of two |
//! | `limit(limit, in_models)` | a constant: `limit`, or the second where a model tries every interleaving |
//! | `HAS_THREADS` | whether a context that waits for another's few steps may spin: not where it can be an interrupt handler that suspended the other |
//! | `PauseState<T>` | what a clock needs in order to be paused: `new(T)`, `get() -> Option<&T>`; empty where no clock is paused |
//! | `CLOCK_GRAIN` | what the clock may have counted too little when it is read, with `embedded-hal` |
//! | `TICK_NANOS` | a timer's tick |
//! | `tick_at(moment)`, `tick_after(moment)` | a moment in ticks since the origin, rounded down and up |
//! | `HAS_BUDGET` | whether polls have a cooperative budget |
//! | `CAN_OBSERVE` | whether polls can be observed, for statistics and dumps |
//! | `without_runtime()`, `without_timers()`, `timers_ended()` | how a timer panics that finds no shard |
//! | `polled_twice()` | how an executor panics that is polled where it runs |
//! | `WHEEL_LEVEL_BITS`, `WHEEL_LEVELS` | the size of a timer wheel: each level has `2^bits` lists |
//! | `relax()` | a hint inside a spin that waits for another thread; without threads it panics, since the other context is suspended |
//! | `Arc<T>` | shared ownership, with `alloc` |
//! | `PlainArc<T>` | an `Arc` that no model watches, with `alloc` |
//! | `Thread`, `current_thread()`, `park_thread()`, `park_thread_for(limit)` | std's, where there are threads |
//! | `block_on(future)` | polls on this thread and sleeps meanwhile; without threads it spins |
//! | `yield_thread()` | lets other threads run; without threads it panics, as `relax` does |
//! | `OwnerArc<T>` | the `Arc` that may stand as `self: Arc<Self>`; with `alloc`, where the target has it |
//! | `catch_panic(f)` | `f`'s result, or the panic's payload; without unwinding the panic goes on; with `alloc` |
//! | `contain_panic(f)`, `discard_payload(payload)` | `f`'s result, or nothing of its panic; with `alloc` |
//! | `RawInstant`, `instant_now()`, `instant_origin()` | monotonic time: `checked_add`, `checked_sub`, `checked_duration_since`, `Ord`, `Hash`, `Debug`, `Copy`; std's `Instant` or a board's microseconds (`install_clock`); the origin is never later than a moment read after it |
//! | `process_static! { static NAME: T = …; }` | one value per process (per execution of a model) |
//! | `array_of!(value; count)` | an array of values of the platform's cells |
//! | `maybe_const! { pub fn … }` | `const fn` where the platform allows |
//! | `context_cell! { static NAME: T = …; }` | a `Copy` value per thread, or per system without threads; `update` is one step there |
//! | `ContextCell<T>` | what a context cell is stored in: `get`, `set`, `replace` |
//! | `Count` | the integer of a number that a user names |
//! | `context_word! { static NAME; }` | a number per thread, or per system without threads, which other threads may look at by its `reference()`, where there are any |
//!
//! Invariant: `Lock` is not re-entrant; on a platform with interrupts a lock may be taken by an
//! interrupt handler, since holders run with interrupts off.
