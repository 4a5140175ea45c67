//! Ends of pipes as programs use them: read, written, watched, closed.

use super::object::Object;
use super::pipe::Pipe;
use super::state::State;
use crate::errno::Errno;
use crate::ids::PipeId;

impl State {
    /// Two descriptors for a new pipe: the end that reads, the end that writes.
    pub(crate) fn open_pipe(&mut self, flags: i32) -> [i32; 2] {
        let pipe = self.pipes.next_id();
        let ends = [false, true].map(|is_writer| {
            let descriptor = self.open(Object::Pipe { pipe, is_writer }, flags);
            let object = self.descriptors.get(descriptor).expect("just opened");
            (descriptor, object)
        });
        let [(reads, reader), (writes, writer)] = ends;
        self.pipes.add(pipe, reader, writer);
        [reads, writes]
    }

    /// Reads what is there; 0 if no more will come, or `EAGAIN`.
    pub(crate) fn read_pipe(&mut self, id: PipeId, room: &mut [u8]) -> Result<usize, Errno> {
        let pipe = self.pipes.get_mut(id);
        if room.is_empty() {
            return Ok(0);
        }
        let was_full = pipe.is_full();
        let count = pipe.drain(room);
        if count == 0 {
            return if pipe.writer.is_some() {
                Err(Errno(libc::EAGAIN))
            } else {
                Ok(0)
            };
        }
        let writer = pipe.writer.filter(|_| was_full && !pipe.is_full());
        if let Some(writer) = writer {
            self.changed(writer);
        }
        Ok(count)
    }

    /// Writes what there is room for; how much that was, or `EAGAIN`.
    pub(crate) fn write_pipe(&mut self, id: PipeId, bytes: &[u8]) -> Result<usize, Errno> {
        let pipe = self.pipes.get_mut(id);
        if bytes.is_empty() {
            return Ok(0);
        }
        let reader = pipe.reader.ok_or(Errno(libc::EPIPE))?;
        let count = pipe.fill(bytes);
        if count == 0 {
            return Err(Errno(libc::EAGAIN));
        }
        self.changed(reader);
        Ok(count)
    }

    /// Bytes that are in a pipe.
    pub(crate) fn pipe_length(&self, id: PipeId) -> usize {
        self.pipes.get(id).map_or(0, Pipe::len)
    }

    /// What `epoll` says of an end.
    pub(super) fn pipe_readiness(&self, id: PipeId, is_writer: bool) -> u32 {
        let Some(pipe) = self.pipes.get(id) else {
            return 0;
        };
        let mut events = 0;
        if is_writer {
            if !pipe.is_full() {
                events |= libc::EPOLLOUT | libc::EPOLLWRNORM;
            }
            if pipe.reader.is_none() {
                events |= libc::EPOLLERR;
            }
        } else {
            if !pipe.is_empty() {
                events |= libc::EPOLLIN | libc::EPOLLRDNORM;
            }
            if pipe.writer.is_none() {
                events |= libc::EPOLLHUP;
            }
        }
        events as u32
    }

    /// An end is closed.
    pub(super) fn close_pipe(&mut self, id: PipeId, is_writer: bool) {
        let pipe = self.pipes.get_mut(id);
        let (own, other) = if is_writer {
            (&mut pipe.writer, pipe.reader)
        } else {
            (&mut pipe.reader, pipe.writer)
        };
        *own = None;
        match other {
            Some(other) => self.changed(other),
            None => {
                self.pipes.remove(id);
            }
        }
    }

    /// Pipes whose ends are gone, as when a host's power is cut.
    pub(super) fn lose_pipes(&mut self) {
        let objects = &mut self.objects;
        self.pipes.retain(|id| objects.find(id).is_some());
    }
}
