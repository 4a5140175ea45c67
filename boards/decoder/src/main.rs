//! Reads defmt's frames from standard input and writes them as lines: `selkie-decoder FIRMWARE < FRAMES`.
//!
//! What is no frame of defmt's, for instance what an emulator prints, would be taken for one: the emulator's own output goes elsewhere.

use std::io::{ErrorKind, Read, Write, stdin, stdout};
use std::process::ExitCode;

use defmt_decoder::{DecodeError, Frame, StreamDecoder, Table};

/// Bytes of a frame at most, many times a frame's usual length: what has no end is no log.
const LONGEST_FRAME_BYTES: usize = 1 << 20;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("selkie-decoder: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let path = std::env::args()
        .nth(1)
        .ok_or("usage: selkie-decoder FIRMWARE < FRAMES")?;
    let file = std::fs::read(&path).map_err(|error| format!("{path}: {error}"))?;
    let table = Table::parse(&file).map_err(|error| format!("{path}: {error}"))?;
    let table = table.ok_or_else(|| format!("{path} logs nothing by defmt"))?;
    let mut decoder = table.new_stream_decoder();
    let mut bytes = [0; 1024];
    let mut pending = 0;
    loop {
        let count = match stdin().read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.to_string()),
        };
        decoder.received(&bytes[..count]);
        let has_ended = show(&mut *decoder, table.encoding().can_recover())?;
        pending = pending_bytes(pending, count, has_ended)?;
    }
}

/// How many bytes may belong to a frame whose end has not come, after `count` more.
fn pending_bytes(before: usize, count: usize, has_ended: bool) -> Result<usize, String> {
    let pending = if has_ended { count } else { before + count };
    if pending > LONGEST_FRAME_BYTES {
        return Err(format!(
            "no frame ends within {LONGEST_FRAME_BYTES} bytes: is this a log by defmt?"
        ));
    }
    Ok(pending)
}

/// Writes all frames that have come as a whole; says whether one has ended.
fn show(decoder: &mut dyn StreamDecoder, can_recover: bool) -> Result<bool, String> {
    let mut has_ended = false;
    loop {
        match decoder.decode() {
            Ok(frame) => write_line(&frame).map_err(|error| error.to_string())?,
            Err(DecodeError::UnexpectedEof) => return Ok(has_ended),
            Err(DecodeError::Malformed) if can_recover => {
                eprintln!("(a frame that cannot be read)")
            }
            Err(DecodeError::Malformed) => return Err("a frame cannot be read".to_owned()),
        }
        has_ended = true;
    }
}

fn write_line(frame: &Frame<'_>) -> std::io::Result<()> {
    let level = frame.level().map_or("", |level| level.as_str());
    let mut out = stdout().lock();
    if let Some(time) = frame.display_timestamp() {
        write!(out, "{time} ")?;
    }
    writeln!(out, "{level:<5} {}", frame.display_message())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_FRAME_BYTES, pending_bytes};

    #[test]
    fn a_frame_without_end_is_an_error() {
        assert_eq!(pending_bytes(1_000, 24, false), Ok(1_024));
        // The end of one may be the start of the next.
        assert_eq!(pending_bytes(1_000, 24, true), Ok(24));
        let most = LONGEST_FRAME_BYTES;
        assert_eq!(pending_bytes(most - 24, 24, false), Ok(most));
        assert!(pending_bytes(most - 23, 24, false).is_err());
        assert_eq!(pending_bytes(most, 1, true), Ok(1));
    }
}
