//! The text of `--help`.

use crate::usage::{USAGES, usages};

/// Options, with their values, and what they are for.
const OPTIONS: [(&str, &str, &str); 9] = [
    ("chip", " CHIP", "which chip: `list` names them"),
    ("manifest-path", " PATH", "the Cargo.toml of your package"),
    ("bin", " NAME", "which of its programs, if it has several"),
    ("example", " NAME", "an example of it"),
    ("features", " LIST", "features of it, with commas between"),
    (
        "symbols",
        "",
        "keeps the symbols, which dumps and backtraces name functions by",
    ),
    (
        "name",
        " NAME",
        "what the service is called; the program's name otherwise",
    ),
    (
        "unit",
        " FILE",
        "a unit of your own, instead of the hardened one",
    ),
    ("dry-run", "", "prints what would be done"),
];

/// What all commands share.
const END: &str = "\
A package that is missing on this machine is named, with the command that installs it. HOST is what ssh knows: a name, or USER@NAME; the user is
root or may use sudo without a password.";

/// What `--help` prints: of one command, or of all.
pub(crate) fn help(command: Option<&str>) -> String {
    let Some(command) = command else {
        return page();
    };
    let usages = usages(command);
    let lines: Vec<_> = usages
        .iter()
        .map(|usage| format!("  selkie-boards {}\n      {}", usage.line(), usage.what))
        .collect();
    let is_taken = |option: &str| usages.iter().any(|usage| usage.options.contains(&option));
    format!("Usage:\n{}\n{}\n{END}", lines.join("\n"), options(is_taken))
}

fn options(is_shown: impl Fn(&str) -> bool) -> String {
    let mut text = String::new();
    for (name, value, what) in OPTIONS.iter().filter(|(name, _, _)| is_shown(name)) {
        let option = format!("--{name}{value}");
        text += &format!("      {option:<22}{what}\n");
    }
    if text.is_empty() {
        return text;
    }
    format!("\nOptions:\n{text}")
}

fn page() -> String {
    let mut text = "Builds, runs and deploys programs for boards.\n\n\
                    Usage: selkie-boards COMMAND [ARGUMENTS]\n"
        .to_owned();
    for (title, usages) in &USAGES {
        text += &format!("\n{title}:\n");
        for usage in *usages {
            text += &format!("  {:<39}{}\n", usage.line(), usage.what);
        }
    }
    text += &options(|_| true);
    text += "\n  -h, --help               this text, or that of one command\n  -V, --version            the version\n\n";
    text + END
}
