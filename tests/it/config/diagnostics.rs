//! All mistakes of all layers in one run.

use ds_aio::config::{DiagnosticKind, Severity};
use ds_aio::{AioConfig, Config, ConfigErrors};

use super::support::{Files, only};

#[test]
fn three_faults_in_a_file_and_four_in_variables_are_seven_diagnostics() {
    let files = Files::new();
    let document = "[aio]\nblock_size = 1000\nqueue_depht = 4\nsingle_submit = \"yes\"\n";
    let errors = AioConfig::loader()
        .file(files.write("ds.toml", document))
        .env_from(&[
            ("DS_AIO_BLOCK_SIZE", "0.1KiB"),
            ("DS_AIO_QUEUE_DEPTH", "zero"),
            ("DS_AIO_THREAD_COUNT", "1025"),
            ("DS_AIO_SINGLE_SUBMIT", "perhaps"),
            ("DS_AIO_OVERLAP_EVENT", "true"),
        ])
        // Those that this sets are reported all the same.
        .set("block_size", 4096)
        .set("queue_depth", 8)
        .load()
        .unwrap_err();
    let sizes = "a size from 512 to 1073741824 bytes (512 to 1GiB), a multiple of 512";
    let (depths, counts) = ("an integer from 1 to 65536", "an integer from 1 to 1024");
    use DiagnosticKind::{NotAllowed, UnknownKey, WrongType};
    let in_file = [
        (NotAllowed, "block_size", "1000", Some(sizes), (2, 14), "1000"),
        (UnknownKey, "queue_depht", "4", None, (3, 1), "queue_depht"),
        (WrongType, "single_submit", "yes", Some("true or false"), (4, 17), "\"yes\""),
    ];
    let in_variables = [
        (WrongType, "block_size", "DS_AIO_BLOCK_SIZE", "0.1KiB", sizes),
        (WrongType, "queue_depth", "DS_AIO_QUEUE_DEPTH", "zero", depths),
        (NotAllowed, "thread_count", "DS_AIO_THREAD_COUNT", "1025", counts),
        (WrongType, "single_submit", "DS_AIO_SINGLE_SUBMIT", "perhaps", "true or false"),
    ];
    let found: Vec<_> = errors.iter().collect();
    for ((kind, key, value, expected, (line, column), marked), error) in
        in_file.into_iter().zip(&found)
    {
        assert_eq!((error.kind(), error.key(), error.value()), (kind, Some(key), Some(value)));
        assert_eq!((error.line(), error.column()), (Some(line), Some(column)), "{error}");
        assert_eq!((error.expected(), error.variable()), (expected, None), "{error}");
        let shown = error.to_string();
        assert!(shown.contains(&format!("ds.toml:{line}:{column}\n")), "{shown}");
        let carets = format!("| {}{}", " ".repeat(column - 1), "^".repeat(marked.len()));
        let label = expected.map(|expected| format!(" expected {expected}")).unwrap_or_default();
        assert!(
            shown.lines().any(|line| line.trim_start() == format!("{carets}{label}")),
            "{shown}"
        );
    }
    assert_eq!(found[1].help(), Some("did you mean `queue_depth`?"));
    for ((kind, key, variable, value, expected), error) in in_variables.into_iter().zip(&found[3..])
    {
        assert_eq!((error.kind(), error.key(), error.value()), (kind, Some(key), Some(value)));
        assert_eq!((error.variable(), error.expected()), (Some(variable), Some(expected)));
        let shown = error.to_string();
        let sentence = format!("`{value}` for `{key}` in variable {variable}: expected {expected}");
        assert!(shown.contains(&sentence), "{shown}");
    }
    // And the variable that looks misspelt, behind the seven.
    assert_eq!(found.len(), 8, "{errors}");
    let severities = found.iter().map(|error| error.severity());
    assert_eq!(severities.filter(|severity| *severity == Severity::Error).count(), 7);
    assert_eq!(found[7].variable(), Some("DS_AIO_OVERLAP_EVENT"));
    assert_eq!(found[7].help(), Some("did you mean DS_AIO_OVERLAP_EVENTS?"));
    let shown = errors.to_string();
    assert_eq!(shown.matches("error: ").count(), 7, "{shown}");
    assert_eq!(format!("{errors:?}"), shown);
}

#[test]
fn a_shadowed_bad_value_is_still_reported() {
    let files = Files::new();
    let result = AioConfig::loader()
        .file(files.write("ds.toml", "[aio]\nqueue_depth = 0\n"))
        .env_from(&[("DS_AIO_QUEUE_DEPTH", "4")])
        .set("queue_depth", 8)
        .load();
    assert_eq!(only(result).line(), Some(2));
}

#[test]
fn one_bad_file_does_not_hide_another() {
    let files = Files::new();
    let errors = AioConfig::loader()
        .file(files.path("absent.toml"))
        .file(files.write("broken.json", "{"))
        .file(files.write("bad.toml", "[aio]\nthread_count = 0\n"))
        .file(files.write("odd.ini", ""))
        .load()
        .unwrap_err();
    let kinds: Vec<_> = errors.iter().map(|error| error.kind()).collect();
    use DiagnosticKind::{NotAllowed, Syntax, UnknownFormat, Unreadable};
    assert_eq!(kinds, [Unreadable, Syntax, NotAllowed, UnknownFormat]);
}

#[test]
fn explicit_mistakes_name_the_key() {
    let errors = AioConfig::loader().set("qeue_depth", 1).set("block_size", "1MB").load();
    let errors = errors.unwrap_err();
    assert_eq!(
        errors.to_string(),
        "error: unknown key `qeue_depth` in section `aio`\n  \
         = help: did you mean `queue_depth`?\n\
         error: invalid value `1MB` for `block_size`: expected a size from 512 to 1073741824 bytes \
         (512 to 1GiB), a multiple of 512\n  \
         = help: `MB` is 1000-based to some and 1024-based to others; units here are binary: \
         write `MiB`"
    );
}

#[test]
fn the_builder_reports_every_violation() {
    let errors = AioConfig::builder().block_size(100).queue_depth(0).thread_count(1).build();
    let errors = errors.unwrap_err();
    let found: Vec<_> = errors.iter().map(|e| (e.key().unwrap(), e.value().unwrap())).collect();
    assert_eq!(found, [("block_size", "100"), ("queue_depth", "0")]);
    assert!(errors.to_string().contains("expected an integer from 1 to 65536"));
}

#[derive(Debug, Config)]
#[config(section = "job", env_prefix = "JOB")]
struct Job {
    #[config(required, one_of = ["adam", "lion"])]
    optimizer: String,
    #[config(required)]
    steps: u32,
    #[config(default = 0.9, range = 0.0..1.0)]
    momentum: f64,
}

#[test]
fn required_fields_are_reported_unless_something_sets_them() {
    let errors = Job::loader().load().unwrap_err();
    assert!(errors.iter().all(|error| error.kind() == DiagnosticKind::Missing));
    assert_eq!(
        errors.to_string(),
        "error: `optimizer` is required, but nothing sets it: expected one of `adam`, `lion`\n  \
         = help: set `optimizer` in section `job`, or the variable JOB_OPTIMIZER\n\
         error: `steps` is required, but nothing sets it: expected an integer from 0 to \
         4294967295\n  = help: set `steps` in section `job`, or the variable JOB_STEPS"
    );
    // A bad value is one mistake, not a missing field as well.
    let errors = Job::loader().env_from(&[("JOB_STEPS", "x")]).set("optimizer", "adam").load();
    assert_eq!(only(errors).kind(), DiagnosticKind::WrongType);

    // Nor is anything called missing that a broken file may have held.
    let files = Files::new();
    let errors = Job::loader().file(files.write("job.json", "{")).load();
    assert_eq!(only(errors).kind(), DiagnosticKind::Syntax);

    let job = Job::loader().set("steps", 5).set("optimizer", "lion").load().unwrap().value;
    assert_eq!((job.optimizer.as_str(), job.steps, job.momentum), ("lion", 5, 0.9));
    let job = Job::builder().optimizer("adam").steps(3).build().unwrap();
    assert_eq!((job.optimizer.as_str(), job.steps), ("adam", 3));
    assert_eq!(Job::builder().momentum(1.0).build().unwrap_err().len(), 3);
}

#[test]
fn a_warning_that_may_explain_an_error_is_told_with_it() {
    let files = Files::new();
    let errors = Job::loader()
        .file(files.write("job.toml", "[jobs]\nsteps = 5\n"))
        .env_from(&[("JOB_OPTIMISER", "adam"), ("JOB_STEPS", "x")])
        .load()
        .unwrap_err();
    let found: Vec<_> =
        (&errors).into_iter().map(|found| (found.severity(), found.kind())).collect();
    use DiagnosticKind::{Missing, MissingSection, UnknownVariable, WrongType};
    assert_eq!(
        found,
        [
            (Severity::Error, WrongType),
            (Severity::Error, Missing),
            (Severity::Warning, MissingSection),
            (Severity::Warning, UnknownVariable),
        ]
    );
    assert_eq!(errors.len(), 4);
    let shown = errors.to_string();
    assert!(shown.ends_with("  = help: did you mean JOB_OPTIMIZER?"), "{shown}");
}

#[test]
fn a_required_key_outside_its_section_is_missing_all_the_same() {
    let files = Files::new();
    let file = files.write("job.toml", "steps = 5\n");
    let errors = Job::loader().set("optimizer", "adam").file(file).load();
    let errors = errors.unwrap_err();
    let kinds: Vec<_> = errors.iter().map(|found| found.kind()).collect();
    use DiagnosticKind::{Missing, MissingSection};
    assert_eq!(kinds, [Missing, MissingSection]);
}

#[test]
fn values_of_users_are_escaped_and_shortened() {
    let long = format!("\u{1b}[31m\n{}", "x".repeat(500));
    let error = only(AioConfig::loader().set("queue_depth", long).load());
    assert!(!error.to_string().contains('\u{1b}'));
    assert_eq!(error.to_string().lines().count(), 1);
    assert!(error.to_string().contains("xx…`"), "{error}");
    assert!(error.to_string().len() < 300, "{error}");
}

#[test]
fn quoted_lines_of_files_hold_nothing_that_a_terminal_obeys() {
    let files = Files::new();
    for control in ['\u{1b}', '\u{85}', '\u{9b}', '\u{202e}'] {
        let document = format!("[aio]\nqueue_depth = 0 # {control}31m\n");
        let error = only(AioConfig::loader().file(files.write("ds.toml", document)).load());
        let shown = error.to_string();
        assert!(shown.contains("31m"), "{shown}");
        assert!(!shown.contains(control), "{shown:?}");
    }
}

#[test]
fn errors_are_errors() {
    fn is_error<T: std::error::Error + Send + Sync + 'static>() {}
    is_error::<ConfigErrors>();
}
