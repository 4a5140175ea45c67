//! Registers of the chip's peripherals.

/// A 32-bit register, by its address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Register(pub(crate) usize);

impl Register {
    /// Reads it.
    pub(crate) fn read(self) -> u32 {
        let address = core::ptr::with_exposed_provenance::<u32>(self.0);
        // SAFETY: this file's users name registers of the chip's manual, which may be read.
        unsafe { address.read_volatile() }
    }

    /// Writes it.
    pub(crate) fn write(self, value: u32) {
        let address = core::ptr::with_exposed_provenance_mut::<u32>(self.0);
        // SAFETY: this file's users name registers of the chip's manual, none of which moves memory.
        unsafe { address.write_volatile(value) };
    }
}
