//! A radio link that sends what there is to send and listens meanwhile, until it is turned off: `select!`, `join!`, `pin!`.

use selkie_core::sync::{FixedChannel, Full, Signal};
use selkie_core::{join, pin, select, try_join};

static TO_SEND: FixedChannel<u8, 4> = FixedChannel::new();
static HEARD: Signal<u8> = Signal::new();
static OFF: Signal<()> = Signal::new();

/// What the radio has done.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// How many bytes were sent.
    pub sent: u32,
    /// The sum of what was heard.
    pub heard: u32,
}

/// The receive interrupt.
pub fn on_heard(byte: u8) {
    HEARD.signal(byte);
}

/// The button's interrupt.
pub fn on_button() {
    OFF.signal(());
}

/// Has `byte` sent.
///
/// # Errors
/// [`Full`] with the byte, if four wait already.
pub fn send(byte: u8) -> Result<(), Full<u8>> {
    TO_SEND.try_send(byte)
}

/// Sends and listens until the radio is turned off, whichever comes first each time.
pub async fn run() -> Log {
    let mut log = Log::default();
    let off = OFF.wait();
    pin!(off);
    loop {
        select! {
            () = &mut off => return log,
            _byte = TO_SEND.recv() => log.sent += 1,
            byte = HEARD.wait() => log.heard += u32::from(byte),
        }
    }
}

/// As [`run`], but what is heard has precedence, and nothing is sent while `quiet`.
pub async fn run_once(quiet: bool) -> Option<u8> {
    select! {
        biased;
        byte = HEARD.wait() => Some(byte),
        _byte = TO_SEND.recv(), if !quiet => None,
    }
}

/// Two self-tests side by side: both results.
pub async fn test_both(one: impl Future<Output = u8>, other: impl Future<Output = u8>) -> u8 {
    let (one, other) = join!(one, other);
    one + other
}

/// Two self-tests side by side: the first that fails ends both.
///
/// # Errors
/// The first error.
pub async fn test_until_error(
    one: impl Future<Output = Result<u8, &'static str>>,
    other: impl Future<Output = Result<u8, &'static str>>,
) -> Result<u8, &'static str> {
    let (one, other) = try_join!(one, other)?;
    Ok(one + other)
}
