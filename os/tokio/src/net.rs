//! Without the feature `net`: the name of what stands for socket addresses.

pub use selkie::net::ToSocketAddrs;
