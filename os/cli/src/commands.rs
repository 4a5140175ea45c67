//! The commands that print an answer, or save it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use crate::arguments::Options;
use crate::client::{Client, Response, printable};
use crate::output::print;

/// The longest recording that an inspector makes.
const LONGEST_TRACE: Duration = Duration::from_secs(60);

fn given<'a>(pairs: &[(&'a str, Option<&'a str>)]) -> Vec<(&'a str, &'a str)> {
    let given = pairs
        .iter()
        .filter_map(|(key, value)| Some((*key, (*value)?)));
    given.collect()
}

/// Prints `path` in JSON or as text.
fn show(
    client: &Client,
    path: &str,
    json: bool,
    parameters: &[(&str, &str)],
) -> Result<(), String> {
    if json {
        let value = client.json(&format!("{path}.json"), parameters)?;
        return print(&format!("{value:#}\n"));
    }
    let answer = client.get(&format!("{path}.txt"), parameters, Duration::ZERO)?;
    print(&printable(&answer.text()?))
}

/// `selkie tasks`
pub(crate) fn tasks(client: &Client, options: &Options) -> Result<(), String> {
    let parameters = given(&[
        ("by", options.by_place.then_some("place")),
        ("sort", options.sort.as_deref()),
        ("order", options.reverse.then_some("asc")),
        ("filter", options.filter.as_deref()),
        ("limit", options.limit.as_deref()),
    ]);
    show(client, "/tasks", options.json, &parameters)
}

/// `selkie dump`
pub(crate) fn dump(client: &Client, options: &Options) -> Result<(), String> {
    let parameters = given(&[
        ("filter", options.filter.as_deref()),
        ("id", options.id.as_deref()),
        ("limit", options.limit.as_deref()),
    ]);
    show(client, "/dump", options.json, &parameters)
}

/// `selkie trace`
pub(crate) fn trace(client: &Client, options: &Options) -> Result<(), String> {
    let parameters = given(&[("seconds", options.seconds.as_deref())]);
    let answer = client.get("/trace", &parameters, LONGEST_TRACE)?;
    match options.output.as_deref() {
        None => Ok(()),
        Some(path) if path == Path::new("-") => {
            let mut output = io::stdout().lock();
            let copied = answer.copy_to(&mut output);
            copied.map(drop).map_err(|error| error.to_string())
        }
        Some(path) => {
            let saved = save(answer, path);
            let bytes = saved.map_err(|error| format!("{}: {error}", path.display()))?;
            eprintln!(
                "{}: {bytes} bytes; open it in https://ui.perfetto.dev",
                path.display()
            );
            Ok(())
        }
    }
}

/// Writes the file beside its place, and renames it when it is whole.
fn save(answer: Response, path: &Path) -> io::Result<u64> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let mut file = File::create(&beside)?;
    let copied = answer.copy_to(&mut file).and_then(|bytes| {
        file.flush()?;
        fs::rename(&beside, path)?;
        Ok(bytes)
    });
    if copied.is_err() {
        // What there is of it is of no use.
        let _removed = fs::remove_file(&beside);
    }
    copied
}
