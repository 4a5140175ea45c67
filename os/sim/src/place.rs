//! Places in a program that a simulation may send on their rarest way.

/// Whether a place, which differs from others by its position in the source, goes its rare way now.
#[cfg(simulated)]
#[doc(hidden)]
#[must_use]
pub fn maybe_at(probability: f64, place: &'static str) -> bool {
    crate::kernel::is_simulated() && crate::kernel::read(|state| state.maybe(probability, place))
}

/// Never: there is no simulation here.
#[cfg(not(simulated))]
#[doc(hidden)]
#[must_use]
pub fn maybe_at(_probability: f64, _place: &'static str) -> bool {
    false
}

/// True with this probability, in a simulation only; elsewhere it is `false`.
///
/// In one run of four a place is chosen, and true with the probability that it says; in the others it is never true. So some runs
/// take one rare way often, and others another, which finds more than all ways at once.
///
/// # Examples
/// ```
/// /// How many records a batch has.
/// fn batch(wanted: usize) -> usize {
///     // A batch that ends early is right, too, and hardly ever happens.
///     if selkie_sim::maybe!(0.1) { 1 } else { wanted }
/// }
///
/// assert_eq!(batch(100), 100);
/// ```
///
/// # Source
/// FoundationDB's `BUGGIFY`, as its authors describe it in "FoundationDB: a distributed unbundled transactional key value store"
/// (SIGMOD 2021).
#[macro_export]
macro_rules! maybe {
    ($probability:expr) => {
        $crate::maybe_at($probability, concat!(file!(), ":", line!(), ":", column!()))
    };
}
