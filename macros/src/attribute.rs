//! The attributes `main` and `test`, of the crate `selkie` and of its facade.

use syn::Path;

/// What the function is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Main,
    Test,
}

/// The attribute that the user wrote.
pub(crate) struct Attribute {
    pub(crate) kind: Kind,
    pub(crate) has_multi_thread: bool,
    pub(crate) path: Path,
    krate: &'static str,
}

impl Attribute {
    /// An attribute of the crate `selkie`.
    pub(crate) fn selkie(kind: Kind, has_multi_thread: bool) -> Self {
        Self {
            kind,
            has_multi_thread,
            path: syn::parse_quote!(::selkie),
            krate: "selkie",
        }
    }

    /// An attribute of the facade `tokio`.
    pub(crate) fn tokio(kind: Kind, has_multi_thread: bool) -> Self {
        Self {
            kind,
            has_multi_thread,
            path: syn::parse_quote!(::tokio),
            krate: "tokio",
        }
    }

    /// The attribute as the user writes it.
    pub(crate) fn name(&self) -> String {
        let kind = match self.kind {
            Kind::Main => "main",
            Kind::Test => "test",
        };
        format!("{}::{kind}", self.krate)
    }
}
