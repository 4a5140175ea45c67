//! Methods of the builder for what lives beside a runtime.

use std::io;

use super::builder::Builder;
use crate::context::{Handle, Resource};

impl Builder {
    /// Has `start` called for each runtime that is built; what it returns is dropped when the runtime shuts down.
    #[allow(dead_code, reason = "only Unix has dumps on signals")]
    pub(crate) fn add_resource<F>(&mut self, start: F) -> &mut Self
    where
        F: Fn(&Handle) -> io::Result<Resource> + Send + Sync + 'static,
    {
        self.resources.push(Box::new(start));
        self
    }
}
