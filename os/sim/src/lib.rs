//! Runs unmodified programs in a simulated world that one seed decides.
//!
//! A program that talks over a network is wrong in ways that its tests on one machine never show: the answer that is lost, the host
//! that crashes between two writes, the timer that fires in the wrong millisecond. Here the program runs as it is, in a world where
//! these things happen, all of them decided by one number, the seed. What fails under a seed fails under it again.
//!
//! ```
//! use std::time::Duration;
//! use selkie::io::{AsyncReadExt, AsyncWriteExt};
//! use selkie::net::{TcpListener, TcpStream};
//! use selkie_sim::Builder;
//!
//! async fn serve() -> std::io::Result<()> {
//!     let listener = TcpListener::bind("0.0.0.0:3000").await?;
//!     loop {
//!         let (mut stream, _) = listener.accept().await?;
//!         stream.write_all(b"hello").await?;
//!     }
//! }
//!
//! # fn main() {
//! Builder::new().runs(4).run(|world| async move {
//!     let server = world.host("server").start(serve);
//!     world.sleep(Duration::from_secs(1)).await;
//!
//!     // The script itself runs on a host of the world.
//!     let mut text = String::new();
//!     let mut stream = TcpStream::connect("server:3000").await.unwrap();
//!     stream.read_to_string(&mut text).await.unwrap();
//!     assert_eq!(text, "hello");
//!
//!     server.crash();
//!     let connects = TcpStream::connect("server:3000");
//!     assert!(selkie::time::timeout(Duration::from_secs(30), connects).await.is_err());
//! });
//! # }
//! ```
//!
//! # How it works
//! The crate defines the functions of the C library that programs call, from `socket` to `clock_gettime`. On a thread of the
//! simulation they ask a simulated kernel, elsewhere the real one. Threads are real, but one runs at a time, and the seed says which;
//! time stands still while one runs, and jumps when none can. Each seed runs in a process of its own. Decisions 0300 to 0302 have the
//! reasons.
//!
//! # What is in the world
//! - **Threads**: of any runtime and of the program itself; locks and condition variables of the standard library and of C;
//!   sleeps; `available_parallelism`.
//! - **Time**: `Instant`, `SystemTime`, timers of every crate. An hour takes no time.
//! - **Random numbers**: `getrandom` in its forms, so also the order of a `HashMap` and what `rand` gives.
//! - **Network**: TCP, UDP, names of hosts; latency, bandwidth, loss, duplication, reordering, partitions in one and both directions,
//!   connections that are refused, reset, half open; sockets within a host, which pass descriptors; pipes. What calls say is what
//!   the real system says: a test compares them.
//! - **Files**: each host has a [`disk`] that forgets, at a crash, what was not synced, and that fills up and fails as its
//!   [`Profile`](disk::Profile) says; files may be mapped, also shared. Below it programs see the real files that they were installed with, and change none of them.
//! - **Hosts**: crash, restart, pause, wall clocks that are set, clocks that drift, signals, exits. Each has its own addresses, names, ports and
//!   processors.
//!
//! # What is not
//! - Statics are shared by the hosts of a process: two hosts that count in the same `static` count together.
//! - Other programs: `Command::spawn` fails with `ENOSYS`. `io_uring` says that the kernel has none.
//! - Data races: threads change turns at calls of the system only. Use `loom` and the thread sanitizer for them.
//! - A loop that waits for another thread without a call never ends; the run is ended after a minute of real time, and says so.
//! - Calls that a program makes without the C library: the crate `rustix` does, unless it is built with `--cfg rustix_use_libc`. They
//!   reach the real system. So do files that the C library opens for itself, such as the time zone of `localtime`.
//! - `timerfd`, `signalfd`, `inotify`, `memfd`, interval timers, `sigwait`: they fail with `ENOSYS`. Each leaves a warning that names it, and so does
//!   a call by number (`syscall`) that goes to the real system.
//! - Descriptors that are passed with datagrams, or that are the real system's; multicast; `select`, but as a sleep; `TIME_WAIT`.
//! - What a processor answers by itself: `rdtsc`, `rdrand`.
//!
//! # Places of your own
//! [`maybe!`] is true now and then, in a simulation only: a place where a program may be made to take its rarest way. A program that is
//! released depends on this crate without its default features; then `maybe!` is `false`, and nothing else of this crate is in it.
//!
//! # Errors
//! A run fails if its script panics, or the main function of a host, if an invariant ([`World::always`]) does not hold, if nothing can
//! happen any more, or if the simulated time is up. [`Builder::run`] panics with the lowest seed that failed.
#[cfg(simulated)]
pub mod disk;
#[cfg(simulated)]
pub mod errno;
#[cfg(simulated)]
pub mod random;

#[cfg(simulated)]
mod calls;
#[cfg(simulated)]
mod clock_rate;
#[cfg(simulated)]
mod host;
#[cfg(simulated)]
mod ids;
#[cfg(simulated)]
mod kernel;
#[cfg(simulated)]
mod network;
#[cfg(simulated)]
mod payload;
mod place;
#[cfg(simulated)]
mod real_files;
#[cfg(simulated)]
mod runs;
#[cfg(simulated)]
mod sys;
#[cfg(simulated)]
mod trace;
#[cfg(simulated)]
mod view;
#[cfg(simulated)]
mod world;

#[cfg(simulated)]
pub use network::Link;
#[doc(hidden)]
pub use place::maybe_at;
#[cfg(simulated)]
pub use world::{Builder, Faults, Host, HostBuilder, World};
