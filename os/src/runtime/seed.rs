//! A seed for the random choices of a runtime.

/// A seed for what a runtime chooses at random: where a worker looks for tasks first, and which
/// branch of a `select!` is polled first.
///
/// With the same seed, a current-thread runtime that does the same chooses the same.
///
/// # Examples
/// ```
/// use selkie::runtime::RngSeed;
///
/// // Follows from a word that can be printed, and given again.
/// let seed = RngSeed::from_bytes(b"run 17");
/// assert_eq!(format!("{seed:?}"), format!("{:?}", RngSeed::from_bytes(b"run 17")));
/// ```
#[derive(Debug, Clone)]
pub struct RngSeed(u64);

impl RngSeed {
    /// A seed that follows from `bytes`, of any number.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::RngSeed;
    ///
    /// let (one, two) = (RngSeed::from_bytes(b"one"), RngSeed::from_bytes(b"two"));
    /// assert_ne!(format!("{one:?}"), format!("{two:?}"));
    /// ```
    ///
    /// # Source
    /// The hash FNV-1a, by Fowler, Noll and Vo.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(hash)
    }

    pub(super) fn word(&self) -> u64 {
        self.0
    }
}
