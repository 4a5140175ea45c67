//! Models of the races of every primitive, for loom: three threads at most.
//!
//! Each run tries all interleavings with up to two forced switches per thread of execution.

mod check;

mod channels;

mod locks;

mod queue;

mod watch;
