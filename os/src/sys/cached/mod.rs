//! What Linux answers from its memory of an open file, without waiting for a disk or a network.

mod kernel;

mod file_system;

mod reads;

mod system;

pub(crate) use system::System;
