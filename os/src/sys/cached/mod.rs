//! What Linux answers from its caches, without waiting for a disk or a network.

mod kernel;

mod inode;

mod devices;

mod root;

mod name;

mod lookup;

mod reads;

mod drain;

pub(crate) use devices::{Reads, is_local_file, known, learn};
pub(crate) use drain::drain;
pub(crate) use inode::Inode;
pub(crate) use lookup::{Found, Lookup, OnRoot, look_up, make_blocking, open_found, open_on_root};
pub(crate) use reads::read;
