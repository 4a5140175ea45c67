//! A guest that boots: a kernel, and the test program as the first process.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};

use selkie_boards::{BoardFile, Kernel};

use crate::archive::Archive;
use crate::command::{call, lines_within, output, print_line, repository};
use crate::programs::{Program, build};

/// Seconds that a guest may take, on a loaded machine too.
const LIMIT_SECONDS: u64 = 240;

/// Boots the board's guest; the test program tells its status by a line.
///
/// # Errors
/// If there is no guest or no kernel, or the status is not zero or never told.
pub(crate) fn boot(board: &BoardFile) -> Result<(), String> {
    let Some(guest) = &board.guest else {
        return Err(format!("{} has no machine to boot", board.name));
    };
    let kernel = kernel(&guest.kernel)?;
    let program = build(board, &Program::Suite)?;
    let initial = output().join(format!("{}.cpio", board.target));
    let told = |error: std::io::Error| error.to_string();
    let program = fs::read(program).map_err(told)?;
    let mut archive = Archive::default();
    for directory in ["dev", "proc", "sys", "tmp"] {
        archive.directory(directory);
    }
    archive.device("dev/console", (5, 1));
    archive.program("init", &program);
    fs::write(&initial, archive.finish()).map_err(told)?;
    let (emulator, arguments) = guest.machine.split_first().ok_or("no emulator")?;
    let start = Instant::now();
    let lines = lines_within(
        Command::new(emulator)
            .args(arguments)
            .arg("-kernel")
            .arg(&kernel)
            .arg("-initrd")
            .arg(initial)
            .args(["-append", &guest.append]),
        Duration::from_secs(LIMIT_SECONDS),
        |line| line.starts_with(STATUS),
    )?;
    print_line(&format!(
        "booted, ran and ended in {:.1} s",
        start.elapsed().as_secs_f32()
    ));
    let status = lines
        .iter()
        .rev()
        .find_map(|line| line.strip_prefix(STATUS));
    let skipped = lines.iter().find(|line| line.starts_with("skip "));
    // Every guest's kernel has rings.
    if let Some(told) = lines.iter().find(|line| line.starts_with(NO_RING)) {
        return Err(format!("not by the ring: {told}"));
    }
    match (status, skipped) {
        // Our own kernel has all that the cases want.
        (Some("0"), Some(case)) if kernel.ends_with(BUILT) => {
            Err(format!("not all was tried: {case}"))
        }
        (Some("0"), _) => Ok(()),
        (Some(status), _) => Err(format!("the guest's status: {status}")),
        (None, _) => Err("the guest ended without a status".to_owned()),
    }
}

/// What the first process says at its end.
const STATUS: &str = "exit status: ";

/// What it says where the system gave it no completion ring.
const NO_RING: &str = "no ring, ";

/// The kernel that a script has built.
const BUILT: &str = "built-Image";

/// The kernel's file, fetched or built if it is not there yet.
fn kernel(kernel: &Kernel) -> Result<PathBuf, String> {
    let directory = output().join("kernels");
    fs::create_dir_all(&directory).map_err(|error| error.to_string())?;
    match kernel {
        Kernel::Debian { debian, package } => {
            let directory = directory.join(debian);
            if let Some(found) = find_image(&directory) {
                return Ok(found);
            }
            eprintln!("fetching {package} for {debian}, once");
            let script = repository().join("boards/scripts/foreign-package");
            call(
                Command::new(script)
                    .arg(debian)
                    .arg(&directory)
                    .arg(package),
            )?;
            find_image(&directory).ok_or_else(|| format!("{package} brought no kernel"))
        }
        Kernel::Built { file, script } => {
            let named = env::var_os("SELKIE_KERNEL").map(PathBuf::from);
            let built = directory.join(BUILT);
            let candidates = [named, Some(built.clone()), Some(repository().join(file))];
            if let Some(found) = candidates.into_iter().flatten().find(|path| path.exists()) {
                return Ok(found);
            }
            eprintln!("building a kernel, once: this takes minutes");
            call(Command::new(repository().join(script)).arg(&built))?;
            Ok(built)
        }
    }
}

/// `boot/vmlinuz-…` of an unpacked package.
fn find_image(directory: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(directory.join("boot")).ok()?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("vmlinuz-")
        })
}
