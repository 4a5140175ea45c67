//! An `async fn` as the user wrote it, cut into the parts that an entry point needs.

use proc_macro::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

use crate::cursor::Cursor;
use crate::error::{Error, Result};

/// The parts of a function, in their order.
pub(crate) struct Function {
    /// Each with its `#`.
    pub(crate) attributes: Vec<[TokenTree; 2]>,
    /// Visibility and qualifiers, `fn`, name, generics, arguments, output and bounds, without `async`.
    pub(crate) signature: TokenStream,
    pub(crate) is_async: bool,
    pub(crate) keyword: Span,
    pub(crate) name: Ident,
    pub(crate) has_arguments: bool,
    /// What stands behind `->`.
    pub(crate) output: Option<Vec<TokenTree>>,
    pub(crate) body: Group,
}

impl Function {
    /// Cuts `item`.
    pub(crate) fn parse(item: TokenStream) -> Result<Self> {
        let mut cursor = Cursor::new(item);
        let mut attributes = Vec::new();
        while cursor.is_operator("#") {
            match (cursor.next(), cursor.next()) {
                (Some(mark), Some(content)) => attributes.push([mark, content]),
                _ => return Err(cursor.error("expected an attribute")),
            }
        }
        let (mut signature, mut is_async) = (Vec::new(), false);
        while !cursor.is_word("fn") {
            let Some(token) = cursor.next() else {
                return Err(Error::over(&signature, "expected `fn`"));
            };
            if matches!(&token, TokenTree::Ident(word) if word.to_string() == "async") {
                is_async = true;
            } else {
                signature.push(token);
            }
        }
        let keyword = cursor.peek().map_or_else(Span::call_site, TokenTree::span);
        signature.extend(cursor.next());
        let Some(name) = cursor.word().cloned() else {
            return Err(cursor.error("expected identifier"));
        };
        let Some((TokenTree::Group(body), rest)) = cursor.rest().split_last() else {
            return Err(cursor.error("expected a function with a body"));
        };
        if body.delimiter() != Delimiter::Brace {
            return Err(Error::new(body.span(), "expected curly braces"));
        }
        let (has_arguments, output) = arguments_and_output(rest);
        signature.extend(rest.iter().cloned());
        Ok(Self {
            attributes,
            signature: signature.into_iter().collect(),
            is_async,
            keyword,
            name,
            has_arguments,
            output,
            body: body.clone(),
        })
    }

    /// Where the last statement of the body begins.
    pub(crate) fn last_statement(&self) -> Span {
        let (mut start, mut is_new, mut is_block) = (None, true, false);
        for token in self.body.stream() {
            // What follows a block begins a statement, unless it goes on with the one that the block ends.
            let goes_on = match &token {
                TokenTree::Ident(word) => ["else", "as", "in"].contains(&word.to_string().as_str()),
                TokenTree::Punct(punct) => punct.as_char() != '#',
                TokenTree::Group(_) | TokenTree::Literal(_) => false,
            };
            if is_new || (is_block && !goes_on) {
                start = Some(token.span());
            }
            is_new = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ';');
            is_block =
                matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        }
        start.unwrap_or_else(|| self.body.span())
    }
}

/// Whether the first parentheses outside of generics hold something, and what stands behind the `->` after them.
fn arguments_and_output(signature: &[TokenTree]) -> (bool, Option<Vec<TokenTree>>) {
    let mut cursor = Cursor::new(signature.iter().cloned().collect());
    let mut has_arguments = false;
    cursor.next();
    if cursor.is_operator("<") {
        cursor.skip_generics();
    }
    if let Some(TokenTree::Group(arguments)) = cursor.next() {
        has_arguments = !arguments.stream().is_empty();
    }
    if !cursor.skip_operator("->") {
        return (has_arguments, None);
    }
    let is_where =
        |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word.to_string() == "where");
    let output = cursor.rest().split(is_where).next();
    (has_arguments, output.map(<[TokenTree]>::to_vec))
}
