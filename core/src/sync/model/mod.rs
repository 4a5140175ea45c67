//! Models of the races of every primitive, for loom: three threads at most.
//!
//! Each run tries all interleavings with up to two forced switches per thread of execution.

mod channels;
mod locks;
mod queue;
mod watching;

/// Tries the interleavings of `f`.
fn check(f: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(f);
}
