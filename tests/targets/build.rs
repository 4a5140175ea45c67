//! Makes two files out of `items.txt`, for the system that is built for: a link to each name, and a bound
//! for each implementation.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

const LIST: &str = "items.txt";

/// How the list calls the system that is built for; others have none of their own.
fn system() -> Option<&'static str> {
    let cfg = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    Some(match cfg("OS").as_str() {
        "linux" | "android" => "linux",
        "freebsd" => "freebsd",
        "windows" => "windows",
        _ if cfg("VENDOR") == "apple" => "apple",
        _ if cfg("FAMILY").contains("wasm") => "wasm",
        _ => return None,
    })
}

fn main() {
    println!("cargo::rerun-if-changed={LIST}");
    let list = fs::read_to_string(LIST).expect("the list stands beside this");
    let (mut links, mut bounds) = (String::new(), String::new());
    let mut applies = false;
    for line in list.lines() {
        if let Some(systems) = line.strip_prefix("## ") {
            applies = system().is_some_and(|own| systems.split(' ').any(|one| one == own));
        } else if let Some(implemented) = line.strip_prefix("impl ").filter(|_| applies) {
            let (bound, implementer) = implemented.split_once(" for ").expect("IMPL for TYPE");
            let written = writeln!(bounds, "implements!({implementer}: {bound});");
            written.expect("a string grows");
        } else if let Some((kind, path)) = line.split_once(' ').filter(|_| applies) {
            if kind != "#" {
                writeln!(links, "- [{path}]({kind}@{path})").expect("a string grows");
            }
        }
    }
    let folder = env::var("OUT_DIR").expect("cargo says it");
    let write =
        |name, text| fs::write(Path::new(&folder).join(name), text).expect("room on the disk");
    write("links.md", links);
    write("bounds.rs", format!("fn bounds() {{\n{bounds}}}\n"));
}
