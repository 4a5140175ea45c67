//! Which packages must be installed, and the command that installs them.

use std::process::Command;

/// Checks that `packages`, which `what` needs, are installed.
///
/// # Errors
/// The missing ones, with the line that installs them.
pub(crate) fn check(what: &str, packages: &[String]) -> Result<(), String> {
    let names = packages.iter().map(String::as_str);
    let missing: Vec<&str> = names.filter(|package| !is_installed(package)).collect();
    report(what, &missing)
}

fn report(what: &str, missing: &[&str]) -> Result<(), String> {
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    Err(format!(
        "{what} needs packages that are not installed: {packages}\n\
         install them: apt-get install --no-install-recommends {packages}"
    ))
}

/// Checks that Debian's compiler and the standard library's source are installed.
///
/// # Errors
/// The missing packages, with the line that installs them.
pub(crate) fn check_debian_compiler(target: &str) -> Result<(), String> {
    let missing: Vec<&str> = ["rustc-web", "cargo-web", "rust-web-src"]
        .into_iter()
        .filter(|package| !is_installed(package))
        .collect();
    report(
        &format!("{target} (or `rustup target add {target}`)"),
        &missing,
    )
}

/// Whether dpkg knows the package as installed; without dpkg the programs are looked for when they
/// are called.
fn is_installed(package: &str) -> bool {
    let answer = Command::new("dpkg-query")
        .args(["-W", "-f=${Status}", package])
        .output();
    match answer {
        Ok(output) => String::from_utf8_lossy(&output.stdout).contains("ok installed"),
        Err(_no_dpkg) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::report;

    #[test]
    fn a_missing_package_is_reported_with_the_command_that_installs_it() {
        assert_eq!(report("a board", &[]), Ok(()));
        let told = report("a board", &["gcc-x", "qemu-y"]).expect_err("missing");
        assert!(told.ends_with("apt-get install --no-install-recommends gcc-x qemu-y"));
    }
}
