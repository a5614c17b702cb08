//! What things are called: keys, variables, constants.

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::LitStr;
use syn::ext::IdentExt;

use crate::ir::{Consts, Env, Field, Input, Variant};

impl Input {
    /// The name of the constant for `suffix`; the struct's own with an empty one.
    pub(crate) fn const_ident(&self, suffix: &str, span: Span) -> Ident {
        let prefix = match (&self.const_prefix, self.consts) {
            (Some(prefix), _) => const_prefix(&prefix.value()),
            (None, Consts::Free) => const_prefix(&self.section.value()),
            (None, _) => String::new(),
        };
        match (prefix.as_str(), suffix) {
            ("", "") => Ident::new("SECTION", span),
            ("", suffix) => Ident::new(suffix, span),
            (prefix, "") => Ident::new(prefix, span),
            (prefix, suffix) => format_ident!("{prefix}_{suffix}", span = span),
        }
    }

    /// What the name of the constant with the key of `field` ends in: `BLOCK_SIZE`.
    pub(crate) fn key_ending(&self, field: &Field) -> String {
        match &self.key_suffix {
            Some(suffix) => format!("{}_{}", field.upper(), upper(&suffix.value())),
            None => field.upper(),
        }
    }

    /// The name of the constant that holds the default of `field`.
    pub(crate) fn default_ident(&self, field: &Field, span: Span) -> Ident {
        match self.consts {
            // In nobody's way: of no name that a default is made of, nor of another field's.
            Consts::None => format_ident!("__DS_AIO_DEFAULT_{}", field.index, span = span),
            Consts::Assoc | Consts::Free => {
                self.const_ident(&format!("{}_DEFAULT", field.upper()), span)
            }
        }
    }
}

impl Field {
    /// The name without `r#`.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    pub(crate) fn key(&self) -> LitStr {
        match &self.by_case {
            Some(by_case) if self.rename.is_none() => copy(by_case),
            _ => self.key_before_case(),
        }
    }

    /// The key, but for `rename_all`: what the names of variables and settings are made of.
    pub(crate) fn key_before_case(&self) -> LitStr {
        match &self.rename {
            Some(rename) => copy(rename),
            None => LitStr::new(&self.name(), self.ident.span()),
        }
    }

    /// The name in constants: `BLOCK_SIZE`.
    pub(crate) fn upper(&self) -> String {
        upper(&self.name())
    }

    pub(crate) fn env_name(&self, input: &Input) -> Option<LitStr> {
        match (&self.env, &input.env_prefix) {
            (Env::Named(name), _) => Some(copy(name)),
            (Env::Prefixed, Some(prefix)) => {
                let key = self.env_key()?;
                let name = format!("{}_{}", prefix.value(), key.value());
                Some(LitStr::new(&name, key.span()))
            }
            _ => None,
        }
    }

    /// What stands behind a prefix in the name of the variable.
    pub(crate) fn env_key(&self) -> Option<LitStr> {
        let is_prefixed = matches!(self.env, Env::Prefixed) && self.nested.is_none();
        let key = self.key_before_case();
        is_prefixed.then(|| LitStr::new(&upper(&key.value()), key.span()))
    }
}

impl Variant {
    /// The name in files and variables.
    pub(crate) fn name(&self) -> LitStr {
        match self.rename.as_ref().or(self.by_case.as_ref()) {
            Some(name) => copy(name),
            None => LitStr::new(&snake_case(&self.ident.unraw().to_string()), self.ident.span()),
        }
    }
}

/// syn's own `Clone` is a feature that every build of the derive would pay for.
fn copy(text: &LitStr) -> LitStr {
    LitStr::new(&text.value(), text.span())
}

/// `block-size` as it stands in the names of constants and variables: `BLOCK_SIZE`.
pub(crate) fn upper(name: &str) -> String {
    let mut upper = String::new();
    for c in name.to_uppercase().chars() {
        upper.push(if c.is_alphanumeric() { c } else { '_' });
    }
    upper
}

/// `IoUring` as a name in a file: `io_uring`. A run of capitals is one word: `HTTPProxy` is
/// `http_proxy`.
pub(crate) fn snake_case(camel: &str) -> String {
    let mut snake = String::new();
    let mut before = '_';
    for (index, c) in camel.char_indices() {
        let next = camel[index + c.len_utf8()..].chars().next();
        let ends_a_word = before.is_lowercase() || before.is_numeric();
        let starts_a_word = next.is_some_and(char::is_lowercase);
        if c.is_uppercase() && before != '_' && (ends_a_word || starts_a_word) {
            snake.push('_');
        }
        snake.push(c);
        before = c;
    }
    snake.to_lowercase()
}

/// Always the start of an identifier, even of a section that is refused later.
fn const_prefix(text: &str) -> String {
    let mut prefix = String::new();
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        prefix.push('_');
    }
    for c in text.chars() {
        prefix.push(if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    }
    prefix
}
