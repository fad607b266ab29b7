use indexmap::IndexMap;

use super::Report;
use crate::figure::Unit;
use crate::scenario::Scenario;
use crate::subject::Subject;

/// The values of one figure, by subject.
struct Row {
    unit: Unit,
    values: IndexMap<Subject, Vec<f64>>,
}

/// The table of a scenario: a figure in each row, a subject in each column, and at the end how many
/// times better ours is than the original.
pub(super) fn of(report: &Report, scenario: Scenario) -> String {
    let rows = rows(report, scenario);
    let subjects = scenario.subjects();
    let titles: Vec<&str> = subjects.iter().map(|it| it.title()).collect();
    let mut text = format!("| | {} | ratio |\n", titles.join(" | "));
    text += &format!("|---|{}\n", "---:|".repeat(subjects.len() + 1));
    for (name, row) in &rows {
        let cells: Vec<String> =
            subjects.iter().map(|subject| cell(report, *subject, row)).collect();
        text += &format!("| {name} | {} | {} |\n", cells.join(" | "), ratio(row));
    }
    text
}

fn rows(report: &Report, scenario: Scenario) -> IndexMap<&str, Row> {
    let mut rows = IndexMap::new();
    for sample in report.samples.iter().filter(|sample| sample.scenario == scenario) {
        let unit = sample.figure.unit;
        let row = rows
            .entry(sample.figure.name.as_str())
            .or_insert_with(|| Row { unit, values: IndexMap::new() });
        row.values.entry(sample.subject).or_default().push(sample.figure.value);
    }
    rows
}

fn cell(report: &Report, subject: Subject, row: &Row) -> String {
    let Some(values) = row.values.get(&subject) else {
        let is_missing = report.missing.iter().any(|(missing, _)| *missing == subject);
        return if is_missing { "not installed" } else { "–" }.to_owned();
    };
    let (least, middle, most) = spread(values);
    let unit = row.unit.symbol();
    if values.len() == 1 {
        return format!("{}{unit}", number(middle));
    }
    format!("{}{unit} ({}–{})", number(middle), number(least), number(most))
}

fn ratio(row: &Row) -> String {
    let median = |subject| row.values.get(&subject).map(|values| spread(values).1);
    match (median(Subject::Ours), median(Subject::Original)) {
        (Some(ours), Some(other)) => row
            .unit
            .advantage(ours, other)
            .map_or_else(String::new, |ratio| format!("{}×", number(ratio))),
        _ => String::new(),
    }
}

/// Least, median and most; of an even number of values the median is the middle between two.
fn spread(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0;
    (sorted[0], middle, sorted[sorted.len() - 1])
}

/// Three digits that count, and commas between thousands.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let (sign, digits) = whole.split_at(usize::from(whole.starts_with('-')));
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).expect("digits are ASCII"))
        .collect();
    format!("{sign}{}{rest}", groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_what_counts() {
        let shown = [0.0, 0.0123, 0.456, 3.146, 42.42, 123.4, 7330.0, 1234567.8, -12.0];
        let expected = ["0", "0.012", "0.46", "3.15", "42.4", "123", "7,330", "1,234,568", "-12"];
        assert_eq!(shown.map(number), expected.map(ToOwned::to_owned));
    }

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(spread(&[5.0]), (5.0, 5.0, 5.0));
        assert_eq!(spread(&[9.0, 1.0, 2.0]), (1.0, 2.0, 9.0));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 9.0]), (1.0, 3.0, 9.0));
    }
}
