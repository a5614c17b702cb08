//! The same five settings in ds-aio, confique and conf, given the same files and variables: prints a
//! Markdown table of what each reports. Each cell is a process of its own with that environment.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::Command;

mod ours;
mod with_conf;
mod with_confique;

/// What all three load.
struct Values {
    block_size: usize,
    queue_depth: usize,
    thread_count: usize,
    single_submit: bool,
    overlap_events: bool,
}

fn values(values: &Values) -> String {
    let Values { block_size, queue_depth, thread_count, single_submit, overlap_events } = values;
    format!("loads {block_size} {queue_depth} {thread_count} {single_submit} {overlap_events}")
}

/// What users of the other two write to have sizes.
fn size(text: &str) -> Result<usize, BadSize> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(unit_at);
    let number: usize = digits.parse().map_err(|_| BadSize)?;
    let shift = match unit {
        "" => 0,
        "K" | "KiB" => 10,
        "M" | "MiB" => 20,
        "G" | "GiB" => 30,
        _ => return Err(BadSize),
    };
    number.checked_mul(1 << shift).ok_or(BadSize)
}

#[derive(Debug)]
struct BadSize;

impl std::fmt::Display for BadSize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("expected a size such as `4KiB`")
    }
}

impl std::error::Error for BadSize {}

struct Scenario {
    title: &'static str,
    /// Its name and what it holds; without the latter there is no such file.
    file: Option<(&'static str, Option<&'static str>)>,
    variables: &'static [(&'static str, &'static [u8])],
}

const SCENARIOS: &[Scenario] = &[
    Scenario { title: "nothing at all", file: None, variables: &[] },
    Scenario {
        title: "good file, good variable over it",
        file: Some(("a.toml", Some("[aio]\nblock_size = 65536\nqueue_depth = 32\n"))),
        variables: &[("DS_AIO_QUEUE_DEPTH", b"64")],
    },
    Scenario {
        title: "misspelt key",
        file: Some(("a.toml", Some("[aio]\nqueue_depht = 4\n"))),
        variables: &[],
    },
    Scenario {
        title: "out of range in a file",
        file: Some(("a.toml", Some("[aio]\nqueue_depth = 0\n"))),
        variables: &[],
    },
    Scenario {
        title: "wrong type in a file",
        file: Some(("a.toml", Some("[aio]\nsingle_submit = \"yes\"\n"))),
        variables: &[],
    },
    Scenario {
        title: "three mistakes in a file, two in variables",
        file: Some((
            "a.toml",
            Some("[aio]\nblock_size = 1000\nqueue_depht = 4\nsingle_submit = \"yes\"\n"),
        )),
        variables: &[("DS_AIO_QUEUE_DEPTH", b"zero"), ("DS_AIO_THREAD_COUNT", b"1025")],
    },
    Scenario {
        title: "two bad variables at once",
        file: None,
        variables: &[("DS_AIO_QUEUE_DEPTH", b"zero"), ("DS_AIO_THREAD_COUNT", b"1025")],
    },
    Scenario {
        title: "an unrelated variable that is not UTF-8",
        file: None,
        variables: &[("ELSEWHERE", b"\xff")],
    },
    Scenario {
        title: "a variable of ours that is not UTF-8",
        file: None,
        variables: &[("DS_AIO_QUEUE_DEPTH", b"8\xff")],
    },
    Scenario {
        title: "size `4KiB` in a variable",
        file: None,
        variables: &[("DS_AIO_BLOCK_SIZE", b"4KiB")],
    },
    Scenario {
        title: "size `\"4KiB\"` in a file",
        file: Some(("a.toml", Some("[aio]\nblock_size = \"4KiB\"\n"))),
        variables: &[],
    },
    Scenario { title: "size `1MB`", file: None, variables: &[("DS_AIO_BLOCK_SIZE", b"1MB")] },
    Scenario {
        title: "`yes` in a variable",
        file: None,
        variables: &[("DS_AIO_SINGLE_SUBMIT", b"yes")],
    },
    Scenario { title: "empty variable", file: None, variables: &[("DS_AIO_QUEUE_DEPTH", b"")] },
    Scenario {
        title: "duplicate key in JSON",
        file: Some(("a.json", Some("{\"aio\": {\"queue_depth\": 4, \"queue_depth\": 8}}"))),
        variables: &[],
    },
    Scenario {
        title: "a whole ds_config.json, other sections and a comment",
        file: Some((
            "ds_config.json",
            Some(
                "{\n  // tuned\n  \"zero_optimization\": {\"stage\": 3},\n  \"aio\": {\"queue_depth\": 4},\n}",
            ),
        )),
        variables: &[],
    },
    Scenario {
        title: "the alias and the key both",
        file: Some(("a.toml", Some("[aio]\nthread_count = 2\nintra_op_parallelism = 4\n"))),
        variables: &[],
    },
    Scenario { title: "missing file", file: Some(("a.toml", None)), variables: &[] },
    Scenario {
        title: "two syntax errors",
        file: Some(("a.toml", Some("[aio]\nqueue_depth = = 4\nthread_count = 2x\n"))),
        variables: &[],
    },
    Scenario {
        title: "misspelt section",
        file: Some(("a.toml", Some("[aoi]\nqueue_depth = 4\n"))),
        variables: &[],
    },
    Scenario {
        title: "bad value in a file under a good variable",
        file: Some(("a.toml", Some("[aio]\nqueue_depth = 0\n"))),
        variables: &[("DS_AIO_QUEUE_DEPTH", b"4")],
    },
    Scenario {
        title: "variable that looks misspelt",
        file: None,
        variables: &[("DS_AIO_QUEUE_DEPHT", b"4")],
    },
];

const SIDES: [&str; 3] = ["ds-aio", "confique", "conf"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => table(),
        ["confique", BAD_DEFAULT] => println!("{}", shown(with_confique::bad_default())),
        [_, BAD_DEFAULT] => println!("{}", shown(with_conf::bad_default())),
        [side] => println!("{}", shown(load(side, None))),
        [side, file] => println!("{}", shown(load(side, Some(Path::new(file))))),
        _ => panic!("[SIDE [FILE]]"),
    }
}

/// In the place of a file.
const BAD_DEFAULT: &str = "--bad-default";

fn shown(result: Result<String, String>) -> String {
    result.unwrap_or_else(|error| error)
}

fn load(side: &str, file: Option<&Path>) -> Result<String, String> {
    match side {
        "ds-aio" => ours::load(file),
        "confique" => with_confique::load(file),
        _ => with_conf::load(file),
    }
}

fn table() {
    println!("| | {} |\n|---|---|---|---|", SIDES.join(" | "));
    let dir = std::env::temp_dir().join(format!("compare-{}", std::process::id()));
    for scenario in SCENARIOS {
        std::fs::create_dir_all(&dir).unwrap();
        let file = scenario.file.map(|(name, content)| {
            let path = dir.join(name);
            if let Some(content) = content {
                std::fs::write(&path, content).unwrap();
            }
            path
        });
        let cells = SIDES.map(|side| run(side, file.as_deref(), scenario.variables, &dir));
        row(scenario.title, cells);
        std::fs::remove_dir_all(&dir).unwrap();
    }
    let theirs = |side| run(side, Some(Path::new(BAD_DEFAULT)), &[], &dir);
    row("a default outside of its own range", [bad_default(), theirs("confique"), theirs("conf")]);
    row(
        "a template to edit",
        [ours::template(), with_confique::template(), shown(with_conf::template())],
    );
}

/// A cell: one side in a process with these variables alone.
fn run(side: &str, file: Option<&Path>, variables: &[(&str, &[u8])], dir: &Path) -> String {
    let variables = variables
        .iter()
        .map(|(name, value)| (OsString::from(*name), OsString::from_vec(value.to_vec())));
    let output = Command::new(std::env::current_exe().unwrap())
        .arg(side)
        .args(file)
        .env_clear()
        .envs(variables)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).replace(&format!("{}/", dir.display()), "");
    if output.status.success() { said } else { format!("{}: {said}", output.status) }
}

/// What the compiler says of it, for there the mistake is found.
fn bad_default() -> String {
    let output = Command::new("cargo")
        .args(["check", "--quiet", "--locked", "--features", "bad_default", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .env("CARGO_TERM_COLOR", "never")
        .output()
        .unwrap();
    if output.status.success() {
        return "compiles".to_owned();
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines = said.lines().take_while(|line| !line.starts_with("error: could not compile"));
    format!("does not compile:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

fn row(title: &str, cells: [String; 3]) {
    let cells = cells.map(|cell| {
        let escaped =
            cell.trim_end().replace('&', "&amp;").replace('<', "&lt;").replace('|', "&#124;");
        format!("<pre>{}</pre>", escaped.replace('\n', "<br>"))
    });
    println!("| {title} | {} |", cells.join(" | "));
}
