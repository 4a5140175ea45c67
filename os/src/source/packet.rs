//! Reads where a short read does not mean that nothing is left: of pipes and Unix streams.

use std::io;
use std::task::{Context, Poll};

use mio::event::Source;

use crate::async_io::ReadBuf;
use crate::driver::Direction;

use super::evented::{Evented, ReadFunction};
use super::fill::fill;

impl<S: Source> Evented<S> {
    /// Reads into `buf` with `read`, whatever a short read may mean; returns how many bytes.
    pub(crate) fn poll_read_packet(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        read: ReadFunction<S>,
    ) -> Poll<io::Result<usize>> {
        self.registration
            .poll_transfer(cx, Direction::Read, &mut || {
                fill(buf, |free| read(self, free))
            })
    }
}
