//! Every diagnostic of the derive by name, and the list in which they are collected.

use core::fmt::Display;

use proc_macro2::{Ident, Span, TokenStream};
use syn::Error;

use crate::case::CASES;
use crate::ir::Field;
use crate::names::snake_case;

/// The mistakes found so far; all are reported at once.
#[derive(Default)]
pub(crate) struct Errors {
    list: Vec<Error>,
}

impl Errors {
    pub(crate) fn push(&mut self, error: Error) {
        self.list.push(error);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn to_tokens(&self) -> TokenStream {
        let mut errors = TokenStream::new();
        for error in &self.list {
            errors.extend(error.to_compile_error());
        }
        errors
    }
}

pub(crate) fn not_a_struct(span: Span) -> Error {
    Error::new(span, "`Config` can be derived for structs with named fields only")
}

pub(crate) fn no_fields(span: Span) -> Error {
    Error::new(span, "a `Config` struct needs at least one field")
}

pub(crate) fn borrows(span: Span) -> Error {
    Error::new(span, "a `Config` struct owns its values, so it has no lifetimes")
}

pub(crate) fn generic_and_free(span: Span) -> Error {
    let message = "constants outside a generic struct cannot know its parameters: \
                   use `consts = assoc` or `consts = none`";
    Error::new(span, message)
}

pub(crate) fn self_outside(span: Span) -> Error {
    let message = "`consts = free` puts the default outside of the struct, where there is no `Self`: \
                   write the struct's name";
    Error::new(span, message)
}

pub(crate) fn generic_default_names(span: Span) -> Error {
    let message = "a list of this type has no default in a generic struct: make it `required`, \
                   or an empty list by `default = []`";
    Error::new(span, message)
}

pub(crate) fn no_section(span: Span, name: &Ident) -> Error {
    let name = name.to_string();
    let words = name.strip_suffix("Config").filter(|rest| !rest.is_empty()).unwrap_or(&name);
    let suggestion = snake_case(words);
    Error::new(
        span,
        format!(
            "the struct does not say which section of a file it is: \
             add `#[config(section = \"{suggestion}\")]`"
        ),
    )
}

pub(crate) fn bad_section(span: Span) -> Error {
    Error::new(span, "a section name is not empty and consists of letters, digits, `_` and `-`")
}

pub(crate) fn bad_name_part(span: Span, attribute: &str) -> Error {
    let message = format!(
        "`{attribute}` consists of letters, digits and `_`, and does not start with a digit"
    );
    Error::new(span, message)
}

pub(crate) fn prefix_with_underscore(span: Span, before: &str) -> Error {
    let instead = if before.is_empty() { String::new() } else { format!(": write `{before}`") };
    Error::new(span, format!("an underscore is put behind `env_prefix` anyway{instead}"))
}

pub(crate) fn no_constants(span: Span, attribute: &str) -> Error {
    Error::new(
        span,
        format!("`{attribute}` names constants, and with `consts = none` there are none"),
    )
}

pub(crate) fn bad_variable(span: Span) -> Error {
    Error::new(span, "the name of a variable is neither empty nor contains `=` or NUL")
}

pub(crate) fn bad_key(span: Span) -> Error {
    Error::new(span, "a key must not be empty")
}

pub(crate) fn unknown_attribute(name: &Ident, known: &[&str], place: &str) -> Error {
    let written = name.to_string();
    let message = match closest(&written, known) {
        Some(meant) => format!("unknown attribute `{written}`, did you mean `{meant}`?"),
        None => format!(
            "unknown attribute `{written}`; on {} there are {}",
            with_article(place),
            listed(known)
        ),
    };
    Error::new(name.span(), message)
}

pub(crate) fn misplaced_attribute(name: &Ident, right: &str, wrong: &str) -> Error {
    let (right, wrong) = (with_article(right), with_article(wrong));
    Error::new(name.span(), format!("`{name}` belongs on {right}, not on {wrong}"))
}

pub(crate) fn repeated_attribute(name: &Ident) -> Error {
    Error::new(name.span(), format!("`{name}` is given twice"))
}

pub(crate) fn takes_no_value(name: &Ident, span: Span) -> Error {
    Error::new(span, format!("`{name}` takes no value"))
}

pub(crate) fn expected_comma(span: Span) -> Error {
    Error::new(span, "expected `,`")
}

pub(crate) fn expected_expression(span: Span) -> Error {
    Error::new(span, "expected an expression")
}

pub(crate) fn unfinished_expression(span: Span) -> Error {
    Error::new(span, "expected an expression that goes on after this")
}

pub(crate) fn unknown_consts(span: Span) -> Error {
    Error::new(span, "`consts` is `assoc`, `free` or `none`")
}

pub(crate) fn bad_env(span: Span) -> Error {
    Error::new(span, "`env` is the name of a variable in quotes, or `skip`")
}

pub(crate) fn bad_fixed(span: Span) -> Error {
    Error::new(span, "the value of a key in `fixed` is an integer, `true`, `false` or a text")
}

pub(crate) fn bad_parse(span: Span) -> Error {
    Error::new(span, "`parse` is `from_str`, `serde`, or the path of a function that reads a text")
}

pub(crate) fn unbounded_range(span: Span) -> Error {
    Error::new(span, "a range needs at least one bound")
}

pub(crate) fn range_without_end(span: Span) -> Error {
    Error::new(span, "`..=` needs a bound after it")
}

pub(crate) fn not_a_range(span: Span) -> Error {
    Error::new(span, "expected a range: `a..b`, `a..=b`, `a..`, `..b` or `..=b`")
}

pub(crate) fn neither_default_nor_required(field: &Ident) -> Error {
    let message = format!("`{field}` needs `default = …` or `required`");
    Error::new(field.span(), message)
}

pub(crate) fn default_and_required(span: Span) -> Error {
    Error::new(span, "a field with a default is not `required`: drop one of the two")
}

pub(crate) fn bad_separator(span: Span) -> Error {
    Error::new(span, "what separates the items of a list must not be empty")
}

pub(crate) fn incomplete_deprecated(span: Span) -> Error {
    Error::new(
        span,
        "`deprecated` needs the old key and what to say: `alias = \"…\"` and `note = \"…\"`",
    )
}

pub(crate) fn optional_and_required(span: Span) -> Error {
    Error::new(
        span,
        "an `Option` may go without a value, so it is not `required`: drop one of the two",
    )
}

pub(crate) fn beside_skip(attribute: &Ident) -> Error {
    let message = format!(
        "`{attribute}` is about a setting, which a field with `skip` is not: drop one of the two"
    );
    Error::new(attribute.span(), message)
}

pub(crate) fn ambiguous_auto(span: Span) -> Error {
    Error::new(
        span,
        "`auto` is a text like any other here: without `one_of` it could be meant as the value",
    )
}

pub(crate) fn not_beside_nested(name: &Ident) -> Error {
    let message = format!("`{name}` says nothing about a nested struct: it belongs on its fields");
    Error::new(name.span(), message)
}

pub(crate) fn nested_within(span: Span) -> Error {
    Error::new(span, "a nested struct is a field itself, not within an `Option` or a `Vec`")
}

pub(crate) fn expected_nothing_more(span: Span) -> Error {
    Error::new(span, "expected `)`")
}

pub(crate) fn rule_does_not_apply(span: Span, rule: &str, needs: &str) -> Error {
    Error::new(span, format!("`{rule}` needs {needs} field"))
}

pub(crate) fn rule_of_secret(span: Span) -> Error {
    Error::new(span, "a `Secret` has no rules, for messages speak of them: use `check`")
}

pub(crate) fn parser_of_secret(span: Span) -> Error {
    Error::new(span, "no parser reads a `Secret`, for its messages could have the value in them")
}

pub(crate) fn default_of_secret(span: Span) -> Error {
    Error::new(
        span,
        "a `Secret` has no default, which everybody could read: make it `required`, or an `Option`",
    )
}

pub(crate) fn key_taken(span: Span, key: &str, by: impl Display) -> Error {
    Error::new(span, format!("the key `{key}` is already that of {by}"))
}

pub(crate) fn renamed_otherwise(span: Span, serde: &str) -> Error {
    let message = format!(
        "`#[serde(…)]` names this `{serde}`, and one thing has one name: drop this `rename`, or make \
         both the same"
    );
    Error::new(span, message)
}

pub(crate) fn unknown_case(span: Span) -> Error {
    let cases = listed(&CASES.map(|(name, _)| name));
    Error::new(span, format!("the cases that `Config` and `Choice` know are {cases}"))
}

pub(crate) fn variable_taken(span: Span, variable: &str, by: &Ident) -> Error {
    Error::new(span, format!("the variable `{variable}` is already that of field `{by}`"))
}

pub(crate) fn constant_taken(name: &Ident, field: &Ident, by: &str, suffix_helps: bool) -> Error {
    let suffix = if suffix_helps { ", add `key_suffix = \"KEY\"` to the struct" } else { "" };
    let message = format!(
        "field `{field}` would generate the constant `{name}`, which is already generated for \
         {by}: rename the field{suffix}, or use `consts = none`"
    );
    Error::new(name.span(), message)
}

pub(crate) fn setter_taken(field: &Field) -> Error {
    let key = if field.skip { "" } else { " and add `rename = \"build\"`" };
    let message = format!(
        "a field named `build` would collide with the builder's own `build()`: call it otherwise{key}"
    );
    Error::new(field.ident.span(), message)
}

pub(crate) fn not_an_enum(span: Span) -> Error {
    Error::new(span, "`Choice` can be derived for enums only")
}

pub(crate) fn generic_choice(span: Span) -> Error {
    Error::new(span, "`Choice` cannot be derived for generic enums")
}

pub(crate) fn no_variants(span: Span) -> Error {
    Error::new(span, "a `Choice` enum needs at least one variant")
}

pub(crate) fn variant_with_fields(variant: &Ident, span: Span) -> Error {
    Error::new(span, format!("`{variant}` has fields, but a variant of a `Choice` is a name alone"))
}

pub(crate) fn bad_choice(span: Span) -> Error {
    Error::new(span, "the name of a variant is not empty, and has no blanks around it")
}

pub(crate) fn choice_taken(span: Span, name: &str, by: &Ident) -> Error {
    let message = format!(
        "the name `{name}` is already that of variant `{by}`; upper and lower case are the same"
    );
    Error::new(span, message)
}

fn with_article(place: &str) -> String {
    let article = if place.starts_with('e') { "an" } else { "a" };
    format!("{article} {place}")
}

fn listed(names: &[&str]) -> String {
    let mut listed = String::new();
    for name in names {
        let comma = if listed.is_empty() { "" } else { ", " };
        listed += &format!("{comma}`{name}`");
    }
    listed
}

/// The known name that differs least, if it differs little.
fn closest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let (mut closest, mut least) = (None, (written.len() / 3).clamp(2, 3) + 1);
    for known in known {
        let distance = edit_distance(written, known);
        if distance < least {
            (closest, least) = (Some(*known), distance);
        }
    }
    closest
}

/// Levenshtein's; a crate for it would cost every build of the derive.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
