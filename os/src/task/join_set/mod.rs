//! Tasks that are joined in the order in which they end.

mod ready;

mod set;

mod builder;

pub use builder::Builder;
pub use set::JoinSet;
