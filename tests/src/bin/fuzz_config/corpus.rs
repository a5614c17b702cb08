//! Valid documents of each source, and the words that documents are made of.

use ds_aio::config::FieldMeta;

use crate::sources::Source;
use crate::subjects::Subject;

/// What the inputs of one struct from one source begin as.
pub(crate) struct Corpus {
    pub(crate) documents: Vec<Vec<u8>>,
    /// What a mutation may write in the place of a word.
    pub(crate) words: Vec<String>,
    /// The same of a value, which leaves the document well-formed.
    pub(crate) values: Vec<String>,
}

/// Values as TOML and JSON alike write them.
const VALUES: &[&str] = &[
    "0",
    "-0",
    "-1",
    "1",
    "2",
    "511",
    "512",
    "65536",
    "65537",
    "9223372036854775807",
    "18446744073709551616",
    "1.0",
    "0.5",
    "-2.5e-3",
    "1e400",
    "4.9e-324",
    "true",
    "false",
    "\"\"",
    "\"x\"",
    "\"12\"",
    "\"true\"",
    "\"auto\"",
    "\"ALWAYS\"",
    "\"zstd\"",
    "\"4KiB\"",
    "\"1 MB\"",
    "\"0.1KiB\"",
    "\"1s\"",
    "\"1e3ms\"",
    "\"nan\"",
    "\"\\u00e9\\n\"",
    "[]",
    "[1, 2]",
    "[\"4KiB\", 1]",
    "[\"a\", \"\"]",
    "[[1], []]",
    "[1.5, -1]",
    "[true]",
    "[\"zst\", \"nope\"]",
];

/// Numbers at the edges of types and formats, units, and what is not quite a value.
const WORDS: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "007",
    "1_000",
    "1__0",
    "_1",
    "+5",
    "127",
    "128",
    "255",
    "256",
    "65536",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "340282366920938463463374607431768211455",
    "340282366920938463463374607431768211456",
    "0x1F",
    "0b102",
    "0o777",
    "0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
    "1.0",
    "1.5",
    ".5",
    "5.",
    "1e3",
    "1e-400",
    "1e400",
    "1E+99999999999",
    "-1e39",
    "3.4028236e38",
    "0.1e1",
    "inf",
    "-inf",
    "+nan",
    "NaN",
    "infinity",
    "4K",
    "4KiB",
    "4KB",
    "0.5GiB",
    "1.0000001MiB",
    "16EiB",
    "1 MiB",
    "4k",
    "9999999999TiB",
    "-4K",
    "250ms",
    "1.5s",
    "5min",
    "1h",
    "0.1ns",
    "1d",
    "99999999999999h",
    "1h30m",
    "true",
    "True",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "null",
    "nil",
    "undefined",
    "\"\"",
    "''",
    "'''",
    "\"\"\"",
    "\"x\"",
    "'x'",
    "\"é\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\x\"",
    "[]",
    "{}",
    "[[]]",
    "[1, \"2\"]",
    "[1,,2]",
    "{ a = 1 }",
    "{\"a\": 1}",
    "1979-05-27",
    "07:32:00",
    "1979-05-27T07:32:00Z",
    "[",
    "]",
    "{",
    "}",
    "[[",
    "]]",
    ",",
    ",,",
    "=",
    ":",
    "#",
    "//",
    "/*",
    "*/",
    "\\",
    "\"",
    "'",
    ".",
    ";",
    "\n",
    "\r",
    "\t",
    "é",
    "日本",
    "\u{1F600}",
    "\u{202e}",
    "\u{200b}",
    "\u{85}",
    "\u{2028}",
    "\u{1b}[31m",
    "\u{7f}",
    "$HOME",
    "%s",
    "`",
    "<",
];

impl Corpus {
    pub(crate) fn of<T: Subject>(source: Source) -> Self {
        let owned = |text: &str| text.as_bytes().to_vec();
        let documents = match source {
            Source::Toml => T::TOML.iter().copied().map(owned).collect(),
            Source::Json => T::JSON.iter().map(|inside| owned(&object(inside))).collect(),
            Source::Variables => T::VARIABLES.iter().copied().map(owned).collect(),
            Source::Set => T::VARIABLES.iter().flat_map(|lines| settings::<T>(lines)).collect(),
        };
        let words = words::<T>();
        let values = match source {
            Source::Toml | Source::Json => VALUES.iter().copied().map(str::to_owned).collect(),
            Source::Variables | Source::Set => words.clone(),
        };
        Self { documents, words, values }
    }
}

/// A document with each key on a line of its own, for the mutations of lines.
fn object(inside: &str) -> String {
    format!(
        "{{\n{}\n}}",
        inside.replace(", \"", ",\n\"").replace("{\"", "{\n\"").replace('}', "\n}")
    )
}

/// Lines of variables as `key=value`, a document each.
fn settings<T: Subject>(lines: &str) -> impl Iterator<Item = Vec<u8>> {
    lines.lines().filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        let field = T::FIELDS.iter().find(|field| field.env == Some(name))?;
        Some(format!("{}={value}", field.key).into_bytes())
    })
}

fn words<T: Subject>() -> Vec<String> {
    let mut words: Vec<String> = WORDS.iter().copied().map(str::to_owned).collect();
    words.push(T::SECTION.to_owned());
    names(T::FIELDS, &mut words);
    words
}

/// What fields are called, and what they hold.
fn names(fields: &[FieldMeta], words: &mut Vec<String>) {
    for field in fields {
        words.push(field.key.to_owned());
        words.extend(field.aliases.iter().copied().map(str::to_owned));
        words.extend(field.env.map(str::to_owned));
        words.extend(field.default.map(|default| default.to_string()));
        // Misspelt: without its first character.
        words.extend(field.key.get(1..).map(str::to_owned));
        if let Some(nested) = field.nested {
            names(nested.fields(), words);
        }
    }
}
