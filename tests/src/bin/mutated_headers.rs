//! Opens and loads mutated safetensors files and compares each outcome with that of the crate
//! `safetensors`: `mutated_headers COUNT SEED`. No single allocation may be much larger than the file.

#![allow(unsafe_code, reason = "an allocator that notes what it is asked for")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "how a helper fails: its caller shows the message"
)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    panic::AssertUnwindSafe,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use ds_aio::{
    BufferPool, Engine,
    safetensors::{Model, ModelErrorKind},
};
use ds_aio_tests::{bytes::Rng, process::die_if_hung, settings::settings};
use safetensors::SafeTensors;

/// As much as the engine allocates at once by itself, and what a few bytes of text may become.
const CONSTANT: usize = 64 << 10;

struct Noting;

/// The largest allocation since it was last set to 0.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Noting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise; it came from there.
        unsafe { System.dealloc(start, layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, len: usize) -> *mut u8 {
        LARGEST.fetch_max(len, Ordering::Relaxed);
        // SAFETY: the caller's promise; it came from there.
        unsafe { System.realloc(start, layout, len) }
    }
}

#[global_allocator]
static ALLOCATOR: Noting = Noting;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Loaded,
    Refused,
    NotJson,
}

fn main() {
    die_if_hung(500);
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().unwrap().parse().unwrap();
    let seed: u64 = arguments.next().unwrap().parse().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mutated.safetensors");
    let mut outcomes = Vec::new();
    // The pool gives no more than it takes for a few small tensors, whatever a header says.
    let pool = BufferPool::builder().limit(8 << 20).build();
    let engine = Engine::with_pool(&settings(4096, (1, 2), (false, true)), pool).unwrap();
    for number in 0..count {
        let mut rng = Rng::new(seed.wrapping_add(number as u64));
        let bytes = mutated(&mut rng);
        std::fs::write(&path, &bytes).unwrap();
        let judged = AssertUnwindSafe(|| judge(&engine, &path, &bytes));
        let Ok(outcome) = std::panic::catch_unwind(judged) else {
            // The panic's message is above.
            panic!("replay it: mutated_headers 1 {}", seed.wrapping_add(number as u64));
        };
        outcomes.push(outcome);
    }
    let of = |wanted| outcomes.iter().filter(|&&outcome| outcome == wanted).count();
    let (loaded, refused, not_json) =
        (of(Outcome::Loaded), of(Outcome::Refused), of(Outcome::NotJson));
    println!("{count} files: {loaded} loaded, {refused} refused, {not_json} not JSON");
    assert!(loaded > count / 20 && refused > count / 5, "mutations that tell little");
    engine.close().unwrap();
}

fn judge(engine: &Engine, path: &Path, bytes: &[u8]) -> Outcome {
    let expected = SafeTensors::deserialize(bytes);
    LARGEST.store(0, Ordering::Relaxed);
    let found = Model::open(engine, path).and_then(|model| Ok((model.load()?, model)));
    let largest = LARGEST.load(Ordering::Relaxed);
    assert!(largest <= bytes.len() + CONSTANT, "{largest} bytes for a file of {}", bytes.len());
    match (found, expected) {
        (Ok((tensors, model)), Ok(expected)) => {
            assert_eq!(tensors.len(), expected.len());
            for (name, tensor) in &tensors {
                let same = expected.tensor(name).unwrap();
                assert_eq!((tensor.dtype(), tensor.shape()), (same.dtype(), same.shape()));
                assert_eq!(tensor.data(), same.data());
            }
            let streamed = model.loader().memory(8192).stream(|piece| {
                let whole = tensors[piece.tensor.name()].data();
                assert_eq!(piece.bytes, &whole[piece.offset..][..piece.bytes.len()]);
                Ok(())
            });
            streamed.unwrap();
            Outcome::Loaded
        }
        (Err(error), Err(_)) if matches!(error.kind(), ModelErrorKind::Json(_)) => Outcome::NotJson,
        (Err(error), expected) => {
            let ours_alone = matches!(error.kind(), ModelErrorKind::Duplicate { .. });
            assert!(expected.is_err() || ours_alone, "refused: {error}");
            assert!(!matches!(error.kind(), ModelErrorKind::Io(_)), "{error}");
            assert!(!error.to_string().is_empty());
            Outcome::Refused
        }
        (Ok(_), Err(error)) => panic!("taken, and is not right: {error}"),
    }
}

/// A file that is valid but for a few changes.
fn mutated(rng: &mut Rng) -> Vec<u8> {
    const TYPES: [(&str, usize); 6] =
        [("U8", 1), ("BF16", 2), ("F32", 4), ("I64", 8), ("BOOL", 1), ("F8_E4M3", 1)];
    let (mut entries, mut end) = (Vec::new(), 0);
    for number in 0..rng.below(6) {
        let (dtype, size) = rng.pick(&TYPES);
        let shape: Vec<usize> = (0..rng.below(4)).map(|_| rng.below(6)).collect();
        let start = end;
        end += shape.iter().product::<usize>() * size;
        entries.push(format!(
            "\"t{number}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":[{start},{end}]}}"
        ));
    }
    if rng.below(3) == 0 {
        entries.push("\"__metadata__\":{\"format\":\"pt\"}".to_owned());
    }
    rng.shuffle(&mut entries);
    let mut header = format!("{{{}}}", entries.join(",")).into_bytes();
    let data: Vec<u8> = (0..end).map(|_| rng.bits() as u8).collect();
    for _ in 0..rng.below(3) {
        mutate(rng, &mut header);
    }
    let mut len = header.len() as u64;
    if rng.below(12) == 0 {
        len = rng.pick(&[0, 1, len - 1, len + 1, 100_000_001, 1 << 40, u64::MAX, u64::MAX - 7]);
    }
    let mut file = [&len.to_le_bytes()[..], &header, &data].concat();
    match rng.below(15) {
        0 => file.truncate(rng.below(file.len() + 1)),
        1 => file.extend(vec![0; 1 + rng.below(9)]),
        _ => {}
    }
    file
}

fn mutate(rng: &mut Rng, header: &mut Vec<u8>) {
    const NUMBERS: [&str; 8] =
        ["0", "1", "2", "7", "18446744073709551615", "9223372036854775808", "-1", "1e3"];
    let digits = |byte: &u8| byte.is_ascii_digit();
    let place = rng.below(header.len());
    match rng.below(10) {
        // Numbers, which is where what is wrong in a header mostly is.
        0..=5 => {
            let Some(start) = header[place..].iter().position(digits) else { return };
            let start = place + start;
            let count = header[start..].iter().take_while(|byte| digits(byte)).count();
            header.splice(start..start + count, rng.pick(&NUMBERS).bytes());
        }
        6 => header[place] = rng.bits() as u8,
        7 => header.insert(place, rng.pick(b" ,:[]{}\"09t\\")),
        8 => drop(header.remove(place)),
        _ => {
            // A part twice: names, dimensions, whole tensors.
            let end = (place + 1 + rng.below(80)).min(header.len());
            let part = header[place..end].to_vec();
            header.splice(place..place, part);
        }
    }
    if header.is_empty() {
        header.push(b' ');
    }
}
