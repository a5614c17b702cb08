//! What the derives generate, as files to review: for each `NAME.rs` here the formatted expansion of
//! its derives is `NAME.expanded.rs`. After a change that is meant:
//! `UPDATE_GOLDEN=1 cargo test -p ds-aio-tests --test expand`, and look at what git says of them.
//!
//! The macros' own modules run here, on the text of the file instead of the compiler's tokens.

use std::path::{Path, PathBuf};
use std::{env, fs};

use quote::ToTokens;
use syn_full::{Item, ItemEnum, ItemStruct};

#[path = "../../macros/src"]
mod macros {
    pub(crate) mod case;
    pub(crate) mod error;
    pub(crate) mod expand;
    #[allow(dead_code, reason = "mistakes end the test")]
    mod fallback;
    pub(crate) mod ir;
    pub(crate) mod names;
    pub(crate) mod parse;
    pub(crate) mod types;
    pub(crate) mod validate;
}

// By these names they know each other.
use macros::{case, error, expand, ir, names, parse, types, validate};

/// The inputs compile, and so do their expansions.
#[path = "."]
#[allow(dead_code, reason = "only the compiler looks at them")]
mod inputs {
    mod choice;
    mod every_type;
    mod five_assoc;
    mod five_free;
    mod five_none;
}

#[test]
fn expansions_are_the_reviewed_ones() {
    let updates = env::var_os("UPDATE_GOLDEN").is_some();
    let mut stale = Vec::new();
    for input in inputs() {
        let golden = input.with_extension("expanded.rs");
        let expansion = expansion(&input);
        let reviewed = fs::read_to_string(&golden).unwrap_or_default();
        if reviewed != expansion {
            stale.push(format!("{}:\n{}", golden.display(), difference(&reviewed, &expansion)));
        }
        if updates {
            fs::write(&golden, expansion).unwrap();
        }
    }
    assert!(
        stale.is_empty() || updates,
        "{}\nif this is meant: UPDATE_GOLDEN=1 cargo test -p ds-aio-tests --test expand",
        stale.join("\n")
    );
}

/// 80 lines, 35 for each field, 10 KB in all; with every doc comment.
#[test]
fn the_expansion_of_five_settings_stays_small() {
    for consts in ["free", "assoc", "none"] {
        let expansion = expansion(&folder().join(format!("five_{consts}.rs")));
        let (lines, bytes) = (expansion.lines().count(), expansion.len());
        println!("consts = {consts}: {lines} lines, {bytes} bytes");
        assert!(lines <= 80 + 5 * 35, "consts = {consts}: {lines} lines");
        assert!(bytes <= 10_000, "consts = {consts}: {bytes} bytes");
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("expand")
}

fn inputs() -> Vec<PathBuf> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut inputs: Vec<_> = files
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.ends_with(".rs") && !name.ends_with(".expanded.rs") && name != "main.rs"
        })
        .collect();
    inputs.sort();
    assert!(!inputs.is_empty());
    inputs
}

/// What the derives of every item of the file expand to, formatted.
fn expansion(input: &Path) -> String {
    let file = syn_full::parse_file(&fs::read_to_string(input).unwrap()).unwrap();
    let mut errors = error::Errors::default();
    let mut code = proc_macro2::TokenStream::new();
    for item in &file.items {
        let attributes = match item {
            Item::Struct(ItemStruct { attrs, .. }) | Item::Enum(ItemEnum { attrs, .. }) => attrs,
            _ => continue,
        };
        let derives = |name: &str| {
            attributes.iter().any(|attribute| {
                attribute.path().is_ident("derive")
                    && attribute.to_token_stream().into_iter().any(|token| holds(&token, name))
            })
        };
        let parsed = || syn::parse2(item.to_token_stream()).unwrap();
        if derives("Choice") {
            code.extend(expand::choice(&parse::choice(parsed(), &mut errors)));
        }
        if derives("Config") {
            let parsed = parse::input(parsed(), &mut errors).unwrap();
            validate::input(&parsed, &mut errors);
            code.extend(expand::config(&parsed));
        }
    }
    assert!(errors.is_empty(), "{}: {}", input.display(), errors.to_tokens());
    prettyplease::unparse(&syn_full::parse2(code).unwrap())
}

/// Whether the identifier `name` is in the token, at any depth.
fn holds(token: &proc_macro2::TokenTree, name: &str) -> bool {
    match token {
        proc_macro2::TokenTree::Group(group) => {
            group.stream().into_iter().any(|inside| holds(&inside, name))
        }
        proc_macro2::TokenTree::Ident(ident) => ident == name,
        _ => false,
    }
}

/// The lines between the first and the last that differ.
fn difference(reviewed: &str, expansion: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (reviewed.lines().collect(), expansion.lines().collect());
    let first = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[first..], &new[first..]);
    let last = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let lost = old[..old.len() - last].iter().map(|line| format!("-{line}\n"));
    let gained = new[..new.len() - last].iter().map(|line| format!("+{line}\n"));
    format!("@@ line {} @@\n{}", first + 1, lost.chain(gained).collect::<String>())
}
