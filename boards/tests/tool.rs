//! What the tool says to somebody who uses it for the first time, and gets it wrong.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Output};

/// A folder of its own, in which the tool runs, and which goes with the test.
struct TestDir(PathBuf);

impl TestDir {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("selkie tool {} {name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_selkie-boards"));
        command.args(words).current_dir(&self.0);
        command
    }

    fn tool(&self, words: &[&str]) -> (Option<i32>, String) {
        let Output { status, stderr, .. } = self.command(words).output().unwrap();
        (status.code(), String::from_utf8_lossy(&stderr).into_owned())
    }
}

impl Drop for TestDir {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_chip_without_programs_here_is_no_host() {
    let folder = TestDir::new("none");
    for board in ["pico", "nrf52840", "stm32f411", "esp32c3"] {
        for words in [
            &["build", board][..],
            &["build", board, "blink"],
            &["test", board],
            &["run", board, "blink"],
            &["repeat", board, "1"],
        ] {
            let (status, said) = folder.tool(words);
            assert_eq!(status, Some(1), "{words:?}: {said}");
            assert!(
                said.contains("no programs for") || said.contains("not installed"),
                "{words:?}: {said}"
            );
            assert!(!said.contains("error"), "{words:?}: {said}");
        }
    }
}

#[test]
fn a_project_that_cargo_would_refuse_is_not_made() {
    let folder = TestDir::new("names");
    for name in [
        "2tide",
        "test",
        "fn",
        "build",
        "defmt",
        "selkie-core",
        "a.b",
    ] {
        let (status, said) = folder.tool(&["new", name, "--chip", "rp2040"]);
        assert!(status.is_some_and(|status| status > 0), "{name}: {said}");
        assert!(said.contains(name), "{said}");
    }
    for more in ["--dry-run", "--symbols"] {
        let (status, said) = folder.tool(&["new", "tide", "--chip", "rp2040", more]);
        assert_eq!(status, Some(2), "{more}: {said}");
    }
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
    // A board's own name is as good as its chip's.
    let (status, said) = folder.tool(&["new", "tide", "--chip", "pico"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(folder.0.join("tide/memory.x").exists());
}

#[test]
fn a_project_for_an_esp32_brings_its_clock() {
    let folder = TestDir::new("esp");
    let (status, said) = folder.tool(&["new", "tide", "--chip", "esp32c3"]);
    assert_eq!(status, Some(0), "{said}");
    let read = |path: &str| fs::read_to_string(folder.0.join("tide").join(path)).unwrap();
    assert!(
        read("src/main.rs").contains("mod clock;") && read("src/clock.rs").contains("SYSTIMER")
    );
    assert!(
        read("Cargo.toml").contains("\"time-driver\"") && !folder.0.join("tide/memory.x").exists()
    );
    assert!(read("rust-toolchain.toml").contains("riscv32imc-unknown-none-elf"));
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_no_panic() {
    let folder = TestDir::new("full");
    for words in [
        &["list"][..],
        &["--help"],
        &["new", "tide", "--chip", "rp2040"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = folder.command(words).stdout(full).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
        assert!(!said.contains("panicked"), "{words:?}: {said}");
    }
}

#[test]
fn what_runs_in_no_emulator_needs_probe_rs() {
    let folder = TestDir::new("probe");
    let (status, said) = folder.tool(&["new", "tide", "--chip", "rp2040"]);
    assert_eq!(status, Some(0), "{said}");
    let mut command = folder.command(&["run", "pico", "--manifest-path", "tide/Cargo.toml"]);
    // Nothing is found there: before anything is built, it is said what is missing.
    let output = command.env("PATH", &folder.0).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("cargo install probe-rs-tools") || said.contains("not installed"),
        "{said}"
    );
}
