//! Which runtime the running thread belongs to.
