//! Whatever a file or a variable holds: an error or a value, never a panic, and always printable.

use core::time::Duration;

use ds_aio::config::Severity;
use ds_aio::{AioConfig, Config, ConfigSchema, DirectMode};

use super::support::Files;

const TOML: &str = "# tuned\n[aio]\nblock_size = \"4MiB\"\nqueue_depth = 0x10\nthread_count = 2\n\
                    single_submit = true\noverlap_events = false\n[other]\nx = [1, 2.5, 'é']\n";
const JSON: &str = "{ // tuned\n\"aio\": {\"block_size\": \"4MiB\", \"queue_depth\": 16e0,\n\
                    \"thread_count\": 2, \"use_gds\": false,}, \"x\": [1, 2.5, \"\\u00e9\", null]}";

/// A small generator: the same documents in every run.
struct Generator(u64);

impl Generator {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

fn mutated(generator: &mut Generator, document: &str) -> Vec<u8> {
    let mut bytes = document.as_bytes().to_vec();
    for _ in 0..1 + generator.below(4) / 3 {
        let at = generator.below(bytes.len());
        match generator.below(5) {
            0 => bytes[at] = generator.below(256) as u8,
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, b"\"'[]{}=,.#/\\\n\r\0\xff-+e_0"[generator.below(21)]),
            3 => bytes.truncate(at.max(1)),
            _ => {
                let end = at + generator.below(bytes.len() - at);
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
        }
        if bytes.is_empty() {
            bytes.push(b' ');
        }
    }
    bytes
}

#[test]
fn mutated_documents_give_errors_or_values() {
    let files = Files::new();
    let mut generator = Generator(2025);
    let (mut values, mut errors) = (0, 0);
    for round in 0..4000 {
        let (name, document) = if round % 2 == 0 { ("a.toml", TOML) } else { ("a.json", JSON) };
        let path = files.write(name, mutated(&mut generator, document));
        match AioConfig::loader().file(path).load() {
            Ok(loaded) => {
                values += 1;
                assert!(loaded.explain().lines().count() == 1 + AioConfig::FIELDS.len());
            }
            Err(found) => {
                errors += 1;
                for error in found.iter() {
                    let severity = match error.severity() {
                        Severity::Warning => "warning: ",
                        _ => "error: ",
                    };
                    assert!(error.to_string().starts_with(severity), "{error}");
                    assert!(error.line() != Some(0) && error.column() != Some(0));
                }
            }
        }
    }
    assert!(values > 300 && errors > 300, "{values} values, {errors} errors: too one-sided");
}

#[test]
fn mutated_variables_give_errors_or_values() {
    let mut generator = Generator(7);
    let seeds = ["1_048_576", "0.5GiB", "4KiB", "true", "-1", "18446744073709551615", "1e3", "é"];
    for round in 0..8000 {
        let text = mutated(&mut generator, seeds[round % seeds.len()]);
        let text = String::from_utf8_lossy(&text).into_owned();
        let environment = [("DS_AIO_BLOCK_SIZE", &text), ("DS_AIO_SINGLE_SUBMIT", &text)];
        if let Err(errors) = AioConfig::loader().env_from(&environment).load() {
            assert!(errors.to_string().contains("DS_AIO_"));
        }
    }
}

#[derive(Debug, Config)]
#[config(section = "types", env_prefix = "TYPES")]
struct Types {
    wait: Option<Duration>,
    letter: Option<char>,
    direct: Option<DirectMode>,
}

#[test]
fn mutated_texts_of_every_type_give_errors_or_values() {
    let mut generator = Generator(11);
    let seeds = ["250ms", "1.5 s", "18446744073709551615.9h", "0.000001µs", "x", "always"];
    let (mut values, mut errors) = (0, 0);
    for round in 0..12000 {
        let text = mutated(&mut generator, seeds[round % seeds.len()]);
        let text = String::from_utf8_lossy(&text).into_owned();
        for variable in ["TYPES_WAIT", "TYPES_LETTER", "TYPES_DIRECT"] {
            match Types::loader().env_from(&[(variable, &text)]).load() {
                Ok(loaded) => {
                    values += 1;
                    let again = Types::loader()
                        .set("wait", loaded.value.wait)
                        .set("letter", loaded.value.letter)
                        .set("direct", loaded.value.direct)
                        .load()
                        .unwrap()
                        .value;
                    assert_eq!(again.wait, loaded.value.wait);
                    assert_eq!(again.letter, loaded.value.letter);
                    assert_eq!(again.direct, loaded.value.direct);
                }
                Err(found) => {
                    errors += 1;
                    assert!(found.to_string().contains(variable));
                }
            }
        }
    }
    assert!(values > 1000 && errors > 1000, "{values} values, {errors} errors: too one-sided");
}

#[test]
fn every_accepted_value_survives_the_way_back() {
    let files = Files::new();
    let mut generator = Generator(99);
    for _ in 0..200 {
        let (block_size, queue_depth) =
            (512 * (1 + generator.below(1 << 21)), 1 + generator.below(65536));
        let config = AioConfig::builder().block_size(block_size).queue_depth(queue_depth).build();
        let config = config.unwrap();
        let toml = format!("[aio]\nblock_size = {block_size}\nqueue_depth = {queue_depth}\n");
        let json =
            format!("{{\"aio\":{{\"block_size\":{block_size},\"queue_depth\":{queue_depth}}}}}");
        let environment = [
            ("DS_AIO_BLOCK_SIZE", block_size.to_string()),
            ("DS_AIO_QUEUE_DEPTH", queue_depth.to_string()),
        ];
        let loader = AioConfig::loader;
        let from_toml = loader().file(files.write("a.toml", toml)).load().unwrap();
        let from_json = loader().file(files.write("a.json", json)).load().unwrap();
        let from_env = loader().env_from(&environment).load().unwrap();
        assert_eq!(from_toml.value, config);
        assert_eq!(from_json.value, config);
        assert_eq!(from_env.value, config);
    }
}
