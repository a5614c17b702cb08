//! `ds-aio config`.

use std::{fs, path::Path};

use ds_aio::{AioConfig, EnvSource};
use serde_json::{Value, json};

use super::{command, run};

/// As DeepSpeed writes it today, with a section of its own beside ours.
const DEEPSPEED: &str = r#"{
  "train_batch_size": 8,
  "aio": {
    "block_size": 4194304, // 4 MiB
    "queue_depth": 32,
    "intra_op_parallelism": 2,
    "single_submit": true,
    "use_gds": false
  }
}"#;

fn with_files() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("ds_config.json"), DEEPSPEED).unwrap();
    let ours = "[aio]\nqueue_depth = 64\nbackend = \"threads\"\n";
    fs::write(dir.path().join("ours.toml"), ours).unwrap();
    dir
}

fn loaded(path: &Path) -> AioConfig {
    AioConfig::loader().file(path).load().unwrap().value
}

#[test]
fn show_goes_through_the_layers_and_explains_them() {
    let dir = with_files();
    let with = |more: &[&str]| {
        let output = command(dir.path())
            .args(["config", "show", "--file", "ds_config.json", "-f", "ours.toml"])
            .args(["--set", "thread_count=3"])
            .args(more)
            .env("DS_AIO_BLOCK_SIZE", "8MiB")
            .output()
            .unwrap();
        super::Ended::of(output).with_code(0)
    };
    let table = with(&["--explain"]).out;
    let line = |key: &str| table.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(line("block_size").contains("variable DS_AIO_BLOCK_SIZE, over 4194304"), "{table}");
    assert!(
        line("queue_depth").contains("ours.toml:2:15, over 32 from ds_config.json:5"),
        "{table}"
    );
    assert!(line("thread_count").contains("explicit, over 2"), "{table}");
    assert!(line("overlap_events").ends_with("default"), "{table}");

    let shown = with(&["--json"]).json();
    assert_eq!(shown["block_size"]["value"], 8 << 20);
    assert_eq!(
        shown["block_size"]["from"],
        json!({"source": "variable", "name": "DS_AIO_BLOCK_SIZE"})
    );
    assert_eq!(shown["block_size"]["over"][0]["value"], "4194304");
    assert_eq!(shown["queue_depth"]["from"]["line"], 2);
    assert_eq!(shown["overlap_events"]["from"]["source"], "default");

    let text = with(&["--json", "--as", "env"]).json();
    assert!(text["text"].as_str().unwrap().contains("DS_AIO_BLOCK_SIZE=8388608\n"), "{text}");

    let without = with(&["--no-env", "--json"]).json();
    assert_eq!(without["block_size"]["value"], 4 << 20);
}

#[test]
fn what_is_shown_and_migrated_loads_back_the_same() {
    let dir = with_files();
    let expected = loaded(&dir.path().join("ds_config.json"));
    for (format, name) in [("toml", "back.toml"), ("json", "back.json"), ("deepspeed", "to.json")] {
        for arguments in [
            ["config", "migrate", "ds_config.json", "--to", format].to_vec(),
            ["config", "show", "--file", "ds_config.json", "--as", format].to_vec(),
        ] {
            let text = run(dir.path(), arguments).with_code(0).out;
            fs::write(dir.path().join(name), text).unwrap();
            assert_eq!(loaded(&dir.path().join(name)), expected);
        }
    }
    let text = run(dir.path(), ["config", "migrate", "ds_config.json", "--to", "env"]).out;
    let variables: Vec<_> = text.lines().filter_map(|line| line.split_once('=')).collect();
    assert!(variables.var("DS_AIO_QUEUE_DEPTH").is_some(), "{text}");
    assert_eq!(AioConfig::loader().env_from(&variables).load().unwrap().value, expected);
}

#[test]
fn for_deepspeed_its_names_of_today_are_written_and_ours_left_out_aloud() {
    let dir = with_files();
    let ended =
        run(dir.path(), ["config", "migrate", "ours.toml", "--to", "deepspeed"]).with_code(0);
    let section = &ended.json()["aio"];
    assert_eq!(
        (&section["queue_depth"], &section["intra_op_parallelism"]),
        (&json!(64), &json!(1))
    );
    assert_eq!((&section["thread_count"], &section["backend"]), (&Value::Null, &Value::Null));
    assert!(ended.err.contains("backend") && !ended.err.contains("direct"), "{ended:#?}");
    let shown = ["config", "show", "-f", "ours.toml", "--no-env", "--as", "deepspeed"];
    let shown = run(dir.path(), shown).with_code(0);
    assert_eq!((shown.out, shown.err), (ended.out, ended.err));
}

#[test]
fn check_tells_all_mistakes_of_all_files() {
    let dir = with_files();
    fs::write(dir.path().join("bad.toml"), "[aio]\nblock_sze = 4\nqueue_depth = 0\n").unwrap();
    fs::write(dir.path().join("old.json"), r#"{"aio": {"use_gds": true}}"#).unwrap();
    run(dir.path(), ["config", "check", "ours.toml", "ds_config.json"]).with_code(0);

    let arguments = ["config", "check", "bad.toml", "ours.toml", "old.json", "none.toml"];
    let ended = run(dir.path(), arguments).with_code(2);
    for told in
        ["block_sze", "`block_size`?", "1 to 65536", "use_gds", "none.toml", "ours.toml: fine"]
    {
        assert!(ended.out.contains(told), "{told}: {ended:#?}");
    }
    let json = run(dir.path(), arguments.iter().chain(&["--json"])).with_code(2).json();
    let ok: Vec<_> = json.as_array().unwrap().iter().map(|file| file["ok"] == true).collect();
    assert_eq!(ok, [false, true, false, false]);
    let first = &json[0]["diagnostics"][0];
    assert_eq!((&first["key"], &first["line"]), (&json!("block_sze"), &json!(2)));
    assert_eq!(json[0]["diagnostics"].as_array().unwrap().len(), 2);
    let kind = |file: &Value| file["diagnostics"][0]["kind"].clone();
    let kinds: Vec<_> = json.as_array().unwrap().iter().map(kind).collect();
    assert_eq!(
        kinds,
        [json!("unknown_key"), Value::Null, json!("unsupported"), json!("unreadable")]
    );
}

#[test]
fn check_tells_of_files_that_set_nothing_and_refuses_them_if_it_is_to_be_strict() {
    let dir = with_files();
    fs::write(dir.path().join("foreign.json"), r#"{"train_batch_size": 8}"#).unwrap();
    fs::write(dir.path().join("flat.toml"), "queue_depth = 4\n").unwrap();
    fs::write(dir.path().join("old.toml"), "[aio]\nqueue_dept = 4\n").unwrap();
    let check = |files: &[&str], code| {
        let arguments = ["config", "check"].iter().chain(files);
        run(dir.path(), arguments).with_code(code)
    };
    for (file, settings) in [("foreign.json", 0), ("flat.toml", 0), ("ours.toml", 2)] {
        let out = check(&[file], 0).out;
        let is_empty = out.contains("no setting in a section `aio`: the defaults hold");
        assert_eq!((is_empty, out.contains("fine")), (settings == 0, settings != 0), "{out}");
        check(&[file, "--strict"], i32::from(settings == 0));
        assert_eq!(check(&[file, "--json"], 0).json()[0]["settings"], settings);
    }
    check(&["ours.toml", "ds_config.json", "--strict"], 0);
    check(&["foreign.json", "old.toml", "--strict"], 2);
}

#[test]
fn templates_load_and_the_schema_takes_them() {
    let dir = tempfile::tempdir().unwrap();
    for (format, name) in [("toml", "new.toml"), ("json", "new.json"), ("deepspeed", "ds.json")] {
        let text = run(dir.path(), ["config", "template", format]).with_code(0).out;
        fs::write(dir.path().join(name), text).unwrap();
        assert_eq!(loaded(&dir.path().join(name)), AioConfig::DEFAULT);
    }
    let env = run(dir.path(), ["config", "template", "env"]).with_code(0).out;
    assert!(env.contains("DS_AIO_BLOCK_SIZE=1048576"), "{env}");
    let schema = run(dir.path(), ["config", "schema"]).with_code(0).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let template = fs::read_to_string(dir.path().join("new.json")).unwrap();
    assert!(validator.is_valid(&serde_json::from_str(&template).unwrap()));
    let wrong = json!({"aio": {"queue_depth": 0}});
    assert!(!validator.is_valid(&wrong));
}
