//! What the examples share besides ds-aio itself; `cargo run --example NAME` runs one.

use std::{
    env,
    error::Error,
    fmt,
    fs::{self, File},
    io::{self, Read, Write},
    path::PathBuf,
};

/// The command line `[FILE...] [--dir DIR]`.
#[derive(Debug)]
pub struct Arguments {
    /// What to move: the files, or this executable and 256 MiB of generated tensors.
    pub sources: Vec<Source>,
    /// Where to put temporary files.
    pub dir: PathBuf,
}

impl Arguments {
    /// Reads the command line.
    ///
    /// # Errors
    ///
    /// If `--dir` has no value or an option is unknown.
    pub fn from_command_line() -> Result<Self, Box<dyn Error>> {
        let mut arguments = Self {
            sources: Vec::new(),
            dir: env::temp_dir(),
        };
        let mut words = env::args_os().skip(1);
        while let Some(word) = words.next() {
            if word == "--dir" {
                arguments.dir = words.next().ok_or("--dir needs a directory")?.into();
            } else if word.to_string_lossy().starts_with("--") {
                return Err(format!("unknown option {}", PathBuf::from(word).display()).into());
            } else {
                arguments.sources.push(Source::File(word.into()));
            }
        }
        if arguments.sources.is_empty() {
            arguments.sources.push(Source::File(env::current_exe()?));
            arguments.sources.extend((1..=4).map(|seed| Source::Tensor {
                seed,
                len: 64 << 20,
            }));
        }
        Ok(arguments)
    }
}

/// Bytes to move.
#[derive(Debug)]
pub enum Source {
    /// A file's.
    File(PathBuf),
    /// Generated ones.
    Tensor {
        /// What they are generated from.
        seed: u64,
        /// How many.
        len: u64,
    },
}

impl Source {
    /// How many bytes there are.
    ///
    /// # Errors
    ///
    /// If the file's length cannot be read.
    pub fn len(&self) -> io::Result<u64> {
        match self {
            Self::File(path) => Ok(fs::metadata(path)?.len()),
            Self::Tensor { len, .. } => Ok(*len),
        }
    }

    /// Whether there are none.
    ///
    /// # Errors
    ///
    /// As for [`Source::len`].
    pub fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// The bytes from the first one on, the same every time.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened.
    pub fn open(&self) -> io::Result<Box<dyn Read>> {
        Ok(match self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::Tensor { seed, .. } => Box::new(Generator {
                state: seed.wrapping_mul(ODD),
            }),
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Tensor { seed, .. } => write!(f, "tensor {seed}"),
        }
    }
}

/// An endless sequence of bytes without a short period (Weyl steps, mixed by a multiplication).
struct Generator {
    state: u64,
}

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Read for Generator {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        for word in buf.chunks_mut(8) {
            self.state = self.state.wrapping_add(ODD);
            let mixed = (self.state ^ (self.state >> 29))
                .wrapping_mul(ODD)
                .to_le_bytes();
            word.copy_from_slice(&mixed[..word.len()]);
        }
        Ok(buf.len())
    }
}

/// Offsets and lengths of the chunks of at most `chunk` bytes that `len` bytes are cut into.
pub fn chunks(len: u64, chunk: usize) -> impl Iterator<Item = (u64, usize)> {
    (0..len).step_by(chunk).map(move |offset| {
        (
            offset,
            usize::try_from(len - offset).map_or(chunk, |left| left.min(chunk)),
        )
    })
}

/// Compares the next bytes of `expected` with `found`.
///
/// # Errors
///
/// If they differ, with the first place where they do, or if `expected` cannot be read.
pub fn compare(expected: &mut impl Read, found: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut piece = vec![0; 1 << 20];
    for (number, found) in found.chunks(piece.len()).enumerate() {
        let piece = &mut piece[..found.len()];
        expected.read_exact(piece)?;
        if let Some(at) = (0..found.len()).find(|&at| piece[at] != found[at]) {
            return Err(format!("byte {} of the chunk differs", (number << 20) + at).into());
        }
    }
    Ok(())
}

/// Shows on a terminal's last line how far something has come.
pub fn progress(of: &impl fmt::Display, what: &str, done: u64, len: u64) {
    let percent = (done * 100).checked_div(len).unwrap_or(100);
    // A progress line that cannot be shown is no reason to stop.
    let _ = write!(io::stderr(), "\r\x1b[K{of}: {what} {percent} %");
}
