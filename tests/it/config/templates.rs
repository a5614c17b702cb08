//! The texts for people: templates that load back to the defaults, and tables.

use std::path::PathBuf;
use std::process::Command;

use ds_aio::config::{
    AIO_DOCS_TABLE, AIO_ENV_TEMPLATE, AIO_FORMAT, AIO_JSON_SCHEMA, AIO_TOML_TEMPLATE, Origin,
};
use ds_aio::{AioConfig, Config, ConfigSchema, DirectMode, Loaded};

use super::support::{Files, load_file};

/// Loads a TOML file of this content.
pub(super) fn load_toml<T: ConfigSchema>(content: &str) -> Loaded<T> {
    let files = Files::new();
    let path = files.write("a.toml", content);
    ds_aio::Loader::new().file(path).load().unwrap_or_else(|errors| panic!("{errors}\n{content}"))
}

/// The variables that a shell has after `set -a; . file`.
pub(super) fn sourced(content: &str) -> Vec<(String, String)> {
    let files = Files::new();
    let path = files.write("variables", content);
    let script = "set -a; . \"$1\" && env -0";
    let shell = Command::new("sh").args(["-euc", script, "sh"]).arg(path).env_clear().output();
    let shell = shell.unwrap();
    assert!(shell.status.success(), "{}", String::from_utf8_lossy(&shell.stderr));
    let output = String::from_utf8(shell.stdout).unwrap();
    let pairs = output.split_terminator('\0').map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The lines as what takes a list of variables reads them: no quotes, no escapes.
fn listed(content: &str) -> Vec<(&str, &str)> {
    let lines = content.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once('=').unwrap()).collect()
}

#[test]
fn the_toml_template_loads_back_to_the_defaults() {
    let loaded = load_file("a.toml", AIO_TOML_TEMPLATE).unwrap();
    assert_eq!(loaded.value, AioConfig::default());
    for field in AioConfig::FIELDS {
        let origin = loaded.origin(field.key).unwrap();
        assert!(matches!(origin, Origin::File { .. }), "{}: {origin:?}", field.key);
    }
}

#[test]
fn the_variables_load_back_to_the_defaults() {
    let pairs = listed(AIO_ENV_TEMPLATE);
    let names: Vec<_> = pairs.iter().map(|(name, _)| Some(*name)).collect();
    let expected: Vec<_> = AioConfig::FIELDS.iter().map(|field| field.env).collect();
    assert_eq!(names, expected);
    let loaded = AioConfig::loader().env_from(&pairs).load().unwrap();
    assert_eq!(loaded.value, AioConfig::default());
    assert!(loaded.warnings().is_empty());
    let sourced = sourced(AIO_ENV_TEMPLATE);
    assert!(pairs.iter().all(|(name, value)| sourced.contains(&((*name).into(), (*value).into()))));
}

/// Where the swap goes, with the things that texts have to say.
#[derive(Config)]
#[config(section = "swap-space", env_prefix = "SWAP", const_prefix = "SWAP", consts = free)]
#[allow(dead_code)]
struct Swap {
    /// Whether to bypass the page cache; `a | b` or `a \| b`.
    ///
    /// More about it.
    #[config(default = DirectMode::Never, advanced)]
    direct: DirectMode,
    /// Bytes of a block
    /// of the file.
    ///
    /// ```text
    #[doc = "a\tb"]
    /// ```
    #[config(default = 1 << 12, bytes, power_of_two, range = ..1 << 20, rename = "Größe", env = "SIZE")]
    size: u32,
    #[config(required)]
    path: PathBuf,
    /// Share.
    #[config(default = 0.5, range = 0.0..1.0, env = skip)]
    share: f32,
    /// Mode.
    #[config(default = "|", one_of = ["a b", "`", "|", "x\ny"])]
    mode: String,
}

#[test]
fn the_toml_template_says_what_is_allowed() {
    let expected = r#"[swap-space]

# Bytes of a block
# of the file.
#
# ```text
# a	b
# ```
# Allowed: a size from 0 to 1048575 bytes, a power of two
# Variable: SIZE
"Größe" = 4096

# Allowed: a path
# Variable: SWAP_PATH
# Required, there is no default:
# path =

# Share.
# Allowed: a number, at least 0, less than 1
share = 0.5

# Mode.
# Allowed: one of `a b`, ```, `|`, `x\ny`
# Variable: SWAP_MODE
mode = "|"

# Advanced settings.

# Whether to bypass the page cache; `a | b` or `a \| b`.
#
# More about it.
# Allowed: one of `auto`, `always`, `never`
# Variable: SWAP_DIRECT
direct = "never"
"#;
    assert_eq!(SWAP_TOML_TEMPLATE, expected);
    let given = SWAP_TOML_TEMPLATE.replace("# path =", "path = '/x'");
    let swap: Loaded<Swap> = load_toml(&given);
    assert_eq!(swap.value.path, PathBuf::from("/x"));
}

#[test]
fn the_variables_are_those_that_fields_have() {
    let expected = r#"# Bytes of a block
# of the file.
#
# ```text
# a	b
# ```
# Allowed: a size from 0 to 1048575 bytes, a power of two
SIZE=4096

# Allowed: a path
# Required, there is no default:
# SWAP_PATH=

# Mode.
# Allowed: one of `a b`, ```, `|`, `x\ny`
SWAP_MODE='|'

# Advanced settings.

# Whether to bypass the page cache; `a | b` or `a \| b`.
#
# More about it.
# Allowed: one of `auto`, `always`, `never`
SWAP_DIRECT=never
"#;
    assert_eq!(SWAP_ENV_TEMPLATE, expected);
}

#[test]
fn the_tables_are_markdown() {
    let expected = r"| Setting | Variable | Default | Allowed | What it does |
| --- | --- | --- | --- | --- |
| `Größe` | `SIZE` | `4096` | a size from 0 to 1048575 bytes, a power of two | Bytes of a block of the file. |
| `path` | `SWAP_PATH` | required | a path | |
| `share` | | `0.5` | a number, at least 0, less than 1 | Share. |
| `mode` | `SWAP_MODE` | `\|` | one of `a b`, `` ` ``, `\|`, `x\ny` | Mode. |

Advanced settings:

| Setting | Variable | Default | Allowed | What it does |
| --- | --- | --- | --- | --- |
| `direct` | `SWAP_DIRECT` | `never` | one of `auto`, `always`, `never` | Whether to bypass the page cache; `a \| b` or `a \| b`. |
";
    assert_eq!(SWAP_DOCS_TABLE, expected);
}

/// Defaults that are hard to write down.
#[derive(Config, Debug, PartialEq)]
#[config(section = "odd", env_prefix = "ODD")]
struct Odd {
    #[config(default = u128::MAX)]
    widest: u128,
    #[config(default = i128::MIN)]
    lowest: i128,
    #[config(default = 0.1)]
    single: f32,
    #[config(default = 1e300)]
    huge: f64,
    #[config(default = 5e-324)]
    tiniest: f64,
    #[config(default = -0.0)]
    zero: f64,
    #[config(default = f64::INFINITY)]
    unbounded: f64,
    #[config(default = f32::NEG_INFINITY)]
    bottomless: f32,
    #[config(default = "a \"quoted\" \\ it's $HOME `x` #\u{1}\u{7f}\r\n\té\n")]
    text: String,
    #[config(default = "~/x")]
    path: PathBuf,
    #[config(default = "")]
    empty: String,
    #[config(default = " 'padded' ", rename = "odd key.\"x\"", env = "ODD_KEY")]
    key: String,
    #[config(default = "not for a shell", env = "ODD.NAME")]
    name: String,
    #[config(default = "a\0b", advanced)]
    nul: String,
}

#[test]
fn templates_load_back_whatever_the_defaults() {
    let loaded: Loaded<Odd> = load_toml(Odd::TOML_TEMPLATE);
    assert_eq!(loaded.value, Odd::default());
    assert!(loaded.value.zero.is_sign_negative());
    for field in Odd::FIELDS {
        assert!(matches!(loaded.origin(field.key), Some(Origin::File { .. })), "{}", field.key);
    }

    let pairs = sourced(Odd::ENV_TEMPLATE);
    let loaded = Odd::loader().env_from(&pairs).load().unwrap();
    assert_eq!(loaded.value, Odd::default());
    assert!(loaded.value.zero.is_sign_negative());
    let unset: Vec<_> = Odd::FIELDS
        .iter()
        .filter(|field| matches!(loaded.origin(field.key), Some(Origin::Default)))
        .map(|field| field.key)
        .collect();
    // An empty variable is none, and these two no shell can set.
    assert_eq!(unset, ["empty", "name", "nul"]);
    assert!(
        Odd::ENV_TEMPLATE.contains("# No shell can set a variable of this name:\n# ODD.NAME=\n")
    );
    assert!(Odd::ENV_TEMPLATE.contains("# No variable can hold the default:\n# ODD_NUL=\n"));
}

#[test]
fn not_a_number_is_one_in_every_template() {
    #[derive(Config)]
    #[config(section = "nan", env_prefix = "NAN")]
    struct Nan {
        #[config(default = f64::NAN)]
        x: f64,
    }
    assert!(load_toml::<Nan>(Nan::TOML_TEMPLATE).value.x.is_nan());
    let loaded = Nan::loader().env_from(&listed(Nan::ENV_TEMPLATE)).load().unwrap();
    assert!(loaded.value.x.is_nan());
}

#[test]
fn without_variables_the_template_of_them_is_empty() {
    #[derive(Config)]
    #[config(section = "bare")]
    struct Bare {
        /// Documented.
        #[config(default = 1, advanced)]
        x: u8,
    }
    assert_eq!(Bare::default().x, 1);
    assert_eq!(Bare::ENV_TEMPLATE, "");
    assert_eq!(
        Bare::TOML_TEMPLATE,
        "[bare]\n\n# Advanced settings.\n\n# Documented.\n\
         # Allowed: an integer from 0 to 255\nx = 1\n"
    );
    assert!(Bare::DOCS_TABLE.starts_with("Advanced settings:\n\n| Setting |"));
}

mod one {
    #[derive(ds_aio::Config)]
    #[config(section = "twin", env_prefix = "TWIN")]
    pub(super) struct Twin {
        #[config(default = 1 << 20)]
        pub(super) size: usize,
        #[config(default = true)]
        pub(super) fast: bool,
    }
}

mod other {
    #[derive(ds_aio::Config)]
    #[config(section = "twin", env_prefix = "TWIN")]
    pub(super) struct Twin {
        #[config(default = 2 << 20)]
        pub(super) size: usize,
        #[config(default = true)]
        pub(super) fast: bool,
    }
}

#[test]
fn one_default_changes_every_text() {
    let texts = |twin: [&'static str; 5]| twin;
    let one = texts([
        one::Twin::FORMAT,
        one::Twin::TOML_TEMPLATE,
        one::Twin::ENV_TEMPLATE,
        one::Twin::DOCS_TABLE,
        one::Twin::JSON_SCHEMA,
    ]);
    let other = texts([
        other::Twin::FORMAT,
        other::Twin::TOML_TEMPLATE,
        other::Twin::ENV_TEMPLATE,
        other::Twin::DOCS_TABLE,
        other::Twin::JSON_SCHEMA,
    ]);
    for (one, other) in one.into_iter().zip(other) {
        assert_ne!(one, other);
        assert_eq!(one.replace("1048576", "2097152"), other);
    }
    let (one, other) = (one::Twin::default(), other::Twin::default());
    assert_eq!((one.size * 2, one.fast), (other.size, other.fast));
}

#[test]
fn texts_end_in_one_line_break() {
    for text in [AIO_FORMAT, AIO_TOML_TEMPLATE, AIO_ENV_TEMPLATE, AIO_DOCS_TABLE, AIO_JSON_SCHEMA] {
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text}");
    }
}

#[test]
fn doc_comments_keep_their_form() {
    #[derive(Config)]
    #[config(section = "docs")]
    struct Docs {
        /// Two:
        /// - one
        ///   - within
        ///
        ///     let code = 1;
        #[config(default = 1)]
        lines: u8,
        /** A block,
         *  - of
         *
         * stars.
         */
        #[config(default = 1)]
        stars: u8,
        /**
        A block
          - without.
        */
        #[config(default = 1)]
        bare: u8,
    }

    let docs: Vec<_> = Docs::FIELDS.iter().map(|field| field.doc).collect();
    assert_eq!(
        docs,
        [
            "Two:\n- one\n  - within\n\n    let code = 1;",
            "A block,\n - of\n\nstars.",
            "A block\n  - without."
        ]
    );
    assert!(Docs::TOML_TEMPLATE.contains("# - one\n#   - within\n#\n#     let code"));
    let loaded = load_toml::<Docs>(Docs::TOML_TEMPLATE).value;
    assert_eq!((loaded.lines, loaded.stars, loaded.bare), (1, 1, 1));
}
