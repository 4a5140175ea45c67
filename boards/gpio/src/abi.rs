//! What the kernel's GPIO device takes and gives (version 2 of its interface, since Linux 5.10).

/// Most lines of one request, by the kernel's interface.
const LINES_MAX: usize = 64;
/// Most attributes of one request.
const ATTRIBUTES_MAX: usize = 10;
/// Bytes of a consumer's name.
pub(crate) const NAME_BYTES: usize = 32;

pub(crate) const FLAG_INPUT: u64 = 1 << 2;
pub(crate) const FLAG_EDGE_RISING: u64 = 1 << 4;
pub(crate) const FLAG_EDGE_FALLING: u64 = 1 << 5;
pub(crate) const FLAG_PULL_UP: u64 = 1 << 8;

pub(crate) const EVENT_RISING: u32 = 1;
pub(crate) const EVENT_FALLING: u32 = 2;

#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Attribute {
    id: u32,
    padding: u32,
    value: u64,
    mask: u64,
}

#[repr(C)]
pub(crate) struct Config {
    pub(crate) flags: u64,
    attributes_len: u32,
    padding: [u32; 5],
    attributes: [Attribute; ATTRIBUTES_MAX],
}

#[repr(C)]
pub(crate) struct Request {
    pub(crate) offsets: [u32; LINES_MAX],
    pub(crate) consumer: [u8; NAME_BYTES],
    pub(crate) config: Config,
    pub(crate) lines_len: u32,
    pub(crate) event_buffer_len: u32,
    padding: [u32; 5],
    pub(crate) fd: i32,
}

#[repr(C)]
pub(crate) struct Values {
    pub(crate) bits: u64,
    pub(crate) mask: u64,
}

#[derive(Default)]
#[repr(C)]
pub(crate) struct Event {
    pub(crate) timestamp_nanos: u64,
    pub(crate) id: u32,
    pub(crate) offset: u32,
    pub(crate) number: u32,
    pub(crate) line_number: u32,
    padding: [u32; 6],
}

impl Request {
    /// A request for one line.
    pub(crate) const fn one(offset: u32, flags: u64) -> Self {
        let mut offsets = [0; LINES_MAX];
        offsets[0] = offset;
        let attribute = Attribute {
            id: 0,
            padding: 0,
            value: 0,
            mask: 0,
        };
        Self {
            offsets,
            consumer: [0; NAME_BYTES],
            config: Config {
                flags,
                attributes_len: 0,
                padding: [0; 5],
                attributes: [attribute; ATTRIBUTES_MAX],
            },
            lines_len: 1,
            event_buffer_len: 0,
            padding: [0; 5],
            fd: -1,
        }
    }
}

/// The number of a command that reads and writes a `T`, as most processors encode it.
const fn command<T>(number: u64) -> u64 {
    3 << 30 | (size_of::<T>() as u64) << 16 | 0xb4 << 8 | number
}

pub(crate) const GET_LINE: u64 = command::<Request>(0x07);
pub(crate) const GET_VALUES: u64 = command::<Values>(0x0e);

#[cfg(test)]
mod tests {
    use super::{Event, GET_LINE, GET_VALUES};

    /// As the kernel's header makes them.
    #[test]
    fn the_commands_are_the_kernels() {
        assert_eq!(GET_LINE, 0xc250_b407);
        assert_eq!(GET_VALUES, 0xc010_b40e);
        assert_eq!(size_of::<Event>(), 48);
    }
}
