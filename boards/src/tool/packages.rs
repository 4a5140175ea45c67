//! Which packages must be installed, and the command that installs them.

use std::process::Command;

/// Checks that `packages`, which `what` needs, are installed.
///
/// # Errors
/// The missing ones, with the line that installs them.
pub(crate) fn check(what: &str, packages: &[String]) -> Result<(), String> {
    let names = packages.iter().map(String::as_str);
    let missing: Vec<&str> = names.filter(|package| is_missing(package)).collect();
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
    if is_installed("dpkg").is_none() {
        return Err(format!(
            "the compiler has no {target}, and this is no Debian, whose compiler could do without\n\
             install it: rustup target add {target}"
        ));
    }
    let names = ["rustc-web", "cargo-web", "rust-web-src"].into_iter();
    let missing: Vec<&str> = names.filter(|package| is_missing(package)).collect();
    report(
        &format!("{target} (or `rustup target add {target}`)"),
        &missing,
    )
}

fn is_missing(package: &str) -> bool {
    // Without dpkg the programs are looked for when they are called.
    is_installed(package) == Some(false)
}

/// Whether dpkg knows the package as installed; `None` where there is no dpkg.
fn is_installed(package: &str) -> Option<bool> {
    let answer = Command::new("dpkg-query")
        .args(["-W", "-f=${Status}", package])
        .output();
    let answer = answer.ok()?;
    Some(String::from_utf8_lossy(&answer.stdout).contains("ok installed"))
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
