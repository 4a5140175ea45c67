//! Figures as they are shown: numbers with units, and rates between two looks.

use serde_json::Value;

/// A number at `path` of `value`, 0 if there is none.
pub(crate) fn number(value: &Value, path: &str) -> f64 {
    value
        .pointer(path)
        .and_then(Value::as_f64)
        .unwrap_or_default()
}

/// A text at `path` of `value`, empty if there is none.
pub(crate) fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// `text` on one line, without what moves a terminal's cursor.
pub(crate) fn clean(text: &str) -> String {
    text.replace(char::is_control, "?")
}

/// Three or four digits, with a letter for thousands.
pub(crate) fn short(number: f64) -> String {
    match number {
        1e9.. => format!("{:.1}G", number / 1e9),
        1e6.. => format!("{:.1}M", number / 1e6),
        1e4.. => format!("{:.1}k", number / 1e3),
        _ if number.fract() == 0.0 || number >= 100.0 => format!("{number:.0}"),
        _ => format!("{number:.1}"),
    }
}

/// Three digits and a unit.
pub(crate) fn duration(seconds: f64) -> String {
    let units = [
        (3600.0, "h"),
        (60.0, "m"),
        (1.0, "s"),
        (1e-3, "ms"),
        (1e-6, "µs"),
    ];
    let unit = units.into_iter().find(|(size, _)| seconds >= *size);
    let Some((size, name)) = unit else {
        return format!("{:.0}ns", seconds * 1e9);
    };
    match seconds / size {
        value @ ..10.0 => format!("{value:.2}{name}"),
        value @ ..100.0 => format!("{value:.1}{name}"),
        value => format!("{value:.0}{name}"),
    }
}

/// How long the program has been shown.
pub(crate) fn clock(seconds: f64) -> String {
    let seconds = seconds as u64;
    format!(
        "{}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::{clean, clock, duration, short};

    #[test]
    fn figures_are_short() {
        for (number, text) in [
            (0.0, "0"),
            (3.25, "3.2"),
            (120.7, "121"),
            (9_999.0, "9999"),
            (12_345.0, "12.3k"),
            (2e6, "2.0M"),
            (3e9, "3.0G"),
        ] {
            assert_eq!(short(number), text);
        }
        for (seconds, text) in [
            (0.0, "0ns"),
            (5e-8, "50ns"),
            (1.5e-3, "1.50ms"),
            (0.045, "45.0ms"),
            (61.0, "1.02m"),
            (7200.0, "2.00h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
        assert_eq!(clock(3_725.9), "1:02:05");
        assert_eq!(clean("a\u{1b}[2J\n"), "a?[2J?");
    }
}
