//! `ds-aio tune`, for a moment.

use std::{
    fs,
    io::pipe,
    os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink},
    path::Path,
    process::Child,
    time::Duration,
};

use ds_aio::{AioConfig, EnvSource};
use nix::{
    sys::{signal::Signal, stat::Mode},
    unistd::{geteuid, mkfifo},
};

use super::{Ended, command, files_of, left_in, run, signal, under_way};

const SHORT: [&str; 5] = ["tune", "--size", "4MiB", "--budget", "2s"];

#[test]
fn what_is_chosen_is_written_in_every_format_and_loads_back() {
    let (dir, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let (toml, json, env) = (file("best.toml"), file("best.json"), file("best.env"));
    let written = ["--json", "--toml", &toml, "--deepspeed", &json, "--env", &env];
    let ours = ["--set", "background_rate=1GiB"];
    let ended = run(dir.path(), SHORT.iter().chain(&written).chain(&ours)).with_code(0);
    assert!(ended.err.contains("DeepSpeed has no ") && ended.err.contains("background_rate"));
    let report = ended.json();
    assert_eq!(left_in(dir.path()), Vec::<String>::new());

    let chosen = &report["chosen"];
    let trials = report["trials"].as_array().unwrap();
    let speeds = |key: &serde_json::Value| key["samples"].as_array().unwrap().len();
    assert!(trials.iter().all(|trial| speeds(trial) > 0), "{report:#}");
    assert!(trials.iter().any(|trial| trial["block_size"] == chosen["block_size"]));

    let from_toml = AioConfig::loader().file(&toml).load().unwrap().value;
    assert_eq!(chosen["block_size"], from_toml.block_size);
    assert_eq!(chosen["queue_depth"], from_toml.queue_depth);
    assert_eq!(chosen["thread_count"], from_toml.thread_count);
    assert_eq!(chosen["single_submit"], from_toml.single_submit);
    assert_eq!(chosen["overlap_events"], from_toml.overlap_events);
    assert_eq!(chosen["backend"], from_toml.backend.to_string());

    let text = fs::read_to_string(&env).unwrap();
    let variables: Vec<_> = text.lines().filter_map(|line| line.split_once('=')).collect();
    assert!(variables.var("DS_AIO_BLOCK_SIZE").is_some(), "{text}");
    assert_eq!(AioConfig::loader().env_from(&variables).load().unwrap().value, from_toml);
    // DeepSpeed has no name for our own.
    let for_deepspeed =
        AioConfig::loader().file(&json).set("backend", &*from_toml.backend.to_string());
    let for_deepspeed = for_deepspeed.set("background_rate", "1GiB");
    assert_eq!(for_deepspeed.load().unwrap().value, from_toml);
}

#[test]
fn the_table_marks_what_is_chosen_and_shows_it_as_settings() {
    let dir = tempfile::tempdir().unwrap();
    let ended = run(dir.path(), SHORT.iter().chain(&["--reads", "100"])).with_code(0);
    assert!(ended.out.contains("chosen") || ended.out.contains("there were"), "{ended:#?}");
    let settings = &ended.out[ended.out.find("[aio]").unwrap()..];
    let file = dir.path().join("shown.toml");
    fs::write(&file, settings).unwrap();
    AioConfig::loader().file(&file).load().unwrap();
}

/// The lines of the map: those between its head and what its marks mean.
fn map_of(out: &str) -> Vec<&str> {
    let lines = out.lines().skip_while(|line| !line.starts_with("GB/s by block_size"));
    lines.skip(1).take_while(|line| !line.contains("of the fastest")).collect()
}

#[test]
fn the_map_has_characters_for_colours_where_there_are_none() {
    let dir = tempfile::tempdir().unwrap();
    let with = |variable: (&str, &str)| {
        let output = command(dir.path()).args(SHORT).envs([variable]).output().unwrap();
        Ended::of(output).with_code(0).out
    };
    let plain = with(("COLUMNS", "100"));
    let map = map_of(&plain);
    assert!(map.len() > 2 && map[0].contains(" 4"), "{plain}");
    assert!(map[1..].iter().all(|line| line.contains("iB")), "{plain}");
    assert!(map.iter().any(|line| line.contains('█')), "{plain}");
    assert!(map.iter().any(|line| line.contains('*')), "{plain}");
    let coloured = with(("CLICOLOR_FORCE", "1"));
    assert!(coloured.contains("\u{1b}[") && !coloured.contains('█'), "{coloured}");
}

#[test]
fn on_a_narrow_terminal_nothing_that_it_makes_is_wider() {
    let dir = tempfile::tempdir().unwrap();
    for columns in [30, 60, 80, 100] {
        let output =
            command(dir.path()).args(SHORT).env("COLUMNS", columns.to_string()).output().unwrap();
        let out = Ended::of(output).with_code(0).out;
        let map = map_of(&out);
        let table = out.lines().take_while(|line| !line.is_empty());
        for line in table.chain(map) {
            // What is on a line of its own takes as much.
            assert!(line.chars().count() <= columns.max(48), "{columns}: {line}\n{out}");
        }
    }
}

#[test]
fn what_cannot_start_is_named_and_the_search_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    // Of rings there are fewer than descriptors.
    let limited = |format: &str| {
        let output = std::process::Command::new("sh")
            .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_command")])
            .args(SHORT)
            .args(["--set", "backend=io_uring", "--set", "thread_count=100", format])
            .current_dir(dir.path())
            .output()
            .unwrap();
        Ended::of(output).with_code(0)
    };
    let report = limited("--json").json();
    let skipped = report["skipped"].as_array().unwrap();
    let first = &skipped[0];
    assert_eq!((&first["thread_count"], &first["backend"]), (&100.into(), &"io_uring".into()));
    assert!(first["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{report:#}");
    assert!(!report["trials"].as_array().unwrap().is_empty());
    assert_ne!(report["chosen"], report["start"]);
    let out = limited("--no-env").out;
    assert!(out.contains("failed") && out.contains("× 100, io_uring: "), "{out}");
    assert!(out.contains("The settings there were do not work here"), "{out}");
}

#[test]
fn what_an_engine_makes_of_the_settings_is_what_is_tried_and_shown() {
    let dir = tempfile::tempdir().unwrap();
    let asked = ["thread_count=1024", "queue_depth=64", "backend=threads"];
    let asked = asked.iter().flat_map(|setting| ["--set", setting]);
    let ended = run(dir.path(), SHORT.into_iter().chain(asked).chain(["--json"])).with_code(0);
    let report = ended.json();
    let start = &report["start"];
    assert_eq!((&start["thread_count"], &start["queue_depth"]), (&128.into(), &1.into()));
    for told in ["thread_count = 128 (asked for 1024", "queue_depth = 1 (asked for 64"] {
        assert!(ended.err.contains(told), "{ended:#?}");
    }
    for trial in report["trials"].as_array().unwrap() {
        let number = |key: &str| trial[key].as_u64().unwrap();
        let threads = trial["backend"] == "threads";
        assert!(!threads || number("thread_count") * number("queue_depth") <= 128, "{trial:#}");
    }
}

/// A search of the first time that is enough for anything, of ever twice as much, and so for a part
/// alone.
fn with_little_time(dir: &Path, format: &[&str]) -> Ended {
    let mut budget = Duration::from_millis(20);
    loop {
        let time = format!("{budget:?}");
        let little = ["tune", "--size", "64MiB", "--budget", &time, "--toml", "best.toml"];
        let ended = run(dir, little.iter().chain(format));
        if ended.code == Some(0) {
            assert!(budget.as_millis() > 20, "{ended:#?}");
            return ended;
        }
        let ended = ended.with_code(1);
        let told = ["nothing was measured", &format!("--budget {time}"), "--size"];
        assert!(told.iter().all(|told| ended.err.contains(told)), "{ended:#?}");
        assert_eq!((&*ended.out, left_in(dir)), ("", Vec::new()));
        budget *= 2;
    }
}

#[test]
fn too_little_time_is_said_with_what_would_do() {
    let dir = tempfile::tempdir().unwrap();
    let report = with_little_time(dir.path(), &["--json"]).json();
    assert_eq!(report["complete"], false);
    // The files are made within it.
    let seconds = |key: &str| report[key].as_f64().unwrap();
    assert!(seconds("seconds_before") > 0.0 && seconds("seconds_before") < seconds("seconds"));

    fs::remove_file(dir.path().join("best.toml")).unwrap();
    let out = with_little_time(dir.path(), &[]).out;
    assert!(out.contains("did not suffice") && out.contains("--budget"), "{out}");
}

#[test]
fn the_report_is_one_page_that_asks_for_nothing() {
    let (dir, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let odd = dir.path().join("<script>alert(1)<");
    fs::create_dir(&odd).unwrap();
    let page = files.path().join("report.html");
    let asked = ["--json", "--report", page.to_str().unwrap()];
    let printed = run(&odd, SHORT.iter().chain(&asked)).with_code(0).json();
    let html = fs::read_to_string(&page).unwrap();
    assert_eq!(left_in(files.path()), ["report.html"]);

    for elsewhere in ["http:", "https:", "src=", "url(", "@import", "<script>alert"] {
        assert!(!html.contains(elsewhere), "{elsewhere}");
    }
    assert!(html.contains("default-src 'none'"));
    // It holds what `--json` prints, and shows it.
    let data = html.split_once("<script type=\"application/json\" id=\"data\">").unwrap().1;
    let data = data.split_once("</script>").unwrap().0;
    assert_eq!(serde_json::from_str::<serde_json::Value>(data).unwrap(), printed);
    for text in ["toml", "env"] {
        let shown = printed[text].as_str().unwrap().trim().replace('"', "&quot;");
        assert!(html.contains(&shown), "{text}");
    }
    let trials = printed["trials"].as_array().unwrap().len();
    assert_eq!(
        html.matches("<tr><td>").count() + html.matches("<tr class=\"is\">").count(),
        trials
    );
    for topic in ["O_DIRECT", "free space", "processors"] {
        assert!(html.contains(&format!("<dt>{topic}</dt>")), "{topic}");
    }
    // Elements end in the order in which they began.
    let mut open = Vec::new();
    let markup = html.split_once("<body>").unwrap().1.split_once("<script").unwrap().0;
    for tag in markup.split('<').skip(1).map(|rest| rest.split_once('>').unwrap().0) {
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        match name {
            "br" => {}
            _ if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "{tag}"),
            _ if tag.ends_with('/') => {}
            _ => open.push(name),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn a_report_named_svg_is_the_plot_alone() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), SHORT.iter().chain(&["--report", "speeds.svg"])).with_code(0);
    let svg = fs::read_to_string(dir.path().join("speeds.svg")).unwrap();
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""), "{svg}");
    assert!(svg.trim_end().ends_with("</svg>") && svg.contains("chosen"), "{svg}");
}

#[test]
fn files_that_are_there_stay_and_are_told_before_the_search() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mine.toml"), "[other]\n").unwrap();
    let arguments = ["tune", "--budget", "1h", "--toml", "mine.toml"];
    let ended = run(dir.path(), arguments).with_code(2);
    assert!(ended.err.contains("mine.toml exists") && ended.err.contains("--force"), "{ended:#?}");
    assert_eq!(fs::read_to_string(dir.path().join("mine.toml")).unwrap(), "[other]\n");
    symlink("mine.toml", dir.path().join("link.toml")).unwrap();
    symlink("no such file", dir.path().join("nothing")).unwrap();
    mkfifo(&dir.path().join("fifo"), Mode::S_IRWXU).unwrap();
    let there = left_in(dir.path());
    for (arguments, told) in [
        (["--report", "nowhere/report.html"], "nowhere does not exist"),
        (["--report", "."], "is a directory"),
        (["--report", "nowhere/"], "add the name of a file"),
        (["--env", "mine.toml"], "are the same file"),
        (["--env", "./mine.toml"], "are the same file"),
        (["--deepspeed", "link.toml"], "are the same file"),
        (["--deepspeed", "nothing"], "link to what does not exist"),
        (["--report", "fifo"], "no regular file"),
    ] {
        let more = ["--force", "--toml", "mine.toml"].iter().chain(&arguments);
        let ended = run(dir.path(), ["tune", "--budget", "1h"].iter().chain(more)).with_code(2);
        assert!(ended.err.contains(told), "{ended:#?}");
    }
    assert_eq!(left_in(dir.path()), there);
    let ended = run(dir.path(), ["tune", "--workload", "mixed"]).with_code(2);
    assert!(ended.err.contains("--reads"), "{ended:#?}");
}

#[test]
fn a_file_that_is_replaced_keeps_its_owner_its_mode_and_the_links_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("mine.toml"), "[other]\n").unwrap();
    fs::set_permissions(path("mine.toml"), fs::Permissions::from_mode(0o604)).unwrap();
    if geteuid().is_root() {
        chown(path("mine.toml"), Some(12345), Some(54321)).unwrap();
    }
    let owner = |path: &Path| (path.metadata().unwrap().uid(), path.metadata().unwrap().gid());
    let before = owner(&path("mine.toml"));
    fs::create_dir(path("links")).unwrap();
    symlink("../mine.toml", path("links/link.toml")).unwrap();
    run(dir.path(), SHORT.iter().chain(&["--force", "--toml", "links/link.toml"])).with_code(0);
    assert!(path("links/link.toml").is_symlink());
    assert_eq!(path("mine.toml").metadata().unwrap().permissions().mode() & 0o777, 0o604);
    assert_eq!(owner(&path("mine.toml")), before);
    AioConfig::loader().file(path("mine.toml")).load().unwrap();
    assert_eq!(left_in(&path("links")), ["link.toml"]);
}

#[test]
fn what_was_found_is_written_whatever_becomes_of_the_output() {
    let dir = tempfile::tempdir().unwrap();
    for format in ["--json", "--no-env"] {
        let mut command = command(dir.path());
        command.args(SHORT).args(["--toml", "best.toml", "--force", format]);
        let unread = pipe().unwrap().1;
        let output = command.stdout(unread).output().unwrap();
        Ended::of(output).with_code(0);
        let found = fs::read_to_string(dir.path().join("best.toml")).unwrap();
        assert!(found.contains("block_size"), "{format}: {found}");
        fs::write(dir.path().join("best.toml"), "").unwrap();
    }
}

/// A search without an end that writes `best.toml`.
fn endless(dir: &Path) -> Child {
    let arguments = ["tune", "--json", "--size", "4MiB", "--budget", "10h", "--toml", "best.toml"];
    under_way(dir, &arguments).0
}

/// Until it has had so many engines, by the descriptors that each has beside the search's own.
fn wait_for_engines(child: &Child, dir: &Path, engines: usize) {
    let (mut seen, mut had) = (0, false);
    while seen < engines {
        let has = files_of(child, dir).len() > 1;
        seen += usize::from(has && !had);
        had = has;
        assert!(Path::new(&format!("/proc/{}/exe", child.id())).exists(), "it ended: {child:?}");
    }
}

#[test]
fn a_search_that_is_stopped_tells_and_writes_what_it_knows() {
    let dir = tempfile::tempdir().unwrap();
    let child = endless(dir.path());
    // One for the files, two for what is cold, two for the first trial.
    wait_for_engines(&child, dir.path(), 6);
    signal(&child, Signal::SIGINT);
    let ended = Ended::of(child.wait_with_output().unwrap()).with_code(130);
    let report = ended.json();
    assert_eq!((&report["interrupted"], &report["complete"]), (&true.into(), &false.into()));
    assert!(ended.err.contains("interrupted"), "{ended:#?}");
    assert_eq!(left_in(dir.path()), ["best.toml"]);
    let toml = fs::read_to_string(dir.path().join("best.toml")).unwrap();
    assert_eq!(report["toml"], toml);
}

#[test]
fn a_search_that_is_stopped_before_it_knows_anything_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["tune", "--size", "256MiB", "--budget", "10h", "--toml", "best.toml"];
    let (child, _) = under_way(dir.path(), &arguments);
    signal(&child, Signal::SIGINT);
    let ended = Ended::of(child.wait_with_output().unwrap()).with_code(130);
    assert!(ended.err.contains("before anything was measured"), "{ended:#?}");
    assert_eq!((&*ended.out, left_in(dir.path())), ("", Vec::new()));
}
