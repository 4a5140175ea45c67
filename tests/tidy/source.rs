//! Reading the project's files, with comments and strings blanked out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// One file of the project.
#[derive(Debug)]
pub(crate) struct Source {
    /// The path from the project's root, with `/`.
    pub(crate) path: String,
    /// The text as it stands.
    pub(crate) text: String,
    /// Of a Rust file, the text with comments and the insides of strings as blanks.
    pub(crate) code: String,
    /// Of a Rust file, the comments alone; lines stay.
    pub(crate) comments: String,
}

/// Folders of libraries whose structure is checked.
const CRATES: [&str; 2] = ["core/src", "os/src"];
/// Names of folders that hold no sources.
const SKIPPED: [&str; 3] = ["target", ".git", "node_modules"];

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .expect("the tests stand in the project's root")
        .to_path_buf()
}

impl Source {
    fn new(path: String, text: String) -> Self {
        let (code, comments) = if path.ends_with(".rs") {
            take_apart(&text)
        } else {
            Default::default()
        };
        Self {
            path,
            text,
            code,
            comments,
        }
    }

    /// A file that is not there, for a rule's own test.
    pub(crate) fn example(path: &str, text: &str) -> Self {
        Self::new(path.to_owned(), text.to_owned())
    }

    /// The library files of the core and the hosted layer.
    pub(crate) fn crates() -> &'static [Self] {
        static READ: OnceLock<Vec<Source>> = OnceLock::new();
        READ.get_or_init(|| Self::under(&CRATES, |path| path.ends_with(".rs")))
    }

    /// Every Rust file, in whatever folder.
    pub(crate) fn all() -> &'static [Self] {
        static READ: OnceLock<Vec<Source>> = OnceLock::new();
        READ.get_or_init(|| Self::under(&["."], |path| path.ends_with(".rs")))
    }

    /// Every file that people read or programs run.
    pub(crate) fn texts() -> &'static [Self] {
        static READ: OnceLock<Vec<Source>> = OnceLock::new();
        let endings = [".rs", ".toml", ".md", ".sh", ".py", ".html", ".yml", "/run"];
        READ.get_or_init(|| {
            Self::under(&["."], |path| {
                endings.iter().any(|ending| path.ends_with(ending))
            })
        })
    }

    fn under(folders: &[&str], wanted: impl Fn(&str) -> bool + Copy) -> Vec<Self> {
        let root = root();
        let mut found = Vec::new();
        for folder in folders {
            collect(&root, &root.join(folder), wanted, &mut found);
        }
        found.sort_by(|a: &Self, b: &Self| a.path.cmp(&b.path));
        found
    }

    /// Whether the file holds tests or models only.
    pub(crate) fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        matches!(name, "tests.rs" | "model.rs" | "models.rs")
            && !self.path.starts_with("core/src/platform/")
            || ["/tests/", "/model/", "/models/"]
                .iter()
                .any(|part| self.path.contains(part))
            || self.path.starts_with("tests/")
            || self.path.starts_with("benches/")
    }

    /// Whether the file holds tests or models of the room that it stands in.
    pub(crate) fn is_unit_test(&self) -> bool {
        self.is_test() && (self.path.starts_with("core/src/") || self.path.starts_with("os/src/"))
    }

    /// Whether the file is a library's or a room's door.
    pub(crate) fn is_door(&self) -> bool {
        self.path.ends_with("/mod.rs") || self.path.ends_with("/lib.rs")
    }

    /// Whether the file is the root of a crate that has more files.
    pub(crate) fn is_root(&self) -> bool {
        self.path.ends_with("/main.rs") || self.path.ends_with("/lib.rs")
    }

    /// The lines of code before tests that stand in the file itself.
    pub(crate) fn lines(&self) -> Vec<&str> {
        let lines: Vec<&str> = self.code.lines().collect();
        let tests = lines.windows(2).position(|pair| {
            pair[0].contains("cfg(")
                && pair[0].contains("test")
                && pair[1].contains("mod ")
                && pair[1].contains('{')
        });
        match tests {
            Some(at) => lines[..at].to_vec(),
            None => lines,
        }
    }
}

fn collect(root: &Path, at: &Path, wanted: impl Fn(&str) -> bool + Copy, found: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(at) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_str()) && !name.starts_with("target") {
                collect(root, &path, wanted, found);
            }
            continue;
        }
        let relative = path
            .strip_prefix(root)
            .expect("under the root")
            .to_string_lossy();
        let relative = relative.trim_start_matches("./").replace('\\', "/");
        if wanted(&relative) {
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            found.push(Source::new(relative, text));
        }
    }
}

/// `text` with comments and the insides of strings and characters replaced by blanks, and the comments alone;
/// lines stay.
fn take_apart(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    let mut comments = Vec::with_capacity(bytes.len());
    let blank = |byte: u8| if byte == b'\n' { byte } else { b' ' };
    let mut at = 0;
    while at < bytes.len() {
        let is_comment = bytes[at..].starts_with(b"//") || bytes[at..].starts_with(b"/*");
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => line_end(bytes, at),
            b'/' if is_comment => block_end(bytes, at),
            b'"' => string_end(bytes, at),
            b'r' if is_raw(bytes, at) => raw_end(bytes, at),
            b'\'' => char_end(bytes, at),
            byte => {
                code.push(byte);
                comments.push(blank(byte));
                at += 1;
                continue;
            }
        };
        let keep_quotes = bytes[at] == b'"';
        for (index, &byte) in bytes[at..end].iter().enumerate() {
            let is_quote = keep_quotes && (index == 0 || at + index + 1 == end);
            code.push(if is_quote { byte } else { blank(byte) });
            comments.push(if is_comment { byte } else { blank(byte) });
        }
        at = end;
    }
    let whole = "blanks replace whole characters";
    let comments = String::from_utf8(comments).expect(whole);
    (String::from_utf8(code).expect(whole), comments)
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..]
        .iter()
        .position(|&byte| byte == b'\n')
        .map_or(bytes.len(), |length| at + length)
}

fn block_end(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut at) = (0, at);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

fn is_raw(bytes: &[u8], at: usize) -> bool {
    let is_start = at == 0
        || !(bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
        || bytes[at - 1] == b'b';
    let hashes = bytes[at + 1..]
        .iter()
        .take_while(|&&byte| byte == b'#')
        .count();
    is_start && bytes.get(at + 1 + hashes) == Some(&b'"')
}

fn raw_end(bytes: &[u8], at: usize) -> usize {
    let hashes = bytes[at + 1..]
        .iter()
        .take_while(|&&byte| byte == b'#')
        .count();
    let mut close = vec![b'"'];
    close.resize(hashes + 1, b'#');
    let from = at + hashes + 2;
    bytes[from..]
        .windows(close.len())
        .position(|window| window == close)
        .map_or(bytes.len(), |length| from + length + close.len())
}

/// The end of a character; a lifetime ends after its quote.
fn char_end(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at + 1) == Some(&b'\\') {
        let close = bytes[at + 3..].iter().position(|&byte| byte == b'\'');
        return close.map_or(bytes.len(), |length| at + 3 + length + 1);
    }
    let is_char = bytes[at + 1..]
        .iter()
        .take(6)
        .skip(1)
        .position(|&byte| byte == b'\'');
    match is_char {
        Some(length) if length == 0 || bytes[at + 1] >= 0x80 => at + 1 + 1 + length + 1,
        _ => at + 1,
    }
}
