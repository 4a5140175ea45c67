//! Code that is written as text, with the user's tokens as its arguments.
//!
//! Idea        What a macro expands to reads as Rust in a string, where `$name` is an argument. The compiler cuts the
//!             string into tokens; they get one span, and an argument keeps its own. This is what the
//!             crates `quote` and `syn` are otherwise needed for, and those take longer to build than all of this crate.

use proc_macro::{Group, Span, TokenStream, TokenTree};

/// An argument's name, and what stands for it.
pub(crate) type Argument<'a> = (&'a str, TokenStream);

/// The tokens of `text`, all of them at `span`, with its arguments filled in.
pub(crate) fn fill(text: &str, span: Span, arguments: &[Argument<'_>]) -> TokenStream {
    let tokens: TokenStream = text.parse().expect("a template is made of tokens");
    fill_tokens(tokens, span, arguments)
}

fn fill_tokens(tokens: TokenStream, span: Span, arguments: &[Argument<'_>]) -> TokenStream {
    let mut filled = TokenStream::new();
    let mut tokens = tokens.into_iter();
    while let Some(mut token) = tokens.next() {
        match &mut token {
            TokenTree::Punct(punct) if punct.as_char() == '$' => {
                let name = tokens.next().map(|name| name.to_string());
                let argument = arguments
                    .iter()
                    .find(|(argument, _)| Some(*argument) == name.as_deref());
                let (_, content) = argument.unwrap_or_else(|| panic!("no such argument: {name:?}"));
                filled.extend(content.clone());
                continue;
            }
            TokenTree::Group(group) => {
                let inner = fill_tokens(group.stream(), span, arguments);
                *group = Group::new(group.delimiter(), inner);
            }
            _ => {}
        }
        token.set_span(span);
        filled.extend([token]);
    }
    filled
}

/// `tokens` at `span`, all of them.
pub(crate) fn at(tokens: TokenStream, span: Span) -> TokenStream {
    fill_tokens(tokens, span, &[])
}

/// One stream of many.
pub(crate) fn concat(parts: impl IntoIterator<Item = TokenStream>) -> TokenStream {
    parts.into_iter().collect()
}
