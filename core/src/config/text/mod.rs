//! Texts made from the field table at compile time: as constants they cannot drift from it.
//!
//! Each is written twice by the same code: once into no memory, which counts, then into an array
//! of that length.

use core::marker::PhantomData;

use super::{ConfigSchema, FieldMeta, Schema};
use writer::{NONE, Writer, plain_end};

mod env;
mod json;
mod markdown;
mod schema;
mod toml;
mod words;
mod writer;

macro_rules! texts {
    ($($(#[$doc:meta])* $kind:ident: $write:path;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $kind<T>(PhantomData<fn() -> T>);

        impl<T: ConfigSchema> $kind<T> {
            /// The length of the text: the counting pass.
            pub const LEN: usize = {
                let mut text = Writer::new(&mut []);
                $write(&mut text, &Schema::of::<T>());
                text.len()
            };

            /// The text, in an array of that length.
            #[must_use]
            pub const fn bytes<const LEN: usize>() -> [u8; LEN] {
                let mut bytes = [0; LEN];
                $write(&mut Writer::new(&mut bytes), &Schema::of::<T>());
                bytes
            }
        }
    )*};
}

texts! {
    /// The section of a JSON file with every default, in DeepSpeed's layout: a newline, the
    /// fragment with an indent of two spaces, a newline. Without advanced fields; a required one
    /// shows as `null`.
    Format: json::fragment;
    /// The section of a TOML file with every default and what is to be known about it.
    TomlTemplate: toml::template;
    /// The same as variables, for shells and for what starts programs with a list of variables.
    EnvTemplate: env::template;
    /// What is known about the fields as Markdown tables.
    DocsTable: markdown::tables;
    /// The JSON Schema of a file that has the section.
    JsonSchema: self::schema::document;
}

/// The bytes of a text constant as the `str` they are.
#[must_use]
pub const fn as_str(bytes: &'static [u8]) -> &'static str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "",
    }
}

/// What `field` admits, in words: `an integer from 1 to 65536`.
pub(super) fn allowed(field: &FieldMeta) -> String {
    let mut counted = Writer::new(&mut []);
    words::allowed(&mut counted, field, words::Place::Plain);
    let mut bytes = vec![0; counted.len()];
    words::allowed(&mut Writer::new(&mut bytes), field, words::Place::Plain);
    String::from_utf8(bytes).unwrap_or_default()
}

/// Whether any setting is advanced, or with `false` whether any is not; those of nested structs
/// aside.
const fn any_advanced(fields: &[FieldMeta], advanced: bool) -> bool {
    let mut index = 0;
    while index < fields.len() {
        if fields[index].nested.is_none() && fields[index].advanced == advanced {
            return true;
        }
        index += 1;
    }
    false
}

/// The comment on a field that is not set in a template.
const fn without_default(field: &FieldMeta) -> &'static str {
    if field.required { "# Required, there is no default:\n" } else { "# Not set by default:\n" }
}

/// Where the first paragraph of a doc comment ends.
const fn paragraph_end(doc: &str) -> usize {
    let bytes = doc.as_bytes();
    let mut index = 0;
    loop {
        index = plain_end(bytes, index, NONE);
        if index == bytes.len() {
            return index;
        }
        if bytes[index] == b'\n' && index + 1 < bytes.len() && bytes[index + 1] == b'\n' {
            return index;
        }
        index += 1;
    }
}
