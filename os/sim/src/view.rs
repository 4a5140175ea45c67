//! A trace as Chrome's trace events, which Perfetto's page opens: a row for each thread of each host.

use std::fmt::Write;

use crate::ids::{HostId, ThreadId};

/// What a viewer shows: turns of threads, and notes.
#[derive(Debug, Default)]
pub(crate) struct View {
    turns: Vec<(u64, HostId, ThreadId)>,
    notes: Vec<(u64, HostId, String)>,
}

/// Nanoseconds as the microseconds that viewers want.
fn microseconds(nanoseconds: u64) -> String {
    format!("{}.{:03}", nanoseconds / 1000, nanoseconds % 1000)
}

/// A text between quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(letter);
            }
            control if control.is_control() => {
                let _written = write!(quoted, "\\u{:04x}", control as u32);
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

impl View {
    pub(crate) fn turn(&mut self, now: u64, host: HostId, thread: ThreadId) {
        self.turns.push((now, host, thread));
    }

    pub(crate) fn note(&mut self, now: u64, host: HostId, what: &str) {
        self.notes.push((now, host, what.to_owned()));
    }

    /// The file's text. `hosts` are the names of the hosts.
    pub(crate) fn finish(&self, hosts: &[String], end: u64) -> String {
        let mut events = Vec::new();
        for (at, name) in hosts.iter().enumerate() {
            let name = quoted(name);
            events.push(format!(
                r#"{{"name":"process_name","ph":"M","pid":{at},"tid":0,"args":{{"name":{name}}}}}"#
            ));
        }
        for (at, &(begin, host, thread)) in self.turns.iter().enumerate() {
            let next = self.turns.get(at + 1).map_or(end, |&(next, ..)| next);
            let (begin, lasts) = (
                microseconds(begin),
                microseconds(next.saturating_sub(begin)),
            );
            let (host, thread) = (host.0, thread.0);
            events.push(format!(
                r#"{{"name":"turn","ph":"X","ts":{begin},"dur":{lasts},"pid":{host},"tid":{thread}}}"#
            ));
        }
        for (at, host, what) in &self.notes {
            let (at, host, what) = (microseconds(*at), host.0, quoted(what));
            events.push(format!(
                r#"{{"name":{what},"ph":"i","ts":{at},"pid":{host},"tid":0,"s":"p"}}"#
            ));
        }
        format!("[\n{}\n]\n", events.join(",\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::{View, quoted};
    use crate::ids::{HostId, ThreadId};

    #[test]
    fn texts_are_json() {
        assert_eq!(quoted("a \"b\" \\ \n"), r#""a \"b\" \\ \u000a""#);
    }

    #[test]
    fn a_turn_lasts_until_the_next() {
        let mut view = View::default();
        view.turn(1500, HostId(0), ThreadId(0));
        view.turn(2750, HostId(1), ThreadId(2));
        view.note(2800, HostId(1), "crash");
        let text = view.finish(&[String::from("world"), String::from("server")], 4000);
        assert!(
            text.contains(r#""ts":1.500,"dur":1.250,"pid":0,"tid":0"#),
            "{text}"
        );
        assert!(
            text.contains(r#""ts":2.750,"dur":1.250,"pid":1,"tid":2"#),
            "{text}"
        );
        assert!(text.contains(r#""name":"crash","ph":"i""#), "{text}");
    }
}
