//! Values that show nowhere, whatever goes wrong beside them.

use core::fmt::Debug;
use ds_aio::config::{Diagnostic, DiagnosticKind, RawValue};
use ds_aio::{Choice, Config, ConfigErrors, ConfigSchema, Loaded, Loader, Secret};

use super::support::{Files, only};

/// What no text may have a part of.
const CANARY: &str = "7anary-hunter2-0w1";

#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "vault", env_prefix = "VAULT", serialize)]
struct Vault {
    /// Who we are.
    #[config(required, alias = "key", deprecated(alias = "password", note = "use `token`"))]
    token: Secret<String>,
    #[config(check = Self::not_zero)]
    pin: Option<Secret<u64>>,
    #[config(default = 1, range = 1..=9)]
    depth: u8,
    #[config(default = "x")]
    name: String,
}

impl Vault {
    fn not_zero(pin: &Option<Secret<u64>>) -> Result<(), String> {
        match pin {
            Some(pin) if *pin.expose() == 0 => Err("zero opens every door".to_owned()),
            _ => Ok(()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Door {
    Front,
    Back,
}

#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "more", env_prefix = "MORE")]
struct More {
    #[config(required, sep = ":")]
    list: Vec<Secret<String>>,
    door: Option<Secret<Door>>,
    #[config(auto)]
    number: Option<Secret<f64>>,
}

/// Whether a text has any part of the secret that is long enough to be one.
fn tells(text: &str) -> bool {
    (0..=CANARY.len() - 6).any(|start| text.contains(&CANARY[start..start + 6]))
}

#[track_caller]
fn assert_silent(what: impl Debug) {
    for text in [format!("{what:?}"), format!("{what:#?}")] {
        assert!(!tells(&text), "{text}");
    }
}

#[track_caller]
fn assert_diagnostic_silent(diagnostic: &Diagnostic) {
    assert_silent(diagnostic);
    assert!(!tells(&diagnostic.to_string()), "{diagnostic}");
    let parts = [diagnostic.value(), diagnostic.help(), diagnostic.expected(), diagnostic.key()];
    assert!(!parts.into_iter().flatten().any(tells), "{parts:?}");
}

/// Whatever comes of a load, it tells nothing.
#[track_caller]
fn assert_load_silent<T: ConfigSchema + Debug>(result: &Result<Loaded<T>, ConfigErrors>) {
    assert_silent(result);
    match result {
        Ok(loaded) => {
            assert!(!tells(&loaded.explain()), "{}", loaded.explain());
            loaded.warnings().iter().for_each(|warning| assert_diagnostic_silent(warning));
            for field in T::FIELDS {
                assert_silent((loaded.origin(field.key), loaded.shadowed(field.key)));
            }
        }
        Err(errors) => {
            assert!(!tells(&errors.to_string()), "{errors}");
            errors.iter().for_each(|error| assert_diagnostic_silent(error));
        }
    }
}

fn load(name: &str, content: impl AsRef<[u8]>) -> Result<Loaded<Vault>, ConfigErrors> {
    let files = Files::new();
    Vault::loader().file(files.write(name, content)).load()
}

#[test]
fn a_secret_is_read_from_every_source() {
    let files = Files::new();
    let toml = files.write("a.toml", format!("[vault]\ntoken = '{CANARY}'\npin = 12\n"));
    let json = files.write("a.json", format!("{{\"vault\": {{\"key\": \"{CANARY}\"}}}}"));
    let variables = [("VAULT_TOKEN", CANARY), ("VAULT_PIN", "1_2")];
    let loaders = [
        Vault::loader().file(&toml),
        Vault::loader().file(json).set("pin", 12),
        Vault::loader().env_from(&variables),
        Vault::loader().set("token", Secret::new(CANARY)).set("pin", Secret::new(12)),
        // Each over another one.
        Vault::loader().file(&toml).env_from(&variables).set("token", CANARY).set("pin", 12),
    ];
    for loader in loaders {
        assert_silent(&loader);
        let loaded = loader.load();
        assert_load_silent(&loaded);
        let value = loaded.unwrap().value;
        assert_eq!(value.token.expose(), CANARY);
        assert_eq!(value.pin.map(Secret::into_inner), Some(12));
    }
    let builder = Vault::builder().token(CANARY).pin(Secret::new(12));
    assert_silent(&builder);
    let built = builder.clone().build().unwrap();
    assert_silent(&built);
    assert_silent(VaultBuilder::from(built.clone()));
    assert_eq!((built.token, built.pin), (Secret::new(CANARY.to_owned()), Some(12.into())));
}

#[test]
fn what_is_shown_is_that_there_is_one() {
    let secret = Secret::new(CANARY);
    assert_eq!(format!("{secret:?} [{secret:>10?}]"), "(secret) [  (secret)]");
    assert_ne!(secret, Secret::new("other"));
    let loader = Vault::loader().env_from(&[("VAULT_TOKEN", CANARY)]).set("token", CANARY);
    let loaded = loader.load().unwrap();
    let explained = loaded.explain();
    let (token, pin) = ("(secret)  explicit, over (secret) from variable VAULT_TOKEN", "(none) ");
    assert!(explained.contains(token) && explained.contains(pin), "{explained}");
    assert_eq!(loaded.shadowed("token")[0].value, "(secret)");
}

#[test]
fn in_lists_and_of_other_types() {
    let document = format!("{{\"more\": {{\"list\": [\"{CANARY}\", \"b\"], \"door\": \"BACK\"}}}}");
    let files = Files::new();
    let loader = More::loader().file(files.write("a.json", document));
    let loaded = loader.set("number", 1.5).env_from(&[("MORE_LIST", format!("a:{CANARY}"))]).load();
    assert_load_silent(&loaded);
    let loaded = loaded.unwrap();
    assert_eq!(loaded.value.list, [Secret::from("a"), Secret::from(CANARY)]);
    assert_eq!(loaded.value.door, Some(Secret::new(Door::Back)));
    assert_eq!(loaded.value.number, Some(Secret::new(1.5)));
    assert_eq!(loaded.shadowed("list")[0].value, "[(secret), (secret)]");
    for (key, value) in [("list", RawValue::Bool(true)), ("door", CANARY.into())] {
        let error = only(More::loader().set("list", "a").set(key, value).load());
        assert_diagnostic_silent(&error);
        assert_eq!((error.key(), error.value(), error.help()), (Some(key), None, None));
    }
    let error = only(More::loader().set("list", "a").set("number", CANARY).load());
    assert_eq!(
        error.to_string(),
        "error: invalid value for `number`: expected a number, or `auto`"
    );
    let built = More::builder().list([Secret::from(CANARY)]).door(Some(Door::Back.into())).build();
    assert_silent(built.unwrap());
}

#[test]
fn a_bad_one_is_told_by_its_place() {
    let files = Files::new();
    let path = files.write("a.toml", format!("[vault]\ntoken = 'a'\npin = '{CANARY}'\n"));
    let error = only(Vault::loader().file(&path).load());
    let place = format!("{}:3:7", path.display());
    let expected = format!(
        "error: invalid value for `pin`\n--> {place}\n = note: expected an integer from 0 to {}",
        u64::MAX
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!((error.kind(), error.value()), (DiagnosticKind::WrongType, None));
    assert_eq!((error.line(), error.column()), (Some(3), Some(7)));

    let error = only(Vault::loader().set("token", "a").env_from(&[("VAULT_PIN", CANARY)]).load());
    assert!(error.to_string().starts_with("error: invalid value for `pin` in variable VAULT_PIN"));
    assert_diagnostic_silent(&error);
    let error = only(Vault::builder().token("a").pin(Some(Secret::new(0))).build());
    assert_eq!(error.message(), "invalid value for `pin`");
    assert_eq!((error.value(), error.help()), (None, Some("zero opens every door")));
}

#[cfg(unix)]
#[test]
fn nor_is_one_shown_that_is_no_text() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let broken = OsString::from_vec([CANARY.as_bytes(), b"\xff"].concat());
    let error = only(Vault::loader().env_from(&[("VAULT_TOKEN", broken)]).load());
    assert_diagnostic_silent(&error);
    assert_eq!(error.message(), "the value of variable VAULT_TOKEN is not valid UTF-8");
    assert_eq!((error.kind(), error.key()), (DiagnosticKind::NotUnicode, Some("token")));
}

#[test]
fn other_lines_are_quoted_as_ever() {
    let result = load("a.toml", format!("[vault]\ntoken = '{CANARY}'\ndepth = 10\n"));
    assert_load_silent(&result);
    let error = only(result);
    assert!(error.to_string().contains("depth = 10"), "{error}");
    assert_eq!(error.value(), Some("10"));
}

#[test]
fn a_mistake_beside_it_does_not_tell_it() {
    let long = format!("\"\"\"\n{CANARY}\n\"\"\"");
    let toml = [
        format!("vault = {{ token = '{CANARY}', depth = 10 }}"),
        format!("vault = {{ token = '{CANARY}', depth = 10, depht = 1 }}"),
        format!("[vault]\ntoken = ['{CANARY}']"),
        format!("[vault]\ntoken.inner = '{CANARY}'\ndepth = 10"),
        format!("[vault.token]\ninner = '{CANARY}'"),
        format!("[vault]\ntoken = {{ inner = '{CANARY}' }}"),
        format!("[vault]\ntokn = '{CANARY}'"),
        format!("[vault]\ntokn = {long}"),
        format!("[vault]\nsomething = '{CANARY}'"),
        format!("[vault]\npassword = '{CANARY}'"),
        format!("[vault]\ntoken = '{CANARY}'\ntoken = '{CANARY}'"),
        format!("[vault]\ntoken = '{CANARY}'\nkey = '{CANARY}'"),
        format!("[vault]\nkey = {long}\npassword = {long}"),
        format!("[vault]\ndepth = 1\ntoken = {long}\ndepth = 2"),
        format!("[vault]\nname = 1\ntoken = '{CANARY}'\n[vault]\ndepth = 2"),
        format!("[vault]\ntoken = '{CANARY}"),
        format!("[vault]\ntoken = {CANARY}"),
        format!("[vault]\ntoken = {CANARY}\n{CANARY} = 1\n{CANARY} = 1"),
        format!("[vault\ntoken = '{CANARY}'"),
        format!("[valut]\ntoken = '{CANARY}'"),
        format!("valut = {{ token = '{CANARY}' }}"),
        format!("token = '{CANARY}'"),
        format!("vault = '{CANARY}'"),
        format!("vault = ['{CANARY}']"),
    ];
    let json = [
        format!("{{\"vault\": {{\"token\": \"{CANARY}\", \"depth\": 10}}}}"),
        format!("{{\"vault\": {{\"token\": [\"{CANARY}\"]}}}}"),
        format!("{{\"vault\": {{\"token\": {{\"inner\": \"{CANARY}\"}}}}}}"),
        format!("{{\"vault\": {{\"tokn\": {{\"inner\": \"{CANARY}\"}}}}}}"),
        format!("{{\"vault\": {{\"pin\": \"{CANARY}\", \"password\": \"{CANARY}\"}}}}"),
        format!("{{\"vault\": {{\"key\": \"{CANARY}\", \"token\": \"{CANARY}\"}}}}"),
        format!("{{\"vault\": {{\"token\": \"{CANARY}\", \"token\": \"{CANARY}\"}}}}"),
        format!("{{\"vault\": {{}}, \"vault\": {{\"token\": \"{CANARY}\"}}}}"),
        format!("{{\"vault\": {{\"token\": \"{CANARY}\"}}"),
        format!("{{\"vault\": {{\"token\": \"{CANARY}}}}}"),
        format!("{{\"vault\": {{\"token\": {CANARY}}}}}"),
        format!("{{\"valut\": {{\"token\": \"{CANARY}\"}}}}"),
        format!("{{\"token\": \"{CANARY}\"}}"),
        format!("{{\"vault\": \"{CANARY}\"}}"),
        format!("{{\"vault\": [\"{CANARY}\"]}}"),
        format!("[\"{CANARY}\"]"),
        format!("\"{CANARY}\""),
    ];
    for (name, documents) in [("a.toml", &toml[..]), ("a.json", &json)] {
        for document in documents {
            let result = load(name, document);
            assert_load_silent(&result);
            assert!(result.is_err() || !result.unwrap().warnings().is_empty(), "{document}");
            // With a byte that is no text.
            let broken = [document.as_bytes(), b"\xff"].concat();
            assert_load_silent(&load(name, broken));
        }
    }
    let result = Vault::loader().set("tokn", CANARY).load();
    assert_load_silent(&result);
    assert_eq!(result.unwrap_err().iter().filter(|error| error.value().is_some()).count(), 0);
}

#[derive(Clone, Debug, Config)]
#[config(section = "outer", env_prefix = "OUTER")]
struct Outer {
    #[config(default = 1)]
    depth: u8,
    #[config(nested(env_prefix = "OUTER_INNER"), alias = "within")]
    inner: Vault,
}

#[test]
fn nor_does_one_in_a_struct_within() {
    let documents = [
        ("a.toml", format!("[outer]\ndepth = 'x'\ninner = {{ token = '{CANARY}', depth = 10 }}")),
        ("b.toml", format!("outer = {{ depth = 'x', inner.token = '{CANARY}' }}")),
        ("c.toml", format!("[outer]\ninner = '{CANARY}'")),
        ("d.toml", format!("[outer]\ninner.token = '{CANARY}'\nwithin.token = '{CANARY}'")),
        ("e.toml", format!("[outer.iner]\ntoken = '{CANARY}'")),
        ("f.toml", format!("[outer.inner]\npin = '{CANARY}'\ntokn = '{CANARY}'")),
        ("a.json", format!("{{\"outer\": {{\"inner\": {{\"tokn\": \"{CANARY}\"}}, \"x\": 1}}}}")),
        ("b.json", format!("{{\"outer\": {{\"inner\": \"{CANARY}\", \"depth\": -1}}}}")),
        ("c.json", format!("{{\"outer\": {{\"within\": {{\"key\": [\"{CANARY}\"]}}}}}}")),
    ];
    let files = Files::new();
    for (name, document) in documents {
        let result = Outer::loader().file(files.write(name, &document)).load();
        assert_load_silent(&result);
        assert!(result.is_err(), "{document}");
    }
    let result = Outer::loader().set("inner", CANARY).set("inner.tokn", CANARY).load();
    assert_load_silent(&result);
    let loader = Outer::loader().set("inner.token", CANARY);
    assert_silent(&loader);
    let result = loader.env_from(&[("OUTER_INNER_TOKEN", CANARY)]).load();
    assert_load_silent(&result);
    let value = result.unwrap().value;
    assert_silent(OuterBuilder::from(value.clone()));
    assert_eq!(value.inner.token.expose(), CANARY);
}

/// Everything that one wrong character may do to a file.
#[test]
fn no_slip_of_the_pen_tells_it() {
    let documents = [
        ("a.toml", format!("[vault]\nname = 'a'\ntoken = '{CANARY}'\ndepth = 10\n")),
        ("b.toml", format!("[vault]\ntoken = \"\"\"\n{CANARY}\"\"\"\n[b]\nc = 1\n")),
        ("a.json", format!("{{\"vault\": {{\"token\": \"{CANARY}\", \"depth\": 10}}}}")),
        ("b.json", format!("{{\n  \"vault\": {{\n    \"key\": \"{CANARY}\",\n  }}, // x\n}}")),
    ];
    let files = Files::new();
    let mut mistakes = 0;
    for (name, document) in documents {
        for at in 0..document.len() {
            let (before, after) = document.split_at(at);
            let without = format!("{before}{}", &after[1..]);
            let with = ["\"", "'", "\n", "[", "}", "=", "#", "\\", "x"];
            let with = with.map(|inserted| format!("{before}{inserted}{after}"));
            for changed in with.iter().chain([&without]) {
                let result = Vault::loader().file(files.write(name, changed)).load();
                assert_load_silent(&result);
                mistakes += usize::from(result.is_err());
            }
        }
    }
    assert!(mistakes > 1000, "{mistakes}");
}

#[test]
fn what_is_written_back_leaves_it_out() {
    let vault = Vault::builder().token(CANARY).pin(Secret::new(12)).depth(3).build().unwrap();
    let written = [vault.to_toml(), vault.to_json(), vault.to_env()].map(Result::unwrap);
    for text in &written {
        assert!(!tells(text) && !text.contains("12"), "{text}");
        assert!(text.contains('3') && !text.to_lowercase().contains("token"), "{text}");
    }
    let serialized = serde_json::to_value(&vault).unwrap();
    assert_eq!(serialized, serde_json::json!({"depth": 3, "name": "x"}));
    let files = Files::new();
    let file = files.write("a.toml", &written[0]);
    let loaded = Vault::loader().file(file).set("token", CANARY).set("pin", 12).load().unwrap();
    assert_eq!(loaded.value, vault);
}

#[test]
fn texts_know_that_there_is_one() {
    let texts = [Vault::FORMAT, Vault::TOML_TEMPLATE, Vault::ENV_TEMPLATE, Vault::DOCS_TABLE];
    assert!(texts.iter().all(|text| text.contains("token") || text.contains("TOKEN")));
    assert!(Vault::TOML_TEMPLATE.contains("# Allowed: a text\n"), "{}", Vault::TOML_TEMPLATE);
    assert!(Vault::TOML_TEMPLATE.contains("\n# token =\n"), "{}", Vault::TOML_TEMPLATE);
    assert!(Vault::ENV_TEMPLATE.contains("\n# VAULT_PIN=\n"), "{}", Vault::ENV_TEMPLATE);
    let schema: serde_json::Value = serde_json::from_str(Vault::JSON_SCHEMA).unwrap();
    let keys = &schema["properties"]["vault"]["properties"];
    assert_eq!(keys["token"]["writeOnly"], true);
    assert_eq!(keys["pin"]["writeOnly"], true);
    assert!(keys["depth"].get("writeOnly").is_none());
    assert!(keys["pin"].get("default").is_none());
    let secrets: Vec<_> = Vault::FIELDS.iter().map(|field| field.secret).collect();
    assert_eq!(secrets, [true, true, false, false]);

    let files = Files::new();
    let loader = |name, text| Loader::<Vault>::new().file(files.write(name, text));
    let loaded = loader("a.toml", Vault::TOML_TEMPLATE).set("token", CANARY).load().unwrap().value;
    assert_eq!(loaded, Vault::builder().token(CANARY).build().unwrap());
}
