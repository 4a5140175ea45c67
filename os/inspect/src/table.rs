//! Rows as text, in columns that stand below each other.

use serde_json::{Map, Value};

/// The rows, with titles above them. Columns whose names end with `_seconds` are written as durations.
pub(crate) fn table(columns: &[&str], rows: impl Iterator<Item = Map<String, Value>>) -> String {
    let title = |name: &&str| match *name {
        "state_seconds" => "for".to_owned(),
        name => name.trim_end_matches("_seconds").replace('_', " "),
    };
    let mut lines: Vec<Vec<String>> = vec![columns.iter().map(title).collect()];
    for row in rows {
        let cells = columns.iter().map(|name| cell(name, row.get(*name)));
        lines.push(cells.collect());
    }
    let width = |at: usize| lines.iter().map(|cells| cells[at].chars().count()).max();
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| width(at).unwrap_or(0))
        .collect();
    let is_text = |name: &str| matches!(name, "name" | "spawned_at" | "state");
    let mut text = String::new();
    for cells in &lines {
        let mut line = String::new();
        for (at, cell) in cells.iter().enumerate() {
            let width = widths[at];
            line += &if is_text(columns[at]) {
                format!("{cell:<width$}  ")
            } else {
                format!("{cell:>width$}  ")
            };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn cell(name: &str, value: Option<&Value>) -> String {
    match value {
        Some(Value::Number(number)) if name.ends_with("_seconds") => {
            duration(number.as_f64().unwrap_or_default())
        }
        Some(Value::String(text)) => printable(text),
        None | Some(Value::Null) => "-".to_owned(),
        Some(value) => value.to_string(),
    }
}

/// `text` without what moves a terminal's cursor or turns the direction of writing.
fn printable(text: &str) -> String {
    let is_hidden = |letter: char| letter.is_control() || is_direction(letter);
    let clean = |letter| if is_hidden(letter) { '?' } else { letter };
    text.chars().map(clean).collect()
}

/// Whether a letter only turns the direction of writing: names with such can look like others.
fn is_direction(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Three digits and a unit.
pub(crate) fn duration(seconds: f64) -> String {
    let units = [
        (3600.0, "h"),
        (60.0, "min"),
        (1.0, "s"),
        (1e-3, "ms"),
        (1e-6, "µs"),
    ];
    let unit = units.into_iter().find(|(size, _)| seconds >= *size);
    let (size, name) = unit.unwrap_or((1e-9, "ns"));
    let value = seconds / size;
    let digits = match value {
        _ if name == "ns" => 0,
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {name}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{duration, table};

    #[test]
    fn columns_stand_below_each_other() {
        let row = |id: u64, name: serde_json::Value, seconds: f64| {
            let row = json!({ "id": id, "name": name, "busy_seconds": seconds });
            row.as_object().unwrap().clone()
        };
        let rows = [
            row(1, json!("sea\u{1b}[2J\u{202e}"), 0.0123),
            row(20, json!(null), 61.0),
        ];
        let text = table(&["id", "name", "busy_seconds"], rows.into_iter());
        let wanted = "id  name          busy\n 1  sea?[2J?   12.3 ms\n20  -         1.02 min\n";
        assert_eq!(text, wanted);
    }

    #[test]
    fn durations_have_three_digits() {
        for (seconds, text) in [
            (0.0, "0 ns"),
            (17e-9, "17 ns"),
            (1.5e-6, "1.50 µs"),
            (0.25, "250 ms"),
            (59.0, "59.0 s"),
            (7_200.0, "2.00 h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
