//! Variables: how they are read, and what is said about bad ones.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};

use ds_aio::config::DiagnosticKind;
use ds_aio::{AioConfig, ConfigErrors, DirectMode, EnvSource};

use super::support::{load_env, only};

#[test]
fn each_setting_has_its_variable() {
    let loaded = load_env(&[
        ("DS_AIO_BLOCK_SIZE", "1_024"),
        ("DS_AIO_QUEUE_DEPTH", " 32 "),
        ("DS_AIO_THREAD_COUNT", "+2"),
        ("DS_AIO_SINGLE_SUBMIT", "yes"),
        ("DS_AIO_OVERLAP_EVENTS", "OFF"),
        ("DS_AIO_DIRECT", " always "),
        ("DS_AIO_QUEUE_CAPACITY", "16"),
        ("DS_AIO_BACKGROUND_RATE", "500MiB"),
    ])
    .unwrap();
    let config = loaded.value;
    assert_eq!((config.block_size, config.queue_depth, config.thread_count), (1024, 32, 2));
    assert_eq!((config.single_submit, config.overlap_events), (true, false));
    assert_eq!((config.direct, config.queue_capacity), (DirectMode::Always, 16));
    assert_eq!(config.background_rate, 500 << 20);
}

#[test]
fn an_empty_variable_is_unset() {
    assert_eq!(load_env(&[("DS_AIO_QUEUE_DEPTH", "")]).unwrap().value, AioConfig::default());
}

#[test]
fn booleans_have_eight_names_in_any_case() {
    let load = |text| load_env(&[("DS_AIO_SINGLE_SUBMIT", text)]).map(|it| it.value.single_submit);
    for text in ["1", "true", "yes", "on", "TRUE", "Yes", "oN", " on "] {
        assert!(load(text).unwrap(), "{text}");
    }
    for text in ["0", "false", "no", "off", "False", "NO", "oFf"] {
        assert!(!load(text).unwrap(), "{text}");
    }
    for text in ["2", "y", "enabled", "truee", "-1"] {
        let error = only(load(text));
        assert_eq!(error.kind(), DiagnosticKind::WrongType, "{text}");
        assert_eq!(error.expected(), Some("true or false"));
    }
}

#[test]
fn a_bad_variable_is_named_with_its_value_and_what_is_allowed() {
    let error = only(load_env(&[("DS_AIO_QUEUE_DEPTH", "zero")]));
    assert_eq!(
        error.to_string(),
        "error: invalid value `zero` for `queue_depth` in variable DS_AIO_QUEUE_DEPTH: \
         expected an integer from 1 to 65536"
    );
    assert_eq!(error.kind(), DiagnosticKind::WrongType);
    assert_eq!(error.key(), Some("queue_depth"));
    assert_eq!(error.value(), Some("zero"));
    assert_eq!(error.variable(), Some("DS_AIO_QUEUE_DEPTH"));
    assert_eq!((error.path(), error.line()), (None, None));
}

#[test]
fn every_bad_variable_is_reported() {
    let errors = load_env(&[
        ("DS_AIO_BLOCK_SIZE", "1MB"),
        ("DS_AIO_QUEUE_DEPTH", "-1"),
        ("DS_AIO_THREAD_COUNT", "1e3"),
        ("DS_AIO_OVERLAP_EVENTS", "maybe"),
    ])
    .unwrap_err();
    let variables: Vec<_> = errors.iter().filter_map(|error| error.variable()).collect();
    assert_eq!(
        variables,
        ["DS_AIO_BLOCK_SIZE", "DS_AIO_QUEUE_DEPTH", "DS_AIO_THREAD_COUNT", "DS_AIO_OVERLAP_EVENTS"]
    );
    assert_eq!(errors.len(), 4);
    assert_eq!(errors.to_string().matches("error: ").count(), 4);
}

#[cfg(unix)]
mod not_unicode {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn bad() -> &'static OsStr {
        OsStr::from_bytes(b"8\xff")
    }

    #[test]
    fn in_our_variable_is_an_error() {
        let environment = [("DS_AIO_QUEUE_DEPTH", bad())];
        let error = only(AioConfig::loader().env_from(&environment).load());
        assert_eq!(error.kind(), DiagnosticKind::NotUnicode);
        assert_eq!(error.variable(), Some("DS_AIO_QUEUE_DEPTH"));
        assert_eq!(error.key(), Some("queue_depth"));
    }

    #[derive(Debug, ds_aio::Config)]
    #[config(section = "needs", env_prefix = "NEEDS")]
    #[allow(dead_code)]
    struct Needs {
        #[config(required)]
        path: std::path::PathBuf,
    }

    #[test]
    fn in_a_required_field_is_one_error() {
        let environment = [("NEEDS_PATH", bad())];
        let error = only(Needs::loader().env_from(&environment).load());
        assert_eq!(error.kind(), DiagnosticKind::NotUnicode);
    }

    #[test]
    fn elsewhere_is_none_of_our_business() {
        let environment = [
            (OsStr::new("UNRELATED"), bad()),
            (OsStr::new("DS_AIO_UNRELATED"), bad()),
            (OsStr::from_bytes(b"DS_AIO_QUEUE_DEPT\xff"), OsStr::new("8")),
        ];
        assert!(AioConfig::loader().env_from(&environment).load().is_ok());
    }
}

#[test]
fn any_map_or_list_is_an_environment() {
    fn depth(source: &(impl EnvSource + ?Sized)) -> Result<usize, ConfigErrors> {
        AioConfig::loader().env_from(source).load().map(|loaded| loaded.value.queue_depth)
    }
    let pairs = [("DS_AIO_QUEUE_DEPTH", "1"), ("DS_AIO_QUEUE_DEPTH", "2")];
    assert_eq!(depth(&pairs).unwrap(), 2);
    assert_eq!(depth(pairs.as_slice()).unwrap(), 2);
    assert_eq!(depth(&pairs.to_vec()).unwrap(), 2);
    assert_eq!(depth(&BTreeMap::from(pairs)).unwrap(), 2);
    assert_eq!(depth(&HashMap::from(pairs)).unwrap(), 2);
    let owned: HashMap<OsString, OsString> =
        HashMap::from([("DS_AIO_QUEUE_DEPTH".into(), "3".into())]);
    assert_eq!(depth(&&owned).unwrap(), 3);
}

#[test]
fn from_env_reads_the_process() {
    // Whoever runs the tests may have set our variables; both ways must see the same.
    let direct = AioConfig::from_env();
    let loaded = AioConfig::loader().env().load().map(|loaded| loaded.value);
    assert_eq!(direct.is_ok(), loaded.is_ok());
    if let (Ok(direct), Ok(loaded)) = (direct, loaded) {
        assert_eq!(direct, loaded);
    }
}
