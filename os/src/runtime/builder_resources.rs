//! Methods of the builder for what lives beside a runtime.

use std::io;

use super::builder::Builder;
use crate::context::{Handle, Resource};
use crate::sys::StackSignal;

impl Builder {
    /// Which signal a thread is sent for its stack.
    #[allow(dead_code, reason = "only Unix has signals")]
    pub(crate) fn set_stack_signal(&mut self, number: Option<i32>) -> &mut Self {
        self.parts.stack_signal = number.map_or(StackSignal::Never, StackSignal::Number);
        self
    }

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
