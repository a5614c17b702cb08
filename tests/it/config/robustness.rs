//! Whatever a file or a variable holds: an error or a value, never a panic, and always printable.

use core::time::Duration;
use std::process::Command;

use ds_aio::{AioConfig, Config, DirectMode};
use ds_aio_tests::bytes::Rng;

use super::support::Files;
use crate::process::run;

fn mutated(generator: &mut Rng, document: &str) -> Vec<u8> {
    let mut bytes = document.as_bytes().to_vec();
    for _ in 0..1 + generator.below(4) / 3 {
        let at = generator.below(bytes.len());
        match generator.below(5) {
            0 => bytes[at] = generator.bits() as u8,
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

/// Mutated documents, variables and texts for every field, in a process of its own. Replayed, and run
/// for longer, by hand: `cargo run -p ds-aio-tests --bin fuzz_config`.
#[test]
fn mutated_inputs_give_errors_or_values() {
    print!("{}", run(&mut Command::new(env!("CARGO_BIN_EXE_fuzz_config"))));
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
    let mut generator = Rng::new(11);
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
    let mut generator = Rng::new(99);
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
