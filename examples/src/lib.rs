//! What the examples share besides ds-aio itself; `cargo run --example NAME` runs one.

use std::{
    env,
    error::Error,
    fmt,
    fs::{self, File},
    io::{self, IsTerminal, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const USAGE: &str = "usage: [FILE...] [--dir DIR]";

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
    /// If `--dir` has no value or an option is unknown; the error shows the usage.
    pub fn from_command_line() -> Result<Self, Box<dyn Error>> {
        let mut arguments = Self::given()?;
        if arguments.sources.is_empty() {
            arguments.sources.push(Source::File(env::current_exe()?));
            // 256 MiB in all, odd lengths among them.
            let lens = [(64 << 20) + 1, 64 << 20, 64 << 20, (64 << 20) - 1];
            let tensors = (1..).zip(lens).map(|(seed, len)| Source::Tensor { seed, len });
            arguments.sources.extend(tensors);
        }
        Ok(arguments)
    }

    /// Reads the command line as it is: there are no sources if it names none.
    ///
    /// # Errors
    ///
    /// As for [`Arguments::from_command_line`].
    pub fn given() -> Result<Self, Box<dyn Error>> {
        let mut arguments = Self { sources: Vec::new(), dir: env::temp_dir() };
        let mut words = env::args_os().skip(1);
        while let Some(word) = words.next() {
            let option = word.to_string_lossy();
            if option == "--dir" {
                let dir = words.next().ok_or(format!("--dir needs a directory; {USAGE}"))?;
                arguments.dir = dir.into();
            } else if option == "--" {
                arguments.sources.extend(words.by_ref().map(|word| Source::File(word.into())));
            } else if option.starts_with('-') {
                return Err(format!("{option} is no option; {USAGE}").into());
            } else {
                arguments.sources.push(Source::File(word.into()));
            }
        }
        Ok(arguments)
    }

    /// The one path that the command line may name, and where to put temporary files.
    ///
    /// # Errors
    ///
    /// As for [`Arguments::given`], and if there are more.
    pub fn path_and_dir() -> Result<(Option<PathBuf>, PathBuf), Box<dyn Error>> {
        let Self { sources, dir } = Self::given()?;
        let mut paths = sources.into_iter().filter_map(|source| match source {
            Source::File(path) => Some(path),
            Source::Tensor { .. } => None,
        });
        match (paths.next(), paths.next()) {
            (path, None) => Ok((path, dir)),
            (_, Some(second)) => Err(format!("{}: one path is enough", second.display()).into()),
        }
    }

    /// Where to put temporary files, for an example that takes nothing else.
    ///
    /// # Errors
    ///
    /// As for [`Arguments::given`], and if files are named.
    pub fn dir_alone() -> Result<PathBuf, Box<dyn Error>> {
        match Self::path_and_dir()? {
            (None, dir) => Ok(dir),
            (Some(path), _) => {
                Err(format!("{}: usage: [--dir DIR], and no files", path.display()).into())
            }
        }
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
    /// If the file's length cannot be read, or it is not a regular file.
    pub fn len(&self) -> io::Result<u64> {
        match self {
            Self::File(path) => match fs::metadata(path) {
                Ok(metadata) if metadata.is_file() => Ok(metadata.len()),
                Ok(_) => Err(named(path, &io::Error::other("not a regular file"))),
                Err(error) => Err(named(path, &error)),
            },
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
            Self::File(path) => Box::new(File::open(path).map_err(|error| named(path, &error))?),
            Self::Tensor { seed, .. } => Box::new(Generator { state: seed.wrapping_mul(ODD) }),
        })
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
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
            let mixed = (self.state ^ (self.state >> 29)).wrapping_mul(ODD).to_le_bytes();
            word.copy_from_slice(&mixed[..word.len()]);
        }
        Ok(buf.len())
    }
}

/// How much of all sources has been written and read, shown on a terminal's last line.
#[derive(Debug)]
pub struct Progress {
    done: u64,
    wanted: u64,
}

impl Progress {
    /// Nothing yet of these sources, each to be gone through twice.
    ///
    /// # Errors
    ///
    /// As for [`Source::len`].
    pub fn of(sources: &[Source]) -> io::Result<Self> {
        let lens: io::Result<Vec<u64>> = sources.iter().map(Source::len).collect();
        Ok(Self { done: 0, wanted: 2 * lens?.iter().sum::<u64>() })
    }

    /// Goes through a source in chunks of at most `buf`'s length: calls `work` with the source's
    /// contents from that chunk on, a part of `buf` as long as the chunk, and the chunk's offset.
    ///
    /// # Errors
    ///
    /// If the source cannot be opened, and what `work` returns.
    pub fn each_chunk(
        &mut self,
        source: &Source,
        doing: &str,
        buf: &mut [u8],
        mut work: impl FnMut(&mut dyn Read, &mut [u8], u64) -> Result<(), Box<dyn Error>>,
    ) -> Result<(), Box<dyn Error>> {
        let (mut contents, len) = (source.open()?, source.len()?);
        let mut offset = 0;
        while offset < len {
            let chunk = usize::try_from(len - offset).map_or(buf.len(), |left| left.min(buf.len()));
            let percent = self.done * 100 / self.wanted.max(1);
            on_terminal(format_args!("{percent:3} %  {doing} {source}"));
            work(&mut contents, &mut buf[..chunk], offset)?;
            offset += chunk as u64;
            self.done += chunk as u64;
        }
        on_terminal(format_args!(""));
        Ok(())
    }
}

/// Compares the next bytes of `expected` with `found`.
///
/// # Errors
///
/// If they differ, with the first place where they do, or if `expected` cannot be read.
pub fn compare(expected: &mut dyn Read, found: &[u8]) -> Result<(), Box<dyn Error>> {
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

/// How fast bytes move, counting only the time that is measured.
#[derive(Debug, Default)]
pub struct Speed {
    bytes: usize,
    time: Duration,
}

impl Speed {
    /// Measures `work`, which moves so many bytes.
    pub fn measure<R>(&mut self, bytes: usize, work: impl FnOnce() -> R) -> R {
        let started = Instant::now();
        let result = work();
        self.time += started.elapsed();
        self.bytes += bytes;
        result
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.time.as_secs_f64().max(1e-9);
        write!(f, "{:.2} GB/s", self.bytes as f64 / 1e9 / seconds)
    }
}

/// Has the system forget what it keeps of a file in memory, so that it is read from the device.
///
/// # Errors
///
/// If the file cannot be opened or written to the device.
pub fn evict(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    file.sync_all()?;
    #[cfg(target_os = "linux")]
    nix::fcntl::posix_fadvise(&file, 0, 0, nix::fcntl::PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
    Ok(())
}

/// Reads a file, so that the system keeps it in memory.
///
/// # Errors
///
/// If the file cannot be read.
pub fn read_through(path: &Path) -> io::Result<()> {
    io::copy(&mut File::open(path)?, &mut io::sink()).map(drop)
}

/// Shows a line on the terminal's last line; nothing where there is no terminal.
pub fn on_terminal(line: fmt::Arguments<'_>) {
    let mut terminal = io::stderr();
    if terminal.is_terminal() {
        // A progress line that cannot be shown is no reason to stop.
        let _ = write!(terminal, "\r\x1b[K{line}");
    }
}
