//! Where runs write, and how long that stays: what failed is kept for a reader, the newest of it.
#![allow(unsafe_code)]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::child::test_name;

/// Folders of processes that are kept, the newest ones.
const KEPT: usize = 40;
/// How old the others must be: nobody reads them now.
const OLD: Duration = Duration::from_secs(600);

/// The folder of this process's test, made now. Folders of earlier processes go when there are too many: a test that expects a failure
/// leaves one each time.
pub(super) fn own() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let program = program.file_name().unwrap_or_default().to_string_lossy();
    let process = format!("{program}-{}", std::process::id());
    let test = test_name().unwrap_or_else(|| String::from("main"));
    let test = test.replace("::", "-").replace('/', "-");
    let temporary = std::env::temp_dir();
    let all = temporary.join("selkie-sim");
    remove_old(&all);
    let folder = all.join(&process).join(&test);
    match fs::create_dir_all(&folder) {
        // Another user has made it first.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            // SAFETY: the call touches no memory.
            let user = unsafe { libc::getuid() };
            let all = temporary.join(format!("selkie-sim-{user}"));
            remove_old(&all);
            let folder = all.join(process).join(test);
            fs::create_dir_all(&folder).map(|()| folder)
        }
        Err(error) => Err(io::Error::new(
            error.kind(),
            format!("{} cannot be made: {error}", folder.display()),
        )),
        Ok(()) => Ok(folder),
    }
}

/// The folder has nothing that anybody would read; nor has that of the process, if it is empty.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    fs::remove_dir_all(folder)?;
    if let Some(process) = folder.parent() {
        // Other tests of the process have theirs in it, mostly.
        let _in_use = fs::remove_dir(process);
    }
    Ok(())
}

/// Removes all but the newest folders of processes. Whatever goes wrong, somebody else removes them as well.
fn remove_old(all: &Path) {
    let Ok(entries) = fs::read_dir(all) else {
        return;
    };
    let changed = |entry: &fs::DirEntry| entry.metadata().and_then(|entry| entry.modified());
    let mut folders: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((changed(&entry).ok()?, entry.path())))
        .collect();
    folders.sort();
    let spare = folders.len().saturating_sub(KEPT);
    let is_old = |at: &SystemTime| at.elapsed().is_ok_and(|age| age > OLD);
    for (_, folder) in folders[..spare].iter().filter(|(at, _)| is_old(at)) {
        let _gone = fs::remove_dir_all(folder);
    }
}
