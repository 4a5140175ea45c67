//! Registers of the chip's peripherals.

/// A 32-bit register of the chip, by its address.
#[derive(Debug, Clone, Copy)]
pub struct Register(usize);

impl Register {
    /// The register at `address`.
    ///
    /// # Safety
    /// The chip's manual has it there, it may be read at any time, and no write to it moves memory.
    pub const unsafe fn new(address: usize) -> Self {
        Self(address)
    }

    /// Reads it.
    pub fn read(self) -> u32 {
        let address = core::ptr::with_exposed_provenance::<u32>(self.0);
        // SAFETY: a register that may be read, by the promise at `new`.
        unsafe { address.read_volatile() }
    }

    /// Writes it.
    pub fn write(self, value: u32) {
        let address = core::ptr::with_exposed_provenance_mut::<u32>(self.0);
        // SAFETY: a register that moves no memory, by the promise at `new`.
        unsafe { address.write_volatile(value) };
    }
}
