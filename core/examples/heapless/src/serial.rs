//! A serial line: the receive interrupt queues bytes, a task makes lines of them.

use selkie_core::raw::platform::{AtomicU32, Ordering};
use selkie_core::sync::FixedChannel;

static RECEIVED: FixedChannel<u8, 64> = FixedChannel::new();
static OVERRUNS: AtomicU32 = AtomicU32::new(0);

/// The receive interrupt: one critical section, and it never waits.
pub fn on_receive(byte: u8) {
    if RECEIVED.try_send(byte).is_err() {
        OVERRUNS.fetch_add(1, Ordering::Relaxed);
    }
}

/// How many bytes came while the queue was full.
pub fn overruns() -> u32 {
    OVERRUNS.load(Ordering::Relaxed)
}

/// Waits for a line and returns it without its end; what does not fit into `line` is left out.
pub async fn read_line(line: &mut [u8]) -> &[u8] {
    let mut len = 0;
    loop {
        match RECEIVED.recv().await {
            b'\n' => return &line[..len],
            byte if len < line.len() => {
                line[len] = byte;
                len += 1;
            }
            _ => {}
        }
    }
}
