//! The software interrupt.

use crate::register::Register;

const MSIP: Register = Register(0x0200_0000);

/// Makes the interrupt come.
pub fn pend() {
    MSIP.write(1);
}

/// Lets the interrupt go; its handler calls this first.
pub fn acknowledge() {
    MSIP.write(0);
}
