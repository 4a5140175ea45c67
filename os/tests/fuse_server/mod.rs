//! A file system that is served by a thread of the test, through `/dev/fuse`: it answers late, never, short,
//! with errors, or dies, as the test says.
#![allow(
    dead_code,
    unused_imports,
    unsafe_code,
    reason = "each test program uses a part of it, which asks the system"
)]

mod device;
mod gate;
mod mode;
mod mount;
mod server;
mod tree;
mod wire;

pub(crate) use device::wait;
pub(crate) use gate::{Gate, Plan, RequestInfo, RequestLog, Verdict};
pub(crate) use mode::ServerMode;
pub(crate) use mount::{bind, c_string, mount, unmount};
pub(crate) use server::FuseMount;
pub(crate) use tree::{Kind, ROOT};
pub(crate) use wire::kind;
