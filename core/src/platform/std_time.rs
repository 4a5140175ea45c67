//! Time by `std`'s clock, for both back-ends that stand on `std`.

use std::sync::OnceLock;

/// A point of the platform's monotonic time.
pub use std::time::Instant as RawInstant;

/// Reads the monotonic clock.
#[inline]
pub fn instant_now() -> RawInstant {
    RawInstant::now()
}

/// The moment that ticks are counted from: the first call in this process.
#[inline]
pub fn instant_origin() -> RawInstant {
    static ORIGIN: OnceLock<RawInstant> = OnceLock::new();
    *ORIGIN.get_or_init(RawInstant::now)
}

/// What the clock may have counted too little when it is read: nothing that a timer could tell.
#[cfg(feature = "embedded-hal")]
pub const CLOCK_GRAIN: core::time::Duration = core::time::Duration::ZERO;

/// Nanoseconds of a timer's tick.
pub const TICK_NANOS: u64 = 1_000_000;

/// What a clock needs in order to be paused: here it can be.
#[derive(Debug)]
pub struct PauseState<T>(T);

impl<T> PauseState<T> {
    /// Holds `state`.
    pub const fn new(state: T) -> Self {
        Self(state)
    }

    /// The state.
    #[inline(always)]
    pub fn get(&self) -> Option<&T> {
        Some(&self.0)
    }
}

/// Whether polls can be observed: what is called when one has used up its budget, or is pending.
pub const CAN_OBSERVE: bool = true;

/// What a timer does that finds no runtime; programs look for Tokio's words.
#[cold]
#[track_caller]
pub fn without_runtime() -> ! {
    panic!(
        "there is no reactor running, must be called from the context of a Tokio 1.x runtime \
         (Selkie's: the crate `selkie`, or `tokio` on Selkie)"
    )
}

/// What a timer does that finds a runtime without timers.
#[cold]
#[track_caller]
pub fn without_timers() -> ! {
    panic!(
        "A Tokio 1.x context was found, but timers are disabled. \
         Call `enable_time` on the runtime builder to enable timers. (Selkie's runtime)"
    )
}

/// What an executor does that is polled while it runs, or after its `run`.
#[cold]
pub fn polled_twice() -> ! {
    panic!("an executor was polled while it ran, or after its `run`")
}

/// What a timer does whose shard was shut down.
#[cold]
pub fn timers_ended() -> ! {
    panic!("A Tokio 1.x context was found, but it is being shutdown. (Selkie's runtime)")
}

/// The tick that `moment` lies in, counted from the origin.
#[inline]
pub fn tick_at(moment: RawInstant) -> u64 {
    let since = since_origin(moment);
    since.as_secs().saturating_mul(1_000_000_000 / TICK_NANOS)
        + u64::from(since.subsec_nanos()) / TICK_NANOS
}

/// The first tick that is not before `moment`, counted from the origin.
#[inline]
pub fn tick_after(moment: RawInstant) -> u64 {
    let since = since_origin(moment);
    since
        .as_secs()
        .saturating_mul(1_000_000_000 / TICK_NANOS)
        .saturating_add(u64::from(since.subsec_nanos()).div_ceil(TICK_NANOS))
}

fn since_origin(moment: RawInstant) -> core::time::Duration {
    moment
        .checked_duration_since(instant_origin())
        .unwrap_or_default()
}

/// Bits of the tick that one level of a timer wheel decides.
pub const WHEEL_LEVEL_BITS: u32 = 6;

/// Levels of a timer wheel.
pub const WHEEL_LEVELS: usize = 6;
