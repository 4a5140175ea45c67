//! What programs of C call: locks whose owner waits, older functions of time and randomness, names.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ffi::CStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use selkie_sim::{Builder, World};

/// A lock of C, in a static.
struct Shared<T>(UnsafeCell<T>);

// SAFETY: the functions that get the pointer order what threads do with it.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    fn get(&self) -> *mut T {
        self.0.get()
    }
}

const PAUSE: Duration = Duration::from_millis(10);

/// Runs `program` on a host of its own, with several seeds.
fn simulate(program: fn()) {
    Builder::new()
        .runs(10)
        .repeats(2)
        .run(move |world: World| async move {
            let host = world.host("own").start_main(program);
            let is_over = || host.ended().is_some();
            world
                .eventually(Duration::from_secs(100), "the program ends", is_over)
                .await;
            assert_eq!(host.ended(), Some(Ok(())));
        });
}

/// Runs `program` on so many threads.
fn on_threads(count: usize, program: fn()) {
    let threads: Vec<_> = (0..count).map(|_| thread::spawn(program)).collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn an_owner_of_a_mutex_may_wait() {
    static MUTEX: Shared<libc::pthread_mutex_t> =
        Shared(UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER));
    simulate(|| {
        let begun = Instant::now();
        on_threads(5, || {
            // SAFETY: a mutex that was made.
            assert_eq!(unsafe { libc::pthread_mutex_lock(MUTEX.get()) }, 0);
            thread::sleep(PAUSE);
            // SAFETY: locked above.
            assert_eq!(unsafe { libc::pthread_mutex_unlock(MUTEX.get()) }, 0);
        });
        let took = begun.elapsed();
        assert!((PAUSE * 5..PAUSE * 6).contains(&took), "{took:?}");
    });
}

#[test]
fn a_condition_is_waited_for() {
    static MUTEX: Shared<libc::pthread_mutex_t> =
        Shared(UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER));
    static CONDITION: Shared<libc::pthread_cond_t> =
        Shared(UnsafeCell::new(libc::PTHREAD_COND_INITIALIZER));
    static COUNT: AtomicU32 = AtomicU32::new(0);
    simulate(|| {
        let waiting = thread::spawn(|| {
            // SAFETY: a mutex that was made.
            unsafe { libc::pthread_mutex_lock(MUTEX.get()) };
            while COUNT.load(Ordering::SeqCst) < 3 {
                // SAFETY: locked above.
                unsafe { libc::pthread_cond_wait(CONDITION.get(), MUTEX.get()) };
            }
            // SAFETY: the library's function takes no pointer that may not be null.
            let end = unsafe { libc::time(std::ptr::null_mut()) } + 5;
            let end = libc::timespec {
                tv_sec: end,
                tv_nsec: 0,
            };
            let begun = Instant::now();
            // SAFETY: locked again.
            let waited = unsafe {
                libc::pthread_cond_timedwait(CONDITION.get(), MUTEX.get(), &raw const end)
            };
            assert_eq!(waited, libc::ETIMEDOUT);
            assert!(begun.elapsed() > Duration::from_secs(4));
            // SAFETY: locked again.
            unsafe { libc::pthread_mutex_unlock(MUTEX.get()) };
        });
        on_threads(3, || {
            thread::sleep(PAUSE);
            // SAFETY: a mutex that was made.
            unsafe { libc::pthread_mutex_lock(MUTEX.get()) };
            COUNT.fetch_add(1, Ordering::SeqCst);
            // SAFETY: locked above.
            unsafe { libc::pthread_mutex_unlock(MUTEX.get()) };
            // SAFETY: a condition that was made.
            unsafe { libc::pthread_cond_signal(CONDITION.get()) };
        });
        waiting.join().unwrap();
    });
}

#[test]
fn readers_share_a_lock_and_a_writer_waits() {
    static LOCK: Shared<libc::pthread_rwlock_t> =
        Shared(UnsafeCell::new(libc::PTHREAD_RWLOCK_INITIALIZER));
    fn under(lock: unsafe extern "C" fn(*mut libc::pthread_rwlock_t) -> libc::c_int) {
        // SAFETY: a lock that was made.
        assert_eq!(unsafe { lock(LOCK.get()) }, 0);
        thread::sleep(PAUSE);
        // SAFETY: locked above.
        assert_eq!(unsafe { libc::pthread_rwlock_unlock(LOCK.get()) }, 0);
    }
    simulate(|| {
        let begun = Instant::now();
        on_threads(4, || under(libc::pthread_rwlock_rdlock));
        assert!(begun.elapsed() < PAUSE * 2, "readers wait for each other");
        on_threads(2, || under(libc::pthread_rwlock_wrlock));
        assert!(begun.elapsed() >= PAUSE * 3);
    });
}

#[test]
fn what_is_done_once_may_wait() {
    static ONCE: Shared<libc::c_int> = Shared(UnsafeCell::new(0));
    static COUNT: AtomicU32 = AtomicU32::new(0);
    unsafe extern "C" {
        fn pthread_once(word: *mut libc::c_int, first: extern "C" fn()) -> libc::c_int;
    }
    extern "C" fn first() {
        thread::sleep(PAUSE);
        COUNT.fetch_add(1, Ordering::SeqCst);
    }
    simulate(|| {
        on_threads(4, || {
            // SAFETY: a word that was made.
            assert_eq!(unsafe { pthread_once(ONCE.get(), first) }, 0);
            assert_eq!(COUNT.load(Ordering::SeqCst), 1);
        });
    });
}

#[test]
fn a_semaphore_is_waited_for() {
    static SEMAPHORE: Shared<[u64; 8]> = Shared(UnsafeCell::new([0; 8]));
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    const _: () = assert!(size_of::<libc::sem_t>() <= size_of::<[u64; 8]>());
    fn semaphore() -> *mut libc::sem_t {
        SEMAPHORE.get().cast()
    }
    simulate(|| {
        // SAFETY: room for a semaphore.
        assert_eq!(unsafe { libc::sem_init(semaphore(), 0, 0) }, 0);
        let posting = thread::spawn(|| {
            for _ in 0..3 {
                thread::sleep(PAUSE);
                // SAFETY: made above.
                unsafe { libc::sem_post(semaphore()) };
            }
        });
        on_threads(3, || {
            // SAFETY: made above.
            assert_eq!(unsafe { libc::sem_wait(semaphore()) }, 0);
            TAKEN.fetch_add(1, Ordering::SeqCst);
        });
        posting.join().unwrap();
        assert_eq!(TAKEN.load(Ordering::SeqCst), 3);
    });
}

#[test]
fn older_functions_show_the_simulated_world() {
    simulate(|| {
        // SAFETY: the library's function takes no pointer that may not be null.
        let before = unsafe { libc::time(std::ptr::null_mut()) };
        // SAFETY: the function touches no memory.
        unsafe { libc::sleep(10) };
        let mut time = libc::timeval {
            tv_sec: 10,
            tv_usec: 0,
        };
        let none = std::ptr::null_mut();
        // SAFETY: no sets, and a time of this function's own.
        let ready = unsafe { libc::select(0, none, none, none, &raw mut time) };
        assert_eq!(ready, 0);
        // SAFETY: as above.
        let after = unsafe { libc::time(std::ptr::null_mut()) };
        assert!((20..22).contains(&(after - before)), "{}", after - before);
        // SAFETY: all zero is a name.
        let mut name: libc::utsname = unsafe { std::mem::zeroed() };
        // SAFETY: room for a name.
        assert_eq!(unsafe { libc::uname(&raw mut name) }, 0);
        // SAFETY: the function ends it with zero.
        let own = unsafe { CStr::from_ptr(name.nodename.as_ptr()) };
        assert_eq!(own, c"own");
    });
}

#[test]
fn a_host_has_its_own_addresses() {
    simulate(|| {
        let mut first = std::ptr::null_mut();
        // SAFETY: room for the result.
        assert_eq!(unsafe { libc::getifaddrs(&raw mut first) }, 0);
        let mut names = Vec::new();
        let mut next = first;
        while !next.is_null() {
            // SAFETY: an entry of the list.
            let entry = unsafe { &*next };
            // SAFETY: each entry has a name.
            names.push(unsafe { CStr::from_ptr(entry.ifa_name) }.to_owned());
            next = entry.ifa_next;
        }
        // SAFETY: the list from above.
        unsafe { libc::freeifaddrs(first) };
        assert_eq!(names, [c"lo".to_owned(), c"eth0".to_owned()]);
    });
}
