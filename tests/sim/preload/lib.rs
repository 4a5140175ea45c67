//! Runs a program that is already built on a simulated host: `LD_PRELOAD=libselkie_sim_preload.so program`.
//!
//! Idea        The dynamic linker takes a preloaded library's functions before those of the C library, as the linker takes a
//!             program's own. So the simulation need not be linked into a program; and before the program's `main` is called,
//!             the C library calls `__libc_start_main`, which is where this library sets up a world with one host.
//! Limits      The program is linked dynamically against the C library, and calls its functions.
#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![allow(unsafe_code)]

use std::panic::catch_unwind;
use std::sync::OnceLock;
use std::time::Duration;

use libc::{c_char, c_int, c_void};
use selkie_sim::Builder;

/// How often each seed is run; each time its trace must be the same.
const REPEATS: &str = "SELKIE_SIM_REPEATS";
/// Processors of the host.
const PROCESSORS: usize = 4;
/// The simulated time that the program may take.
const LIMIT: Duration = Duration::from_secs(3600);
/// What a program is ended with whose runs have failed.
const FAILED: c_int = 101;

type Main = extern "C" fn(c_int, *mut *mut c_char, *mut *mut c_char) -> c_int;
type Function = extern "C" fn();

/// The program's own `main`.
static MAIN: OnceLock<Main> = OnceLock::new();

/// What `main` is called with. The pointers are those that the kernel gave the process, which are valid until its end.
#[derive(Clone, Copy)]
struct Arguments {
    count: c_int,
    values: *mut *mut c_char,
    environment: *mut *mut c_char,
}

// SAFETY: the memory belongs to no thread, and lives as long as the process.
unsafe impl Send for Arguments {}
// SAFETY: as above; the program's main thread alone gets them.
unsafe impl Sync for Arguments {}

impl Arguments {
    /// Calls the program's `main`.
    fn call(&self) {
        let main = MAIN.get().expect("set before the program begins");
        let code = main(self.count, self.values, self.environment);
        assert_eq!(code, 0, "the program's exit code");
    }
}

/// Stands in the place of the program's `main`: runs it in a world for each seed.
extern "C" fn simulate(
    count: c_int,
    values: *mut *mut c_char,
    environment: *mut *mut c_char,
) -> c_int {
    let arguments = Arguments {
        count,
        values,
        environment,
    };
    let repeats = std::env::var(REPEATS).ok();
    let repeats = repeats.and_then(|text| text.parse().ok()).unwrap_or(1);
    let runs = catch_unwind(move || {
        Builder::new()
            .repeats(repeats)
            .time_limit(LIMIT)
            .run(move |world| async move {
                let host = world.host("host").processors(PROCESSORS);
                let host = host.start_main(move || arguments.call());
                world
                    .eventually(LIMIT, "the program ends", || host.ended().is_some())
                    .await;
                assert_eq!(host.ended(), Some(Ok(())), "how the program has ended");
            });
    });
    if runs.is_ok() { 0 } else { FAILED }
}

/// The C library's function of this name, which begins a program.
#[unsafe(no_mangle)]
unsafe extern "C" fn __libc_start_main(
    main: Main,
    count: c_int,
    values: *mut *mut c_char,
    begin: Option<Function>,
    end: Option<Function>,
    linker_end: Option<Function>,
    stack_end: *mut c_void,
) -> c_int {
    type StartFunction = unsafe extern "C" fn(
        Main,
        c_int,
        *mut *mut c_char,
        Option<Function>,
        Option<Function>,
        Option<Function>,
        *mut c_void,
    ) -> c_int;
    MAIN.set(main).expect("a process begins once");
    // SAFETY: a name that ends in zero, and the handle for "the next one after this library".
    let start = unsafe { libc::dlsym(libc::RTLD_NEXT, c"__libc_start_main".as_ptr()) };
    assert!(!start.is_null(), "the C library begins programs");
    // SAFETY: the C library's function of this name has this type.
    let start = unsafe { std::mem::transmute::<*mut c_void, StartFunction>(start) };
    // SAFETY: the caller's arguments, but for `main`, which has the same type.
    unsafe { start(simulate, count, values, begin, end, linker_end, stack_end) }
}
