//! What services and projects may be called.

/// What cargo or Rust means by something else: cargo's own folders, crates that are always there, and keywords.
const TAKEN: &[&str] = &[
    "build",
    "deps",
    "examples",
    "incremental",
    "alloc",
    "core",
    "proc_macro",
    "std",
    "test",
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "self",
    "Self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    "_",
];

/// Checks that a service can have this name, which stands in paths and in commands.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let is_good = name.bytes().all(is_plain) && !name.starts_with('-');
    if is_good && (1..=64).contains(&name.len()) {
        return Ok(());
    }
    Err(format!(
        "{name:?} cannot be a name: 1 to 64 of a-z, A-Z, 0-9, _ and -, and no - before them"
    ))
}

/// Checks that a package can have this name, and its program.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_package_name(name: &str) -> Result<(), String> {
    check_name(name)?;
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(format!(
            "{name:?} cannot be a package's name: it begins with a digit"
        ));
    }
    if TAKEN.contains(&name) {
        return Err(format!(
            "{name:?} cannot be a package's name: it means something else to cargo or Rust"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{check_name, check_package_name};

    #[test]
    fn names_stand_in_paths_and_commands() {
        let (longest, longer) = ("a".repeat(64), "a".repeat(65));
        for good in ["a", "tide-gauge_2", &longest] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["", "-a", "a b", "a/b", "ä", "a.service", &longer] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_package_is_called_nothing_that_cargo_refuses() {
        for good in ["tide", "tide-gauge_2", "tests", "cores"] {
            assert_eq!(check_package_name(good), Ok(()), "{good}");
        }
        for bad in ["", "a/b", "2tide", "test", "core", "fn", "build", "_"] {
            assert!(check_package_name(bad).is_err(), "{bad}");
        }
    }
}
