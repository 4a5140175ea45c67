//! `select!`: the first of several futures to be ready.
//!
//! Idea        Futures are pinned in local variables and polled from a random one on; what the first
//!             ready one yields, if its pattern matches, leaves as a variant of a local enum, so
//!             that its handler runs outside of the poll, where it may use `?`, `break` and
//!             `return`, and borrow what the other futures borrowed.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::token::Brace;
use syn::{Block, Error, Expr, Index, Pat, Result, Token, parenthesized};

/// Branches of one `select!`: a bit each.
const MAX_BRANCHES: usize = 64;

mod keyword {
    syn::custom_keyword!(biased);
}

struct Branch {
    pattern: Pat,
    future: Expr,
    guard: Option<Expr>,
    handler: TokenStream,
}

struct Select {
    krate: TokenStream,
    is_biased: bool,
    branches: Vec<Branch>,
    otherwise: Option<TokenStream>,
}

impl Parse for Select {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let content;
        parenthesized!(content in input);
        let krate = content.parse()?;
        let is_biased = input.peek(keyword::biased) && input.peek2(Token![;]);
        if is_biased {
            input.parse::<keyword::biased>()?;
            input.parse::<Token![;]>()?;
        }
        let (mut branches, mut otherwise) = (Vec::new(), None);
        while !input.is_empty() {
            if input.peek(Token![else]) {
                input.parse::<Token![else]>()?;
                input.parse::<Token![=>]>()?;
                otherwise = Some(handler(input)?);
                if !input.is_empty() {
                    return Err(input.error("`else` is the last branch of `select!`"));
                }
                break;
            }
            branches.push(input.parse()?);
        }
        if branches.is_empty() && otherwise.is_none() {
            return Err(Error::new(
                Span::call_site(),
                "select! requires at least one branch.",
            ));
        }
        if branches.len() > MAX_BRANCHES {
            let text = format!("select! takes {MAX_BRANCHES} branches at most");
            return Err(Error::new(Span::call_site(), text));
        }
        Ok(Self {
            krate,
            is_biased,
            branches,
            otherwise,
        })
    }
}

impl Parse for Branch {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        expect(input, input.peek(Token![=]))?;
        input.parse::<Token![=]>()?;
        let future = input.parse()?;
        let mut guard = None;
        if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
            expect(input, input.peek(Token![if]))?;
            input.parse::<Token![if]>()?;
            guard = Some(input.parse()?);
        }
        expect(input, input.peek(Token![=>]))?;
        input.parse::<Token![=>]>()?;
        Ok(Self {
            pattern,
            future,
            guard,
            handler: handler(input)?,
        })
    }
}

/// An error that shows what a branch looks like, unless what comes next is right.
fn expect(input: ParseStream<'_>, is_right: bool) -> Result<()> {
    if is_right {
        return Ok(());
    }
    let text = "a branch of `select!` is `pattern = future => handler` or \
                `pattern = future, if condition => handler`";
    Err(input.error(text))
}

/// A block, with or without a comma, or an expression and a comma, which the last may leave out.
fn handler(input: ParseStream<'_>) -> Result<TokenStream> {
    if input.peek(Brace) {
        let block: Block = input.parse()?;
        if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
        }
        return Ok(block.into_token_stream());
    }
    let expression: Expr = input.parse()?;
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    Ok(expression.into_token_stream())
}

/// The whole expansion.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    match syn::parse2::<Select>(input) {
        Ok(select) => select.expand(),
        Err(error) => error.to_compile_error(),
    }
}

impl Select {
    fn expand(&self) -> TokenStream {
        if self.branches.is_empty() {
            return self.otherwise.clone().unwrap_or_default();
        }
        let support = {
            let krate = &self.krate;
            quote! { #krate::macros::support }
        };
        let variants: Vec<Ident> = (0..self.branches.len())
            .map(|index| format_ident!("Branch{index}"))
            .collect();
        let guards = self.guards();
        let futures = self.futures(&support);
        let poll = self.poll(&support, &variants);
        let handlers = self
            .branches
            .iter()
            .zip(&variants)
            .map(|(branch, variant)| {
                let Branch {
                    pattern, handler, ..
                } = branch;
                quote_spanned! {handler.span()=> __SelkieOutcome::#variant(#pattern) => #handler, }
            });
        let otherwise = self.otherwise.clone().unwrap_or_else(|| {
            quote! {
                ::core::panic!("all branches are disabled and there is no else branch")
            }
        });
        let site = Span::mixed_site();
        quote_spanned! {site=> {
            // An item's name is not hygienic: no user has this one.
            #[doc(hidden)]
            #[allow(non_camel_case_types)]
            enum __SelkieOutcome<#(#variants),*> {
                #(#variants(#variants),)*
                Disabled,
            }
            #guards
            #[allow(unused_mut)]
            let mut outcome = {
                #futures
                #poll
            };
            #[allow(unreachable_patterns, unreachable_code)]
            match outcome {
                #(#handlers)*
                __SelkieOutcome::Disabled => #otherwise,
                _ => ::core::unreachable!("a pattern that matched does not match any more"),
            }
        }}
    }

    /// `disabled`: the bits of the branches whose guard is false, in as few bytes as will do.
    fn guards(&self) -> TokenStream {
        let site = Span::mixed_site();
        let guards = self
            .branches
            .iter()
            .enumerate()
            .filter_map(|(index, branch)| {
                let guard = branch.guard.as_ref()?;
                let bit = Literal::u64_unsuffixed(1 << index);
                Some(quote_spanned! {site=> if !(#guard) { disabled |= #bit; } })
            });
        let bits = match self.branches.len() {
            0..=8 => quote! { u8 },
            9..=16 => quote! { u16 },
            17..=32 => quote! { u32 },
            _ => quote! { u64 },
        };
        quote_spanned! {site=>
            #[allow(unused_mut, unused_assignments, unused_parens, clippy::nonminimal_bool)]
            let mut disabled: #bits = 0;
            #(#guards)*
        }
    }

    /// Every future, made in the order of the branches, in one tuple that does not move any more.
    fn futures(&self, support: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        // Each in a `let` of its own, so that what it borrows from a temporary value lives on.
        let made: Vec<Ident> = (0..self.branches.len())
            .map(|index| Ident::new(&format!("made{index}"), site))
            .collect();
        let lets = self.branches.iter().zip(&made).map(|(branch, made)| {
            let future = &branch.future;
            quote_spanned! {site=> let #made = #future; }
        });
        quote_spanned! {site=>
            #(#lets)*
            let mut futures = (#(#support::IntoFuture::into_future(#made),)*);
            // One pointer for all of them keeps the future small.
            let futures = &mut futures;
        }
    }

    /// One poll of the branches that are not disabled, from `start` on.
    fn poll(&self, support: &TokenStream, variants: &[Ident]) -> TokenStream {
        let site = Span::mixed_site();
        let count = self.branches.len() as u32;
        let arms = self.branches.iter().enumerate().map(|(index, branch)| {
            let field = Index::from(index);
            let (variant, number) = (&variants[index], index as u32);
            let mut pattern = branch.pattern.clone();
            unbind(&mut pattern);
            quote_spanned! {site=> #number => {
                // SAFETY: a field of a local variable that nothing moves any more, as in `pin!`.
                let future = unsafe { #support::Pin::new_unchecked(&mut futures.#field) };
                let output = match #support::Future::poll(future, context) {
                    #support::Poll::Ready(output) => output,
                    // `continue` lets an output that nobody names be `()`.
                    #support::Poll::Pending => {
                        is_waiting = true;
                        continue;
                    }
                };
                disabled |= 1 << branch;
                #[allow(unused_variables, unreachable_patterns, clippy::all)]
                match &output {
                    #pattern => return #support::Poll::Ready(__SelkieOutcome::#variant(output)),
                    _ => {}
                }
            }}
        });
        let start = if self.is_biased {
            quote_spanned! {site=> 0 }
        } else {
            quote_spanned! {site=> #support::below(#count) }
        };
        quote_spanned! {site=>
            #support::poll_fn(|context| {
                ::core::task::ready!(#support::poll_budget_available(context));
                let futures = &mut *futures;
                let start: u32 = #start;
                let mut is_waiting = false;
                for step in 0..#count {
                    #[allow(clippy::modulo_one)]
                    let branch: u32 = (start + step) % #count;
                    if disabled & (1 << branch) != 0 {
                        continue;
                    }
                    #[allow(unreachable_code)]
                    match branch {
                        #(#arms)*
                        _ => ::core::unreachable!("branches are counted modulo their number"),
                    }
                }
                if is_waiting {
                    #support::Poll::Pending
                } else {
                    #support::Poll::Ready(__SelkieOutcome::Disabled)
                }
            })
            .await
        }
    }
}

/// Makes `pattern` fit a reference to what it is for: by-value and by-reference bindings become
/// plain ones.
fn unbind(pattern: &mut Pat) {
    match pattern {
        Pat::Ident(ident) => {
            ident.by_ref = None;
            ident.mutability = None;
            if let Some((_, inner)) = &mut ident.subpat {
                unbind(inner);
            }
        }
        Pat::Or(or) => or.cases.iter_mut().for_each(unbind),
        Pat::Paren(paren) => unbind(&mut paren.pat),
        Pat::Reference(reference) => {
            reference.mutability = None;
            unbind(&mut reference.pat);
        }
        Pat::Slice(slice) => slice.elems.iter_mut().for_each(unbind),
        Pat::Struct(fields) => fields
            .fields
            .iter_mut()
            .for_each(|field| unbind(&mut field.pat)),
        Pat::Tuple(tuple) => tuple.elems.iter_mut().for_each(unbind),
        Pat::TupleStruct(tuple) => tuple.elems.iter_mut().for_each(unbind),
        Pat::Type(typed) => unbind(&mut typed.pat),
        _ => {}
    }
}
