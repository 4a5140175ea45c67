//! `join!` and `try_join!`: several futures, polled in turns until all are ready.
//!
//! Idea        Each future is pinned in a local variable that keeps its output when it is ready.
//!             Every poll starts with another future, so that none eats the budget of the rest.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Result, Token, parenthesized};

mod keyword {
    syn::custom_keyword!(biased);
}

/// When the futures are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    AllReady,
    FirstError,
}

struct Join {
    krate: TokenStream,
    is_biased: bool,
    futures: Vec<Expr>,
}

impl Parse for Join {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let content;
        parenthesized!(content in input);
        let krate = content.parse()?;
        let is_biased = input.peek(keyword::biased) && input.peek2(Token![;]);
        if is_biased {
            input.parse::<keyword::biased>()?;
            input.parse::<Token![;]>()?;
        }
        let futures = Punctuated::<Expr, Token![,]>::parse_terminated(input)?;
        Ok(Self {
            krate,
            is_biased,
            futures: futures.into_iter().collect(),
        })
    }
}

/// The whole expansion.
pub(crate) fn expand(input: TokenStream, until: Until) -> TokenStream {
    match syn::parse2::<Join>(input) {
        Ok(join) => join.expand(until),
        Err(error) => error.to_compile_error(),
    }
}

impl Join {
    fn expand(&self, until: Until) -> TokenStream {
        if self.futures.is_empty() {
            return match until {
                Until::AllReady => quote! { () },
                Until::FirstError => quote! { ::core::result::Result::Ok(()) },
            };
        }
        let site = Span::mixed_site();
        let krate = &self.krate;
        let support = quote! { #krate::macros::support };
        let count = self.futures.len() as u32;
        let names: Vec<Ident> = (0..self.futures.len())
            .map(|index| Ident::new(&format!("future{index}"), site))
            .collect();
        let futures = &self.futures;
        let arms = (0..names.len()).map(|index| arm(index, &names[index], &support, until));
        let outputs = names.iter().map(|name| {
            let output = quote_spanned! {site=>
                #name.as_mut().take_output().expect("a joined future is ready")
            };
            match until {
                Until::AllReady => output,
                Until::FirstError => {
                    quote_spanned! {site=> #output.ok().expect("errors were returned") }
                }
            }
        });
        let rotator = if self.is_biased {
            quote_spanned! {site=> #support::BiasedRotator }
        } else {
            quote_spanned! {site=> #support::Rotator::<#count> }
        };
        let outputs = quote_spanned! {site=> (#(#outputs,)*) };
        let done = match until {
            Until::AllReady => outputs,
            Until::FirstError => quote_spanned! {site=> ::core::result::Result::Ok(#outputs) },
        };
        quote_spanned! {site=> {
            let mut futures = (#(#support::maybe_done(#futures),)*);
            // One pointer for all of them keeps the future small.
            let futures = &mut futures;
            let mut rotator = <#rotator as ::core::default::Default>::default();
            #support::poll_fn(move |context| {
                let (#(#names,)*) = &mut *futures;
                // SAFETY: fields of a local variable that nothing moves any more, as in `pin!`.
                #(let mut #names = unsafe { #support::Pin::new_unchecked(#names) };)*
                let skip: u32 = rotator.num_skip();
                let mut is_waiting = false;
                for step in 0..#count {
                    match (skip + step) % #count {
                        #(#arms)*
                        _ => ::core::unreachable!("futures are counted modulo their number"),
                    }
                }
                if is_waiting {
                    #support::Poll::Pending
                } else {
                    #support::Poll::Ready(#done)
                }
            })
            .await
        }}
    }
}

/// One future's turn.
fn arm(index: usize, name: &Ident, support: &TokenStream, until: Until) -> TokenStream {
    let site = Span::mixed_site();
    let number = index as u32;
    let check = (until == Until::FirstError).then(|| {
        quote_spanned! {site=>
            else if #name.as_mut().output_mut().is_some_and(|output| output.is_err()) {
                return #support::Poll::Ready(::core::result::Result::Err(
                    #name.as_mut().take_output().and_then(|output| output.err())
                        .expect("the error is there"),
                ));
            }
        }
    });
    quote_spanned! {site=> #number => {
        if #support::Future::poll(#name.as_mut(), context).is_pending() {
            is_waiting = true;
        }
        #check
    }}
}
