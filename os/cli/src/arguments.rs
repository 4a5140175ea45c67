//! The command line, read by `lexopt`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::{Long, Short, Value, ValueExt};

use crate::address::Address;
use crate::client::Client;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Looks into a running program on the Selkie runtime.

Usage: selkie COMMAND [ADDRESS] [OPTIONS]

  top               workers and tasks, live; q quits, ? lists the keys
  tasks             each living task with its times
  dump              where each task waits
  trace -o FILE     records what the workers do; open the file in ui.perfetto.dev

ADDRESS is HOST:PORT or unix:PATH; without it, what the variable SELKIE_INSPECT says.

      --json              tasks, dump: JSON instead of text
      --sort KEY          top, tasks: by this column, as busy_seconds, polls, longest_poll_seconds
      --reverse           top, tasks: the other way round
      --by-place          top, tasks: a row for each place that spawns
      --filter TEXT       top, tasks, dump: whose name, place or state has this in it
      --limit N           tasks, dump: rows at most
      --id N              dump: this task alone
      --every SECONDS     top: between two looks (1)
      --once              top: prints one look as text
  -o, --output FILE       trace: where to write it; - is the standard output
      --seconds N         trace: how long (5); `now` writes what a running recording has
      --runtime NAME      the runtime, if the program has several
      --token TOKEN       what the program asks for; else what SELKIE_INSPECT_TOKEN says
  -h, --help              this text
  -V, --version           the version

Exit status: 0, 1 if the program cannot be reached or answers with an error, 2 for bad use.";

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Action {
    Help,
    Version,
    Run(Command, Client, Box<Options>),
}

/// The commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Top,
    Tasks,
    Dump,
    Trace,
}

/// The options of all commands.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) json: bool,
    pub(crate) once: bool,
    pub(crate) reverse: bool,
    pub(crate) by_place: bool,
    pub(crate) sort: Option<String>,
    pub(crate) filter: Option<String>,
    pub(crate) limit: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) every: Option<Duration>,
    pub(crate) output: Option<PathBuf>,
    pub(crate) seconds: Option<String>,
}

/// What the environment says.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    pub(crate) address: Option<String>,
    pub(crate) token: Option<String>,
}

fn command(word: &str) -> Result<Command, String> {
    match word {
        "top" => Ok(Command::Top),
        "tasks" => Ok(Command::Tasks),
        "dump" => Ok(Command::Dump),
        "trace" => Ok(Command::Trace),
        word => Err(format!(
            "there is no command {word:?}; there are top, tasks, dump and trace"
        )),
    }
}

fn period(text: &str) -> Result<Duration, &'static str> {
    let seconds = text
        .parse::<f64>()
        .ok()
        .filter(|seconds| (0.1..=3600.0).contains(seconds));
    let seconds = seconds.ok_or("--every needs a number of seconds from 0.1 to 3600")?;
    Ok(Duration::from_secs_f64(seconds))
}

/// Whether the command takes the option.
fn takes(command: Command, option: &str) -> bool {
    use Command::{Dump, Tasks, Top, Trace};
    let commands: &[Command] = match option {
        "json" | "limit" => &[Tasks, Dump],
        "sort" | "reverse" | "by-place" => &[Top, Tasks],
        "filter" => &[Top, Tasks, Dump],
        "id" => &[Dump],
        "every" | "once" => &[Top],
        "output" | "seconds" => &[Trace],
        _ => return true,
    };
    commands.contains(&command)
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn parse(
    args: impl IntoIterator<Item = OsString>,
    environment: Environment,
) -> Result<Action, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(args);
    let mut options = Options::default();
    let (mut chosen, mut address, mut given) = (None, None, Vec::new());
    let (mut token, mut runtime) = (environment.token, None);
    while let Some(argument) = parser.next()? {
        let name = match &argument {
            Short('h') | Long("help") => return Ok(Action::Help),
            Short('V') | Long("version") => return Ok(Action::Version),
            Short('o') => "output".to_owned(),
            Long(name) => (*name).to_owned(),
            Value(word) if chosen.is_none() => {
                chosen = Some(command(&word.to_string_lossy())?);
                continue;
            }
            Value(word) if address.is_none() => {
                address = Some(word.to_string_lossy().into_owned());
                continue;
            }
            _ => return Err(argument.unexpected()),
        };
        match &*name {
            "json" => options.json = true,
            "once" => options.once = true,
            "reverse" => options.reverse = true,
            "by-place" => options.by_place = true,
            "sort" => options.sort = Some(parser.value()?.string()?),
            "filter" => options.filter = Some(parser.value()?.string()?),
            "limit" => options.limit = Some(parser.value()?.string()?),
            "id" => options.id = Some(parser.value()?.string()?),
            "every" => options.every = Some(parser.value()?.parse_with(period)?),
            "output" => options.output = Some(parser.value()?.into()),
            "seconds" => options.seconds = Some(parser.value()?.string()?),
            "runtime" => runtime = Some(parser.value()?.string()?),
            "token" => token = Some(parser.value()?.string()?),
            _ => return Err(argument.unexpected()),
        }
        given.push(name);
    }
    let Some(command) = chosen else {
        return Err("a command is missing: top, tasks, dump or trace; --help says more".into());
    };
    if let Some(option) = given.iter().find(|option| !takes(command, option)) {
        return Err(format!("this command has no option --{option}").into());
    }
    if command == Command::Trace && options.output.is_none() {
        return Err("trace needs -o FILE, or -o - for the standard output".into());
    }
    let address = address.or(environment.address);
    let address = address
        .ok_or("an address is missing: HOST:PORT or unix:PATH, or the variable SELKIE_INSPECT")?;
    let client = Client {
        address: Address::parse(&address)?,
        token,
        runtime,
    };
    Ok(Action::Run(command, client, Box::new(options)))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{Action, Command, Environment, parse};

    fn read(text: &str, address: Option<&str>) -> Result<Action, String> {
        let environment = Environment {
            address: address.map(str::to_owned),
            token: Some("from-outside".to_owned()),
        };
        let words = text.split_whitespace().map(OsString::from);
        parse(words, environment).map_err(|error| error.to_string())
    }

    #[test]
    fn commands_are_read() {
        let Ok(Action::Run(command, client, options)) = read(
            "tasks --sort=polls [::1]:80 --reverse --limit 3",
            Some("a:1"),
        ) else {
            panic!("not read");
        };
        assert_eq!(command, Command::Tasks);
        assert_eq!(client.address.to_string(), "[::1]:80");
        assert_eq!(client.token.as_deref(), Some("from-outside"));
        assert_eq!(
            (options.sort.as_deref(), options.reverse),
            (Some("polls"), true)
        );
        let Ok(Action::Run(Command::Trace, client, _)) =
            read("trace -o x --token t", Some("unix:/a"))
        else {
            panic!("not read");
        };
        assert_eq!(
            (client.address.to_string().as_str(), client.token.as_deref()),
            ("unix:/a", Some("t"))
        );
        assert!(matches!(read("dump --help", None), Ok(Action::Help)));
        assert!(matches!(read("-V", None), Ok(Action::Version)));
    }

    #[test]
    fn bad_use_is_said() {
        for (text, why) in [
            ("", "a command is missing"),
            ("look a:1", "there is no command \"look\""),
            ("top", "an address is missing"),
            ("top a", "\"a\" is no address"),
            ("top a:1 b:1", "unexpected argument \"b:1\""),
            ("top a:1 --json", "this command has no option --json"),
            ("dump a:1 --every 1", "this command has no option --every"),
            ("top a:1 --every 0", "from 0.1 to 3600"),
            ("trace a:1", "trace needs -o FILE"),
            ("tasks a:1 --color", "invalid option '--color'"),
            ("tasks a:1 --sort", "missing argument for option '--sort'"),
        ] {
            let error = read(text, None).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
