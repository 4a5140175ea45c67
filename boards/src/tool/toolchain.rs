//! Which compiler builds for a target.
//!
//! rustup's, where its target is installed; else Debian's, which brings the standard library's
//! source. For Linux that library is compiled once for each target, into a sysroot of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use selkie_boards::{BoardFile, Kind, Zig};

use crate::command::{call, is_there, output, repository};
use crate::literal::{shell_word, toml_string};
use crate::packages::check_debian_compiler;

/// A cargo for packages of this repository, set up for a board.
pub(crate) fn cargo(board: &BoardFile) -> Result<Command, String> {
    cargo_with(board, &repository(), None)
}

/// A cargo that runs in `folder`, set up for a board, with one more flag for the compiler.
pub(crate) fn cargo_with(
    board: &BoardFile,
    folder: &Path,
    flag: Option<&str>,
) -> Result<Command, String> {
    let target = &board.target;
    let from_rustup = rustup_has(target, folder);
    let mut flags: Vec<String> = flag.iter().map(|flag| (*flag).to_owned()).collect();
    let mut cargo = if from_rustup {
        Command::new("cargo")
    } else {
        check_debian_compiler(target)?;
        debian_cargo()
    };
    if board.kind == Kind::Linux {
        flags.push("-Ctarget-feature=+crt-static".into());
        if !from_rustup {
            flags.push(format!("--sysroot={}", sysroot(target)?.display()));
        }
    }
    if let Some(cpu) = &board.cpu {
        flags.push(format!("-Ctarget-cpu={cpu}"));
    }
    if board.kind == Kind::Bare {
        flags.extend(short_paths());
    }
    let linker = match &board.zig {
        Some(zig) => {
            flags.push("-Clink-self-contained=no".into());
            Some(zig_linker(zig)?)
        }
        // rustup brings a linker for chips.
        None if board.kind == Kind::Bare && from_rustup && !is_there(&board.linker) => None,
        None => Some(board.linker.clone().into()),
    };
    if let Some(linker) = linker {
        let variable = target.to_uppercase().replace(['-', '.'], "_");
        cargo.env(format!("CARGO_TARGET_{variable}_LINKER"), linker);
    }
    // No variable, which would be split at the spaces of paths.
    cargo
        .current_dir(folder)
        .args(["--config", &rust_flags(target, &flags)])
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTFLAGS");
    if board.kind == Kind::Bare && !from_rustup {
        cargo.env("CARGO_UNSTABLE_BUILD_STD", "core,alloc");
    }
    Ok(cargo)
}

/// A setting of cargo's: flags for a target, beside those of the package's own configuration.
fn rust_flags(target: &str, flags: &[String]) -> String {
    let flags: Vec<_> = flags.iter().map(|flag| toml_string(flag)).collect();
    format!("target.{target}.rustflags=[{}]", flags.join(","))
}

/// Flags that take what is this machine's own out of the paths that panics name: they would stand in
/// the flash.
fn short_paths() -> Vec<String> {
    let mut flags = vec![format!("--remap-path-prefix={}/=", repository().display())];
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let sources = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    for source in sources.into_iter().flatten().flatten() {
        flags.push(format!("--remap-path-prefix={}/=", source.path().display()));
    }
    flags
}

/// Whether rustup's toolchain has the target: the one that a folder chooses, perhaps by a file.
pub(crate) fn rustup_has(target: &str, folder: &Path) -> bool {
    let list = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .current_dir(folder)
        .output();
    list.is_ok_and(|list| {
        String::from_utf8_lossy(&list.stdout)
            .lines()
            .any(|installed| installed == target)
    })
}

/// Debian's cargo with Debian's compiler, allowed to build the standard library.
fn debian_cargo() -> Command {
    let mut cargo = Command::new("/usr/bin/cargo");
    cargo
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTDOC", "/usr/bin/rustdoc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTUP_TOOLCHAIN");
    cargo
}

/// A directory with the target's standard library, compiled if it is not there yet.
fn sysroot(target: &str) -> Result<PathBuf, String> {
    let version = Command::new("/usr/bin/rustc")
        .arg("--version")
        .output()
        .map_err(|error| format!("cannot start /usr/bin/rustc: {error}"))?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let version = version.split_whitespace().nth(1).unwrap_or("unknown");
    let sysroot = output().join("sysroots").join(version).join(target);
    if !sysroot.exists() {
        eprintln!("compiling the standard library for {target}, once");
        compile_std(target, &sysroot).map_err(|why| format!("no standard library: {why}"))?;
    }
    Ok(sysroot)
}

fn compile_std(target: &str, sysroot: &Path) -> Result<(), String> {
    let package = output().join("std");
    let told = |error: std::io::Error| error.to_string();
    fs::create_dir_all(package.join("src")).map_err(told)?;
    let manifest = "[workspace]\n[package]\nname = \"empty\"\nedition = \"2024\"\n";
    fs::write(package.join("Cargo.toml"), manifest).map_err(told)?;
    fs::write(package.join("src/lib.rs"), "#![no_std]\n").map_err(told)?;
    call(
        debian_cargo()
            .current_dir(&package)
            .args(["build", "--quiet", "--release", "--target", target])
            .arg("-Zbuild-std=std,panic_unwind")
            .env("CARGO_TARGET_DIR", package.join("target"))
            .env_remove("RUSTFLAGS"),
    )?;
    // Into a directory beside, which is renamed when it is whole.
    let fresh = sysroot.with_extension("new");
    let libraries = fresh.join("lib/rustlib").join(target).join("lib");
    fs::create_dir_all(&libraries).map_err(told)?;
    let built = package.join("target").join(target);
    for entry in fs::read_dir(built.join("release/deps")).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libempty-") {
            fs::copy(&path, libraries.join(&name)).map_err(told)?;
        }
    }
    fs::rename(&fresh, sysroot).map_err(told)?;
    fs::remove_dir_all(built).map_err(told)
}

/// A program that calls zig as a linker. Zig knows the processor better than the compiler's
/// arguments do, so those are left out.
fn zig_linker(zig: &Zig) -> Result<PathBuf, String> {
    let call: Vec<_> = find_zig()?.iter().map(|word| shell_word(word)).collect();
    let call = call.join(" ");
    let directory = output().join("linkers");
    let path = directory.join(format!("zig-{}", zig.target));
    let script = format!(
        "#!/bin/bash\n\
         a=(); for x; do case $x in -march=*|-mfloat-abi=*|-mabi=*) ;; *) a+=(\"$x\");; esac; done\n\
         exec {call} cc -target {} -mcpu={} \"${{a[@]}}\"\n",
        zig.target, zig.cpu
    );
    let told = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    fs::create_dir_all(&directory).map_err(told)?;
    fs::write(&path, script).map_err(told)?;
    make_executable(&path).map_err(told)?;
    Ok(path)
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

/// How zig is called: `zig`, or the package `ziglang` of a Python.
fn find_zig() -> Result<Vec<String>, String> {
    let own = output().join("zig");
    let own_python = own.join("bin/python3");
    let works = |words: &[&str]| {
        let mut command = Command::new(words[0]);
        let output = command.args(&words[1..]).arg("version").output();
        output.is_ok_and(|output| output.status.success())
    };
    let named = env::var("SELKIE_ZIG").unwrap_or_default();
    let named: Vec<&str> = named.split_whitespace().collect();
    let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    if !named.is_empty() && works(&named) {
        return Ok(owned(&named));
    }
    let own_python = own_python.to_string_lossy();
    for words in [
        &["zig"][..],
        &["python3", "-m", "ziglang"],
        &[&own_python, "-m", "ziglang"],
    ] {
        if works(words) {
            return Ok(owned(words));
        }
    }
    let own = own.display();
    Err(format!(
        "zig, which links for musl, is not installed\n\
         install it: python3 -m venv {own} && {own}/bin/pip install ziglang==0.13.0"
    ))
}

#[cfg(test)]
mod tests {
    use super::rust_flags;

    #[test]
    fn paths_in_flags_may_have_spaces_and_quotes() {
        let flags = ["-Ca".to_owned(), r#"--b=/my "own"/c\d=/"#.to_owned()];
        let setting = rust_flags("thumbv6m-none-eabi", &flags);
        let read: toml::Table = setting.parse().expect("cargo reads it");
        let read = read["target"]["thumbv6m-none-eabi"]["rustflags"].as_array();
        let read = read.expect("an array").iter().map(|flag| flag.as_str());
        assert_eq!(
            read.collect::<Vec<_>>(),
            flags.each_ref().map(|flag| Some(flag.as_str()))
        );
    }
}
