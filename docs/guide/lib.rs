//! The guide's chapters as pages of this crate, so that `cargo test --doc -p selkie-guide` runs their programs.

#[doc = include_str!("src/introduction.md")]
pub mod introduction_chapter {}

#[doc = include_str!("src/hello.md")]
pub mod hello_chapter {}

#[doc = include_str!("src/spawning.md")]
pub mod spawning_chapter {}

#[doc = include_str!("src/shared-state.md")]
pub mod shared_state_chapter {}

#[doc = include_str!("src/channels.md")]
pub mod channels_chapter {}

#[doc = include_str!("src/io.md")]
pub mod io_chapter {}

#[doc = include_str!("src/framing.md")]
pub mod framing_chapter {}

#[doc = include_str!("src/select.md")]
pub mod select_chapter {}

#[doc = include_str!("src/streams.md")]
pub mod streams_chapter {}

#[doc = include_str!("src/time.md")]
pub mod time_chapter {}

#[doc = include_str!("src/shutdown.md")]
pub mod shutdown_chapter {}

#[doc = include_str!("src/blocking.md")]
pub mod blocking_chapter {}

#[doc = include_str!("src/structured.md")]
pub mod structured_chapter {}

#[doc = include_str!("src/bridging.md")]
pub mod bridging_chapter {}

#[doc = include_str!("src/testing.md")]
pub mod testing_chapter {}

#[cfg(target_os = "linux")]
#[doc = include_str!("src/simulation.md")]
pub mod simulation_chapter {}

#[doc = include_str!("src/seeing.md")]
pub mod seeing_chapter {}

#[doc = include_str!("src/tuning.md")]
pub mod tuning_chapter {}

#[doc = include_str!("src/boards.md")]
pub mod boards_chapter {}

#[doc = include_str!("src/chips.md")]
pub mod chips_chapter {}

#[doc = include_str!("src/async.md")]
pub mod depth_chapter {}

#[doc = include_str!("src/inside.md")]
pub mod inside_chapter {}
