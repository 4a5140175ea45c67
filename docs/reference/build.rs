//! Copies the examples out of the documentation of the crates below `selkie`: one module for each file, each example on its
//! own line.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Where the documentation stands, by the names of the crates' folders.
const CRATES: [&str; 2] = ["core", "macros"];
/// Rooms whose examples hold without `std`.
const BARE_ROOMS: [&str; 2] = ["core/queue/", "core/platform/"];
/// Files that only chips have.
const CHIPS: &str = "core/platform/bare";

fn main() {
    let is_hosted = env::var_os("CARGO_FEATURE_STD").is_some();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut modules = String::new();
    for name in CRATES {
        let sources = Path::new("../..").join(name).join("src");
        println!("cargo::rerun-if-changed={}", sources.display());
        for path in files(&sources) {
            let relative = path.strip_prefix(&sources).expect("below the sources");
            let name = format!("{name}/{}", relative.to_string_lossy().replace('\\', "/"));
            let is_there = if is_hosted {
                !name.starts_with(CHIPS)
            } else {
                BARE_ROOMS.iter().any(|room| name.starts_with(room))
            };
            let text = fs::read_to_string(&path).expect("a source");
            let page = page(&text);
            if is_there && !page.trim().is_empty() {
                modules += &module(&out, &name, &page);
            }
        }
    }
    fs::write(out.join("examples.rs"), modules).expect("the folder can be written");
}

/// Writes the module of the file `name`, whose documentation is `page`, into the folder `out`; returns its declaration.
fn module(out: &Path, name: &str, page: &str) -> String {
    let module = name.trim_end_matches(".rs").replace('/', "_");
    let (source, examples) = (format!("{module}.rs"), format!("{module}.md"));
    fs::write(out.join(&examples), page).expect("the folder can be written");
    let attribute = format!("#![doc = include_str!({examples:?})]\n");
    fs::write(out.join(&source), attribute).expect("the folder can be written");
    let path = out.join(&source);
    format!("#[path = {path:?}]\npub mod {module};\n")
}

/// The Rust files at and below `at`.
fn files(at: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(at).expect("a folder of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What stands in `text`'s documentation between fences, with the fences; all other lines are empty.
///
/// There is one line more than in `text`, at the beginning: rustdoc names the line before an example's first one.
fn page(text: &str) -> String {
    let mut page = String::from("\n");
    let mut is_inside = false;
    for line in text.lines() {
        let line = line.trim_start();
        let comment = ["///", "//!"]
            .iter()
            .find_map(|start| line.strip_prefix(start));
        let Some(comment) = comment else {
            page.push('\n');
            continue;
        };
        let comment = comment.strip_prefix(' ').unwrap_or(comment);
        let is_fence = comment.starts_with("```");
        if is_inside || is_fence {
            page += comment;
        }
        is_inside ^= is_fence;
        page.push('\n');
    }
    page
}
