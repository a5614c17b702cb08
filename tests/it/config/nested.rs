//! Structs within structs.

use ds_aio::config::{DiagnosticKind, Origin, Severity};
use ds_aio::{AioConfig, Config, ConfigErrors, ConfigSchema, Engine};

use super::support::{Files, only};

/// A struct of one's own that holds the ready-made one twice.
#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "swap", env_prefix = "SWAP")]
struct Swap {
    /// Tensors kept in memory.
    #[config(default = 4, range = 1..)]
    resident: usize,
    /// How tensors are read.
    #[config(nested)]
    io: AioConfig,
    /// How tensors are written.
    #[config(
        nested(env_prefix = "SWAP_WRITE"),
        alias = "writes",
        deprecated(alias = "output", note = "say `write`")
    )]
    write: AioConfig,
    /// What may be kept.
    #[config(nested(env_prefix = "SWAP_LIMITS"), advanced)]
    limits: Limits,
}

/// Has no prefix of its own.
#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "limits")]
struct Limits {
    /// Bytes at most.
    #[config(default = 1 << 30, bytes, multiple_of = 4096)]
    bytes: u64,
    /// A variable of its own.
    #[config(default = 7, env = "FILES_AT_MOST")]
    files: u32,
    /// None at all.
    #[config(default = false, env = skip)]
    strict: bool,
    /// A level further down.
    #[config(nested(env_prefix = "LIMITS_AGE"))]
    age: Age,
}

#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "age", env_prefix = "AGE", consts = none)]
struct Age {
    /// Days at most.
    #[config(default = 30)]
    days: u32,
}

/// Holds a struct whose prefix begins with its own.
#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "outer", env_prefix = "OUTER")]
struct Outer {
    #[config(nested(env_prefix = "OUTER_JOB"))]
    job: Job,
}

#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "job", env_prefix = "JOB", consts = none)]
struct Job {
    #[config(required)]
    name: String,
    #[config(nested(env_prefix = "JOB_AGE"))]
    age: Age,
    #[config(nested)]
    other: Age,
}

#[test]
fn nested_structs_are_tables_of_a_file() -> Result<(), ConfigErrors> {
    let files = Files::new();
    let toml = "[swap]\nresident = 2\nio.block_size = \"4MiB\"\n\
                [swap.write]\nqueue_depth = 3\n[swap.limits.age]\ndays = 1\n";
    let json = r#"{"swap": {
        "resident": 2, "io": {"block_size": 4194304}, "writes": {"queue_depth": 3},
        "limits": {"age": {"days": 1}}
    }}"#;
    for path in [files.write("a.toml", toml), files.write("a.json", json)] {
        let swap = Swap::loader().file(path).load()?.value;
        let mut expected = Swap { resident: 2, ..Swap::default() };
        expected.io.block_size = 4 << 20;
        expected.write.queue_depth = 3;
        expected.limits.age.days = 1;
        assert_eq!(swap, expected);
    }
    let nothing = files.write("b.json", r#"{"swap": {"io": null, "limits": {"age": null}}}"#);
    assert_eq!(Swap::loader().file(nothing).load()?.value, Swap::default());
    Ok(())
}

#[test]
fn each_layer_reaches_the_same_setting() -> Result<(), ConfigErrors> {
    let files = Files::new();
    let path = files.write("a.toml", "[swap.write]\nblock_size = 4096\n");
    let loaded = Swap::loader()
        .file(&path)
        .env_from(&[("SWAP_WRITE_BLOCK_SIZE", "8KiB")])
        .set("writes.block_size", 16384)
        .load()?;
    assert_eq!(loaded.value.write.block_size, 16384);
    assert_eq!(loaded.value.io, AioConfig::default());
    assert_eq!(loaded.origin("write.block_size"), Some(&Origin::Explicit));
    assert_eq!(loaded.origin("output.block_size"), Some(&Origin::Explicit));
    assert_eq!(loaded.origin("io.block_size"), Some(&Origin::Default));
    assert_eq!(loaded.origin("write"), None);
    let shadowed = loaded.shadowed("write.block_size");
    let origins: Vec<_> = shadowed.iter().map(|value| value.origin.to_string()).collect();
    let place = format!("{}:2:14", path.display());
    assert_eq!(origins, [place.as_str(), "variable SWAP_WRITE_BLOCK_SIZE"]);
    let explained = loaded.explain();
    let row = explained.lines().find(|line| line.starts_with("write.block_size ")).unwrap();
    assert!(row.contains("16384") && row.contains("over 8192 from variable"), "{row}");
    assert_eq!(explained.lines().count(), 1 + 1 + 9 + 9 + 4);
    Ok(())
}

#[test]
fn variables_are_those_of_the_nested_struct_unless_the_field_says_otherwise()
-> Result<(), ConfigErrors> {
    let variables = [
        ("DS_AIO_BLOCK_SIZE", "4KiB"),
        ("SWAP_WRITE_THREAD_COUNT", "2"),
        ("SWAP_LIMITS_BYTES", "8KiB"),
        ("FILES_AT_MOST", "3"),
        ("LIMITS_AGE_DAYS", "5"),
        ("SWAP_LIMITS_STRICT", "true"),
    ];
    let loaded = Swap::loader().env_from(&variables).load()?;
    let swap = loaded.value;
    assert_eq!((swap.io.block_size, swap.write.block_size), (4096, 1 << 20));
    assert_eq!((swap.io.thread_count, swap.write.thread_count), (1, 2));
    assert_eq!((swap.limits.bytes, swap.limits.files), (8192, 3));
    assert_eq!((swap.limits.age.days, swap.limits.strict), (5, false));

    let variables = [("OUTER_JOB_NAME", "n"), ("OUTER_JOB_AGE_DAYS", "1"), ("AGE_DAYS", "2")];
    let job = Outer::loader().env_from(&variables).load()?.value.job;
    assert_eq!((job.name.as_str(), job.age.days, job.other.days), ("n", 1, 2));
    Ok(())
}

#[test]
fn one_variable_sets_every_place_of_a_struct_without_another_prefix() -> Result<(), ConfigErrors> {
    #[derive(Config)]
    #[config(section = "pair")]
    struct Pair {
        #[config(nested)]
        left: Age,
        #[config(nested)]
        right: Age,
    }
    let pair = Pair::loader().env_from(&[("AGE_DAYS", "3")]).load()?.value;
    assert_eq!((pair.left.days, pair.right.days), (3, 3));
    Ok(())
}

#[test]
fn the_template_has_a_variable_once() {
    #[derive(Config, Debug, PartialEq)]
    #[config(section = "pair", env_prefix = "PAIR")]
    struct Pair {
        #[config(default = 1)]
        own: u8,
        #[config(nested)]
        left: Age,
        #[config(nested)]
        right: Age,
        #[config(nested)]
        other: Other,
        #[config(default = [1.5], env = "OTHER_LIST", advanced)]
        list: Vec<f64>,
        #[config(default = 1, env = "PAIR_LAST")]
        last: u8,
    }

    #[derive(Config, Debug, PartialEq)]
    #[config(section = "other", env_prefix = "OTHER")]
    struct Other {
        /// Days, another number of them.
        #[config(default = 9, env = "PAIR_OWN")]
        days: u16,
        #[config(default = 1, env = "PAIR_LAST", advanced)]
        last: u8,
        #[config(default = [1.5])]
        list: Vec<f64>,
    }

    assert_eq!(
        Pair::ENV_TEMPLATE,
        "# Allowed: an integer from 0 to 255\n\
         # Sets several settings, whose defaults differ:\n\
         # PAIR_OWN=\n\
         \n\
         # Days at most.\n\
         # Allowed: an integer from 0 to 4294967295\n\
         AGE_DAYS=30\n\
         \n\
         # Allowed: a list, each item a number\n\
         OTHER_LIST=1.5\n\
         \n\
         # Allowed: an integer from 0 to 255\n\
         PAIR_LAST=1\n"
    );
    let assigned = Pair::ENV_TEMPLATE.lines().filter_map(|line| line.split_once('='));
    let variables: Vec<_> = assigned.filter(|(name, _)| !name.starts_with('#')).collect();
    let loaded = Pair::loader().env_from(&variables).load().unwrap().value;
    assert_eq!(loaded, Pair::default());
}

#[test]
fn mistakes_say_where_they_are() {
    let files = Files::new();
    let path = files.write(
        "a.toml",
        "[swap.io]\nblock_size = 1000\nquue_depth = 2\n\n[swap.limits.age]\ndays = -1\n\
         [swap.output]\nthread_count = 0\n",
    );
    let variables = [("SWAP_LIMITS_BYTES", "1"), ("SWAP_WRITE_QUEUE_DEPHT", "2")];
    let loader = Swap::loader().file(&path).env_from(&variables).set("limits.fles", 1);
    let errors = loader.load().unwrap_err();
    let found: Vec<_> = errors
        .iter()
        .map(|found| (found.kind(), found.key().unwrap_or_default(), found.line()))
        .collect();
    use DiagnosticKind::{Deprecated, NotAllowed, UnknownKey, UnknownVariable};
    assert_eq!(
        found,
        [
            (NotAllowed, "io.block_size", Some(2)),
            (UnknownKey, "io.quue_depth", Some(3)),
            (NotAllowed, "limits.age.days", Some(6)),
            (NotAllowed, "write.thread_count", Some(8)),
            (NotAllowed, "limits.bytes", None),
            (UnknownKey, "limits.fles", None),
            (Deprecated, "write", Some(7)),
            (UnknownVariable, "", None),
        ]
    );
    let shown = errors.to_string();
    assert!(shown.contains("unknown key `quue_depth` in table `swap.io`"), "{shown}");
    assert!(shown.contains("did you mean `queue_depth`?"), "{shown}");
    assert!(shown.contains("did you mean `limits.files`?"), "{shown}");
    assert!(shown.contains("did you mean SWAP_WRITE_QUEUE_DEPTH?"), "{shown}");
    assert!(shown.contains("invalid value `1` for `limits.bytes` in variable"), "{shown}");
}

#[test]
fn a_value_is_no_table_and_a_table_no_value() {
    let files = Files::new();
    let toml = only(Swap::loader().file(files.write("a.toml", "[swap]\nio = 3\n")).load());
    assert_eq!(toml.message(), "table `swap.io` is an integer");
    assert_eq!((toml.key(), toml.expected()), (Some("io"), Some("a table, `[swap.io]`")));
    let json = files.write("a.json", r#"{"swap": {"limits": {"age": [1]}}}"#);
    let json = only(Swap::loader().file(json).load());
    assert_eq!(json.message(), "table `swap.limits.age` is a list");
    let table = files.write("b.toml", "[swap.resident]\nx = 1\n");
    let table = only(Swap::loader().file(table).load());
    assert_eq!((table.kind(), table.key()), (DiagnosticKind::WrongType, Some("resident")));
    let set = only(Swap::loader().set("limits.age", 3).load());
    assert_eq!(set.message(), "`limits.age` is no setting, but a table of several");
    assert_eq!(set.help(), Some("set its keys one by one, as in `limits.age.days`"));
    for unknown in ["nothing.at.all", "io.", ".io", "", ".", "io.block_size.x"] {
        let unknown = only(Swap::loader().set(unknown, 3).load());
        assert_eq!(unknown.kind(), DiagnosticKind::UnknownKey, "{unknown}");
    }
}

#[test]
fn a_table_is_given_once() {
    let files = Files::new();
    let both =
        files.write("a.toml", "[swap.write]\nqueue_depth = 1\n[swap.writes]\nqueue_depth = 2\n");
    let errors = Swap::loader().file(both).load().unwrap_err();
    let first = errors.iter().next().unwrap();
    assert_eq!(first.kind(), DiagnosticKind::Conflict, "{errors}");
    assert_eq!(first.key(), Some("write"));
    assert_eq!(first.line(), Some(3));
    let twice = files.write("a.json", r#"{"swap": {"io": {"queue_depth": 1}, "io": {}}}"#);
    let twice = only(Swap::loader().file(twice).load());
    assert_eq!((twice.kind(), twice.key()), (DiagnosticKind::DuplicateKey, Some("io")));
    let header = files.write("b.toml", "[swap.io]\nqueue_depth = 1\n[swap . io]\n");
    let header = only(Swap::loader().file(header).load());
    assert_eq!((header.kind(), header.line()), (DiagnosticKind::DuplicateKey, Some(3)));
    assert_eq!((header.key(), header.column()), (Some("io"), Some(2)));
    let shown = header.to_string();
    assert!(
        shown.contains("table `swap.io` is given twice") && shown.contains("first given"),
        "{shown}"
    );
    let key = files.write("c.toml", "[swap.io]\nqueue_depth = 1\nqueue_depth = 1\n");
    let key = only(Swap::loader().file(key).load());
    assert_eq!((key.kind(), key.line()), (DiagnosticKind::DuplicateKey, Some(3)));
    assert!(key.to_string().contains("first given here"), "{key}");
}

#[test]
fn what_a_nested_struct_requires_is_missing_by_its_whole_name() {
    let missing = only(Outer::loader().load());
    assert_eq!((missing.kind(), missing.key()), (DiagnosticKind::Missing, Some("job.name")));
    let help = "set `name` in table `outer.job`, or the variable OUTER_JOB_NAME";
    assert_eq!(missing.help(), Some(help));
    let job = Job { name: "n".into(), age: Age::default(), other: Age::default() };
    let built = Outer::builder().job(job.clone()).build().unwrap();
    assert_eq!(built.job, job);
    assert_eq!(only(Outer::builder().build()).key(), Some("job.name"));
}

#[test]
fn what_a_table_lacks_that_is_none_is_one_mistake() {
    #[derive(Debug, Config)]
    #[config(section = "all")]
    struct All {
        #[config(required)]
        own: u8,
        #[config(nested, alias = "within")]
        inner: Inner,
    }

    #[derive(Debug, Config)]
    #[config(section = "inner")]
    struct Inner {
        #[config(required)]
        a: u8,
        #[config(required)]
        b: u8,
    }

    let files = Files::new();
    let cases = [
        ("a.toml", "all = 5\n", ("all", DiagnosticKind::WrongType), None),
        ("a.json", r#"{"all": 5}"#, ("all", DiagnosticKind::WrongType), None),
        ("b.toml", "[all]\nown = 1\ninner = 5\n", ("inner", DiagnosticKind::WrongType), None),
        ("c.toml", "[all]\ninner = 5\n", ("inner", DiagnosticKind::WrongType), Some("own")),
        (
            "b.json",
            r#"{"all": {"own": 1}, "all": {"inner": {"a": 1, "b": 1}}}"#,
            ("all", DiagnosticKind::DuplicateKey),
            None,
        ),
        (
            "c.json",
            r#"{"all": {"own": 1, "inner": {"a": 1}, "within": {}}}"#,
            ("inner", DiagnosticKind::Conflict),
            None,
        ),
    ];
    for (name, document, (key, kind), missing) in cases {
        let errors = All::loader().file(files.write(name, document)).load().unwrap_err();
        let found: Vec<_> = errors.iter().map(|error| (error.key(), error.kind())).collect();
        let missing = missing.map(|missing| (Some(missing), DiagnosticKind::Missing));
        let expected: Vec<_> = [(Some(key), kind)].into_iter().chain(missing).collect();
        assert_eq!(found, expected, "{document}: {errors}");
    }
    let error = only(All::loader().set("own", 1).set("inner", 5).load());
    assert_eq!((error.key(), error.kind()), (Some("inner"), DiagnosticKind::WrongType));
    // A key that is called as its section is tells nothing of the others.
    let errors = All::loader().set("all", 5).load().unwrap_err();
    let keys: Vec<_> = errors.iter().filter_map(|error| error.key()).collect();
    assert_eq!(keys, ["all", "own", "inner.a", "inner.b"]);
}

#[test]
fn the_builder_checks_what_is_nested() {
    let mut swap = Swap::default();
    swap.limits.bytes = 1;
    swap.write.queue_depth = 0;
    let errors = rebuilt(swap.clone()).unwrap_err();
    let keys: Vec<_> = errors.iter().filter_map(|error| error.key()).collect();
    assert_eq!(keys, ["write.queue_depth", "limits.bytes"]);
    assert!(errors.iter().all(|error| error.severity() == Severity::Error));
    swap.limits.bytes = 4096;
    swap.write.queue_depth = 1;
    assert_eq!(rebuilt(swap.clone()).unwrap(), swap);
    let io = AioConfig::builder().queue_depth(3).build().unwrap();
    let built = Swap::builder().io(io.clone()).resident(9).clone().build().unwrap();
    assert_eq!(built, Swap { resident: 9, io, ..Swap::default() });
}

fn rebuilt(swap: Swap) -> Result<Swap, ConfigErrors> {
    SwapBuilder::from(swap).build()
}

#[test]
fn the_templates_load_back_and_say_the_whole_names() -> Result<(), ConfigErrors> {
    let files = Files::new();
    let toml = files.write("a.toml", Swap::TOML_TEMPLATE);
    assert_eq!(Swap::loader().file(toml).load()?.value, Swap::default());
    assert!(Swap::TOML_TEMPLATE.contains("# A level further down.\n[swap.limits.age]\n"));
    assert!(Swap::TOML_TEMPLATE.contains("# How tensors are written.\n[swap.write]\n"));
    assert!(Swap::TOML_TEMPLATE.contains("# Variable: SWAP_WRITE_BLOCK_SIZE\n"));

    let variables: Vec<_> = Swap::ENV_TEMPLATE
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split_once('=').unwrap())
        .collect();
    let loaded = Swap::loader().env_from(&variables).load()?;
    assert_eq!(loaded.value, Swap::default());
    assert!(loaded.warnings().is_empty());
    let names: Vec<_> = variables.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), 1 + 9 + 9 + 3);
    assert!(names.contains(&"SWAP_WRITE_DIRECT") && names.contains(&"DS_AIO_DIRECT"));

    assert!(
        Swap::DOCS_TABLE.contains("| `write.block_size` | `SWAP_WRITE_BLOCK_SIZE` | `1048576` |")
    );
    assert!(Swap::DOCS_TABLE.contains("| `limits.age.days` | `LIMITS_AGE_DAYS` | `30` |"));
    let fragment: serde_json::Value =
        serde_json::from_str(&format!("{{{}}}", Swap::FORMAT)).unwrap();
    assert_eq!(fragment["swap"]["io"]["queue_depth"], 8);
    assert!(fragment["swap"].get("limits").is_none());
    Ok(())
}

#[test]
fn the_schema_knows_the_tables() {
    let schema: serde_json::Value = serde_json::from_str(Swap::JSON_SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for valid in [
        r#"{"swap": {"io": {"block_size": 4096}, "writes": null, "limits": {"age": {"days": 3}}}}"#,
        r#"{"swap": {"io": {"intra_op_parallelism": 2}}}"#,
    ] {
        assert!(validator.is_valid(&serde_json::from_str(valid).unwrap()), "{valid}");
    }
    for invalid in [
        r#"{"swap": {"io": {"block_size": 1000}}}"#,
        r#"{"swap": {"io": 3}}"#,
        r#"{"swap": {"limits": {"age": {"dys": 3}}}}"#,
        r#"{"swap": {"write": {}, "output": {}}}"#,
        r#"{"swap": {"io": {"intra_op_parallelism": 2, "thread_count": 2}}}"#,
    ] {
        assert!(!validator.is_valid(&serde_json::from_str(invalid).unwrap()), "{invalid}");
    }
}

#[test]
fn a_nested_config_drives_an_engine() -> Result<(), Box<dyn std::error::Error>> {
    let swap = Swap::loader().set("io.queue_depth", 2).load()?.value;
    let engine = Engine::new(&swap.io)?;
    assert_eq!(engine.settings().asked.queue_depth, 2);
    Ok(())
}

#[test]
fn the_table_of_fields_is_that_of_the_struct_itself() {
    let nested = Swap::FIELDS[2].nested.unwrap();
    assert_eq!((Swap::FIELDS.len(), Swap::WRITE), (4, "write"));
    assert_eq!(nested.fields().len(), AioConfig::FIELDS.len());
}
