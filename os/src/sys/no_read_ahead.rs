//! What std has read ahead, where it cannot be asked without waiting for more.

use std::io;

/// Takes nothing: it is handed out when more input, or the end, is there.
pub(crate) fn take_read_ahead(_: &mut Vec<u8>) -> io::Result<()> {
    Ok(())
}
