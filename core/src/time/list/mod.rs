//! Timers of a chip without a heap: a few tasks have few timers, and memory is little.
//!
//! They have the names and the functions of those with a wheel. Deadlines are microseconds here, and what waits is a list
//! that is linked one way; a shard has no epochs, since it is a static that one program opens, mostly once.

pub(super) mod entry;

pub(super) mod order;

pub(super) mod timers;

pub(super) mod handle;

pub(super) mod owner;

pub(super) mod current;

pub(super) mod sleep;

#[cfg(test)]
mod tests;
