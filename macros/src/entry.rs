//! `#[main]` and `#[test]`: an async function whose body runs on a runtime.

use proc_macro::{Delimiter, Group, Span, TokenStream, TokenTree};

use crate::attribute::{Attribute, Kind};
use crate::error::{Error, Result};
use crate::function::Function;
use crate::options::{Flavor, Options};
use crate::template::{concat, fill};

/// The whole expansion; on an error the function as it was, with the error beside it, so that
/// editors still see the function.
pub(crate) fn expand(
    options: TokenStream,
    item: TokenStream,
    attribute: &Attribute,
) -> TokenStream {
    let function = match Function::parse(item.clone()) {
        Ok(function) => function,
        Err(error) => return concat([item, error.to_compile_error()]),
    };
    match check(&function, attribute).and_then(|()| Options::parse(options, attribute)) {
        Ok(options) => wrap(&function, &options, attribute.kind),
        Err(error) => {
            let function = wrap(&function, &Options::fallback(attribute), attribute.kind);
            concat([function, error.to_compile_error()])
        }
    }
}

fn check(function: &Function, attribute: &Attribute) -> Result<()> {
    if !function.is_async {
        let text = "the `async` keyword is missing from the function declaration";
        return Err(Error::new(function.keyword, text));
    }
    let name = &function.name;
    if attribute.kind == Kind::Main && name.to_string() == "main" && function.has_arguments {
        let text = "the main function cannot accept arguments";
        return Err(Error::new(name.span(), text));
    }
    if attribute.kind == Kind::Test {
        if let Some(other) = function.attributes.iter().find(|tokens| is_test(tokens)) {
            let text = "second test attribute is supplied, consider removing or changing the order \
                        of your test attributes";
            return Err(Error::over(other, text));
        }
    }
    Ok(())
}

/// Whether an attribute is the standard library's `#[test]`.
fn is_test([_, content]: &[TokenTree; 2]) -> bool {
    let text: String = content.to_string().split_whitespace().collect();
    let text = text.trim_matches(['[', ']']);
    match *text
        .trim_start_matches("::")
        .split("::")
        .collect::<Vec<_>>()
    {
        ["test"] => true,
        [krate, "prelude", _, "test"] => matches!(krate, "core" | "std"),
        _ => false,
    }
}

fn wrap(function: &Function, options: &Options, kind: Kind) -> TokenStream {
    // Errors about the body's type then point to its last statement.
    let end = function.last_statement();
    let output = boxed_output(function);
    let block = hinted(function, output.as_ref());
    let is_boxed = kind == Kind::Test && output.is_some();
    let output = output.unwrap_or_default();
    let body = if is_boxed {
        // One concrete future type for `block_on`, so that it is compiled once for many tests.
        "let body = async $block;
        let mut body = ::core::pin::pin!(body);
        let body: ::core::pin::Pin<&mut dyn ::core::future::Future<Output = $output>> =
            body.as_mut();"
    } else {
        "let body = async $block;"
    };
    let body = fill(body, end, &[("block", block), ("output", output)]);
    let build = match options.flavor {
        Flavor::Local => ".build_local($path::runtime::LocalOptions::default())",
        Flavor::CurrentThread | Flavor::MultiThread => ".build()",
    };
    let build = fill(build, end, &[("path", options.path.clone())]);
    let run = fill(
        r#"#[allow(clippy::expect_used, clippy::diverging_sub_expression, clippy::needless_return)]
        {
            return $builder $build.expect("failed to build the runtime").block_on(body);
        }"#,
        end,
        &[("builder", options.builder()), ("build", build)],
    );
    let test = match kind {
        Kind::Test => "#[::core::prelude::v1::test]",
        Kind::Main => "",
    };
    let attributes = function.attributes.iter().flatten().cloned().collect();
    let mut whole = fill(
        &format!("{test} $attributes $signature"),
        Span::call_site(),
        &[
            ("attributes", attributes),
            ("signature", function.signature.clone()),
        ],
    );
    let content = Group::new(Delimiter::Brace, concat([body, run]));
    whole.extend([TokenTree::Group(content)]);
    whole
}

/// The body with its type said first, so that an error points to the statement that is wrong.
fn hinted(function: &Function, output: Option<&TokenStream>) -> TokenStream {
    let (Some(_), Some(output)) = (&function.output, output) else {
        return TokenTree::Group(function.body.clone()).into();
    };
    let hint = fill(
        "#[allow(unreachable_code, unused_variables, clippy::all)]
        if false {
            let output: $output = loop {};
            return output;
        }",
        Span::mixed_site(),
        &[("output", output.clone())],
    );
    let content = concat([hint, function.body.stream()]);
    let mut block = Group::new(Delimiter::Brace, content);
    block.set_span(function.body.span());
    TokenTree::Group(block).into()
}

/// The output type, if a `dyn Future` can name it.
fn boxed_output(function: &Function) -> Option<TokenStream> {
    match function.output.as_deref() {
        None => Some(fill("()", Span::call_site(), &[])),
        Some([TokenTree::Punct(_)]) => None,
        Some(output) => {
            let output: TokenStream = output.iter().cloned().collect();
            (!has_impl(output.clone())).then_some(output)
        }
    }
}

/// Whether a type has an `impl Trait` in it.
fn has_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word.to_string() == "impl",
        TokenTree::Group(group) => has_impl(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}
