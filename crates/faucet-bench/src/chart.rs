//! A chart of the results: a bar for each line, longer is better.

use std::fmt::{self, Display, Formatter};

use crate::line::Line;
use crate::results::{Results, cpu_nanos};
use crate::work::Subject;

const WIDTH: usize = 820;
const LEFT: usize = 300;
const LONGEST: usize = 330;
const ROW: usize = 22;
const HEAD: usize = 34;
const TOP: usize = 52;

/// Messages that one core takes in a second, as an SVG. Lines of one kind share a scale.
pub(crate) struct Chart<'a>(pub(crate) &'a Results);

impl Display for Chart<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let groups = groups(self.0);
        let rows: usize = groups.iter().map(|group| HEAD + group.bars.len() * ROW).sum();
        let height = TOP + rows + 12;
        writeln!(
            f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>"
        )?;
        text(
            f,
            12,
            24,
            "16",
            "start",
            "Messages for a second of CPU time of the receiver or sender",
        )?;
        let note = "Longer is better. ×: CPU time of a message, as a multiple of the line it is compared with.";
        text(f, 12, 42, "12", "start", note)?;
        let mut y = TOP;
        for group in &groups {
            y += HEAD;
            text(f, 12, y - 10, "14", "start", &group.title)?;
            for bar in &group.bars {
                bar.draw(f, y, group.longest())?;
                y += ROW;
            }
        }
        writeln!(f, "</svg>")
    }
}

/// Lines that have a scale in common.
struct Group {
    title: String,
    bars: Vec<Bar>,
}

struct Bar {
    label: &'static str,
    color: &'static str,
    /// Messages for a second of CPU time.
    rate: f64,
    ratio: Option<f64>,
}

impl Group {
    fn longest(&self) -> f64 {
        self.bars.iter().map(|bar| bar.rate).fold(0.0, f64::max)
    }
}

impl Bar {
    fn draw(&self, f: &mut Formatter<'_>, y: usize, longest: f64) -> fmt::Result {
        let width = (self.rate / longest * LONGEST as f64).max(1.0);
        let color = self.color;
        text(f, LEFT - 8, y + 14, "13", "end", self.label)?;
        writeln!(
            f,
            "<rect x=\"{LEFT}\" y=\"{}\" width=\"{width:.1}\" height=\"{}\" fill=\"{color}\"/>",
            y + 2,
            ROW - 6
        )?;
        let ratio = self.ratio.map(|ratio| format!(" · {ratio:.2} ×")).unwrap_or_default();
        let rate = format!("{}{ratio}", short(self.rate));
        text(f, LEFT + width as usize + 8, y + 14, "13", "start", &rate)
    }
}

fn text(
    f: &mut Formatter<'_>,
    x: usize,
    y: usize,
    size: &str,
    anchor: &str,
    text: &str,
) -> fmt::Result {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(
        f,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\">{text}</text>"
    )
}

/// A number with three digits.
fn short(number: f64) -> String {
    let (number, unit) = match number {
        1e6.. => (number / 1e6, " M"),
        1e3.. => (number / 1e3, " k"),
        _ => (number, ""),
    };
    match number {
        100.0.. => format!("{number:.0}{unit}"),
        10.0.. => format!("{number:.1}{unit}"),
        _ => format!("{number:.2}{unit}"),
    }
}

/// Lines that were measured. Latencies have no place in the chart.
fn groups(results: &Results) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for line in results.lines() {
        let Some(title) = title(line) else { continue };
        let Some(nanos) = results.median(&line.name, cpu_nanos).filter(|n| *n > 0.0) else {
            continue;
        };
        let base = line.base.as_ref().filter(|base| **base != line.name);
        let bar = Bar {
            label: line.subject.label(),
            color: color(line.subject),
            rate: 1e9 / nanos,
            ratio: base.and_then(|base| results.ratio(&line.name, base, cpu_nanos)),
        };
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.bars.push(bar),
            None => groups.push(Group { title, bars: vec![bar] }),
        }
    }
    groups
}

fn title(line: &Line) -> Option<String> {
    let (payload, transport) = (line.payload, line.transport.name());
    match line.subject {
        Subject::EchoTungstenite | Subject::EchoPages | Subject::SlowFeed => None,
        Subject::ManyScan | Subject::ManyTungstenite | Subject::ManyPages => {
            Some(format!("{} connections, 20,000 messages a second", line.connections))
        }
        subject if subject.is_sink() => Some(format!("Sink alone, {payload}, {transport}")),
        _ => Some(format!("Source, {payload}, {transport}")),
    }
}

fn color(subject: Subject) -> &'static str {
    if subject.is_limit() {
        "#9aa0a6"
    } else if subject.is_ours() {
        "#2e7d32"
    } else if subject == Subject::Naive {
        "#c62828"
    } else {
        "#3f6fb5"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::results;

    #[test]
    fn bars_are_as_long_as_lines_are_fast() {
        let results = results(&[
            (Subject::Tungstenite, &[100.0]),
            (Subject::PagesRaw, &[25.0]),
            (Subject::SinkTungstenite, &[100.0]),
        ]);
        let svg = Chart(&results).to_string();
        let widths: Vec<&str> = svg
            .lines()
            .filter(|line| line.contains("height=\"16\""))
            .map(|line| line.split('"').nth(5).unwrap())
            .collect();
        assert_eq!(widths, ["82.5", "330.0", "330.0"]);
        for shown in ["Source, 135B, plain", "40.0 M · 0.25 ×", "Sink alone, 135B, plain"] {
            assert!(svg.contains(shown), "{svg}");
        }
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    }

    #[test]
    fn numbers_are_short() {
        for (number, expected) in
            [(35_714_285.0, "35.7 M"), (123_456.0, "123 k"), (2_500.0, "2.50 k"), (7.0, "7.00")]
        {
            assert_eq!(short(number), expected);
        }
    }
}
