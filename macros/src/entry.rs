//! `#[main]` and `#[test]`: an async function whose body runs on a runtime.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Block, Error, ItemFn, Result, ReturnType, Type};

use crate::attribute::{Attribute, Kind};
use crate::options::{Flavor, Options};

/// The whole expansion; on an error the function as it was, with the error beside it, so that
/// editors still see the function.
pub(crate) fn expand(
    options: TokenStream,
    item: TokenStream,
    attribute: &Attribute,
) -> TokenStream {
    let function = match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => function,
        Err(error) => return with_error(item, &error),
    };
    match check(&function, attribute).and_then(|()| Options::parse(options, attribute)) {
        Ok(options) => wrap(function, &options, attribute.kind),
        Err(error) => with_error(
            wrap(function, &Options::fallback(attribute), attribute.kind),
            &error,
        ),
    }
}

fn with_error(mut tokens: TokenStream, error: &Error) -> TokenStream {
    tokens.extend(error.to_compile_error());
    tokens
}

fn check(function: &ItemFn, attribute: &Attribute) -> Result<()> {
    let signature = &function.sig;
    if signature.asyncness.is_none() {
        let text = "the `async` keyword is missing from the function declaration";
        return Err(Error::new_spanned(signature.fn_token, text));
    }
    if attribute.kind == Kind::Main && signature.ident == "main" && !signature.inputs.is_empty() {
        let text = "the main function cannot accept arguments";
        return Err(Error::new_spanned(&signature.ident, text));
    }
    if attribute.kind == Kind::Test {
        if let Some(other) = function.attrs.iter().find(|attribute| is_test(attribute)) {
            let text = "second test attribute is supplied, consider removing or changing the order \
                        of your test attributes";
            return Err(Error::new_spanned(other, text));
        }
    }
    Ok(())
}

/// Whether `attribute` is the standard library's `#[test]`.
fn is_test(attribute: &syn::Attribute) -> bool {
    let syn::Meta::Path(path) = &attribute.meta else {
        return false;
    };
    let names: Vec<String> = path
        .segments
        .iter()
        .map(|part| part.ident.to_string())
        .collect();
    match names
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["test"] => true,
        [krate, "prelude", _, "test"] => matches!(*krate, "core" | "std"),
        _ => false,
    }
}

fn wrap(mut function: ItemFn, options: &Options, kind: Kind) -> TokenStream {
    function.sig.asyncness = None;
    let ItemFn {
        attrs,
        vis,
        sig,
        block,
        ..
    } = &function;
    let path = &options.path;
    let builder = options.builder();
    // Errors about the body's type then point to its last statement.
    let end = block
        .stmts
        .last()
        .map_or_else(|| block.span(), Spanned::span);
    let test = (kind == Kind::Test).then(|| quote! { #[::core::prelude::v1::test] });
    let block = hinted(block, &sig.output);
    let body = match (kind, boxed_output(&sig.output)) {
        // One concrete future type for `block_on`, so that it is compiled once for many tests.
        (Kind::Test, Some(output)) => quote_spanned! {end=>
            let body = async #block;
            let mut body = ::core::pin::pin!(body);
            let body: ::core::pin::Pin<&mut dyn ::core::future::Future<Output = #output>> =
                body.as_mut();
        },
        _ => quote_spanned! {end=> let body = async #block; },
    };
    let build = match options.flavor {
        Flavor::Local => quote_spanned! {end=>
            .build_local(#path::runtime::LocalOptions::default())
        },
        Flavor::CurrentThread | Flavor::MultiThread => quote_spanned! {end=> .build() },
    };
    let run = quote_spanned! {end=>
        #[allow(clippy::expect_used, clippy::diverging_sub_expression, clippy::needless_return)]
        {
            return #builder #build.expect("failed to build the runtime").block_on(body);
        }
    };
    quote! {
        #test
        #(#attrs)*
        #vis #sig {
            #body
            #run
        }
    }
}

/// The body with its type said first, so that an error points to the statement that is wrong.
fn hinted(block: &Block, output: &ReturnType) -> TokenStream {
    let (ReturnType::Type(..), Some(output)) = (output, boxed_output(output)) else {
        return quote! { #block };
    };
    let stmts = &block.stmts;
    let hint = quote_spanned! {Span::mixed_site()=>
        #[allow(unreachable_code, unused_variables, clippy::all)]
        if false {
            let output: #output = loop {};
            return output;
        }
    };
    quote_spanned! {block.span()=> { #hint #(#stmts)* } }
}

/// The output type, if a `dyn Future` can name it.
fn boxed_output(output: &ReturnType) -> Option<TokenStream> {
    match output {
        ReturnType::Default => Some(quote! { () }),
        ReturnType::Type(_, ty) => match **ty {
            Type::ImplTrait(_) | Type::Never(_) => None,
            _ => {
                let tokens = quote! { #ty };
                let hidden = tokens.to_string().contains("impl ");
                (!hidden).then(|| quote_spanned! {Span::call_site()=> #ty })
            }
        },
    }
}
