//! Sizes: binary units, exact, never wrapped around.

use ds_aio::{AioConfig, Config};

use super::support::only;

#[derive(Debug, Config)]
#[config(section = "sizes")]
struct Sizes {
    #[config(default = 0, bytes)]
    size: u64,
}

fn size(text: &str) -> Result<u64, ds_aio::config::Diagnostic> {
    match Sizes::loader().set("size", text).load() {
        Ok(loaded) => Ok(loaded.value.size),
        failed => Err(only(failed)),
    }
}

#[test]
fn binary_sizes_are_read() {
    let sizes = [
        ("4K", 4096),
        ("4KiB", 4096),
        ("4 kib", 4096),
        ("4Ki", 4096),
        ("512B", 512),
        ("1MiB", 1 << 20),
        ("1_048_576", 1 << 20),
        ("0.5GiB", 1 << 29),
        ("1.50G", 3 << 29),
        ("2TiB", 2 << 40),
        ("2P", 2 << 50),
        ("15EiB", 15 << 60),
        ("0", 0),
        (" 7 ", 7),
        ("18446744073709551615", u64::MAX),
    ];
    for (text, bytes) in sizes {
        assert_eq!(size(text).unwrap(), bytes, "{text}");
    }
}

#[test]
fn decimal_units_are_refused_with_a_hint() {
    for (text, hint) in [("4KB", "write `KiB`"), ("1mb", "write `MiB`"), ("2 GB", "write `GiB`")] {
        let error = size(text).unwrap_err();
        assert!(error.help().unwrap().ends_with(hint), "{error}");
    }
}

#[test]
fn inexact_and_overflowing_sizes_say_why() {
    let help = |text: &str| size(text).unwrap_err().help().unwrap_or_default().to_owned();
    assert_eq!(help("0.1KiB"), "that is not a whole number of bytes");
    assert_eq!(help("1.5"), "that is not a whole number of bytes");
    assert_eq!(help("16EiB"), "that is 18446744073709551616 bytes");
    let digits = "9".repeat(60);
    assert_eq!(help(&digits), "that is more bytes than any integer holds");
    assert_eq!(help(&format!("{digits}KiB")), "that is more bytes than any integer holds");
    assert_eq!(help(&format!("0.{}1KiB", "0".repeat(60))), "that is not a whole number of bytes");
    assert_eq!(size("0.0009765625KiB").unwrap(), 1);
}

#[test]
fn what_is_no_size_is_refused() {
    for text in ["K", "-1", "1__", "_1", "1.", ".5K", "1.5.5K", "1KiBi", "0x10", "1e3", "NaN"] {
        assert!(size(text).is_err(), "{text}");
    }
}

#[test]
fn a_size_beside_its_rules_says_how_many_bytes_it_is() {
    let error = only(AioConfig::loader().set("block_size", "2GiB").load());
    assert_eq!(error.help(), Some("that is 2147483648 bytes"));
    assert!(AioConfig::loader().set("block_size", "1GiB").load().is_ok());
}

#[test]
fn fields_without_bytes_take_no_units() {
    assert!(AioConfig::loader().set("queue_depth", "1K").load().is_err());
}
