//! A process that changes its directory, or whose directory is moved, between any two system calls of `fs::replace`.

use std::path::Path;

use selkie::fs;
use selkie::runtime::{Builder, Runtime};

use super::argument::{MOST_POINTS, argument};
use super::faults;
use super::watchdog::Watchdog;
use crate::fixture::{TempDir, run_part};

/// What happens amid the operation, in the directory that it is given.
type Action = (&'static str, fn(&Path));

const ACTIONS: [Action; 2] = [
    ("the process goes to another directory", |at| {
        std::env::set_current_dir(at.join("other")).unwrap();
    }),
    ("another directory takes the name of the first", |at| {
        std::fs::rename(at.join("here"), at.join("moved")).unwrap();
        std::fs::rename(at.join("other"), at.join("here")).unwrap();
    }),
];

#[test]
fn regression_86_a_file_is_replaced_where_it_was_found_whatever_moves() {
    let directory = TempDir::new("moved");
    let output = run_part(
        &["env"],
        "moved_directory::is_moved",
        &directory.path().join("directories"),
    )
    .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(output.status.success(), "{output:?}");
}

fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.max_blocking_threads(1).disable_io_uring();
    let runtime = builder.build().unwrap();
    runtime.block_on(async { fs::try_exists("/").await.unwrap() });
    runtime
}

/// Two directories with a file each, and this process in the first.
fn prepare(at: &Path) {
    std::env::set_current_dir("/").unwrap();
    for directory in ["here", "other", "moved"] {
        let _ = std::fs::remove_dir_all(at.join(directory));
    }
    for directory in ["here", "other"] {
        std::fs::create_dir(at.join(directory)).unwrap();
        std::fs::write(at.join(directory).join("file"), directory).unwrap();
    }
    std::env::set_current_dir(at.join("here")).unwrap();
}

/// The contents of the files of all directories; there is nothing else.
fn contents(at: &Path) -> Vec<String> {
    let mut contents = Vec::new();
    for directory in std::fs::read_dir(at).unwrap() {
        for entry in std::fs::read_dir(directory.unwrap().path()).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.file_name(), "file");
            contents.push(std::fs::read_to_string(entry.path()).unwrap());
        }
    }
    contents.sort();
    contents
}

#[test]
#[ignore = "a part of regression_86_a_file_is_replaced_where_it_was_found_whatever_moves"]
fn is_moved() {
    let Some((at, word)) = argument() else { return };
    let at = at.join(word);
    std::fs::create_dir(&at).unwrap();
    let Some(faults) = faults() else { return };
    let watchdog = Watchdog::new();
    let runtime = runtime();
    for (name, action) in ACTIONS {
        for path in ["file", "../here/file"] {
            let mut found = 0;
            for nth in 1..MOST_POINTS {
                let what = format!("{name}, {path}, call {nth}");
                watchdog.begin(&what);
                prepare(&at);
                let moved = at.clone();
                faults.act_at(nth, move || action(&moved));
                let replaced = runtime.block_on(fs::replace(path, "new"));
                let is_point = faults.disarm().is_some();
                replaced.unwrap_or_else(|error| panic!("{what}: {error}"));
                let contents = contents(&at);
                if contents == ["new", "other"] {
                    found += 1;
                } else {
                    // It was looked for later.
                    assert!(
                        found == 0 && contents == ["here", "new"],
                        "{what}: {contents:?}"
                    );
                }
                if !is_point {
                    break;
                }
            }
            println!("{name}, {path}: {found} points");
            assert!(found > 5, "moved too seldom");
        }
    }
}
