//! Models of how workers search, sleep, are woken and end, each tried by loom in every interleaving of few preemptions.
//!
//! Idea        The models of the loop (`loops`) have workers of their own (`workers`), whose tasks are numbers, and which
//!             run the loop of `work_loop`, the notifications of `notify`, and `idle`, `parker`, `drivers`, rings and
//!             inject queue as they ship.
//!             That each step of the protocol is needed, and that a model fails without it, is listed in decision 0220.

mod driver;

mod workers;

mod loops;

mod sleeps;

mod ends;
