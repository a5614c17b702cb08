//! A setting that is one of a few names.

use ds_aio::config::{DiagnosticKind, RawValue};
use ds_aio::{AioConfig, DirectMode};

use super::support::{load_env, load_file, only};

const MODES: [(&str, DirectMode); 3] =
    [("auto", DirectMode::Auto), ("always", DirectMode::Always), ("never", DirectMode::Never)];

#[test]
fn every_source_understands_every_name() {
    for (name, mode) in MODES {
        let toml = load_file("a.toml", format!("aio.direct = '{name}'")).unwrap();
        let json = load_file("a.json", format!("{{\"aio\": {{\"direct\": \"{name}\"}}}}")).unwrap();
        let variable = load_env(&[("DS_AIO_DIRECT", &name.to_uppercase())]).unwrap();
        let text = AioConfig::loader().set("direct", name).load().unwrap();
        let typed = AioConfig::loader().set("direct", mode).load().unwrap();
        for loaded in [toml, json, variable, text, typed] {
            assert_eq!(loaded.value.direct, mode);
        }
        assert_eq!(AioConfig::builder().direct(mode).build().unwrap().direct, mode);
        assert_eq!(mode.to_string(), name);
        assert_eq!(RawValue::from(mode), RawValue::Text(name.to_owned()));
    }
}

#[test]
fn a_near_miss_is_suggested() {
    let error = only(load_env(&[("DS_AIO_DIRECT", "allways")]));
    assert_eq!(
        error.to_string(),
        "error: invalid value `allways` for `direct` in variable DS_AIO_DIRECT: expected one of \
         `auto`, `always`, `never`\n  = help: did you mean `always`?"
    );
    assert_eq!(error.kind(), DiagnosticKind::NotAllowed);
}

#[test]
fn other_values_are_refused_with_the_list() {
    for (document, kind, help) in [
        ("'on'", DiagnosticKind::NotAllowed, None),
        ("''", DiagnosticKind::NotAllowed, None),
        ("true", DiagnosticKind::WrongType, Some("found a boolean")),
        ("0", DiagnosticKind::WrongType, Some("found an integer")),
    ] {
        let error = only(load_file("a.toml", format!("[aio]\ndirect = {document}\n")));
        assert_eq!((error.kind(), error.help()), (kind, help), "{document}");
        assert_eq!(error.expected(), Some("one of `auto`, `always`, `never`"));
        assert_eq!(error.line(), Some(2));
    }
}

#[test]
fn a_builder_starts_from_its_value() {
    let config = AioConfig::builder().direct(DirectMode::Always).build().unwrap();
    let again = ds_aio::AioConfigBuilder::from(config.clone()).queue_depth(2).clone().build();
    assert_eq!(again.unwrap().direct, DirectMode::Always);
    assert_eq!(config.direct, DirectMode::Always);
}
