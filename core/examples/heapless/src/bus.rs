//! Two drivers on one bus: a transfer ends by interrupt, and the bus stays locked until then.

use selkie_core::sync::{Mutex, Notify};

/// The bus controller: here a memory that answers, on a chip its registers.
#[derive(Debug)]
pub struct Bus {
    registers: [u8; 16],
    transfers: u32,
}

static BUS: Mutex<Bus> = Mutex::const_new(Bus {
    registers: [0; 16],
    transfers: 0,
});
static DONE: Notify = Notify::const_new();

/// The end-of-transfer interrupt. One that comes before the task waits is remembered.
pub fn on_transfer_done() {
    DONE.notify_one();
}

/// Writes a register; other drivers wait for the bus meanwhile.
pub async fn write(register: usize, value: u8) {
    let mut bus = BUS.lock().await;
    bus.transfers += 1;
    bus.registers[register] = value;
    DONE.notified().await;
}

/// Reads a register.
pub async fn read(register: usize) -> u8 {
    let mut bus = BUS.lock().await;
    bus.transfers += 1;
    DONE.notified().await;
    bus.registers[register]
}

/// How many transfers there were, if the bus is free.
pub fn transfers() -> Option<u32> {
    BUS.try_lock().ok().map(|bus| bus.transfers)
}
