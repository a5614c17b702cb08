//! What the doctor says: a line of what was found, and what it costs and what to change.

use std::io::{self, Write};

use anstyle::Style;
use serde::Serialize;

use crate::cli::output::{BAD, DIM, GOOD, WARNING};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::cli) struct Finding {
    /// What.
    pub(in crate::cli) topic: &'static str,
    pub(in crate::cli) verdict: Verdict,
    /// How it is.
    pub(in crate::cli) found: String,
    /// What that costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) cost: Option<String>,
    /// What to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) change: Option<String>,
}

/// From good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli) enum Verdict {
    /// As it should be.
    Ok,
    /// Worth knowing; it need not be changed.
    Note,
    /// It costs speed, or will fail before long.
    Warning,
    /// What was asked for cannot work.
    Problem,
}

impl Finding {
    pub(super) fn ok(topic: &'static str, found: impl Into<String>) -> Self {
        Self { topic, verdict: Verdict::Ok, found: found.into(), cost: None, change: None }
    }

    pub(super) fn note(
        topic: &'static str,
        found: impl Into<String>,
        cost: impl Into<String>,
        change: impl Into<String>,
    ) -> Self {
        Self::at_a_price(Verdict::Note, topic, found, cost, change)
    }

    pub(super) fn warning(
        topic: &'static str,
        found: impl Into<String>,
        cost: impl Into<String>,
        change: impl Into<String>,
    ) -> Self {
        Self::at_a_price(Verdict::Warning, topic, found, cost, change)
    }

    pub(super) fn problem(
        topic: &'static str,
        found: impl Into<String>,
        cost: impl Into<String>,
        change: impl Into<String>,
    ) -> Self {
        Self::at_a_price(Verdict::Problem, topic, found, cost, change)
    }

    fn at_a_price(
        verdict: Verdict,
        topic: &'static str,
        found: impl Into<String>,
        cost: impl Into<String>,
        change: impl Into<String>,
    ) -> Self {
        let (cost, change) = (Some(cost.into()), Some(change.into()));
        Self { verdict, cost, change, ..Self::ok(topic, found) }
    }

    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let style = self.verdict.style();
        let (verdict, topic) = (self.verdict.name(), self.topic);
        writeln!(out, "{style}{verdict:<8}{style:#} {topic:<15} {}", self.found)?;
        for (label, text) in [("costs", &self.cost), ("change", &self.change)] {
            if let Some(text) = text {
                writeln!(out, "{:9}{DIM}{label:>15}{DIM:#} {text}", "")?;
            }
        }
        Ok(())
    }
}

impl Verdict {
    pub(in crate::cli) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }

    pub(super) fn style(self) -> Style {
        match self {
            Self::Ok => GOOD,
            Self::Note => DIM,
            Self::Warning => WARNING,
            Self::Problem => BAD,
        }
    }
}
