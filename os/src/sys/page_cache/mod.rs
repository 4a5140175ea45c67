//! What Linux has in memory of an open file: reads without waiting for a disk or a network.

mod kernel;

mod file_system;

mod reads;

mod page_cache;

pub(crate) use page_cache::PageCache;
