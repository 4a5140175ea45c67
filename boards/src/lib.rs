//! What kind of board this is, and a runtime that fits it.
//!
//! The same files (`boards/list/*.toml`) tell the tool of this package how to build for a board and
//! how to emulate it.

mod detection;
mod files;
mod preset;

pub use detection::Board;
pub use files::{FileError, LIST, parse};
pub use preset::{BoardFile, Guest, Kernel, Kind, Preset, Project, TemplateKind, Zig};
