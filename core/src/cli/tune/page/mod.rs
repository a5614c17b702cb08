//! A report as one page that needs nothing beside it: no network, no fonts, and no script but for the
//! buttons that copy.

mod figures;
mod plot;

use std::{
    fmt::{self, Display, Formatter},
    time::SystemTime,
};

use super::{
    Report,
    candidate::Candidate,
    map::{Map, SHADES},
    shown::{too_short, verdict},
    trial::Trial,
};
use crate::cli::{bench::duration, doctor::Finding, exit::Failure, output::bytes};
use figures::{Comparison, latencies, legs, speeds};
use plot::{Drawn, Escaped, Plot, SIZES};

/// The page.
pub(super) struct Page<'a> {
    report: &'a Report<'a>,
    /// What is to be said of the machine, or why nothing is.
    facts: Result<Vec<Finding>, String>,
    /// The report as `--json` prints it.
    json: String,
    date: String,
}

/// The plot of speeds alone, for a document.
pub(super) struct Picture<'a>(pub(super) &'a Report<'a>);

/// Nothing is fetched from anywhere, whatever a name in the page may say.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
                      script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const PLOT_STYLE: &str = include_str!("plot.css");
const PAGE_STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

impl<'a> Page<'a> {
    pub(super) fn new(
        report: &'a Report<'a>,
        facts: Result<Vec<Finding>, String>,
    ) -> Result<Self, Failure> {
        // In a script element nothing is escaped, and some words after `<` mean something.
        let json = serde_json::to_string(report)?.replace('<', "\\u003c");
        let date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        Ok(Self { report, facts, json, date })
    }
}

impl Display for Page<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let title = format!("Settings for {}", self.report.directory);
        let title = Escaped(title);
        write!(
            f,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta name=\"generator\" content=\"ds-aio {}\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <title>{title}</title>\n<link rel=\"icon\" href=\"data:,\">\n\
             <style>\n{PLOT_STYLE}{PAGE_STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n",
            env!("CARGO_PKG_VERSION")
        )?;
        self.summary(f)?;
        f.write_str("</header>\n<main>\n")?;
        self.settings(f)?;
        self.plots(f)?;
        self.maps(f)?;
        self.comparison(f)?;
        self.table(f)?;
        self.machine(f)?;
        self.method(f)?;
        write!(
            f,
            "</main>\n<footer>ds-aio {}, <time datetime=\"{date}\">{date}</time>. This page needs no \
             network; it holds its figures as JSON, in the element <code>data</code>.</footer>\n\
             <script type=\"application/json\" id=\"data\">{}</script>\n<script>\n{SCRIPT}</script>\n\
             </body>\n</html>\n",
            env!("CARGO_PKG_VERSION"),
            self.json,
            date = self.date
        )
    }
}

impl Page<'_> {
    fn summary(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let outcome = self.report.outcome;
        write!(f, "<p>")?;
        for sentence in verdict(self.report) {
            write!(f, "{} ", Escaped(sentence))?;
        }
        f.write_str("</p>\n")?;
        if let Some(sentence) = too_short(self.report) {
            writeln!(f, "<p class=\"short\">{}</p>", Escaped(sentence))?;
        }
        let chosen = &outcome.chosen;
        let mut tiles = Vec::new();
        if let Some(trial) = outcome.trials.iter().find(|trial| trial.candidate == *chosen) {
            let (low, high) = trial.range();
            let range = format!("{low:.2} to {high:.2} in {} samples", trial.samples.len());
            tiles.push(("Speed".to_owned(), format!("{:.2} GB/s", trial.median()), range));
        }
        if let Some(gain) = outcome.gain.filter(|_| outcome.chosen != self.report.start) {
            let range = format!("{:.2} to {:.2}, nine times of ten", gain.low, gain.high);
            tiles.push(("Against before".to_owned(), format!("{:.2} ×", gain.median), range));
        }
        let queue = format!("{} × {} blocks", chosen.thread_count, chosen.queue_depth);
        tiles.push(("In flight".to_owned(), bytes(chosen.bytes() as u64), queue));
        let trial = outcome.trials.iter().find(|trial| trial.candidate == *chosen);
        for (what, leg) in trial.into_iter().flat_map(legs) {
            tiles.push((
                format!("A block, {what}"),
                duration(leg.block.p50_us),
                format!("99 % within {}", duration(leg.block.p99_us)),
            ));
        }
        f.write_str("<dl class=\"tiles\">\n")?;
        for (name, value, more) in tiles {
            writeln!(
                f,
                "<div><dt>{name}</dt><dd>{} <small>{}</small></dd></div>",
                Escaped(value),
                Escaped(more)
            )?;
        }
        f.write_str("</dl>\n")
    }

    fn settings(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("<h2>Chosen settings</h2>\n<div class=\"texts\">\n")?;
        for (name, text) in [
            ("TOML", &self.report.toml),
            ("Variables", &self.report.env),
            ("JSON for DeepSpeed", &self.report.deepspeed),
        ] {
            writeln!(
                f,
                "<section><h3>{name}</h3><pre tabindex=\"0\">{}</pre></section>",
                Escaped(text.trim())
            )?;
        }
        f.write_str("</div>\n")
    }

    fn plots(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("<h2>All that was tried</h2>\n")?;
        figure(
            f,
            &speeds(self.report),
            "Each point is a candidate, its median with the least and the most, by block_size × \
             queue_depth × thread_count. Lines join those that differ in queue_depth alone; hollow \
             points have another single_submit, overlap_events or backend. Of points as high the one \
             further left takes less memory.",
        )?;
        for plot in latencies(self.report) {
            figure(
                f,
                &plot,
                "From the system call to its end, or of an entry of a ring: the median, and up to what \
                 99 of a hundred stay below. More in flight than the device can use makes blocks wait.",
            )?;
        }
        Ok(())
    }

    fn maps(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let outcome = self.report.outcome;
        f.write_str(
            "<figure><figcaption>GB/s by block_size and queue_depth<span>The fastest of each, as a share \
             of the fastest of all.</span></figcaption>\n<p class=\"key\">",
        )?;
        for (number, from) in SHADES.iter().enumerate().rev() {
            let text = match number {
                0 => format!("below {} %", SHADES[1]),
                _ => format!("from {from} %"),
            };
            write!(f, "<span class=\"h{number}\">{text}</span>")?;
        }
        f.write_str("</p>\n<div class=\"maps\">\n")?;
        for map in Map::all(&outcome.trials) {
            let thread_count = map.thread_count;
            let caption = format!("thread_count {thread_count}");
            write!(
                f,
                "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table \
                 class=\"map\"><caption>{caption}</caption><thead><tr><th scope=\"col\">block_size</th>"
            )?;
            for depth in &map.queue_depths {
                write!(f, "<th scope=\"col\">{depth}</th>")?;
            }
            f.write_str("</tr></thead><tbody>\n")?;
            for size in &map.block_sizes {
                write!(f, "<tr><th scope=\"row\">{}</th>", bytes(*size as u64))?;
                for depth in &map.queue_depths {
                    let Some(trial) = map.at(*size, *depth) else {
                        f.write_str("<td class=\"none\">–</td>")?;
                        continue;
                    };
                    let is = if trial.candidate == outcome.chosen { " is" } else { "" };
                    let shade = map.shade(trial).number();
                    write!(f, "<td class=\"h{shade}{is}\">{:.2}</td>", trial.median())?;
                }
                f.write_str("</tr>\n")?;
            }
            f.write_str("</tbody></table></div>\n")?;
        }
        f.write_str("</div></figure>\n")
    }

    fn comparison(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [wide, narrow] = SIZES.map(|size| Comparison { report: self.report, size });
        if !wide.says_something() {
            return Ok(());
        }
        write!(
            f,
            "<figure><figcaption>How sure it is<span>The last few, measured in turn in {} rounds: \
             speeds as shares of the chosen one's in the same round, and where the median of these lies \
             nine times of ten. Within the band nobody feels a difference; of those that are as fast \
             the one that takes the fewest threads, and then the least memory, is chosen.\
             </span></figcaption>\n{wide}{narrow}</figure>\n",
            self.report.outcome.last_rounds
        )
    }

    fn table(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let outcome = self.report.outcome;
        f.write_str(
            "<h2>The figures</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
             aria-label=\"All candidates\"><table class=\"all\"><thead><tr>",
        )?;
        for head in [
            "GB/s",
            "±",
            "samples",
            "block_size",
            "queue_depth",
            "thread_count",
            "single_submit",
            "overlap_events",
            "backend",
            "in flight",
            "reads GB/s",
            "request 50 / 99 %",
            "CPU s/GB",
            "writes GB/s",
            "request 50 / 99 %",
            "CPU s/GB",
            "note",
        ] {
            write!(f, "<th scope=\"col\">{head}</th>")?;
        }
        f.write_str("</tr></thead><tbody>\n")?;
        for trial in &outcome.trials {
            self.row(trial, f)?;
        }
        f.write_str("</tbody></table></div>\n")?;
        if outcome.skipped.is_empty() {
            return Ok(());
        }
        f.write_str("<h3>Left out, as they failed</h3>\n<ul>\n")?;
        for skipped in &outcome.skipped {
            let (candidate, reason) = (Escaped(&skipped.candidate), Escaped(&skipped.reason));
            writeln!(f, "<li>{candidate}: {reason}</li>")?;
        }
        f.write_str("</ul>\n")
    }

    fn row(&self, trial: &Trial, f: &mut Formatter<'_>) -> fmt::Result {
        let Candidate { queue_depth, thread_count, single_submit, overlap_events, backend, .. } =
            trial.candidate;
        let chosen = trial.candidate == self.report.outcome.chosen;
        let noise =
            trial.noise().map_or("–".to_owned(), |noise| format!("{:.0} %", 100.0 * noise));
        write!(
            f,
            "<tr{}><td>{:.2}</td><td>{noise}</td><td>{}</td><td>{}</td><td>{queue_depth}</td>\
             <td>{thread_count}</td><td>{single_submit}</td><td>{overlap_events}</td><td>{backend}</td>\
             <td>{}</td>",
            if chosen { " class=\"is\"" } else { "" },
            trial.median(),
            trial.samples.len(),
            bytes(trial.candidate.block_size as u64),
            bytes(trial.candidate.bytes() as u64),
        )?;
        for what in ["reads", "writes"] {
            match legs(trial).find(|(of, _)| *of == what) {
                Some((_, leg)) => write!(
                    f,
                    "<td>{:.2}</td><td>{} / {}</td><td>{:.3}</td>",
                    leg.gb_per_s,
                    duration(leg.request.p50_us),
                    duration(leg.request.p99_us),
                    leg.cpu_s_per_gb
                )?,
                None => f.write_str("<td>–</td><td>–</td><td>–</td>")?,
            }
        }
        let note = match trial.candidate {
            candidate if candidate == self.report.start && chosen => "chosen, as before",
            _ if chosen => "chosen",
            candidate if candidate == self.report.start => "before",
            _ => "",
        };
        writeln!(f, "<td>{note}</td></tr>")
    }

    fn machine(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("<h2>The machine</h2>\n")?;
        let facts = match &self.facts {
            Ok(facts) => facts,
            Err(reason) => return writeln!(f, "<p>It was not looked at: {}</p>", Escaped(reason)),
        };
        f.write_str("<dl class=\"facts\">\n")?;
        for Finding { topic, verdict, found, cost, change } in facts {
            let verdict = verdict.name();
            write!(
                f,
                "<div><dt>{topic}</dt><dd><span class=\"{verdict}\">{verdict}</span> {}",
                Escaped(found)
            )?;
            for (name, text) in [("Costs", cost), ("Change", change)] {
                if let Some(text) = text {
                    write!(f, "<br><span class=\"note\">{name}:</span> {}", Escaped(text))?;
                }
            }
            f.write_str("</dd></div>\n")?;
        }
        f.write_str("</dl>\n")
    }

    fn method(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Report { workload, reads_percent, size, seconds, budget_seconds, .. } = *self.report;
        let outcome = self.report.outcome;
        write!(
            f,
            "<h2>How it was measured</h2>\n<p>Workload {}, {reads_percent} % reads; each sample read \
             and wrote {} in files that were there, past what the page cache held of them. {} \
             measurements of {} candidates took {seconds:.0} of {budget_seconds:.0} s. GB are \
             10<sup>9</sup> bytes, MiB 2<sup>20</sup>.</p>\n<p>A coarse grid was halved round by round; \
             then came the neighbours of the best, and a last comparison, all of them measured in turn \
             and back, so that a slow minute is one for all.</p>\n",
            workload.name(),
            bytes(size),
            outcome.measurements,
            outcome.trials.len(),
        )
    }
}

fn figure(f: &mut Formatter<'_>, plot: &Plot, caption: &str) -> fmt::Result {
    writeln!(
        f,
        "<figure><figcaption>{}<span>{}</span></figcaption>",
        Escaped(&plot.title),
        Escaped(caption)
    )?;
    for size in SIZES {
        Drawn { plot, size }.fmt(f)?;
    }
    f.write_str("</figure>\n")
}

impl Display for Picture<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Drawn { plot: &speeds(self.0), size: SIZES[0] }.alone(PLOT_STYLE, f)
    }
}
