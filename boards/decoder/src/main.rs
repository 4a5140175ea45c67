//! Reads defmt's frames from standard input and writes them as lines: `selkie-decoder FIRMWARE < FRAMES`.
//!
//! What is no frame of defmt's, for instance what an emulator prints, would be taken for one: the emulator's own output goes elsewhere.

use std::io::{ErrorKind, Read, Write, stdin, stdout};
use std::process::ExitCode;

use defmt_decoder::{DecodeError, Frame, StreamDecoder, Table};

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
    loop {
        let count = match stdin().read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.to_string()),
        };
        decoder.received(&bytes[..count]);
        show(&mut *decoder, table.encoding().can_recover())?;
    }
}

/// Writes all frames that have come as a whole.
fn show(decoder: &mut dyn StreamDecoder, can_recover: bool) -> Result<(), String> {
    loop {
        match decoder.decode() {
            Ok(frame) => write_line(&frame).map_err(|error| error.to_string())?,
            Err(DecodeError::UnexpectedEof) => return Ok(()),
            Err(DecodeError::Malformed) if can_recover => {
                eprintln!("(a frame that cannot be read)")
            }
            Err(DecodeError::Malformed) => return Err("a frame cannot be read".to_owned()),
        }
    }
}

fn write_line(frame: &Frame<'_>) -> std::io::Result<()> {
    let level = frame.level().map_or("", |level| level.as_str());
    let mut out = stdout().lock();
    writeln!(out, "{level:<5} {}", frame.display_message())?;
    out.flush()
}
