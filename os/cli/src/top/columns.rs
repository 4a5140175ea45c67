//! The columns of tasks and of places, and how they are sorted.

use std::cmp::Ordering;

use serde_json::Value;

use super::sample::Sample;
use crate::figures::{clean, duration, number, short, text};

/// A column: its key, as the inspector names it, its title, its width, and whether it is text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    pub(super) width: u16,
    pub(super) is_text: bool,
}

const fn text_column(key: &'static str, title: &'static str, width: u16) -> Column {
    Column {
        key,
        title,
        width,
        is_text: true,
    }
}

const fn column(key: &'static str, title: &'static str, width: u16) -> Column {
    Column {
        key,
        title,
        width,
        is_text: false,
    }
}

const TASK: &[Column] = &[
    column("id", "id", 8),
    text_column("name", "name", 18),
    text_column("spawned_at", "spawned at", 26),
    text_column("state", "state", 10),
    column("share", "busy%", 6),
    column("busy_seconds", "busy", 8),
    column("polls", "polls", 8),
    column("queued_seconds", "queued", 8),
    column("longest_poll_seconds", "longest", 8),
    column("longest_queued_seconds", "waited", 8),
    column("age_seconds", "age", 8),
];

const PLACE: &[Column] = &[
    text_column("spawned_at", "spawned at", 44),
    column("live", "alive", 8),
    column("spawned", "spawned", 9),
    column("busy_seconds", "busy", 8),
    column("polls", "polls", 8),
    column("queued_seconds", "queued", 8),
    column("longest_poll_seconds", "longest", 8),
    column("longest_queued_seconds", "waited", 8),
];

pub(super) fn columns(by_place: bool) -> &'static [Column] {
    if by_place { PLACE } else { TASK }
}

impl Column {
    /// What stands in the column for `row`.
    pub(super) fn cell(&self, row: &Value, sample: &Sample) -> String {
        let value = &row[self.key];
        match self.key {
            "share" => match sample.busy_share(row) {
                Some(share) => format!("{:.1}", share * 100.0),
                None => "-".to_owned(),
            },
            "spawned_at" => place(&clean(text(row, "/spawned_at")), self.width as usize),
            "id" => value.to_string(),
            "state" if value == "running" => format!("run on {}", row["worker"]),
            key if key.ends_with("_seconds") => duration(value.as_f64().unwrap_or_default()),
            _ => match value {
                Value::String(text) => clean(text),
                Value::Number(number) => short(number.as_f64().unwrap_or_default()),
                _ => "-".to_owned(),
            },
        }
    }

    /// The order of two rows by this column, the larger first, texts by letters.
    pub(super) fn order(&self, a: &Value, b: &Value, sample: &Sample) -> Ordering {
        if self.is_text {
            let path = format!("/{}", self.key);
            return text(a, &path).cmp(text(b, &path));
        }
        let of = |row: &Value| match self.key {
            "share" => sample.busy_share(row).unwrap_or_default(),
            key => number(row, &format!("/{key}")),
        };
        of(b).total_cmp(&of(a))
    }
}

/// The end of a place, which says most.
fn place(place: &str, width: usize) -> String {
    let length = place.chars().count();
    if length <= width {
        return place.to_owned();
    }
    let end: String = place.chars().skip(length + 1 - width).collect();
    format!("…{end}")
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn long_places_keep_their_ends() {
        assert_eq!(place("src/main.rs:1:2", 15), "src/main.rs:1:2");
        assert_eq!(place("src/main.rs:1:2", 8), "….rs:1:2");
    }
}
