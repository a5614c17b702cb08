//! The README and the guide say what there is.

use std::{collections::BTreeSet, fs, path::Path};

use ds_aio::config::AIO_DOCS_TABLE;

const README: &str = include_str!("../../README.md");
const OPERATING: &str = include_str!("../../core/src/guide/operating.md");
const GUARANTEES: &str = include_str!("../../core/src/guide/guarantees.md");

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn the_settings_are_those_of_the_struct() {
    for (name, text) in [("README.md", README), ("operating.md", OPERATING)] {
        assert!(text.contains(AIO_DOCS_TABLE), "{name} lacks this:\n{AIO_DOCS_TABLE}");
    }
}

#[test]
fn the_features_are_those_of_the_crate() {
    let manifest = fs::read_to_string(root().join("core/Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let features = manifest["features"].as_table().unwrap();
    let default = features["default"].as_array().unwrap();
    let there: BTreeSet<_> = features
        .keys()
        .filter(|name| *name != "default")
        .map(|name| (name.as_str(), default.iter().any(|of| of.as_str() == Some(name))))
        .collect();

    let (_, table) = README.split_once("| Feature | Default | What it adds |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let told: BTreeSet<_> = rows
        .flat_map(|row| {
            let mut cells = row.split('|').skip(1).map(str::trim);
            let (names, default) = (cells.next().unwrap(), cells.next().unwrap());
            names.split(", ").map(move |name| (name.trim_matches('`'), default == "yes"))
        })
        .collect();
    assert_eq!(told, there);
}

/// The path of a test, of a module of tests, or of one of the crate's own.
#[test]
fn the_tests_behind_the_promises_are_there() {
    let mut sources = String::new();
    for dir in ["tests/it", "core/src"] {
        gather(&root().join(dir), &mut sources);
    }
    let named: Vec<_> =
        GUARANTEES.split('`').skip(1).step_by(2).filter(|code| code.contains("::")).collect();
    assert!(named.len() > 80, "only {} tests are named", named.len());
    for path in named {
        let name = path.rsplit("::").next().unwrap();
        let there = ["fn", "mod"].iter().any(|word| {
            let found = format!("{word} {name}");
            let ends = |rest: &str| rest.starts_with(['(', ';', ' ']);
            sources.match_indices(&found).any(|(at, _)| ends(&sources[at + found.len()..]))
        });
        assert!(there, "guarantees.md names {path}, which there is not");
    }
}

fn gather(dir: &Path, sources: &mut String) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            *sources += &fs::read_to_string(path).unwrap();
        }
    }
}

#[test]
fn the_readmes_links_lead_somewhere() {
    let links = README.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let here: Vec<_> = links.filter(|link| !link.contains("://")).collect();
    assert!(here.len() > 5);
    for link in here {
        let leads = match link.strip_prefix('#') {
            Some(heading) => README.lines().any(|line| {
                let title = line.trim_start_matches('#').trim();
                line.starts_with('#') && title.to_lowercase().replace(' ', "-") == heading
            }),
            None => root().join(link).exists(),
        };
        assert!(leads, "README.md leads to {link}, which there is not");
    }
}

#[test]
fn every_example_is_named_in_the_readme() {
    let manifest = fs::read_to_string(root().join("examples/Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    for example in manifest["example"].as_array().unwrap() {
        let name = example["name"].as_str().unwrap();
        assert!(README.contains(&format!("`{name}`")), "README.md does not name {name}");
    }
}
