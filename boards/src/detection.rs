//! Which board this program runs on.

use std::fs;

use crate::files::{LIST, parse};
use crate::preset::Preset;

/// KiB of memory below which a board counts as small.
const SMALL_KIB: u64 = 300 * 1024;

/// The board that this program runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    name: String,
    preset: Preset,
}

impl Board {
    /// Looks at the device tree, and at the memory if that names no known board.
    ///
    /// # Cost
    /// Reads two files of `/proc`; call it once, before the runtime is built.
    pub fn detect() -> Self {
        let model = fs::read_to_string("/proc/device-tree/model").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        Self::of(model.trim_end_matches('\0'), &memory)
    }

    /// The board of a device tree's model, or else of what `/proc/meminfo` says.
    fn of(model: &str, memory: &str) -> Self {
        let known = LIST.iter().filter_map(|(id, _)| parse(id).ok());
        // The longest name that fits: "Raspberry Pi Model" is not a Pi 4.
        let fits = |known: &str| model.starts_with(known).then_some(known.len());
        let best = known
            .filter_map(|board| {
                let fit = board
                    .preset
                    .models
                    .iter()
                    .filter_map(|known| fits(known))
                    .max()?;
                Some((fit, board))
            })
            .max_by_key(|(fit, _)| *fit);
        if let Some((_, board)) = best {
            return Self {
                name: model.to_owned(),
                preset: board.preset,
            };
        }
        let small = total_kib(memory).is_some_and(|kib| kib < SMALL_KIB);
        Self {
            name: if model.is_empty() { "unknown" } else { model }.to_owned(),
            preset: if small {
                Self::small()
            } else {
                Preset::default()
            },
        }
    }

    /// What fits 256 MiB of memory.
    fn small() -> Preset {
        Preset {
            models: Vec::new(),
            workers: Some(1),
            blocking_threads: Some(16),
            stack_kib: Some(256),
            events_per_turn: Some(128),
        }
    }

    /// What the board calls itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How a runtime fits it.
    pub const fn preset(&self) -> &Preset {
        &self.preset
    }
}

fn total_kib(memory: &str) -> Option<u64> {
    let line = memory.lines().find(|line| line.starts_with("MemTotal:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Board;
    use crate::preset::Preset;

    #[test]
    fn boards_are_known_by_their_model() {
        let four = Board::of("Raspberry Pi 4 Model B Rev 1.4", "");
        assert_eq!(four.preset().workers, Some(4));
        let zero = Board::of("Raspberry Pi Zero W Rev 1.1", "");
        assert_eq!(zero.preset().workers, Some(1));
        assert_eq!(zero.preset().stack_kib, Some(256));
        let zero_2 = Board::of("Raspberry Pi Zero 2 W Rev 1.0", "");
        assert_eq!(zero_2.preset().workers, Some(4));
        assert_eq!(zero_2.preset().stack_kib, Some(512));
        let three = Board::of("Raspberry Pi 3 Model B Plus Rev 1.3", "");
        assert_eq!(three.preset().blocking_threads, Some(48));
        let first = Board::of("Raspberry Pi Model B Rev 2", "");
        assert_eq!(first.preset().workers, Some(1));
    }

    #[test]
    fn the_preset_of_an_unknown_board_follows_its_memory() {
        let limit = Board::of("", "MemTotal: 307200 kB\n");
        assert_eq!(limit.preset(), &Preset::default());
        let below = Board::of("Toaster", "MemFree: 1 kB\nMemTotal: 307199 kB\n");
        assert_eq!(below.preset().workers, Some(1));
        assert_eq!(below.name(), "Toaster");
    }

    #[test]
    fn every_preset_builds_a_runtime() {
        for (id, _) in crate::LIST {
            let board = crate::parse(id).expect("well-formed");
            let runtime = board.preset.builder().build().expect(id);
            assert_eq!(runtime.block_on(async { 5 }), 5);
        }
    }

    #[test]
    fn this_machine_is_detected() {
        let runtime = Board::detect().preset().builder().build();
        assert!(runtime.is_ok());
    }
}
