//! Structs with parameters.

use core::marker::PhantomData;

use ds_aio::config::{ConfigValue, DiagnosticKind, TextKind, text};
use ds_aio::{AioConfig, Choice, Config, ConfigErrors, ConfigSchema, Engine, Secret};

use super::support::{Files, only};

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Level {
    Low,
    High,
}

/// What tensors are stored as, and through what.
#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "cache", env_prefix = "CACHE", engine)]
struct Cache<K, const PAGES: usize, I = AioConfig>
where
    K: PartialEq,
{
    /// Names a tensor.
    #[config(required)]
    key: K,
    /// Names others.
    #[config(default = [])]
    others: Vec<K>,
    /// Names none.
    last: Option<K>,
    /// Pages kept.
    #[config(default = PAGES, range = 1..=PAGES * 2)]
    pages: usize,
    /// Blocks in flight per worker group.
    #[config(default = 3)]
    queue_depth: usize,
    /// A text.
    #[config(default = "x")]
    text: String,
    /// A level.
    #[config(default = Level::High)]
    level: Level,
    /// Goes through this.
    #[config(nested)]
    io: I,
}

/// Parameters that only constants know.
#[derive(Config)]
#[config(section = "sizes", env_prefix = "SIZES", consts = none)]
struct Sizes<const LEAST: u64> {
    #[config(default = LEAST, range = LEAST..)]
    bytes: u64,
    #[config(default = [1, 2])]
    numbers: Vec<u8>,
}

type Named = Cache<String, 4>;

#[test]
fn each_instance_is_a_config_of_its_own() -> Result<(), ConfigErrors> {
    let named = Named::loader().env_from(&[("CACHE_KEY", "a"), ("CACHE_OTHERS", "b,c")]).load()?;
    let named = named.value;
    assert_eq!((named.key.as_str(), named.pages, named.queue_depth), ("a", 4, 3));
    assert_eq!(
        (named.others, named.last, named.level),
        (vec!["b".into(), "c".into()], None, Level::High)
    );
    let numbered = Cache::<u16, 9>::loader().set("key", 7).set("last", 8).load()?.value;
    assert_eq!((numbered.key, numbered.last, numbered.pages), (7, Some(8), 9));
    let wrong = only(Cache::<u16, 9>::loader().set("key", 70_000).load());
    assert_eq!(wrong.expected(), Some("an integer from 0 to 65535"));
    let beyond = only(Named::loader().set("key", "a").set("pages", 9).load());
    assert_eq!(
        (beyond.kind(), beyond.expected()),
        (DiagnosticKind::NotAllowed, Some("an integer from 1 to 8"))
    );
    Ok(())
}

#[test]
fn constants_know_the_parameters() {
    assert_eq!((Named::PAGES, Named::PAGES_DEFAULT, Named::PAGES_ENV), ("pages", 4, "CACHE_PAGES"));
    assert_eq!(Cache::<u8, 5>::PAGES_DEFAULT, 5);
    assert_eq!(Named::SECTION, "cache");
    assert_eq!(Sizes::<512>::default().bytes, 512);
    assert_eq!(Sizes::<512>::default().numbers, [1, 2]);
}

#[test]
fn texts_are_made_while_the_program_runs() -> Result<(), ConfigErrors> {
    let files = Files::new();
    let template = text::<Sizes<4096>>(TextKind::TomlTemplate);
    assert!(template.contains("bytes = 4096\n"), "{template}");
    let loaded = Sizes::<4096>::loader().file(files.write("a.toml", template)).load()?;
    assert_eq!(loaded.value.bytes, 4096);
    let table = text::<Named>(TextKind::DocsTable);
    assert!(table.contains("| `pages` | `CACHE_PAGES` | `4` |"), "{table}");
    assert!(table.contains("| `io.block_size` | `DS_AIO_BLOCK_SIZE` |"), "{table}");
    Ok(())
}

#[test]
fn a_builder_has_the_parameters_too() -> Result<(), ConfigErrors> {
    let builder = Named::builder().key("a".into()).others(["b".into()]).pages(2);
    let named = builder.clone().build()?;
    assert_eq!((named.key.as_str(), named.pages), ("a", 2));
    assert_eq!(CacheBuilder::from(named.clone()).build()?, named);
    assert!(format!("{builder:?}").starts_with("CacheBuilder"));
    assert_eq!(only(Named::builder().build()).key(), Some("key"));
    Ok(())
}

#[test]
fn generic_code_may_be_generic_over_the_parameters() -> Result<(), Box<dyn std::error::Error>> {
    fn keys<T: ConfigSchema>() -> Vec<&'static str> {
        T::FIELDS.iter().map(|field| field.key).collect()
    }
    fn explained<K: ConfigValue + PartialEq>() -> Vec<&'static str>
    where
        Cache<K, 2>: ConfigSchema,
    {
        keys::<Cache<K, 2>>()
    }
    assert_eq!(explained::<char>()[..3], ["key", "others", "last"]);
    let named = Named::builder().key("a".into()).queue_depth(5).build()?;
    assert_eq!(Engine::new(&named)?.settings().asked.queue_depth, 5);
    Ok(())
}

/// All that is neither a value of a plain type nor a rule.
#[derive(Clone, Config)]
#[config(section = "rest", check = Self::differ)]
struct Rest<K, M>
where
    K: PartialEq,
{
    #[config(default = 1, auto, check = positive)]
    number: i32,
    #[config(required, check = any)]
    secret: Secret<K>,
    #[config(auto)]
    other: Option<K>,
    #[config(skip)]
    marker: PhantomData<M>,
    #[config(skip, default = Vec::new())]
    kept: Vec<M>,
}

impl<K: PartialEq, M> Rest<K, M> {
    fn differ(&self) -> Result<(), &'static str> {
        let same = self.other.as_ref() == Some(self.secret.expose());
        if same { Err("the same twice") } else { Ok(()) }
    }
}

fn positive(number: &i32) -> Result<(), &'static str> {
    if *number > 0 { Ok(()) } else { Err("not positive") }
}

fn any<T>(_: &T) -> Result<(), String> {
    Ok(())
}

#[test]
fn checks_secrets_and_skipped_fields_may_have_parameters() -> Result<(), ConfigErrors> {
    type Numbered = Rest<u8, &'static str>;

    let loader = || Numbered::loader().set("secret", 7).set("number", "auto").set("other", "AUTO");
    let rest = loader().load()?.value;
    assert_eq!((rest.number, rest.secret, rest.other), (1, Secret::new(7), None));
    assert!(rest.kept.is_empty());
    let error = only(loader().set("number", -1).load().map(|loaded| loaded.value.number));
    assert_eq!(error.help(), Some("not positive"));
    let error = only(loader().set("other", 7).load().map(|loaded| loaded.value.number));
    assert_eq!(
        (error.kind(), error.help()),
        (DiagnosticKind::Inconsistent, Some("the same twice"))
    );
    let builder = Numbered::builder().secret(7).kept(vec!["a"]).marker(PhantomData);
    assert_eq!(format!("{builder:?}"), "RestBuilder(Values { secret: (secret), .. })");
    assert_eq!(RestBuilder::from(builder.build()?).build()?.kept, ["a"]);
    Ok(())
}
