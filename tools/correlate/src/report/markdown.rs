//! Tables in Markdown that are readable as they stand.

/// A table whose first row is the header; the first column is text, the others are numbers.
pub fn table(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| cell.replace('|', "\\|")).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let lengths = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        lengths.max().unwrap_or(0).max(3)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cell = |(at, width): (usize, &usize)| {
            let text = row.get(at).map_or("", String::as_str);
            if at == 0 { format!(" {text:<width$} |") } else { format!(" {text:>width$} |") }
        };
        format!("|{}\n", widths.iter().enumerate().map(cell).collect::<String>())
    };
    let rule = |(at, width): (usize, &usize)| {
        let end = if at == 0 { '-' } else { ':' };
        format!(" {}{end} |", "-".repeat(width - 1))
    };
    let rule = format!("|{}\n", widths.iter().enumerate().map(rule).collect::<String>());
    let mut lines = rows.iter().map(line);
    let header = lines.next().unwrap_or_default();
    header + &rule + &lines.collect::<String>()
}

/// A number with three digits behind the point.
pub fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    if text == "-0.000" { "0.000".to_owned() } else { text }
}

/// `[low, high]`; nothing where there is none.
pub fn interval(low: Option<f64>, high: Option<f64>) -> String {
    let defined = |end: Option<f64>| end.filter(|end| !end.is_nan());
    match (defined(low), defined(high)) {
        (Some(low), Some(high)) => format!("[{}, {}]", number(low), number(high)),
        _ => String::new(),
    }
}

/// A number with its interval.
pub fn estimate(value: f64, low: Option<f64>, high: Option<f64>) -> String {
    format!("{} {}", number(value), interval(low, high)).trim_end().to_owned()
}

/// A share as percent: `95 %`.
pub fn percent(share: f64) -> String {
    format!("{} %", (share * 1e8).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::{estimate, percent, table};

    #[test]
    fn columns_are_aligned_and_bars_escaped() {
        let rows = [vec!["method", "a"], vec!["x|y", "0.123"]];
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        assert_eq!(table(&rows), "| method |     a |\n| ------ | ----: |\n| x\\|y   | 0.123 |\n");
    }

    #[test]
    fn numbers_have_three_digits() {
        assert_eq!(estimate(-0.0001, Some(-0.25), Some(f64::NAN)), "0.000");
        assert_eq!(estimate(0.5, Some(-0.25), Some(1.0)), "0.500 [-0.250, 1.000]");
        assert_eq!(
            (percent(0.95), percent(0.57), percent(0.999)),
            ("95 %".into(), "57 %".into(), "99.9 %".into())
        );
    }
}
