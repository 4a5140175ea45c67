//! The settings of a board, as its file has them.

use selkie::runtime::Builder;
use serde::Deserialize;

/// Whether a board runs Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Programs run on Linux.
    Linux,
    /// Firmware runs on nothing.
    Bare,
}

/// A board's file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoardFile {
    /// What people call it.
    pub name: String,
    /// Whether it runs Linux.
    pub kind: Kind,
    /// The compiler's name of the target.
    pub target: String,
    /// The compiler's name of the processor, if not the target's.
    pub cpu: Option<String>,
    /// What links: a program, or `zig`.
    pub linker: String,
    /// How zig is called, if it links.
    pub zig: Option<Zig>,
    /// The package of the firmware workspace, on a bare board.
    pub firmware: Option<String>,
    /// The folder of the same small programs with another executor, to measure beside ours.
    pub peer: Option<String>,
    /// Debian packages that building takes.
    pub packages: Vec<String>,
    /// Debian packages that emulating takes.
    #[serde(default)]
    pub emulator_packages: Vec<String>,
    /// What runs a program for this board here; empty: it runs as it is.
    #[serde(default)]
    pub emulator: Vec<String>,
    /// How a runtime fits the board.
    #[serde(default)]
    pub preset: Preset,
    /// A whole machine to boot.
    pub guest: Option<Guest>,
    /// What a new project for the board is made of.
    pub project: Option<Project>,
}

/// Chips whose projects are made of the same template.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TemplateKind {
    /// On a HAL of embassy, whose time driver is the clock.
    #[default]
    CortexM,
    /// On esp-hal, with a clock of Selkie's.
    Esp,
}

/// What a new project for a board is made of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// What people call the chip.
    pub chip: String,
    /// Which template it is made of.
    #[serde(default)]
    pub template: TemplateKind,
    /// What probe-rs calls it.
    pub probe: String,
    /// Lines of the manifest: the HAL, and what it needs.
    pub dependencies: Vec<String>,
    /// Arguments of the linker beside those that all have.
    #[serde(default)]
    pub link_arguments: Vec<String>,
    /// Paths that the program uses of the HAL.
    pub uses: Vec<String>,
    /// An expression that initializes the HAL, and is its peripherals.
    pub init: String,
    /// An expression that makes an output of `peripherals`: the board's lamp.
    pub led: String,
    /// The memory map; absent where the HAL brings it.
    pub memory: Option<String>,
}

/// How zig is called as a linker.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zig {
    /// Zig's name of the target.
    pub target: String,
    /// Zig's name of the processor.
    pub cpu: String,
}

/// A whole machine to boot.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guest {
    /// The emulator and its arguments.
    pub machine: Vec<String>,
    /// The kernel's command line.
    pub append: String,
    /// Where the kernel comes from.
    pub kernel: Kernel,
}

/// Where a kernel comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Kernel {
    /// A package of Debian for another architecture.
    Debian {
        /// Debian's name of the architecture.
        debian: String,
        /// The package.
        package: String,
    },
    /// A file, where it is there, else what a script builds.
    Built {
        /// The file, relative to the repository.
        file: String,
        /// The script: its argument is the path of the kernel.
        script: String,
    },
}

/// How a runtime fits a board; what is absent stays as it is by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// What the device tree calls the board, from the start.
    #[serde(default)]
    pub models: Vec<String>,
    /// Worker threads; one means a runtime of one thread.
    pub workers: Option<usize>,
    /// Threads for calls that block.
    pub blocking_threads: Option<usize>,
    /// KiB of each thread's stack.
    pub stack_kib: Option<usize>,
    /// Events that one look at the driver takes.
    pub events_per_turn: Option<usize>,
}

impl Preset {
    /// A builder of a runtime that fits, with I/O and timers; anything may still be changed.
    ///
    /// # Examples
    /// ```
    /// let board = selkie_boards::Board::detect();
    /// let runtime = board.preset().builder().build()?;
    /// runtime.block_on(async { println!("on {}", board.name()) });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn builder(&self) -> Builder {
        let mut builder = match self.workers {
            Some(1) => Builder::new_current_thread(),
            _ => Builder::new_multi_thread(),
        };
        if let Some(workers) = self.workers.filter(|&workers| workers > 1) {
            builder.worker_threads(workers);
        }
        if let Some(threads) = self.blocking_threads {
            builder.max_blocking_threads(threads);
        }
        if let Some(kib) = self.stack_kib {
            builder.thread_stack_size(kib * 1024);
        }
        if let Some(events) = self.events_per_turn {
            builder.max_io_events_per_tick(events);
        }
        builder.enable_all();
        builder
    }
}
