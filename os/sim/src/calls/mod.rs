//! The C library's functions, in front of the library's own: on a simulated thread they ask the simulated kernel, elsewhere the
//! real one.
//!
//! Idea        The linker takes a program's own definition of a function before that of a shared library. So whatever is in the
//!             program, the standard library above all, calls the functions in this room.
//! Invariant   A function here does nothing on threads that are not simulated but what the system does.

mod absent_calls;
mod answer;
mod attributes;
mod barriers;
mod bound_addresses;
mod buffered_files;
mod bytes;
mod clock;
mod conditions;
mod connection;
mod counters;
mod datagrams;
mod descriptor_flags;
mod descriptors;
mod directories;
mod disk_access;
mod entries;
mod entropy;
mod extended_attributes;
mod file_locks;
mod file_positions;
mod file_sizes;
mod file_status;
mod file_systems;
mod interfaces;
mod links;
mod lock;
mod mappings;
mod messages;
mod mutexes;
mod names;
mod number;
mod once;
mod open_files;
mod options;
mod original_locks;
mod parts;
mod passed_descriptors;
mod peer_addresses;
mod poll;
mod processes;
mod processors;
mod real_paths;
mod received;
mod rwlocks;
mod select;
mod semaphores;
mod sleep;
mod socket_address;
mod socket_names;
mod sockets;
mod streams;
mod syncs;
mod system_name;
mod temporary_files;
mod threads;
mod working_directory;

pub(crate) use processes::{deliver_signal, end_host};
pub(crate) use threads::start_on;
