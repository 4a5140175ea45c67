//! What firmware costs: flash, RAM, and instructions, counted in a trace of the emulator.
//!
//! Idea        A program marks where counting begins and ends, and the emulator writes a line for each instruction. An executor
//!             that waits by an instruction which the emulator takes for nothing goes round and round while nothing happens;
//!             of those rounds none counts, so that all executors count as on a chip, where it sleeps.
//! Rejected    The emulator's clock: it counts what an idle chip waits. A plugin: Debian's package has none.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;
use std::{fs, fs::File};

use selkie_boards::{BoardFile, LIST, parse};

use crate::command::{call_within, lines_within, output, print_line};
use crate::firmware::Firmware;
use crate::programs::{Program, build, build_peer, emulated};

/// What `cost` counts, in this order, and how often each is done between two marks.
const COUNTED: [&str; 3] = ["wake and poll", "message there and back", "timer"];
const ROUNDS: f64 = 16.0;

/// The instruction by which a chip waits for an event.
const WFE: u16 = 0xbf20;

/// Prints a table of flash and RAM of the programs of each board, and one of instructions.
///
/// # Errors
/// If a board's firmware cannot be built, or does not run.
pub(crate) fn table() -> Result<(), String> {
    let boards = LIST
        .iter()
        .map(|(id, _)| parse(id).map_err(|error| error.to_string()));
    let boards = boards.collect::<Result<Vec<_>, _>>()?;
    let bare: Vec<&BoardFile> = boards
        .iter()
        .filter(|board| board.firmware.is_some())
        .collect();
    let mut rows = Vec::new();
    for board in &bare {
        rows.extend(rows_of_sizes(board)?);
    }
    for board in &bare {
        rows.extend(rows_of_stack(board)?);
    }
    for board in bare {
        if let Some(peer) = &board.peer {
            rows.extend(rows_of_instructions(board, peer)?);
        }
    }
    print_line(&rows.join("\n"));
    Ok(())
}

/// Says how much flash and RAM each program of the firmware takes.
///
/// # Errors
/// If the board has no firmware, or it cannot be built.
pub(crate) fn sizes(board: &BoardFile) -> Result<(), String> {
    print_line(&rows_of_sizes(board)?.join("\n"));
    Ok(())
}

/// Says how many instructions the board's executor takes for a wake, a message and a timer, and its peer.
///
/// # Errors
/// If the board has no peer, or a program cannot be built, or does not run.
pub(crate) fn instructions(board: &BoardFile) -> Result<(), String> {
    let peer = board
        .peer
        .as_ref()
        .ok_or_else(|| format!("{} has nothing to compare with", board.name))?;
    print_line(&rows_of_instructions(board, peer)?.join("\n"));
    Ok(())
}

/// Says how much stack each task of the board's program `stack` takes, and the program in all.
///
/// # Errors
/// If the board has no firmware, or the program cannot be built, or does not run.
pub(crate) fn stack(board: &BoardFile) -> Result<(), String> {
    // They are shown as they come.
    rows_of_stack(board).map(drop)
}

fn rows_of_stack(board: &BoardFile) -> Result<Vec<String>, String> {
    if board.firmware.is_none() {
        return Err(format!("{} has no firmware to measure", board.name));
    }
    let path = build(board, &Program::Named("stack".to_owned()))?;
    let is_last = |line: &str| line.starts_with("in all");
    let mut command = emulated(board, &path, &[]);
    let lines = lines_within(&mut command, Duration::from_secs(60), is_last)?;
    if !lines.last().is_some_and(|line| is_last(line)) {
        return Err(format!("{} told nothing", path.display()));
    }
    let rows = lines
        .iter()
        .map(|line| format!("| {} | {line}", board.name));
    Ok(rows.collect())
}

fn rows_of_sizes(board: &BoardFile) -> Result<Vec<String>, String> {
    if board.firmware.is_none() {
        return Err(format!("{} has no firmware to measure", board.name));
    }
    let row = |program: &str, path: &Path| -> Result<String, String> {
        let (flash, ram) = Firmware::read(path)?.sizes();
        Ok(format!("| {} | {program} | {flash} | {ram} |", board.name))
    };
    let mut rows = Vec::new();
    for name in ["suite", "blink"] {
        let path = build(board, &Program::Named(name.to_owned()))?;
        rows.push(row(&format!("`{name}`"), &path)?);
    }
    if let Some(peer) = &board.peer {
        let path = build_peer(board, peer, "blink")?;
        rows.push(row("`blink` with embassy-executor", &path)?);
    }
    Ok(rows)
}

fn rows_of_instructions(board: &BoardFile, peer: &str) -> Result<Vec<String>, String> {
    let ours = build(board, &Program::Named("cost".to_owned()))?;
    let ours = instructions_of(board, &ours)?;
    let theirs = build_peer(board, peer, "cost")?;
    let theirs = instructions_of(board, &theirs)?;
    let kinds = COUNTED.iter().zip(ours.into_iter().zip(theirs));
    let rows = kinds.map(|(kind, (ours, theirs))| {
        format!("| {} | {kind} | {ours:.1} | {theirs:.1} |", board.name)
    });
    Ok(rows.collect())
}

/// Instructions of each kind, a round.
fn instructions_of(board: &BoardFile, program: &Path) -> Result<Vec<f64>, String> {
    // Of this process: another one may be measuring.
    let trace = output().join(format!("trace-{}", std::process::id()));
    let file = trace.to_string_lossy();
    // Of several `-icount` the last counts: one instruction a nanosecond, so that timers are far ahead, and a clock that passes
    // an alarm while the chip sleeps, as a chip's does, and does not stop at its very moment.
    let options = ["-singlestep", "-d", "exec,nochain", "-D", &file];
    let mut command = emulated(board, program, &options);
    command.args(["-icount", "shift=0,sleep=on"]);
    call_within(&mut command, Duration::from_secs(60))?;
    let told = |error: std::io::Error| format!("{}: {error}", trace.display());
    let lines = BufReader::new(File::open(&trace).map_err(told)?).lines();
    let lines = lines.map_while(Result::ok);
    let counts = counts(&Firmware::read(program)?, lines);
    fs::remove_file(&trace).map_err(told)?;
    match counts {
        Some(counts) if counts.len() == COUNTED.len() => Ok(counts
            .into_iter()
            .map(|count| count as f64 / ROUNDS)
            .collect()),
        _ => Err(format!("{} has not the marks", program.display())),
    }
}

/// Instructions between each two marks.
fn counts(firmware: &Firmware, lines: impl Iterator<Item = String>) -> Option<Vec<usize>> {
    let begin = firmware.function("measure_begin")?;
    let end = firmware.function("measure_end")?;
    let handler = firmware.function("DefaultHandler")?;
    let mut counts = Vec::new();
    // Of the kind that is counted now, and since the last wait for an event.
    let (mut total, mut round) = (None::<usize>, 0);
    let mut is_at_work = false;
    for (address, function) in lines.filter_map(|line| executed(&line)) {
        if address == begin {
            (total, round, is_at_work) = (Some(0), 0, true);
        }
        let Some(counted) = &mut total else {
            continue;
        };
        if address == end {
            counts.push(*counted + round);
            total = None;
            continue;
        }
        round += 1;
        is_at_work |= address == handler || function.contains("4poll17h");
        if firmware.halfword(address) == Some(WFE) {
            // A round in which no task is polled and no interrupt comes is sleep.
            if is_at_work {
                *counted += round;
            }
            (round, is_at_work) = (0, false);
        }
    }
    Some(counts)
}

/// The address and the function of an instruction, of its line in the trace: `Trace 0: … [base/address/…] function`.
fn executed(line: &str) -> Option<(u32, String)> {
    let (_, rest) = line.strip_prefix("Trace ")?.split_once('[')?;
    let (words, function) = rest.split_once(']')?;
    let address = u32::from_str_radix(words.split('/').nth(1)?, 16).ok()?;
    Some((address, function.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::executed;

    #[test]
    fn a_line_of_the_trace_names_an_instruction() {
        let line = "Trace 0: 0x7f1580000240 [00800400/0000086c/00000510/ff000201] __pre_init";
        assert_eq!(executed(line), Some((0x86c, "__pre_init".to_owned())));
        assert_eq!(
            executed("cpu_io_recompile: rewound execution of TB to 00001128"),
            None
        );
    }
}
