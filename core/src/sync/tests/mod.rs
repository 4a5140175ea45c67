//! Tests against sequential models, and scenarios that bit other runtimes.

mod harness;

mod broadcast;

mod fixed;

mod mpsc;

mod notify;

mod oneshot;

mod regressions;

mod semaphore;

mod watch;
