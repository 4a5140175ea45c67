//! A line of text that is made without a heap.

use core::fmt::{self, Write};

/// The longest line: `mean -2147483.648 C` and its end.
const BYTES: usize = 24;

/// A line, as far as it was written.
pub(crate) struct Line {
    bytes: [u8; BYTES],
    length: usize,
}

impl Line {
    /// `what`, a temperature in thousandths, and an end.
    pub(crate) fn of(what: &str, millidegrees: i32) -> Self {
        let sign = if millidegrees < 0 { "-" } else { "" };
        let (whole, rest) = (
            millidegrees.unsigned_abs() / 1_000,
            millidegrees.unsigned_abs() % 1_000,
        );
        let mut line = Self {
            bytes: [0; BYTES],
            length: 0,
        };
        let written = writeln!(line, "{what} {sign}{whole}.{rest:03} C");
        debug_assert!(written.is_ok(), "a line has room for the longest text");
        line
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn the_longest_and_the_smallest_fit() {
        for (value, text) in [
            (i32::MIN, "mean -2147483.648 C\n"),
            (-5, "mean -0.005 C\n"),
            (21_500, "mean 21.500 C\n"),
        ] {
            assert_eq!(Line::of("mean", value).as_bytes(), text.as_bytes());
        }
    }
}
