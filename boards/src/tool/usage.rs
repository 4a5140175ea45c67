//! What each command takes.

/// What a command takes.
pub(crate) struct Usage {
    pub(crate) command: &'static str,
    /// What follows it; whoever writes capitals there means words.
    pub(crate) arguments: &'static str,
    pub(crate) what: &'static str,
    pub(crate) options: &'static [&'static str],
}

const BUILD: &[&str] = &["manifest-path", "bin", "example", "features", "symbols"];
const DEPLOY: &[&str] = &[
    "manifest-path",
    "bin",
    "example",
    "features",
    "symbols",
    "name",
    "unit",
    "dry-run",
];

const fn usage(command: &'static str, arguments: &'static str, what: &'static str) -> Usage {
    Usage {
        command,
        arguments,
        what,
        options: &[],
    }
}

impl Usage {
    const fn with(self, options: &'static [&'static str]) -> Self {
        Self { options, ..self }
    }

    /// How many words follow the command.
    pub(crate) fn words(&self) -> usize {
        let words = self.arguments.split_whitespace();
        words.take_while(|word| !word.starts_with("--")).count()
    }

    /// Whether a package of the user's is named.
    pub(crate) fn is_for_own(&self) -> bool {
        self.options.contains(&"manifest-path")
    }

    /// The command as it is written.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.command, self.arguments)
            .trim_end()
            .to_owned()
    }
}

/// All commands, in the order in which they are shown.
pub(crate) const USAGES: [(&str, &[Usage]); 3] = [
    (
        "Firmware of yours",
        &[
            usage(
                "new",
                "NAME --chip CHIP",
                "makes a project for a chip: two tasks, a channel, logs",
            )
            .with(&["chip"]),
            usage(
                "build",
                "BOARD --manifest-path PATH",
                "builds a package: firmware, or for Linux a program that is static and stripped",
            )
            .with(BUILD),
            usage(
                "run",
                "BOARD --manifest-path PATH",
                "builds it and runs it: on a chip by probe-rs, else emulated",
            )
            .with(BUILD),
        ],
    ),
    (
        "Programs of yours, for a board with Linux: `build` and `run`, as above, and",
        &[usage(
            "deploy",
            "BOARD HOST --manifest-path PATH",
            "builds it, brings it to HOST by ssh, and runs it as a hardened service",
        )
        .with(DEPLOY)],
    ),
    (
        "Programs of this repository",
        &[
            usage("list", "", "names the boards and chips"),
            usage("build", "BOARD", "builds the board's test program"),
            usage(
                "build",
                "BOARD PROGRAM",
                "builds another program: `blink`, or an example of the workspace",
            ),
            usage(
                "test",
                "BOARD",
                "builds the test program and runs it, emulated; its exit status is the outcome",
            ),
            usage("run", "BOARD PROGRAM", "builds and runs another program"),
            usage(
                "boot",
                "BOARD",
                "boots a guest whose first process is the test program",
            ),
            usage(
                "repeat",
                "BOARD RUNS",
                "runs the test program so many times, and says how often it passed",
            ),
            usage("size", "BOARD", "how much flash and RAM the firmware takes"),
            usage(
                "cost",
                "BOARD",
                "how many instructions the executor takes, beside another one",
            ),
            usage(
                "stack",
                "BOARD",
                "how much stack tasks take, and a program in all",
            ),
            usage(
                "table",
                "",
                "the sizes of all firmware, stack and instructions, as rows of tables",
            ),
        ],
    ),
];

/// The usages of a command; none if there is no such command.
pub(crate) fn usages(command: &str) -> Vec<&'static Usage> {
    let all = USAGES.iter().flat_map(|(_, usages)| *usages);
    all.filter(|usage| usage.command == command).collect()
}

/// The usages of a command.
///
/// # Errors
/// If there is no such command.
pub(crate) fn check_command(command: &str) -> Result<Vec<&'static Usage>, String> {
    let usages = usages(command);
    if usages.is_empty() {
        return Err(format!("there is no command `{command}`"));
    }
    Ok(usages)
}

/// Checks that the words and options are those of one usage of the command; `is_own` says whether a package of the user's is named.
///
/// # Errors
/// What is wrong, and what would be right.
pub(crate) fn check_usage(words: &[&str], options: &[&str], is_own: bool) -> Result<(), String> {
    let [command, words @ ..] = words else {
        return Err("there is no command".to_owned());
    };
    let usages = check_command(command)?;
    let right: Vec<_> = usages
        .iter()
        .filter(|usage| usage.words() == words.len())
        .collect();
    let lines = |usages: &[&&Usage]| {
        let lines: Vec<_> = usages
            .iter()
            .map(|usage| format!("`{}`", usage.line()))
            .collect();
        lines.join(" or ")
    };
    if right.is_empty() {
        let all: Vec<_> = usages.iter().collect();
        return Err(format!("it is {}", lines(&all)));
    }
    let chosen = right
        .iter()
        .find(|usage| usage.is_for_own() == is_own)
        .unwrap_or(&right[0]);
    match options
        .iter()
        .find(|option| !chosen.options.contains(option))
    {
        Some(option) => Err(format!("--{option} does not go with `{}`", chosen.line())),
        None => Ok(()),
    }
}
