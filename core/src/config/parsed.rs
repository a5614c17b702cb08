//! Fields of types that only their own parser knows, `parse = …`: texts in files and variables.

use core::fmt::Display;
use core::marker::PhantomData;
use core::str::FromStr;

use super::FieldMeta;
use super::access::Access;
use super::raw::RawValue;
use super::rejection::Rejection;
use super::scalar::Scalar;
use super::value::Kind;

/// How a struct reads its field number `INDEX`, or each item of it, of type `T`.
pub trait ParsedAt<T, const INDEX: usize> {
    /// The value that `text` stands for.
    ///
    /// # Errors
    ///
    /// Those of the parser, by [`parsed`].
    fn parse(text: &str) -> Result<T, Rejection>;
}

/// What a parser came to, with its own words for what is wrong.
///
/// # Errors
///
/// That of the parser.
pub fn parsed<T, E: Display>(result: Result<T, E>) -> Result<T, Rejection> {
    result.map_err(|error| Rejection::explained(&error))
}

/// The value that `text` stands for, by its type.
///
/// # Errors
///
/// That of the type.
pub fn from_str<T: FromStr<Err: Display>>(text: &str) -> Result<T, Rejection> {
    parsed(text.parse())
}

/// The values of such a field.
#[derive(Debug)]
pub struct Parsed<S, T, const INDEX: usize>(PhantomData<(S, T)>);

impl<S, T, const INDEX: usize> Access for Parsed<S, T, INDEX>
where
    S: ParsedAt<T, INDEX> + 'static,
    T: Display + Clone + Send + Sync + 'static,
{
    type Value = T;
    const KIND: Kind = Kind::Text;

    fn from_default(default: Scalar<'static>) -> Option<T> {
        let Scalar::Text(text) = default else { return None };
        S::parse(text).ok()
    }

    fn read(raw: &RawValue, _: &FieldMeta) -> Result<T, Rejection> {
        match raw {
            RawValue::Text(text) | RawValue::Untyped(text) => S::parse(text),
            other => Err(Rejection::wrong_type(other)),
        }
    }

    fn scalar(_: &T) -> Option<Scalar<'_>> {
        None
    }

    fn keeps_rules(value: &T, field: &FieldMeta) -> bool {
        field.rules.broken_by(Scalar::Text(&value.to_string())).is_none()
    }

    fn show(value: &T) -> String {
        value.to_string()
    }

    fn raw(value: &T) -> Result<RawValue, Rejection> {
        Ok(RawValue::Text(value.to_string()))
    }
}

/// The values of a field that the crate `serde` reads and writes, `parse = serde`.
#[derive(Debug)]
pub struct Structured<T>(PhantomData<T>);
