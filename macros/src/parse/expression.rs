//! Constant expressions and ranges.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream};
use syn::{Result, Token};

use super::attributes::value;
use crate::error;
use crate::ir::RuleKind;

pub(super) fn expression_value(stream: ParseStream<'_>) -> Result<TokenStream> {
    value::<Expression>(stream).map(|expression| expression.0)
}

/// `a..b`, `a..=b`, `a..`, `..b` or `..=b`.
pub(super) fn range(stream: ParseStream<'_>) -> Result<RuleKind> {
    let start = stream.span();
    let min = if stream.peek(Token![..]) { None } else { Some(stream.parse::<Expression>()?.0) };
    let max_excluded = if stream.peek(Token![..=]) {
        stream.parse::<Token![..=]>()?;
        false
    } else if stream.peek(Token![..]) {
        stream.parse::<Token![..]>()?;
        true
    } else {
        return Err(error::not_a_range(start));
    };
    let open = stream.is_empty() || stream.peek(Token![,]);
    let max = if open { None } else { Some(stream.parse::<Expression>()?.0) };
    match (&min, &max) {
        (_, None) if !max_excluded => Err(error::range_without_end(start)),
        (None, None) => Err(error::unbounded_range(start)),
        _ => Ok(RuleKind::Range { min, max, max_excluded }),
    }
}

/// A constant expression: whatever syn reads as one without its large `full` grammar, and else
/// everything up to the next comma or the dots of a range, for the compiler to judge.
///
/// Another crate of the build may turn the `full` grammar on, which takes the range for a part.
pub(super) struct Expression(pub(super) TokenStream);

impl Parse for Expression {
    fn parse(stream: ParseStream<'_>) -> Result<Self> {
        let ahead = stream.fork();
        if let Ok(expression) = ahead.parse::<syn::Expr>()
            && !matches!(expression, syn::Expr::Range(_))
        {
            stream.advance_to(&ahead);
            return Ok(Self(expression.into_token_stream()));
        }
        let mut tokens = TokenStream::new();
        while !(stream.is_empty() || stream.peek(Token![,]) || stream.peek(Token![..])) {
            tokens.extend(stream.parse::<TokenTree>());
        }
        match tokens.clone().into_iter().last() {
            None => Err(error::expected_expression(stream.span())),
            // An operator without its right side would break more than this expression.
            Some(TokenTree::Punct(last)) => Err(error::unfinished_expression(last.span())),
            Some(_) => Ok(Self(tokens)),
        }
    }
}
