//! Plots as SVG, drawn for a width, with classes in place of colours.

use std::fmt::{self, Display, Formatter};

/// A plot of points over two axes.
pub(super) struct Plot {
    /// For names within the page.
    pub(super) id: String,
    pub(super) title: String,
    /// What is to be seen, for who does not see it.
    pub(super) description: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    /// What the names of the series are of.
    pub(super) by: &'static str,
    pub(super) series: Vec<Series>,
}

/// Values that lie between two others, and what is written at some of them.
pub(super) struct Axis {
    pub(super) name: &'static str,
    scale: Scale,
    low: f64,
    high: f64,
    ticks: Vec<(f64, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    Linear,
    Logarithmic,
}

/// Points that belong together.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) points: Vec<Point>,
    /// Those with a line between them, in order.
    pub(super) lines: Vec<Vec<(f64, f64)>>,
}

pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    /// What there was besides.
    pub(super) range: (f64, f64),
    pub(super) hollow: bool,
    /// What a pointer on it shows.
    pub(super) tip: String,
    pub(super) mark: Option<Mark>,
}

/// Something about a point that catches the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Chosen,
    Before,
    /// Both of it.
    Kept,
}

/// A plot at a size.
pub(super) struct Drawn<'a> {
    pub(super) plot: &'a Plot,
    pub(super) size: Size,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) height: f64,
    /// Part of the names within the page.
    pub(super) name: &'static str,
}

/// As wide as a page, and as a telephone.
pub(super) const SIZES: [Size; 2] = [
    Size { width: 860.0, height: 380.0, name: "wide" },
    Size { width: 328.0, height: 300.0, name: "narrow" },
];

/// What text takes, about.
const CHARACTER: f64 = 7.2;
const LINE: f64 = 20.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 18.0;
const BOTTOM: f64 = 46.0;

/// Shapes of points, so that colour is not all that tells them apart.
const SHAPES: [&str; 8] = [
    "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z",
    "M-4-4h8v8h-8z",
    "M0-5.2L5 3.8H-5z",
    "M0-5.6L5.6 0L0 5.6L-5.6 0z",
    "M0 5.2L5-3.8H-5z",
    "M-1.7-5h3.4v3.3h3.3v3.4h-3.3v3.3h-3.4v-3.3h-3.3v-3.4h3.3z",
    "M-2.5-4.6h5L5 0L2.5 4.6h-5L-5 0z",
    "M0-5.5L1.7-1.7L5.5 0L1.7 1.7L0 5.5L-1.7 1.7L-5.5 0L-1.7-1.7z",
];

/// A text as HTML and XML hold it.
pub(super) struct Escaped<T>(pub(super) T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for char in self.0.to_string().chars() {
            match char {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\n' => f.write_str("\n")?,
                // Neither has a way to write these.
                char if char.is_control() => f.write_str("\u{fffd}")?,
                char => write!(f, "{char}")?,
            }
        }
        Ok(())
    }
}

impl Axis {
    /// From `low` or below to `high` or above, with ticks at round numbers.
    pub(super) fn linear(
        name: &'static str,
        (low, high): (f64, f64),
        label: impl Fn(f64) -> String,
    ) -> Self {
        let high = if high > low { high } else { low + low.abs().max(1.0) };
        let span = high - low;
        let power = 10_f64.powf((span / 5.0).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
        let step = steps.into_iter().find(|step| span / step <= 6.0).unwrap_or(span);
        let (first, last) = ((low / step).floor() as i64, (high / step).ceil() as i64);
        let at = |number: i64| number as f64 * step;
        let ticks = (first..=last).map(|number| (at(number), label(at(number)))).collect();
        Self { name, scale: Scale::Linear, low: at(first), high: at(last), ticks }
    }

    /// By powers of two.
    pub(super) fn doubling(
        name: &'static str,
        (low, high): (f64, f64),
        label: impl Fn(f64) -> String,
    ) -> Self {
        let (first, last) = (low.log2().floor() as i32, high.log2().ceil() as i32);
        let at = |number: i32| f64::from(number).exp2();
        let ticks = (first..=last).map(|number| (at(number), label(at(number)))).collect();
        // Points at the ends keep off the border.
        let (low, high) = (at(first) / 1.3, at(last) * 1.3);
        Self { name, scale: Scale::Logarithmic, low, high, ticks }
    }

    /// By powers of ten, with steps between them.
    pub(super) fn decades(
        name: &'static str,
        (low, high): (f64, f64),
        label: impl Fn(f64) -> String,
    ) -> Self {
        let decades = (low.log10().floor() as i32)..=(high.log10().floor() as i32);
        let steps = decades.flat_map(|power| [1, 2, 5].map(|step| (power, step)));
        let ticks = steps.map(|(power, step)| f64::from(step) * 10_f64.powi(power));
        let ticks = ticks.filter(|tick| (low / 1.2..=high * 1.2).contains(tick));
        let ticks = ticks.map(|tick| (tick, label(tick))).collect();
        Self { name, scale: Scale::Logarithmic, low: low / 1.3, high: high * 1.3, ticks }
    }

    /// Where a value lies between `from` and `to`.
    pub(super) fn at(&self, value: f64, from: f64, to: f64) -> f64 {
        let on_scale = |value: f64| match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.max(f64::MIN_POSITIVE).ln(),
        };
        let [value, low, high] = [value, self.low, self.high].map(on_scale);
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        from + share * (to - from)
    }

    /// The ticks, as many of them as have room of `each` in `room`.
    pub(super) fn ticks(&self, room: f64, each: f64) -> impl Iterator<Item = &(f64, String)> {
        let most = (room / each).max(1.0);
        let step = (self.ticks.len() as f64 / most).ceil().max(1.0) as usize;
        self.ticks.iter().step_by(step)
    }
}

/// The box that points lie in.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Display for Drawn<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.write("", "", f)
    }
}

impl Drawn<'_> {
    /// As a document of its own.
    pub(super) fn alone(&self, style: &str, f: &mut Formatter<'_>) -> fmt::Result {
        let inside = format!(
            "<style>{style}</style><rect class=\"paper\" width=\"100%\" height=\"100%\" rx=\"8\"/>"
        );
        self.write(" xmlns=\"http://www.w3.org/2000/svg\"", &inside, f)
    }

    fn write(&self, attributes: &str, inside: &str, f: &mut Formatter<'_>) -> fmt::Result {
        let (plot, Size { width, height, name }) = (self.plot, self.size);
        let legend = legend_rows(plot, width - LEFT - RIGHT);
        let top = LINE * legend.len() as f64 + 34.0;
        let frame = Frame { left: LEFT, right: width - RIGHT, top, bottom: top + height - BOTTOM };
        let all = frame.bottom + BOTTOM;
        let id = format!("{}-{name}", plot.id);
        write!(
            f,
            "<svg{attributes} class=\"{name}\" viewBox=\"0 0 {width} {all}\" role=\"img\" \
             aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc \
             id=\"{id}-d\">{}</desc>{inside}",
            Escaped(&plot.title),
            Escaped(&plot.description)
        )?;
        self.legend(&legend, f)?;
        self.axes(&frame, f)?;
        for (number, series) in plot.series.iter().enumerate() {
            write!(f, "<g class=\"s{}\">", number % SHAPES.len())?;
            for line in &series.lines {
                f.write_str("<polyline class=\"line\" points=\"")?;
                for (x, y) in line {
                    let (x, y) = self.place(&frame, number, *x, *y);
                    write!(f, "{x:.1},{y:.1} ")?;
                }
                f.write_str("\"/>")?;
            }
            for point in &series.points {
                self.point(number, point, &frame, f)?;
            }
            f.write_str("</g>")?;
        }
        // Above all points.
        for (number, series) in plot.series.iter().enumerate() {
            for point in &series.points {
                if let Some(mark) = point.mark {
                    self.mark(mark, number, point, &frame, f)?;
                }
            }
        }
        f.write_str("</svg>\n")
    }

    /// Series stand beside each other, so that none hides another where they meet.
    fn place(&self, frame: &Frame, number: usize, x: f64, y: f64) -> (f64, f64) {
        let middle = (self.plot.series.len() as f64 - 1.0) / 2.0;
        let aside = (number as f64 - middle) * self.size.width / 250.0;
        let x = self.plot.x.at(x, frame.left, frame.right) + aside;
        (x, self.plot.y.at(y, frame.bottom, frame.top))
    }

    fn legend(&self, rows: &[Vec<(usize, f64)>], f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "<text class=\"name\" x=\"{LEFT}\" y=\"14\">{}</text>", Escaped(self.plot.by))?;
        for (row, items) in rows.iter().enumerate() {
            let y = 14.0 + LINE * row as f64;
            for (number, x) in items {
                let (x, shape) = (LEFT + x, SHAPES[number % SHAPES.len()]);
                write!(
                    f,
                    "<g class=\"s{}\"><path class=\"point\" transform=\"translate({:.1} {:.1})\" \
                     d=\"{shape}\"/></g><text x=\"{:.1}\" y=\"{y:.1}\">{}</text>",
                    number % SHAPES.len(),
                    x + 6.0,
                    y - 4.0,
                    x + 18.0,
                    Escaped(&self.plot.series[*number].name)
                )?;
            }
        }
        Ok(())
    }

    fn axes(&self, frame: &Frame, f: &mut Formatter<'_>) -> fmt::Result {
        let Frame { left, right, top, bottom } = frame;
        let (x, y) = (&self.plot.x, &self.plot.y);
        for (value, label) in y.ticks(bottom - top, 24.0) {
            let at = y.at(*value, *bottom, *top);
            write!(
                f,
                "<path class=\"grid\" d=\"M{left:.1} {at:.1}H{right:.1}\"/><text class=\"tick\" \
                 text-anchor=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                left - 8.0,
                at + 4.0,
                Escaped(label)
            )?;
        }
        let widest = x.ticks.iter().map(|(_, label)| label.chars().count()).max().unwrap_or(0);
        for (value, label) in x.ticks(right - left, widest as f64 * CHARACTER + 12.0) {
            let at = x.at(*value, *left, *right);
            write!(
                f,
                "<path class=\"grid\" d=\"M{at:.1} {top:.1}V{bottom:.1}\"/><text class=\"tick\" \
                 text-anchor=\"middle\" x=\"{at:.1}\" y=\"{:.1}\">{}</text>",
                bottom + 18.0,
                Escaped(label)
            )?;
        }
        write!(
            f,
            "<path class=\"axis\" d=\"M{left:.1} {top:.1}V{bottom:.1}H{right:.1}\"/><text \
             class=\"name\" x=\"4\" y=\"{:.1}\">{}</text><text class=\"name\" text-anchor=\"end\" \
             x=\"{right:.1}\" y=\"{:.1}\">{}</text>",
            top - 12.0,
            Escaped(y.name),
            bottom + 38.0,
            Escaped(x.name)
        )
    }

    fn point(
        &self,
        number: usize,
        point: &Point,
        frame: &Frame,
        f: &mut Formatter<'_>,
    ) -> fmt::Result {
        let (x, y) = self.place(frame, number, point.x, point.y);
        let low = self.place(frame, number, point.x, point.range.0).1;
        let high = self.place(frame, number, point.x, point.range.1).1;
        let class = if point.hollow { "point hollow" } else { "point" };
        write!(
            f,
            "<g><title>{}</title><path class=\"range\" d=\"M{x:.1} {low:.1}V{high:.1}\"/><path \
             class=\"{class}\" transform=\"translate({x:.1} {y:.1})\" d=\"{}\"/></g>",
            Escaped(&point.tip),
            SHAPES[number % SHAPES.len()]
        )
    }

    fn mark(
        &self,
        mark: Mark,
        number: usize,
        point: &Point,
        frame: &Frame,
        f: &mut Formatter<'_>,
    ) -> fmt::Result {
        let (x, y) = self.place(frame, number, point.x, point.y);
        let (class, text, above) = match mark {
            Mark::Chosen => ("chosen", "chosen", true),
            Mark::Before => ("before", "before", false),
            Mark::Kept => ("chosen", "chosen, as before", true),
        };
        let half = text.len() as f64 * CHARACTER / 2.0;
        let middle = x.clamp(frame.left + half + 4.0, frame.right - half - 4.0);
        let text_y = if above { y - 15.0 } else { y + 25.0 };
        write!(
            f,
            "<g class=\"{class}\"><circle class=\"ring\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"10\"/><text \
             class=\"label\" text-anchor=\"middle\" x=\"{middle:.1}\" y=\"{text_y:.1}\">{text}</text></g>"
        )
    }
}

/// Rows of what fits: the number of a series, and where it begins.
fn legend_rows(plot: &Plot, width: f64) -> Vec<Vec<(usize, f64)>> {
    let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::new()];
    let mut at = plot.by.chars().count() as f64 * CHARACTER + 12.0;
    for (number, series) in plot.series.iter().enumerate() {
        let wanted = series.name.chars().count() as f64 * CHARACTER + 34.0;
        if at + wanted > width {
            rows.push(Vec::new());
            at = 0.0;
        }
        if let Some(row) = rows.last_mut() {
            row.push((number, at));
        }
        at += wanted;
    }
    rows
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_lie_around_all_values() {
        let whole = |value: f64| value.to_string();
        let axis = Axis::linear("", (0.0, 2.7), whole);
        assert_eq!(labels(&axis), ["0", "0.5", "1", "1.5", "2", "2.5", "3"]);
        assert_eq!((axis.at(0.0, 100.0, 0.0), axis.at(3.0, 100.0, 0.0)), (100.0, 0.0));
        let axis = Axis::doubling("", (3.0, 17.0), whole);
        assert_eq!(labels(&axis), ["2", "4", "8", "16", "32"]);
        let axis = Axis::decades("", (90.0, 2100.0), whole);
        assert_eq!(labels(&axis), ["100", "200", "500", "1000", "2000"]);
        assert_eq!(axis.ticks(100.0, 40.0).count(), 3);
    }

    #[test]
    fn axes_of_nothing_and_of_one_value_are_drawn_all_the_same() {
        let whole = |value: f64| value.to_string();
        for range in [(0.0, 0.0), (5.0, 5.0)] {
            assert!(Axis::linear("", range, whole).at(range.0, 0.0, 9.0).is_finite());
        }
        for axis in [Axis::doubling("", (4.0, 4.0), whole), Axis::decades("", (4.0, 4.0), whole)] {
            assert!(axis.at(4.0, 0.0, 9.0).is_finite());
        }
    }

    #[test]
    fn what_means_something_in_a_page_is_escaped() {
        let text = "</script><b a=\"&\">\u{1}";
        let escaped = "&lt;/script&gt;&lt;b a=&quot;&amp;&quot;&gt;\u{fffd}";
        assert_eq!(Escaped(text).to_string(), escaped);
    }
}
