//! Lists of known exceptions that can only shrink: a line that excuses nothing is a violation. `TIDY_PRUNE=1`
//! removes such lines instead.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A file of exceptions, one a line; lines that begin with `#` are comments.
#[derive(Debug)]
pub(crate) struct Exceptions {
    file: String,
    text: String,
    lines: BTreeSet<String>,
    used: BTreeSet<String>,
}

impl Exceptions {
    /// Reads `file`, which lies beside this one.
    pub(crate) fn read(file: &str) -> Self {
        let text = fs::read_to_string(Self::path(file)).expect("the list is there");
        Self::parse(file, &text)
    }

    /// The list that `text` holds.
    pub(crate) fn parse(file: &str, text: &str) -> Self {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self {
            file: file.to_owned(),
            text: text.to_owned(),
            lines: lines.map(str::to_owned).collect(),
            used: BTreeSet::new(),
        }
    }

    fn path(file: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tidy")
            .join(file)
    }

    /// Whether `line` is in the list; it counts as needed then.
    pub(crate) fn allow(&mut self, line: &str) -> bool {
        let is_there = self.lines.contains(line);
        if is_there {
            self.used.insert(line.to_owned());
        }
        is_there
    }

    /// Lines that excused nothing.
    pub(crate) fn unneeded(&self) -> Vec<String> {
        let file = &self.file;
        self.lines
            .difference(&self.used)
            .map(|line| {
                format!("tests/tidy/{file}: `{line}` is needed no more: take the line out (TIDY_PRUNE=1 does)")
            })
            .collect()
    }

    /// As [`unneeded`](Self::unneeded); with `TIDY_PRUNE` set, writes the list without those lines.
    pub(crate) fn finish(self) -> Vec<String> {
        if std::env::var_os("TIDY_PRUNE").is_none() {
            return self.unneeded();
        }
        let heading = self.text.lines().filter(|line| line.starts_with('#'));
        let kept = self.lines.intersection(&self.used).map(String::as_str);
        let lines: Vec<&str> = heading.chain(kept).collect();
        fs::write(Self::path(&self.file), lines.join("\n") + "\n")
            .expect("the list can be written");
        Vec::new()
    }
}
